//! The simulated device against recordings of a stock one, and its rules that no recording shows.
//!
//! The recordings' application messages are replayed in the plain, so that what is compared is the handlers: bytes
//! in, bytes out, at times that put every status where the recording has it.

use std::time::Duration;

use espctl::secret::Passphrase;
use espctl::sim::profile::{Association, Profile};
use espctl::sim::{AccessPoint, Device, DeviceOptions};
use espctl::wire::messages::{ScanPayload, scan_payload::Payload};
use prost::Message;
use serde_json::Value;

const MS: Duration = Duration::from_millis(1);
/// Between two requests. With it and [`JOIN`], polls fall into the recorded statuses.
const PACE: Duration = Duration::from_millis(350);
const JOIN: Duration = Duration::from_millis(650);

fn options(parameters: &[(&str, &str)]) -> DeviceOptions {
    DeviceOptions::from_parameters(parameters.iter().copied()).expect("options")
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hex")
}

struct Step {
    endpoint: String,
    request: Vec<u8>,
    response: Vec<u8>,
}

/// The application messages of a recording, in the plain.
fn recording(name: &str) -> Vec<Step> {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a recording")).expect("JSON");
    let text = |step: &Value, what: &str| {
        let plain = step[format!("{what}_plain_hex")].as_str();
        unhex(plain.or(step[format!("{what}_hex")].as_str()).expect("bytes"))
    };
    let steps = document["steps"].as_array().expect("steps").iter();
    steps
        .map(|step| Step {
            endpoint: step["endpoint"].as_str().expect("an endpoint").to_owned(),
            request: text(step, "request"),
            response: text(step, "response"),
        })
        .filter(|step| step.endpoint != "prov-session")
        .collect()
}

/// The access points a recording's scan found, and a hidden one.
fn recorded_world(steps: &[Step]) -> Vec<AccessPoint> {
    let mut access_points = Vec::new();
    for step in steps.iter().filter(|step| step.endpoint == "prov-scan") {
        let reply = ScanPayload::decode(&step.response[..]).expect("a scan reply");
        let Some(Payload::RespWifiResult(page)) = reply.payload else { continue };
        for entry in page.entries {
            let mut ap = AccessPoint::new("x", "correct-horse-battery");
            ap.channel = u8::try_from(entry.channel).expect("a channel");
            ap.rssi = i8::try_from(entry.rssi).expect("a signal strength");
            ap.auth = u8::try_from(entry.auth).expect("an auth number");
            ap.bssid = entry.bssid.try_into().expect("an address");
            ap.ssid = entry.ssid;
            access_points.push(ap);
        }
    }
    if access_points.is_empty() {
        access_points.push(AccessPoint::new("HomeNet", "correct-horse-battery").on(1, -38).bssid_ending(0x01));
    }
    access_points.reverse();
    let mut hidden = AccessPoint::new("HiddenNet", "correct-horse-battery").on(3, -40);
    hidden.hidden = true;
    access_points.push(hidden);
    access_points
}

/// Replays a recording against a device in security 0; the document is compared for the security it was made with.
fn replay(name: &str, mut options: DeviceOptions) {
    let steps = recording(name);
    options.world.access_points = recorded_world(&steps);
    options.node_id = Some("PeerNode0001".into());
    options.join = JOIN;
    options.security = Some(0);
    let mut device = Device::new(options);
    let mut now = Duration::ZERO;
    for (index, step) in steps.iter().enumerate().filter(|(_, step)| step.endpoint != "proto-ver") {
        let reply = device.handle(now, &step.endpoint, &step.request).expect("an answer");
        assert_eq!(hex::encode(&reply.body), hex::encode(&step.response), "{name}, message {index}");
        now += reply.after + PACE;
    }
}

fn stock() -> DeviceOptions {
    DeviceOptions {
        profile: Profile { association: Association::Mapping, ..Profile::default() },
        ..DeviceOptions::default()
    }
}

#[test]
fn scan_set_apply_status_as_recorded() {
    replay("sec0-full", stock());
}

#[test]
fn a_wrong_passphrase_reset_and_retry_as_recorded() {
    replay("sec1-auth-failed", stock());
}

#[test]
fn attempts_count_down_as_recorded() {
    let mut options = stock();
    options.attempts = Some(3);
    replay("sec1-attempts", options);
}

#[test]
fn version_documents_as_recorded() {
    for (name, profile, security) in [
        ("sec0-full", "netprov-1.2", "0"),
        ("sec1-attempts", "netprov-1.2", "1"),
        ("sec1-chresp-full", "rainmaker", "1"),
    ] {
        let mut device = Device::new(options(&[("profile", profile), ("sec-ver", security)]));
        let step = recording(name).into_iter().find(|step| step.endpoint == "proto-ver").expect("a document");
        let reply = device.handle(Duration::ZERO, "proto-ver", &step.request).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&reply.body), String::from_utf8_lossy(&step.response), "{name}");
    }
}

/// A device in security 0 and the time it lives in.
struct Bench {
    device: Device,
    now: Duration,
}

impl Bench {
    fn new(parameters: &[(&str, &str)]) -> Self {
        let mut options = options(parameters);
        options.security = Some(0);
        Self { device: Device::new(options), now: Duration::ZERO }
    }

    fn ask(&mut self, endpoint: &str, request: &str) -> String {
        match self.device.handle(self.now, endpoint, &unhex(request)) {
            Ok(reply) => {
                self.now += reply.after;
                hex::encode(reply.body)
            }
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    fn join(&mut self) {
        let set = "080262200a07486f6d654e65741215636f72726563742d686f7273652d62617474657279";
        assert_eq!(self.ask("prov-config", set), "08036a00");
        assert_eq!(self.ask("prov-config", "0804"), "08057a00");
    }
}

#[test]
fn arguments_are_checked_as_by_the_firmware() {
    let mut bench = Bench::new(&[]);
    let set = |ssid: usize, passphrase: usize, bssid: usize| {
        use espctl::wire::messages::{CmdSetWifi, ConfigMsg, ConfigPayload, config_payload::Payload};
        let set = CmdSetWifi {
            ssid: vec![b's'; ssid],
            passphrase: vec![b'p'; passphrase],
            bssid: vec![1; bssid],
            channel: 0,
        };
        let request = ConfigPayload { msg: ConfigMsg::CmdSetWifi.into(), payload: Some(Payload::CmdSetWifi(set)) };
        hex::encode(request.encode_to_vec())
    };
    for (request, reply) in [
        (set(32, 63, 6), "08036a00"),
        (set(33, 8, 0), "08036a020804"),
        (set(8, 64, 0), "08036a020804"),
        (set(8, 8, 5), "08036a020804"),
    ] {
        assert_eq!(bench.ask("prov-config", &request), reply);
    }
    assert_eq!(bench.ask("prov-config", "0802"), "Handler", "set without its member");
    assert_eq!(bench.ask("prov-config", "0806"), "Handler", "Thread on a Wi-Fi build");
    assert_eq!(Bench::new(&[]).ask("prov-config", "0804"), "08057a020805", "apply without set");
    assert_eq!(bench.ask("prov-ctrl", "08036a00"), "080410057200", "reprov on a device that stops by itself");
    assert_eq!(bench.ask("custom-data", "00"), hex::encode(b"SUCCESS\0"));
}

#[test]
fn the_service_stops_after_connected_was_read_or_in_time() {
    let mut bench = Bench::new(&[]);
    bench.join();
    bench.now = 1500 * MS;
    assert!(bench.ask("prov-config", "5200").starts_with("08015a25"));
    assert!(bench.device.is_serving(2499 * MS) && !bench.device.is_serving(2500 * MS));

    let mut bench = Bench::new(&[]);
    bench.join();
    assert!(bench.device.is_serving(31_499 * MS) && !bench.device.is_serving(31_500 * MS));
    assert_eq!(bench.device.stops_at(), Some(31_500 * MS));
}

#[test]
fn scans_by_state_and_by_firmware() {
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.ask("prov-scan", "0802"), "08036a020801", "nothing scanned yet reads finished");
    assert_eq!(bench.ask("prov-scan", "52021805"), "08015a00", "not blocking");
    assert_eq!(bench.ask("prov-scan", "0802"), "08036a00");
    bench.now += 1800 * MS;
    assert_eq!(bench.ask("prov-scan", "0802"), "08036a040801100b");
    assert_eq!(bench.ask("prov-scan", "08047204080b1001"), "Handler", "past the end");
    bench.join();
    assert_eq!(bench.ask("prov-scan", "52021805"), "08015a00");
    bench.now += 60_000 * MS;
    assert_eq!(Bench::new(&[("profile", "idf-5.5")]).ask("prov-scan", "08047204080b1001"), "080510057a00");

    let mut bench = Bench::new(&[]);
    bench.join();
    assert_eq!(bench.ask("prov-scan", "5206080118052078"), "Hang");
    assert_eq!(bench.ask("prov-config", "5200"), "Hang", "the handler never came back");
}

#[test]
fn reset_by_firmware() {
    assert_eq!(Bench::new(&[]).ask("prov-ctrl", "08015a00"), "08026200", "idempotent since 1.2.1");
    assert_eq!(Bench::new(&[("profile", "idf-5.5")]).ask("prov-ctrl", "08015a00"), "080210056200");
    assert_eq!(Bench::new(&[("profile", "idf-5.0")]).ask("prov-ctrl", "08015a00"), "UnknownEndpoint");
}

#[test]
fn faults_of_the_join() {
    let poll = |fault: &str| {
        let mut bench = Bench::new(&[("fault", fault)]);
        bench.join();
        bench.now = 1600 * MS;
        bench.ask("prov-config", "5200")
    };
    assert_eq!(poll("auth-failed"), "08015a0410035000");
    assert_eq!(poll("not-found"), "08015a0410035001");
    assert_eq!(poll("connecting-forever"), "08015a021001");
    assert_eq!(poll("status-error"), "08015a020805");
    assert_eq!(poll("connected-without-member"), "08015a00");
    assert_eq!(poll("disconnected-once"), "08015a021002");
    assert_eq!(poll("drop-after-apply"), "Handler");
    assert_eq!(poll("drop-before-connected"), "Handler");
    assert!(poll("drop-before-connected=50").starts_with("08015a25"), "back on the air");
    let mut bench = Bench::new(&[("fault", "already-connected")]);
    assert!(bench.ask("prov-config", "5200").starts_with("08015a25"));
}

#[test]
fn an_address_with_a_zero_byte_comes_back_garbled() {
    let mut bench = Bench::new(&[("ap", "HomeNet=correct-horse-battery,bssid=02:00:5e:10:22:01")]);
    bench.join();
    bench.now = 1500 * MS;
    let status = bench.ask("prov-config", "5200");
    assert!(status.contains("22060200") && !status.contains("02005e102201"), "{status}");
}

#[test]
fn a_thread_build_attaches() {
    let mut bench = Bench::new(&[("thread", "")]);
    assert!(bench.ask("proto-ver", "2d").contains(&hex::encode("thread_scan")));
    assert_eq!(bench.ask("prov-config", "5200"), "Handler", "no Wi-Fi on a Thread build");
    let dataset = "02081111111122222222051007070707070707070707070707070707";
    let set = {
        use espctl::wire::messages::{CmdSetThread, ConfigMsg, ConfigPayload, config_payload::Payload};
        let payload = Some(Payload::CmdSetThread(CmdSetThread { dataset: unhex(dataset) }));
        hex::encode(ConfigPayload { msg: ConfigMsg::CmdSetThread.into(), payload }.encode_to_vec())
    };
    assert_eq!(bench.ask("prov-config", &set), "08099a0100");
    assert_eq!(bench.ask("prov-config", "080a"), "080baa0100");
    bench.now = 1500 * MS;
    let status = bench.ask("prov-config", "0806");
    assert!(status.contains(&hex::encode("HomeThread")), "{status}");
}

#[test]
fn nothing_printed_holds_a_secret() {
    let options = options(&[("pop", "hush-hush-1"), ("ap", "Home=secret-passphrase")]);
    let mut device = Device::new(options.clone());
    let _ = device.handle(Duration::ZERO, "prov-session", b"x");
    let printed = format!("{options:?} {device:?} {:?}", device.take_events());
    assert!(!printed.contains("hush-hush-1") && !printed.contains("secret-passphrase"), "{printed}");
    assert_eq!(options.world.access_points[0].passphrase, Passphrase::from("secret-passphrase"));
}
