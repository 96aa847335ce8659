//! What one process has once, however many devices it takes online: signals, and what is read from standard input and
//! files before a run begins. A run of one device is `device_run`; `main` installs the panic hook and keeps the
//! terminal's mode.
//!
//! - `signals.rs`: Ctrl-C and its like, as one token
//! - `watchdog.rs`: the end of a program that is held by a write
//! - `input.rs`: reads that can be interrupted
//! - `panics.rs`: what is said of a panic
//! - `core_dumps.rs`: none
//! - `load.rs`: how busy this computer is

pub mod core_dumps;
pub mod input;
pub mod load;
pub mod panics;
mod signals;
mod watchdog;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use input::Input;
use signals::Signals;
use watchdog::Watchdog;

/// The process, as its commands see it.
#[derive(Debug)]
pub struct Process {
    signals: Signals,
    watchdog: Watchdog,
}

impl Process {
    /// Signals count from now on: they no longer end the program by themselves. To be called in its runtime. Where the
    /// program's thread is held by a write that does not end, `end` is called with the reason to end.
    pub fn start(end: impl FnOnce(Failure) + Send + 'static) -> Self {
        let process = Self { signals: Signals::listen(), watchdog: Watchdog::default() };
        process.watchdog.attend();
        process.watchdog.watch(process.interruption().clone(), end);
        process
    }

    /// Cancelled by the first Ctrl-C, SIGTERM or SIGHUP. Each run of a device gets it, or a child of it.
    pub fn interruption(&self) -> &CancellationToken {
        &self.signals.interruption
    }

    /// Waits for one signal more than have come so far: a second Ctrl-C means now.
    pub async fn another_signal(&self) {
        self.signals.another().await;
    }

    /// What reads standard input and files, all of it together in at most `limit` from now on.
    pub fn input(&self, limit: Option<Duration>) -> Input {
        if let Some(limit) = limit {
            self.watchdog.limit(limit);
        }
        Input::new(self.interruption().clone(), limit)
    }
}
