//! Firmware prints secrets in clear; none of them gets any further.

use super::{Board, Ran, provision, ran};

const PASSPHRASE: &str = "correct-horse-battery";
const POP: &str = "hush-pop-4711";
const OTHERS: [&str; 4] = ["hush-neighbour", "hush-user-key", "hush-label-pass", "hush-bearer"];

/// What a talkative firmware prints between its boot and its end.
fn log() -> String {
    let [neighbour, key, label, bearer] = OTHERS;
    let json = format!(
        r#"{{"ver":"v1","name":"PROV_1","username":"wifiprov","pop":"{POP}","transport":"softap","password":"{label}"}}"#
    );
    let encoded = percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC);
    [
        "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)".to_owned(),
        format!("I (300) app_wifi: Provisioning Started. Name : PROV_1, POP : {POP}"),
        format!("https://rainmaker.espressif.com/qrcode.html?data={json}"),
        format!("https://rainmaker.espressif.com/qrcode.html?data={encoded}"),
        format!("I (310) app: NP:PROV_1|{POP}|s"),
        format!("I (310) app: {{\r\n\"name\":\"PROV_1\",\r\n\"proof_of_possession\":\"{POP}\"\r\n}}"),
        "I (400) app_wifi: Received Wi-Fi credentials".to_owned(),
        format!("\tSSID     : HomeNet\r\n\tPassword : {PASSPHRASE}"),
        format!("\tssid HomeNet \r\n\tpassword {PASSPHRASE} "),
        format!("I (410) app: joining HomeNet with {PASSPHRASE} now"),
        format!("I (410) app: SSID:Other Password:{neighbour}"),
        format!("I (410) esp_rmaker_user_mapping: Got user_id = u1, secret_key = {key}"),
        format!("D (410) app: the bearer is {bearer}"),
        format!("I (420) app: then {neighbour} and {key} and {label} again"),
        format!("D (430) app: cut {}\x1b[0m", &PASSPHRASE[..12]),
        "I (440) app_wifi: Disconnect reason : 15".to_owned(),
    ]
    .join("\r\n")
        + "\r\n"
}

fn keeps_quiet(run: &Ran) {
    for secret in OTHERS.iter().chain([&POP, &PASSPHRASE]) {
        assert!(!run.out.contains(secret), "{secret} in {}", run.out);
        assert!(!run.err.contains(secret), "{secret} in {}", run.err);
    }
}

#[test]
fn monitor_shows_none() {
    let board = Board::printing(log().as_bytes());
    let shown = ran(&["monitor", &board.path, "--until", "Disconnect reason"]);
    keeps_quiet(&shown);
    assert!(shown.out.contains("Password : (redacted)") && shown.out.contains("PROV_1"), "{}", shown.out);
    keeps_quiet(&ran(&["monitor", &board.path, "--json", "--until", "Disconnect reason", "-v"]));
    keeps_quiet(&ran(&["monitor", &board.path, "--events", "--until", "Disconnect reason", "-vv"]));
    keeps_quiet(&ran(&["monitor", &board.path, "--until", "never printed", "--timeout", "5"]));
}

#[test]
fn listening_shows_none() {
    let board = Board::printing(log().as_bytes());
    for verbose in ["--events", "-vv"] {
        let trace = tempfile::NamedTempFile::new().expect("a file");
        let path = trace.path().to_str().expect("a path");
        let device = format!("sim:?pop={POP}&fault=auth-failed&apply-delay-ms=10&join-ms=1500");
        let more = ["--pop", POP, "--trace", path, verbose, "--no-retry", "--listen", &board.path];
        let failed = ran(&provision(&device, &more));
        keeps_quiet(failed.ends_with(22));
        let out = std::fs::read_to_string(path).expect("a trace");
        assert!(out.contains("\"board\"") && out.contains("(redacted)"), "{out}");
        keeps_quiet(&Ran { status: 0, out, err: String::new() });
    }
}

#[test]
fn errors_about_payloads_quote_none() {
    // No payload, but secrets in the lines that the error quotes.
    let lines: Vec<_> = log().lines().skip(6).take(8).map(str::to_owned).collect();
    let board = Board::printing((lines.join("\r\n") + "\r\n").as_bytes());
    let failed = ran(&provision("sim:", &["--from-serial", &board.path, "--timeout", "5", "-vv"]));
    keeps_quiet(failed.ends_with(124));
    let broken = format!("{{\"name\":\"P\",\"pop\":\"{POP}\"x\",\"transport\":\"ble\"}}\r\n");
    let board = Board::printing(broken.as_bytes());
    let failed = ran(&provision("sim:", &["--from-serial", &board.path, "--timeout", "5", "-vv"]));
    keeps_quiet(failed.ends_with(124));
    assert!(failed.out.contains("cannot read"), "{}", failed.out);
}

/// What was given on the command line is known before the board says anything.
#[test]
fn what_was_given_is_taken_out_while_the_payload_is_waited_for() {
    let words = format!("I (3) wifi: joining HomeNet with {PASSPHRASE}, {POP}\r\nE (4) app: fail {PASSPHRASE}\r\n");
    let board = Board::printing(words.as_bytes());
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let path = trace.path().to_str().expect("a path");
    let more = ["--from-serial", &board.path, "--pop", POP, "--timeout", "5", "-vv", "--trace", path];
    let failed = ran(&provision("sim:", &more));
    keeps_quiet(failed.ends_with(124));
    let out = std::fs::read_to_string(path).expect("a trace");
    assert!(out.contains("joining HomeNet with (redacted)"), "{out}");
    keeps_quiet(&Ran { status: 0, out, err: String::new() });
}
