//! Faults in which the link and its host take part, over HTTP to a simulated device in a process of its own.

use crate::failures::case::{Case, Device, provision};
use Device::Http;

/// Over HTTP.
pub(crate) const CASES: &[Case] = &[
    provision("http: gone for good after apply", Http("sec-ver=1&fault=drop-after-apply")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "look for the device on the network",
    ),
    provision("http: gone for good when joined", Http("sec-ver=1&fault=drop-before-connected")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "look for the device on the network",
    ),
    provision("http: a version that never comes", Http("sec-ver=1&fault=hang=proto-ver")).fails(
        "deadline.step",
        "identify",
        124,
        "no answer within ",
    ),
    provision("http: a status that is not answered once", Http("sec-ver=1&fault=hang@3=prov-config"))
        .succeeds("online"),
    provision("http: every answer late", Http("sec-ver=1&fault=delay=100")).succeeds("online"),
    provision("http: the version refused", Http("sec-ver=1&fault=close=proto-ver")).fails(
        "link.lost",
        "identify",
        12,
        "closed the connection",
    ),
    provision("http: apply refused once", Http("sec-ver=1&fault=close@2=prov-config")).succeeds("online"),
    provision("http: the status refused always", Http("sec-ver=1&fault=close@3-=prov-config")).fails(
        "provision.unconfirmed",
        "await-network",
        25,
        "closed the connection",
    ),
    provision("http: a version cut short", Http("sec-ver=1&fault=truncate=proto-ver")).fails(
        "link.lost",
        "identify",
        12,
        "broke off",
    ),
    provision("http: an apply that arrived though its reply did not", Http("sec-ver=1&fault=truncate@2=prov-config"))
        .succeeds("online"),
    provision("http: a garbage version", Http("sec-ver=1&fault=garbage=proto-ver")).fails(
        "link.not-a-device",
        "identify",
        10,
        "neither JSON nor a version",
    ),
    provision("http: garbage in security 2", Http("sec-ver=2&fault=garbage=prov-config")).fails(
        "session.lost",
        "configure",
        26,
        "does not authenticate",
    ),
    provision("http: an empty reply", Http("sec-ver=1&fault=empty-reply=prov-config")).fails(
        "device.bad-reply",
        "configure",
        26,
        "does not answer this request",
    ),
    provision("http: an endless version", Http("sec-ver=1&fault=oversize-reply=proto-ver")).fails(
        "link.not-a-device",
        "identify",
        10,
        "longer than",
    ),
    provision("http: status 500", Http("sec-ver=1&fault=http-500=prov-session")).fails(
        "link.not-a-device",
        "secure",
        10,
        "500",
    ),
    provision("http: no HTTP", Http("sec-ver=1&fault=http-not-http=prov-config")).fails(
        "link.not-a-device",
        "configure",
        10,
        "HTTP",
    ),
    provision("http: a session lost once", Http("sec-ver=1&fault=lost-session@1")).succeeds("online"),
    provision("http: a session lost always", Http("sec-ver=1&fault=lost-session")).fails(
        "session.lost",
        "configure",
        26,
        "closed the connection",
    ),
    provision("http: no session endpoint", Http("sec-ver=1&fault=no-session-endpoint")).fails(
        "device.not-provisioning",
        "secure",
        10,
        "power-cycle",
    ),
    provision("http: off the air for a while after apply", Http("sec-ver=1&fault=drop-after-apply=300"))
        .succeeds("online"),
    provision("http: off the air for a while when joined", Http("sec-ver=1&fault=drop-before-connected=500"))
        .succeeds("online"),
    provision(
        "http: an apply whose reply was lost, without cookies",
        Http("profile=idf-4.2&fault=truncate@2=prov-config"),
    )
    .succeeds("online"),
    provision("http: a request refused once, without cookies", Http("profile=idf-4.2&fault=close@1=prov-config"))
        .succeeds("online"),
    provision("http: a lost session in security 2, without sec_ver", Http("profile=idf-5.0&fault=lost-session@3"))
        .succeeds("online"),
    provision("http: let in by no access point", Http("sec-ver=1&fault=auth-failed")).fails(
        "wifi.auth-failed",
        "await-network",
        22,
        "authentication error",
    ),
];
