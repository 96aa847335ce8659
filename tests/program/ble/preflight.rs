//! What on the computer is in the way: no bus, no bluetoothd, no permission, adapters that are absent, off or several.

use crate::ble::run::{failed, online, provision, provisioning};
use crate::bluez::{ADDRESS, Bluez, Daemon, Nearby, Radio};
use crate::support::{Ran, espctl, finish};

const BY_NAME: [&str; 2] = ["--device-name", "PROV_d76c30"];

fn with(daemon: Daemon, radios: &[Radio], more: &[&str]) -> (Bluez, Ran) {
    let bluez = Bluez::start(daemon, radios, [Nearby::esp("PROV_d76c30", &[("sec-ver", "1")])]);
    let ran = provision(&bluez, &BY_NAME, more);
    (bluez, ran)
}

#[test]
fn no_system_bus() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = espctl(provisioning(&BY_NAME, &[]));
    command.env(ADDRESS, format!("unix:path={}", folder.path().join("bus").display()));
    failed(&finish(&mut command), "ble.no-bus", "connect", 12, "bus");
}

#[test]
fn no_bluetoothd() {
    let (_, ran) = with(Daemon::Absent, &[Radio::ON], &[]);
    failed(&ran, "ble.no-bluetoothd", "connect", 12, "bluetoothd");
}

#[test]
fn no_permission() {
    let (_, ran) = with(Daemon::Forbidden, &[Radio::ON], &[]);
    failed(&ran, "ble.permission", "connect", 13, "permit");
}

#[test]
fn a_bluetoothd_that_says_nothing() {
    let (_, ran) = with(Daemon::Silent, &[Radio::ON], &[]);
    failed(&ran, "ble.stack", "connect", 12, "no answer");
}

#[test]
fn no_adapter() {
    let (_, ran) = with(Daemon::Running, &[], &[]);
    failed(&ran, "ble.adapter-absent", "connect", 12, "adapter");
    let (_, ran) = with(Daemon::Running, &[Radio::ON], &["--adapter", "hci7"]);
    failed(&ran, "ble.adapter-absent", "connect", 12, "hci0");
}

#[test]
fn an_adapter_that_is_off_stays_off() {
    for radio in [Radio::OFF, Radio::BLOCKED] {
        let (bluez, ran) = with(Daemon::Running, &[radio], &[]);
        failed(&ran, "ble.adapter-off", "connect", 12, "hci0");
        assert!(!bluez.is_on(0), "nobody asked for it to be switched on");
        assert_eq!(bluez.count("Set"), 0);
    }
}

#[test]
fn of_several_adapters_one_has_to_be_named() {
    let (_, ran) = with(Daemon::Running, &[Radio::ON, Radio::ON], &[]);
    for says in ["hci0", "hci1", "--adapter"] {
        failed(&ran, "ble.several-adapters", "connect", 11, says);
    }
}

#[test]
fn an_adapter_can_be_named_by_its_address() {
    let (bluez, ran) = with(Daemon::Running, &[Radio::OFF, Radio::ON], &["--adapter", "00:1A:7D:DA:71:11"]);
    online(&ran);
    assert!(!bluez.is_on(0));
}
