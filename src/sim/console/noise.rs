//! Log lines in the manner of ESP-IDF, at random places. They share the UART with the console.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Levels, tags and texts; hex and prompts among them, to mislead.
const LINES: &[&str] = &[
    "\x1b[0;32mI ({}) wifi:new:<6,0>, old:<1,0>, ap:<255,255>, sta:<6,0>, prof:1\x1b[0m\r\n",
    "\x1b[0;33mW ({}) wifi:<ba-add>idx:0 (ifx:0, 0801deadbeef), tid:6, ssn:0\x1b[0m\r\n",
    "I ({}) network_prov_mgr: state 0801\r\n",
    "\x1b[0;31mE ({}) transport_base: poll_read select error 104\x1b[0m\r\n",
    "D ({}) protocomm: >> session\r\n",
    "V ({}) heap: \r\n",
];

/// The source of a board's log.
#[derive(Debug)]
pub(super) struct Noise {
    rng: ChaCha20Rng,
}

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(b'l'));
        Self { rng }
    }

    /// One log line.
    pub(super) fn line(&mut self, now: Duration) -> String {
        LINES[self.below(LINES.len())].replace("{}", &now.as_millis().to_string())
    }

    /// `text` with a log line somewhere inside, and sometimes another one.
    pub(super) fn weave(&mut self, now: Duration, text: &[u8]) -> Vec<u8> {
        let at = self.below(text.len() + 1);
        let line = self.line(now);
        let mut woven = [&text[..at], line.as_bytes(), &text[at..]].concat();
        if self.below(3) == 0 {
            woven.extend_from_slice(self.line(now).as_bytes());
        }
        woven
    }

    /// How long until the next line that nothing asked for.
    pub(super) fn pause(&mut self) -> Duration {
        Duration::from_millis(50 + u64::from(self.rng.next_u32() % 400))
    }

    fn below(&mut self, end: usize) -> usize {
        self.rng.next_u32() as usize % end
    }
}
