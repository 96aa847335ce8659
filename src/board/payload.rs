//! Waiting until a board has printed its onboarding payload, for a bounded time. Why none came is told in `no_payload.rs`.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::log_reader::{COMES_BACK, LogReader};
use super::no_payload::{Shown, nothing};
use crate::code::Fact;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::transport::serial::Reset;
use crate::wire::qr::Payload;

/// How long a board may take from its start to its payload.
const WAIT: Duration = Duration::from_secs(15);
/// How long a board may take that encrypts its flash first: a second for each 64 KiB, and more.
const ENCRYPTING: Duration = Duration::from_mins(2);
/// How long to listen before a board that says nothing is restarted ([`Reset::Auto`]).
const LISTEN_FIRST: Duration = Duration::from_secs(2);
/// How long a payload without a transport may be followed by one with it: some firmware prints both.
const BETTER: Duration = Duration::from_millis(700);
/// How long an announcement in words may be followed by a payload, which a sketch prints once its provisioning runs.
const AFTER_WORDS: Duration = Duration::from_secs(2);

/// How long to wait, and what to do to the board.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Whether the board is restarted. [`Reset::Auto`] restarts one that says nothing: a board that prints may be doing
    /// what must not be cut short, as encrypting its flash.
    pub reset: Reset,
    /// What is left of the run's time.
    pub limit: Option<Duration>,
    /// All of that time is to be waited, because somebody asked for it.
    pub to_the_limit: bool,
}

/// Waits for the payload; the lines that go by become events. A port that goes away is waited for.
///
/// # Errors
/// [`Code::BoardSilent`](crate::code::Code::BoardSilent), `BoardGarbled`, `BoardNoPayload` and `BoardCrashed` 15 s after
/// the start, or after the board was restarted (or after the limit, if that is less, or is to be waited for);
/// `BoardPortLost` where the port does not come back.
pub async fn wait_for_payload(
    reader: &mut LogReader,
    patience: Patience,
    observer: &dyn Observer,
) -> Result<Payload, Failure> {
    let mut wait = Wait::new(patience);
    let mut shown = Shown::default();
    let mut found: Option<Payload> = None;
    loop {
        if wait.is_restart_due() && found.is_none() {
            reader.restart_board().await?;
            wait.start_anew();
        }
        // A board that never pauses would otherwise never be timed out.
        let heard = if wait.is_over() { None } else { timeout_at(wait.until(), reader.next()).await.ok() };
        match heard {
            Some(Ok(heard)) => {
                wait.heard();
                if shown.take(&heard.line) && shown.is_encrypting() {
                    wait.extend(ENCRYPTING);
                }
                observer.observe(&Event::Board { line: heard.line });
                match (heard.payload, heard.announced) {
                    (Some(payload), _) if payload.transport.is_some() => return Ok(named(payload, observer)),
                    (Some(payload), _) if found.is_none() => {
                        found = Some(payload);
                        wait.end_in(BETTER);
                    }
                    (None, Some(announced)) if found.is_none() => {
                        found = Some(announced);
                        wait.end_in(AFTER_WORDS);
                    }
                    _ => {}
                }
            }
            Some(Err(failure)) => {
                if let Some(payload) = found {
                    return Ok(named(payload, observer));
                }
                reader.outlive(failure, wait.left(COMES_BACK), observer).await?;
                wait.extend(WAIT);
            }
            None if !wait.is_over() => {}
            None => match found {
                Some(payload) => return Ok(named(payload, observer)),
                None if wait.goes_on(shown.tells_why() || reader.is_garbled()) => {}
                None => {
                    // A line that never ended is a line all the same now.
                    let rest = reader.rest();
                    if let Some(payload) = rest.as_ref().and_then(|rest| rest.payload.clone()) {
                        return Ok(named(payload, observer));
                    }
                    if let Some(rest) = &rest {
                        shown.take(&rest.line);
                    }
                    return Err(knowing(nothing(reader, &shown, wait.began.elapsed()), wait.restarted));
                }
            },
        }
    }
}

fn named(payload: Payload, observer: &dyn Observer) -> Payload {
    observer.observe(&Event::Named { name: payload.name.clone(), transport: payload.transport });
    payload
}

/// The failure without the advice to have the board restarted, where that was done, or tried.
fn knowing(failure: Failure, restarted: bool) -> Failure {
    if restarted { failure.knowing(Fact::BoardRestarted) } else { failure }
}

/// The times of one wait.
struct Wait {
    began: Instant,
    /// When the board is restarted, if it still is to be.
    restart: Option<Instant>,
    restarted: bool,
    end: Instant,
    /// No wait goes beyond it.
    limit: Option<Instant>,
    to_the_limit: bool,
}

impl Wait {
    fn new(patience: Patience) -> Self {
        let began = Instant::now();
        let restart = match patience.reset {
            Reset::Never => None,
            Reset::Boot => Some(began),
            Reset::Auto => Some(began + LISTEN_FIRST),
        };
        let limit = patience.limit.and_then(|limit| began.checked_add(limit));
        let mut wait =
            Self { began, restart, restarted: false, end: began, limit, to_the_limit: patience.to_the_limit };
        wait.end_in(WAIT);
        wait
    }

    fn is_restart_due(&self) -> bool {
        self.restart.is_some_and(|at| at <= Instant::now())
    }

    /// The board was restarted.
    fn start_anew(&mut self) {
        (self.restart, self.restarted) = (None, true);
        self.end_in(WAIT);
    }

    /// The board has printed a line: it is not restarted any more.
    fn heard(&mut self) {
        self.restart = None;
    }

    fn end_in(&mut self, wait: Duration) {
        let end = Instant::now() + wait;
        self.end = self.limit.map_or(end, |limit| limit.min(end));
    }

    /// At least so long from now on.
    fn extend(&mut self, wait: Duration) {
        let before = self.end;
        self.end_in(wait);
        self.end = self.end.max(before);
    }

    fn until(&self) -> Instant {
        self.restart.map_or(self.end, |at| at.min(self.end))
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// What is left until the limit, at most `most`.
    fn left(&self, most: Duration) -> Duration {
        self.limit.map_or(most, |limit| limit.saturating_duration_since(Instant::now()).min(most))
    }

    /// Whether it goes on to the limit, which is asked once its end has come; not where waiting changes nothing.
    fn goes_on(&mut self, settled: bool) -> bool {
        let limit = self.limit.filter(|limit| self.to_the_limit && !settled && self.end < *limit);
        limit.inspect(|limit| self.end = *limit).is_some()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::code::Code;

    fn wait(reset: Reset, limit: Option<u64>, to_the_limit: bool) -> Wait {
        Wait::new(Patience { reset, limit: limit.map(Duration::from_secs), to_the_limit })
    }

    #[test]
    fn what_was_done_is_not_advised() {
        for code in [Code::BoardSilent, Code::BoardNoPayload] {
            let hints = |restarted| knowing(Failure::new(code), restarted).hints().join("\n");
            assert!(hints(false).contains("--reset boot"), "{code:?}");
            assert!(!hints(true).contains("--reset") && hints(true).contains("reset button"), "{code:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_silent_board_is_restarted() {
        let mut silent = wait(Reset::Auto, None, false);
        let mut prints = wait(Reset::Auto, None, false);
        prints.heard();
        advance(LISTEN_FIRST).await;
        assert!(silent.is_restart_due() && !prints.is_restart_due());
        silent.start_anew();
        assert!(!silent.is_restart_due() && silent.restarted && !prints.restarted);
        assert!(wait(Reset::Boot, None, false).is_restart_due() && !wait(Reset::Never, None, false).is_restart_due());
    }

    #[tokio::test(start_paused = true)]
    async fn a_board_that_encrypts_its_flash_gets_its_time() {
        let mut wait = wait(Reset::Auto, Some(60), false);
        wait.extend(ENCRYPTING);
        advance(WAIT * 2).await;
        assert!(!wait.is_over());
        advance(WAIT * 2).await;
        assert!(wait.is_over(), "no wait goes beyond the run's time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_was_given_is_waited_for_unless_waiting_changes_nothing() {
        for (limit, asked, settled, goes_on) in [
            (Some(120), true, false, true),
            (Some(120), true, true, false),
            (Some(120), false, false, false),
            (Some(10), true, false, false),
            (None, true, false, false),
        ] {
            let mut wait = wait(Reset::Never, limit, asked);
            advance(WAIT).await;
            assert!(wait.is_over());
            assert_eq!(wait.goes_on(settled), goes_on, "{limit:?} {asked} {settled}");
            assert_eq!(wait.is_over(), !goes_on);
        }
    }
}
