//! What a board prints beside the conversation: its log, picked out of the output line by line. Pure.
//!
//! The console shares its UART with the log, so log lines fall between and inside echoes and replies. Echoes and
//! replies are not log lines and are left out: an echo may hold credentials, and a reply is told by who asked for it.

use zeroize::Zeroizing;

use crate::wire::console::LINE_MAX;
use crate::wire::log::{self, RawLine, Splitter};

/// So many bytes in common with the line that was sent make a piece of text part of its echo.
const ECHOED: usize = 6;

/// Separates the log from the conversation.
#[derive(Default)]
pub(super) struct Aside {
    splitter: Splitter,
    /// The line that was sent last, as its echo would read.
    sent: Zeroizing<String>,
}

impl Aside {
    /// A line was sent: the board will echo it.
    pub(super) fn sent(&mut self, line: &[u8]) {
        self.sent = Zeroizing::new(String::from_utf8_lossy(line).into_owned());
    }

    /// Takes in what has arrived; the log lines that ended in it. None of bytes that are not text.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<RawLine> {
        let lines = self.splitter.push(bytes);
        if self.splitter.is_garbled() {
            return Vec::new();
        }
        lines.into_iter().flat_map(|line| self.log_in(line)).collect()
    }

    /// What the line that has begun and not ended has of the log.
    pub(super) fn rest(&mut self) -> Vec<RawLine> {
        let rest = self.splitter.rest().filter(|_| !self.splitter.is_garbled());
        rest.map(|line| self.log_in(line)).unwrap_or_default()
    }

    /// The log in a line: from where a log line begins in it, and what stands before that, where it is neither echo
    /// nor reply nor prompt.
    fn log_in(&self, line: RawLine) -> Vec<RawLine> {
        let text = line.text.as_str();
        let Some(at) = self.log_begins(text) else {
            return if self.is_conversation(text) { Vec::new() } else { vec![line] };
        };
        let part = |text: &str, whole| RawLine { text: Zeroizing::new(text.to_owned()), whole };
        let before = (!self.is_conversation(&text[..at])).then(|| part(&text[..at], false));
        before.into_iter().chain([part(&text[at..], line.whole)]).collect()
    }

    /// Where a log line begins: not inside the echo of a network's name that looks like one.
    fn log_begins(&self, text: &str) -> Option<usize> {
        let mut from = 0;
        while let Some(at) = log::find(&text[from..]).map(|at| from + at) {
            let start = text.as_bytes()[at..].get(..2 * ECHOED);
            if !start.is_some_and(|start| self.echoes(start)) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    }

    fn is_conversation(&self, text: &str) -> bool {
        let text = text.trim_start_matches([' ', '>']).trim_end();
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        // What is longer than any echo has a piece of one at its ends, if at all.
        let bytes = text.as_bytes();
        let ends = [&bytes[..bytes.len().min(LINE_MAX)], &bytes[bytes.len().saturating_sub(LINE_MAX)..]];
        let echoed = |end: &&[u8]| end.windows(ECHOED).any(|piece| self.echoes(piece));
        is_hex || self.sent.contains(text) || ends.iter().any(echoed)
    }

    /// Whether all of it is in the line that was sent.
    fn echoes(&self, bytes: &[u8]) -> bool {
        self.sent.as_bytes().windows(bytes.len()).any(|own| own == bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(sent: &str, output: &str) -> Vec<String> {
        let mut aside = Aside::default();
        aside.sent(sent.as_bytes());
        let mut lines = aside.push(output.as_bytes());
        lines.extend(aside.rest());
        lines.iter().map(|line| line.text.to_string()).collect()
    }

    #[test]
    fn echoes_replies_and_prompts_are_no_log() {
        let sent = "prov-config 77 0a0b0c0d";
        assert_eq!(heard(sent, &format!("{sent}\r\n\r\r\n0801\r\r\n\n>> ")), [""; 0]);
        let noisy = "prov-con\x1b[0;32mI (1) wifi: a\x1b[0m\r\nfig 77 0a0bW (2) wifi: b\r\n0c0d\r\n\r\r\n08\
                     E (3) x: >> c\n01\r\r\n\n>> I (4) y: d\r\n>> ";
        assert_eq!(heard(sent, noisy), ["I (1) wifi: a", "W (2) wifi: b", "E (3) x: >> c", "I (4) y: d"]);
    }

    #[test]
    fn lines_without_a_level_are_log_as_well() {
        let output = "prov-session 7 0802\r\nGuru Meditation Error: Core  0 panic'ed\r\nBacktrace: 0x400d:0x3ff\r\n\
                      rst:0xc (SW_CPU_RESET),boot:0x13\r\n\tPassword : hush\r\nhalf a line";
        let lines = heard("prov-session 7 0802", output);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines[0].starts_with("Guru") && lines[3].contains("Password") && lines[4] == "half a line");
    }

    #[test]
    fn an_echo_of_credentials_is_left_out_however_it_is_cut() {
        let sent = r#"wifi-prov "Home \"Net\"" "corr\"ct horse battery ☕""#;
        for at in (0..sent.len()).filter(|at| sent.is_char_boundary(*at)) {
            let (before, after) = sent.split_at(at);
            for noise in ["I (5) wifi: state\r\n", "Guru Meditation\r\n"] {
                let lines = heard(sent, &format!("{before}{noise}{after}\r\n\n>> "));
                assert!(lines.iter().all(|line| !line.contains("orse") && !line.contains("attery")), "{at}: {lines:?}");
            }
            let lines = heard(sent, &format!("{before}\r\n"));
            assert_eq!(lines, [""; 0], "{at}");
        }
    }

    #[test]
    fn what_the_log_cut_is_not_whole() {
        let mut aside = Aside::default();
        let lines = aside.push(b"joining with correct-hI (5) wifi: state\r\norse now\r\n");
        assert_eq!(lines.iter().map(|line| line.whole).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn a_name_that_looks_like_a_log_line_is_an_echo() {
        let sent = r#"wifi-prov "I (1) wifi_prov_mgr: STA Got IP" "hush-hush""#;
        assert_eq!(heard(sent, &format!("{sent}\r\n\r\nE (2) wifi_prov_mgr: STA Auth Error\r\n")).len(), 1);
    }

    #[test]
    fn garbage_is_not_taken_for_a_log() {
        let mut aside = Aside::default();
        let noise: Vec<u8> = (0..=255).cycle().take(64 * 1024).collect();
        assert!(aside.push(&noise).is_empty() && aside.rest().is_empty());
    }
}
