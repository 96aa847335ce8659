//! Every fault the simulated device can have, in memory. Those in which the link takes part are in `faults_http.rs` too.

use crate::failures::case::{Case, DEVICE, Device, command, provision};
use Device::Memory;

const SCAN: &[&str] = &["scan", "--device", DEVICE, "--pop", "abcd1234"];
/// Less than the step takes at most that is waited for, and enough to come that far on a busy computer.
const HASTY: &[&str] = &["provision", "--device", DEVICE, "--timeout", "15"];

/// In memory. What is survivable succeeds.
pub(crate) const CASES: &[Case] = &[
    // The slowest rows first: they wait for the limits of single steps.
    provision("a handshake that is never answered", Memory("sec-ver=1&fault=hang=prov-session")).fails(
        "deadline.step",
        "secure",
        124,
        "no answer within ",
    ),
    command("a scan that never ends", Memory("sec-ver=1&fault=scan-never-finishes"), SCAN).fails(
        "scan.failed",
        "scan",
        26,
        "not finished after 20 s",
    ),
    provision("a version that never comes", Memory("sec-ver=1&fault=hang=proto-ver")).fails(
        "deadline.step",
        "identify",
        124,
        "no answer within ",
    ),
    provision("credentials that are never answered", Memory("sec-ver=1&fault=hang=prov-config")).fails(
        "deadline.step",
        "configure",
        124,
        "no answer within ",
    ),
    provision("an apply that is not answered once", Memory("sec-ver=1&fault=hang@2=prov-config")).succeeds("online"),
    provision("a status that is not answered once", Memory("sec-ver=1&fault=hang@3=prov-config")).succeeds("online"),
    provision("a status that is never answered", Memory("sec-ver=1&fault=hang@3-=prov-config"))
        .args(&["provision", "--device", DEVICE, "--timeout", "12"])
        .fails("deadline.total", "await-network", 124, "had taken the credentials"),
    provision("gone for good after apply", Memory("sec-ver=1&fault=drop-after-apply")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "cannot connect",
    ),
    provision("gone for good when joined", Memory("sec-ver=1&fault=drop-before-connected")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "cannot connect",
    ),
    // Time.
    provision("every answer late", Memory("sec-ver=1&fault=delay=100")).succeeds("online"),
    provision("an answer too late for --timeout", Memory("sec-ver=1&fault=delay=30000/prov-session"))
        .args(HASTY)
        .fails("deadline.total", "secure", 124, "--timeout"),
    provision("a join too long for --timeout", Memory("sec-ver=1&fault=connecting-forever")).args(HASTY).fails(
        "deadline.total",
        "await-network",
        124,
        "had taken the credentials",
    ),
    // The protocol has no word for it, and the board's log is not heard.
    provision("a join that fails for another reason", Memory("sec-ver=1&fault=other-reason")).args(HASTY).fails(
        "deadline.total",
        "await-network",
        124,
        "had taken the credentials",
    ),
    // Refusals.
    provision("the version refused", Memory("sec-ver=1&fault=close=proto-ver")).fails(
        "link.lost",
        "identify",
        12,
        "closed the connection",
    ),
    provision("the first handshake message refused", Memory("sec-ver=1&fault=close=prov-session")).fails(
        "security.mismatch",
        "secure",
        20,
        "handshake message 1",
    ),
    provision("the second handshake message refused", Memory("sec-ver=1&fault=close@2=prov-session")).fails(
        "security.proof-rejected",
        "secure",
        21,
        "handshake message 2",
    ),
    provision("credentials refused once", Memory("sec-ver=1&fault=close@1=prov-config")).succeeds("online"),
    provision("credentials refused always", Memory("sec-ver=1&fault=close=prov-config")).fails(
        "session.lost",
        "configure",
        26,
        "closed the connection",
    ),
    provision("apply refused once", Memory("sec-ver=1&fault=close@2=prov-config")).succeeds("online"),
    provision("apply refused always", Memory("sec-ver=1&fault=close@2-=prov-config")).fails(
        "session.lost",
        "apply",
        26,
        "may have taken the credentials",
    ),
    provision("the status refused once", Memory("sec-ver=1&fault=close@3=prov-config")).succeeds("online"),
    provision("the status refused always", Memory("sec-ver=1&fault=close@3-=prov-config")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "closed the connection",
    ),
    // Damaged replies.
    provision("a version cut short", Memory("sec-ver=1&fault=truncate=proto-ver")).fails(
        "link.lost",
        "identify",
        12,
        "broke off",
    ),
    provision("a handshake cut short", Memory("sec-ver=1&fault=truncate=prov-session")).fails(
        "link.lost",
        "secure",
        12,
        "broke off",
    ),
    provision("credentials whose reply is cut short", Memory("sec-ver=1&fault=truncate@1=prov-config"))
        .succeeds("online"),
    provision("credentials whose reply is always cut short", Memory("sec-ver=1&fault=truncate=prov-config")).fails(
        "link.lost",
        "configure",
        12,
        "broke off",
    ),
    provision("an apply that arrived though its reply did not", Memory("sec-ver=1&fault=truncate@2=prov-config"))
        .succeeds("online"),
    provision("a garbage version", Memory("sec-ver=1&fault=garbage=proto-ver")).fails(
        "link.not-a-device",
        "identify",
        10,
        "neither JSON nor a version",
    ),
    provision("a garbage handshake", Memory("sec-ver=1&fault=garbage=prov-session")).fails(
        "security.handshake-failed",
        "secure",
        20,
        "handshake message 1",
    ),
    provision("garbage in security 0", Memory("sec-ver=0&fault=garbage=prov-config")).insecure().fails(
        "device.bad-reply",
        "configure",
        26,
        "prov-config",
    ),
    provision("garbage in security 1", Memory("sec-ver=1&fault=garbage=prov-config")).fails(
        "session.lost",
        "configure",
        26,
        "prov-config",
    ),
    provision("garbage in security 2", Memory("sec-ver=2&fault=garbage=prov-config")).fails(
        "session.lost",
        "configure",
        26,
        "does not authenticate",
    ),
    provision("garbage once", Memory("sec-ver=2&fault=garbage@2=prov-config")).succeeds("online"),
    provision("an empty version is old firmware's", Memory("sec-ver=1&fault=empty-reply=proto-ver")).succeeds("online"),
    provision("an empty handshake", Memory("sec-ver=1&fault=empty-reply=prov-session")).fails(
        "security.handshake-failed",
        "secure",
        20,
        "handshake message 1",
    ),
    provision("an empty reply", Memory("sec-ver=1&fault=empty-reply=prov-config")).fails(
        "device.bad-reply",
        "configure",
        26,
        "does not answer this request",
    ),
    provision("an empty reply in security 2", Memory("sec-ver=2&fault=empty-reply=prov-config")).fails(
        "session.lost",
        "configure",
        26,
        "prov-config",
    ),
    provision("an endless version", Memory("sec-ver=1&fault=oversize-reply=proto-ver")).fails(
        "link.not-a-device",
        "identify",
        10,
        "longer than",
    ),
    provision("an endless handshake", Memory("sec-ver=1&fault=oversize-reply=prov-session")).fails(
        "security.handshake-failed",
        "secure",
        20,
        "longer than",
    ),
    provision("an endless reply", Memory("sec-ver=1&fault=oversize-reply=prov-config")).fails(
        "device.bad-reply",
        "configure",
        26,
        "longer than",
    ),
    provision("status 500 for a version", Memory("sec-ver=1&fault=http-500=proto-ver")).fails(
        "link.not-a-device",
        "identify",
        10,
        "500",
    ),
    provision("status 500 for a handshake", Memory("sec-ver=1&fault=http-500=prov-session")).fails(
        "link.not-a-device",
        "secure",
        10,
        "500",
    ),
    provision("no HTTP", Memory("sec-ver=1&fault=http-not-http")).fails("link.not-a-device", "identify", 10, "HTTP"),
    // The session.
    provision("a session lost once", Memory("sec-ver=1&fault=lost-session@1")).succeeds("online"),
    provision("a session lost once in security 2", Memory("sec-ver=2&fault=lost-session@2")).succeeds("online"),
    provision("a session lost always", Memory("sec-ver=1&fault=lost-session")).fails(
        "session.lost",
        "configure",
        26,
        "close other programs",
    ),
    provision("no session endpoint", Memory("sec-ver=1&fault=no-session-endpoint")).fails(
        "device.not-provisioning",
        "secure",
        10,
        "power-cycle",
    ),
    provision("an illegal key in security 1", Memory("sec-ver=1&fault=bad-key")).fails(
        "security.handshake-failed",
        "secure",
        20,
        "handshake message 1",
    ),
    provision("an illegal key in security 2", Memory("sec-ver=2&fault=bad-key")).fails(
        "security.handshake-failed",
        "secure",
        20,
        "handshake message 1",
    ),
    provision("a wrong proof in security 1", Memory("sec-ver=1&fault=wrong-proof")).fails(
        "security.device-unproven",
        "secure",
        21,
        "do not send it credentials",
    ),
    provision("a wrong proof in security 2", Memory("sec-ver=2&fault=wrong-proof")).fails(
        "security.device-unproven",
        "secure",
        21,
        "do not send it credentials",
    ),
    provision("another rule for nonces than announced", Memory("sec-ver=2&fault=wrong-nonce-rule")).succeeds("online"),
    provision("a restart at the proof, which looks like a wrong one", Memory("sec-ver=1&fault=reboot@2=prov-session"))
        .fails("security.proof-rejected", "secure", 21, "PoP"),
    provision("a short public key", Memory("sec-ver=2&fault=short-b")).succeeds("online"),
    provision("a short shared secret", Memory("sec-ver=2&fault=short-s")).succeeds("online"),
    provision("a short salt", Memory("sec-ver=2&fault=short-salt")).succeeds("online"),
    provision("a salt that starts with zero", Memory("sec-ver=2&fault=zero-salt")).succeeds("online"),
    command("a wrong proof of possession that locks", Memory("sec-ver=1&fault=lockout"), &["info", "--device", DEVICE])
        .succeeds("security"),
    // The scan.
    command("a scan that finds nothing once", Memory("sec-ver=1&fault=scan-empty@1"), SCAN).succeeds("HomeNet"),
    command("a scan that finds nothing", Memory("sec-ver=1&fault=scan-empty"), SCAN).succeeds("\"networks\":[]"),
    command("a scan whose status is an error", Memory("sec-ver=1&fault=scan-status-error"), SCAN).fails(
        "scan.failed",
        "scan",
        26,
        "InternalError",
    ),
    command("a scan in a lost session", Memory("sec-ver=1&fault=lost-session@2=prov-scan"), SCAN).succeeds("HomeNet"),
    command("a scan whose status is refused", Memory("sec-ver=1&fault=close@2-=prov-scan"), SCAN).fails(
        "scan.failed",
        "scan",
        26,
        "--ssid",
    ),
    // Configure, apply, status.
    provision("credentials of no use to it", Memory("sec-ver=1&fault=set-invalid-argument")).fails(
        "device.refused",
        "configure",
        26,
        "InvalidArgument",
    ),
    provision("an apply it will not do", Memory("sec-ver=1&fault=apply-internal-error")).fails(
        "device.refused",
        "apply",
        26,
        "InternalError",
    ),
    provision("a status that is an error once", Memory("sec-ver=1&fault=status-error@1")).succeeds("online"),
    provision("a status that is always an error", Memory("sec-ver=1&fault=status-error")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "InternalError",
    ),
    provision("connected, without saying where, once", Memory("sec-ver=1&fault=connected-without-member@1"))
        .succeeds("online"),
    provision("connected, without saying where", Memory("sec-ver=1&fault=connected-without-member")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "lacks its connected member",
    ),
    provision("connected to another network", Memory("sec-ver=1&fault=connected-elsewhere=Trap")).fails(
        "wifi.other-network",
        "await-network",
        24,
        "given network HomeNet, and says that it has joined Trap",
    ),
    provision("connected to a network without a name", Memory("sec-ver=1&fault=connected-unnamed")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "not to which network",
    ),
    command(
        "attached to another Thread network",
        Memory("sec-ver=1&thread=1&fault=connected-elsewhere"),
        &[
            "provision",
            "--device",
            DEVICE,
            "--pop",
            "abcd1234",
            "--thread-dataset",
            "0208111111112222222205100102030405060708090a0b0c0d0e0f10",
        ],
    )
    .fails("thread.other-network", "await-network", 24, "has joined eeee"),
    provision("disconnected for a moment", Memory("sec-ver=1&fault=disconnected-once")).succeeds("online"),
    provision("let in by no access point", Memory("sec-ver=1&fault=auth-failed")).fails(
        "wifi.auth-failed",
        "await-network",
        22,
        "authentication error",
    ),
    provision("finds no access point", Memory("sec-ver=1&fault=not-found")).fails(
        "wifi.not-found",
        "await-network",
        23,
        "2.4 GHz",
    ),
    provision("joined this network already", Memory("sec-ver=1&fault=already-connected")).succeeds("already-online"),
    provision("joined another network already", Memory("sec-ver=1&fault=already-connected=OpenCafe")).fails(
        "device.already-provisioned",
        "apply",
        26,
        "OpenCafe",
    ),
    provision("cannot be reset after a failure", Memory("sec-ver=1&fault=auth-failed&fault=reset-internal-error"))
        .fails("wifi.auth-failed", "await-network", 22, "authentication error"),
    command(
        "refuses a reset",
        Memory("sec-ver=1&fault=reset-internal-error"),
        &["reset", "--device", DEVICE, "--pop", "abcd1234"],
    )
    .fails("device.refused", "request", 26, "nothing to reset"),
    provision("off the air for a while after apply", Memory("sec-ver=1&fault=drop-after-apply=300")).succeeds("online"),
    provision("off the air for a while when joined", Memory("sec-ver=1&fault=drop-before-connected=500"))
        .succeeds("online"),
];
