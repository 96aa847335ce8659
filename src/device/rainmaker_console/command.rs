//! Lines for the agent's console: words quoted as its parser reads them, and refused where it cannot.
//!
//! The parser (ESP-IDF's `esp_console_split_argv`) parts words at spaces, takes `"…"` as one word, and knows the
//! escapes `\\`, `\"` and `\ ` alone. A line may have 255 bytes with its carriage return; the firmware does not stop
//! a longer one from running over its buffer, so none is ever sent.

use std::fmt;

use zeroize::Zeroizing;

use crate::secret::{MappingKey, Passphrase, REDACTED};
use crate::text;
use crate::wire::console::LINE_MAX;

/// Why a line is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// Longer than the board's line.
    #[error("the line would have {length} bytes, and the board's console takes {max}", max = LINE_MAX - 1)]
    TooLong {
        /// Its length, without the carriage return.
        length: usize,
    },
    /// A byte that ends or changes a line.
    #[error("{what} has a control character, which a line of the board's console cannot carry")]
    Control {
        /// Which word: `the network name`.
        what: &'static str,
    },
}

/// A line to send, and what may be shown of it.
pub struct Command {
    line: Zeroizing<Vec<u8>>,
    name: &'static str,
    shown: String,
}

impl Command {
    /// `get-node-id`.
    pub fn node_id() -> Self {
        let name = "get-node-id";
        Self { line: Zeroizing::new(name.as_bytes().to_vec()), name, shown: name.to_owned() }
    }

    /// `wifi-prov`: join this network at once. An empty passphrase is that of an open network.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub fn wifi_prov(ssid: &[u8], passphrase: &Passphrase) -> Result<Self, Unsendable> {
        let mut line = Line::new("wifi-prov");
        line.word(ssid, "the network name")?;
        let secret = if passphrase.is_empty() { "" } else { REDACTED };
        if !passphrase.is_empty() {
            line.word(passphrase.expose(), "the passphrase")?;
        }
        line.finish(format!("{} {secret}", text::ssid(ssid)).trim_end())
    }

    /// `add-user`: tell the back end whose the node is, as soon as the node is online.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub fn add_user(user_id: &str, secret_key: &MappingKey) -> Result<Self, Unsendable> {
        let mut line = Line::new("add-user");
        line.word(user_id.as_bytes(), "the user id")?;
        line.word(secret_key.expose(), "the secret key")?;
        line.finish(&format!("{} {REDACTED}", text::sanitise(user_id)))
    }

    /// `sign-data`: have the node sign a text with its key.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub fn sign_data(data: &str) -> Result<Self, Unsendable> {
        let mut line = Line::new("sign-data");
        line.word(data.as_bytes(), "the text")?;
        line.finish(&text::sanitise(data))
    }

    /// The line as it is sent, without its carriage return. It may hold secrets.
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// The command's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The line for people, secrets replaced.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

struct Line {
    name: &'static str,
    bytes: Zeroizing<Vec<u8>>,
}

impl Line {
    fn new(name: &'static str) -> Self {
        // Never reallocated: a copy left behind could hold a secret.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 * LINE_MAX));
        bytes.extend_from_slice(name.as_bytes());
        Self { name, bytes }
    }

    /// Adds a word in quotes.
    fn word(&mut self, word: &[u8], what: &'static str) -> Result<(), Unsendable> {
        if word.iter().any(u8::is_ascii_control) {
            return Err(Unsendable::Control { what });
        }
        let escapes = word.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        let length = self.bytes.len() + word.len() + escapes + 3;
        if length >= LINE_MAX {
            return Err(Unsendable::TooLong { length });
        }
        self.bytes.extend_from_slice(b" \"");
        for byte in word {
            if matches!(byte, b'"' | b'\\') {
                self.bytes.push(b'\\');
            }
            self.bytes.push(*byte);
        }
        self.bytes.push(b'"');
        Ok(())
    }

    fn finish(self, shown: &str) -> Result<Command, Unsendable> {
        let length = self.bytes.len();
        if length >= LINE_MAX {
            return Err(Unsendable::TooLong { length });
        }
        Ok(Command { line: self.bytes, name: self.name, shown: format!("{} {shown}", self.name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wifi(ssid: &[u8], passphrase: &str) -> Result<Vec<u8>, Unsendable> {
        Command::wifi_prov(ssid, &Passphrase::from(passphrase)).map(|command| command.line().to_vec())
    }

    #[test]
    fn words_are_quoted_as_the_console_reads_them() {
        assert_eq!(wifi(b"HomeNet", "correct-horse").as_deref(), Ok(&br#"wifi-prov "HomeNet" "correct-horse""#[..]));
        assert_eq!(wifi(br#"a "b\ c"#, "two words").as_deref(), Ok(&br#"wifi-prov "a \"b\\ c" "two words""#[..]));
        assert_eq!(wifi("Café".as_bytes(), "").as_deref(), Ok("wifi-prov \"Café\"".as_bytes()));
        assert_eq!(wifi(b"caf\xe9", "").as_deref(), Ok(&b"wifi-prov \"caf\xe9\""[..]));
    }

    #[test]
    fn what_the_line_cannot_carry_is_refused() {
        assert!(wifi(&[b'"'; 32], &"\\".repeat(63)).is_ok(), "the longest network there is");
        for ssid in [&b"a\rb"[..], b"a\n", b"\0", b"\x7f", b"\t"] {
            assert_eq!(wifi(ssid, "").err(), Some(Unsendable::Control { what: "the network name" }));
        }
        let key = MappingKey::from("k".repeat(244 - 12).as_str());
        let line = Command::add_user("user", &key).expect("it just fits").line().len();
        assert!(line < LINE_MAX, "{line}");
        let long = MappingKey::from("k".repeat(400).as_str());
        assert!(matches!(Command::add_user("user", &long), Err(Unsendable::TooLong { .. })));
    }

    #[test]
    fn what_is_shown_has_no_secrets() {
        let command = Command::wifi_prov(b"HomeNet", &Passphrase::from("correct-horse")).expect("a line");
        assert_eq!((command.shown(), format!("{command:?}")), ("wifi-prov HomeNet (redacted)", command.shown().into()));
        let command = Command::add_user("ana", &MappingKey::from("k3y")).expect("a line");
        assert_eq!(command.shown(), "add-user ana (redacted)");
    }
}
