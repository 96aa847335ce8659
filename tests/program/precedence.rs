//! Which setting wins, through the built binary: an option over the environment, the environment over a QR payload.

use std::process::Command;

const BLE: &str = r#"{"ver":"v1","name":"PROV_d76c30","pop":"abcd1234","transport":"ble"}"#;

/// Runs `espctl info` with these variables and no others of ours; its exit status, and all it said.
fn info(variables: &[(&str, &str)], options: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_espctl"));
    for name in ["ESPCTL_DEVICE", "ESPCTL_TRANSPORT", "ESPCTL_PORT", "ESPCTL_ADAPTER"] {
        command.env_remove(name);
    }
    let output = command.arg("info").args(options).envs(variables.iter().copied()).output().expect("the program runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn assert_simulated((status, said): (Option<i32>, String)) {
    assert!(status == Some(0) && said.contains("sim:PROV_"), "{status:?}: {said}");
}

#[test]
fn an_option_wins_over_the_environment() {
    assert_simulated(info(&[("ESPCTL_TRANSPORT", "softap")], &["--device", "sim:"]));
    assert_simulated(info(&[("ESPCTL_DEVICE", "ble:PROV_d76c30")], &["--device", "sim:"]));
    assert_simulated(info(&[("ESPCTL_DEVICE", "ble:PROV_d76c30")], &["--transport", "sim"]));
    assert_simulated(info(&[("ESPCTL_TRANSPORT", "ble")], &["--transport", "sim"]));
}

#[test]
fn the_environment_wins_over_the_payload_and_a_whole_locator_over_a_part() {
    assert_simulated(info(&[("ESPCTL_TRANSPORT", "sim")], &["--qrcode", BLE]));
    assert_simulated(info(&[("ESPCTL_DEVICE", "sim:")], &["--qrcode", BLE]));
    assert_simulated(info(&[("ESPCTL_DEVICE", "sim:"), ("ESPCTL_TRANSPORT", "softap")], &[]));
    // There is no such adapter: that it is missed shows what was chosen.
    let nowhere = [("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent"), ("ESPCTL_ADAPTER", "none")];
    assert_eq!(info(&nowhere, &["--qrcode", BLE]).0, Some(12));
    let (status, said) = info(&nowhere, &["--address", "24:0A:C4:00:00:01"]);
    assert!(status == Some(12) && !said.contains("IPv6"), "an address of six pairs is Bluetooth's: {said}");
}
