//! Keys from a terminal: the `console` crate's, completed, and the terminal's mode while they are read.
//!
//! What a key does is decided by [`super::picker`] and [`super::terminal`]. `console` sets and restores the mode around
//! each single key. Between two keys the terminal would echo pasted text, even a passphrase, and turn Ctrl-C into a
//! signal. `RawMode` spans the whole question instead.

use std::io;

use console::Term;

use super::picker::Key;
use super::prompt::PromptError;

/// Somewhere keys come from.
pub trait Keys {
    /// Waits for the next key. Ctrl-C is [`PromptError::Interrupted`]; Ctrl-D and a closed terminal are
    /// [`PromptError::Closed`].
    fn next_key(&mut self) -> Result<Key, PromptError>;
}

/// Keys from the process's terminal.
#[derive(Debug)]
pub struct TerminalKeys {
    term: Term,
    decoder: Decoder,
    _mode: RawMode,
}

impl TerminalKeys {
    /// Takes the terminal out of line mode, without echo, until this is dropped.
    pub fn new(term: Term) -> Result<Self, PromptError> {
        if !term.is_term() {
            // Where there is no terminal, console returns an unknown key at once, for ever.
            return Err(PromptError::Terminal(io::Error::from(io::ErrorKind::NotConnected)));
        }
        Ok(Self { term, decoder: Decoder::default(), _mode: RawMode::enter()? })
    }
}

impl Keys for TerminalKeys {
    fn next_key(&mut self) -> Result<Key, PromptError> {
        loop {
            if let Some(key) = self.decoder.decode(self.term.read_key_raw()?)? {
                return Ok(key);
            }
        }
    }
}

/// Completes the escape sequences of which `console` reads only the beginning, so that the rest is not taken as
/// typed text: F5 is `ESC [ 1 5 ~`, of which it leaves the `~`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Decoder {
    #[default]
    Ground,
    /// After `ESC [` and parameters: skips up to the final byte.
    Csi,
    /// After `ESC O`: the next character is the key.
    Ss3,
}

impl Decoder {
    fn decode(&mut self, key: console::Key) -> Result<Option<Key>, PromptError> {
        use console::Key as Raw;
        let state = std::mem::take(self);
        Ok(match (state, key) {
            (_, Raw::CtrlC | Raw::Char('\u{3}')) => return Err(PromptError::Interrupted),
            (_, Raw::Char('\u{4}')) => return Err(PromptError::Closed),
            (Self::Csi, Raw::Char('\u{40}'..='\u{7e}')) => None,
            (Self::Csi, Raw::Char(_)) => {
                *self = Self::Csi;
                None
            }
            (Self::Ss3, Raw::Char(c)) => match c {
                'A' => Some(Key::Up),
                'B' => Some(Key::Down),
                'H' => Some(Key::Home),
                'F' => Some(Key::End),
                'M' => Some(Key::Enter),
                _ => None,
            },
            (_, Raw::UnknownEscSeq(sequence)) => {
                *self = match sequence.as_slice() {
                    ['O'] => Self::Ss3,
                    ['[', rest @ ..] if !rest.iter().any(|c| ('\u{40}'..='\u{7e}').contains(c)) => Self::Csi,
                    _ => Self::Ground,
                };
                None
            }
            (_, Raw::Char(c)) => Some(Key::Char(c)),
            (_, Raw::ArrowUp) => Some(Key::Up),
            (_, Raw::ArrowDown) => Some(Key::Down),
            (_, Raw::PageUp) => Some(Key::PageUp),
            (_, Raw::PageDown) => Some(Key::PageDown),
            (_, Raw::Home) => Some(Key::Home),
            (_, Raw::End) => Some(Key::End),
            (_, Raw::Enter) => Some(Key::Enter),
            (_, Raw::Escape) => Some(Key::Escape),
            (_, Raw::Backspace) => Some(Key::Backspace),
            _ => None,
        })
    }
}

/// The terminal without line mode, echo and signals from keys. Dropping it restores the previous mode.
#[derive(Debug)]
pub struct RawMode {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl RawMode {
    pub(super) fn enter() -> Result<Self, PromptError> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).map_err(io::Error::from)?;
        Ok(Self { before })
    }
}

#[cfg(unix)]
impl Drop for RawMode {
    fn drop(&mut self) {
        // A closed terminal cannot be restored, and cannot show an error either.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.before);
    }
}

#[cfg(not(unix))]
impl RawMode {
    /// A Windows console hands over keys one by one and never echoes them.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn enter() -> Result<Self, PromptError> {
        Ok(Self {})
    }
}

/// The terminal's mode when the program started, put back when this is dropped, by a panic too: a question that was
/// waiting when the run was interrupted may have left the terminal without echo, and the thread that still waits for a
/// key cannot restore it itself.
#[derive(Debug)]
pub struct SavedMode {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl SavedMode {
    /// Saves the mode, if standard input is a terminal.
    pub fn take() -> Self {
        Self { before: rustix::termios::tcgetattr(io::stdin()).ok() }
    }
}

#[cfg(unix)]
impl Drop for SavedMode {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, before);
        }
    }
}

#[cfg(not(unix))]
impl SavedMode {
    /// A Windows console keeps no mode between keys.
    pub fn take() -> Self {
        Self {}
    }
}

#[cfg(test)]
mod tests {
    use console::Key as Raw;

    use super::*;

    fn decoded(keys: impl IntoIterator<Item = Raw>) -> Vec<Key> {
        let mut decoder = Decoder::default();
        keys.into_iter().filter_map(|key| decoder.decode(key).expect("no end")).collect()
    }

    #[test]
    fn plain_keys_pass() {
        let keys = decoded([Raw::ArrowUp, Raw::PageDown, Raw::Char('x'), Raw::Enter, Raw::Escape, Raw::Tab, Raw::Del]);
        assert_eq!(keys, [Key::Up, Key::PageDown, Key::Char('x'), Key::Enter, Key::Escape]);
    }

    #[test]
    fn the_rest_of_a_sequence_is_not_taken_as_typed_text() {
        let f5 = [Raw::UnknownEscSeq(vec!['[', '1', '5']), Raw::Char('~'), Raw::Char('x')];
        assert_eq!(decoded(f5), [Key::Char('x')]);
        let control_up = [Raw::UnknownEscSeq(vec!['[', '1', ';']), Raw::Char('5'), Raw::Char('A'), Raw::Char('x')];
        assert_eq!(decoded(control_up), [Key::Char('x')]);
        let application_up = [Raw::UnknownEscSeq(vec!['O']), Raw::Char('A'), Raw::Char('A')];
        assert_eq!(decoded(application_up), [Key::Up, Key::Char('A')]);
        assert_eq!(decoded([Raw::UnknownEscSeq(vec!['x']), Raw::Char('y')]), [Key::Char('y')]);
        assert_eq!(decoded([Raw::UnknownEscSeq(vec!['[']), Raw::ArrowUp, Raw::Char('y')]), [Key::Up, Key::Char('y')]);
    }

    #[test]
    fn control_c_and_control_d_end_the_question() {
        assert!(matches!(Decoder::Csi.decode(Raw::CtrlC), Err(PromptError::Interrupted)));
        assert!(matches!(Decoder::Ground.decode(Raw::Char('\u{4}')), Err(PromptError::Closed)));
    }
}
