//! What every command is handed: the transports, the environment and its files, how to print, the process. What a command
//! does with it is its own.

use std::time::Duration;

use crate::process::Process;
use crate::process::input::Input;
use crate::report::Output;
use crate::settings::{Environment, Files};
use crate::transport::TransportKind;

/// What the program hands to its commands: everything that would otherwise be global.
pub struct App<'a> {
    /// The transports, the simulated one among them.
    pub kinds: &'a [&'static dyn TransportKind],
    /// The environment.
    pub environment: Environment<'a>,
    /// The settings files.
    pub files: &'a Files,
    /// How to print.
    pub output: Output,
    /// Signals, and what is read from standard input.
    pub process: Process,
}

impl App<'_> {
    /// What reads standard input and files, in at most the `timeout` of a run, in seconds.
    pub(super) fn input(&self, timeout: u64) -> Input {
        self.process.input(Some(Duration::from_secs(timeout)))
    }
}
