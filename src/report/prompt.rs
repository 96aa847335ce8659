//! Questions to the person at the terminal, and their plain form: a line written, a line read.
//!
//! [`Prompt`] is what commands are handed; [`Plain`] is it over any reader and writer, for `--plain`, dumb terminals,
//! screen readers and tests. The form with keys and redrawing is [`super::terminal`]. Whether to ask at all is decided
//! elsewhere: nothing here looks at the environment.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _, Write};

use zeroize::Zeroizing;

use super::paint::fit;
use super::picker::{Entry, PickerState};
use super::picker_view;
use crate::text;

/// How often a question is asked before invalid answers end it.
pub const TRIES: usize = 5;
/// Longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 4096;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The input ended, by Ctrl-D, a closed pipe or a lost terminal.
    #[error("the input ended before there was an answer")]
    Closed,
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Escape: the user does not want to answer.
    #[error("nothing was chosen")]
    Cancelled,
    /// [`TRIES`] invalid answers.
    #[error("no valid answer after {TRIES} tries")]
    TooManyTries,
    /// An answer that is not UTF-8, or longer than [`MAX_ANSWER`].
    #[error("the answer is not UTF-8 text, or is longer than {MAX_ANSWER} bytes")]
    NotText,
    /// The terminal itself failed.
    #[error("the terminal cannot be read or written")]
    Terminal(#[source] io::Error),
}

impl From<io::Error> for PromptError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::Interrupted => Self::Interrupted,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Terminal(error),
        }
    }
}

/// The answer to "which network".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The entry at this index of those handed in; it is selectable.
    Network(usize),
    /// Scan again.
    Rescan,
    /// One that is not in the list.
    Other,
}

/// Asks a person. Every method blocks until there is an answer, so async code calls it from a blocking thread.
/// Questions are handed in without the colon and may hold text from a device: they are sanitised here.
pub trait Prompt {
    /// Which of these networks.
    fn network(&mut self, entries: Vec<Entry>) -> Result<Choice, PromptError>;
    /// One line of text, as typed; it may be empty.
    fn text(&mut self, question: &str) -> Result<String, PromptError>;
    /// One line that is not shown; it may be empty.
    fn secret(&mut self, question: &str) -> Result<Zeroizing<String>, PromptError>;
    /// Yes or no; an empty line is `default`.
    fn confirm(&mut self, question: &str, default: bool) -> Result<bool, PromptError>;
}

/// The question before a passphrase is read; `ssid` as [`text::ssid`] shows it.
pub fn passphrase_question(ssid: &str) -> String {
    format!("Passphrase for {ssid}")
}

/// Whether a terminal of this kind (the value of TERM) cannot move its cursor. A Windows console has no TERM.
pub fn is_dumb(term: Option<&str>) -> bool {
    term.map_or(cfg!(unix), |term| term.is_empty() || term == "dumb" || term == "unknown")
}

/// Whether questions may be asked: both standard input and standard error are terminals, and `--no-input` is absent.
pub fn may_ask(stdin_is_terminal: bool, stderr_is_terminal: bool, no_input: bool) -> bool {
    stdin_is_terminal && stderr_is_terminal && !no_input
}

/// A way to get a line: what yes-or-no and the plain list are made of.
pub(super) trait Lines {
    /// Writes `prompt` and reads the answer, without its line end.
    fn ask(&mut self, prompt: &str) -> Result<String, PromptError>;
    /// Writes a line.
    fn say(&mut self, line: &str) -> Result<(), PromptError>;
}

/// A question as it may be written.
pub(super) fn shown(question: &str, ascii: bool) -> Cow<'_, str> {
    if ascii { text::ascii(question) } else { text::sanitise(question) }
}

/// Yes or no, by lines; the question is fit to be written.
pub(super) fn confirm(lines: &mut impl Lines, question: &str, default: bool) -> Result<bool, PromptError> {
    let question = format!("{question} [{}]: ", if default { "Y/n" } else { "y/N" });
    for _ in 0..TRIES {
        match lines.ask(&question)?.trim().to_lowercase().as_str() {
            "" => return Ok(default),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => lines.say("Answer y or n")?,
        }
    }
    Err(PromptError::TooManyTries)
}

/// The questions, over any reader and writer. The reader's terminal echoes; [`Plain::secret`] cannot keep it from that.
#[derive(Debug)]
pub struct Plain<R, W> {
    input: R,
    output: W,
    ascii: bool,
}

impl<R: BufRead, W: Write> Plain<R, W> {
    /// Asks on `output`, in ASCII only where `ascii`, and reads from `input`.
    pub fn new(input: R, output: W, ascii: bool) -> Self {
        Self { input, output, ascii }
    }

    fn read_line(&mut self) -> Result<Zeroizing<String>, PromptError> {
        let mut line = Zeroizing::new(Vec::with_capacity(256));
        let limit = u64::try_from(MAX_ANSWER + 2).unwrap_or(u64::MAX);
        if self.input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            // What comes next begins on a line of its own.
            self.write("\n")?;
            return Err(PromptError::Closed);
        }
        let line = std::str::from_utf8(&line).map_err(|_| PromptError::NotText)?;
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.len() > MAX_ANSWER {
            return Err(PromptError::NotText);
        }
        Ok(Zeroizing::new(line.to_owned()))
    }

    fn write(&mut self, text: &str) -> Result<(), PromptError> {
        self.output.write_all(text.as_bytes())?;
        Ok(self.output.flush()?)
    }
}

impl<R: BufRead, W: Write> Lines for Plain<R, W> {
    fn ask(&mut self, prompt: &str) -> Result<String, PromptError> {
        self.write(prompt)?;
        self.read_line().map(|line| line.as_str().to_owned())
    }

    fn say(&mut self, line: &str) -> Result<(), PromptError> {
        let line = fit(line, self.ascii).into_owned();
        self.write(&format!("{line}\n"))
    }
}

impl<R: BufRead, W: Write> Prompt for Plain<R, W> {
    /// The list once, with whole names, then a number, a name, `0` or `r`, or `o`.
    fn network(&mut self, entries: Vec<Entry>) -> Result<Choice, PromptError> {
        let picker = PickerState::new(entries);
        if let Some(message) = picker.message() {
            self.say(message)?;
        } else {
            for line in picker_view::table(picker.entries(), usize::MAX, self.ascii) {
                self.say(&line)?;
            }
        }
        for _ in 0..TRIES {
            let answer = self.ask("Select a network (0 rescans, o other): ")?;
            match (answer.trim(), answer.trim().parse::<usize>()) {
                ("r" | "R", _) | (_, Ok(0)) => return Ok(Choice::Rescan),
                ("o" | "O", _) => return Ok(Choice::Other),
                (typed, number) => match listed(picker.entries(), typed, number.ok()) {
                    Some(index) => match picker.refusal(index) {
                        None => return Ok(Choice::Network(index)),
                        Some(reason) => self.say(&reason)?,
                    },
                    None => self.say("Invalid selection: type a number of the list, a name in it, or o for another")?,
                },
            }
        }
        Err(PromptError::TooManyTries)
    }

    fn text(&mut self, question: &str) -> Result<String, PromptError> {
        self.ask(&format!("{}: ", shown(question, self.ascii)))
    }

    fn secret(&mut self, question: &str) -> Result<Zeroizing<String>, PromptError> {
        self.write(&format!("{}: ", shown(question, self.ascii)))?;
        self.read_line()
    }

    fn confirm(&mut self, question: &str, default: bool) -> Result<bool, PromptError> {
        confirm(self, &shown(question, self.ascii), default)
    }
}

/// Where in the list a number or a name is; capitals matter where more than one name differs by them only.
fn listed(entries: &[Entry], typed: &str, number: Option<usize>) -> Option<usize> {
    if let Some(index) = number.filter(|number| *number <= entries.len()) {
        return index.checked_sub(1);
    }
    if let Some(exact) = entries.iter().position(|entry| entry.ssid == typed) {
        return Some(exact);
    }
    let wanted = typed.to_lowercase();
    let mut alike = (0..entries.len()).filter(|index| entries[*index].ssid.to_lowercase() == wanted);
    alike.next().filter(|_| alike.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::super::picker::tests::entry;
    use super::*;

    /// What `ask` gets from `input`, and what it wrote.
    fn with<T>(input: &[u8], ask: impl FnOnce(&mut dyn Prompt) -> T) -> (T, String) {
        let mut output = Vec::new();
        let answer = ask(&mut Plain::new(input, &mut output, false));
        (answer, String::from_utf8(output).expect("text"))
    }

    fn pick(input: &[u8]) -> (Result<Choice, PromptError>, String) {
        with(input, |prompt| {
            let office = Entry { selectable: false, ..entry("Office") };
            prompt.network(vec![entry("Home"), office, entry("\u{1b}[2J")])
        })
    }

    #[test]
    fn a_network_is_chosen_by_number() {
        let (choice, output) = pick(b"1\n");
        assert_eq!(choice.expect("a choice"), Choice::Network(0));
        assert!(
            output.contains("  1  Home") && output.ends_with("Select a network (0 rescans, o other): "),
            "{output}"
        );
        assert!(!output.contains('\u{1b}'));
        assert_eq!(pick(b" 3 \r\n").0.expect("a choice"), Choice::Network(2));
        assert_eq!(pick(b"1").0.expect("a last line without an end"), Choice::Network(0));
    }

    #[test]
    fn a_network_is_chosen_by_name_and_names_are_whole() {
        let long = "ABCDEFGHIJKLMNOPQRSTUVWXYZ 12345";
        let pick = |input: &[u8]| {
            let mut output = Vec::new();
            let names = ["Home", long, "cafe", "Cafe", "7"];
            let choice = Plain::new(input, &mut output, false).network(names.map(entry).to_vec());
            (choice, String::from_utf8(output).expect("text"))
        };
        let (choice, output) = pick(format!("{long}\n").as_bytes());
        assert_eq!(choice.expect("a choice"), Choice::Network(1));
        assert!(output.contains(long), "{output}");
        for (input, index) in [(&b"home\n"[..], 0), (b"Cafe\n", 3), (b"CAFE\n2\n", 1), (b"7\n", 4), (b"3\n", 2)] {
            assert_eq!(pick(input).0.expect("a choice"), Choice::Network(index), "{input:?}");
        }
    }

    #[test]
    fn rescan_other_and_invalid_selections() {
        for (input, choice) in [
            (&b"0\n"[..], Choice::Rescan),
            (b"r\n", Choice::Rescan),
            (b"O\n", Choice::Other),
            (b"\nx\n4\n-1\n1\n", Choice::Network(0)),
        ] {
            assert_eq!(pick(input).0.expect("a choice"), choice);
        }
        let (choice, output) = pick(b"9\n9\n9\n9\n9\n1\n");
        assert!(matches!(choice, Err(PromptError::TooManyTries)));
        assert_eq!(output.matches("Invalid selection").count(), TRIES);
    }

    #[test]
    fn an_enterprise_network_is_answered_with_the_reason() {
        let (choice, output) = pick(b"2\n1\n");
        assert_eq!(choice.expect("a choice"), Choice::Network(0));
        assert!(output.contains("Office: not possible with this protocol"), "{output}");
    }

    #[test]
    fn an_empty_list_still_asks() {
        let (choice, output) = with(b"1\n0\n", |prompt| prompt.network(Vec::new()));
        assert_eq!(choice.expect("a choice"), Choice::Rescan);
        assert!(output.contains("no networks") && output.contains("Invalid selection"), "{output}");
    }

    #[test]
    fn the_end_of_the_input_ends_the_question() {
        assert!(matches!(pick(b"").0, Err(PromptError::Closed)));
        assert!(matches!(pick(b"9\n").0, Err(PromptError::Closed)));
        assert!(matches!(with(b"", |prompt| prompt.text("SSID")).0, Err(PromptError::Closed)));
        assert!(matches!(with(b"", |prompt| prompt.secret("Passphrase")).0, Err(PromptError::Closed)));
        assert!(matches!(with(b"", |prompt| prompt.confirm("Retry?", true)).0, Err(PromptError::Closed)));
    }

    #[test]
    fn text_keeps_its_spaces_and_must_be_text() {
        let (answer, output) = with(b" my net \n", |prompt| prompt.text("SSID"));
        assert_eq!((answer.expect("text").as_str(), output.as_str()), (" my net ", "SSID: "));
        assert_eq!(with(b"\n", |prompt| prompt.text("SSID")).0.expect("an empty line"), "");
        assert!(matches!(with(b"caf\xe9\n", |prompt| prompt.text("SSID")).0, Err(PromptError::NotText)));
        let long = vec![b'x'; 2 * MAX_ANSWER];
        assert!(matches!(with(&long, |prompt| prompt.text("SSID")).0, Err(PromptError::NotText)));
    }

    #[test]
    fn a_secret_is_asked_for_by_name_and_not_repeated() {
        let question = passphrase_question(&text::ssid(b"ho\x1bme"));
        let (answer, output) = with(b"correct-horse\n", |prompt| prompt.secret(&question));
        assert_eq!(answer.expect("a secret").as_str(), "correct-horse");
        assert_eq!(output, "Passphrase for \"ho\\x1bme\": ");
    }

    #[test]
    fn yes_no_default_and_invalid_answers() {
        for (input, default, answer) in [
            (&b"\n"[..], true, true),
            (b"\n", false, false),
            (b"y\n", false, true),
            (b"YES\n", false, true),
            (b"n\n", true, false),
            (b"what\nno\n", true, false),
        ] {
            assert_eq!(with(input, |prompt| prompt.confirm("Retry?", default)).0.expect("an answer"), answer);
        }
        assert_eq!(with(b"\n", |prompt| prompt.confirm("Retry?", true)).1, "Retry? [Y/n]: ");
        let nonsense = b"x\n".repeat(TRIES);
        assert!(matches!(with(&nonsense, |prompt| prompt.confirm("Retry?", true)).0, Err(PromptError::TooManyTries)));
    }

    #[test]
    fn when_to_ask_and_how() {
        assert!(may_ask(true, true, false) && !may_ask(true, true, true) && !may_ask(false, true, false));
        assert!(!may_ask(true, false, false));
        assert!(is_dumb(Some("dumb")) && is_dumb(Some("")) && !is_dumb(Some("xterm-256color")));
        assert_eq!(is_dumb(None), cfg!(unix));
    }
}
