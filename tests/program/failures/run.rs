//! Runs one row with the built binary, under a hard limit of time, and compares what came of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failures::case::{Case, DEVICE, Device, Expected, FILES, GOOD};
use crate::failures::peer::Peer;

/// A row that takes longer is a hang. The longest limit of the program itself that a row meets, extended on a busy
/// computer, is a third of it.
const HANG: Duration = Duration::from_mins(3);
/// Every device joins at once.
const QUICK: &str = "join-ms=50&apply-delay-ms=50&scan-ms=50";

/// A simulated device in a process of its own; it ends with this value.
pub(crate) struct Hosted {
    child: Child,
    pub(crate) locator: String,
}

impl Hosted {
    /// Starts `espctl sim` with parameters as the `sim:` locator writes them.
    pub(crate) fn start(parameters: &str) -> Self {
        let mut command = espctl();
        command.args(["sim", "--http", "127.0.0.1:0", "--json", "--quiet"]);
        for pair in QUICK.split('&').chain(parameters.split('&')).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            command.arg(format!("--{key}"));
            if !value.is_empty() {
                command.arg(value);
            }
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("espctl sim starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("espctl sim says where");
        let document: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{parameters}: {line:?}"));
        let locator = document["devices"][0]["device"].as_str().expect("a locator").to_owned();
        Self { child, locator }
    }
}

impl Hosted {
    /// Waits until the device has stopped by itself, and its process with it.
    pub(crate) fn ends(&mut self) {
        let started = Instant::now();
        while self.child.try_wait().expect("a status").is_none() {
            assert!(started.elapsed() < HANG, "the device does not stop");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, without anything of the caller's environment that it would read.
pub(crate) fn espctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_espctl"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ESPCTL_")) {
        command.env_remove(name);
    }
    command.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

/// Runs to the end.
///
/// # Errors
/// Where it had to be killed.
pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Result<Ran, String> {
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("espctl starts");
    let mut input = child.stdin.take().expect("a pipe");
    // It may well end without having read everything.
    let _ = input.write_all(stdin);
    drop(input);
    let stdout = child.stdout.take().map(|pipe| thread::spawn(|| read(pipe)));
    let stderr = child.stderr.take().map(|pipe| thread::spawn(|| read(pipe)));
    let text = |reader: Option<thread::JoinHandle<String>>| reader.map_or(String::new(), |it| it.join().expect("text"));
    let started = Instant::now();
    let exit = loop {
        if let Some(status) = child.try_wait().expect("a status") {
            break status.code();
        }
        if started.elapsed() > HANG {
            child.kill().expect("it can be killed");
            let _ = child.wait();
            return Err(format!("hangs; it had said: {}{}", text(stdout), text(stderr)));
        }
        thread::sleep(Duration::from_millis(10));
    };
    Ok(Ran { exit, stdout: text(stdout), stderr: text(stderr) })
}

fn read(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs a row and compares.
///
/// # Errors
/// What is not as expected.
pub(crate) fn check(case: &Case, files: &Path) -> Result<(), String> {
    let hosted;
    let peer;
    let locator = match case.device {
        Device::None => String::new(),
        Device::Memory(parameters) => format!("sim:?{QUICK}&{parameters}"),
        Device::Http(parameters) => {
            hosted = Hosted::start(parameters);
            hosted.locator.clone()
        }
        Device::Peer(answers) => {
            peer = Peer::start(answers);
            peer.locator.clone()
        }
    };
    let mut command = espctl();
    let files = files.display().to_string();
    command.args(case.args.iter().map(|arg| arg.replace(DEVICE, &locator).replace(FILES, &files)));
    if case.good {
        command.args(GOOD);
    }
    if case.insecure {
        command.arg("--allow-insecure");
    }
    command.args(["--json", "--no-input"]).envs(case.env.iter().copied()).stdout(Stdio::piped());
    compare(case.expected, &finish(command, case.stdin)?)
}

/// Compares what a run with `--json` left behind.
///
/// # Errors
/// What is not as expected.
pub(crate) fn compare(expected: Expected, ran: &Ran) -> Result<(), String> {
    let end: String = ran.stderr.chars().skip(ran.stderr.chars().count().saturating_sub(1000)).collect();
    let wrong = |what: &str| Err(format!("{what}\n    exit {:?}, {}\n{end}", ran.exit, ran.stdout));
    if ran.stderr.contains("panicked") {
        return wrong("it panics");
    }
    let Ok(document) = serde_json::from_str::<Value>(&ran.stdout) else {
        return wrong("standard output is not one JSON document");
    };
    let (code, stage, exit, says) = match expected {
        Expected::Success(says) => {
            if ran.exit != Some(0) || !ran.stdout.contains(says) {
                return wrong(&format!("expected success and {says:?}"));
            }
            return Ok(());
        }
        Expected::Failure { code, stage, exit, says } => (code, stage, exit, says),
    };
    let error = &document["error"];
    let said = (error["code"].as_str(), error["stage"].as_str().unwrap_or(""), ran.exit);
    if said != (Some(code), stage, Some(exit)) || error["exit"] != exit {
        return wrong(&format!("expected {:?}, got {said:?}", (code, stage, exit)));
    }
    let texts = [&error["message"], &error["causes"], &error["hints"]].map(Value::to_string).concat();
    if !texts.contains(says) {
        return wrong(&format!("expected {says:?}"));
    }
    let starts = if exit == 25 { "unconfirmed: " } else { "error: " };
    let stage_line = ran.stderr.lines().any(|line| line.starts_with("  stage: "));
    // An interruption needs no explanation.
    let code_line = exit == 130 || ran.stderr.lines().any(|line| line.starts_with(&format!("  code:  {code} ")));
    if !ran.stderr.lines().any(|line| line.starts_with(starts)) || stage_line == stage.is_empty() || !code_line {
        return wrong("the text on standard error lacks one of its lines");
    }
    Ok(())
}
