//! The program as a peripheral on the stand-in's second adapter; the first is the central's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::bluez::{Bluez, Daemon, Radio};
use crate::support::schemas::Schemas;
use crate::support::{Ran, espctl};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Two adapters, and nothing near.
pub(crate) fn two_adapters() -> Bluez {
    Bluez::start(Daemon::Running, &[Radio::ON, Radio::ON], [])
}

/// The program, until it ends or this is dropped.
pub(crate) struct Sim {
    child: Child,
    /// What it printed when it was ready; nothing before.
    pub(crate) ready: Value,
}

impl Sim {
    /// Starts it with these options, and waits until it advertises.
    pub(crate) fn on(bluez: &Bluez, options: &[&str]) -> Self {
        let mut sim = Self::start(bluez, options);
        let mut line = String::new();
        BufReader::new(sim.child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        sim.ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(Schemas::load().check(&sim.ready), "ready");
        sim
    }

    /// Starts it with these options.
    pub(crate) fn start(bluez: &Bluez, options: &[&str]) -> Self {
        let own = ["sim", "--ble", "--adapter", "hci1", "--json", "--join-ms", "50", "--apply-delay-ms", "50"];
        let mut command = espctl(own.iter().chain(options));
        bluez.serves(&mut command);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        Self { child, ready: Value::Null }
    }

    /// What is said of the device.
    pub(crate) fn device(&self, member: &str) -> &str {
        self.ready["devices"][0][member].as_str().expect(member)
    }

    /// As by Ctrl-C.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
    }

    /// Waits for its end; its exit status, and what it said.
    pub(crate) fn ended(mut self) -> Ran {
        let started = Instant::now();
        while self.child.try_wait().expect("a process").is_none() {
            assert!(started.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
        let status = self.child.wait().expect("it ended").code().expect("an exit status");
        let mut stderr = String::new();
        for line in BufReader::new(self.child.stderr.take().expect("a pipe")).lines() {
            stderr.push_str(&line.expect("text"));
            stderr.push('\n');
        }
        Ran { status, stdout: String::new(), stderr }
    }

    /// Ends it as by Ctrl-C, then whoever else is on the bus, and complains where anything is left behind.
    pub(crate) fn end<T>(self, bluez: &Bluez, others: T) -> Ran {
        self.interrupt();
        let ran = self.ended();
        assert_eq!(ran.status, 0, "{ran:?}");
        drop(others);
        bluez.assert_clean();
        ran
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
