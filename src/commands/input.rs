//! Reading what options point to: files, standard input, the QR payload. Bounded, and never echoed into an error.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::args::{DeviceArgs, SecurityArgs};
use super::device_run::interrupted;
use crate::code::Code;
use crate::failure::Failure;
use crate::qr_image;
use crate::secret::Secret;
use crate::settings::{Environment, given};
use crate::wire::qr::Payload;

/// What standard input is called in messages.
const STDIN: &str = "the standard input";
/// Longest secret read from a file or standard input, in bytes.
const SECRET_MAX: u64 = 4096;
/// Longest QR payload file or picture, in bytes.
const PICTURE_MAX: u64 = 32 * 1024 * 1024;

/// Where a secret may come from, in the order it is looked for.
pub(super) struct SecretSource<'a> {
    pub(super) flag: Option<String>,
    pub(super) flag_name: &'static str,
    pub(super) file: Option<&'a Path>,
    pub(super) stdin: bool,
    pub(super) variable: &'static str,
}

impl SecretSource<'_> {
    /// The secret, if any source has it.
    pub(super) fn read<P: Send + 'static>(self, environment: Environment<'_>) -> Result<Option<Secret<P>>, Failure> {
        if let Some(path) = self.file {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            return first_line(file, &path.display().to_string()).map(Some);
        }
        if self.stdin {
            return interruptible(|| first_line(io::stdin().lock(), STDIN)).map(Some);
        }
        let setting = given(self.flag, self.flag_name, self.variable, environment);
        Ok(setting.map(|setting| Secret::new(setting.value.into_bytes())))
    }
}

/// The first line, without its end; an empty input is an error, since a secret was promised.
fn first_line<P>(source: impl Read, name: &str) -> Result<Secret<P>, Failure> {
    let bytes = bounded(source, name, SECRET_MAX)?;
    if bytes.is_empty() {
        return Err(Failure::new(if name == STDIN { Code::InputClosed } else { Code::FileUnreadable })
            .because(format!("{name} is empty")));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Secret::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::FileUnreadable).because(format!("{}: {error}", path.display()))
}

/// A file's bytes, at most `most` of them.
pub(super) fn file(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    bounded(File::open(path).map_err(|error| unreadable(path, &error))?, &path.display().to_string(), most)
}

/// Refuses a command line on which more than one thing is to be read from standard input: the first would take it all.
pub(super) fn one_reader(device: &DeviceArgs, security: &SecurityArgs, own: &[(&str, bool)]) -> Result<(), Failure> {
    let all = [
        ("--qrcode -", device.qrcode.as_deref() == Some("-")),
        ("--pop-stdin", security.pop_stdin),
        ("--sec2-password-stdin", security.sec2_password_stdin),
    ];
    let mut readers = all.iter().chain(own).filter(|(_, reads)| *reads).map(|(name, _)| name);
    match (readers.next(), readers.next()) {
        (Some(one), Some(other)) => Err(Failure::new(Code::UsageConflict)
            .saying(format!("{one} and {other} both read standard input"))
            .hint("give one of them in a file")),
        _ => Ok(()),
    }
}

/// Standard input to its end, at most `most` bytes.
pub(super) fn stdin(most: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    interruptible(move || bounded(io::stdin().lock(), STDIN, most))
}

/// Reads what may never come, or take its time, until Ctrl-C or SIGTERM. A read that is waited for cannot be taken back,
/// so it has a thread of its own, which the end of the program ends.
fn interruptible<T: Send + 'static>(read: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let unexpected = |_| Failure::new(Code::Unexpected).because("reading broke off");
    // Who calls is in the middle of planning, on a runtime that would not look at signals meanwhile.
    let waiting = thread::spawn(move || {
        let failed = |error: io::Error| Failure::new(Code::Unexpected).caused_by(&error);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let outcome = runtime.block_on(async {
            tokio::select! {
                outcome = spawn_blocking(read) => outcome.unwrap_or_else(|error| Err(failed(error.into()))),
                () = interrupted() => Err(Failure::new(Code::Interrupted)),
            }
        });
        runtime.shutdown_background();
        outcome
    });
    waiting.join().map_err(unexpected)?
}

fn bounded(source: impl Read, name: &str, most: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    source
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Code::FileUnreadable).because(format!("{name}: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(Failure::new(Code::FileUnreadable).because(format!("{name} has more than {most} bytes")));
    }
    Ok(bytes)
}

/// Reads `--qrcode`: a payload, a file with one, a picture of one, or `-` for standard input.
pub(super) fn qr_payload(argument: &str) -> Result<Payload, Failure> {
    let text = argument.trim_start();
    let bytes = if text.is_empty() {
        Zeroizing::default()
    } else if argument == "-" {
        stdin(PICTURE_MAX)?
    } else if text.starts_with('{') || text.starts_with("NP:") || text.contains("://") {
        return parse(argument);
    } else {
        picture(argument)?
    };
    if bytes.is_empty() {
        return Err(
            Failure::new(if argument == "-" { Code::InputClosed } else { Code::QrInvalid }).because("it is empty")
        );
    }
    if qr_image::looks_like_image(&bytes) {
        let text = interruptible(move || {
            qr_image::read(&bytes).map_err(|error| Failure::new(Code::QrNoCode).caused_by(&error))
        });
        return parse(&text?);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text),
        Err(_) => Err(Failure::new(Code::QrInvalid).because("it is neither text nor a PNG or JPEG image")),
    }
}

/// What is no file is a mangled payload as often as a mistyped name, and a payload holds the PoP: only what looks like
/// a name is repeated.
fn picture(argument: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const TAKES: &str =
        "--qrcode takes the payload's text, a text or image file that holds it, or - for standard input";
    if argument.contains(['"', '|', ',', '=', '{']) && !Path::new(argument).exists() {
        return Err(Failure::new(Code::FileUnreadable)
            .because("the value of --qrcode is neither a payload nor the name of a file")
            .hint(TAKES));
    }
    file(Path::new(argument), PICTURE_MAX).map_err(|failure| failure.hint(TAKES))
}

fn parse(text: &str) -> Result<Payload, Failure> {
    Payload::parse(text).map_err(|error| {
        let failure = Failure::new(Code::QrInvalid).caused_by(&error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

/// Hex digits, with the usual separators allowed.
pub(super) fn hex_bytes(text: &str, option: &str) -> Result<Vec<u8>, Failure> {
    let separator = |c: &char| matches!(c, ' ' | ':' | '-' | '\t' | '\n' | '\r');
    let digits = Zeroizing::new(text.chars().filter(|c| !separator(c)).collect::<String>());
    hex::decode(digits.as_bytes()).map_err(|error| {
        let why = match error {
            hex::FromHexError::OddLength => "it has an odd number of digits",
            _ => "it has something other than hex digits",
        };
        Failure::new(Code::UsageInvalid).saying(format!("{option} takes hex digits")).because(why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Passphrase;

    fn line(text: &[u8]) -> Result<Passphrase, Failure> {
        first_line(text, "a test")
    }

    #[test]
    fn a_secret_is_the_first_line_without_its_end() {
        for text in ["correct-horse", "correct-horse\n", "correct-horse\r\n", "correct-horse\nmore"] {
            assert_eq!(line(text.as_bytes()).unwrap(), Passphrase::from("correct-horse"), "{text:?}");
        }
        assert_eq!(line(b"\n").unwrap(), Passphrase::from(""));
    }

    #[test]
    fn no_input_and_endless_input_are_errors() {
        assert_eq!(line(b"").unwrap_err().code, Code::FileUnreadable);
        assert_eq!(first_line::<()>(io::empty(), STDIN).unwrap_err().code, Code::InputClosed);
        assert_eq!(first_line::<()>(io::repeat(b'x'), "a test").unwrap_err().code, Code::FileUnreadable);
    }

    #[test]
    fn hex_says_what_is_wrong_with_it() {
        assert_eq!(hex_bytes("de:ad be-ef", "--x").unwrap(), [0xde, 0xad, 0xbe, 0xef]);
        assert!(hex_bytes("abc", "--x").unwrap_err().causes[0].contains("odd"));
        assert!(hex_bytes("zz", "--x").unwrap_err().causes[0].contains("other than hex"));
    }
}
