//! A QR code that is drawn line by line in block characters: whoever photographs it has the secrets of its payload.

use zeroize::Zeroizing;

use crate::wire::log::Line;

/// What stands in place of a drawn code.
const REPLACED: &str = "(redacted QR code)";
/// So many blocks in a line begin a code: the narrowest one is 21 modules wide.
const FEWEST: usize = 8;

/// Follows a drawn code from row to row.
#[derive(Default)]
pub(super) struct Drawing {
    /// The line before was one of its rows.
    within: bool,
}

impl Drawing {
    /// What stands in place of a line, where it is a row: a word for the first one, nothing for the others.
    pub(super) fn replaced(&mut self, text: &str) -> Option<String> {
        let row = Zeroizing::new(Line::parse(text).text);
        let is_first = !self.within;
        self.within = is_row(&row, self.within);
        let before = || text.strip_suffix(row.as_str()).unwrap_or_default();
        self.within.then(|| if is_first { format!("{}{REPLACED}", before()) } else { String::new() })
    }
}

/// Whether a line is a row of a drawn code: blocks and spaces alone. Within a code, one block is enough.
fn is_row(text: &str, within: bool) -> bool {
    let mut blocks = 0;
    for c in text.chars() {
        match c {
            // Block elements and Braille patterns; U+2800 is Braille's space.
            '\u{2580}'..='\u{259f}' | '\u{2801}'..='\u{28ff}' => blocks += 1,
            '\u{2800}' => {}
            c if c.is_whitespace() => {}
            _ => return false,
        }
    }
    blocks >= if within { 1 } else { FEWEST }
}

#[cfg(test)]
mod tests {
    use super::super::Redactor;
    use crate::wire::log::RawLine;
    use zeroize::Zeroizing;

    fn shown(lines: &[&str]) -> Vec<String> {
        let mut redactor = Redactor::default();
        let line = |text: &&str| redactor.redact(&RawLine { text: Zeroizing::new((*text).to_owned()), whole: true });
        lines.iter().map(line).collect()
    }

    #[test]
    fn a_drawn_code_is_replaced_as_one() {
        let log = [
            "I (9) QRCODE: Encoding below text",
            "  ▄▄▄▄▄▄▄ ▄  ▄▄ ▄▄▄▄▄▄▄",
            "  █ ▄▄▄ █ ▀█▄█▀ █ ▄▄▄ █",
            "  ▀",
            "I (10) app: between",
            "  █▄▄▄▄▄█ █ ▄ █ █▄▄▄▄▄█",
            "I (11) app: ⣿⣿⡇⠀⢸⣿⣿⣿⣿⡇",
        ];
        let wanted = ["", "(redacted QR code)", "", "", "", "(redacted QR code)", ""];
        for (own, wanted) in shown(&log).iter().zip(wanted) {
            assert!(own == wanted || (wanted.is_empty() && own.starts_with("I (")), "{own}");
        }
        assert_eq!(shown(&[log[6]]), ["I (11) app: (redacted QR code)"]);
    }

    #[test]
    fn other_blocks_stay() {
        for line in ["[██████████      ] 60 %", "▀▀▀▀", "I (9) app: █████ of ████████"]
        {
            assert_eq!(shown(&[line]), [line]);
        }
    }
}
