//! The simulated device against recordings of a stock one, and its rules that no recording shows.
//!
//! The recordings' application messages are replayed in the plain, so that what is compared is the handlers: bytes
//! in, bytes out, at times that put every status where the recording has it.

use std::time::Duration;

use espctl::secret::Passphrase;
use espctl::sim::profile::{Association, Profile};
use espctl::sim::{AccessPoint, Device, DeviceOptions};
use espctl::wire::messages::{
    CmdSetThread, CmdSetWifi, ConfigMsg, ConfigPayload, ScanPayload, config_payload, scan_payload::Payload,
};
use prost::Message;
use serde_json::Value;

const MS: Duration = Duration::from_millis(1);
/// A dataset of the network HomeThread.
const DATASET: &str = "02081111111122222222051007070707070707070707070707070707";
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
fn a_run_with_firmware_of_patch_0_as_recorded() {
    replay("sec2-patch0-full", stock());
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
    let mut options = options(&[("sec-ver", "2")]);
    options.profile.announces_patch = false;
    let step = recording("sec2-patch0-full").swap_remove(0);
    let reply = Device::new(options).handle(Duration::ZERO, "proto-ver", &step.request).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&reply.body), String::from_utf8_lossy(&step.response));
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

    fn set_dataset(&mut self, dataset: &str) {
        let payload = Some(config_payload::Payload::CmdSetThread(CmdSetThread { dataset: unhex(dataset) }));
        let set = ConfigPayload { msg: ConfigMsg::CmdSetThread.into(), payload };
        assert_eq!(self.ask("prov-config", &hex::encode(set.encode_to_vec())), "08099a0100");
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
        let set = CmdSetWifi {
            ssid: vec![b's'; ssid],
            passphrase: vec![b'p'; passphrase],
            bssid: vec![1; bssid],
            channel: 0,
        };
        let request = ConfigPayload {
            msg: ConfigMsg::CmdSetWifi.into(),
            payload: Some(config_payload::Payload::CmdSetWifi(set)),
        };
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
    assert_eq!(Bench::new(&[("profile", "idf-5.5")]).ask("prov-scan", "08047204080b1001"), "080510057a00");

    let mut bench = Bench::new(&[]);
    bench.join();
    assert_eq!(bench.ask("prov-scan", "5206080118052078"), "Hang");
    assert_eq!(bench.ask("prov-config", "5200"), "Hang", "the handler never came back");
}

#[test]
fn a_running_scan_counts_what_it_has_heard() {
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.ask("prov-scan", "52021805"), "08015a00");
    bench.now += 120 * MS;
    assert_eq!(bench.ask("prov-scan", "0802"), "08036a021002", "two networks on channel 1");
    assert!(bench.ask("prov-scan", "080472021002").starts_with("08057a"), "they can be read");
    assert_eq!(bench.ask("prov-scan", "080472021003"), "Handler", "no more than those");
    assert_eq!(bench.ask("prov-scan", "520408011805"), "08015a00", "answered at once");
    bench.now = 1800 * MS;
    assert_eq!(bench.ask("prov-scan", "0802"), "08036a040801100b", "and the scan went on");

    // One scan of all channels has nothing before its end.
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.ask("prov-scan", "5200"), "08015a00");
    bench.now += 1500 * MS;
    assert_eq!(bench.ask("prov-scan", "0802"), "08036a00");
}

#[test]
fn a_scan_after_apply_stays_stuck_over_a_reset() {
    let scan_once = |bench: &mut Bench| assert_eq!(bench.ask("prov-scan", "52021805"), "08015a00");
    let stuck_with = |bench: &mut Bench, status: &str| {
        bench.now += 60_000 * MS;
        assert_eq!(bench.ask("prov-config", "5200"), "08015a0410035000", "the join failed");
        assert_eq!(bench.ask("prov-ctrl", "08015a00"), "08026200");
        scan_once(bench);
        bench.now += 60_000 * MS;
        assert_eq!(bench.ask("prov-scan", "0802"), status);
    };
    let mut bench = Bench::new(&[("fault", "auth-failed")]);
    bench.join();
    scan_once(&mut bench);
    stuck_with(&mut bench, "08036a00");

    // So does one that ran when the credentials were applied.
    let mut bench = Bench::new(&[("fault", "auth-failed")]);
    scan_once(&mut bench);
    bench.now += 120 * MS;
    bench.join();
    stuck_with(&mut bench, "08036a021002");

    // One that had ended does not.
    let mut bench = Bench::new(&[("fault", "auth-failed")]);
    scan_once(&mut bench);
    bench.now += 1800 * MS;
    bench.join();
    stuck_with(&mut bench, "08036a040801100b");
}

#[test]
fn messages_of_the_other_radio_are_invalid_arguments() {
    let on_wifi = [
        ("prov-scan", "0806820100", "080710048a0100"),
        ("prov-scan", "0806", "Handler"),
        ("prov-scan", "0808", "080910049a0100"),
        ("prov-scan", "080aa20100", "080b1004aa0100"),
        ("prov-config", "0806", "08078a01020804"),
        ("prov-config", "0808920100", "08099a01020804"),
        ("prov-config", "0808", "Handler"),
        ("prov-config", "080a", "080baa01020804"),
        ("prov-ctrl", "0805", "08061004820100"),
        ("prov-ctrl", "0807", "08081004920100"),
    ];
    let on_thread = [
        ("prov-scan", "5200", "080110045a00"),
        ("prov-scan", "0802", "080310046a00"),
        ("prov-scan", "08047200", "080510047a00"),
        ("prov-config", "5200", "08015a020804"),
        ("prov-config", "08026200", "08036a020804"),
        ("prov-config", "0802", "Handler"),
        ("prov-config", "0804", "08057a020804"),
        ("prov-ctrl", "0801", "080210046200"),
        ("prov-ctrl", "0803", "080410047200"),
    ];
    let thread: &[(&str, &str)] = &[("thread", "")];
    for (parameters, exchanges) in [(&[][..], &on_wifi[..]), (thread, &on_thread[..])] {
        let mut bench = Bench::new(parameters);
        for (endpoint, request, reply) in exchanges {
            assert_eq!(bench.ask(endpoint, request), *reply, "{endpoint} {request}");
        }
    }
    let mut old = Bench::new(&[("profile", "idf-5.5")]);
    for (endpoint, request, _) in on_wifi {
        assert_eq!(old.ask(endpoint, request), "Handler", "{endpoint} {request}: wifi_provisioning knows no Thread");
    }
}

#[test]
fn after_another_provisioning_is_asked_for_the_status_still_reads_connected() {
    let mut bench = Bench::new(&[("no-auto-stop", "")]);
    bench.join();
    bench.now = 1500 * MS;
    assert!(bench.ask("prov-config", "5200").contains(&hex::encode("HomeNet")));
    assert_eq!(bench.ask("prov-ctrl", "08015a00"), "080210056200", "no reset while it is connected");
    assert_eq!(bench.ask("prov-ctrl", "08036a00"), "08047200");
    // Connected, address 0.0.0.0, no name, a BSSID that means nothing.
    let status = bench.ask("prov-config", "5200");
    assert!(status.starts_with("08015a135a110a07302e302e302e302206"), "{status}");
    assert_eq!(bench.ask("prov-ctrl", "08015a00"), "08026200", "a reset tells it apart");
    bench.join();
    assert_eq!(bench.ask("prov-config", "5200"), "08015a021001", "until the next apply");

    let mut bench = Bench::new(&[("thread", ""), ("no-auto-stop", "")]);
    bench.set_dataset(DATASET);
    assert_eq!(bench.ask("prov-config", "080a"), "080baa0100");
    bench.now = 1500 * MS;
    let attached = bench.ask("prov-config", "0806");
    assert_eq!(bench.ask("prov-ctrl", "0805"), "08061005820100");
    assert_eq!(bench.ask("prov-ctrl", "0807"), "0808920100");
    assert_eq!(bench.ask("prov-config", "0806"), attached, "the dataset is still there");
    assert_eq!(bench.ask("prov-ctrl", "0805"), "0806820100");
}

#[test]
fn a_reason_without_a_word_by_firmware_and_attempts() {
    let reads = |parameters: &[(&str, &str)]| {
        let mut bench = Bench::new(&[&[("fault", "other-reason")], parameters].concat());
        bench.join();
        bench.now = 1600 * MS;
        let early = bench.ask("prov-config", "5200");
        bench.now = 60_000 * MS;
        [early, bench.ask("prov-config", "5200"), bench.ask("prov-ctrl", "08015a00")]
    };
    assert_eq!(reads(&[]), ["08015a021001", "08015a021001", "08026200"], "a reset is taken while it retries");
    assert_eq!(reads(&[("attempts", "3")]), ["08015a06100162020802", "08015a0410035000", "08026200"]);
    assert_eq!(reads(&[("profile", "rainmaker")])[1], "08015a0410035000");
    let old = reads(&[("profile", "idf-5.0"), ("attempts", "3")]);
    assert_eq!(old, ["08015a021001", "08015a021001", "UnknownEndpoint"], "it counts no attempts");

    // After a network that was not found, it reads as that.
    let mut bench = Bench::new(&[("fault", "not-found@1"), ("fault", "other-reason@2-"), ("attempts", "1")]);
    for _ in 0..2 {
        bench.join();
        bench.now += 1600 * MS;
        assert_eq!(bench.ask("prov-config", "5200"), "08015a0410035001");
        assert_eq!(bench.ask("prov-ctrl", "08015a00"), "08026200");
    }
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
    bench.set_dataset(DATASET);
    assert_eq!(bench.ask("prov-config", "080a"), "080baa0100");
    bench.now = 1500 * MS;
    let status = bench.ask("prov-config", "0806");
    assert!(status.contains(&hex::encode("HomeThread")), "{status}");
}

#[test]
fn a_thread_scan_counts_by_channel_and_works_after_apply() {
    let mut bench = Bench::new(&[("thread", "")]);
    bench.set_dataset(DATASET);
    assert_eq!(bench.ask("prov-config", "080a"), "080baa0100");
    assert_eq!(bench.ask("prov-scan", "0806820100"), "08078a0100");
    assert_eq!(bench.ask("prov-scan", "0808"), "08099a0100");
    // HomeThread is on channel 15, the fifth of sixteen; the other network on the fifteenth.
    bench.now += 400 * MS;
    assert_eq!(bench.ask("prov-scan", "0808"), "08099a01021001");
    bench.now += 800 * MS;
    assert_eq!(bench.ask("prov-scan", "0808"), "08099a010408011002");
}

#[test]
fn a_bad_dataset_is_refused_when_it_is_applied() {
    for (dataset, fault) in [("0e08000000", "delay=0"), (DATASET, "auth-failed")] {
        let mut bench = Bench::new(&[("thread", ""), ("fault", fault)]);
        bench.set_dataset(dataset);
        assert_eq!(bench.ask("prov-config", "080a"), "080baa01020805");
        assert_eq!(bench.ask("prov-config", "0806"), "08078a010410035000", "failed, and the dataset is invalid");
        bench.set_dataset(DATASET);
        assert_eq!(bench.ask("prov-config", "080a"), "080baa01020805", "not before a reset");
        assert_eq!(bench.ask("prov-ctrl", "0805"), "0806820100");
    }
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
