//! `espctl discover` over Bluetooth: what is in reach, told as what it is, with the command to type next.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::ble::run::{Running, run};
use crate::bluez::{Bluez, Daemon, Nearby, Radio};
use crate::support::schemas::Schemas;

fn esp(name: &str) -> Nearby {
    Nearby::esp(name, &[("sec-ver", "1")])
}

/// The document of `discover` with these words, once so many devices were told of, held against its schema.
fn discover(bluez: &Bluez, words: &[&str], told: usize) -> Value {
    let words = [&["discover", "--json", "--watch", "--timeout", "600"], words].concat();
    let watching = Running::start(bluez, &words);
    // Each is told of in a line.
    watching.until(&format!("{told} devices"), |said| said.lines().count() >= told);
    watching.signal(Signal::INT);
    let ran = watching.finish();
    bluez.assert_clean();
    assert_eq!(ran.status, 0, "{ran:?}");
    let document = ran.json();
    assert_eq!(Schemas::load().check(&document), "done");
    document
}

/// The same after a second, in which nothing has to be heard.
fn discover_nothing(bluez: &Bluez, words: &[&str]) -> Value {
    let ran = run(bluez, &[&["discover", "--json", "--timeout", "1"], words].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let document = ran.json();
    assert_eq!(Schemas::load().check(&document), "done");
    document
}

fn devices(document: &Value) -> &[Value] {
    document["bluetooth"]["devices"].as_array().expect("a list")
}

#[test]
fn each_device_is_shown_as_what_it_is() {
    let light = [b"Nova".as_slice(), &[0x00, 0x01, 0x00, 0x05, 0x00, 0x00]].concat();
    let nearby = [
        esp("PROV_far").rssi(-80),
        esp("PROV_near").rssi(-40).manufacturer(0x02e5, &light),
        Nearby::improv("Lamp"),
        Nearby::matter("Plug"),
        Nearby::nameless(),
    ];
    let bluez = Bluez::with(nearby);
    let document = discover(&bluez, &["--transport", "ble"], 4);
    assert!(document.get("serial").is_none(), "{document}");
    let told: Vec<_> = devices(&document).iter().map(|device| [&device["name"], &device["kind"]]).collect();
    assert_eq!(told.len(), 4, "{document}");
    assert_eq!(
        told[..2],
        [[&json!("PROV_near"), &json!("provisioning")], [&json!("PROV_far"), &json!("provisioning")]]
    );
    assert!(told.contains(&[&json!("Lamp"), &json!("improv")]), "{document}");
    assert!(told.contains(&[&json!("Plug"), &json!("matter")]), "{document}");
    let near = &devices(&document)[0];
    assert_eq!((&near["rssi"], &near["detail"]["rainmaker_type"]), (&json!(-40), &json!(5)), "{near}");
    assert_eq!(near["command"], "espctl provision --transport ble --device-name PROV_near");
    assert_eq!(devices(&discover(&bluez, &["--transport", "ble", "--all"], 5)).len(), 5);
    let few = discover(&bluez, &["--prefix", "prov_n"], 1);
    assert_eq!(devices(&few).len(), 1, "{few}");
    assert!(few["serial"].is_array(), "{few}");
}

#[test]
fn the_locator_shown_is_the_device() {
    let bluez = Bluez::with([esp("PROV_twin"), esp("PROV_twin")]);
    let document = discover(&bluez, &["--transport", "ble"], 2);
    assert_eq!(devices(&document).len(), 2, "{document}");
    for (index, device) in devices(&document).iter().enumerate() {
        let locator = device["device"].as_str().expect("a locator");
        assert_eq!(
            device["command"],
            format!("espctl provision --device {locator}"),
            "twins are told apart by address"
        );
        let ran = run(&bluez, &["info", "--json", "--device", locator]);
        assert_eq!(ran.status, 0, "{index}: {ran:?}");
        assert!(ran.json()["device"]["peer"].as_str().is_some_and(|peer| peer.contains(&locator["ble:".len()..])));
    }
}

#[test]
fn for_people_it_is_a_table() {
    let bluez = Bluez::with([Nearby::nameless(), esp("PROV_d76c30").rssi(-52), esp("\x1b[31mred")]);
    let watching = Running::start(&bluez, &["discover", "--watch"]);
    watching.until("both", |said| said.lines().count() == 2);
    watching.signal(Signal::INT);
    let ran = watching.finish();
    bluez.assert_clean();
    assert_eq!(ran.status, 0, "{ran:?}");
    let row = ran.stdout.lines().find(|line| line.contains("PROV_d76c30")).expect("a row");
    assert!(row.contains("-52 dBm") && row.contains("provisioning"), "{row}");
    assert!(ran.stdout.contains("espctl provision --transport ble --device-name PROV_d76c30"), "{ran:?}");
    assert!(ran.stdout.contains("and 1 other device"), "{ran:?}");
    assert!(!ran.stdout.contains('\x1b'), "{ran:?}");
}

#[test]
fn a_device_with_a_link_to_this_computer_is_listed() {
    let bluez = Bluez::with([esp("PROV_d76c30").calls_itself("nimble").linked()]);
    let ran = Running::start(&bluez, &["discover", "--json", "--timeout", "1", "--transport", "ble"]).finish();
    let document = ran.json();
    assert_eq!(Schemas::load().check(&document), "done");
    let device = &devices(&document)[0];
    assert_eq!((&device["name"], &device["connected"]), (&json!("nimble"), &json!(true)), "{document}");
    assert_eq!(bluez.links().len(), 1, "looking ends no link");
    // It may advertise another name than the one it has over a link.
    let address = bluez.address_of(0);
    assert_eq!(device["command"], format!("espctl provision --device ble:{address}"), "{document}");
    let next = format!("ble:{address}");
    let ran = run(&bluez, &["info", "--json", "--device", &next]);
    assert_eq!(ran.status, 0, "{ran:?}");
}

#[test]
fn the_time_to_listen_begins_when_it_listens() {
    let bluez = Bluez::with([esp("PROV_d76c30")]);
    bluez.answers_late("GetManagedObjects", Duration::from_secs(3));
    let document = run(&bluez, &["discover", "--json", "--transport", "ble", "--timeout", "2"]).json();
    assert_eq!(devices(&document).len(), 1, "{document}");
}

#[test]
fn watching_announces_each_device_once() {
    let bluez = Bluez::with([esp("PROV_soon")]);
    let watching = Running::start(&bluez, &["discover", "--watch"]);
    watching.until("the first", |said| said.contains("PROV_soon"));
    bluez.add(esp("PROV_late"));
    watching.until("the second", |said| said.contains("PROV_late"));
    watching.signal(Signal::INT);
    let ran = watching.finish();
    bluez.assert_clean();
    assert_eq!((ran.status, ran.stdout.starts_with("Bluetooth")), (0, true), "{ran:?}");
    let told: Vec<_> = ran.stderr.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(told, ["PROV_soon", "PROV_late"], "{ran:?}");

    let timed = run(&bluez, &["discover", "--watch", "--timeout", "1"]);
    assert_eq!((timed.status, timed.stdout.starts_with("Bluetooth")), (0, true), "{timed:?}");
    let endless = run(&bluez, &["discover", "--watch", "--json"]);
    assert_eq!((endless.status, &endless.json()["error"]["code"]), (2, &json!("usage.conflict")), "{endless:?}");
}

#[test]
fn nothing_is_asked_about_strangers() {
    let stranger = |number: u32| match number % 2 {
        0 => Nearby::nameless().manufacturer(0x004c, &[0x10, 0x05]),
        _ => Nearby::other(Some(&format!("Lamp {number}")), &[]),
    };
    let crowd = (0..60).map(|number| stranger(number).every(Duration::from_millis(50)));
    let bluez = Bluez::with(crowd.chain([esp("PROV_d76c30")]));
    let document = run(&bluez, &["discover", "--json", "--all", "--transport", "ble", "--timeout", "2"]).json();
    let heard: Vec<_> = devices(&document).iter().filter_map(|device| device["heard_ms_ago"].as_u64()).collect();
    assert_eq!(heard.len(), 61, "{document}");
    assert!(heard.iter().all(|ago| *ago < 1000), "{heard:?}");
    let asked = bluez.asked();
    let about: Vec<_> = asked.iter().filter(|asked| asked.path.contains("/dev_")).collect();
    assert!(about.is_empty(), "{about:?}");
}

#[test]
fn bluetooth_that_cannot_be_used_is_a_row_with_its_hint() {
    for (daemon, radios, code) in [
        (Daemon::Running, &[Radio::OFF][..], "ble.adapter-off"),
        (Daemon::Running, &[][..], "ble.adapter-absent"),
        (Daemon::Running, &[Radio::ON, Radio::ON][..], "ble.several-adapters"),
        (Daemon::Absent, &[Radio::ON][..], "ble.no-bluetoothd"),
    ] {
        let bluez = Bluez::start(daemon, radios, [esp("PROV_d76c30")]);
        let document = discover_nothing(&bluez, &[]);
        assert_eq!(
            (&document["bluetooth"]["usable"], &document["bluetooth"]["error"]["code"]),
            (&json!(false), &json!(code))
        );
        let alone = run(&bluez, &["discover", "--transport", "ble", "--json"]);
        assert_eq!((alone.status != 0, &alone.json()["error"]["code"]), (true, &json!(code)), "{alone:?}");
        assert!(
            radios.iter().enumerate().all(|(index, radio)| bluez.is_on(index) == radio.powered),
            "none is switched"
        );
    }
    let bluez = Bluez::start(Daemon::Running, &[Radio::ON, Radio::ON], [esp("PROV_d76c30").heard_by(1)]);
    let heard = discover(&bluez, &["--adapter", "hci1"], 1);
    let next = "espctl provision --transport ble --device-name PROV_d76c30 --adapter hci1";
    assert_eq!(devices(&heard)[0]["command"], next, "the adapter has to be named again");
    let watching = run(&bluez, &["discover", "--watch"]);
    assert_eq!(watching.status, 11, "{watching:?}");
    assert!(watching.stderr.contains(": --adapter hci1"), "{watching:?}");
    let empty = run(&bluez, &["discover", "--adapter", ""]);
    assert_eq!(empty.status, 2, "{empty:?}");
    assert_eq!(devices(&discover_nothing(&bluez, &["--adapter", "hci0"])).len(), 0);
}
