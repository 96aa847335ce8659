//! What a board has printed since a line was sent: kept as long as it may hold an answer, never longer than
//! [`OUTPUT_MAX`]. Pure.

use zeroize::Zeroizing;

use crate::wire::console::{Answer, OUTPUT_MAX, PROMPT, clean, find_answer, strip_escapes};
use crate::wire::log::{self, Legibility};

/// The board prints more than any answer and its log can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// Output of a board. Zeroized: with security 0, credentials are in the echo.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Zeroizing<Vec<u8>>,
    /// Bytes that came in all.
    total: usize,
    legibility: Legibility,
}

impl Output {
    /// Adds what has arrived. Where it gets long, the log is dropped and the rest kept.
    ///
    /// # Errors
    /// [`TooMuch`] where the rest is too long as well.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), TooMuch> {
        self.bytes.extend_from_slice(chunk);
        self.total += chunk.len();
        self.legibility.push(chunk);
        if self.bytes.len() > OUTPUT_MAX {
            // A log line is dropped once it has ended.
            let end = self.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let mut kept = Zeroizing::new(clean(&self.bytes[..end]).into_bytes());
            kept.extend_from_slice(&self.bytes[end..]);
            self.bytes = kept;
        }
        if self.bytes.len() > OUTPUT_MAX { Err(TooMuch) } else { Ok(()) }
    }

    /// The answer to `line`; `None` until the prompt is back.
    pub(super) fn answer(&self, line: &str) -> Option<Answer> {
        if self.has_prompt() { find_answer(&self.bytes, line) } else { None }
    }

    /// Whether a prompt is anywhere in it.
    pub(super) fn has_prompt(&self) -> bool {
        // The cheap question first: it is asked for every piece that arrives.
        let prompt = PROMPT.as_bytes();
        self.bytes.windows(prompt.len()).any(|window| window == prompt) && clean(&self.bytes).contains(PROMPT)
    }

    /// How much of it is not log.
    pub(super) fn without_log(&self) -> usize {
        clean(&self.bytes).len()
    }

    /// Whether a log line has begun in it and not ended.
    pub(super) fn is_in_log(&self) -> bool {
        let line = self.bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        log::find(&strip_escapes(line)).is_some()
    }

    /// Bytes that came in all.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Whether most of it is not text of any board, as when it is read at the wrong rate.
    pub(super) fn is_garbage(&self) -> bool {
        self.legibility.is_mostly_odd()
    }

    /// As it came, but for what was dropped.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_does_not_end_the_wait() {
        let mut output = Output::default();
        output.push(b"proto-ver 1 2d\r\n").expect("short");
        for number in 0..20_000 {
            output.push(format!("I ({number}) wifi: one of many lines\r\n").as_bytes()).expect("log");
        }
        output.push(b"\r\r\n0801\r\r\n\n>> ").expect("short");
        assert_eq!(output.answer("proto-ver 1 2d"), Some(Answer::Reply(vec![8, 1])));
    }

    #[test]
    fn the_log_is_distinguished_from_all_else() {
        let mut output = Output::default();
        let mut after = |chunk: &[u8]| {
            output.push(chunk).expect("short");
            (output.without_log(), output.is_in_log())
        };
        assert_eq!(after(b"\r\n\n>> "), (5, false));
        assert_eq!(after(b"\x1b[0;32mI (7) wifi: st"), (5, true));
        assert_eq!(after(b"ate\x1b[0m\r\nI (8) a: b\r\n"), (5, false));
        assert_eq!(after(b"x"), (6, false));
    }

    #[test]
    fn a_flood_of_anything_else_is() {
        let mut output = Output::default();
        let pushed = (0..1024).try_for_each(|_| output.push(&[0xa5; 1024]));
        assert_eq!(pushed, Err(TooMuch));
        assert!(output.bytes().len() <= OUTPUT_MAX + 1024);
    }
}
