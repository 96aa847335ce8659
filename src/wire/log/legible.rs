//! Whether bytes are text: UTF-8, also beyond ASCII, without controls that a log never contains.
//!
//! Boards draw their QR code in UTF-8 block characters, a third of a boot log. Only bytes that no text has, as they
//! arrive at a wrong baud rate, count against a port. Not about lines: see `split.rs`.

use zeroize::Zeroizing;

/// So few bytes tell nothing yet.
const FEWEST: u64 = 48;
/// One byte in this many that is not text makes garbage.
const GARBAGE_SHARE: u64 = 4;

/// Counts the bytes of a stream, and those among them that are not text.
#[derive(Debug, Default)]
pub struct Legibility {
    seen: u64,
    odd: u64,
    /// A character that has begun and not ended.
    begun: Zeroizing<Vec<u8>>,
}

impl Legibility {
    /// Takes in what has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        let mut text = std::mem::take(&mut self.begun);
        text.extend_from_slice(bytes);
        let mut chunks = text.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            let odd = chunk.valid().bytes().filter(|byte| is_odd(*byte)).count();
            self.odd += odd as u64;
            let rest = chunk.invalid();
            let may_go_on =
                chunks.peek().is_none() && std::str::from_utf8(rest).is_err_and(|it| it.error_len().is_none());
            if may_go_on {
                self.begun.extend_from_slice(rest);
            } else {
                self.odd += rest.len() as u64;
            }
        }
    }

    /// How many bytes have arrived.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether too many of them are not text; false while there are too few to tell.
    pub fn is_garbled(&self) -> bool {
        self.seen >= FEWEST && self.is_mostly_odd()
    }

    /// The same of however few bytes.
    pub fn is_mostly_odd(&self) -> bool {
        self.odd * GARBAGE_SHARE > self.seen
    }
}

/// Whether a byte of valid UTF-8 is a control that logs do not contain.
fn is_odd(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0b | 0x0c | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};

    use super::*;

    fn is_garbled(bytes: &[u8], size: usize) -> bool {
        let mut legibility = Legibility::default();
        bytes.chunks(size).for_each(|piece| legibility.push(piece));
        assert_eq!(legibility.seen(), bytes.len() as u64);
        legibility.is_garbled()
    }

    #[test]
    fn text_beyond_ascii_is_text_however_it_is_cut() {
        let drawn = "  ▄▀ ███▄█▀██  █▀█ ██▀█\r\n".repeat(20);
        let other = "I (5) app: Gerät läuft, 家のネット ☕\r\n".repeat(4);
        for size in 1..8 {
            assert!(!is_garbled(drawn.as_bytes(), size) && !is_garbled(other.as_bytes(), size), "{size}");
        }
    }

    #[test]
    fn a_log_with_some_bytes_of_another_encoding_is_text() {
        assert!(!is_garbled(&b"I (5) app: Ger\xe4t l\xe4uft wieder\r\n".repeat(4), 7));
    }

    #[test]
    fn noise_is_garbage_however_it_is_cut() {
        let mut noise = vec![0; 4096];
        ChaCha20Rng::seed_from_u64(7).fill_bytes(&mut noise);
        let wrong_rate = [0xe1, 0xfa, 0xc3, 0x99, 0xff, 0x80, 0xf8, 0x00].repeat(20);
        for size in [1, 3, 64, 4096] {
            assert!(is_garbled(&noise, size) && is_garbled(&wrong_rate, size), "{size}");
        }
        assert!(!is_garbled(&noise[..40], 8), "too few to tell");
    }
}
