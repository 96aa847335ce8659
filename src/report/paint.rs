//! Colour, or its absence: no meaning rests on it. And text where only ASCII is understood.

use std::borrow::Cow;

use crate::text;

/// Paints, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Whether escape sequences are written at all.
    pub enabled: bool,
}

impl Paint {
    /// For errors.
    pub fn red(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    /// For warnings.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    /// For success.
    pub fn green(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    /// For what is read last.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.enabled { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Sanitised text as it may be written: with `ascii`, everything beyond it escaped. Line ends and our own colours stay.
pub(super) fn fit(text: &str, ascii: bool) -> Cow<'_, str> {
    if !ascii || text.is_ascii() {
        return text.into();
    }
    let parts = text.split_inclusive(['\n', '\x1b']).flat_map(|part| match part.char_indices().next_back() {
        Some((at, last @ ('\n' | '\x1b'))) => [text::ascii(&part[..at]), last.to_string().into()],
        _ => [text::ascii(part), "".into()],
    });
    parts.collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_keeps_lines_and_colours() {
        let red = Paint { enabled: true }.red("é");
        assert_eq!(fit(&format!("a\n{red}\n"), true), "a\n\x1b[1;31m\\u{e9}\x1b[0m\n");
        assert_eq!(fit("a\né", false), "a\né");
    }
}
