//! Waiting until a board has printed its onboarding payload, for a bounded time, and saying what was seen instead.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::log_reader::LogReader;
use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::text;
use crate::transport::serial::Reset;
use crate::wire::log::Line;
use crate::wire::qr::Payload;

/// How long a board may take from its start to its payload.
const WAIT: Duration = Duration::from_secs(15);
/// How long to listen before a board that says nothing of use is restarted ([`Reset::Auto`]).
const LISTEN_FIRST: Duration = Duration::from_secs(2);
/// How long a payload without a transport may be followed by one with it: some firmware prints both.
const BETTER: Duration = Duration::from_millis(700);
/// How many of the last lines an error quotes.
const QUOTED: usize = 3;

/// Waits for the payload; the lines that go by become events.
///
/// # Errors
/// [`Code::BoardSilent`], [`Code::BoardGarbled`] and [`Code::BoardNoPayload`] 15 s after the start, or after the board
/// was restarted (or after `limit`, if that is less); [`Code::BoardPortLost`] at once.
pub async fn wait_for_payload(
    reader: &mut LogReader,
    reset: Reset,
    limit: Option<Duration>,
    observer: &dyn Observer,
) -> Result<Payload, Failure> {
    let began = Instant::now();
    let wait = limit.map_or(WAIT, |limit| limit.min(WAIT));
    let mut restart = match reset {
        Reset::Never => None,
        Reset::Boot => Some(Instant::now()),
        Reset::Auto => Some(Instant::now() + LISTEN_FIRST),
    };
    let limit = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut end = Instant::now() + wait;
    let mut found: Option<Payload> = None;
    let mut last = Vec::new();
    loop {
        if let Some(at) = restart.filter(|at| *at <= Instant::now() && found.is_none()) {
            restart = None;
            reader.restart_board().await?;
            end = limit.map_or(at + wait, |limit| limit.min(at + wait));
        }
        let until = restart.map_or(end, |at| at.min(end));
        // A board that never pauses would otherwise never be timed out.
        let over = Instant::now() >= end;
        match if over { timeout_at(end, std::future::pending()).await } else { timeout_at(until, reader.next()).await }
        {
            Ok(Err(failure)) => return found.ok_or(failure),
            Ok(Ok(heard)) => {
                if last.len() == QUOTED {
                    last.remove(0);
                }
                last.push(heard.line.clone());
                observer.observe(&Event::Board { line: heard.line });
                match heard.payload {
                    Some(payload) if payload.transport.is_some() => return Ok(named(payload, observer)),
                    Some(payload) if found.is_none() => {
                        found = Some(payload);
                        end = Instant::now() + BETTER;
                        restart = None;
                    }
                    _ => {}
                }
            }
            Err(_) if restart.is_some_and(|at| at < end) => {}
            Err(_) => {
                return found
                    .map(|payload| named(payload, observer))
                    .ok_or_else(|| nothing(reader, &last, began.elapsed()));
            }
        }
    }
}

fn named(payload: Payload, observer: &dyn Observer) -> Payload {
    observer.observe(&Event::Named { name: payload.name.clone(), transport: payload.transport });
    payload
}

/// Why there is no payload.
fn nothing(reader: &LogReader, last: &[Line], wait: Duration) -> Failure {
    let path = text::sanitise(reader.path());
    let seconds = wait.as_secs_f32();
    if reader.bytes() == 0 {
        return Failure::new(Code::BoardSilent).because(format!("nothing arrived on {path} in {seconds:.0} s"));
    }
    if reader.is_garbled() {
        let bytes = reader.bytes();
        return Failure::new(Code::BoardGarbled).because(format!("{bytes} bytes arrived on {path}, few of them text"));
    }
    let failure = Failure::new(Code::BoardNoPayload);
    let failure = match reader.trouble() {
        Some(error) => {
            let failure = failure.saying("cannot read the payload that the board printed").caused_by(&error);
            error.hint().map(str::to_owned).into_iter().fold(failure, Failure::hint)
        }
        None => failure,
    };
    let quoted = last.iter().map(quote).collect::<Vec<_>>();
    let seen = format!("in {seconds:.0} s {path} gave {} bytes", reader.bytes());
    if quoted.is_empty() {
        return failure.because(format!("{seen}, and no whole line"));
    }
    failure.because(format!("{seen}; the last lines: {}", quoted.join(" / ")))
}

/// A line as an error quotes it.
pub(super) fn quote(line: &Line) -> String {
    text::bounded(&text::sanitise(line.to_string().trim()), 120).into_owned()
}
