//! What docs/protocol.md says of provisioning over Bluetooth, held against the peripheral.

use super::*;
use crate::sim::event::Event;
use crate::sim::{DeviceOptions, Profile};
use crate::wire::gatt::endpoint_name;

const NOW: Duration = Duration::from_secs(1);
const HELLO_0: &[u8] = &[0x52, 0x03, 0xa2, 0x01, 0x00];
const STATUS: &[u8] = &[0x52, 0x00];

fn peripheral(stack: Stack, parameters: &[(&str, &str)]) -> Peripheral {
    let options = DeviceOptions::from_parameters(parameters.iter().copied()).expect("options");
    Peripheral::new(Device::new(options), stack, None).expect("a name that fits")
}

fn connected(stack: Stack, parameters: &[(&str, &str)]) -> Peripheral {
    let mut peripheral = peripheral(stack, parameters);
    peripheral.connected(Duration::ZERO);
    peripheral
}

fn refused(code: u8, drops_link: bool) -> Written {
    Written { after: Duration::ZERO, answer: Answer::Refused(code), drops_link }
}

#[test]
fn endpoints_are_characteristics_of_the_service() {
    let of = |parameters: &[(&str, &str)]| -> Vec<(&str, String)> {
        let peripheral = peripheral(Stack::NimBle, parameters);
        peripheral.endpoints().iter().map(|own| (own.name, own.uuid.to_string()[..8].to_owned())).collect()
    };
    let manager = [
        ("prov-ctrl", "021aff4f".to_owned()),
        ("prov-scan", "021aff50".to_owned()),
        ("prov-session", "021aff51".to_owned()),
        ("prov-config", "021aff52".to_owned()),
        ("proto-ver", "021aff53".to_owned()),
    ];
    assert_eq!(of(&[]), [&manager[..], &[("custom-data", "021aff54".to_owned())]].concat());
    assert_eq!(of(&[("profile", "rainmaker")]), [&manager[..], &[("ch_resp", "021aff54".to_owned())]].concat());
    let old = [("prov-session", "0000ff51"), ("prov-config", "0000ff52"), ("proto-ver", "0000ff53")];
    assert_eq!(of(&[("profile", "pre-manager")]), old.map(|(name, uuid)| (name, uuid.to_owned())));
    for profile in Profile::all() {
        for endpoint in peripheral(Stack::NimBle, &[("profile", profile.name)]).endpoints() {
            assert_eq!(endpoint_name(endpoint.name.as_bytes()).as_deref(), Some(endpoint.name));
        }
    }
}

#[test]
fn the_service_can_be_chosen() {
    let options = DeviceOptions::default();
    let own = Peripheral::new(Device::new(options), Stack::NimBle, Some(gatt::SERVICE_OF_MANAGER)).expect("fits");
    assert_eq!(own.advertisement().service, gatt::SERVICE_OF_MANAGER);
    assert!(own.endpoints().iter().all(|endpoint| endpoint.uuid.to_string().ends_with("-6b43-439b-877c-060f2d9bed07")));
}

#[test]
fn a_write_is_answered_by_the_next_read() {
    let mut device = connected(Stack::NimBle, &[("sec-ver", "0")]);
    assert_eq!(device.read("proto-ver"), b"", "nothing was asked");
    assert_eq!(device.write(NOW, "proto-ver", b"---"), Written::done(Duration::ZERO));
    assert!(device.read("proto-ver").starts_with(b"{"));
    assert_eq!(device.write(NOW, "prov-session", HELLO_0), Written::done(Duration::ZERO));
    assert_eq!(device.read("prov-session"), [0x52, 0x05, 0x08, 0x01, 0xaa, 0x01, 0x00]);
    assert!(device.read("proto-ver").starts_with(b"{"), "each endpoint has its own value");
}

#[test]
fn each_stack_has_its_way_of_refusing() {
    // A request without a session.
    for (stack, code, drops_link) in [(Stack::NimBle, 0x04, false), (Stack::Bluedroid, 0x85, true)] {
        let mut device = connected(stack, &[("sec-ver", "1")]);
        assert_eq!(device.write(NOW, "prov-config", STATUS), refused(code, drops_link), "{stack:?}");
    }
}

#[test]
fn each_stack_has_its_longest_value() {
    let cases = [
        (Stack::NimBle, "netprov-1.2", 512),
        (Stack::NimBle, "idf-4.4", 512),
        (Stack::Bluedroid, "netprov-1.2", 481),
        (Stack::Bluedroid, "idf-4.4", 257),
    ];
    for (stack, profile, longest) in cases {
        let mut device = connected(stack, &[("profile", profile)]);
        assert_eq!(device.write(NOW, "proto-ver", &vec![b'-'; longest]).answer, Answer::Done, "{stack:?} {profile}");
        let longer = device.write(NOW, "proto-ver", &vec![b'-'; longest + 1]);
        assert_eq!(longer, refused(0x0d, false), "{stack:?} {profile}");
    }
}

#[test]
fn an_answer_past_the_longest_value() {
    let mut device = connected(Stack::NimBle, &[("fault", "oversize-reply@1")]);
    assert_eq!(device.write(NOW, "proto-ver", b"---"), refused(0x04, false));
    let mut device = connected(Stack::Bluedroid, &[("fault", "oversize-reply@2")]);
    assert_eq!(device.write(NOW, "proto-ver", b"---").answer, Answer::Done);
    assert_eq!(device.write(NOW, "proto-ver", b"---").answer, Answer::Done);
    assert!(device.read("proto-ver").starts_with(b"{"), "the old answer");
}

#[test]
fn an_empty_write_is_ignored_or_refused() {
    let mut device = connected(Stack::NimBle, &[]);
    assert_eq!(device.write(NOW, "proto-ver", b"---").answer, Answer::Done);
    assert_eq!(device.write(NOW, "proto-ver", b""), Written::done(Duration::ZERO));
    assert!(device.read("proto-ver").starts_with(b"{"), "the old answer");
    assert_eq!(connected(Stack::Bluedroid, &[]).write(NOW, "proto-ver", b""), refused(0x85, true));
}

#[test]
fn a_link_is_a_session() {
    let mut device = connected(Stack::NimBle, &[("sec-ver", "1")]);
    let key = [&[0x10, 0x01, 0x5a, 0x25, 0xa2, 0x01, 0x22, 0x0a, 0x20][..], &[0x09; 32]].concat();
    assert_eq!(device.write(NOW, "prov-session", &key).answer, Answer::Done);
    assert!(!device.read("prov-session").is_empty());
    device.disconnected();
    device.connected(NOW);
    assert_eq!(device.read("prov-session"), b"", "values go with the link");
    let proof = [&[0x10, 0x01, 0x5a, 0x29, 0x08, 0x02, 0xb2, 0x01, 0x24, 0x12, 0x20][..], &[0; 32]].concat();
    assert_eq!(device.write(NOW, "prov-session", &proof), refused(0x04, false));
    let events = device.tick(NOW);
    let opened = events.iter().filter(|timed| timed.event == Event::TransportSession);
    assert_eq!(opened.count(), 2);
    assert!(!events.iter().any(|timed| matches!(timed.event, Event::ProofRejected { .. })), "the handshake was gone");
}

#[test]
fn the_device_takes_its_time() {
    let mut device = connected(Stack::NimBle, &[("fault", "delay=250")]);
    assert_eq!(device.write(NOW, "proto-ver", b"---"), Written::done(Duration::from_millis(250)));
}

#[test]
fn faults_of_the_link() {
    let written = |fault| connected(Stack::NimBle, &[("fault", fault)]).write(NOW, "proto-ver", b"---");
    assert_eq!(written("hang"), Written::never(false));
    assert_eq!(written("reboot"), Written::never(true));
    assert_eq!(written("close"), refused(0x04, false));
    let mut device = connected(Stack::NimBle, &[("fault", "truncate@2")]);
    device.write(NOW, "proto-ver", b"---");
    let whole = device.read("proto-ver").to_vec();
    device.write(NOW, "proto-ver", b"---");
    assert_eq!(device.read("proto-ver"), &whole[..whole.len() / 2]);
    let mut device = connected(Stack::NimBle, &[("fault", "no-session-endpoint")]);
    assert_eq!(device.write(NOW, "prov-session", HELLO_0), refused(0x01, false), "no such characteristic");
}

#[test]
fn it_advertises_until_it_is_connected_and_again_after() {
    let mut device = peripheral(Stack::NimBle, &[]);
    assert!(device.is_advertising(NOW));
    device.connected(NOW);
    assert!(!device.is_advertising(NOW) && device.is_connected());
    device.disconnected();
    assert!(device.is_advertising(NOW));
}

#[test]
fn it_leaves_a_second_after_connected_was_read() {
    let mut device = connected(Stack::NimBle, &[("sec-ver", "0"), ("fault", "already-connected")]);
    assert!(device.keeps_link(NOW));
    assert_eq!(device.write(NOW, "prov-config", STATUS).answer, Answer::Done);
    let end = NOW + Duration::from_secs(1);
    assert_eq!(device.next_change(NOW), Some(end));
    assert!(device.keeps_link(end.saturating_sub(Duration::from_millis(1))));
    device.tick(end);
    assert!(!device.keeps_link(end) && device.has_ended(end));
    assert_eq!(device.write(end, "prov-config", STATUS), Written::never(true));
    device.disconnected();
    assert!(!device.is_advertising(end));
}

#[test]
fn an_outage_drops_the_link_and_the_device_comes_back() {
    let mut device = connected(Stack::NimBle, &[("fault", "reboot@1")]);
    device.write(NOW, "proto-ver", b"---");
    assert!(!device.keeps_link(NOW) && !device.has_ended(NOW));
    device.disconnected();
    assert!(!device.is_advertising(NOW) && device.is_advertising(NOW + Duration::from_secs(1)));
}

#[test]
fn the_name_is_in_the_scan_response_and_fits() {
    let named = |name: &str| {
        let options = DeviceOptions::from_parameters([("name", name), ("profile", "rainmaker")]).expect("options");
        Peripheral::new(Device::new(options), Stack::NimBle, None)
    };
    let longest = "x".repeat(29);
    assert_eq!(named(&longest).expect("fits").advertisement().name, longest);
    assert_eq!(named(&"x".repeat(30)).err(), Some(NameLength(30)));
    assert_eq!(named("").err(), Some(NameLength(0)));
    // RainMaker's twelve bytes follow the name where both fit into 31.
    let data = |length| named(&"x".repeat(length)).expect("fits").advertisement().manufacturer;
    assert_eq!(data(15), Some((0x02e5, *b"Nova\x00\x01\x00\x05\x00\x00")));
    assert_eq!(data(16), None);
    assert_eq!(peripheral(Stack::NimBle, &[]).advertisement().manufacturer, None, "not RainMaker's firmware");
}
