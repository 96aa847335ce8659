//! Keys from a terminal, read byte by byte: what the bytes mean. The terminal's mode while they are read is
//! [`super::mode`]'s.
//!
//! What a key does is decided by [`super::picker`] and [`super::terminal`]. `console` would set and restore the mode around
//! each single key, and could do so after the program has given the terminal back; it reads the keys of a Windows console
//! only, which has no such mode.

use std::io;
use std::time::Duration;

use console::Term;
#[cfg(unix)]
use rustix::event::Timespec;

use super::mode::RawMode;
use super::picker::Key;
use super::prompt::PromptError;

/// Somewhere keys come from.
pub trait Keys {
    /// Waits for the next key. Ctrl-C is [`PromptError::Interrupted`]; Ctrl-D and a closed terminal are
    /// [`PromptError::Closed`].
    fn next_key(&mut self) -> Result<Key, PromptError>;

    /// Waits for the next key so long; `None` where none came. Where a wait cannot be bounded, it is not.
    ///
    /// # Errors
    /// As [`Keys::next_key`].
    fn next_key_within(&mut self, _limit: Duration) -> Result<Option<Key>, PromptError> {
        self.next_key().map(Some)
    }
}

/// Keys from the process's terminal.
#[derive(Debug)]
pub struct TerminalKeys {
    #[cfg(not(unix))]
    term: Term,
    _mode: RawMode,
}

impl TerminalKeys {
    /// Takes the terminal out of line mode, without echo, until this is dropped.
    pub fn new(term: &Term) -> Result<Self, PromptError> {
        if !term.is_term() {
            return Err(PromptError::Terminal(io::Error::from(io::ErrorKind::NotConnected)));
        }
        Ok(Self {
            #[cfg(not(unix))]
            term: term.clone(),
            _mode: RawMode::enter()?,
        })
    }
}

#[cfg(unix)]
impl Keys for TerminalKeys {
    fn next_key(&mut self) -> Result<Key, PromptError> {
        loop {
            if let Some(key) = decode(&mut typed_byte)? {
                return Ok(key);
            }
        }
    }

    fn next_key_within(&mut self, limit: Duration) -> Result<Option<Key>, PromptError> {
        if is_typed(&Timespec::try_from(limit).unwrap_or(MOMENT)).map_err(PromptError::Terminal)? {
            Ok(decode(&mut typed_byte)?)
        } else {
            Ok(None)
        }
    }
}

/// How long the rest of what one key sends may take.
#[cfg(unix)]
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 30_000_000 };

/// Whether there is a byte to read, or comes within this time. A signal ends the wait.
#[cfg(unix)]
fn is_typed(limit: &Timespec) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, poll};
    match poll(&mut [PollFd::new(&io::stdin(), PollFlags::IN)], Some(limit)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How long a byte is waited for.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Until there is one.
    ForEver,
    /// As the rest of what one key sends, which is on its way already.
    Moment,
}

/// The next byte of standard input; `None` where a moment was not enough. The end of the input is an error.
#[cfg(unix)]
fn typed_byte(wait: Wait) -> io::Result<Option<u8>> {
    if wait == Wait::Moment && !is_typed(&MOMENT)? {
        return Ok(None);
    }
    let mut byte = [0];
    match rustix::io::read(io::stdin(), &mut byte)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(Some(byte[0])),
    }
}

/// The next key of a terminal's bytes; `None` for one that means nothing here. The whole of what such a key sends is read,
/// so that its end is not taken as typed text: F5 is `ESC [ 1 5 ~`.
#[cfg(unix)]
fn decode(next: &mut impl FnMut(Wait) -> io::Result<Option<u8>>) -> Result<Option<Key>, PromptError> {
    let Some(byte) = next(Wait::ForEver)? else { return Ok(None) };
    Ok(match byte {
        3 => return Err(PromptError::Interrupted),
        4 => return Err(PromptError::Closed),
        b'\r' | b'\n' => Some(Key::Enter),
        8 | 127 => Some(Key::Backspace),
        1 => Some(Key::Home),
        5 => Some(Key::End),
        b'\t' => None,
        27 => match next(Wait::Moment)? {
            None => Some(Key::Escape),
            Some(3) => return Err(PromptError::Interrupted),
            Some(b'[') => sequence(next)?,
            Some(b'O') => match next(Wait::Moment)? {
                Some(b'M') => Some(Key::Enter),
                last => last.and_then(cursor),
            },
            Some(_) => None,
        },
        0..128 => Some(Key::Char(byte.into())),
        128.. => {
            let length = byte.leading_ones() as usize;
            if !(2..=4).contains(&length) {
                return Ok(None);
            }
            let mut bytes = [byte, 0, 0, 0];
            for place in bytes.iter_mut().take(length).skip(1) {
                let Some(byte) = next(Wait::Moment)? else { return Ok(None) };
                *place = byte;
            }
            let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
            text.and_then(|text| text.chars().next()).map(Key::Char)
        }
    })
}

/// The key of a sequence after its `ESC [`, read to its last byte; one with a modifier (`1;5A`) is no key here.
#[cfg(unix)]
fn sequence(next: &mut impl FnMut(Wait) -> io::Result<Option<u8>>) -> io::Result<Option<Key>> {
    let mut parameters = 0_u16;
    let mut first = None;
    while let Some(byte) = next(Wait::Moment)? {
        match byte {
            0x40..=0x7e if byte == b'~' && parameters == 1 => {
                return Ok(match first {
                    Some(b'1' | b'7') => Some(Key::Home),
                    Some(b'4' | b'8') => Some(Key::End),
                    Some(b'5') => Some(Key::PageUp),
                    Some(b'6') => Some(Key::PageDown),
                    _ => None,
                });
            }
            0x40..=0x7e => return Ok(cursor(byte).filter(|_| parameters == 0)),
            _ => {
                parameters = parameters.saturating_add(1);
                first = first.or(Some(byte));
            }
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn cursor(last: u8) -> Option<Key> {
    match last {
        b'A' => Some(Key::Up),
        b'B' => Some(Key::Down),
        b'H' => Some(Key::Home),
        b'F' => Some(Key::End),
        _ => None,
    }
}

#[cfg(not(unix))]
impl Keys for TerminalKeys {
    fn next_key(&mut self) -> Result<Key, PromptError> {
        use console::Key as Raw;
        loop {
            return Ok(match self.term.read_key_raw()? {
                Raw::CtrlC | Raw::Char('\u{3}') => return Err(PromptError::Interrupted),
                Raw::Char('\u{4}') => return Err(PromptError::Closed),
                Raw::Char(c) => Key::Char(c),
                Raw::ArrowUp => Key::Up,
                Raw::ArrowDown => Key::Down,
                Raw::PageUp => Key::PageUp,
                Raw::PageDown => Key::PageDown,
                Raw::Home => Key::Home,
                Raw::End => Key::End,
                Raw::Enter => Key::Enter,
                Raw::Escape => Key::Escape,
                Raw::Backspace => Key::Backspace,
                _ => continue,
            });
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of these bytes, which end with Ctrl-D. A moment is over at a 0.
    fn decoded(bytes: &[u8]) -> Vec<Key> {
        let mut bytes = bytes.iter().copied().chain([4]);
        let mut next = |wait| Ok(bytes.next().filter(|byte| wait == Wait::ForEver || *byte != 0));
        let mut keys = Vec::new();
        loop {
            match decode(&mut next) {
                Ok(key) => keys.extend(key),
                Err(PromptError::Closed) => return keys,
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn plain_keys_pass() {
        let keys = decoded("\u{1b}[A\u{1b}[B\u{1b}[6~\u{1b}[5~x家é\r\n\u{1b}\0\t\u{7f}\u{1b}[3~".as_bytes());
        let expected =
            [Key::Up, Key::Down, Key::PageDown, Key::PageUp, Key::Char('x'), Key::Char('家'), Key::Char('é')];
        assert_eq!(keys, [&expected[..], &[Key::Enter, Key::Enter, Key::Escape, Key::Backspace]].concat());
    }

    #[test]
    fn the_rest_of_a_sequence_is_not_taken_as_typed_text() {
        assert_eq!(decoded(b"\x1b[15~x"), [Key::Char('x')]);
        assert_eq!(decoded(b"\x1b[1;5Ax"), [Key::Char('x')]);
        assert_eq!(decoded(b"\x1bOAA"), [Key::Up, Key::Char('A')]);
        assert_eq!(decoded(b"\x1bxy"), [Key::Char('y')]);
        assert_eq!(decoded(b"\x1b[\0y"), [Key::Char('y')]);
        assert_eq!(decoded(b"\x1b[1~\x1b[4~\x1b[H\x1bOF"), [Key::Home, Key::End, Key::Home, Key::End]);
    }

    #[test]
    fn bytes_that_are_no_text_are_no_keys() {
        assert_eq!(decoded(b"\xffx\xc3\0y\x80z"), [Key::Char('x'), Key::Char('y'), Key::Char('z')]);
    }

    #[test]
    fn control_c_and_control_d_end_the_question() {
        let key = |bytes: &[u8]| {
            let mut bytes = bytes.iter().copied();
            decode(&mut move |_| Ok(bytes.next()))
        };
        assert!(matches!(key(b"\x03"), Err(PromptError::Interrupted)));
        assert!(matches!(key(b"\x1b\x03"), Err(PromptError::Interrupted)));
        assert!(matches!(key(b"\x04"), Err(PromptError::Closed)));
    }
}
