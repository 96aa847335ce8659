//! Bytes into lines, for every kind of line end, in pieces of any size, from boards that print anything.
//!
//! Lines may hold secrets in clear: they are wiped when they are dropped.

use zeroize::{Zeroize, Zeroizing};

use super::legible::Legibility;

/// Longest line that is kept, in bytes; the rest of a longer one is dropped.
pub const LINE_MAX: usize = 4096;

/// A line as it came, without its end and without escape sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// Its text; bytes that are not UTF-8 became U+FFFD.
    pub text: Zeroizing<String>,
    /// Whether it is complete: false where it was too long, or had not ended yet.
    pub whole: bool,
}

/// Makes lines of bytes as they arrive. Empty lines are left out.
#[derive(Default)]
pub struct Splitter {
    line: Zeroizing<Vec<u8>>,
    escape: Escape,
    /// The line is longer than is kept.
    cut: bool,
    legibility: Legibility,
}

impl std::fmt::Debug for Splitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Splitter after {} bytes", self.seen())
    }
}

/// Where in an ANSI escape sequence the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Escape {
    #[default]
    None,
    /// After ESC.
    Begun,
    /// After ESC and `[`: parameters, up to a final byte.
    Control,
    /// After ESC and `]`: text, up to BEL or ESC and `\`.
    Command,
}

impl Splitter {
    /// Takes in what has arrived; the lines that ended in it.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<RawLine> {
        let mut lines = Vec::new();
        self.legibility.push(bytes);
        for &byte in bytes {
            // Lines may end in CR LF, in CR CR LF, in either alone; a line end also ends a broken sequence.
            if matches!(byte, b'\n' | b'\r') {
                self.escape = Escape::None;
                lines.extend(self.end(!self.cut));
            } else if !self.escapes(byte) {
                if self.line.capacity() == 0 {
                    // Never reallocated: a copy left behind could hold a secret.
                    self.line.reserve_exact(LINE_MAX);
                }
                if self.line.len() < LINE_MAX {
                    self.line.push(byte);
                } else {
                    self.cut = true;
                }
            }
        }
        lines
    }

    /// The line that has begun and not ended, if any; it will not be given out again.
    pub fn rest(&mut self) -> Option<RawLine> {
        self.end(false)
    }

    /// Whether the input is not text, as at a wrong baud rate.
    pub fn is_garbled(&self) -> bool {
        self.legibility.is_garbled()
    }

    /// How many bytes have arrived.
    pub fn seen(&self) -> u64 {
        self.legibility.seen()
    }

    fn end(&mut self, whole: bool) -> Option<RawLine> {
        self.cut = false;
        let mut text = Zeroizing::new(String::from_utf8_lossy(&self.line).into_owned());
        self.line.zeroize();
        let end = text.trim_end().len();
        text.truncate(end);
        (!text.is_empty()).then_some(RawLine { text, whole })
    }

    /// Whether the byte belongs to an escape sequence.
    fn escapes(&mut self, byte: u8) -> bool {
        let (next, belongs) = match (self.escape, byte) {
            (_, 0x1b) => (Escape::Begun, true),
            (Escape::Begun, b'[') | (Escape::Control, 0x20..=0x3f) => (Escape::Control, true),
            (Escape::Command, 0x07) | (Escape::Control, 0x40..=0x7e) => (Escape::None, true),
            (Escape::Begun, b']') | (Escape::Command, _) => (Escape::Command, true),
            (Escape::Begun, 0x20..=0x7e) => (Escape::None, true),
            _ => (Escape::None, false),
        };
        self.escape = next;
        belongs
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};

    use super::*;

    fn raw(text: &str, whole: bool) -> RawLine {
        RawLine { text: Zeroizing::new(text.to_owned()), whole }
    }

    fn lines(bytes: &[u8]) -> Vec<String> {
        Splitter::default().push(bytes).into_iter().map(|line| line.text.to_string()).collect()
    }

    #[test]
    fn every_line_end_and_no_empty_lines() {
        assert_eq!(lines(b"a\nb\r\nc\r\r\n\n\nd\re"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn lines_may_arrive_in_any_pieces() {
        let bytes = "\x1b[0;32mI (1) a: b\x1b[0m\r\n\x1b]0;title\x07x\x1b[Ké\n".as_bytes();
        let whole = lines(bytes);
        assert_eq!(whole, ["I (1) a: b", "xé"]);
        for size in 1..bytes.len() {
            let mut splitter = Splitter::default();
            let pieces: Vec<_> = bytes.chunks(size).flat_map(|chunk| splitter.push(chunk)).collect();
            assert_eq!(pieces.into_iter().map(|line| line.text.to_string()).collect::<Vec<_>>(), whole, "{size}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_asked_for() {
        let mut splitter = Splitter::default();
        assert!(splitter.push(b"\n>> I (1) a").is_empty());
        assert_eq!(splitter.rest(), Some(raw(">> I (1) a", false)));
        assert_eq!(splitter.rest(), None);
    }

    #[test]
    fn endless_lines_are_cut_and_their_rest_is_dropped() {
        let mut splitter = Splitter::default();
        let mut long = vec![b'x'; 1024 * 1024];
        long.extend(b" password: hush\nnext\n");
        let found = splitter.push(&long);
        assert_eq!(found[0], raw(&"x".repeat(LINE_MAX), false));
        assert_eq!(found[1], raw("next", true));
    }

    #[test]
    fn random_bytes_are_garbage_and_a_log_is_not() {
        let mut noise = vec![0; 64 * 1024];
        ChaCha20Rng::seed_from_u64(5).fill_bytes(&mut noise);
        let mut splitter = Splitter::default();
        assert!(splitter.push(&noise).iter().all(|line| line.text.len() <= 3 * LINE_MAX));
        assert!(splitter.is_garbled());
        let mut splitter = Splitter::default();
        splitter.push("I (1) tag: caf\u{e9} and a long enough line of plain text\r\n".repeat(4).as_bytes());
        assert!(!splitter.is_garbled());
    }
}
