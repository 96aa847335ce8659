//! What a device is and does that the caller did not expect: its security, its firmware, its networks, its endpoints.

use crate::failures::case::{Case, DEVICE, Device, command, provision};
use crate::failures::peer::Answers::Rote;
use Device::{Http, Memory, Peer};

/// A dataset of the simulated world's Thread network, and one of a network out of reach.
const DATASET: &str = "0208111111112222222205100102030405060708090a0b0c0d0e0f10";
const ELSEWHERE: &str = "0208999999992222222205100102030405060708090a0b0c0d0e0f10";

/// Security 0 by rote: the version document and the greeting.
const NO_SECURITY: (&str, &[u8]) = ("proto-ver", br#"{"prov":{"ver":"v1.1","sec_ver":0,"cap":["wifi_scan"]}}"#);
const THREAD: (&str, &[u8]) = ("proto-ver", br#"{"prov":{"ver":"v1.1","sec_ver":0,"cap":["thread_prov"]}}"#);
const GREETING: (&str, &[u8]) = ("prov-session", &[0x52, 0x05, 0x08, 0x01, 0xaa, 0x01, 0x00]);
const SET: (&str, &[u8]) = ("prov-config", &[0x08, 0x03, 0x6a, 0x00]);
const APPLIED: (&str, &[u8]) = ("prov-config", &[0x08, 0x05, 0x7a, 0x00]);

const ASSOCIATE: &[&str] = &["provision", "--device", DEVICE, "--user-id", "user", "--secret-key", "secret"];
const SCAN: &[&str] = &["scan", "--device", DEVICE, "--pop", "abcd1234"];

pub(crate) const CASES: &[Case] =
    &[
        // Security versions: each device, each wrong wish.
        provision("security 1 asked of security 0", Memory("sec-ver=0"))
            .args(&["provision", "--device", DEVICE, "--sec-ver", "1"])
            .fails("security.mismatch", "secure", 20, "check that this is the right device"),
        provision("security 2 asked of security 0", Memory("sec-ver=0"))
            .args(&["provision", "--device", DEVICE, "--sec-ver", "2"])
            .fails("security.mismatch", "secure", 20, "speaks security 0"),
        provision("security 0 asked of security 1", Memory("sec-ver=1"))
            .args(&["provision", "--device", DEVICE, "--sec-ver", "0"])
            .fails("security.mismatch", "secure", 20, "speaks security 1"),
        provision("security 2 asked of security 1", Http("sec-ver=1"))
            .args(&["provision", "--device", DEVICE, "--sec-ver", "2"])
            .fails("security.mismatch", "secure", 20, "speaks security 1"),
        provision("security 0 asked of security 2", Memory("sec-ver=2"))
            .args(&["provision", "--device", DEVICE, "--sec-ver", "0"])
            .fails("security.mismatch", "secure", 20, "speaks security 2"),
        provision("security 1 asked of security 2", Http("sec-ver=2"))
            .args(&["provision", "--device", DEVICE, "--sec-ver", "1"])
            .fails("security.mismatch", "secure", 20, "speaks security 2"),
        // Proofs.
        command("a wrong PoP in security 1", Memory("sec-ver=1"), &["scan", "--device", DEVICE, "--pop", "wrong"])
            .fails("security.proof-rejected", "secure", 21, "case-sensitive"),
        command("a wrong PoP in security 2", Http("sec-ver=2"), &["scan", "--device", DEVICE, "--pop", "wrong"]).fails(
            "security.proof-rejected",
            "secure",
            21,
            "handshake message 2",
        ),
        command(
            "a wrong PoP that locks the device",
            Http("sec-ver=1&fault=lockout"),
            &["scan", "--device", DEVICE, "--pop", "wrong"],
        )
        .fails("security.proof-rejected", "secure", 21, "five wrong tries"),
        command(
            "a wrong user name",
            Memory("sec-ver=2"),
            &["scan", "--device", DEVICE, "--pop", "abcd1234", "--sec2-username", "root"],
        )
        .fails("security.proof-rejected", "secure", 21, "user name"),
        command("a PoP for a device without", Memory("sec-ver=1&no-pop=1"), SCAN).fails(
            "security.downgrade",
            "secure",
            20,
            "check that this is the right device",
        ),
        command("a PoP for a device without, and that is known", Memory("sec-ver=1&no-pop=1"), SCAN)
            .insecure()
            .succeeds("HomeNet"),
        // Networks.
        command(
            "a wrong passphrase",
            Memory("sec-ver=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase", "not-the-one"],
        )
        .fails("wifi.auth-failed", "await-network", 22, "type the passphrase again"),
        command(
            "a network that is almost there",
            Memory("sec-ver=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--ssid", "homenet", "--open"],
        )
        .fails("wifi.not-found", "await-network", 23, "did you mean HomeNet?"),
        command(
            "a passphrase for an open network",
            Memory("sec-ver=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--ssid", "OpenCafe", "--passphrase", "12345678"],
        )
        .fails("wifi.not-found", "await-network", 23, "does not find the network"),
        command(
            "an enterprise network",
            Memory("sec-ver=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--ssid", "CorpNet", "--passphrase", "12345678"],
        )
        .fails("wifi.auth-failed", "await-network", 22, "authentication error"),
        provision("given up for no reason", Peer(Rote(&[NO_SECURITY, GREETING, SET, APPLIED, FAILED])))
            .insecure()
            .fails("wifi.not-joined", "await-network", 24, "power-cycle it before the next try"),
        provision("given up for an unknown reason", Peer(Rote(&[NO_SECURITY, GREETING, SET, APPLIED, FAILED_7])))
            .insecure()
            .fails("wifi.not-joined", "await-network", 24, "reason 7"),
        // Thread.
        command(
            "a Thread device",
            Memory("sec-ver=1&thread=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--thread-dataset", DATASET],
        )
        .succeeds("HomeThread"),
        provision("Wi-Fi for a Thread device", Memory("sec-ver=1&thread=1")).fails(
            "usage.conflict",
            "identify",
            2,
            "--thread-dataset, not --ssid",
        ),
        command(
            "Thread for a Wi-Fi device",
            Memory("sec-ver=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--thread-dataset", DATASET],
        )
        .fails("usage.conflict", "identify", 2, "--ssid, not --thread-dataset"),
        command(
            "a Thread network out of reach",
            Memory("sec-ver=1&thread=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--thread-dataset", ELSEWHERE],
        )
        .fails("thread.not-found", "await-network", 23, "border router"),
        command(
            "a dataset without a key",
            Memory("sec-ver=1&thread=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--thread-dataset", "02081111111122222222"],
        )
        .fails("thread.dataset-rejected", "apply", 24, "reports an invalid dataset"),
        command(
            "a dataset of no use to the device",
            Memory("sec-ver=1&thread=1&fault=set-invalid-argument"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--thread-dataset", DATASET],
        )
        .fails("device.refused", "configure", 26, "InvalidArgument"),
        command(
            "a Thread device that gives up for no reason",
            Peer(Rote(&[
                THREAD,
                GREETING,
                ("prov-config", &[0x08, 0x09, 0x9a, 0x01, 0x00]),
                ("prov-config", &[0x08, 0x0b, 0xaa, 0x01, 0x00]),
                ("prov-config", &[0x08, 0x07, 0x8a, 0x01, 0x02, 0x10, 0x03]),
            ])),
            &["provision", "--device", DEVICE, "--thread-dataset", DATASET],
        )
        .insecure()
        .fails("thread.not-attached", "await-network", 24, "gives no reason"),
        // Association.
        provision("an association", Memory("sec-ver=1&profile=rainmaker-old"))
            .args(ASSOCIATE)
            .succeeds("\"node_id\":\""),
        provision(
            "an association in a session lost once",
            Memory("sec-ver=1&profile=rainmaker-old&fault=lost-session@1"),
        )
        .args(ASSOCIATE)
        .succeeds("\"node_id\":\""),
        provision("an association by challenge", Memory("profile=rainmaker")).args(ASSOCIATE).fails(
            "usage.unsupported",
            "associate",
            2,
            "leave out --user-id",
        ),
        provision("an association before claiming", Memory("profile=claim-wanted")).args(ASSOCIATE).fails(
            "device.unclaimed",
            "associate",
            26,
            "without --user-id",
        ),
        provision("an association it has no endpoint for", Http("sec-ver=1")).args(ASSOCIATE).fails(
            "device.no-endpoint",
            "associate",
            26,
            "no plain user association",
        ),
        provision("an association it refuses", Peer(Rote(&[NO_SECURITY, GREETING, ("cloud_user_assoc", REFUSED)])))
            .insecure()
            .args(ASSOCIATE)
            .fails("association.refused", "associate", 26, "InvalidArgument"),
        // Credentials of both kinds in the environment: the device takes its own.
        command("a Wi-Fi device where a dataset stands too", Memory("sec-ver=0"), &["provision", "--device", DEVICE])
            .insecure()
            .env(&[
                ("ESPCTL_SSID", "HomeNet"),
                ("ESPCTL_PASSPHRASE", "correct-horse-battery"),
                ("ESPCTL_THREAD_DATASET", DATASET),
            ])
            .succeeds("192.168.1.77"),
        command(
            "a Thread device where a name stands too",
            Memory("sec-ver=0&thread=1"),
            &["provision", "--device", DEVICE],
        )
        .insecure()
        .env(&[("ESPCTL_SSID", "HomeNet"), ("ESPCTL_THREAD_DATASET", DATASET)])
        .succeeds("thread"),
        command("a Wi-Fi device where only a dataset stands", Memory("sec-ver=0"), &["provision", "--device", DEVICE])
            .insecure()
            .env(&[("ESPCTL_THREAD_DATASET", DATASET)])
            .fails("usage.conflict", "identify", 2, "is a Wi-Fi device"),
        // Endpoints, and firmware without them.
        command(
            "an endpoint it has not",
            Http("sec-ver=1"),
            &["send", "nosuch", "x", "--device", DEVICE, "--pop", "abcd1234"],
        )
        .fails("device.no-endpoint", "request", 26, "nosuch"),
        command(
            "a message its handler does not like",
            Memory("sec-ver=1&fault=close=custom-data"),
            &["send", "custom-data", "x", "--device", DEVICE, "--pop", "abcd1234"],
        )
        .fails("device.refused", "request", 26, "did not accept these bytes"),
        command(
            "a reply from its handler that does not open",
            Memory("sec-ver=2&fault=garbage=custom-data"),
            &["send", "custom-data", "x", "--device", DEVICE, "--pop", "abcd1234"],
        )
        .fails("session.lost", "request", 26, "request to custom-data"),
        command(
            "nothing to reset on old firmware",
            Memory("profile=idf-5.5&sec-ver=1"),
            &["reset", "--device", DEVICE, "--pop", "abcd1234"],
        )
        .fails("device.refused", "request", 26, "1.2.1"),
        command(
            "no reset on older firmware",
            Memory("profile=idf-4.4"),
            &["reset", "--device", DEVICE, "--pop", "abcd1234"],
        )
        .fails("device.no-endpoint", "request", 26, "5.1"),
        command(
            "no second provisioning",
            Memory("sec-ver=1"),
            &["reset", "--reprov", "--device", DEVICE, "--pop", "abcd1234"],
        )
        .fails("device.refused", "request", 26, "run espctl monitor in another terminal"),
        provision("firmware older than its own version document", Memory("profile=pre-manager")).succeeds("online"),
        command("no scan on the oldest firmware", Memory("profile=pre-manager"), SCAN).fails(
            "device.no-endpoint",
            "scan",
            26,
            "--ssid NAME needs no scan",
        ),
        command(
            "a passphrase that was not given",
            Memory("sec-ver=1"),
            &["provision", "--device", DEVICE, "--pop", "abcd1234", "--ssid", "HomeNet", "--open"],
        )
        .fails("wifi.auth-failed", "await-network", 22, "no passphrase was given"),
        provision("a security version of the future", Peer(Rote(&[("proto-ver", br#"{"prov":{"sec_ver":3}}"#)])))
            .fails("security.unsupported", "secure", 20, "sec_ver 3"),
        command(
            "a scan with more entries than there can be",
            Peer(Rote(&[
                NO_SECURITY,
                GREETING,
                ("prov-config", &[0x08, 0x01, 0x5a, 0x02, 0x10, 0x01]),
                ("prov-scan", &[0x08, 0x01, 0x5a, 0x00]),
                ("prov-scan", &[0x08, 0x03, 0x6a, 0x08, 0x08, 0x01, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f]),
                ("prov-scan", &[0x08, 0x05, 0x7a, 0x07, 0x0a, 0x05, 0x0a, 0x03, b'o', b'n', b'e']),
            ])),
            SCAN,
        )
        .insecure()
        .succeeds("\"ssid\":\"one\""),
    ];

const FAILED: (&str, &[u8]) = ("prov-config", &[0x08, 0x01, 0x5a, 0x02, 0x10, 0x03]);
const FAILED_7: (&str, &[u8]) = ("prov-config", &[0x08, 0x01, 0x5a, 0x04, 0x10, 0x03, 0x50, 0x07]);
const REFUSED: &[u8] = &[0x08, 0x01, 0x5a, 0x02, 0x08, 0x01];
