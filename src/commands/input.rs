//! What options point to: files, standard input, the QR payload. Read through [`Input`], before the plan is made, and
//! never echoed into an error. Where standard input is a terminal, a secret is asked for there and not shown.

use std::path::Path;

use zeroize::Zeroizing;

use super::args::{DeviceArgs, SecurityArgs};
use crate::code::Code;
use crate::device::AnswerError;
use crate::failure::Failure;
use crate::process::input::{Extent, Input, is_terminal};
use crate::qr_image;
use crate::report::Output;
use crate::report::prompt::{Prompt, PromptError};
use crate::report::terminal::Terminal;
use crate::secret::Secret;
use crate::settings::{Environment, given};
use crate::wire::qr::{Payload, is_code};

/// Longest secret read from a file or standard input, in bytes.
const SECRET_MAX: usize = 4096;
/// Longest QR payload file or picture, in bytes.
const PICTURE_MAX: usize = 32 * 1024 * 1024;

/// Where a secret may come from, in the order it is looked for.
pub(super) struct SecretSource<'a> {
    pub(super) flag: Option<String>,
    pub(super) flag_name: &'static str,
    pub(super) file: Option<&'a Path>,
    pub(super) stdin: Option<Typed>,
    pub(super) variable: &'static str,
}

/// A secret that is on standard input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed {
    /// The option that says so.
    pub(super) option: &'static str,
    /// What it is called where a person has to type it.
    pub(super) question: &'static str,
}

impl SecretSource<'_> {
    /// The secret, if any source has it.
    pub(super) async fn read<P>(
        self,
        environment: Environment<'_>,
        output: Output,
        input: &Input,
    ) -> Result<Option<Secret<P>>, Failure> {
        if let Some(path) = self.file {
            let bytes = input.file(path, Extent::FirstLine, SECRET_MAX).await?;
            let empty = || Failure::new(Code::FileUnreadable).because(format!("{} is empty", path.display()));
            return first_line(&bytes).ok_or_else(empty).map(Some);
        }
        if let Some(typed) = self.stdin {
            let bytes = match typed.answer(output, input).await? {
                Some(answer) => answer,
                None => input.standard_input(Extent::FirstLine, SECRET_MAX).await?,
            };
            return first_line(&bytes).ok_or_else(|| typed.nothing()).map(Some);
        }
        let setting = given(self.flag, self.flag_name, self.variable, environment);
        Ok(setting.map(|setting| Secret::new(setting.value.into_bytes())))
    }
}

impl Typed {
    /// What the person at the terminal types, where standard input is one: without echo.
    ///
    /// # Errors
    /// [`Code::UsageMissing`] where nobody may be asked, [`Code::Interrupted`] and [`Code::InputClosed`].
    async fn answer(self, output: Output, input: &Input) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        if !is_terminal() {
            return Ok(None);
        }
        let Self { option, question } = self;
        if !output.may_ask {
            return Err(Failure::new(Code::UsageMissing)
                .saying(format!("{option} reads standard input, which is a terminal, and prompting is off"))
                .hint(
                    "leave out --no-input and --events and keep standard error at the terminal, or pipe the value in",
                ));
        }
        let Output { plain, ascii, stderr, .. } = output;
        let ask = move || Ok(Terminal::new(plain, ascii, stderr.enabled).secret(question));
        // A signal leaves the cursor behind the question; what follows begins on a line of its own.
        let asked = input.ask(ask).await.inspect_err(|_| output.remark(""))?;
        let answer = asked.map_err(|error| match error {
            PromptError::Interrupted | PromptError::Cancelled => AnswerError::Interrupted.into(),
            _ => Failure::new(Code::InputClosed),
        })?;
        let answer = Zeroizing::new(answer.as_bytes().to_vec());
        if answer.is_empty() {
            return Err(Failure::new(Code::InputClosed).saying("nothing was typed").only_hints([self.advice()]));
        }
        Ok(Some(answer))
    }

    /// The failure where standard input ended at once.
    fn nothing(self) -> Failure {
        Failure::new(Code::InputClosed)
            .saying(format!("{} found nothing on standard input", self.option))
            .because("the standard input is empty")
            .only_hints([self.advice()])
    }

    fn advice(self) -> String {
        format!("pipe one line in, like printf '%s\\n' VALUE | espctl … {}, or type it at a terminal", self.option)
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
pub(super) async fn qr_payload(argument: &str, output: Output, input: &Input) -> Result<Payload, Failure> {
    const TYPED: Typed = Typed { option: "--qrcode -", question: "Text of the QR code" };
    let text = argument.trim_start();
    let bytes = if text.is_empty() {
        Zeroizing::default()
    } else if argument == "-" {
        match TYPED.answer(output, input).await? {
            Some(answer) => answer,
            None => input.standard_input(Extent::Whole, PICTURE_MAX).await?,
        }
    } else if is_code(text) {
        return parse(argument);
    } else {
        picture(argument, input).await?
    };
    if bytes.is_empty() {
        return Err(if argument == "-" {
            TYPED.nothing()
        } else {
            Failure::new(Code::QrInvalid).because("it is empty")
        });
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

/// The file of `--qrcode`. A value that is not a file is a mangled payload as often as a mistyped name, and a payload
/// holds the PoP: only what exists, or can be nothing but a name, is repeated.
async fn picture(argument: &str, input: &Input) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const TAKES: &str =
        "--qrcode takes the payload's text, a text or image file that holds it, or - for standard input";
    if !is_path(argument) && !Path::new(argument).exists() {
        return Err(Failure::new(Code::QrInvalid)
            .because("the value of --qrcode is neither a payload nor the name of a file that exists")
            .hint(TAKES));
    }
    input.file(Path::new(argument), Extent::Whole, PICTURE_MAX).await.map_err(|failure| failure.hint(TAKES))
}

/// Whether a text can only be meant as the name of a file.
fn is_path(text: &str) -> bool {
    const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "txt", "json"];
    if text.contains(['"', '|', ',', '=', '{', '}']) {
        return false;
    }
    let ending = Path::new(text).extension().and_then(|ending| ending.to_str());
    let rooted = ["/", "./", "../", "~/", ".\\", "..\\"].iter().any(|root| text.starts_with(root));
    rooted || ending.is_some_and(|ending| ENDINGS.iter().any(|own| ending.eq_ignore_ascii_case(own)))
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
    use crate::report::capabilities::Wishes;
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
    async fn an_empty_file_holds_no_secret() {
        let source = SecretSource {
            flag: None,
            flag_name: "--pop",
            file: Some(Path::new("/dev/null")),
            stdin: None,
            variable: "ESPCTL_POP",
        };
        let input = Input::new(tokio_util::sync::CancellationToken::new(), None);
        let output = Output::decide(&Wishes::default(), &|_| None);
        if cfg!(unix) {
            let read: Result<Option<Passphrase>, _> = source.read(&|_| None, output, &input).await;
            assert_eq!(read.unwrap_err().code, Code::FileUnreadable);
        }
    }

    #[test]
    fn only_what_can_be_nothing_but_a_path_is_one() {
        for path in ["/no/such/file", "label.png", "./label", "labels/PROV_1.TXT", "../x", "~/label"] {
            assert!(is_path(path), "{path}");
        }
        for payload in ["abcd1234", "name=PROV_1,pop=abcd1234", "/x?data={\"pop\":\"x\"}", "PROV_1|abcd1234|b.txt", ""]
        {
            assert!(!is_path(payload), "{payload}");
        }
    }

    #[test]
    fn hex_says_what_is_wrong_with_it() {
        assert_eq!(hex_bytes("de:ad be-ef", "--x").unwrap(), [0xde, 0xad, 0xbe, 0xef]);
        assert!(hex_bytes("abc", "--x").unwrap_err().causes[0].contains("odd"));
        assert!(hex_bytes("zz", "--x").unwrap_err().causes[0].contains("other than hex"));
    }
}
