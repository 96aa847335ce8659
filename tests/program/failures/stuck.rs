//! Readers of standard output and standard error that have stopped, and pipes given as files into which nobody writes: the
//! time and signals end the run all the same.

use std::io::{Read, Write, pipe};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::failures::case::GOOD;
use crate::failures::output::until_it_heeds_signals;
use crate::failures::run::espctl;

const DEVICE: &str = "sim:?sec-ver=1&join-ms=50&apply-delay-ms=50";
/// What a pipe holds on Linux.
const PIPE: usize = 65536;

/// Runs it with one of its outputs into a full pipe that nobody reads; its status, and what it wrote to the other one.
fn stuck(mut command: Command, out: bool, signal: Option<Signal>) -> (ExitStatus, String) {
    let (held, mut full) = pipe().expect("a pipe");
    full.write_all(&vec![b'x'; PIPE]).expect("a pipe takes as much");
    command.stdin(Stdio::null());
    if out {
        command.stdout(full).stderr(Stdio::piped());
    } else {
        command.stdout(Stdio::piped()).stderr(full);
    }
    let mut child = command.spawn().expect("espctl starts");
    drop(command);
    if let Some(signal) = signal {
        until_it_heeds_signals(child.id());
        thread::sleep(Duration::from_millis(300));
        kill_process(Pid::from_child(&child), signal).expect("it runs");
    }
    let end = Instant::now() + Duration::from_mins(1);
    let status = loop {
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        assert!(Instant::now() < end, "it does not end");
        thread::sleep(Duration::from_millis(20));
    };
    drop(held);
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut text).expect("text");
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut text).expect("text");
    }
    (status, text)
}

#[test]
fn a_reader_that_has_stopped_does_not_hold_the_program() {
    let provision = |more: &[&str]| {
        let mut command = espctl();
        command.args(["provision", "--device", DEVICE, "--no-input", "--json"]).args(GOOD).args(more);
        command
    };
    for (signal, timeout, exit, code) in [
        (None, "1", 124, "deadline.total"),
        (Some(Signal::INT), "60", 130, "run.interrupted"),
        (Some(Signal::TERM), "60", 130, "run.interrupted"),
    ] {
        for more in [&[][..], &["--events"]] {
            let (status, document) = stuck(provision(&[more, &["--timeout", timeout]].concat()), false, signal);
            assert_eq!(status.code(), Some(exit), "{signal:?} {more:?}: {document}");
            assert!(document.contains("espctl/error/1") && document.contains(code), "{signal:?}: {document}");
        }
        let (status, words) = stuck(provision(&["--timeout", timeout]), true, signal);
        assert_eq!(status.code(), Some(exit), "{signal:?}: {words}");
        assert!(words.contains(code), "{signal:?}: {words}");
    }
}

#[test]
fn a_pipe_without_a_writer_does_not_hold_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    let fifo: &Path = &fifo;
    let path = fifo.to_str().expect("plain");
    let provision = ["provision", "--device", DEVICE, "--ssid", "HomeNet", "--open", "--no-input", "--json"];
    let send = ["send", "custom-data", "--device", DEVICE, "--pop", "abcd1234", "--json"];
    for (words, option) in [(&provision[..], "--pop-file"), (&provision, "--qrcode"), (&send, "--file")] {
        for (signal, timeout, exit, code) in [(false, "1", 124, "deadline.total"), (true, "60", 130, "run.interrupted")]
        {
            let mut command = espctl();
            command.args(words).args([option, path, "--timeout", timeout]);
            let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
            let child = child.expect("espctl starts");
            if signal {
                until_it_heeds_signals(child.id());
                kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
            }
            let output = child.wait_with_output().expect("an end");
            let document = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(exit), "{option}: {document}");
            assert!(document.contains(code), "{option}: {document}");
        }
    }
}
