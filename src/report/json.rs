//! JSON as it is written to a terminal, a pipe or a file: one line, in which no character acts on a terminal or hides.
//!
//! JSON may hold such characters as they are. Here they are written as `\uXXXX`, which is the same value to a program
//! that reads it: control characters beyond ASCII, direction marks, and characters without a width.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::text;

/// A value as one line, without the line's end.
pub(super) fn line(value: &Value) -> String {
    let mut bytes = Vec::new();
    // Neither a value's keys nor a vector can refuse to be written.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, Escaping));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Compact, with more escapes than JSON asks for.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| !text::is_harmless(*c)) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_reads_back_as_it_was() {
        let hostile = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}gnp.exe\u{200b}\u{2066}\u{feff}\u{ad}\u{e0041}\u{2028}z\n\"\\";
        let value = json!({ "name": hostile, hostile: ["Café", "家庭", "📶", "Cafe\u{301}"] });
        let line = line(&value);
        assert!(line.chars().all(|c| !c.is_control() && text::is_harmless(c)), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON"), value);
        for plain in ["Café", "家庭", "📶", "Cafe\u{301}"] {
            assert!(line.contains(plain), "{line}");
        }
    }

    #[test]
    fn plain_values_are_written_as_ever() {
        let value = json!({ "a": [1, 2.5, true, null], "b": { "c": "x y" } });
        assert_eq!(line(&value), value.to_string());
    }
}
