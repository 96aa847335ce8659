//! Runs of the built binary against a stand-in, each of them bounded.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::bluez::Bluez;
use crate::support::{NETWORK, POP, Ran, espctl};

/// A run that takes longer hangs: well past the sum of all the program's own limits that a run here can meet.
const HANG: Duration = Duration::from_secs(150);

/// A run.
pub(crate) struct Running {
    child: Child,
    stdout: Said,
    stderr: Said,
    words: String,
}

impl Running {
    /// Starts the binary on this stand-in's bus.
    pub(crate) fn start(bluez: &Bluez, words: &[&str]) -> Self {
        Self::start_with(bluez, words, &[])
    }

    /// The same, with this in its environment.
    pub(crate) fn start_with(bluez: &Bluez, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = espctl(words);
        bluez.serves(&mut command).envs(environment.iter().copied()).env_remove("RUST_BACKTRACE");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stdout = child.stdout.take().map(Said::over).expect("a pipe");
        let stderr = child.stderr.take().map(Said::over).expect("a pipe");
        Self { child, stdout, stderr, words: words.join(" ") }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until what it has said on standard error is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let started = Instant::now();
        while !is_so(&self.stderr.so_far()) {
            assert!(started.elapsed() < HANG, "{}: never {what}, but {:?}", self.words, self.stderr.so_far());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends it without its having a say.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("its end");
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Ran {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            if started.elapsed() > HANG {
                let _ = self.child.kill();
                let said = (self.stdout.all(), self.stderr.all());
                panic!("it hangs: {}; it had said: {said:?}", self.words);
            }
            thread::sleep(Duration::from_millis(2));
        };
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        let status = status.code().unwrap_or_else(|| panic!("{}: {status}; {stderr}", self.words));
        assert!(!stderr.contains("panicked"), "it panics: {}: {stderr}", self.words);
        Ran { status, stdout, stderr }
    }
}

/// What comes out of a pipe.
struct Said {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Said {
    fn over(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let said = bytes.clone();
        let reader = thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                said.lock().expect("nobody panics with it").extend_from_slice(&chunk[..length]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics with it")).into_owned()
    }

    /// To the pipe's end.
    fn all(self) -> String {
        self.reader.join().expect("no panic");
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics with it")).into_owned()
    }
}

/// Runs the binary to its end, which has to leave nothing behind.
pub(crate) fn run(bluez: &Bluez, words: &[&str]) -> Ran {
    let ran = Running::start(bluez, words).finish();
    bluez.assert_clean();
    ran
}

/// A whole `provision` of the device that `device` names, with good credentials.
pub(crate) fn provisioning<'a>(device: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let with = ["--pop", POP, "--json", "--no-input"];
    [&["provision", "--transport", "ble"], device, &with[..], &NETWORK[..], more].concat()
}

/// Runs it.
pub(crate) fn provision(bluez: &Bluez, device: &[&str], more: &[&str]) -> Ran {
    run(bluez, &provisioning(device, more))
}

/// Complains unless the device is online.
pub(crate) fn online(ran: &Ran) -> Value {
    let document = ran.json();
    assert_eq!((ran.status, document["outcome"].as_str()), (0, Some("online")), "{ran:?}");
    document
}

/// Complains unless the run failed with this code at this stage ("" for none) and this status, and says this.
pub(crate) fn failed(ran: &Ran, code: &str, stage: &str, exit: i32, says: &str) {
    let document = ran.json();
    let error = &document["error"];
    let said = (error["code"].as_str().unwrap_or_default(), error["stage"].as_str().unwrap_or_default(), ran.status);
    assert_eq!(said, (code, stage, exit), "{ran:?}");
    let texts = [&error["message"], &error["causes"], &error["hints"]].map(Value::to_string).concat();
    assert!(texts.contains(says), "{says:?}: {ran:?}");
    // What the bus says to programs is nothing for people.
    for raw in
        ["org.bluez", "org.freedesktop", ".service files", "D-Bus error", "message bus without", "with signature"]
    {
        assert!(!texts.contains(raw), "{raw:?}: {ran:?}");
    }
}
