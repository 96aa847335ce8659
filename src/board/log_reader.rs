//! A reader of one port: bytes in, redacted lines out, and the onboarding payload where one went by.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use crate::code::Code;
use crate::failure::Failure;
use crate::secret::Secret;
use crate::text;
use crate::transport::serial::{SerialPort, Settings};
use crate::wire::log::{Finder, Line, RawLine, Redactor, Splitter};
use crate::wire::qr::{Payload, QrError};

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

    pub(super) fn take(&mut self, raw: &RawLine) -> Heard {
        let payload = self.finder.push(&Line::parse(&raw.text));
        if let Some(payload) = &payload {
            self.redaction.learn_payload(payload);
        }
        Heard { line: Line::parse(&self.redaction.apply(raw)), payload }
    }
}

/// A line that was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its secrets replaced.
    pub line: Line,
    /// The payload that was complete with it.
    pub payload: Option<Payload>,
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
                let heard = self.hearing.take(&raw);
                self.heard.push_back(heard);
            }
        }
    }

    /// The line that has begun and not ended; no reader waits for it.
    pub fn rest(&mut self) -> Option<Line> {
        let raw = self.splitter.rest()?;
        Some(self.hearing.take(&raw).line)
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
