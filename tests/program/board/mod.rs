//! The built program and a board on a pseudo-terminal: its log shown, searched, taken at its word, and used as evidence.

mod advice;
mod boot;
mod ports;
mod secrets;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::Value;

/// A board that prints the same lines over and over, until it is dropped.
struct Board {
    path: String,
    on: Arc<AtomicBool>,
    printer: Option<JoinHandle<()>>,
    far_end: File,
}

impl Board {
    fn printing(bytes: &[u8]) -> Self {
        Self::printing_each(bytes, Duration::from_millis(60))
    }

    fn printing_each(bytes: &[u8], pause: Duration) -> Self {
        // Closed in the children: what they inherited would hold the pseudo-terminal open.
        let board = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
        grantpt(&board).and_then(|()| unlockpt(&board)).expect("a far end");
        let path = ptsname(&board, Vec::new()).expect("a path");
        let far_end = File::open(OsStr::from_bytes(path.as_bytes())).expect("a far end");
        let mut mode = tcgetattr(&far_end).expect("a mode");
        mode.make_raw();
        tcsetattr(&far_end, OptionalActions::Now, &mode).expect("raw mode");
        // A full pseudo-terminal that nobody reads is no fault of the test.
        rustix::io::ioctl_fionbio(&board, true).expect("no waiting");
        let path = path.into_string().expect("text");
        let on = Arc::new(AtomicBool::new(true));
        let (running, bytes) = (on.clone(), bytes.to_vec());
        let printer = thread::spawn(move || {
            let mut board = File::from(board);
            while running.load(Ordering::Relaxed) {
                let _ = board.write_all(&bytes);
                thread::sleep(pause);
            }
        });
        Self { path, on, printer: Some(printer), far_end }
    }

    /// Pulls the cable.
    fn unplug(&mut self) {
        self.on.store(false, Ordering::Relaxed);
        if let Some(printer) = self.printer.take() {
            printer.join().expect("a printer");
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.unplug();
    }
}

fn espctl(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_espctl"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn ran(args: &[&str]) -> Ran {
    read(espctl(args).output().expect("the program"))
}

fn read(output: Output) -> Ran {
    Ran {
        status: output.status.code().expect("a status"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A running program whose standard error is read as it comes.
struct Watched {
    child: Child,
    err: BufReader<ChildStderr>,
}

impl Watched {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let err = BufReader::new(child.stderr.take().expect("its talk"));
        Self { child, err }
    }

    fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.err.read_line(&mut line).expect("a line") > 0, "it ends without {words}");
        }
    }

    /// What it says from here on.
    fn end(mut self) -> Ran {
        let mut rest = String::new();
        self.err.read_to_string(&mut rest).expect("text");
        let output = self.child.wait_with_output().expect("an end");
        Ran { err: rest, ..read(output) }
    }
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    fn ends_with(&self, status: i32) -> &Self {
        assert_eq!(self.status, status, "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

const LOG: &[u8] = b"\x1b[0;32mI (1234) wifi_prov_mgr: Provisioning started\x1b[0m\r\n\
    W (1300) wifi: roaming\r\nI (1310) app_wifi: Disconnect reason : 201\r\n\x1b[2J\x9b31m\r\nready to be provisioned\r\n";

#[test]
fn monitor_shows_the_log_decoded_until_a_line_matches() {
    let board = Board::printing(LOG);
    let shown = ran(&["monitor", &board.path, "--until", "READY to be", "--timeout", "20"]);
    shown.ends_with(0);
    assert!(shown.out.contains("W (1300) wifi: roaming\n"), "{}", shown.out);
    assert!(shown.out.contains("reason 201 (NO_AP_FOUND)"), "{}", shown.out);
    assert!(!shown.out.contains('\x1b'), "{:?}", shown.out);
    let shown =
        ran(&["monitor", &board.path, "--until", "ready", "--color", "always", "--level", "w", "--filter", "ROAM"]);
    shown.ends_with(0);
    let warnings = shown.out.lines().all(|line| line == "\x1b[1;33mW (1300) wifi: roaming\x1b[0m");
    assert!(warnings, "{:?}", shown.out);
}

#[test]
fn monitor_gives_one_document_or_a_stream() {
    let board = Board::printing(LOG);
    let document = ran(&["--json", "monitor", &board.path, "--until", "reason : 201"]);
    let document = document.ends_with(0).json();
    assert_eq!(document["schema"], "espctl/monitor/1");
    assert_eq!((&document["outcome"], &document["line"]["tag"]), (&Value::from("matched"), &Value::from("app_wifi")));
    assert!(document["line"]["meaning"].as_str().is_some_and(|meaning| meaning.contains("NO_AP_FOUND")));
    let streamed = ran(&["monitor", &board.path, "--events", "--until", "roaming", "--tag", "wifi"]);
    streamed.ends_with(0);
    let events: Vec<Value> = streamed.err.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!events.is_empty() && streamed.out.is_empty(), "{}{}", streamed.out, streamed.err);
    assert!(events.iter().all(|event| event["event"] == "board" && event["level"] == "warning"), "{events:?}");
    let locator = format!("console:{}", board.path);
    ran(&["monitor", &locator, "--until", "reason : 201"]).ends_with(0);
}

#[test]
fn monitor_ends_in_time_and_says_what_it_saw() {
    let board = Board::printing(LOG);
    let missed = ran(&["monitor", &board.path, "--until", "never printed", "--timeout", "5", "--json"]);
    assert_eq!(missed.ends_with(124).json()["error"]["code"], "monitor.no-match");
    let everything = ran(&["monitor", &board.path, "--until", ""]);
    assert!(everything.ends_with(2).err.contains("--until is empty"), "{}", everything.err);
    let silent = Board::printing(b"");
    let missed = ran(&["monitor", &silent.path, "--until", "x", "--timeout", "1", "--json"]);
    assert_eq!(missed.ends_with(124).json()["error"]["code"], "board.silent");
    let noise: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(167) | 0x80).collect();
    let garbled = Board::printing(&[noise.as_slice(), b"\n"].concat());
    let missed = ran(&["monitor", &garbled.path, "--until", "never printed", "--timeout", "5", "--json"]);
    assert_eq!(missed.ends_with(12).json()["error"]["code"], "board.garbled");
    // A board that never pauses and never ends a line.
    let flood = Board::printing_each(&[b'x'; 4096], Duration::ZERO);
    ran(&["monitor", &flood.path, "--until", "never printed", "--timeout", "1"]).ends_with(124);
}

#[cfg(target_os = "linux")]
#[test]
fn who_else_reads_the_port_is_named() {
    let board = Board::printing(LOG);
    let port = File::open(&board.path).expect("a port");
    let mut other = Command::new("sleep").arg("600").stdin(port).spawn().expect("another program");
    let name = format!("also open in sleep ({})", other.id());
    let missed = ran(&["monitor", &board.path, "--until", "never printed", "--timeout", "5", "--json"]);
    assert!(missed.err.lines().next().is_some_and(|note| note.contains(&name)), "{}", missed.err);
    let events = ran(&["monitor", &board.path, "--events", "--timeout", "1"]);
    let notes = events.ends_with(0).err.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON Lines"));
    assert_eq!(notes.filter(|event| event["event"] == "note").count(), 1, "{}", events.err);
    other.kill().and_then(|()| other.wait()).expect("its end");
    let failed = missed.ends_with(124).json();
    assert!(failed["error"]["causes"].to_string().contains(&name), "{failed}");
}

#[test]
fn ports_that_are_not_there_or_go_away_are_errors() {
    let missing = ran(&["monitor", "/dev/no-such-port", "--json"]);
    assert_eq!(missing.ends_with(10).json()["error"]["code"], "port.absent");
    let mut board = Board::printing(LOG);
    let child = monitoring(&board, &["--until", "never printed"]);
    board.unplug();
    let lost = child.end();
    assert_eq!(lost.ends_with(12).json()["error"]["code"], "board.port-lost");
}

fn signal(child: &Watched, name: &str) {
    let pid = child.child.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().expect("kill").success());
}

/// A monitor that shows lines on standard error, once it has shown one of them.
fn monitoring(board: &Board, more: &[&str]) -> Watched {
    let args = [&["monitor", &board.path, "--json", "--events"], more].concat();
    let mut child = Watched::start(&mut espctl(&args));
    child.wait_for("\"event\":\"board\"");
    child
}

#[test]
fn a_monitor_that_is_stopped_has_ended_well() {
    let board = Board::printing(LOG);
    for name in ["-INT", "-TERM"] {
        let child = monitoring(&board, &[]);
        signal(&child, name);
        let document = child.end().ends_with(0).json();
        assert_eq!((&document["schema"], &document["outcome"]), (&"espctl/monitor/1".into(), &"ended".into()));
        assert!(document["lines"].as_array().is_some_and(|lines| !lines.is_empty()), "{document}");
        let child = monitoring(&board, &["--until", "never printed"]);
        signal(&child, name);
        let document = child.end().ends_with(130).json();
        assert_eq!(document["error"]["code"], "run.interrupted");
    }
}

/// The simulated device stands for the board whose log is on the cable.
fn provision<'a>(device: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed =
        ["provision", "--device", device, "--ssid", "HomeNet", "--passphrase", "correct-horse-battery", "--json"];
    [&fixed, more].concat()
}

#[test]
fn the_board_names_the_device_and_its_secrets() {
    let json = r#"{"ver":"v1","name":"PROV_1","username":"wifiprov","pop":"zero-typing-7","transport":"softap"}"#;
    for log in [
        format!("I (9) a: b\r\nhttps://rainmaker.espressif.com/qrcode.html?data={json}\r\n"),
        format!("I (9) app: {json}\r\n"),
        "I (9) app: NP:PROV_1|zero-typing-7|s\r\n".to_owned(),
        "I (9) app: POST /device payload: \r\nI (9) app: \r\n\r\n{\r\n\"name\":\"PROV_1\",\r\n\"device_type\":\"T\",\r\n\
         \"proof_of_possession\":\"zero-typing-7\"\r\n}\r\n\r\n"
            .to_owned(),
    ] {
        let board = Board::printing(log.as_bytes());
        for security in [1, 2] {
            let device = format!("sim:?pop=zero-typing-7&sec-ver={security}&join-ms=10&apply-delay-ms=10");
            let done = ran(&provision(&device, &["--from-serial", &board.path]));
            let document = done.ends_with(0).json();
            assert_eq!((&document["outcome"], &document["device"]["name"]), (&"online".into(), &"PROV_1".into()));
            assert!(done.err.contains("The board says it is PROV_1"), "{}", done.err);
        }
    }
}

#[test]
fn the_transport_comes_from_the_board_and_options_win() {
    let board = Board::printing(b"I (9) app: NP:PROV_1|zero-typing-7|b\r\n");
    let ble =
        ["provision", "--from-serial", &board.path, "--ssid", "HomeNet", "--passphrase", "correct-horse", "--json"];
    // There is no Bluetooth here; that it is missed shows that it was chosen.
    let nowhere = [("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent"), ("ESPCTL_ADAPTER", "none")];
    let missed = read(espctl(&ble).envs(nowhere).output().expect("the program"));
    let code = missed.ends_with(12).json()["error"]["code"].to_string();
    assert!(code.starts_with("\"ble."), "{code}");
    let wrong = ran(&provision("sim:?pop=zero-typing-7", &["--from-serial", &board.path, "--pop", "explicit"]));
    assert_eq!(wrong.ends_with(21).json()["error"]["code"], "security.proof-rejected");
}

/// The board says nothing here, so a run that waits for it ends with another code.
#[test]
fn what_cannot_be_read_is_said_before_the_board_is_waited_for() {
    let board = Board::printing(b"");
    for option in ["--pop-file", "--sec2-password-file", "--secret-key-file"] {
        let more = ["--from-serial", &board.path, option, "/no/such/file", "--user-id", "ana", "--timeout", "3"];
        let failed = ran(&provision("sim:", &more));
        assert_eq!(failed.ends_with(2).json()["error"]["code"], "file.unreadable", "{option}");
        assert!(!failed.err.contains("waiting for the board"), "{}", failed.err);
    }
    let failed = ran(&provision("sim:", &["--from-serial", &board.path, "--pop-stdin", "--timeout", "3"]));
    assert_eq!(failed.ends_with(2).json()["error"]["code"], "input.closed");
    let failed = ran(&provision("nosuch:", &["--from-serial", &board.path, "--timeout", "3"]));
    assert_eq!(failed.ends_with(2).json()["error"]["code"], "usage.invalid-value");
}

#[test]
fn a_board_without_a_payload_is_distinguished() {
    for (log, code, status) in [
        (&b""[..], "board.silent", 124),
        (b"I (9) wifi: something else\r\n", "board.no-payload", 124),
        (b"\xe1\xfa\xc3\x99\xff\x80\r\n", "board.garbled", 12),
    ] {
        let board = Board::printing(log);
        let failed = ran(&provision("sim:", &["--from-serial", &board.path, "--timeout", "5"]));
        let error = failed.ends_with(status).json();
        assert_eq!(error["error"]["code"], code);
        let said = error["error"]["causes"].to_string();
        assert_eq!(code == "board.no-payload", said.contains("something else"), "{said}");
    }
    let gone = ran(&provision("sim:", &["--from-serial", "/dev/no-such-port"]));
    assert_eq!(gone.ends_with(10).json()["error"]["code"], "port.absent");
}

#[test]
fn the_board_says_why_it_did_not_join() {
    let board = Board::printing(b"I (9) app_wifi: Disconnect reason : 15\r\n");
    let device = "sim:?sec-ver=1&fault=connecting-forever&apply-delay-ms=10";
    let more = ["--pop", "abcd1234", "--timeout", "8"];
    let alone = ran(&provision(device, &more));
    assert_eq!(alone.ends_with(124).json()["error"]["code"], "deadline.total");
    let heard = ran(&provision(device, &[&more[..], &["--listen", &board.path]].concat()));
    let error = heard.ends_with(22).json()["error"].clone();
    assert_eq!(error["code"], "wifi.auth-failed");
    let cause = error["causes"][0].as_str().expect("a cause");
    assert!(cause.starts_with("the board says: I (9) app_wifi: Disconnect reason : 15 ("), "{cause}");
    assert!(cause.contains("reason 15 (4WAY_HANDSHAKE_TIMEOUT)"), "{cause}");
}

/// A wrong PoP and a crash look the same from the link's end: the connection closes without a word.
#[test]
fn a_crash_is_distinguished_from_a_wrong_pop_over_http() {
    // It takes its time to refuse, and meanwhile the board's line is heard.
    let slowly = ["--fault", "delay=1500/prov-session"];
    let args = [&["sim", "--http", "127.0.0.1:0", "--sec-ver", "1", "--json", "-q"], &slowly[..]].concat();
    let mut device = espctl(&args).stdout(Stdio::piped()).spawn().expect("a device");
    let mut ready = String::new();
    BufReader::new(device.stdout.take().expect("its output")).read_line(&mut ready).expect("a document");
    let ready: Value = serde_json::from_str(&ready).expect("JSON");
    let locator = ready["devices"][0]["device"].as_str().expect("a locator");
    for (log, code, status) in [
        (&b"Guru Meditation Error: Core  0 panic'ed\r\nBacktrace: 0x400d1:0x3ff\r\n"[..], "board.crashed", 12),
        (b"E (9) security1: Key mismatch. Close connection\r\n", "security.proof-rejected", 21),
    ] {
        let board = Board::printing_each(log, Duration::from_millis(20));
        let failed = ran(&provision(locator, &["--pop", "not-it", "--listen", &board.path]));
        let error = failed.ends_with(status).json()["error"].clone();
        assert_eq!(error["code"], code);
        assert_eq!(error["causes"].to_string().contains("Backtrace: 0x400d1"), code == "board.crashed", "{error}");
    }
    device.kill().and_then(|()| device.wait()).expect("an end");
}

/// Opening a port may start the board behind it: its boot log is then heard in the middle of the handshake.
#[test]
fn a_start_at_the_beginning_is_not_a_crash() {
    let board = Board::printing(b"rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\r\nI (30) boot: ESP-IDF\r\n");
    let failed = ran(&provision("sim:?sec-ver=1", &["--pop", "not-it", "--listen", &board.path]));
    assert_eq!(failed.ends_with(21).json()["error"]["code"], "security.proof-rejected");
}

#[test]
fn both_time_lines_are_in_the_trace_and_a_lost_port_does_not_matter() {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let path = trace.path().to_str().expect("a path");
    let mut board = Board::printing(b"E (9) security1: Key mismatch. Close connection\r\n");
    let more = ["--pop", "not-it", "--sec-ver", "1", "--trace", path, "--listen", &board.path];
    let failed = ran(&provision("sim:?sec-ver=1&fault=delay%3D1500%2Fprov-session", &more));
    let error = failed.ends_with(21).json()["error"].clone();
    assert_eq!(error["code"], "security.proof-rejected");
    assert!(error["causes"][0].as_str().is_some_and(|cause| cause.contains("Key mismatch")), "{error}");
    let records = std::fs::read_to_string(path).expect("a trace");
    let records: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let times: Vec<u64> = records.iter().filter_map(|record| record["t_ms"].as_u64()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let events: Vec<_> = records.iter().filter_map(|record| record["event"].as_str()).collect();
    assert!(events.contains(&"board") && events.contains(&"exchange"), "{events:?}");
    let args = provision("sim:?sec-ver=1&join-ms=4000", &["--pop", "abcd1234", "-v"]);
    let mut child = Watched::start(&mut espctl(&[&args[..], &["--listen", &board.path]].concat()));
    child.wait_for("Key mismatch");
    board.unplug();
    let done = child.end();
    done.ends_with(0);
    assert!(done.err.contains("went away"), "{}", done.err);
}
