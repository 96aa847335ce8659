//! The RainMaker agent's console: the built binary against the simulated board on a pseudo-terminal, and against lines
//! that misbehave. Every run is bounded, and no run may print a secret.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use espctl::backend::About;
use espctl::backend::plain::Plain;
use espctl::code::Code;
use espctl::device::rainmaker_console::{NodeId, RainMakerConsole};
use espctl::device::{
    AnswerError, Answers, Context, DialectChoice, Pick, Retry, SecurityPlan, Selection, SharedRng, WifiPlan,
};
use espctl::endpoint::config::Joined;
use espctl::endpoint::scan::Network;
use espctl::event::{Event, Observer, Silent};
use espctl::failure::Failure;
use espctl::provision::{self, Plan, Verdict};
use espctl::secret::{Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};
use espctl::session::deadline::Budget;
use espctl::sim::console::{Dialect, Manner};
use espctl::stage::Stage;
use espctl::transport::{BoxFuture, Candidate, CandidateKind, Unobserved};
use futures_util::future;
use serde_json::Value;

use crate::console::board::{Line, Played, Simulated, simulated, with_manner};

/// No run may take longer.
const BOUND: Duration = Duration::from_secs(90);
const PASSPHRASE: &str = "correct-horse-battery";
const QUICK: [(&str, &str); 3] = [("join-ms", "100"), ("apply-delay-ms", "100"), ("node-id", "node-1")];

struct Run {
    exit: i32,
    document: Value,
    /// All that was written: standard output, standard error and the trace.
    written: String,
}

impl Run {
    fn code(&self) -> &str {
        self.document["error"]["code"].as_str().unwrap_or_default()
    }
}

fn espctl(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("espctl"));
    for variable in ["DEVICE", "TRANSPORT", "PORT", "POP", "SSID", "PASSPHRASE", "USER_ID", "SECRET_KEY"] {
        command.env_remove(format!("ESPCTL_{variable}"));
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn over(port: &str, more: &[&str]) -> Run {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let path = trace.path().to_str().expect("a path");
    let arguments = ["provision", "--port", port, "--json", "--no-input", "-vv", "--trace", path];
    let mut child = espctl(&[&arguments[..], more].concat()).spawn().expect("a program");
    let end = Instant::now() + BOUND;
    while child.try_wait().expect("a state").is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            panic!("espctl provision {more:?} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("its output");
    let document = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let trace = std::fs::read(path).expect("a trace");
    let written = String::from_utf8_lossy(&[output.stdout, output.stderr, trace].concat()).into_owned();
    Run { exit: output.status.code().expect("an end of its own"), document, written }
}

fn agent(more: &[(&str, &str)], noise: bool) -> Simulated {
    let manner = Manner { noise, dialect: Dialect::RainMaker, ..Manner::default() };
    with_manner(&[&QUICK[..], more].concat(), manner)
}

/// A bare line with its part.
struct Scripted {
    path: String,
    _board: Played,
}

/// A bare line that answers as the agent does, but for what `other` answers.
fn scripted(other: impl Fn(&mut Line, &[u8]) -> bool + Send + 'static) -> Scripted {
    let line = Line::new();
    let path = line.path();
    let board = line.answering(move |line, said| {
        line.say(&[said, b"\n\r\n"].concat());
        if said.starts_with(b"get-node-id") {
            line.say(b"esp_rmaker_commands: Node ID: node-1\r\n");
        } else if said != b"\r" && !other(line, said) {
            return false;
        }
        line.say(b"\n>> ");
        true
    });
    Scripted { path, _board: board }
}

#[test]
fn a_board_comes_online_without_its_radio_being_touched() {
    for (dialect, noise) in [("auto", false), ("auto", true), ("agent", false), ("agent", true)] {
        let board = agent(&[], noise);
        let run = over(&board.path, &["--dialect", dialect, "--ssid", "HomeNet", "--passphrase", PASSPHRASE]);
        assert_eq!((run.exit, &run.document["outcome"]), (0, &"online".into()), "{}", run.written);
        assert_eq!(run.document["network"]["ip"], "192.168.1.77");
        assert_eq!(run.document["network"]["bssid"], Value::Null);
        assert_eq!((&run.document["node_id"], &run.document["dialect"]), (&"node-1".into(), &"agent".into()));
        assert!(!run.written.contains(PASSPHRASE), "{}", run.written);
        assert!(run.written.contains("wifi-prov HomeNet (redacted)"), "{}", run.written);
    }
}

#[test]
fn what_the_log_says_of_a_failed_join_is_the_verdict() {
    for (ssid, exit, code) in [("HomeNet", 22, "wifi.auth-failed"), ("Nowhere", 23, "wifi.not-found")] {
        let board = agent(&[], true);
        let run = over(&board.path, &["--ssid", ssid, "--passphrase", "wrong-pass-1"]);
        assert_eq!((run.exit, run.code()), (exit, code), "{}", run.written);
        assert_eq!(run.document["error"]["stage"], "await-network");
        assert!(!run.written.contains("wrong-pass-1"), "{}", run.written);
    }
}

#[test]
fn names_and_passphrases_of_every_kind_arrive_as_they_are() {
    for (ssid, passphrase) in [
        (r#"my "home" \ net"#, r#" two  words " \\ "#),
        ("Café Zürich ☕", "pässwörter ☕"),
        ("I (1) wifi_prov_mgr: STA Got IP", r#"\"\"\"\""#),
    ] {
        let spec =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let spec = format!("{}={}", spec(ssid), spec(passphrase));
        let board = agent(&[("ap", &spec)], true);
        let run = over(&board.path, &["--ssid", ssid, "--passphrase", passphrase]);
        assert_eq!(run.exit, 0, "{}", run.written);
        assert!(!run.written.contains(passphrase), "{}", run.written);
    }
    let board = agent(&[("ap", "caf%E9")], false);
    let run = over(&board.path, &["--ssid-hex", "636166e9", "--open"]);
    assert_eq!(run.exit, 0, "an open network whose name is no UTF-8: {}", run.written);
}

#[test]
fn what_the_line_cannot_carry_is_refused_before_the_port_is_opened() {
    let network = ["--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    for more in [
        &["--dialect", "agent", "--ssid", "Home\rNet", "--passphrase", PASSPHRASE][..],
        &["--dialect", "agent", "--ssid", "HomeNet", "--passphrase", "tab\there-and"],
        &["--dialect", "agent", "--thread-dataset", "0e080000000000010000"],
        &[&network[..], &["--dialect", "agent", "--user-id", "ana", "--secret-key", &"k".repeat(300)]].concat(),
    ] {
        let run = over("/dev/no-such-port", more);
        assert_eq!(run.exit, 2, "{}", run.written);
        assert!(!run.written.contains("tab\\there") && !run.written.contains("kkkk"), "{}", run.written);
    }
    let run = Command::new(assert_cmd::cargo::cargo_bin("espctl"))
        .args(["provision", "--device", "softap:", "--dialect", "agent", "--json", "--no-input"])
        .args(network)
        .output()
        .expect("a run");
    assert_eq!(run.status.code(), Some(2));
}

#[test]
fn the_node_gets_its_user_first() {
    let board = agent(&[], true);
    let user = ["--user-id", "ana@example.org", "--secret-key", "s3cret-k3y", "--dialect", "agent"];
    let run = over(&board.path, &[&user[..], &["--no-wifi"]].concat());
    assert_eq!((run.exit, &run.document["outcome"]), (0, &"associated".into()), "{}", run.written);
    let network = ["--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let run = over(&board.path, &[&user[..], &network].concat());
    assert_eq!((run.exit, &run.document["outcome"]), (0, &"online".into()), "{}", run.written);
    assert!(run.written.contains("add-user ana@example.org (redacted)"), "{}", run.written);
    assert!(!run.written.contains("s3cret-k3y"), "{}", run.written);
}

#[test]
fn other_consoles_and_silent_boards_are_distinguished() {
    let network = ["--dialect", "agent", "--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let board = simulated(&[("sec-ver", "1")], true, None);
    let run = over(&board.path, &network);
    assert_eq!((run.exit, run.code()), (10, "console.not-agent"), "{}", run.written);
    let run = over(&agent(&[], false).path, &["--dialect", "protocomm", "--ssid", "HomeNet", "--open"]);
    assert_eq!((run.exit, run.code()), (10, "console.not-provisioning"), "{}", run.written);
    assert!(run.document["error"]["hints"].to_string().contains("leave out --dialect protocomm"), "{}", run.written);
    let stranger = scripted_stranger();
    let run = over(&stranger.path, &["--ssid", "HomeNet", "--passphrase", PASSPHRASE]);
    assert_eq!((run.exit, run.code()), (10, "console.not-provisioning"), "{}", run.written);
    assert!(run.written.contains("get-node-id"), "{}", run.written);
    let dataset = ["--thread-dataset", "0e080000000000010000"];
    let run = over(&stranger.path, &dataset);
    assert_eq!((run.exit, run.code()), (10, "console.not-provisioning"), "{}", run.written);
    let run = over(&agent(&[], false).path, &dataset);
    assert_eq!((run.exit, run.code()), (2, "usage.conflict"), "{}", run.written);
    let line = Line::new();
    let path = line.path();
    let _silent = line.flooding(Vec::new(), 0);
    let run = over(&path, &network);
    assert_eq!((run.exit, run.code()), (12, "console.silent"), "{}", run.written);
}

fn scripted_stranger() -> Scripted {
    let line = Line::new();
    let path = line.path();
    let board = line.answering(|line, said| {
        line.say(&[said, b"\n\r\nUnrecognized command\r\n\n>> "].concat());
        true
    });
    Scripted { path, _board: board }
}

#[test]
fn refusals_and_busy_boards_are_named() {
    let network = ["--dialect", "agent", "--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let user = ["--user-id", "ana", "--secret-key", "s3cret-k3y"];
    let fails = |number: &'static str| {
        scripted(move |line, _| {
            line.say(format!("rmaker_console: Console command failed with error: {number}\r\n").as_bytes());
            true
        })
    };
    let run = over(&fails("262").path, &network);
    assert_eq!((run.exit, run.code()), (26, "device.refused"), "{}", run.written);
    assert!(run.written.contains("error 262"), "{}", run.written);
    let run = over(&fails("-1").path, &[&network[..], &user].concat());
    assert_eq!((run.exit, run.code()), (26, "association.refused"), "{}", run.written);
    let taken = scripted(|line, _| {
        line.say(b"E (9) network_prov_mgr: Wi-Fi credentials already received by provisioning app\r\n");
        true
    });
    let run = over(&taken.path, &network);
    assert_eq!((run.exit, run.code()), (26, "device.refused"), "{}", run.written);
}

#[test]
fn a_link_lost_after_the_credentials_is_unconfirmed() {
    let gone = scripted(|line, _| {
        line.say(b"I (5) wifi:state: init -> auth (0xb0)\r\n");
        false
    });
    let run = over(&gone.path, &["--dialect", "agent", "--ssid", "HomeNet", "--passphrase", PASSPHRASE]);
    assert_eq!((run.exit, &run.document["outcome"]), (25, &"applied".into()), "{}", run.written);
    assert_eq!(run.code(), "provision.unconfirmed");
    assert!(!run.written.contains(PASSPHRASE), "{}", run.written);
}

#[test]
fn floods_and_restarts_end_the_run() {
    let network = ["--dialect", "agent", "--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let flood = scripted(|line, said| {
        let echo = [said, b"\n"].concat();
        (0..1024).for_each(|_| line.say(&echo.repeat(16)));
        true
    });
    let run = over(&flood.path, &network);
    assert_eq!(run.exit, 25, "{}", run.written);
    assert!(!run.written.contains(PASSPHRASE), "{}", run.written);
    for (fault, exit, code) in [("reboot@1", 12, "console.restarted"), ("reboot@2", 25, "provision.unconfirmed")] {
        let run = over(&agent(&[("fault", fault)], true).path, &network);
        assert_eq!((run.exit, run.code()), (exit, code), "{}", run.written);
    }
    let run = over(&agent(&[("fault", "hang")], false).path, &network);
    assert_eq!((run.exit, run.code()), (124, "deadline.step"), "{}", run.written);
}

#[test]
fn a_join_without_an_end_keeps_to_the_runs_time_and_can_be_interrupted() {
    let network = ["--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let board = agent(&[("fault", "connecting-forever")], true);
    let run = over(&board.path, &[&network[..], &["--timeout", "20", "--dialect", "agent"]].concat());
    assert_eq!((run.exit, run.code()), (124, "deadline.total"), "{}", run.written);
    assert!(run.written.contains("may have joined all the same"), "{}", run.written);

    // The time is over while the command that takes the credentials has not come back.
    let board = agent(&[("fault", "hang=wifi-prov")], false);
    let run = over(&board.path, &[&network[..], &["--timeout", "7", "--dialect", "agent"]].concat());
    assert_eq!((run.exit, run.code()), (124, "deadline.total"), "{}", run.written);
    let has_sent = run.document["error"]["stage"] == "apply";
    assert_eq!(run.written.contains("may have joined all the same"), has_sent, "{}", run.written);

    let board = agent(&[("fault", "connecting-forever")], false);
    let arguments = ["provision", "--port", &board.path, "--json", "--events", "--dialect", "agent"];
    let mut child = espctl(&[&arguments[..], &network].concat()).spawn().expect("a program");
    let mut events = BufReader::new(child.stderr.take().expect("its events")).lines().map(|line| line.expect("a line"));
    assert!(events.any(|line| line.contains("\"applied\"")), "it does not come that far");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("a signal");
    assert!(sent.success());
    let rest: String = events.collect();
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &rest;
    assert!(text.contains("goes on joining") && !text.contains(PASSPHRASE), "{text}");
}

/// Somebody who types a wrong passphrase first.
struct Person {
    passphrases: Vec<&'static str>,
    retries: usize,
}

impl Answers for Person {
    fn candidate<'a>(&'a mut self, _: CandidateKind, _: &'a [Candidate]) -> BoxFuture<'a, Result<Pick, AnswerError>> {
        Box::pin(async { Err(AnswerError::Closed) })
    }
    fn pop(&mut self, _: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>> {
        Box::pin(async { Err(AnswerError::Closed) })
    }
    fn sec2_password<'a>(&'a mut self, _: &'a str, _: bool) -> BoxFuture<'a, Result<Sec2Password, AnswerError>> {
        Box::pin(async { Err(AnswerError::Closed) })
    }
    fn unencrypted(&mut self) -> BoxFuture<'_, Result<bool, AnswerError>> {
        panic!("the console's missing encryption is no question")
    }
    fn network<'a>(&'a mut self, _: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>> {
        panic!("the console cannot scan")
    }
    fn network_name(&mut self) -> BoxFuture<'_, Result<Vec<u8>, AnswerError>> {
        Box::pin(async { Ok(b"HomeNet".to_vec()) })
    }
    fn passphrase<'a>(&'a mut self, _: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>> {
        Box::pin(async { self.passphrases.pop().map(Passphrase::from).ok_or(AnswerError::Closed) })
    }
    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>> {
        Box::pin(async { Err(AnswerError::Closed) })
    }
    fn retry<'a>(&'a mut self, failure: &'a Failure, ssid: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>> {
        assert_eq!((failure.code, ssid), (Code::WifiAuthFailed, &b"HomeNet"[..]));
        self.retries += 1;
        Box::pin(async { Ok(Retry::SameNetwork) })
    }
}

fn context() -> Context<'static> {
    Context {
        kind: &espctl::transport::console::Console,
        observer: Arc::new(Silent),
        log: Arc::new(Unobserved),
        budget: Budget::new(Some(BOUND)),
        rng: SharedRng::new(rand_core::UnwrapErr(getrandom::SysRng)),
    }
}

#[tokio::test]
async fn a_person_may_type_what_is_missing_and_try_again() {
    let board = agent(&[("profile", "rainmaker-old")], true);
    let plan = Plan {
        device: format!("console:{}", board.path).parse().expect("a locator"),
        dialect: DialectChoice::Named("agent"),
        security: SecurityPlan::default(),
        about: About::default(),
        backend: None,
        network: true,
        wifi: WifiPlan::default(),
        dataset: None,
        retry: true,
    };
    let context = context();
    let mut person = Person { passphrases: vec![PASSPHRASE, "wrong-pass-1"], retries: 0 };
    let outcome = provision::provision(&plan, &context, &mut person).await.expect("online");
    assert!(matches!(outcome.verdict, Verdict::Online(Joined::Wifi { ref ip, .. }) if ip == "192.168.1.77"));
    assert_eq!((person.retries, person.passphrases.len()), (1, 0));
}

/// An observer that cannot do its work any more.
struct Full;

impl Observer for Full {
    fn observe(&self, _: &Event) {}
    fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(future::ready(Err(Failure::new(Code::TraceFailed).at(stage))))
    }
}

#[tokio::test]
async fn no_user_is_named_where_the_trace_is_full() {
    let (sent, told) = mpsc::channel();
    let port = scripted(move |_, said| {
        let _ = sent.send(said.to_vec());
        false
    });
    let plan = Plan {
        device: format!("console:{}", port.path).parse().expect("a locator"),
        dialect: DialectChoice::Named("agent"),
        security: SecurityPlan::default(),
        about: About::default(),
        backend: Some(Arc::new(Plain::new("user", "secret".into()))),
        network: false,
        wifi: WifiPlan::default(),
        dataset: None,
        retry: true,
    };
    let context = Context { observer: Arc::new(Full), ..context() };
    let mut person = Person { passphrases: Vec::new(), retries: 0 };
    let failure = provision::provision(&plan, &context, &mut person).await.expect_err("a failure");
    assert_eq!((failure.code, failure.stage), (Code::TraceFailed, Some(Stage::Associate)), "{failure:?}");
    assert!(!told.try_iter().any(|said| said.starts_with(b"add-user")), "it was sent");
}

#[tokio::test]
async fn a_node_signs_what_it_is_given() {
    let board = agent(&[], true);
    let mut agent =
        RainMakerConsole::open(&format!("console:{}", board.path).parse().expect("a locator"), Arc::new(Unobserved))
            .await
            .expect("an agent");
    assert_eq!(agent.node_id(), &NodeId::Known("node-1".into()));
    let first = agent.sign_data("a challenge").await.expect("a signature");
    assert!(first.len() >= 64);
    assert_eq!(agent.sign_data("a challenge").await.expect("another"), first);
    assert_ne!(agent.sign_data("another \"one\"").await.expect("another"), first);
}

#[test]
fn the_program_hosts_the_agents_board() {
    let mut host = espctl(&["sim", "--console", "--dialect", "agent", "--noise", "--json", "--join-ms", "100"])
        .spawn()
        .expect("a program");
    let stdout = BufReader::new(host.stdout.take().expect("its output"));
    let mut text = String::new();
    let document = stdout.lines().find_map(|line| {
        text.push_str(&line.expect("a line"));
        serde_json::from_str::<Value>(&text).ok()
    });
    let document = document.expect("a document");
    let device = document["devices"][0]["device"].as_str().expect("a locator");
    let port = device.trim_start_matches("console:");
    let run = over(port, &["--ssid", "HomeNet", "--passphrase", PASSPHRASE]);
    assert_eq!(run.exit, 0, "{}", run.written);
    host.kill().expect("killed");
    host.wait().expect("an end");
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let output = espctl(&[arguments, &["--json", "--no-input"]].concat())
        .spawn()
        .expect("a program")
        .wait_with_output()
        .expect("an end");
    let document = serde_json::from_slice(&output.stdout).expect("one JSON document");
    (output.status.code().expect("an end of its own"), document)
}

#[test]
fn the_locator_can_name_the_dialect() {
    let board = agent(&[], true);
    let network = ["--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let located = |dialect: &str| format!("console:{}?dialect={dialect}", board.path);
    let (exit, document) = json(&[&["provision", "--device", &located("protocomm")], &network[..]].concat());
    assert_eq!((exit, &document["error"]["code"]), (10, &"console.not-provisioning".into()), "{document}");
    for (device, more) in
        [(located("agent"), &[][..]), (located("agent"), &["--dialect", "agent"]), (located("auto"), &[])]
    {
        let (exit, document) = json(&[&["provision", "--device", &device], &network[..], more].concat());
        assert_eq!((exit, &document["dialect"]), (0, &"agent".into()), "{document}");
    }
    for (command, device, more) in [
        ("provision", located("agent"), &["--dialect", "protocomm"][..]),
        ("provision", located("klingon"), &[]),
        ("scan", located("agent"), &[]),
        ("reset", located("agent"), &[]),
        ("info", "softap:?dialect=agent".to_owned(), &[]),
        ("info", "softap:".to_owned(), &["--dialect", "agent"]),
    ] {
        let (exit, document) = json(&[&[command, "--device", &device], more].concat());
        assert_eq!(exit, 2, "{command} {device} {more:?}: {document}");
    }
}

#[test]
fn the_port_that_named_the_device_is_its_console() {
    let network = ["--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    for more in [&["--dialect", "agent"][..], &["--transport", "console"], &[]] {
        let board = agent(&[], false);
        let (exit, document) = json(&[&["provision", "--from-serial", &board.path], &network[..], more].concat());
        assert_eq!((exit, &document["dialect"]), (0, &"agent".into()), "{more:?}: {document}");
    }
}

#[test]
fn commands_that_need_a_session_say_where_there_is_none() {
    let board = agent(&[], false);
    let stranger = scripted_stranger();
    let by_name = format!("espctl provision --port {} --ssid NAME", board.path);
    for (command, cannot, hint) in [
        (&["scan"][..], "which cannot scan", by_name.as_str()),
        (&["reset"], "which cannot reset", "restart the board"),
        (&["send", "custom-data", "x"], "which cannot reach custom-data", "--transport ble"),
    ] {
        let (exit, document) = json(&[command, &["--port", &board.path, "--pop", "abcd1234"]].concat());
        let error = &document["error"];
        assert_eq!((exit, &error["code"]), (10, &"console.not-provisioning".into()), "{document}");
        assert!(error["message"].to_string().contains(cannot), "{document}");
        assert_eq!(error["causes"][0], format!("the console on {} answers as node node-1", board.path));
        assert!(error["hints"][0].to_string().contains(hint), "{document}");
        let (exit, document) = json(&[command, &["--port", &stranger.path, "--pop", "abcd1234"]].concat());
        assert_eq!((exit, &document["error"]["code"]), (10, &"console.not-provisioning".into()), "{document}");
        assert!(document["error"]["causes"].to_string().contains("get-node-id"), "{document}");
    }
}

#[test]
fn info_shows_which_node_it_is() {
    let board = agent(&[], true);
    for more in [&[][..], &["--dialect", "agent"]] {
        let (exit, document) = json(&[&["info", "--port", &board.path], more].concat());
        assert_eq!((exit, &document["node_id"]), (0, &"node-1".into()), "{document}");
        assert_eq!((&document["association"], &document["security"]), (&"user-mapping".into(), &Value::Null));
    }
    let (exit, document) = json(&["info", "--port", &board.path, "--dialect", "protocomm"]);
    assert_eq!((exit, &document["error"]["code"]), (10, &"console.not-provisioning".into()), "{document}");
    let (exit, document) = json(&["info", "--port", &scripted_stranger().path]);
    assert_eq!((exit, &document["error"]["code"]), (10, &"console.not-provisioning".into()), "{document}");
    assert!(document["error"]["causes"].to_string().contains("get-node-id"), "{document}");
}

#[tokio::test]
async fn a_node_signs_what_it_is_sent() {
    let board = agent(&[], true);
    let challenge = r#"a "challenge" \ of 1"#;
    let mut signatures = Vec::new();
    for more in [&[][..], &["--dialect", "agent"]] {
        let (exit, document) = json(&[&["send", "sign-data", challenge, "--port", &board.path], more].concat());
        assert_eq!(
            (exit, &document["node_id"], &document["dialect"]),
            (0, &"node-1".into(), &"agent".into()),
            "{document}"
        );
        signatures.push(document["reply_hex"].as_str().expect("hex").to_owned());
    }
    let locator = format!("console:{}", board.path).parse().expect("a locator");
    let mut agent = RainMakerConsole::open(&locator, Arc::new(Unobserved)).await.expect("an agent");
    signatures.push(hex::encode(agent.sign_data(challenge).await.expect("a signature")));
    drop(agent);
    assert!(signatures.iter().all(|own| *own == signatures[0] && own.len() == 512), "{signatures:?}");
    let (_, other) = json(&["send", "sign-data", "another", "--port", &board.path]);
    assert_ne!(other["reply_hex"], signatures[0]);
    let raw = espctl(&["send", "sign-data", challenge, "--raw", "--port", &board.path, "--dialect", "agent"])
        .spawn()
        .expect("a program");
    assert_eq!(hex::encode(raw.wait_with_output().expect("an end").stdout), signatures[0]);
}

#[test]
fn what_the_agent_cannot_be_sent_is_refused_before_the_port_is_opened() {
    let over = ["--port", "/dev/no-such-port", "--dialect", "agent"];
    for (what, code) in [
        (&["send", "custom-data", "x"][..], "usage.unsupported"),
        (&["send", "wifi-prov", "HomeNet"], "usage.unsupported"),
        (&["send", "sign-data", "two\nlines"], "usage.invalid-value"),
        (&["send", "sign-data", "--hex", "ff"], "usage.invalid-value"),
        (&["send", "sign-data", &"x".repeat(250)], "usage.invalid-value"),
    ] {
        let (exit, document) = json(&[what, &over[..]].concat());
        assert_eq!((exit, document["error"]["code"].as_str()), (2, Some(code)), "{what:?}: {document}");
    }
    let damaged = scripted(|line, _| {
        line.say(b"I (9) esp_rmaker_commands: hex signature(len 512): 0a0bI (9) wifi: x\r\n");
        true
    });
    let (exit, document) = json(&["send", "sign-data", "x", "--port", &damaged.path, "--dialect", "agent"]);
    assert_eq!((exit, document["error"]["code"].as_str()), (26, Some("device.bad-reply")), "{document}");
    let refused = scripted(|line, _| {
        line.say(b"rmaker_console: Console command failed with error: -1\r\n");
        true
    });
    let (exit, document) = json(&["send", "sign-data", "x", "--port", &refused.path, "--dialect", "agent"]);
    assert_eq!((exit, document["error"]["code"].as_str()), (26, Some("device.refused")), "{document}");
}
