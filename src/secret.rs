//! Secrets, typed by purpose: a passphrase cannot be handed over where a proof of possession is meant.
//!
//! A [`Secret`] is wiped when dropped, prints as `(redacted)`, and is compared in constant time. The bytes that a
//! protocol message carries are copied into that message, which wipes itself as well.

use std::fmt;
use std::marker::PhantomData;

use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// What a secret prints as, everywhere.
pub const REDACTED: &str = "(redacted)";

/// Secret bytes for the purpose `P`. Text is kept as its UTF-8 bytes.
pub struct Secret<P> {
    bytes: Zeroizing<Vec<u8>>,
    purpose: PhantomData<fn() -> P>,
}

/// The purposes a [`Secret`] can have: types without a value.
pub mod purpose {
    /// Proof of possession: the text on the device's label.
    #[derive(Debug)]
    pub enum ProofOfPossession {}
    /// The password of security 2 (SRP-6a).
    #[derive(Debug)]
    pub enum Sec2Password {}
    /// A Wi-Fi passphrase, 8 to 63 bytes, or empty for an open network.
    #[derive(Debug)]
    pub enum Passphrase {}
    /// The key that ties a user mapping to a back end's request.
    #[derive(Debug)]
    pub enum MappingKey {}
    /// A token, key or password for a back end.
    #[derive(Debug)]
    pub enum Backend {}
    /// A Thread operational dataset: it holds the network key.
    #[derive(Debug)]
    pub enum ThreadDataset {}
}

/// Proof of possession.
pub type ProofOfPossession = Secret<purpose::ProofOfPossession>;
/// Password of security 2.
pub type Sec2Password = Secret<purpose::Sec2Password>;
/// Wi-Fi passphrase.
pub type Passphrase = Secret<purpose::Passphrase>;
/// Secret key of a user mapping.
pub type MappingKey = Secret<purpose::MappingKey>;
/// Token, key or password for a back end, UTF-8.
pub type BackendSecret = Secret<purpose::Backend>;
/// Thread operational dataset, as TLV bytes.
pub type ThreadDataset = Secret<purpose::ThreadDataset>;

/// What an editor of Windows puts before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a text cannot be a secret. Nothing of the text is in it but the number of one control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotASecret {
    /// It begins with the mark of UTF-16.
    #[error("it is UTF-16 text, as some programs of Windows write it; save it as UTF-8")]
    Utf16,
    /// It has a control character other than a tab.
    #[error("it has a control character, {byte:#04x}, at byte {at}, which no secret has")]
    Control {
        /// The character.
        byte: u8,
        /// Where it stands, from 1 on.
        at: usize,
    },
}

/// The secret in the first line of a file or of standard input: without the line's end, and without the byte order mark
/// before it.
///
/// # Errors
/// Where it can be no secret.
pub fn first_line(bytes: &[u8]) -> Result<&[u8], NotASecret> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(NotASecret::Utf16);
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    possible(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The bytes, where they can be a secret: a pasted key press or a stray byte is found before a device refuses it.
///
/// # Errors
/// Where they cannot.
pub fn possible(bytes: &[u8]) -> Result<&[u8], NotASecret> {
    let control = bytes.iter().position(|byte| byte.is_ascii_control() && *byte != b'\t');
    match control {
        Some(at) => Err(NotASecret::Control { byte: bytes[at], at: at + 1 }),
        None => Ok(bytes),
    }
}

/// What is to be said of a blank at an end of a secret, which nobody sees; it is kept.
pub fn unseen_blank(bytes: &[u8]) -> Option<&'static str> {
    let is_blank = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    match (is_blank(bytes.first()), is_blank(bytes.last())) {
        (true, true) => Some("begins and ends with a blank"),
        (true, false) => Some("begins with a blank"),
        (false, true) => Some("ends with a blank"),
        (false, false) => None,
    }
}

impl<P> Secret<P> {
    /// Takes over `bytes`; the caller's buffer becomes the secret's own.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: Zeroizing::new(bytes.into()), purpose: PhantomData }
    }

    /// The bytes themselves. Reviewers look at each use of this.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// True for the empty secret (a device without PoP, an open network).
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The same bytes for another purpose: security 2's password is, by RainMaker's convention, the PoP.
    pub fn repurpose<Q>(&self) -> Secret<Q> {
        Secret::new(self.bytes.to_vec())
    }
}

impl<P> Clone for Secret<P> {
    fn clone(&self) -> Self {
        self.repurpose()
    }
}

impl<P> PartialEq for Secret<P> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl<P> Eq for Secret<P> {}

impl<P> fmt::Debug for Secret<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<P> From<&str> for Secret<P> {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let pop = ProofOfPossession::from("abcd1234");
        assert_eq!(format!("{pop:?}"), REDACTED);
    }

    #[test]
    fn a_secret_is_the_first_line_without_its_end_and_its_mark() {
        for text in ["abcd1234", "abcd1234\n", "abcd1234\r\n", "abcd1234\nmore", "\u{feff}abcd1234\r\n"] {
            assert_eq!(first_line(text.as_bytes()), Ok(&b"abcd1234"[..]), "{text:?}");
        }
        assert_eq!(first_line("b\u{e9}b\u{e9} \n".as_bytes()), Ok("b\u{e9}b\u{e9} ".as_bytes()));
    }

    #[test]
    fn what_no_secret_has_is_found() {
        assert_eq!(first_line(b"\xff\xfea\0b\0"), Err(NotASecret::Utf16));
        assert_eq!(first_line(b"ab\0cd\n"), Err(NotASecret::Control { byte: 0, at: 3 }));
        assert_eq!(possible(b"\x1b[A"), Err(NotASecret::Control { byte: 0x1b, at: 1 }));
        assert_eq!(possible(b"two\nlines").map(<[u8]>::len), Err(NotASecret::Control { byte: b'\n', at: 4 }));
        assert_eq!(possible(b"a\tb"), Ok(&b"a\tb"[..]));
    }

    #[test]
    fn blanks_at_an_end_are_told() {
        for (text, told) in [
            ("a b", None),
            ("", None),
            ("ab ", Some("ends with a blank")),
            ("\tab", Some("begins with a blank")),
            (" ", Some("begins and ends with a blank")),
        ] {
            assert_eq!(unseen_blank(text.as_bytes()), told, "{text:?}");
        }
    }

    #[test]
    fn secrets_compare_by_content() {
        assert_eq!(Passphrase::from("correct-horse"), Passphrase::from("correct-horse"));
        assert_ne!(Passphrase::from("correct-horse"), Passphrase::from("correct-hors"));
    }
}
