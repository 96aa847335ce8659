//! What keeps a device from being simulated: code, exit status and a telling word of each.

use crate::bluez::{Bluez, Daemon, Radio};
use crate::support::schemas::Schemas;
use crate::support::{Ran, espctl, finish};

/// What there is, further options; code, exit status and a word of what is said.
type Case<'a> = (Daemon, &'a [Radio], &'a [&'a str], &'a str, i32, &'a str);

fn sim(bluez: &Bluez, options: &[&str]) -> Ran {
    let ran = finish(bluez.serves(&mut espctl(["sim", "--ble", "--json"].iter().chain(options))));
    bluez.assert_clean();
    ran
}

#[track_caller]
fn assert_failed(ran: &Ran, code: &str, status: i32, word: &str) {
    assert_eq!((ran.code(), ran.status), (Some(code), status), "{ran:?}");
    assert!(ran.stderr.contains(word), "{ran:?}");
    assert_eq!(ran.json()["error"]["code"], code);
    assert_eq!(Schemas::load().check(&ran.json()), "failed");
}

#[test]
fn no_bluetooth_of_each_kind() {
    let none = Radio { peripheral: false, ..Radio::ON };
    let full = Radio { slots: 0, ..Radio::ON };
    let running = Daemon::Running;
    let cases: [Case; 10] = [
        (Daemon::Absent, &[], &[], "ble.no-bluetoothd", 12, "no program on the system bus"),
        (Daemon::Forbidden, &[Radio::ON], &[], "ble.permission", 13, "rules of the system bus"),
        (running, &[], &[], "ble.adapter-absent", 12, "no Bluetooth adapter"),
        (running, &[Radio::ON], &["--adapter", "hci7"], "ble.adapter-absent", 12, "hci0"),
        (running, &[Radio::OFF], &[], "ble.adapter-off", 12, "bluetoothctl power on"),
        (running, &[Radio::ON, Radio::OFF], &["--adapter", "hci1"], "ble.adapter-off", 12, "hci1"),
        (running, &[Radio::ON, Radio::ON], &[], "ble.several-adapters", 11, "and hci1 (00:1A:7D:DA:71:11)"),
        (running, &[none], &[], "ble.no-peripheral", 12, "org.bluez.GattManager1"),
        (running, &[full], &[], "ble.advertising-refused", 14, "Maximum advertisements reached"),
        (running, &[full], &["--encrypt"], "ble.advertising-refused", 14, "hci0"),
    ];
    for (daemon, radios, options, code, status, word) in cases {
        let bluez = Bluez::start(daemon, radios, []);
        assert_failed(&sim(&bluez, options), code, status, word);
        assert_eq!(bluez.agents(), 0, "{code}");
    }
}

#[test]
fn no_bus() {
    let ran =
        finish(espctl(["sim", "--ble", "--json"]).env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/espctl/bus"));
    assert_failed(&ran, "ble.no-bus", 12, "the system bus cannot be reached");
}

#[test]
fn a_name_that_no_scan_response_holds() {
    let bluez = Bluez::with([]);
    let name = "PROV_that_is_a_little_too_long";
    assert_failed(&sim(&bluez, &["--name", name]), "usage.invalid-value", 2, "1 to 29 bytes, this one has 30");
    assert_eq!(bluez.members(), Vec::<String>::new(), "nothing was asked");
}

#[test]
fn options_that_do_not_go_together() {
    for options in [
        &["--ble", "--http", "127.0.0.1:0"][..],
        &["--ble", "--count", "2"],
        &["--ble", "--console"],
        &["--stack", "bluedroid"],
        &["--adapter", "hci0"],
        &["--encrypt"],
        &["--ble", "--service-uuid", "ff51"],
    ] {
        let ran =
            finish(espctl(["sim"].iter().chain(options)).env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent"));
        assert_eq!(ran.status, 2, "{options:?}: {ran:?}");
    }
}
