//! The back end `plain` against a device that is a table: what is sent, and what each answer comes to.

use std::sync::Arc;

use espctl::backend::http::{Http, Proxies};
use espctl::backend::plain::Plain;
use espctl::backend::{About, Association, Backend, BackendError, Pending, Profile, Registered, Ticket, find};
use espctl::device::{DeviceFacts, DeviceLink};
use espctl::endpoint::scan::Radio;
use espctl::event::Silent;
use espctl::failure::Failure;
use espctl::secret::BackendSecret;
use espctl::session::{SessionError, SessionErrorKind, Step};
use espctl::transport::{BoxFuture, Evidence, TransportError};
use espctl::wire::version::VersionInfo;

struct Table {
    facts: DeviceFacts,
    reply: Option<&'static str>,
    sent: Vec<(String, String)>,
}

impl Table {
    /// A device with this version document; it replies in hex, or has no such endpoint.
    fn new(version: &str, reply: Option<&'static str>) -> Self {
        let version = VersionInfo::parse(version.as_bytes()).expect("a version document");
        let facts = DeviceFacts {
            dialect: "protocomm",
            peer: "192.168.4.1:80".to_owned(),
            name: None,
            security: Some(2),
            radio: Radio::Wifi,
            can_scan: true,
            node_id: None,
            unclaimed: version.wants_claim(),
            version: Some(version),
            limits: None,
            endpoints: None,
        };
        Self { facts, reply, sent: Vec::new() }
    }
}

impl DeviceLink for Table {
    fn facts(&self) -> &DeviceFacts {
        &self.facts
    }

    fn request<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        self.sent.push((endpoint.to_owned(), hex::encode(body)));
        let peer = self.facts.peer.clone();
        Box::pin(async move {
            self.reply.map(|reply| hex::decode(reply).expect("hex")).ok_or_else(|| SessionError {
                step: Step::Request,
                endpoint: endpoint.to_owned(),
                security: Some(2),
                kind: SessionErrorKind::Transport(TransportError::from(Evidence::NoSuchEndpoint {
                    peer,
                    endpoint: endpoint.to_owned(),
                })),
            })
        })
    }
}

const CLASSIC: &str = r#"{"prov":{"ver":"v1.1","sec_ver":2,"cap":["wifi_scan"]}}"#;
const NODE: &str = "08015a0e120c506565724e6f646530303031";
const REFUSED: &str = "08015a020801";

fn back_end() -> Box<dyn Backend> {
    let kind = find("plain").expect("a kind");
    let values = [("user-id", BackendSecret::from("user")), ("secret-key", BackendSecret::from("secret"))];
    let profile = Profile::read(kind.name(), kind.keys(), values).expect("a profile");
    kind.connect(&profile, Http::new(Proxies::default(), Arc::new(Silent))).expect("a back end")
}

async fn associate(device: &mut Table) -> Result<Association, BackendError> {
    back_end().associate(None, device).await
}

#[tokio::test]
async fn the_device_gets_the_user_and_names_its_node() {
    let mut device = Table::new(CLASSIC, Some(NODE));
    let Association::Confirmed(registration) = associate(&mut device).await.expect("associated") else {
        panic!("not confirmed")
    };
    assert_eq!(registration.id.as_deref(), Some("PeerNode0001"));
    assert_eq!(registration.registered, Registered::Created);
    let sent = [("cloud_user_assoc".to_owned(), "520e0a04757365721206736563726574".to_owned())];
    assert_eq!(device.sent, sent);
}

#[tokio::test]
async fn each_answer_has_its_code_and_its_words() {
    let claim = r#"{"prov":{"ver":"v1.1","cap":["wifi_scan"]},"rmaker":{"ver":"1.0","cap":["claim"]}}"#;
    let challenge = r#"{"prov":{"ver":"v1.1","cap":["wifi_scan"]},"rmaker_extra":{"ver":"1.0","cap":["ch_resp"]}}"#;
    let cases = [
        (claim, Some(NODE), "device.unclaimed", 0, "the device must be claimed first"),
        (
            challenge,
            Some(NODE),
            "usage.unsupported",
            0,
            "the device associates by challenge and response, which needs an account at its back end",
        ),
        (CLASSIC, Some(REFUSED), "association.refused", 1, "the device refused the user association"),
        (CLASSIC, Some("ff"), "device.bad-reply", 1, "the device's reply cannot be read"),
        (CLASSIC, None, "device.no-endpoint", 1, "the firmware has no plain user association"),
    ];
    for (version, reply, code, sent, message) in cases {
        let mut device = Table::new(version, reply);
        let failure = Failure::from(associate(&mut device).await.expect_err("a failure"));
        assert_eq!((failure.code.word(), device.sent.len(), &*failure.message), (code, sent, message));
    }
}

#[tokio::test]
async fn there_is_nothing_to_prepare_confirm_or_cancel() {
    let back_end = back_end();
    assert_eq!(back_end.prepare(&About::default()).await.expect("no failure"), None);
    let code = |error: BackendError| error.code().word();
    for kind in ["plain", "rainmaker"] {
        let error = back_end.confirm(&Pending::new(kind, 1)).await.expect_err("nothing to confirm");
        assert_eq!(code(error), "backend.foreign-record");
    }
    assert!(back_end.cancel(&Ticket::new("plain", 1)).await.is_ok());
    let error = back_end.cancel(&Ticket::new("plain", 2)).await.expect_err("another version");
    assert_eq!(code(error), "backend.foreign-record");
}

#[test]
fn both_settings_are_needed_and_neither_secret_prints() {
    let kind = find("plain").expect("a kind");
    let values = [("user-id", BackendSecret::from("user"))];
    let error = Profile::read(kind.name(), kind.keys(), values).expect_err("half a profile");
    assert_eq!(error.causes(), ["plain needs `secret-key`: the key that the back end matches"]);
    assert!(!format!("{:?}", Plain::new("user", "hush".into())).contains("hush"));
}
