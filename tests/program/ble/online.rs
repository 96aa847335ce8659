//! Devices that come online: every security version, both of the firmware's Bluetooth stacks, and the ways in which
//! good firmware differs.

use std::time::Duration;

use espctl::sim::gatt::Stack;
use espctl::wire::gatt::{SERVICE_OF_MANAGER, VALUE_MAX};
use uuid::Uuid;

use crate::ble::run::{failed, online, provision, run};
use crate::bluez::{At, Bluez, Does, Fault, Nearby};

const NAME: &str = "PROV_d76c30";
const BY_NAME: [&str; 2] = ["--device-name", NAME];

#[test]
fn each_security_version_on_each_stack() {
    for security in ["0", "1", "2"] {
        for stack in [Stack::NimBle, Stack::Bluedroid] {
            let bluez = Bluez::with([Nearby::esp_on(stack, None, NAME, &[("sec-ver", security)])]);
            let ran = provision(&bluez, &BY_NAME, &["--allow-insecure"]);
            assert_eq!(online(&ran)["security"].to_string(), security, "{ran:?}");
            assert!(bluez.wrote().iter().all(|wrote| (1..=VALUE_MAX).contains(&wrote.length)), "{:?}", bluez.wrote());
            assert_eq!(bluez.count("Connect"), 1, "one link, held throughout");
        }
    }
}

#[test]
fn the_first_message_of_security_2_is_one_write_whatever_the_mtu() {
    for mtu in [23, 185, 256, 517] {
        let bluez = Bluez::with([Nearby::esp(NAME, &[("sec-ver", "2")]).mtu(mtu)]);
        online(&provision(&bluez, &BY_NAME, &[]));
        let longest = bluez.wrote().iter().map(|wrote| wrote.length).max();
        // sec2: 384 bytes of public key, the user name, and what frames them.
        assert!(longest.is_some_and(|length| length > 384), "{:?}", bluez.wrote());
    }
}

#[test]
fn firmware_from_before_the_manager() {
    let device = Nearby::esp("ESP_WIFI", &[("profile", "pre-manager")]);
    let bluez = Bluez::with([device]);
    online(&provision(&bluez, &["--device-name", "ESP_WIFI"], &[]));
}

#[test]
fn a_service_of_the_managers_and_one_of_the_makers_own() {
    let own = Uuid::from_u128(0x7d3a_0000_6b43_439b_877c_0102_0304_0506);
    for service in [SERVICE_OF_MANAGER, own] {
        let bluez = Bluez::with([Nearby::esp_on(Stack::NimBle, Some(service), NAME, &[])]);
        online(&provision(&bluez, &BY_NAME, &[]));
    }
}

#[test]
fn firmware_without_user_descriptions() {
    let bluez = Bluez::with([Nearby::esp(NAME, &[]).undescribed()]);
    online(&provision(&bluez, &BY_NAME, &[]));
    let bluez = Bluez::with([Nearby::esp(NAME, &[]).fault(Fault::always(At::Describe, Does::Att(0x0e)))]);
    online(&provision(&bluez, &BY_NAME, &[]));
}

#[test]
fn a_name_that_comes_later_than_the_service() {
    let bluez = Bluez::with([Nearby::esp(NAME, &[]).named_after(Duration::from_millis(700))]);
    online(&provision(&bluez, &BY_NAME, &[]));
}

#[test]
fn a_service_that_is_not_advertised() {
    let bluez = Bluez::with([Nearby::esp(NAME, &[]).advertises(&[])]);
    online(&provision(&bluez, &BY_NAME, &[]));
}

#[test]
fn a_device_among_many_others() {
    let others = (0..12).map(|number| Nearby::improv(&format!("Lamp {number}")));
    let nameless = (0..12).map(|_| Nearby::nameless());
    let device = Nearby::esp(NAME, &[]).heard_after(Duration::from_millis(400));
    let bluez = Bluez::with(others.chain(nameless).chain([Nearby::matter("Plug"), device]));
    online(&provision(&bluez, &BY_NAME, &[]));
    assert_eq!(bluez.count("Connect"), 1, "nobody else is connected to");
}

#[test]
fn a_wrong_proof_of_possession_in_both_manners() {
    for security in ["1", "2"] {
        for stack in [Stack::NimBle, Stack::Bluedroid] {
            let bluez = Bluez::with([Nearby::esp_on(stack, None, NAME, &[("sec-ver", security)])]);
            let ran = provision(&bluez, &BY_NAME, &["--pop", "wrong"]);
            failed(&ran, "security.proof-rejected", "secure", 21, "check the PoP");
        }
    }
}

#[test]
fn networks_are_asked_for_in_pages_of_four() {
    let crowd: Vec<String> = (0..14).map(|number| format!("A network of the neighbours {number:02}")).collect();
    let mut parameters: Vec<(&str, &str)> = crowd.iter().map(|name| ("ap", name.as_str())).collect();
    parameters.push(("sec-ver", "2"));
    for stack in [Stack::NimBle, Stack::Bluedroid] {
        let bluez = Bluez::with([Nearby::esp_on(stack, None, NAME, &parameters)]);
        let ran = run(&bluez, &["scan", "--transport", "ble", "--device-name", NAME, "--pop", "abcd1234", "--json"]);
        let document = ran.json();
        assert_eq!(document["networks"].as_array().map(Vec::len), Some(14), "{ran:?}");
    }
}

#[test]
fn a_network_that_is_not_there_and_a_wrong_passphrase() {
    let bluez = Bluez::with([Nearby::esp(NAME, &[])]);
    let ran = provision(&bluez, &BY_NAME, &["--ssid", "Nowhere"]);
    failed(&ran, "wifi.not-found", "await-network", 23, "none of that name");
    let bluez = Bluez::with([Nearby::esp(NAME, &[])]);
    let ran = provision(&bluez, &BY_NAME, &["--passphrase", "not-the-right-one"]);
    failed(&ran, "wifi.auth-failed", "await-network", 22, "passphrase");
}

#[test]
fn the_link_is_lost_once_the_credentials_are_applied() {
    let bluez = Bluez::with([Nearby::esp(NAME, &[("fault", "drop-after-apply")])]);
    let ran = provision(&bluez, &BY_NAME, &[]);
    assert_eq!((ran.status, ran.json()["outcome"].as_str()), (25, Some("applied")), "{ran:?}");
    assert_eq!(ran.json()["error"]["code"], "provision.unconfirmed", "{ran:?}");
}

#[test]
fn a_link_that_comes_back_after_the_credentials_were_applied() {
    let bluez = Bluez::with([Nearby::esp(NAME, &[("fault", "drop-after-apply=300"), ("join-ms", "1500")])]);
    online(&provision(&bluez, &BY_NAME, &[]));
    assert_eq!(bluez.count("Connect"), 2);
}

#[test]
fn the_devices_own_end_of_the_link_is_success() {
    // It drops the link a second after it was seen online, while the slow disconnect is under way.
    let slow = Fault::once(At::Disconnect, Does::Late(Duration::from_secs(2)));
    let bluez = Bluez::with([Nearby::esp(NAME, &[("no-auto-stop", "false")]).fault(slow)]);
    online(&provision(&bluez, &BY_NAME, &[]));
}
