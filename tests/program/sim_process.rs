//! `espctl sim` as a process: what keeps it from listening, room for a fleet under a low limit of open files, and its end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const ESPCTL: &str = env!("CARGO_BIN_EXE_espctl");

/// Runs `espctl sim` to its end under a shell's limits.
fn sim(limits: &str, options: &str) -> Output {
    let script = format!("{limits} exec \"$0\" sim {options}");
    Command::new("sh").args(["-c", &script, ESPCTL]).stdin(Stdio::null()).output().expect("a shell")
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(12), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_fleet_that_needs_more_open_files_than_there_may_be() {
    let talk = refused(&sim("ulimit -n 100;", "--http 127.0.0.1:0 --count 200"));
    assert!(talk.contains("200 devices need 464 open files, and the limit is 100"), "{talk}");
    assert!(talk.contains("ulimit -n 464") && !talk.contains("Wi-Fi"), "{talk}");
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let talk = refused(&sim("", &format!("--http {address}")));
    assert!(talk.contains(&format!("cannot listen on {address}")) && talk.contains("port 0"), "{talk}");
}

#[test]
fn a_soft_limit_is_raised() {
    let script = "ulimit -Sn 64; exec \"$0\" sim --http 127.0.0.1:0 --count 60 --json --quiet";
    let mut child = Command::new("sh").args(["-c", script, ESPCTL]).stdout(Stdio::piped()).spawn().expect("a shell");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    assert_eq!(line.matches("softap:127.0.0.1:").count() / 2, 60, "{line}");
}

#[test]
fn ctrl_c_as_soon_as_it_is_ready_ends_it() {
    for link in [&["--http", "127.0.0.1:0"][..], &["--console"]] {
        for _ in 0..10 {
            let mut command = Command::new(ESPCTL);
            command.arg("sim").args(link).args(["--json", "--quiet"]).stdout(Stdio::piped());
            let mut child = command.spawn().expect("espctl starts");
            let mut line = String::new();
            BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
            kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
            let end = Instant::now() + Duration::from_secs(10);
            while child.try_wait().expect("a child").is_none() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(2));
            }
            // It may have been ignored.
            let _ = child.kill();
            assert_eq!(child.wait().expect("it ended").code(), Some(0), "{link:?}");
        }
    }
}
