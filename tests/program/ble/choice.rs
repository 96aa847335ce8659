//! Which device is meant: by name, by part of it, by address, or as the only one; several, and none.

use std::time::Duration;

use espctl::sim::gatt::Stack;
use uuid::Uuid;

use crate::ble::run::{failed, online, provision, run};
use crate::bluez::{Bluez, Daemon, Nearby, Radio};
use crate::support::Ran;

fn esp(name: &str) -> Nearby {
    Nearby::esp(name, &[("sec-ver", "1")])
}

/// What a run says of its peer.
fn peer(ran: &Ran) -> String {
    online(ran)["device"]["peer"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn by_name_also_with_other_letters() {
    let bluez = Bluez::with([esp("PROV_d76c30"), esp("PROV_000000")]);
    assert!(peer(&provision(&bluez, &["--device-name", "PROV_d76c30"], &[])).contains("PROV_d76c30"));

    // The very name wins over one that is the same but for its letters, however soon that is heard.
    let late = esp("PROV_D76C30").heard_after(Duration::from_millis(300));
    let bluez = Bluez::with([esp("prov_d76c30"), late]);
    assert!(peer(&provision(&bluez, &["--device-name", "PROV_D76C30"], &[])).contains("PROV_D76C30"));

    let bluez = Bluez::with([esp("PROV_D76C30")]);
    assert!(peer(&provision(&bluez, &["--device-name", "prov_d76c30"], &[])).contains("PROV_D76C30"));
}

#[test]
fn by_prefix_pattern_and_address() {
    for name in ["PROV_", "PROV_d7*", "PROV_d7??30", "*6c30"] {
        let bluez = Bluez::with([esp("LAMP_000000"), esp("PROV_d76c30")]);
        assert!(peer(&provision(&bluez, &["--device-name", name], &[])).contains("PROV_d76c30"), "{name}");
    }
    let spellings: [fn(&str) -> String; 3] = [str::to_owned, str::to_lowercase, |text| text.replace(':', "-")];
    for spelling in spellings {
        let bluez = Bluez::with([esp("PROV_d76c30"), esp("PROV_d76c31")]);
        let text = spelling(&bluez.address_of(1));
        let locator = format!("ble:{text}");
        let words = ["provision", "--device", &locator, "--pop", "abcd1234", "--ssid", "OpenCafe", "--open", "--json"];
        assert!(peer(&run(&bluez, &words)).contains("PROV_d76c31"), "{text}");
    }
}

#[test]
fn by_being_the_only_one() {
    let others = [Nearby::improv("Lamp"), Nearby::matter("Plug"), Nearby::nameless(), esp("PROV_d76c30")];
    let bluez = Bluez::with(others);
    assert!(peer(&provision(&bluez, &[], &[])).contains("PROV_d76c30"));
}

#[test]
fn a_device_that_says_no_name() {
    let bluez = Bluez::with([esp("PROV_d76c30").named_after(Duration::from_hours(1))]);
    // bluetoothd makes an alias of the address; that is no name.
    assert_eq!(peer(&provision(&bluez, &[], &[])), bluez.address_of(0));
}

#[test]
fn several_are_listed_with_how_they_are_heard() {
    let bluez = Bluez::with([esp("PROV_d76c30").rssi(-48), esp("PROV_d76c31").rssi(-71), Nearby::improv("Lamp")]);
    for device in [&[][..], &["--device-name", "PROV_"], &["--device-name", "PROV_d76c3?"]] {
        let ran = provision(&bluez, device, &[]);
        for says in ["PROV_d76c30", "PROV_d76c31", "-48 dBm", "-71 dBm"] {
            failed(&ran, "ble.several", "connect", 11, says);
        }
        assert!(!ran.stdout.contains("Lamp"), "{ran:?}");
    }
    assert_eq!(bluez.count("Connect"), 0);
}

#[test]
fn names_that_come_late_are_waited_for_as_any_match_is() {
    let late = |name, ms| esp(name).named_after(Duration::from_millis(ms));
    let bluez = Bluez::with([late("PROV_d76c30", 1200), late("PROV_d76c31", 1250)]);
    let ran = provision(&bluez, &["--device-name", "PROV_"], &[]);
    for says in ["PROV_d76c30", "PROV_d76c31"] {
        failed(&ran, "ble.several", "connect", 11, says);
    }
}

#[test]
fn two_of_the_same_name_are_distinguished_by_their_addresses() {
    let bluez = Bluez::with([esp("PROV_d76c30"), esp("PROV_d76c30").rssi(-60)]);
    for name in ["PROV_d76c3*", "PROV_d76c30"] {
        let ran = provision(&bluez, &["--device-name", name], &[]);
        for index in [0, 1] {
            failed(&ran, "ble.several", "connect", 11, &bluez.address_of(index));
        }
    }
    // Kits without labels share a proof of possession: the wrong board would take the credentials.
    let late = esp("PROV_d76c30").heard_after(Duration::from_millis(350));
    let bluez = Bluez::with([esp("PROV_d76c30"), late]);
    failed(&provision(&bluez, &["--device-name", "PROV_d76c30"], &[]), "ble.several", "connect", 11, "--device ble:");
    assert_eq!(bluez.count("Connect"), 0);
    // An address means one of them, and the other is not waited for.
    let address = bluez.address_of(0);
    assert!(peer(&provision(&bluez, &["--address", &address], &[])).contains(&address));
}

#[test]
fn a_name_that_was_cut_short_and_a_device_without_a_name_may_be_the_one() {
    let bluez = Bluez::with([esp("PROV_d76c30").cut_to(7)]);
    let cut = provision(&bluez, &["--device-name", "PROV_d76c30"], &["--timeout", "8"]);
    failed(&cut, "ble.not-found", "connect", 10, "is it PROV_d7?");
    failed(&cut, "ble.not-found", "connect", 10, &format!("--device ble:{}", bluez.address_of(0)));

    let bluez = Bluez::with([esp("PROV_d76c30").named_after(Duration::from_hours(1))]);
    let nameless = provision(&bluez, &["--device-name", "PROV_d76c30"], &["--timeout", "8"]);
    failed(&nameless, "ble.not-found", "connect", 10, &format!("--device ble:{}", bluez.address_of(0)));
}

#[test]
fn a_signal_strength_of_127_is_not_known() {
    let bluez = Bluez::with([esp("PROV_d76c30").rssi(127), esp("PROV_d76c31").rssi(-70)]);
    let ran = provision(&bluez, &["--device-name", "PROV_"], &[]);
    failed(&ran, "ble.several", "connect", 11, "-70 dBm");
    assert!(!ran.stdout.contains("127 dBm"), "{ran:?}");
    let document = run(&bluez, &["discover", "--json", "--transport", "ble", "--timeout", "1"]).json();
    let devices = document["bluetooth"]["devices"].as_array().expect("a list");
    let unknown = devices.iter().find(|device| device["name"] == "PROV_d76c30").expect("it is listed");
    assert!(unknown["rssi"].is_null(), "{unknown}");
}

#[test]
fn a_link_left_up_is_found_although_the_device_calls_itself_something_else_by_then() {
    let left = || esp("PROV_d76c30").calls_itself("nimble").linked();
    let bluez = Bluez::with([left()]);
    assert!(peer(&provision(&bluez, &["--device-name", "PROV_d76c30"], &[])).contains("PROV_d76c30"));
    let bluez = Bluez::with([left()]);
    let address = bluez.address_of(0);
    assert!(peer(&provision(&bluez, &["--address", &address], &[])).contains(&address));

    // A device that is heard is not looked for behind the links of others.
    let bluez = Bluez::with([left(), esp("PROV_d76c31")]);
    let words = crate::ble::run::provisioning(&["--device-name", "PROV_d76c31"], &[]);
    online(&crate::ble::run::Running::start(&bluez, &words).finish());
    assert_eq!(bluez.links(), [bluez.address_of(0)]);
}

#[test]
fn where_none_fits_the_near_ones_are_named() {
    let bluez = Bluez::with([esp("PROV_d76c31").rssi(-58), Nearby::improv("Lamp"), Nearby::nameless()]);
    let ran = provision(&bluez, &["--device-name", "PROV_d76c30"], &["--timeout", "8"]);
    for says in ["PROV_d76c30", "PROV_d76c31", "-58 dBm"] {
        failed(&ran, "ble.not-found", "connect", 10, says);
    }
    let bluez = Bluez::with([]);
    failed(&provision(&bluez, &[], &["--timeout", "8"]), "ble.not-found", "connect", 10, "provisioning mode");
    assert_eq!(bluez.count("Connect"), 0);
}

#[test]
fn a_device_that_is_remembered_and_not_there() {
    let bluez = Bluez::with([esp("PROV_d76c30").paired().heard_after(Duration::from_hours(1))]);
    let ran = provision(&bluez, &["--device-name", "PROV_d76c30"], &["--timeout", "8"]);
    failed(&ran, "ble.not-found", "connect", 10, "PROV_d76c30");
    assert_eq!(bluez.count("Connect"), 0);
}

#[test]
fn a_device_that_is_not_for_provisioning() {
    let bluez = Bluez::with([Nearby::improv("Lamp")]);
    failed(&provision(&bluez, &["--device-name", "Lamp"], &[]), "ble.not-provisioning", "connect", 10, "Lamp");
}

#[test]
fn a_service_of_the_makers_own_needs_the_name() {
    let own = Uuid::from_u128(0x7d3a_0000_6b43_439b_877c_0102_0304_0506);
    let bluez = Bluez::with([Nearby::esp_on(Stack::NimBle, Some(own), "PROV_d76c30", &[])]);
    let ran = provision(&bluez, &[], &["--timeout", "8"]);
    failed(&ran, "ble.not-found", "connect", 10, "1 other Bluetooth device was heard");
    online(&provision(&bluez, &["--device-name", "PROV_d76c30"], &[]));
}

#[test]
fn names_that_would_move_a_terminal_do_not() {
    let bluez = Bluez::with([esp("PROV_\u{1b}[31mred"), esp("PROV_\u{7}bell")]);
    let ran = provision(&bluez, &[], &[]);
    failed(&ran, "ble.several", "connect", 11, "PROV_");
    assert!(!ran.stderr.contains(['\u{1b}', '\u{7}']), "{ran:?}");
}

#[test]
fn an_adapter_is_chosen() {
    let near = || [esp("PROV_d76c30").heard_by(1)];
    let two = [Radio::ON, Radio::ON];
    for (words, environment) in [(&["--adapter", "hci1"][..], None), (&[], Some("hci1"))] {
        let bluez = Bluez::start(Daemon::Running, &two, near());
        let words = crate::ble::run::provisioning(&["--device-name", "PROV_d76c30"], words);
        let environment: Vec<_> = environment.map(|adapter| ("ESPCTL_ADAPTER", adapter)).into_iter().collect();
        let ran = crate::ble::run::Running::start_with(&bluez, &words, &environment).finish();
        bluez.assert_clean();
        online(&ran);
        // Looking at what there is uses nothing.
        let used: Vec<_> = bluez.asked().into_iter().filter(|asked| asked.member != "GetAll").collect();
        assert!(!used.iter().any(|asked| asked.path.starts_with("/org/bluez/hci0")), "{used:?}");
    }
    let bluez = Bluez::start(Daemon::Running, &two, near());
    let words = ["info", "--device", "ble:PROV_d76c30?adapter=hci1", "--json"];
    assert_eq!(run(&bluez, &words).status, 0);
}

#[test]
fn a_device_whose_link_was_left_up_could_be_meant_as_well() {
    let bluez = Bluez::with([esp("PROV_a").linked(), esp("PROV_b")]);
    let ran = provision(&bluez, &["--device-name", "PROV_"], &[]);
    failed(&ran, "ble.several", "connect", 11, "PROV_a");
}

#[test]
fn two_names_for_one_device_are_a_contradiction() {
    let bluez = Bluez::with([esp("PROV_a"), esp("PROV_b")]);
    let address = bluez.address_of(0);
    let both = run(&bluez, &["info", "--json", "--transport", "ble", "--address", &address, "--device-name", "PROV_b"]);
    assert_eq!(both.json()["error"]["code"], "usage.conflict", "{both:?}");
    let locator = run(&bluez, &["info", "--json", "--device", "ble:PROV_a", "--device-name", "PROV_b"]);
    assert_eq!(locator.json()["error"]["code"], "usage.conflict", "{locator:?}");
    let open = run(&bluez, &["info", "--json", "--device", "ble:", "--device-name", "PROV_b"]);
    assert!(open.json()["device"]["peer"].as_str().is_some_and(|peer| peer.contains("PROV_b")), "{open:?}");
    let label = r#"{"ver":"v1","name":"PROV_b","pop":"abcd1234"}"#;
    let labelled = run(&bluez, &["info", "--json", "--device", "ble:", "--qrcode", label]);
    assert!(labelled.json()["device"]["peer"].as_str().is_some_and(|peer| peer.contains("PROV_b")), "{labelled:?}");
    let bluez = Bluez::with([esp("PROV_a")]);
    let another = run(&bluez, &["info", "--json", "--timeout", "8", "--device", "ble:", "--qrcode", label]);
    failed(&another, "ble.not-found", "connect", 10, "PROV_a");
    for address in ["192.168.4.1", "zz"] {
        let wrong = run(&bluez, &["info", "--json", "--transport", "ble", "--address", address]);
        assert_eq!(wrong.status, 2, "{wrong:?}");
    }
    let cut = run(&bluez, &["info", "--json", "--device", "ble:PROV_?"]);
    assert_eq!(cut.status, 2, "{cut:?}");
}
