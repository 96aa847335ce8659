//! Each failure of the field's list with what the board says of it, and the rule for codes.

use crate::code::Code::{
    BoardCrashed, DeadlineStep, DeadlineTotal, DeviceNoEndpoint, DeviceUnclaimed, LinkLost, ProofRejected,
    SecurityMismatch, SessionLost, Unconfirmed, WifiAuthFailed, WifiNotFound, WifiNotJoined,
};
use crate::stage::Stage::{Apply, Associate, AwaitNetwork, Request, Secure};

use super::*;

fn told(stage: Stage, lines: &[&str]) -> Vec<LoggedLine> {
    lines.iter().map(|line| LoggedLine { stage: Some(stage), attempt: 1, line: Line::parse(line) }).collect()
}

/// In the attempt of the last line.
fn diagnose(told: &[LoggedLine], failure: Failure) -> Failure {
    super::diagnose(told, told.iter().map(|told| told.attempt).max().unwrap_or(0), failure)
}

fn diagnosed(code: Code, stage: Stage, lines: &[&str]) -> Failure {
    diagnose(&told(stage, lines), Failure::new(code).at(stage))
}

/// A code from the protocol, the stage, what the board prints, the code then, and words of the cause.
type Row = (Code, Stage, &'static str, Code, &'static str);

/// The rows of the list of failures in the field.
static ROWS: &[Row] = &[
    (WifiAuthFailed, AwaitNetwork, "E (9) wifi_prov_mgr: STA Auth Error", WifiAuthFailed, "did not let it in"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 15", WifiAuthFailed, "4WAY_HANDSHAKE_TIMEOUT"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 2", WifiNotJoined, "AUTH_EXPIRE"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 14", WifiAuthFailed, "MIC_FAILURE"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 202", WifiAuthFailed, "AUTH_FAIL"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 204", WifiAuthFailed, "HANDSHAKE_TIMEOUT"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 201", WifiNotFound, "NO_AP_FOUND"),
    (WifiNotFound, AwaitNetwork, "I (9) wifi_prov_mgr: STA AP Not found", WifiNotFound, "does not find"),
    (DeadlineTotal, AwaitNetwork, "wifi disconnected, reason: 201", WifiNotFound, "NO_AP_FOUND"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 210", WifiNotJoined, "none the firmware allows"),
    (
        DeadlineTotal,
        AwaitNetwork,
        "I (9) app_wifi: Disconnect reason : 211",
        WifiNotJoined,
        "weaker than the firmware's",
    ),
    (
        WifiNotJoined,
        AwaitNetwork,
        "I (9) app_wifi: Disconnect reason : 212",
        WifiNotJoined,
        "weaker than the firmware's limit",
    ),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 203", WifiNotJoined, "ASSOC_FAIL"),
    (WifiNotJoined, AwaitNetwork, "I (9) app_wifi: Disconnect reason : 200", WifiNotJoined, "BEACON_TIMEOUT"),
    (WifiNotJoined, AwaitNetwork, "I (9) wifi:bcn_timout,ap_probe_send_start", WifiNotJoined, "lost it"),
    (
        Unconfirmed,
        AwaitNetwork,
        "E (9) wifi_prov_mgr: Failed to create prov_stop_task!",
        Unconfirmed,
        "is in fact provisioned",
    ),
    (
        WifiNotJoined,
        AwaitNetwork,
        "E (9) esp-tls-mbedtls: mbedtls_ssl_setup returned -0x7F00",
        WifiNotJoined,
        "out of heap",
    ),
    (Unconfirmed, AwaitNetwork, "E (9) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2880", Unconfirmed, "TLS"),
    (Unconfirmed, AwaitNetwork, "E (9) esp-tls: select() timeout", Unconfirmed, "TLS"),
    (Unconfirmed, AwaitNetwork, "E (9) MQTT_CLIENT: Error transport connect", Unconfirmed, "MQTT"),
    (Unconfirmed, AwaitNetwork, "I (9) esp_netif_handlers: sta ip: 192.168.1.7, mask", Unconfirmed, "on the network"),
    (
        DeviceUnclaimed,
        Associate,
        "E (9) app: Node connected to Wi-Fi without Assisted claiming. Cannot proceed",
        DeviceUnclaimed,
        "never claimed",
    ),
    (
        DeviceUnclaimed,
        Associate,
        "E (9) esp_rmaker_core: Failed to initialise Node Id. Please perform \"claiming\" using RainMaker CLI.",
        DeviceUnclaimed,
        "never claimed",
    ),
    (DeviceUnclaimed, Associate, "E (9) esp_claim: Claim Verify Failed.", DeviceUnclaimed, "claiming failed"),
    (
        ProofRejected,
        Secure,
        "E (9) security1: Key mismatch. Close connection",
        ProofRejected,
        "proof of possession is wrong",
    ),
    (
        ProofRejected,
        Secure,
        "E (9) protocomm_ble: Invalid content received, killing connection",
        ProofRejected,
        "refused the bytes",
    ),
    (
        ProofRejected,
        Secure,
        "E (9) security2: Security version mismatch. Closing connection",
        SecurityMismatch,
        "another security version",
    ),
    (SecurityMismatch, Secure, "E (9) security1: Incorrect sec scheme", SecurityMismatch, "another security version"),
    (
        ProofRejected,
        Secure,
        "E (9) security2: Failed to authenticate client proof!",
        ProofRejected,
        "user name or the password",
    ),
    (SessionLost, Apply, "E (9) security2: Failed at mbedtls_gcm_auth_decrypt : -18", SessionLost, "nonces"),
    (SessionLost, Apply, "E (9) protocomm: Secure session not established", SessionLost, "lost the secure session"),
    (
        DeviceNoEndpoint,
        Request,
        "E (9) protocomm: No registered endpoint for custom",
        DeviceNoEndpoint,
        "without this endpoint",
    ),
    (SessionLost, Apply, "E (9) protocomm_httpd: Data handler failed", SessionLost, "refused the bytes"),
    (
        LinkLost,
        Apply,
        "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
        BoardCrashed,
        "crashed",
    ),
    (ProofRejected, Secure, "abort() was called at PC 0x400d1234 on core 0", BoardCrashed, "crashed"),
    (DeadlineStep, Secure, "E (9) task_wdt: Task watchdog got triggered. The following tasks", BoardCrashed, "hung"),
    (LinkLost, Apply, "Brownout detector was triggered", BoardCrashed, "voltage"),
    (LinkLost, Apply, "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", BoardCrashed, "restarted"),
    (LinkLost, Apply, "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", BoardCrashed, "hung"),
    (LinkLost, Apply, "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", BoardCrashed, "hung"),
];

#[test]
fn every_row() {
    for &(code, stage, line, then, words) in ROWS {
        let failure = diagnosed(code, stage, &[line]);
        assert_eq!(failure.code, then, "{line}");
        assert!(
            failure.causes[0].starts_with("the board says: ") && failure.causes[0].contains(words),
            "{line}: {failure:?}"
        );
        let sign = sign(&Line::parse(line)).expect("a sign");
        if !matches!(then, WifiAuthFailed | WifiNotFound) {
            assert_eq!(failure.hints()[0], sign.hint, "{line}");
        }
    }
}

#[test]
fn what_was_said_over_the_protocol_stands() {
    let failure = diagnosed(Code::WifiNotFound, Stage::AwaitNetwork, &["I (9) app_wifi: Disconnect reason : 15"]);
    assert_eq!(failure.code, Code::WifiNotFound);
    let failure = diagnosed(Code::WifiNotJoined, Stage::AwaitNetwork, &["I (9) app_wifi: some line"]);
    assert!(failure.code == Code::WifiNotJoined && failure.causes.is_empty(), "{failure:?}");
}

#[test]
fn the_most_telling_come_first_with_how_often() {
    let lines = [
        "I (1) app_wifi: Disconnect reason : 201",
        "I (2) app_wifi: Disconnect reason : 15",
        "I (3) app_wifi: Disconnect reason : 15",
        "I (4) app_wifi: Disconnect reason : 200",
        "I (5) app_wifi: Disconnect reason : 2",
    ];
    let failure = diagnosed(Code::WifiNotJoined, Stage::AwaitNetwork, &lines);
    assert_eq!(failure.code, Code::WifiAuthFailed);
    assert!(failure.causes[0].contains("(2 times)") && failure.causes[0].contains("reason 15"), "{failure:?}");
    assert!(failure.causes[1].contains("reason 201"), "{failure:?}");
    assert_eq!(failure.causes.len(), TOLD);
}

#[test]
fn lines_from_elsewhere_explain_nothing() {
    let before = [LoggedLine { stage: None, attempt: 0, line: Line::parse("Disconnect reason : 15") }];
    let failure = diagnose(&before, Failure::new(Code::WifiNotJoined).at(Stage::AwaitNetwork));
    assert!(failure.causes.is_empty());
    let mut earlier = told(Stage::AwaitNetwork, &["Disconnect reason : 15"]);
    earlier.push(LoggedLine { attempt: 2, ..told(Stage::AwaitNetwork, &["Disconnect reason : 201"]).remove(0) });
    let failure = diagnose(&earlier, Failure::new(Code::WifiNotJoined).at(Stage::AwaitNetwork));
    assert_eq!((failure.code, failure.causes.len()), (Code::WifiNotFound, 1));
    let failure = diagnose(
        &told(Stage::Secure, &["E (9) security1: Key mismatch. Close connection"]),
        Failure::new(Code::WifiNotJoined).at(Stage::AwaitNetwork),
    );
    assert!(failure.causes.is_empty());
}

/// The second passphrase may fail without a word.
#[test]
fn an_earlier_attempt_does_not_explain_a_later_one() {
    let heard = told(Stage::AwaitNetwork, &["I (9) app_wifi: Disconnect reason : 15"]);
    let failure = Failure::new(Code::WifiNotJoined).at(Stage::AwaitNetwork);
    assert_eq!(super::diagnose(&heard, 1, failure.clone()).code, Code::WifiAuthFailed);
    let later = super::diagnose(&heard, 2, failure);
    assert!(later.code == Code::WifiNotJoined && later.causes.is_empty(), "{later:?}");
}

/// The log explains nothing of the failure: its code and its evidence are as they were.
fn assert_unexplained(diagnosed: &Failure, before: &Failure) {
    let essence = |failure: &Failure| (failure.code, failure.stage, failure.message.clone(), failure.causes.clone());
    assert_eq!(essence(diagnosed), essence(before));
    assert_eq!(diagnosed.hints(), before.hints());
}

#[test]
fn what_happened_before_the_link_stood_did_not_break_it() {
    let lines = ["Guru Meditation Error: Core  0 panic'ed", "rst:0xc (SW_CPU_RESET),boot:0x13"];
    let heard = told(Stage::Connect, &lines);
    let rejected = Failure::new(Code::ProofRejected).at(Stage::Secure);
    assert_unexplained(&diagnose(&heard, rejected.clone()), &rejected);
    let unreachable = diagnose(&heard, Failure::new(Code::LinkUnreachable).at(Stage::Connect));
    assert_eq!(unreachable.code, Code::BoardCrashed);
    for start in ["rst:0x1 (POWERON_RESET),boot:0x13", "rst:0x15 (USB_UART_CHIP_RESET),boot:0x8"] {
        for (stage, code) in [(Stage::Connect, Code::ConsoleNoPrompt), (Stage::Secure, Code::ProofRejected)] {
            let failure = Failure::new(code).at(stage);
            assert_unexplained(&diagnose(&told(stage, &[start]), failure.clone()), &failure);
        }
        assert_eq!(diagnosed(LinkLost, Apply, &[start]).code, BoardCrashed, "{start}");
    }
}

#[test]
fn a_crash_names_a_restart() {
    let failure = diagnosed(Code::ConsoleRestarted, Stage::Secure, &["Guru Meditation Error: Core  0 panic'ed"]);
    assert_eq!(failure.code, BoardCrashed);
    let failure = diagnosed(Code::ConsoleRestarted, Stage::Secure, &["rst:0x1 (POWERON),boot:0xc"]);
    assert_eq!(failure.code, Code::ConsoleRestarted);
}

#[test]
fn a_reason_that_a_cause_names_is_shown_once_with_its_line() {
    let known = Failure::new(Code::WifiAuthFailed)
        .at(Stage::AwaitNetwork)
        .because("the board logged disconnect reason 15 (4WAY_HANDSHAKE_TIMEOUT)");
    let failure = diagnose(&told(Stage::AwaitNetwork, &["E (9) network_prov_mgr: Disconnect reason : 15"]), known);
    assert_eq!(failure.causes.len(), 1, "{failure:?}");
    assert!(failure.causes[0].starts_with("the board says: E (9)"), "{failure:?}");
}

#[test]
fn the_managers_word_adds_nothing_to_a_reason() {
    let lines = ["E (9) m: Disconnect reason : 201", "E (9) network_prov_mgr: STA AP Not found"];
    let failure = diagnosed(Code::WifiNotFound, Stage::AwaitNetwork, &lines);
    assert_eq!(failure.causes.len(), 1, "{failure:?}");
    assert_eq!(failure.hints(), Failure::new(Code::WifiNotFound).hints());
    let failure = diagnosed(Code::WifiNotFound, Stage::AwaitNetwork, &lines[1..]);
    assert_eq!(failure.causes.len(), 1, "{failure:?}");
}

#[test]
fn no_hint_names_a_log_that_was_heard() {
    for code in [Code::WifiNotJoined, Code::DeviceRefused] {
        let sent = |failure: &Failure| failure.hints().iter().any(|hint| hint.contains("--listen"));
        assert!(sent(&Failure::new(code)));
        assert!(!sent(&diagnosed(code, Stage::AwaitNetwork, &["I (9) app: nothing to the point"])));
    }
}

#[test]
fn a_crash_comes_with_its_backtrace() {
    let lines = [
        "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)",
        "Backtrace: 0x400d1234:0x3ffb",
        "rst:0xc (SW_CPU_RESET)",
    ];
    let failure = diagnosed(Code::LinkLost, Stage::Apply, &lines);
    assert!(failure.causes[1].contains("Backtrace: 0x400d1234"), "{failure:?}");
}
