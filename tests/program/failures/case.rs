//! One row of the table: what is run, against what, and what has to come of it. The rows are in the other files; how
//! a row is run is in `run.rs`.

use crate::failures::peer::Answers;

/// The credentials every row gives unless it says otherwise.
pub(crate) const GOOD: &[&str] = &["--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];
/// Stands in a command line for the locator of the row's device.
pub(crate) const DEVICE: &str = "{device}";
/// Stands in a command line for the directory of test files.
pub(crate) const FILES: &str = "{files}";

/// Who is at the other end.
#[derive(Clone, Copy)]
pub(crate) enum Device {
    /// Nobody: the row names what it needs itself.
    None,
    /// An in-memory device with these parameters (`sim:?…`), quick to join.
    Memory(&'static str),
    /// The same device behind `espctl sim --http`.
    Http(&'static str),
    /// A small server of the test's own.
    Peer(Answers),
}

/// A row.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) device: Device,
    pub(crate) args: &'static [&'static str],
    /// Whether [`GOOD`] is appended.
    pub(crate) good: bool,
    /// Whether the device may be less secure than what is known of it.
    pub(crate) insecure: bool,
    pub(crate) env: &'static [(&'static str, &'static str)],
    pub(crate) stdin: &'static [u8],
    pub(crate) expected: Expected,
}

/// What has to come of it.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// Exit status 0, and this text in the document on standard output.
    Success(&'static str),
    /// This code and stage ("" for none), this exit status, and this text among message, causes and hints.
    Failure { code: &'static str, stage: &'static str, exit: i32, says: &'static str },
}

/// `provision` with good credentials.
pub(crate) const fn provision(name: &'static str, device: Device) -> Case {
    command(name, device, &["provision", "--device", DEVICE]).with_good_credentials()
}

/// Any command line.
pub(crate) const fn command(name: &'static str, device: Device, args: &'static [&'static str]) -> Case {
    Case { name, device, args, good: false, insecure: false, env: &[], stdin: b"", expected: Expected::Success("") }
}

impl Case {
    pub(crate) const fn with_good_credentials(mut self) -> Self {
        self.good = true;
        self
    }

    /// The device may be less secure than what is known of it.
    pub(crate) const fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// The words before the good credentials.
    pub(crate) const fn args(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }

    pub(crate) const fn stdin(mut self, stdin: &'static [u8]) -> Self {
        self.stdin = stdin;
        self
    }

    pub(crate) const fn env(mut self, env: &'static [(&'static str, &'static str)]) -> Self {
        self.env = env;
        self
    }

    pub(crate) const fn succeeds(mut self, says: &'static str) -> Self {
        self.expected = Expected::Success(says);
        self
    }

    pub(crate) const fn fails(
        mut self,
        code: &'static str,
        stage: &'static str,
        exit: i32,
        says: &'static str,
    ) -> Self {
        self.expected = Expected::Failure { code, stage, exit, says };
        self
    }

    /// The code it reaches.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self.expected {
            Expected::Success(_) => None,
            Expected::Failure { code, .. } => Some(code),
        }
    }

    /// The names of the faults its device has.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &'static str> {
        let parameters = match self.device {
            Device::Memory(parameters) | Device::Http(parameters) => parameters,
            Device::None | Device::Peer(_) => "",
        };
        let faults = parameters.split('&').filter_map(|pair| pair.strip_prefix("fault="));
        faults.map(|fault| fault.split(['@', '=']).next().unwrap_or(fault))
    }
}
