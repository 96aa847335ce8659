//! Processes to measure: simulated devices, the program on one, and what finished children used.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::Value;

use crate::client::{PASSPHRASE, POP, SSID};

/// The program as it is shipped.
pub(crate) const ESPCTL: &str = env!("CARGO_BIN_EXE_espctl");

/// An `espctl sim` process; ends when dropped.
pub(crate) struct Sim {
    child: Child,
    /// Where its devices are: `softap:127.0.0.1:40001`.
    pub(crate) devices: Vec<String>,
}

impl Sim {
    /// Starts one and waits until its devices listen.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_on(&["--http", "127.0.0.1:0"], options)
    }

    /// The same on another host.
    pub(crate) fn start_on(host: &[&str], options: &[&str]) -> Self {
        let mut child = Command::new(ESPCTL)
            .args(["sim", "--json", "--quiet"])
            .args(host)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("espctl sim starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("espctl sim speaks");
        let ready: Value = serde_json::from_str(&line).expect("espctl sim lists its devices");
        let devices = ready["devices"].as_array().expect("a list").iter();
        let devices = devices.map(|device| device["device"].as_str().expect("a locator").to_owned()).collect();
        Self { child, devices }
    }

    /// Has the program provision the first of its devices, to the end.
    pub(crate) fn provision(&self) -> ExitStatus {
        Command::new(ESPCTL)
            .args(["provision", "--device", &self.devices[0], "--pop", POP])
            .args(["--ssid", SSID, "--passphrase", PASSPHRASE, "--no-input"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("espctl starts")
    }

    /// The most memory it has had, in MiB.
    pub(crate) fn peak_memory(&self) -> f64 {
        peak_memory(&self.child.id().to_string())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory a living process has had, in MiB; `self` is this one.
pub(crate) fn peak_memory(process: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a living process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes / 1024.0
}

/// Processor time, user and system, of all children that have ended.
pub(crate) fn children_processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage");
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}

/// The most memory any ended child has had, in MiB.
pub(crate) fn children_peak_memory() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage");
    #[allow(clippy::cast_precision_loss)] // kibibytes of a process
    let kibibytes = usage.max_rss() as f64;
    kibibytes / 1024.0
}
