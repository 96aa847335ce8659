//! A reader of one port: bytes in, redacted lines out, and the onboarding payload where one went by.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::secret::Secret;
use crate::text;
use crate::transport::serial::{SerialPort, Settings};
use crate::wire::log::{Finder, Line, RawLine, Redactor, Splitter};
use crate::wire::qr::{Payload, QrError};

/// How long a port that went away is waited for: a chip's own USB port goes for a second or two whenever it restarts.
pub const COMES_BACK: Duration = Duration::from_secs(5);
/// Between two tries to open it again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The secrets to take out of what is heard; clones share them, so that one typed later counts from then on.
#[derive(Debug, Clone, Default)]
pub struct Redaction(Arc<Mutex<Redactor>>);

impl Redaction {
    /// Makes a secret known.
    pub fn learn<P>(&self, secret: &Secret<P>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).learn(secret.expose());
    }

    /// Makes what a payload holds known that a board has printed: the last ones of many.
    pub fn learn_payload(&self, payload: &Payload) {
        let mut redactor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        payload.pop.iter().for_each(|pop| redactor.learn_found(pop.expose()));
        payload.password.iter().for_each(|password| redactor.learn_found(password.expose()));
    }

    /// The text with the secrets that are known replaced.
    pub fn hide(&self, text: &str) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hide(text)
    }

    fn apply(&self, line: &RawLine) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).redact(line)
    }
}

/// What every line goes through before anybody gets it: the payload is looked for, then the secrets are taken out.
#[derive(Debug)]
pub(super) struct Hearing {
    finder: Finder,
    redaction: Redaction,
}

impl Hearing {
    pub(super) fn new(redaction: Redaction) -> Self {
        Self { finder: Finder::default(), redaction }
    }

    /// The line as it may be shown; none where nothing of it may.
    pub(super) fn take(&mut self, raw: &RawLine) -> Option<Heard> {
        let payload = self.finder.push(&Line::parse(&raw.text));
        let announced = self.finder.take_announced();
        payload.iter().chain(&announced).for_each(|payload| self.redaction.learn_payload(payload));
        let shown = self.redaction.apply(raw);
        let is_heard = !shown.is_empty() || payload.is_some();
        is_heard.then(|| Heard { line: Line::parse(&shown), payload, announced })
    }
}

/// A line that was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its secrets replaced.
    pub line: Line,
    /// The payload that was complete with it.
    pub payload: Option<Payload>,
    /// What was announced in words and complete with it; a payload that follows says more.
    pub announced: Option<Payload>,
}

/// Opens a board's port.
///
/// # Errors
/// What is wrong with the port, and what to do about it.
pub async fn open(settings: &Settings) -> Result<SerialPort, Failure> {
    Ok(SerialPort::open(settings).await?)
}

/// Hears one port.
pub struct LogReader {
    port: SerialPort,
    splitter: Splitter,
    hearing: Hearing,
    heard: VecDeque<Heard>,
}

impl LogReader {
    /// A reader of an open port.
    pub fn new(port: SerialPort, redaction: Redaction) -> Self {
        let (splitter, hearing) = (Splitter::default(), Hearing::new(redaction));
        Self { port, splitter, hearing, heard: VecDeque::new() }
    }

    /// The next line. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Code::BoardPortLost`] where the port is gone.
    pub async fn next(&mut self) -> Result<Heard, Failure> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            let bytes = self.port.receive().await.map_err(|error| lost(self.port.path(), &error))?;
            for raw in self.splitter.push(&bytes) {
                self.heard.extend(self.hearing.take(&raw));
            }
        }
    }

    /// Waits until a port that went away can be opened again, under the same name; nothing that was heard is lost.
    ///
    /// # Errors
    /// `failure`, with which it went away, where it does not come back in time.
    pub async fn outlive(
        &mut self,
        failure: Failure,
        within: Duration,
        observer: &dyn Observer,
    ) -> Result<(), Failure> {
        let note = |text: String| observer.observe(&Event::Note { text });
        let cause = failure.causes.last().map(|cause| format!(" ({cause})")).unwrap_or_default();
        note(format!("{}{cause}; waiting for it to come back", failure.message));
        let begun = self.splitter.rest();
        self.heard.extend(begun.and_then(|raw| self.hearing.take(&raw)));
        let settings = self.port.settings().clone();
        let opened = async {
            loop {
                match SerialPort::open(&settings).await {
                    Ok(port) => return port,
                    Err(_) => sleep(LOOK_AGAIN).await,
                }
            }
        };
        self.port = timeout(within, opened).await.map_err(|_| failure)?;
        note(format!("the serial port {} is back", text::sanitise(self.path())));
        Ok(())
    }

    /// The line that has begun and not ended; no reader waits for it.
    pub fn rest(&mut self) -> Option<Heard> {
        let raw = self.splitter.rest()?;
        self.hearing.take(&raw)
    }

    /// Restarts the board, where its port can.
    ///
    /// # Errors
    /// [`Code::BoardPortLost`] where the port is gone.
    pub async fn restart_board(&mut self) -> Result<(), Failure> {
        let restarted = self.port.restart_board().await;
        restarted.map_err(|error| lost(self.port.path(), &error))
    }

    /// The port's name.
    pub fn path(&self) -> &str {
        self.port.path()
    }

    /// How many bytes have arrived.
    pub fn bytes(&self) -> u64 {
        self.splitter.seen()
    }

    /// Whether the bytes that arrive are not text.
    pub fn is_garbled(&self) -> bool {
        self.splitter.is_garbled()
    }

    /// Why something that looked like a payload was none.
    pub fn trouble(&self) -> Option<QrError> {
        self.hearing.finder.trouble()
    }
}

fn lost(path: &str, error: &dyn Error) -> Failure {
    Failure::new(Code::BoardPortLost)
        .saying(format!("the serial port {} went away", text::sanitise(path)))
        .caused_by(error)
}
