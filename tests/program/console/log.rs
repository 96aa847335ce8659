//! What the board prints on the link itself: told beside the session, taken as evidence, and never with a secret.

use std::process::{Output, Stdio};

use super::board::{Line, Simulated, simulated, with_manner};
use super::{code, finished, program};
use espctl::sim::console::{Dialect, Manner};
use serde_json::Value;

const PASSPHRASE: &str = "correct-horse-battery";
const POP: &str = "hush-pop-4711";

struct Run {
    exit: i32,
    document: Value,
    /// Standard error.
    talk: String,
    trace: Vec<Value>,
}

impl Run {
    /// Lines of the board in the trace, as they are shown.
    fn board(&self) -> Vec<String> {
        let lines = self.trace.iter().filter(|record| record["event"] == "board");
        lines
            .map(|line| format!("{}: {}", line["tag"].as_str().unwrap_or("-"), line["text"].as_str().unwrap_or("-")))
            .collect()
    }

    fn cause(&self, words: &str) -> bool {
        let causes = self.document["error"]["causes"].as_array().map(Vec::as_slice).unwrap_or_default();
        causes.iter().any(|cause| cause.as_str().is_some_and(|cause| cause.contains(words)))
    }
}

fn provision(board: &Simulated, more: &[&str]) -> Run {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let path = trace.path().to_str().expect("a path");
    let fixed = ["provision", "--port", &board.path, "--ssid", "HomeNet", "--json", "--no-input", "--trace", path];
    let mut command = program(&[&fixed[..], more].concat());
    let Output { status, stdout, stderr } = finished(command.stderr(Stdio::piped()));
    let talk = String::from_utf8(stderr).expect("text");
    let text = std::fs::read_to_string(path).expect("a trace");
    let document = serde_json::from_slice(&stdout).expect("one JSON document");
    for written in [&talk, &text, &String::from_utf8_lossy(&stdout).into_owned()] {
        for secret in [PASSPHRASE, POP, &hex::encode(PASSPHRASE)] {
            assert!(!written.contains(secret), "{secret} in {written}");
        }
    }
    let trace = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    Run { exit: status.code().expect("an end of its own"), document, talk, trace }
}

fn quick(more: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let fixed = [("pop", POP), ("join-ms", "100"), ("apply-delay-ms", "300")];
    let leak = |(key, value): &(&str, &str)| -> (&'static str, String) {
        let key = ["pop", "join-ms", "apply-delay-ms", "sec-ver", "fault"].into_iter().find(|own| own == key);
        (key.expect("a known key"), (*value).to_owned())
    };
    fixed.iter().chain(more).map(leak).collect()
}

fn board(dialect: Dialect, noise: bool, more: &[(&str, &str)]) -> Simulated {
    let parameters = quick(more);
    let parameters: Vec<_> = parameters.iter().map(|(key, value)| (*key, value.as_str())).collect();
    with_manner(&parameters, Manner { noise, dialect, ..Manner::default() })
}

#[test]
fn the_boards_own_time_line_is_in_the_trace() {
    for (security, noise) in [("0", false), ("0", true), ("1", false), ("1", true)] {
        let run = provision(
            &board(Dialect::Protocomm, noise, &[("sec-ver", security)]),
            &["--pop", POP, "--passphrase", PASSPHRASE, "-vv", "--allow-insecure"],
        );
        assert_eq!(run.exit, 0, "{}", run.talk);
        let lines = run.board();
        assert!(lines.iter().any(|line| line == "-:     Password : (redacted)"), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("wifi: state: init -> auth")), "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("prov-") || line.contains("prov_mgr")), "{lines:?}");
        let is_hex = |line: &String| {
            line.strip_prefix("-: ")
                .is_some_and(|text| text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        assert!(!lines.iter().any(is_hex), "{lines:?}");
        let times: Vec<u64> = run.trace.iter().filter_map(|record| record["t_ms"].as_u64()).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert!(run.talk.contains("board: I ("), "{}", run.talk);
    }
}

#[test]
fn events_have_the_boards_lines_when_asked_for() {
    for (verbose, wanted) in [("-q", false), ("-v", true)] {
        let run = provision(&board(Dialect::RainMaker, true, &[]), &["--passphrase", PASSPHRASE, "--events", verbose]);
        assert_eq!(run.exit, 0, "{}", run.talk);
        assert_eq!(run.talk.contains("\"event\":\"board\""), wanted, "{}", run.talk);
        assert!(run.board().iter().any(|line| line.contains("STA Got IP")), "{:?}", run.board());
        assert!(!run.board().iter().any(|line| line.contains("wifi-prov")), "{:?}", run.board());
    }
}

#[test]
fn a_wrong_pop_is_the_boards_own_word() {
    let run = provision(
        &board(Dialect::Protocomm, true, &[("sec-ver", "1")]),
        &["--pop", "wrong", "--passphrase", PASSPHRASE],
    );
    assert_eq!((run.exit, code(&run.document)), (21, "security.proof-rejected"), "{}", run.talk);
    assert!(run.cause("the board says: E (") && run.cause("Key mismatch"), "{}", run.talk);
}

#[test]
fn a_join_without_a_word_in_the_protocol_is_explained() {
    for (dialect, fault, reason) in [
        (Dialect::RainMaker, "other-reason", "reason 205 (CONNECTION_FAIL)"),
        (Dialect::RainMaker, "other-reason=34", "reason 34 (MISSING_ACKS)"),
        (Dialect::RainMaker, "other-reason=999", "reason 999"),
        (Dialect::Protocomm, "other-reason=203", "reason 203 (ASSOC_FAIL)"),
    ] {
        let run = provision(
            &board(dialect, true, &[("sec-ver", "1"), ("fault", fault)]),
            &["--pop", POP, "--passphrase", PASSPHRASE, "--timeout", "20"],
        );
        assert_eq!((run.exit, code(&run.document)), (24, "wifi.not-joined"), "{fault}: {}", run.talk);
        assert!(run.cause(reason), "{fault}: {}", run.talk);
        let causes = run.document["error"]["causes"].to_string();
        assert_eq!(causes.matches(reason).count(), 1, "{causes}");
    }
}

#[test]
fn a_restart_before_the_session_explains_nothing_later() {
    // The boot log is still on the line when the port is opened.
    let run = provision(
        &board(Dialect::Protocomm, false, &[("sec-ver", "1")]),
        &["--pop", "wrong", "--passphrase", PASSPHRASE],
    );
    assert_eq!(code(&run.document), "security.proof-rejected", "{}", run.talk);
    assert!(!run.cause("rst:0x"), "{}", run.talk);
    let run = provision(
        &board(Dialect::Protocomm, true, &[("sec-ver", "1"), ("fault", "reboot@3")]),
        &["--pop", POP, "--passphrase", PASSPHRASE],
    );
    assert_eq!((run.exit, code(&run.document)), (12, "console.restarted"), "{}", run.talk);
    assert!(run.cause("the board says: rst:0xc (RTC_SW_CPU_RST)"), "{}", run.talk);
}

#[test]
fn a_line_that_an_error_quotes_has_no_secret() {
    let cut = format!("{} correct-horse-battery\r\n", "x".repeat(60));
    for said in
        [&b"\tPassword : correct-horse-battery\r\n"[..], b"joining with correct-horse-battery now\r\n", cut.as_bytes()]
    {
        let line = Line::new();
        let path = line.path();
        let _board = line.flooding(said.to_vec(), 3);
        let arguments =
            ["provision", "--port", &path, "--ssid", "HomeNet", "--passphrase", PASSPHRASE, "--json", "-vv"];
        let output = finished(program(&arguments).stderr(Stdio::piped()));
        let written = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(written.contains("console.no-prompt") && written.contains("(redacted)"), "{written}");
        assert!(!written.contains("horse"), "{written}");
    }
}

#[test]
fn other_commands_hear_the_board_too() {
    let board = simulated(&[("sec-ver", "1"), ("pop", POP)], true, None);
    let mut command = program(&["scan", "--port", &board.path, "--pop", "wrong", "--json", "--no-input"]);
    let output = finished(command.stderr(Stdio::null()));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert!(document["error"]["causes"].to_string().contains("Key mismatch"), "{document}");
}
