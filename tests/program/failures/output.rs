//! Output that cannot be written, and runs that are interrupted.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::failures::case::{Expected, GOOD};
use crate::failures::run::{Ran, compare, espctl, finish};

const DEVICE: &str = "sim:?sec-ver=1&join-ms=50&apply-delay-ms=50";

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("/dev/full").into()
}

/// With a full standard output.
fn run(args: &[&str]) -> Ran {
    let mut command = espctl();
    command.args(args).stdout(full());
    let ran = finish(command, b"").expect("an end");
    assert!(!ran.stderr.contains("panicked"), "{args:?}: {ran:?}");
    ran
}

#[test]
fn a_full_standard_output_is_a_failure() {
    let provision = [&["provision", "--device", DEVICE, "--no-input"], GOOD].concat();
    let provision_json = [&provision[..], &["--json"]].concat();
    for args in [
        &provision[..],
        &provision_json,
        &["explain"],
        &["explain", "wifi.auth-failed"],
        &["info", "--device", DEVICE],
        &["completions", "bash"],
        &["man"],
        &["send", "custom-data", "x", "--raw", "--device", DEVICE, "--pop", "abcd1234"],
    ] {
        let ran = run(args);
        assert!(ran.stderr.contains("output.write-failed"), "{args:?}: {ran:?}");
        assert_eq!(ran.exit, Some(1), "{args:?}");
    }
    for args in [&["--help"][..], &["--version"], &["provision", "--help"]] {
        assert_eq!(run(args).exit, Some(1), "{args:?}");
    }
}

#[test]
fn a_reader_that_went_away_changes_no_status() {
    for (args, exit) in [(&["explain"][..], 0), (&["explain", "no.such-code", "--json"], 2)] {
        let mut command = espctl();
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        command.args(args).stdout(writer);
        let ran = finish(command, b"").expect("an end");
        assert_eq!(ran.exit, Some(exit), "{ran:?}");
    }
}

#[test]
fn a_result_that_is_lost_is_a_failure() {
    let provision = [&["provision", "--device", DEVICE, "--no-input"], GOOD].concat();
    let mut command = espctl();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command.args(&provision).arg("--json").stdout(writer);
    let ran = finish(command, b"").expect("an end");
    assert_eq!(ran.exit, Some(1), "nobody has read the document: {ran:?}");
    assert!(ran.stderr.contains("output.write-failed"), "{ran:?}");
    // The events are the result of a run that prints no document.
    let mut command = espctl();
    command.args(&provision).arg("--events").stdin(Stdio::null()).stdout(Stdio::null()).stderr(full());
    assert_eq!(command.status().expect("an end").code(), Some(1));
}

#[test]
fn a_full_standard_error_changes_no_status() {
    for (args, exit) in [
        ([&["provision", "--device", DEVICE, "--json", "--no-input", "-vv"], GOOD].concat(), 0),
        ([&["provision", "--device", DEVICE, "--json", "--events"], GOOD].concat(), 0),
        (vec!["explain", "no.such-code", "--json"], 2),
        (vec!["provision", "--sec-ver", "7", "--json"], 2),
        (vec!["provision", "--sec-ver", "7"], 2),
    ] {
        let mut command = espctl();
        command.args(&args).stdout(Stdio::piped()).stderr(full());
        let child = command.stdin(Stdio::null()).spawn().expect("espctl starts");
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(exit), "{args:?}");
    }
}

/// Until it is there to be interrupted, a signal ends it as any other program.
pub(super) fn until_it_heeds_signals(id: u32) {
    const INTERRUPT_AND_TERMINATE: u64 = 1 << (2 - 1) | 1 << (15 - 1);
    let heeded = || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a status");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("its signals");
        u64::from_str_radix(caught.trim(), 16).expect("a number") & INTERRUPT_AND_TERMINATE == INTERRUPT_AND_TERMINATE
    };
    let end = Instant::now() + Duration::from_mins(1);
    while !heeded() {
        assert!(Instant::now() < end, "it does not heed signals");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn interrupted_while_a_secret_is_waited_for() {
    let provision = ["provision", "--device", DEVICE, "--json", "--ssid", "HomeNet", "--open"];
    for more in [&["--pop-stdin"][..], &["--sec2-password-stdin"], &["--qrcode", "-"]] {
        for signal in ["-INT", "-TERM"] {
            let mut command = espctl();
            command.args(provision).args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("espctl starts");
            until_it_heeds_signals(child.id());
            let held = child.stdin.take();
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill").success());
            let output = child.wait_with_output().expect("an end");
            drop(held);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(130), "{more:?} {signal}: {stderr}");
            assert!(stdout.contains("\"code\":\"run.interrupted\""), "{more:?} {signal}: {stdout}");
        }
    }
}

#[test]
fn interrupted_while_joining_says_what_the_device_has() {
    let device = "sim:?sec-ver=1&fault=connecting-forever";
    // It may heed signals too late by a moment.
    for _ in 0..5 {
        let mut command = espctl();
        command.args(["provision", "--device", device, "--json", "--no-input"]).args(GOOD);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("espctl starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let applied = lines.by_ref().any(|line| line.expect("text").contains("applied"));
        assert!(applied, "it ended before it had applied anything");
        kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
        let stderr = lines.map(|line| line.expect("text") + "\n").collect();
        let output = child.wait_with_output().expect("an end");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let ran = Ran { exit: output.status.code(), stdout, stderr };
        let says = "goes on joining by itself";
        compare(Expected::Failure { code: "run.interrupted", stage: "await-network", exit: 130, says }, &ran).unwrap();
    }
}
