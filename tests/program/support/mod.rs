//! The built binary: run to its end, or as a simulated device that listens until it is dropped.

pub(crate) mod schemas;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A device whose own times are short, with the network and the PoP of the README.
pub(crate) const QUICK: &str =
    "sim:?ap=HomeNet=correct-horse-battery&ap=OpenCafe&join-ms=50&apply-delay-ms=50&scan-ms=100";
/// [`QUICK`]'s proof of possession.
pub(crate) const POP: &str = "abcd1234";
/// [`QUICK`]'s network, for the command line.
pub(crate) const NETWORK: [&str; 4] = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];

/// Variables under which there is no Bluetooth: no system bus on Linux, no such adapter anywhere.
pub(crate) const NO_BLUETOOTH: [(&str, &str); 2] =
    [("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent"), ("ESPCTL_ADAPTER", "none")];

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one document on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "not one line: {self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of the error on standard error.
    pub(crate) fn code(&self) -> Option<&str> {
        let line = self.stderr.lines().find_map(|line| line.trim_start().strip_prefix("code:"))?;
        line.split_whitespace().next()
    }
}

/// The binary, with an environment in which nothing of the caller's speaks to it.
pub(crate) fn espctl<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_espctl"));
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8").env("TERM", "dumb");
    // A settings file of this user is none of the tests' business.
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("APPDATA", "/nonexistent");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ESPCTL_") || name == "NO_COLOR" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    finish(&mut espctl(arguments))
}

/// Runs it to its end with this on its standard input.
pub(crate) fn run_with<A: AsRef<OsStr>>(input: &[u8], arguments: impl IntoIterator<Item = A>) -> Ran {
    let mut command = espctl(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // A run that fails early does not read its input.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    ran(&child.wait_with_output().expect("it ends"))
}

/// Runs a prepared command to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    ran(&command.output().expect("it runs"))
}

fn ran(output: &std::process::Output) -> Ran {
    Ran {
        status: output.status.code().expect("an exit status"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Every command that the program's own help lists.
pub(crate) fn commands() -> Vec<String> {
    let help = run(["--help"]).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on is indented further.
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect();
    assert!(names.iter().any(|name| name == "provision"), "{help}");
    names
}

/// `espctl sim` on a free port, until dropped.
pub(crate) struct Sim {
    child: Child,
    /// What it printed when it was ready.
    pub(crate) ready: Value,
}

impl Sim {
    /// Starts it with these further options.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::hosted(&["--http", "127.0.0.1:0"], options)
    }

    /// The same behind a pseudo-terminal, with security 1.
    pub(crate) fn on_a_cable(options: &[&str]) -> Self {
        Self::hosted(&["--console", "--sec-ver", "1"], options)
    }

    /// A stand-in cloud instead of a device.
    pub(crate) fn cloud() -> Self {
        Self::ready(&["--http", "127.0.0.1:0", "--cloud", "rainmaker"])
    }

    fn hosted(host: &[&str], options: &[&str]) -> Self {
        let world = ["--ap", "HomeNet=correct-horse-battery", "--join-ms", "50", "--apply-delay-ms", "50"];
        Self::ready(&[host, options, &world].concat())
    }

    fn ready(options: &[&str]) -> Self {
        let mut command = espctl(["sim", "--json", "--quiet"]);
        command.args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        Self { child, ready: serde_json::from_str(&line).expect("a document") }
    }

    /// What is said of the first device.
    pub(crate) fn device(&self, member: &str) -> &str {
        self.ready["devices"][0][member].as_str().expect(member)
    }

    /// The path of the pseudo-terminal it is behind.
    pub(crate) fn port(&self) -> &str {
        self.device("device").strip_prefix("console:").expect("a path")
    }

    /// The first device's host and port.
    pub(crate) fn address(&self) -> (&str, &str) {
        self.device("device").strip_prefix("softap:").and_then(|address| address.rsplit_once(':')).expect("an address")
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
