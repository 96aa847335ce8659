//! The console transport against boards on pseudo-terminals: the simulated device, and lines that misbehave. The
//! built binary is what is run, and every run is bounded.

pub(crate) mod board;
mod log;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use board::{Line, simulated};
use serde_json::Value;

/// No run may take longer.
const BOUND: Duration = Duration::from_secs(90);

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("espctl"));
    for variable in ["ESPCTL_DEVICE", "ESPCTL_TRANSPORT", "ESPCTL_PORT", "ESPCTL_POP"] {
        command.env_remove(variable);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn finished(command: &mut Command) -> Output {
    let mut child = command.spawn().expect("a program");
    let end = Instant::now() + BOUND;
    while child.try_wait().expect("a state").is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            panic!("{command:?} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("its output")
}

fn espctl(arguments: &[&str]) -> (i32, Value) {
    let mut command = program(&[arguments, &["--json", "--no-input"]].concat());
    let output = finished(command.stderr(Stdio::null()));
    let document = serde_json::from_slice(&output.stdout).expect("one JSON document");
    (output.status.code().expect("an end of its own"), document)
}

fn provision(port: &str, more: &[&str]) -> (i32, Value) {
    let network = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];
    espctl(&[&["provision", "--port", port], &network[..], more].concat())
}

fn code(document: &Value) -> &str {
    document["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn a_board_is_provisioned_through_noise_on_every_line() {
    for security in ["0", "1"] {
        for (noise, baud) in [(false, None), (true, None), (true, Some(115_200))] {
            let board = simulated(&[("sec-ver", security), ("join-ms", "100"), ("apply-delay-ms", "100")], noise, baud);
            let (exit, document) = provision(&board.path, &["--pop", "abcd1234", "--allow-insecure"]);
            assert_eq!((exit, &document["outcome"]), (0, &"online".into()), "{document}");
        }
    }
}

#[test]
fn a_scan_comes_in_pages() {
    let board = simulated(&[("sec-ver", "1"), ("scan-ms", "100")], true, None);
    let (exit, document) = espctl(&["scan", "--device", &format!("console:{}", board.path), "--pop", "abcd1234"]);
    assert_eq!(exit, 0, "{document}");
    assert!(document["networks"].as_array().is_some_and(|networks| networks.len() > 1), "{document}");
}

#[test]
fn security_2_is_refused_before_it_starts() {
    let board = simulated(&[("sec-ver", "2")], false, None);
    let (exit, document) = provision(&board.path, &["--pop", "abcd1234"]);
    assert_eq!((exit, code(&document)), (20, "security.does-not-fit"), "{document}");
}

#[test]
fn a_wrong_pop_is_distinguished_from_a_wrong_scheme() {
    let board = simulated(&[("sec-ver", "1")], true, None);
    let (exit, document) = provision(&board.path, &["--pop", "wrong"]);
    assert_eq!((exit, code(&document)), (21, "security.proof-rejected"), "{document}");
    let board = simulated(&[("sec-ver", "0")], false, None);
    let (exit, document) = provision(&board.path, &["--pop", "abcd1234", "--sec-ver", "1"]);
    assert_eq!((exit, code(&document)), (20, "security.mismatch"), "{document}");
}

#[test]
fn a_reboot_in_the_middle_is_named() {
    for (occasion, exit, expected) in [("2", 12, "console.restarted"), ("4", 12, "console.restarted"), ("5", 0, "")] {
        let fault = format!("reboot@{occasion}");
        let board = simulated(&[("sec-ver", "1"), ("fault", &fault)], true, None);
        let (status, document) = provision(&board.path, &["--pop", "abcd1234"]);
        assert_eq!(status, exit, "{document}");
        assert!(expected.is_empty() || code(&document) == expected, "{document}");
    }
}

#[test]
fn damaged_and_endless_replies_end_the_run() {
    for (fault, exit, expected) in [
        ("oversize-reply@1", 12, "console.flooded"),
        ("oversize-reply@2", 12, "console.flooded"),
        ("oversize-reply@4", 12, "console.flooded"),
        ("truncate@2", 12, "link.lost"),
        ("garbage@2", 20, "security.handshake-failed"),
        ("empty-reply@1-2", 10, "console.not-provisioning"),
    ] {
        let board = simulated(&[("sec-ver", "1"), ("fault", fault)], false, None);
        let (status, document) = provision(&board.path, &["--pop", "abcd1234"]);
        assert_eq!((status, code(&document)), (exit, expected), "{fault}: {document}");
        assert!(!document.to_string().contains("own network"), "a cable has no network: {document}");
    }
}

/// An answer to an earlier carriage return may come late: a prompt before the echo of what was asked meanwhile.
#[test]
fn a_slow_answer_behind_an_earlier_prompt_is_waited_for() {
    let line = Line::new();
    let path = line.path();
    let _board = line.answering(|line, said| {
        if said.starts_with(b"proto-ver") {
            line.say(&[b"\r\n\n>> ", said, b"\n"].concat());
            thread::sleep(Duration::from_millis(1500));
            let version = hex::encode(r#"{"prov":{"ver":"v1.1","sec_ver":0,"cap":["wifi_scan","no_pop"]}}"#);
            line.say(format!("\r\r\n{version}\r\r\n\n>> ").as_bytes());
        } else {
            line.say(b"\r\n\n>> ");
        }
        true
    });
    let (exit, document) = espctl(&["info", "--port", &path]);
    assert_eq!((exit, &document["security"]), (0, &0.into()), "{document}");
}

#[test]
fn a_port_that_disappears_is_a_lost_link() {
    let line = Line::new();
    let path = line.path();
    let _board = line.answering(|line, said| {
        if said.starts_with(b"proto-ver") {
            return false;
        }
        line.say(b"\r\n\n>> ");
        true
    });
    let (exit, document) = provision(&path, &["--pop", "abcd1234"]);
    assert_eq!((exit, code(&document)), (12, "link.lost"), "{document}");
}

/// The program with a board of its own, and the board's port. Nothing else holds the line open.
fn hosted(more: &[&str]) -> (Child, String) {
    let fixed =
        ["sim", "--console", "--json", "--quiet", "--sec-ver", "1", "--join-ms", "50", "--apply-delay-ms", "50"];
    let mut host = program(&[&fixed[..], more].concat()).stderr(Stdio::null()).spawn().expect("a program");
    let mut line = String::new();
    BufReader::new(host.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
    let ready: Value = serde_json::from_str(&line).expect("a document");
    let device = ready["devices"][0]["device"].as_str().expect("a locator");
    (host, device.trim_start_matches("console:").to_owned())
}

/// As a USB port does that goes away with its board's restart, or a cable that is put back.
#[test]
fn a_port_that_comes_back_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let stable = folder.path().join("usb-board");
    // The credentials are answered late: meanwhile the port comes back as another one.
    let (mut board, path) = hosted(&["--fault", "delay@1=5000/prov-config"]);
    std::os::unix::fs::symlink(&path, &stable).expect("a link");
    let (mut other, elsewhere) = hosted(&[]);
    let network = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery", "--pop", "abcd1234"];
    let port = stable.to_str().expect("a path");
    let mut command = program(&[&["provision", "--port", port, "--events", "--json"], &network[..]].concat());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("a program");
    let mut events = BufReader::new(child.stderr.take().expect("its events")).lines();
    assert!(events.any(|line| line.expect("a line").contains("\"secured\"")), "no session");
    std::fs::remove_file(&stable).expect("no link");
    std::os::unix::fs::symlink(&elsewhere, &stable).expect("a link");
    board.kill().and_then(|()| board.wait()).expect("an end");
    let rest: Vec<_> = events.map(|line| line.expect("a line")).collect();
    let status = child.wait().expect("an end");
    other.kill().and_then(|()| other.wait()).expect("an end");
    assert!(status.success(), "{rest:#?}");
    assert!(rest.iter().any(|line| line.contains("\"again\":true")), "{rest:#?}");
}

/// The link hears the board on its own port, whichever of its names the two were given.
#[test]
fn the_port_that_is_listened_to_may_be_the_links_own() {
    let folder = tempfile::tempdir().expect("a folder");
    for heard in ["--listen", "--from-serial"] {
        let stable = folder.path().join(heard);
        let stable = stable.to_str().expect("a path");
        let board = simulated(&[("sec-ver", "1"), ("join-ms", "10"), ("apply-delay-ms", "10")], false, None);
        std::os::unix::fs::symlink(&board.path, stable).expect("a link");
        let (exit, document) = provision(&board.path, &["--pop", "abcd1234", heard, stable]);
        assert_eq!((exit, &document["outcome"]), (0, &"online".into()), "{heard}: {document}");
    }
}

#[test]
fn a_mebibyte_of_garbage_for_an_answer_ends_the_run() {
    let line = Line::new();
    let path = line.path();
    let _board = line.answering(|line, said| {
        if said.starts_with(b"proto-ver") {
            (0..1024).for_each(|_| line.say(&[0xa5; 1024]));
        } else {
            line.say(b"\r\n\n>> ");
        }
        true
    });
    let (exit, document) = provision(&path, &["--pop", "abcd1234"]);
    assert_eq!((exit, code(&document)), (12, "console.garbage"), "{document}");
}

#[test]
fn words_left_on_the_line_do_no_harm() {
    let board = simulated(&[("sec-ver", "0"), ("join-ms", "10"), ("apply-delay-ms", "10")], false, None);
    let mut before = serialport::new(&board.path, 115_200).open().expect("a port");
    std::io::Write::write_all(&mut before, b"half a comm").expect("written");
    drop(before);
    for reset in ["never", "boot", "auto"] {
        let (exit, document) = espctl(&["info", "--port", &board.path, "--reset", reset, "--baud", "9600"]);
        assert_eq!((exit, &document["security"]), (0, &0.into()), "{document}");
    }
    let (exit, document) = provision(&board.path, &["--allow-insecure"]);
    assert_eq!(exit, 0, "{document}");
}

#[test]
fn a_console_of_another_program_is_not_for_provisioning() {
    let line = Line::new();
    let path = line.path();
    let _board = line.answering(|line, said| {
        line.say(&[said, b"\n\r\nUnrecognized command\r\n\n>> "].concat());
        true
    });
    let (exit, document) = provision(&path, &[]);
    assert_eq!((exit, code(&document)), (10, "console.not-provisioning"), "{document}");
}

#[test]
fn boards_without_a_prompt_are_distinguished() {
    let start = b"rst:0x10 (RTCWDT_RTC_RST),boot:0x13\r\nI (10) boot: ESP-IDF\r\n".to_vec();
    let garbage: Vec<u8> = (0..=255).cycle().take(1024).collect();
    let cases = [
        (Vec::new(), 0, "console.silent"),
        (garbage, 1024, "console.garbage"),
        (start.clone(), 1, "console.no-prompt"),
        (start, 3, "console.boot-loop"),
    ];
    let runs: Vec<_> = cases
        .into_iter()
        .map(|(piece, times, expected)| {
            thread::spawn(move || {
                let line = Line::new();
                let path = line.path();
                let _board = line.flooding(piece, times);
                let (exit, document) = provision(&path, &[]);
                assert_eq!((exit, code(&document)), (12, expected), "{document}");
            })
        })
        .collect();
    for run in runs {
        run.join().expect("as expected");
    }
}

/// It does not lock the port, so that both have it: neither gets all.
#[cfg(target_os = "linux")]
#[test]
fn another_program_at_the_same_port_is_named() {
    let line = Line::new();
    let path = line.path();
    let _board = line.flooding(Vec::new(), 0);
    let port = std::fs::File::open(&path).expect("a port");
    let mut reader = Command::new("sleep").arg("300").stdin(port).stdout(Stdio::null()).spawn().expect("a program");
    let (exit, document) = provision(&path, &[]);
    reader.kill().and_then(|()| reader.wait()).expect("an end");
    assert_eq!((exit, code(&document)), (12, "console.silent"), "{document}");
    let causes = document["error"]["causes"].to_string();
    assert!(causes.contains(&format!("sleep ({})", reader.id())), "{document}");
    assert!(!causes.contains(&format!("({})", std::process::id())), "that is the board: {document}");
}

#[test]
fn ports_that_cannot_be_used_are_distinguished() {
    let (exit, document) = provision("/dev/no-such-port", &[]);
    assert_eq!((exit, code(&document)), (10, "port.absent"), "{document}");
    for path in ["/dev/null", "/etc/passwd", "/tmp"] {
        let (exit, document) = provision(path, &[]);
        assert_eq!((exit, code(&document)), (12, "port.unusable"), "{document}");
    }
    for empty in [&["info", "--port", ""][..], &["provision", "--listen", "", "--ssid", "HomeNet", "--open"]] {
        let (exit, document) = espctl(empty);
        assert_eq!((exit, code(&document)), (2, "usage.invalid-value"), "{document}");
    }
    let line = Line::new();
    let path = line.path();
    let _holder = serialport::new(&path, 115_200).open().expect("a port");
    let (exit, document) = provision(&path, &[]);
    assert_eq!((exit, code(&document)), (14, "port.busy"), "{document}");
    let own = format!("({})", std::process::id());
    assert!(cfg!(not(target_os = "linux")) || document["error"]["causes"].to_string().contains(&own), "{document}");
}

#[test]
fn the_program_hosts_the_board() {
    let binary = assert_cmd::cargo::cargo_bin("espctl");
    let arguments = ["sim", "--console", "--noise", "--json", "--sec-ver", "1", "--join-ms", "100"];
    let mut host =
        Command::new(binary).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a program");
    let stdout = BufReader::new(host.stdout.take().expect("its output"));
    let mut text = String::new();
    let document = stdout
        .lines()
        .find_map(|line| {
            text.push_str(&line.expect("a line"));
            serde_json::from_str::<Value>(&text).ok()
        })
        .expect("a document");
    let device = &document["devices"][0];
    let (locator, payload) = (device["device"].as_str().expect("a locator"), device["qr"].as_str().expect("a payload"));
    let network = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];
    let (exit, outcome) = espctl(&[&["provision", "--device", locator, "--qrcode", payload], &network[..]].concat());
    assert_eq!(exit, 0, "{outcome}");
    assert!(host.wait().expect("an end").success(), "it ends once its device has ended provisioning");
}

#[test]
fn discover_lists_ports_without_touching_them() {
    let (exit, document) = espctl(&["discover"]);
    assert_eq!((exit, &document["schema"]), (0, &"espctl/discover/1".into()), "{document}");
    let ports = document["serial"].as_array().expect("a list");
    assert!(ports.iter().all(|port| !port["path"].as_str().unwrap_or_default().starts_with("/dev/ttyS")), "{document}");
}

#[test]
fn without_a_port_only_a_known_board_is_taken() {
    let (_, listed) = espctl(&["discover"]);
    let boards = listed["serial"].as_array().expect("a list").iter().filter(|port| !port["board"].is_null()).count();
    // With a board on this computer the test would provision it.
    if boards == 0 {
        let (exit, document) = espctl(&["info", "--transport", "console"]);
        assert_eq!((exit, code(&document)), (10, "port.no-board"), "{document}");
    }
    let (exit, document) = espctl(&["info", "--port", "usb:ffff:ffff"]);
    assert_eq!((exit, code(&document)), (10, "port.absent"), "{document}");
    let (exit, document) = espctl(&["info", "--transport", "softap", "--port", "/dev/ttyUSB0"]);
    assert_eq!((exit, code(&document)), (2, "usage.conflict"), "{document}");
}
