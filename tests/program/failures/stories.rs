//! Several runs against one device: what one run leaves behind, the next one meets.

use crate::failures::case::{Expected, GOOD};
use crate::failures::run::{Hosted, Ran, compare, espctl, finish};
use std::process::Stdio;

fn run(device: &Hosted, args: &[&str]) -> Ran {
    let mut command = espctl();
    command.args(args).args(["--device", &device.locator, "--json", "--no-input"]).stdout(Stdio::piped());
    finish(command, b"").expect("an end")
}

fn provision(device: &Hosted, args: &[&str]) -> Ran {
    run(device, &[&["provision"], args].concat())
}

fn online(ran: &Ran) {
    compare(Expected::Success("\"outcome\":\"online\""), ran).unwrap();
}

fn failed(ran: &Ran, code: &'static str, stage: &'static str, exit: i32, says: &'static str) {
    compare(Expected::Failure { code, stage, exit, says }, ran).unwrap();
}

#[test]
fn after_five_wrong_proofs_the_device_is_gone_and_that_is_said() {
    let device = Hosted::start("profile=rainmaker&sec-ver=1");
    let wrong = ["--pop", "wrong", "--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];
    for _ in 0..5 {
        let ran = provision(&device, &wrong);
        assert!(!ran.stdout.contains("for security 2"), "{ran:?}");
        failed(&ran, "security.proof-rejected", "secure", 21, "five wrong tries lock");
    }
    failed(&provision(&device, GOOD), "link.unreachable", "connect", 12, "locked after wrong PoPs");
}

#[test]
fn a_device_left_in_its_failed_state_recovers_by_itself() {
    let device = Hosted::start("sec-ver=1&fault=auth-failed@1&fault=reset-internal-error@1");
    failed(&provision(&device, GOOD), "wifi.auth-failed", "await-network", 22, "passphrase");
    online(&provision(&device, GOOD));
}

#[test]
fn a_device_left_joining_says_so() {
    let device = Hosted::start("sec-ver=1&fault=connecting-forever");
    let hasty = [GOOD, &["--timeout", "20"]].concat();
    failed(&provision(&device, &hasty), "deadline.total", "await-network", 124, "had taken the credentials");
    failed(&provision(&device, GOOD), "device.refused", "apply", 26, "still be joining with earlier credentials");
}

#[test]
fn a_device_that_stays_can_be_provisioned_again_after_a_reset() {
    let device = Hosted::start("sec-ver=1&no-auto-stop");
    let cafe = ["--pop", "abcd1234", "--ssid", "OpenCafe", "--open"];
    online(&provision(&device, GOOD));
    compare(Expected::Success("already-online"), &provision(&device, GOOD)).unwrap();
    failed(&provision(&device, &cafe), "device.already-provisioned", "apply", 26, "HomeNet");
    failed(&run(&device, &["scan", "--pop", "abcd1234"]), "device.already-provisioned", "scan", 26, "--reprov");
    let reset = run(&device, &["reset", "--reprov", "--pop", "abcd1234"]);
    compare(Expected::Success("reprovision"), &reset).unwrap();
    online(&provision(&device, &cafe));
}

/// Firmware goes on saying "connected" after the reset, until the next "apply".
#[test]
fn a_device_that_was_reprovisioned_scans_and_takes_a_network() {
    let dataset = "0208111111112222222205100102030405060708090a0b0c0d0e0f10";
    let thread = ["--pop", "abcd1234", "--thread-dataset", dataset];
    let devices =
        [("profile=netprov-1.2", GOOD), ("profile=idf-5.5", GOOD), ("profile=netprov-1.2&thread", &thread[..])];
    for (parameters, network) in devices {
        let device = Hosted::start(&format!("{parameters}&sec-ver=1&no-auto-stop"));
        online(&provision(&device, network));
        failed(&run(&device, &["reset", "--pop", "abcd1234"]), "device.refused", "request", 26, "reset --reprov");
        let reset = run(&device, &["reset", "--reprov", "--pop", "abcd1234"]);
        compare(Expected::Success("reprovision"), &reset).unwrap();
        compare(Expected::Success("networks"), &run(&device, &["scan", "--pop", "abcd1234"])).unwrap();
        online(&provision(&device, network));
    }
}

#[test]
fn old_firmware_that_cannot_be_reset_is_power_cycled_which_is_said_at_once() {
    let device = Hosted::start("profile=idf-4.4&fault=auth-failed");
    failed(&provision(&device, GOOD), "wifi.auth-failed", "await-network", 22, "power-cycle");
    let scan = ["scan", "--pop", "abcd1234", "--timeout", "10"];
    failed(&run(&device, &scan), "scan.failed", "scan", 26, "power-cycle the device, then scan");
    let connected = Hosted::start("profile=idf-4.4&no-auto-stop&fault=already-connected");
    let ran = run(&connected, &scan);
    failed(&ran, "device.already-provisioned", "scan", 26, "power-cycle");
    assert!(!ran.stdout.contains("--reprov"), "{ran:?}");
}

#[test]
fn the_version_endpoint_is_asked_without_encryption() {
    for security in ["1", "2"] {
        let device = Hosted::start(&format!("sec-ver={security}"));
        let ran = run(&device, &["send", "proto-ver", "x", "--pop", "abcd1234"]);
        compare(Expected::Success("sec_ver"), &ran).unwrap();
    }
}

#[test]
fn a_device_that_is_provisioned_is_gone_and_that_is_said() {
    let mut device = Hosted::start("sec-ver=1");
    online(&provision(&device, GOOD));
    device.ends();
    failed(&provision(&device, GOOD), "link.unreachable", "connect", 12, "provisioned already");
}

#[test]
fn what_is_likelier_is_advised_first() {
    let mut command = espctl();
    command.args(["provision", "--device", "sim:", "--pop", "x", "--json", "--no-input"]).stdout(Stdio::piped());
    let ran = finish(command, b"").expect("an end");
    let (network, dataset) = (ran.stdout.find("--ssid"), ran.stdout.find("--thread-dataset"));
    assert!(network.is_some() && network < dataset, "{ran:?}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let device = Hosted::start("sec-ver=1");
    let address = device.locator.strip_prefix("softap:").expect("its scheme");
    let mut command = espctl();
    command.args(["sim", "--http", address, "--json"]).stdout(Stdio::piped());
    let ran = finish(command, b"").expect("an end");
    failed(&ran, "link.unreachable", "", 12, "port 0 takes any free one");
}
