//! How the program ends: by its device's provisioning, by Ctrl-C, and by Bluetooth going away underneath it.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::bluez::Bluez;
use crate::sim_ble::central::{Central, Device};
use crate::sim_ble::host::{Sim, two_adapters};

/// Security 0: set-config HomeNet, apply, get-status.
const SET: &str = "080262200a07486f6d654e65741215636f72726563742d686f7273652d62617474657279";
const APPLY: &[u8] = &[0x08, 0x04];
const STATUS: &[u8] = &[0x52, 0x00];
/// Answers: applied, and connecting.
const APPLIED: &[u8] = &[0x08, 0x05, 0x7a, 0x00];
const CONNECTING: &[u8] = &[0x08, 0x01, 0x5a, 0x02, 0x10, 0x01];
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

const NETWORK: [&str; 4] = ["--sec-ver", "0", "--ap", "HomeNet=correct-horse-battery"];

/// Gives the device its network, and reads its status until it has joined.
async fn provision(device: &Device<'_>) {
    device.exchange("prov-config", &hex::decode(SET).expect("hex")).await;
    assert_eq!(device.exchange("prov-config", APPLY).await, APPLIED);
    let joined = async {
        loop {
            device.write("prov-config", STATUS).await.expect("a write response");
            // A second after it was told that it has joined the link ends, perhaps before the answer is read.
            match device.read("prov-config").await {
                Ok(answer) if answer == CONNECTING => sleep(Duration::from_millis(20)).await,
                Ok(_) | Err(_) => return,
            }
        }
    };
    timeout(SOON, joined).await.expect("it joins");
}

#[tokio::test]
async fn once_provisioned_it_drops_the_link_and_is_gone() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &[&NETWORK[..], &["--name", "PROV_d76c30"]].concat());
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    provision(&device).await;
    device.dropped().await;
    let asked = bluez.asked();
    let last = |member: &str| asked.iter().rfind(|asked| asked.member == member).expect(member).at;
    assert!(last("Disconnect") - last("WriteValue") >= Duration::from_secs(1), "the link stays for a second more");
    let ran = sim.ended();
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stderr.contains("service stopped: provisioned"), "{ran:?}");
    assert!(!central.hears(&device.path).await, "nothing advertises");
    assert_eq!(bluez.count("UnregisterApplication"), 1);
    drop(central);
    bluez.assert_clean();
}

#[tokio::test]
async fn without_auto_stop_it_stays_and_waits_for_the_next_central() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &[&NETWORK[..], &["--name", "PROV_d76c30", "--no-auto-stop"]].concat());
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    provision(&device).await;
    device.disconnect().await;
    let again = central.connect("PROV_d76c30").await;
    again.exchange("proto-ver", b"---").await;
    sim.end(&bluez, central);
}

#[tokio::test]
async fn a_request_that_comes_after_its_link_makes_none() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    device.exchange("proto-ver", b"---").await;
    device.disconnect().await;
    bluez.until("it advertises again", |bluez| bluez.count("RegisterAdvertisement") == 2);
    bluez.reads_late();
    bluez.until("it does so after that too", |bluez| bluez.count("RegisterAdvertisement") == 3);
    let again = central.connect("PROV_d76c30").await;
    again.exchange("proto-ver", b"---").await;
    sim.end(&bluez, central);
}

#[tokio::test]
async fn a_restart_drops_the_link_and_the_device_comes_back() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30", "--fault", "reboot@1=proto-ver"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    assert!(device.write("proto-ver", b"---").await.is_err(), "no answer, then no link");
    device.dropped().await;
    let again = central.connect("PROV_d76c30").await;
    again.exchange("proto-ver", b"---").await;
    sim.end(&bluez, central);
}

#[tokio::test]
async fn ctrl_c_takes_everything_back() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    device.exchange("proto-ver", b"---").await;
    sim.end(&bluez, central);
    assert_eq!(bluez.count("UnregisterApplication"), 1);
    assert_eq!(bluez.count("RegisterAdvertisement"), bluez.count("UnregisterAdvertisement"));
    assert!(bluez.is_on(0) && bluez.is_on(1));
    assert_eq!(bluez.count("Set"), 0, "nothing of the adapter is changed");
}

#[test]
fn ctrl_c_counts_while_it_registers() {
    let bluez = two_adapters();
    bluez.answers_late("RegisterApplication", Duration::from_secs(1));
    let sim = Sim::start(&bluez, &["--name", "PROV_d76c30"]);
    bluez.until("it registers", |bluez| bluez.count("RegisterApplication") == 1);
    sim.end(&bluez, ());
    assert_eq!(bluez.count("UnregisterApplication"), 1);
}

/// What happens to Bluetooth.
type Goes = fn(&Bluez);

#[test]
fn bluetooth_going_away_is_reported() {
    let cases: [(&str, &str, Goes); 4] = [
        ("ble.adapter-off", "the adapter hci1 is off", |bluez| bluez.switch(1, false)),
        ("ble.adapter-absent", "no Bluetooth adapter hci1", |bluez| bluez.unplug(1)),
        ("ble.no-bluetoothd", "it left the bus", Bluez::die),
        ("ble.advertising-refused", "took the advertisement back", Bluez::take_back),
    ];
    for (code, word, goes) in cases {
        let bluez = two_adapters();
        let sim = Sim::on(&bluez, &["--quiet"]);
        goes(&bluez);
        let ran = sim.ended();
        assert_eq!(ran.code(), Some(code), "{ran:?}");
        assert!(ran.stderr.contains(word), "{ran:?}");
        bluez.assert_clean();
    }
}
