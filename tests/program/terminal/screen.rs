//! The built binary on a pseudo-terminal, and what a person would see on its screen.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

/// Long enough for a busy machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Escape sequences of the keys.
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const CONTROL_C: &str = "\x03";
pub(crate) const CONTROL_D: &str = "\x04";

/// A program on a terminal.
pub(crate) struct Screen {
    pty: Pty,
    child: Child,
    output: Receiver<Vec<u8>>,
    emulator: vt100::Parser,
    /// Everything the terminal was sent.
    pub(crate) raw: String,
}

/// How the terminal is.
pub(crate) struct Setup {
    pub(crate) size: (u16, u16),
    pub(crate) term: &'static str,
    pub(crate) locale: &'static str,
    pub(crate) more: &'static [(&'static str, &'static str)],
}

impl Default for Setup {
    fn default() -> Self {
        Self { size: (40, 100), term: "xterm-256color", locale: "C.UTF-8", more: &[] }
    }
}

impl Screen {
    /// The program with these arguments on an ordinary terminal.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on(&Setup::default(), arguments)
    }

    /// The program with these arguments on this terminal.
    pub(crate) fn start_on(setup: &Setup, arguments: &[&str]) -> Self {
        Self::start_with(setup, arguments, &[])
    }

    /// The same with this in its environment beside what the terminal puts there.
    pub(crate) fn start_with(setup: &Setup, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        let (rows, columns) = setup.size;
        pty.resize(Size::new(rows, columns)).expect("a size");
        let command = Command::new(env!("CARGO_BIN_EXE_espctl")).args(arguments).env_clear();
        let command = command.env("TERM", setup.term).env("LC_ALL", setup.locale).envs(setup.more.iter().copied());
        let command = command.envs(environment.iter().copied());
        let child = command.spawn(pts).expect("it starts");
        let (sender, output) = channel();
        let reader = rustix::io::dup(&pty).expect("another handle");
        thread::spawn(move || {
            let mut reader = std::fs::File::from(reader);
            let mut chunk = [0; 4096];
            // The terminal is gone once the program is: that is its end. A program that writes and ends while the
            // kernel is about to wait for it is told as gone first; asked again, the kernel has what it wrote.
            let mut gone = 0;
            while gone < 2 {
                match reader.read(&mut chunk) {
                    Ok(length @ 1..) if sender.send(chunk[..length].to_vec()).is_ok() => gone = 0,
                    Ok(1..) => return,
                    Ok(0) | Err(_) => gone += 1,
                }
            }
        });
        let size = |value: u16| value.try_into().expect("not zero");
        Self { pty, child, output, emulator: vt100::Parser::new(size(rows), size(columns), 0), raw: String::new() }
    }

    /// What stands on the screen.
    pub(crate) fn contents(&self) -> String {
        self.emulator.screen().contents()
    }

    /// Gives the window another size.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).expect("a size");
        let size = |value: u16| value.try_into().expect("not zero");
        self.emulator.screen_mut().set_size(size(rows), size(columns));
    }

    /// Types.
    pub(crate) fn send(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |screen| screen.contains(text));
    }

    /// Waits until the screen is as `wanted` says.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.contents()) {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(why) => panic!("{why} while waiting for {what}:\n{}", self.contents()),
            }
        }
    }

    /// Waits until the program reads key by key: a prompt that draws shows its text just before it does so.
    #[track_caller]
    pub(crate) fn until_it_reads_keys(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.modes().contains(LocalModes::ICANON) {
            assert!(Instant::now() < end, "still reads lines:\n{}", self.contents());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the program works and the terminal shows nothing of what is typed.
    #[track_caller]
    pub(crate) fn until_it_echoes_nothing(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.modes().contains(LocalModes::ECHO) {
            assert!(Instant::now() < end, "still echoes:\n{}", self.contents());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end, and sees that the terminal is as it was; returns the exit status.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        let status: ExitStatus = loop {
            match self.output.recv_timeout(Duration::from_millis(20)) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    if let Some(status) = self.child.try_wait().expect("a status") {
                        break status;
                    }
                    assert!(Instant::now() < end, "it does not end:\n{}", self.contents());
                }
            }
        };
        // What it wrote last may be on its way still: the end of it is the end of the reader.
        while let Ok(chunk) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.take(&chunk);
        }
        assert!(!self.emulator.screen().hide_cursor(), "the cursor is hidden");
        status.code().expect("an exit status")
    }

    /// Whether the terminal reads lines, echoes them and turns Ctrl-C into a signal, as it did before.
    pub(crate) fn is_restored(&self) -> bool {
        self.modes().contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    fn modes(&self) -> LocalModes {
        tcgetattr(&self.pty).expect("the terminal's modes").local_modes
    }

    fn take(&mut self, chunk: &[u8]) {
        self.emulator.process(chunk);
        self.raw.push_str(&String::from_utf8_lossy(chunk));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
