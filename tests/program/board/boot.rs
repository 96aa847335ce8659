//! Boot logs as boards print them: with a drawn code, in pieces, cut off, or without a payload for a reason of their own.

use std::os::unix::fs::symlink;
use std::time::Duration;

use super::{Board, LOG, Watched, espctl, provision, ran};

const START: &str = "rst:0x1 (POWERON),boot:0xb (SPI_FAST_FLASH_BOOT)\r\nI (27) boot: ESP-IDF v5.3.1\r\n";
const PAYLOAD: &str = r#"{"ver":"v1","name":"PROV_1","pop":"zero-typing-7","transport":"softap"}"#;
const DEVICE: &str = "sim:?pop=zero-typing-7&join-ms=10&apply-delay-ms=10";

/// More than half of it is the code, as in the log of a stock example.
fn with_a_drawn_code() -> String {
    let row = "  █▀▀▀▀▀█ ▀▄█▀▄▀█▄ ▄▀ █▀▀▀▀▀█\r\n";
    format!("{START}I (1140) QRCODE: Encoding below text\r\n{}I (1310) app: {PAYLOAD}\r\n", row.repeat(21))
}

#[test]
fn a_drawn_code_is_text_and_is_not_shown() {
    let board = Board::printing(with_a_drawn_code().as_bytes());
    ran(&provision(DEVICE, &["--from-serial", &board.path])).ends_with(0);
    let shown = ran(&["monitor", &board.path, "--until", "(1310)", "--timeout", "20"]);
    shown.ends_with(0);
    assert!(shown.out.contains("(redacted QR code)"), "{}", shown.out);
    assert!(!shown.out.contains('█') && !shown.err.contains("not readable"), "{}{}", shown.out, shown.err);
}

#[test]
fn a_drawn_code_throws_no_rate_into_doubt_at_the_console() {
    let board = Board::printing(with_a_drawn_code().as_bytes());
    let failed = ran(&["info", "--port", &board.path, "--json"]);
    let code = failed.ends_with(12).json()["error"]["code"].to_string();
    assert!(code.contains("console.") && !code.contains("garbage"), "{code}");
}

#[test]
fn a_board_that_cannot_print_its_payload_says_why() {
    let aborts =
        format!("{START}E (824) wifi:wifi password length is invalid\r\nabort() was called at PC 0x4008a2d7\r\n");
    for (log, code, status, words) in [
        (aborts.as_str(), "board.crashed", 12, ["abort() was called", "password length is invalid"]),
        ("rst:0xf (BROWNOUT_RST),boot:0xb (SPI)\r\n", "board.crashed", 12, ["over and over", "500 mA"]),
        (
            "boot:0x4 (DOWNLOAD)\r\nwaiting for download\r\n",
            "board.no-payload",
            124,
            ["waits for a download", "--reset boot"],
        ),
        ("I (7) app: Already provisioned\r\n", "board.no-payload", 124, ["provisioned already", "erase-flash"]),
        (
            "I (9) QR: {\"ver\":\"v1\",\"name\":\"P\",\"pop\":\"hush\r\n",
            "board.no-payload",
            124,
            ["cut off after", "buffer"],
        ),
    ] {
        let board = Board::printing(log.as_bytes());
        let failed = ran(&provision("sim:", &["--from-serial", &board.path, "--reset", "never", "--timeout", "3"]));
        let error = failed.ends_with(status).json()["error"].clone();
        assert_eq!(error["code"], code, "{error}");
        assert!(words.iter().all(|words| error.to_string().contains(words)), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

/// The advice shows what was done: a restart that was tried is not advised.
#[test]
fn a_board_that_prints_is_not_restarted() {
    for (log, restarted) in [(&b""[..], true), (b"I (9) wifi: something else\r\n", false)] {
        let board = Board::printing(log);
        let failed = ran(&provision("sim:", &["--from-serial", &board.path, "--timeout", "3"]));
        let hints = failed.ends_with(124).json()["error"]["hints"].to_string();
        assert_eq!(!hints.contains("--reset boot"), restarted, "{hints}");
    }
}

#[test]
fn a_payload_is_found_in_pieces_escaped_or_in_words() {
    let (before, after) = PAYLOAD.split_at(40);
    for log in [
        format!("I (9) QRCODE: {before}[  1420][D][WiFi.cpp:9] x(): y\r\n{after}\r\n"),
        format!("I (9) app: payload \"{}\"\r\n", PAYLOAD.replace('"', "\\\"")),
        "[  1411][I][WiFiProv.cpp:190] beginProvision(): Starting AP using SOFTAP\r\n service_name : PROV_1\r\n \
         password : label-pass\r\n pop : zero-typing-7\r\n"
            .to_owned(),
    ] {
        let board = Board::printing(log.as_bytes());
        let done = ran(&provision(DEVICE, &["--from-serial", &board.path, "-vv"]));
        assert_eq!(done.ends_with(0).json()["device"]["name"], "PROV_1");
        for half in ["zero-typing", "typing-7", "label-pass"] {
            assert!(!done.err.contains(half), "{}", done.err);
        }
    }
}

/// What a sketch announces may be another transport than that of the payload it prints.
#[test]
fn a_payload_outdoes_the_words_before_it() {
    let words = "[  1411][I][WiFiProv.cpp:1] beginProvision(): Starting provisioning using BLE\r\n service_name : PROV_1\r\n \
                 pop : another\r\n";
    let board = Board::printing_each(format!("{words}I (9) app: {PAYLOAD}\r\n").as_bytes(), Duration::from_millis(300));
    let done = ran(&provision(DEVICE, &["--from-serial", &board.path]));
    done.ends_with(0);
    assert!(done.err.contains("provisioned over softap"), "{}", done.err);
}

/// A chip's own USB port goes away whenever the chip restarts.
#[test]
fn a_port_that_comes_back_is_heard_further() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("port");
    let port = path.to_str().expect("a path");
    let log = format!("I (9) app: {PAYLOAD}\r\n");
    let monitor = ["monitor", port, "--until", "(9) app", "--timeout", "60", "--events", "--json"];
    for args in [&monitor[..], &provision(DEVICE, &["--from-serial", port, "--reset", "never", "-v"])] {
        let mut before = Board::printing(LOG);
        symlink(&before.path, &path).expect("a link");
        let mut child = Watched::start(&mut espctl(args));
        child.wait_for("roaming");
        let after = Board::printing(log.as_bytes());
        before.unplug();
        std::fs::remove_file(&path).expect("no port");
        child.wait_for("waiting for it to come back");
        symlink(&after.path, &path).expect("a link");
        child.wait_for("is back");
        child.end().ends_with(0);
        std::fs::remove_file(&path).expect("no port");
    }
}

#[test]
fn a_reason_of_any_number_is_quoted_with_its_meaning() {
    let device = "sim:?sec-ver=1&fault=connecting-forever&apply-delay-ms=10";
    for (line, words) in [
        ("E (9) wifi_prov_mgr: Disconnect reason : 34", "MISSING_ACKS"),
        ("I (9) wifi:connected with HomeNet, aid = 3, channel 1", "no address"),
    ] {
        let board = Board::printing(format!("{line}\r\n").as_bytes());
        let more = ["--pop", "abcd1234", "--timeout", "8", "--listen", &board.path];
        let error = ran(&provision(device, &more)).ends_with(24).json()["error"].clone();
        assert!(error["code"] == "wifi.not-joined" && error["causes"].to_string().contains(words), "{error}");
    }
}
