//! What options point to: files, standard input, the QR payload. Read through [`Input`], before the plan is made, and
//! never echoed into an error. Where standard input is a terminal, a secret is asked for there and not shown.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::args::{DeviceArgs, SecurityArgs};
use crate::code::Code;
use crate::device::AnswerError;
use crate::failure::Failure;
use crate::process::input::{Extent, Input, STANDARD_INPUT, is_terminal};
use crate::qr_image;
use crate::report::Output;
use crate::report::prompt::{Prompt, PromptError};
use crate::report::terminal::Terminal;
use crate::secret::{self, Secret, possible, unseen_blank};
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
    /// The file of its `-file` option; `-` is standard input.
    pub(super) file: Option<&'a Path>,
    /// Whether its `-stdin` option was given.
    pub(super) stdin: bool,
    /// What it is called where a person has to type it.
    pub(super) question: &'static str,
    pub(super) variable: &'static str,
}

/// What is on standard input.
#[derive(Debug)]
struct Typed {
    /// The option that says so.
    option: String,
    /// What it is called where a person has to type it.
    question: &'static str,
}

impl SecretSource<'_> {
    /// The secret, if any source has it.
    ///
    /// # Errors
    /// Where it cannot be read, or cannot be a secret.
    pub(super) async fn read<P>(
        self,
        environment: Environment<'_>,
        output: Output,
        input: &Input,
    ) -> Result<Option<Secret<P>>, Failure> {
        if let Some(path) = self.file.filter(|path| !is_standard_input(path)) {
            let bytes = input.file(path, Extent::FirstLine, SECRET_MAX).await?;
            let name = path.display().to_string();
            if bytes.is_empty() {
                return Err(Failure::new(Code::FileUnreadable).because(format!("{name} is empty")));
            }
            return first_line(&bytes, self.flag_name, &name, input).map(Some);
        }
        if self.stdin || self.file.is_some() {
            let typed = Typed { option: self.reads(), question: self.question };
            let bytes = match typed.answer(output, input).await? {
                Some(answer) => answer,
                None => input.standard_input(Extent::FirstLine, SECRET_MAX).await?,
            };
            if bytes.is_empty() {
                return Err(typed.nothing());
            }
            return first_line(&bytes, self.flag_name, STANDARD_INPUT, input).map(Some);
        }
        let Some(setting) = given(self.flag, self.flag_name, self.variable, environment) else { return Ok(None) };
        let bytes = Zeroizing::new(setting.value.into_bytes());
        let bytes = possible(&bytes).map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(format!("{} cannot be a secret", setting.origin)).caused_by(&error)
        })?;
        warn_of_blanks(bytes, &setting.origin.to_string(), input);
        Ok(Some(Secret::new(bytes)))
    }

    /// The option that reads standard input.
    fn reads(&self) -> String {
        format!("{}{}", self.flag_name, if self.stdin { "-stdin" } else { "-file -" })
    }
}

/// Whether an option that takes a file means standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The failure where an option that takes `what` to write to was given `-`, which is only ever standard input.
pub(super) fn no_output(option: &str, what: &str) -> Failure {
    Failure::new(Code::UsageInvalid)
        .saying(format!("{option} takes {what} to write to"))
        .because("- stands for standard input, which nothing is written to")
}

/// The secret in the first line of what `source` had, for this option.
fn first_line<P>(bytes: &[u8], option: &str, source: &str, input: &Input) -> Result<Secret<P>, Failure> {
    let line = secret::first_line(bytes).map_err(|error| {
        Failure::new(Code::FileUnreadable)
            .saying(format!("what {source} has for {option} cannot be a secret"))
            .caused_by(&error)
    })?;
    warn_of_blanks(line, &format!("the secret of {source}"), input);
    Ok(Secret::new(line))
}

/// Says what is hard to see. It is kept: a secret may have it.
fn warn_of_blanks(bytes: &[u8], name: &str, input: &Input) {
    if let Some(told) = unseen_blank(bytes) {
        input.warn(format!("{name} {told}, which is kept as a part of it"));
    }
}

impl Typed {
    /// What the person at the terminal types, where standard input is one: without echo.
    ///
    /// # Errors
    /// [`Code::UsageMissing`] where nobody may be asked, [`Code::Interrupted`] and [`Code::InputClosed`].
    async fn answer(&self, output: Output, input: &Input) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        if !is_terminal() {
            return Ok(None);
        }
        let Self { option, question } = self;
        let question = *question;
        if !output.may_ask {
            return Err(Failure::new(Code::UsageMissing)
                .saying(format!("{option} reads standard input, which is a terminal, and prompting is off"))
                .hint(
                    "leave out --no-input and --events and keep standard error at the terminal, or pipe the value in",
                ));
        }
        let Output { plain, ascii, stderr, .. } = output;
        let ask = move || {
            let mut terminal = Terminal::new(plain, ascii, stderr.enabled);
            terminal.discard_typed();
            Ok(terminal.secret(question))
        };
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
    fn nothing(&self) -> Failure {
        Failure::new(Code::InputClosed)
            .saying(format!("{} found nothing on standard input", self.option))
            .because("the standard input is empty")
            .only_hints([self.advice()])
    }

    fn advice(&self) -> String {
        format!("pipe one line in, like printf '%s\\n' VALUE | espctl … {}, or type it at a terminal", self.option)
    }
}

/// Refuses a command line on which more than one thing is to be read from standard input: the first would take it all.
pub(super) fn one_reader(device: &DeviceArgs, security: &SecurityArgs, own: &[(&str, bool)]) -> Result<(), Failure> {
    let in_file = |file: &Option<PathBuf>| file.as_deref().is_some_and(is_standard_input);
    let all = [
        ("--qrcode -", device.qrcode.as_deref() == Some("-")),
        ("--pop-stdin", security.pop_stdin),
        ("--pop-file -", in_file(&security.pop_file)),
        ("--sec2-password-stdin", security.sec2_password_stdin),
        ("--sec2-password-file -", in_file(&security.sec2_password_file)),
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
    let typed = Typed { option: "--qrcode -".to_owned(), question: "Text of the QR code" };
    let text = argument.trim_start();
    let bytes = if text.is_empty() {
        Zeroizing::default()
    } else if argument == "-" {
        match typed.answer(output, input).await? {
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
            typed.nothing()
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
    hex::decode(digits.as_bytes()).map_err(|_| {
        let odd = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let why = if odd { "it has an odd number of digits" } else { "it has something other than hex digits" };
        Failure::new(Code::UsageInvalid).saying(format!("{option} takes hex digits")).because(why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::capabilities::Wishes;
    use crate::secret::{Passphrase, purpose};

    #[test]
    fn a_secret_is_the_first_line_and_its_blanks_are_told() {
        let input = Input::new(tokio_util::sync::CancellationToken::new(), None);
        let line = |text: &[u8]| first_line::<purpose::Passphrase>(text, "--passphrase", "pw.txt", &input);
        assert_eq!(line(b"correct-horse\r\nmore"), Ok(Passphrase::from("correct-horse")));
        assert_eq!(line(b"\n"), Ok(Passphrase::from("")));
        assert!(input.warnings().is_empty());
        assert_eq!(line(b"correct-horse \n"), Ok(Passphrase::from("correct-horse ")));
        assert_eq!(input.warnings(), ["the secret of pw.txt ends with a blank, which is kept as a part of it"]);
        let refused = line(b"correct\0horse").expect_err("no secret");
        assert!(refused.code == Code::FileUnreadable && !format!("{refused:?}").contains("horse"), "{refused:?}");
    }

    #[tokio::test]
    async fn an_empty_file_holds_no_secret() {
        let source = SecretSource {
            flag: None,
            flag_name: "--pop",
            file: Some(Path::new("/dev/null")),
            stdin: false,
            question: "Proof of possession (PoP)",
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
        assert!(hex_bytes("xyz", "--x").unwrap_err().causes[0].contains("other than hex"));
        assert!(hex_bytes("zz", "--x").unwrap_err().causes[0].contains("other than hex"));
    }
}
