//! Boards for the tests: the simulated device in a thread, and bare lines that say what a test has them say.

use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use espctl::sim::console::{Host, Manner};
use espctl::sim::{Device, DeviceOptions};
use serialport::{SerialPort as _, TTYPort};
use tokio::sync::oneshot;

/// Held while a pseudo-terminal would be inherited.
static NO_CHILD: Mutex<()> = Mutex::new(());

/// Starts a program that inherits none of the lines.
pub(crate) fn spawn(command: &mut Command) -> Child {
    let _alone = NO_CHILD.lock();
    command.spawn().expect("a program")
}

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
    master: TTYPort,
    slave: TTYPort,
    /// Whether the test still wants it.
    on: Arc<AtomicBool>,
}

impl Line {
    pub(crate) fn new() -> Self {
        let _alone = NO_CHILD.lock();
        let (master, slave) = TTYPort::pair().expect("a pseudo-terminal");
        // A copy is closed in children, which would keep the line up.
        let (mut master, slave) =
            (master.try_clone_native().expect("a copy"), slave.try_clone_native().expect("a copy"));
        master.set_timeout(Duration::from_millis(20)).expect("a timeout");
        Self { master, slave, on: Arc::new(AtomicBool::new(true)) }
    }

    pub(crate) fn path(&self) -> String {
        self.slave.name().expect("a path")
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(256) {
            // A line that nobody reads must not block the test.
            while self.slave.bytes_to_read().is_ok_and(|unread| unread > 3000) {
                if !self.on.load(Ordering::Relaxed) {
                    return;
                }
                thread::sleep(Duration::from_millis(1));
            }
            let _ = self.master.write_all(piece);
        }
    }

    /// Hands each line to `answer` until that is false; then the port goes away. An empty line is its carriage return,
    /// however many have come before it is looked at; before another line, they are nothing.
    pub(crate) fn answering(mut self, answer: impl Fn(&mut Self, &[u8]) -> bool + Send + 'static) -> Played {
        Played::new(self.on.clone(), move |on| {
            let mut said = Vec::new();
            let mut chunk = [0; 512];
            while on() {
                let count = self.master.read(&mut chunk).unwrap_or(0);
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
                greeted |= self.master.read(&mut chunk).is_ok();
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
