//! The line discipline of protocomm's console, from the computer's side: wait for the prompt, send one line in one
//! write, read the answer out of what the board prints.
//!
//! A line ends with a single carriage return; a line feed would keep the board waiting. Where a conversation is out
//! of step (a cancelled exchange, an error), the next line is preceded by a bare carriage return, which makes the
//! board throw away what it has collected. Waits for the prompt are bounded here; waits for an answer by the caller.
//! A port that went away is opened again for the next line, if it is back by then.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use super::log_lines::Aside;
use super::output::{Output, TooMuch};
use super::silence;
use super::{ConsoleError, ConsoleSettings, Reset};
use crate::transport::serial::{self, SerialPort};
use crate::transport::{Evidence, LogSink, TransportError};
use crate::wire::console::{Answer, OUTPUT_MAX, capacity, is_answered, is_under_way, request_line};

/// How long one carriage return may take to bring the prompt.
const PROMPT_WAIT: Duration = Duration::from_millis(800);
/// How long to try for a prompt in all.
const GREETING: Duration = Duration::from_secs(5);
/// The same for a board that was restarted first.
const BOOT: Duration = Duration::from_secs(8);
/// A board that has said nothing for this long is restarted, where that is wanted.
const SILENCE: Duration = Duration::from_secs(2);
/// A board that prints nothing for this long after its prompt waits for a line.
const SETTLED: Duration = Duration::from_millis(50);
/// One that never stops printing is taken at its prompt after this long.
const SETTLED_AT_LAST: Duration = Duration::from_millis(400);
/// With the prompt back and the line's echo not to be made out, how long to wait for more.
const QUIET: Duration = Duration::from_millis(700);

/// A board's console, one line at a time.
pub(crate) struct Conversation {
    port: SerialPort,
    /// The port as it was named: it may come back under another path.
    wanted: String,
    baud: u32,
    /// Why the port went away, where it did.
    gone: Option<String>,
    session: u32,
    /// Whether the board waits for a line.
    ready: bool,
    aside: Aside,
    log: Arc<dyn LogSink>,
}

impl Conversation {
    /// Opens the port and greets the board on it, after a restart where one is wanted. `session` is this run's own
    /// number: a new one makes the board begin a new session. What else the board prints goes to `log`.
    ///
    /// # Errors
    /// [`serial::PortError`] where the port cannot be used, [`ConsoleError`] where no prompt comes.
    pub(crate) async fn begin(
        settings: &ConsoleSettings,
        session: u32,
        log: Arc<dyn LogSink>,
    ) -> Result<Self, TransportError> {
        let path = serial::resolve(&settings.port).await?;
        let (baud, reset) = (settings.baud, settings.reset);
        let port = SerialPort::open(&serial::Settings { path, baud }).await?;
        let (wanted, aside) = (settings.port.clone(), Aside::default());
        let mut conversation = Self { port, wanted, baud, gone: None, session, ready: false, aside, log };
        if reset == Reset::Boot {
            conversation.port.restart_board().await?;
        }
        let budget = if reset == Reset::Never { GREETING } else { BOOT };
        conversation.greet(budget, reset == Reset::Auto).await?;
        Ok(conversation)
    }

    /// The port's name.
    pub(crate) fn path(&self) -> &str {
        self.port.path()
    }

    /// Sends a request and reads its answer. Dropping the future leaves the conversation usable.
    ///
    /// # Errors
    /// [`TransportError`]; the conversation can go on unless the port is gone.
    pub(super) async fn exchange(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let line = request_line(endpoint, self.session, request).map_err(|_| {
            let limit = capacity(endpoint, self.session.to_string().len());
            TransportError::from(Evidence::RequestTooLong { length: request.len(), limit })
        })?;
        let line = Zeroizing::new(line);
        self.get_ready().await?;
        self.ready = false;
        self.set_aside();
        self.send(line.as_bytes()).await?;
        let answer = self.answer(&line).await?;
        self.ready = true;
        let port = || self.port.path().to_owned();
        match answer {
            Answer::Reply(reply) => Ok(reply),
            Answer::Refused => Err(ConsoleError::Refused { port: port() }.into()),
            Answer::Unreadable => Err(ConsoleError::Unreadable { port: port() }.into()),
        }
    }

    /// Sends a line of another dialect; [`Conversation::reply`] is to follow.
    ///
    /// # Errors
    /// [`TransportError`]: nothing was sent.
    pub(crate) async fn say(&mut self, line: &[u8]) -> Result<(), TransportError> {
        self.get_ready().await?;
        self.ready = false;
        self.set_aside();
        self.send(line).await
    }

    /// What the board printed since `line` was sent, up to the prompt after it. Waits as long as that takes. Dropping
    /// the future leaves the conversation usable.
    ///
    /// # Errors
    /// [`TransportError`]; the conversation can go on unless the port is gone.
    pub(crate) async fn reply(&mut self, line: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let mut output = Output::default();
        loop {
            let chunk = match timeout(QUIET, self.receive()).await {
                Ok(chunk) => chunk?,
                // What was printed has fallen into the echo.
                Err(_) if output.has_prompt() && !is_under_way(output.bytes(), line) => break,
                Err(_) => continue,
            };
            let pushed = output.push(&chunk);
            let port = || self.port.path().to_owned();
            if let Some(reason) = silence::restart(output.bytes()) {
                return Err(ConsoleError::Restarted { port: port(), reason }.into());
            }
            if output.has_prompt() && is_answered(output.bytes(), line) {
                break;
            }
            if pushed == Err(TooMuch) {
                return Err(ConsoleError::Flooded { port: port(), limit: OUTPUT_MAX }.into());
            }
        }
        self.ready = true;
        Ok(Zeroizing::new(output.bytes().to_vec()))
    }

    async fn answer(&mut self, line: &str) -> Result<Answer, TransportError> {
        let mut output = Output::default();
        loop {
            let chunk = match timeout(QUIET, self.receive()).await {
                Ok(chunk) => chunk?,
                // A message without a level has fallen into the echo.
                Err(_) if output.has_prompt() && !is_under_way(output.bytes(), line.as_bytes()) => {
                    return Ok(Answer::Unreadable);
                }
                Err(_) => continue,
            };
            let pushed = output.push(&chunk);
            let port = || self.port.path().to_owned();
            if let Some(reason) = silence::restart(output.bytes()) {
                return Err(ConsoleError::Restarted { port: port(), reason }.into());
            }
            if let Some(answer) = output.answer(line) {
                return Ok(answer);
            }
            if pushed == Err(TooMuch) && output.is_garbage() {
                return Err(silence::explain(&output, &port(), self.baud).into());
            }
            if pushed == Err(TooMuch) {
                return Err(ConsoleError::Flooded { port: port(), limit: OUTPUT_MAX }.into());
            }
        }
    }

    /// Brings the prompt back where the board may not be at it, and the port where that went away.
    async fn get_ready(&mut self) -> Result<(), TransportError> {
        if let Some(reason) = self.gone.clone() {
            let gone = ConsoleError::Gone { port: self.port.path().to_owned(), reason };
            let path = serial::resolve(&self.wanted).await.map_err(|_| gone.clone())?;
            self.port = SerialPort::open(&serial::Settings { path, baud: self.baud }).await.map_err(|_| gone)?;
            (self.gone, self.ready) = (None, false);
        }
        if self.ready { Ok(()) } else { self.greet(GREETING, false).await }
    }

    /// Sends carriage returns until the prompt is there.
    async fn greet(&mut self, budget: Duration, restart_if_silent: bool) -> Result<(), TransportError> {
        let started = Instant::now();
        let end = started + budget;
        let mut restart = restart_if_silent;
        let mut output = Output::default();
        while Instant::now() < end {
            self.send(b"").await?;
            let wait = (Instant::now() + PROMPT_WAIT).min(end);
            while let Ok(chunk) = timeout_at(wait, self.receive()).await {
                let pushed = output.push(&chunk?);
                if output.has_prompt() {
                    return self.settle(output).await;
                }
                if pushed == Err(TooMuch) {
                    return Err(silence::explain(&output, self.port.path(), self.baud).into());
                }
            }
            if restart && output.bytes().is_empty() && started.elapsed() > SILENCE {
                restart = false;
                self.port.restart_board().await?;
            }
        }
        Err(silence::explain(&output, self.port.path(), self.baud).into())
    }

    /// The prompt may be one from before, with the answer to the carriage return still to come: a line sent now would
    /// be read as part of the same line. So the board is let finish. Its log, which may never pause, is waited for no
    /// longer than to the end of a line.
    async fn settle(&mut self, mut output: Output) -> Result<(), TransportError> {
        let end = Instant::now() + SETTLED_AT_LAST;
        let mut settled = Instant::now() + SETTLED;
        loop {
            let until = if output.is_in_log() { end } else { settled.min(end) };
            if Instant::now() >= until {
                break;
            }
            let Ok(chunk) = timeout_at(until, self.receive()).await else { break };
            let before = output.without_log();
            // Whoever prints so much has not paused for long.
            let flooded = output.push(&chunk?).is_err();
            if flooded || output.without_log() != before {
                settled = Instant::now() + SETTLED;
            }
        }
        self.ready = true;
        Ok(())
    }

    /// Sends a line in one write, ended by the carriage return alone.
    async fn send(&mut self, line: &[u8]) -> Result<(), TransportError> {
        if !line.is_empty() {
            self.aside.sent(line);
        }
        let line = Zeroizing::new([line, b"\r"].concat());
        self.port.send(&line).await.map_err(|error| lost(&mut self.gone, error))
    }

    /// The next piece of what the board prints; waits for one.
    ///
    /// # Errors
    /// [`ConsoleError::Gone`].
    pub(crate) async fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let received = self.port.receive().await.map(Zeroizing::new);
        let chunk = received.map_err(|error| lost(&mut self.gone, error))?;
        self.hear(&chunk);
        Ok(chunk)
    }

    /// Takes what has arrived since the last answer out of the next one's way: it is the board's log.
    fn set_aside(&mut self) {
        while let Some(chunk) = self.port.arrived().map(Zeroizing::new) {
            self.hear(&chunk);
        }
    }

    fn hear(&mut self, chunk: &[u8]) {
        self.aside.push(chunk).iter().for_each(|line| self.log.printed(line));
    }
}

impl Drop for Conversation {
    /// However the conversation ends: what the board has said by then is what its end is explained with.
    fn drop(&mut self) {
        self.set_aside();
        self.aside.rest().iter().for_each(|line| self.log.printed(line));
    }
}

/// An open port fails in one way only: it goes away.
fn lost(gone: &mut Option<String>, error: TransportError) -> TransportError {
    match error {
        TransportError { evidence: Evidence::Io { peer: port, source }, .. } => {
            let reason = gone.insert(source.to_string()).clone();
            ConsoleError::Gone { port, reason }.into()
        }
        other => other,
    }
}
