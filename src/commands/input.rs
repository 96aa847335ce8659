//! What options point to: files, standard input, the QR payload. Read through [`Input`], before the plan is made, and
//! never echoed into an error.

use std::path::Path;

use zeroize::Zeroizing;

use super::args::{DeviceArgs, SecurityArgs};
use crate::code::Code;
use crate::failure::Failure;
use crate::process::input::Input;
use crate::qr_image;
use crate::secret::Secret;
use crate::settings::{Environment, given};
use crate::wire::qr::Payload;

/// Longest secret read from a file or standard input, in bytes.
const SECRET_MAX: usize = 4096;
/// Longest QR payload file or picture, in bytes.
const PICTURE_MAX: usize = 32 * 1024 * 1024;

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
    pub(super) async fn read<P>(
        self,
        environment: Environment<'_>,
        input: &Input,
    ) -> Result<Option<Secret<P>>, Failure> {
        if let Some(path) = self.file {
            let bytes = input.file(path, SECRET_MAX).await?;
            let empty = || Failure::new(Code::FileUnreadable).because(format!("{} is empty", path.display()));
            return first_line(&bytes).ok_or_else(empty).map(Some);
        }
        if self.stdin {
            let bytes = input.standard_input(SECRET_MAX).await?;
            let empty = || Failure::new(Code::InputClosed).because("the standard input is empty");
            return first_line(&bytes).ok_or_else(empty).map(Some);
        }
        let setting = given(self.flag, self.flag_name, self.variable, environment);
        Ok(setting.map(|setting| Secret::new(setting.value.into_bytes())))
    }
}

/// The first line, without its end; nothing where there is not a byte, since a secret was promised.
fn first_line<P>(bytes: &[u8]) -> Option<Secret<P>> {
    let line = bytes.split(|byte| *byte == b'\n').next().filter(|_| !bytes.is_empty())?;
    Some(Secret::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
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

/// Reads `--qrcode`: a payload, a file with one, a picture of one, or `-` for standard input.
pub(super) async fn qr_payload(argument: &str, input: &Input) -> Result<Payload, Failure> {
    let text = argument.trim_start();
    let bytes = if text.is_empty() {
        Zeroizing::default()
    } else if argument == "-" {
        input.standard_input(PICTURE_MAX).await?
    } else if text.starts_with('{') || text.starts_with("NP:") || text.contains("://") {
        return parse(argument);
    } else {
        picture(argument, input).await?
    };
    if bytes.is_empty() {
        return Err(
            Failure::new(if argument == "-" { Code::InputClosed } else { Code::QrInvalid }).because("it is empty")
        );
    }
    if qr_image::looks_like_image(&bytes) {
        let read = move || qr_image::read(&bytes).map_err(|error| Failure::new(Code::QrNoCode).caused_by(&error));
        return parse(&input.wait_for("the picture of --qrcode", read).await?);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text),
        Err(_) => Err(Failure::new(Code::QrInvalid).because("it is neither text nor a PNG or JPEG image")),
    }
}

/// What is no file is a mangled payload as often as a mistyped name, and a payload holds the PoP: only what looks like
/// a name is repeated.
async fn picture(argument: &str, input: &Input) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const TAKES: &str =
        "--qrcode takes the payload's text, a text or image file that holds it, or - for standard input";
    if argument.contains(['"', '|', ',', '=', '{']) && !Path::new(argument).exists() {
        return Err(Failure::new(Code::FileUnreadable)
            .because("the value of --qrcode is neither a payload nor the name of a file")
            .hint(TAKES));
    }
    input.file(Path::new(argument), PICTURE_MAX).await.map_err(|failure| failure.hint(TAKES))
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

    fn line(text: &[u8]) -> Option<Passphrase> {
        first_line(text)
    }

    #[test]
    fn a_secret_is_the_first_line_without_its_end() {
        for text in ["correct-horse", "correct-horse\n", "correct-horse\r\n", "correct-horse\nmore"] {
            assert_eq!(line(text.as_bytes()), Some(Passphrase::from("correct-horse")), "{text:?}");
        }
        assert_eq!(line(b"\n"), Some(Passphrase::from("")));
        assert_eq!(line(b""), None);
    }

    #[tokio::test]
    async fn an_empty_file_is_no_secret() {
        let source = SecretSource {
            flag: None,
            flag_name: "--pop",
            file: Some(Path::new("/dev/null")),
            stdin: false,
            variable: "ESPCTL_POP",
        };
        let input = Input::new(tokio_util::sync::CancellationToken::new(), None);
        if cfg!(unix) {
            let read: Result<Option<Passphrase>, _> = source.read(&|_| None, &input).await;
            assert_eq!(read.unwrap_err().code, Code::FileUnreadable);
        }
    }

    #[test]
    fn hex_says_what_is_wrong_with_it() {
        assert_eq!(hex_bytes("de:ad be-ef", "--x").unwrap(), [0xde, 0xad, 0xbe, 0xef]);
        assert!(hex_bytes("abc", "--x").unwrap_err().causes[0].contains("odd"));
        assert!(hex_bytes("zz", "--x").unwrap_err().causes[0].contains("other than hex"));
    }
}
