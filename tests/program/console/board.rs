//! Boards for the tests: the simulated device in a thread, and bare lines that say what a test has them say.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use espctl::sim::console::{Host, Manner};
use espctl::sim::{Device, DeviceOptions};
use rustix::io::{ioctl_fionbio, ioctl_fionread};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::sync::oneshot;

/// A simulated device, for as long as this lives.
pub(crate) struct Simulated {
    pub(crate) path: String,
    _on: oneshot::Sender<()>,
}

pub(crate) fn simulated(parameters: &[(&str, &str)], noise: bool, baud: Option<u32>) -> Simulated {
    with_manner(parameters, Manner { noise, baud, ..Manner::default() })
}

pub(crate) fn with_manner(parameters: &[(&str, &str)], manner: Manner) -> Simulated {
    let options = DeviceOptions::from_parameters(parameters.iter().copied()).expect("options");
    let host = Host::open().expect("a pseudo-terminal");
    let path = host.path().to_owned();
    let (on, off) = oneshot::channel::<()>();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let off = async { drop(off.await) };
        runtime.block_on(host.run(Device::new(options), manner, off, None)).expect("a board");
    });
    Simulated { path, _on: on }
}

/// A pseudo-terminal with nothing behind it yet.
pub(crate) struct Line {
    master: File,
    slave: File,
    path: String,
    /// Whether the test still wants it.
    on: Arc<AtomicBool>,
}

impl Line {
    pub(crate) fn new() -> Self {
        // Closed in children from the start: a program that another test starts meanwhile would hold the line open.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a far end");
        let path = ptsname(&master, Vec::new()).expect("a path").into_string().expect("text");
        let slave = File::open(&path).expect("a far end");
        let mut mode = tcgetattr(&slave).expect("a mode");
        mode.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &mode).expect("raw mode");
        // A line that nobody reads must not block the test.
        ioctl_fionbio(&master, true).expect("no waiting");
        Self { master: File::from(master), slave, path, on: Arc::new(AtomicBool::new(true)) }
    }

    pub(crate) fn path(&self) -> String {
        self.path.clone()
    }

    /// What has come within a moment; nothing is no error.
    fn hear(&mut self, chunk: &mut [u8]) -> usize {
        for _ in 0..20 {
            if ioctl_fionread(&self.master).is_ok_and(|unread| unread > 0) {
                return self.master.read(chunk).unwrap_or(0);
            }
            thread::sleep(Duration::from_millis(1));
        }
        0
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(256) {
            let mut left = piece;
            while !left.is_empty() && self.on.load(Ordering::Relaxed) {
                let full = ioctl_fionread(&self.slave).is_ok_and(|unread| unread > 3000);
                match if full { Ok(0) } else { self.master.write(left) } {
                    Ok(0) | Err(_) => thread::sleep(Duration::from_millis(1)),
                    Ok(written) => left = &left[written..],
                }
            }
        }
    }

    /// Hands each line to `answer` until that is false; then the port goes away. An empty line is its carriage return,
    /// however many have come before it is looked at; before another line, they are nothing.
    pub(crate) fn answering(mut self, answer: impl Fn(&mut Self, &[u8]) -> bool + Send + 'static) -> Played {
        Played::new(self.on.clone(), move |on| {
            let mut said = Vec::new();
            let mut chunk = [0; 512];
            while on() {
                let count = self.hear(&mut chunk);
                said.extend_from_slice(&chunk[..count]);
                if !said.ends_with(b"\r") {
                    continue;
                }
                let begin = said.iter().position(|byte| *byte != b'\r').unwrap_or(said.len() - 1);
                if !answer(&mut self, &said[begin..]) {
                    return;
                }
                said.clear();
            }
        })
    }

    /// Says `piece` so many times once somebody is there, then listens without a word.
    pub(crate) fn flooding(mut self, piece: Vec<u8>, times: usize) -> Played {
        Played::new(self.on.clone(), move |on| {
            let mut chunk = [0; 512];
            let mut left = times;
            let mut greeted = false;
            while on() {
                greeted |= self.hear(&mut chunk) > 0;
                if greeted && left > 0 {
                    left -= 1;
                    self.say(&piece);
                }
            }
        })
    }
}

/// A board that plays its part in a thread, for as long as this lives.
pub(crate) struct Played {
    on: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Played {
    fn new(on: Arc<AtomicBool>, part: impl FnOnce(&dyn Fn() -> bool) + Send + 'static) -> Self {
        let running = on.clone();
        let thread = Some(thread::spawn(move || part(&|| running.load(Ordering::Relaxed))));
        Self { on, thread }
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        self.on.store(false, Ordering::Relaxed);
        let played = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(played, Some(Ok(()))), "a board that panicked");
    }
}
