//! Questions on a terminal with keys: the network picker drawn in place, lines edited here, secrets shown as stars.
//!
//! Ctrl-C arrives as a key. In plain mode the terminal itself edits the lines, and Ctrl-C is a signal that ends the run.
//! The cursor is hidden only within a single write, so it is visible whenever the program ends.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use console::Term;
use zeroize::Zeroizing;

use super::keys::{Keys, TerminalKeys};
use super::mode::{RawMode, TypedLines, discard_typed};
use super::paint::fit;
use super::picker::{Action, Entry, Key, PickerState};
use super::picker_view::{Line, Role};
use super::prompt::{self, Choice, Lines, MAX_ANSWER, Plain, Prompt, PromptError};
use crate::text;

/// The terminal the process was started on: stdin and stderr.
#[derive(Debug)]
pub struct Terminal {
    term: Term,
    plain: bool,
    ascii: bool,
    styled: bool,
}

impl Terminal {
    /// `plain` asks by lines and redraws nothing; `ascii` for locales that are not UTF-8; `styled` allows bold, dim
    /// and reverse.
    pub fn new(plain: bool, ascii: bool, styled: bool) -> Self {
        Self { term: Term::stderr(), plain, ascii, styled }
    }

    /// Height and width, as they are now.
    fn size(&self) -> (usize, usize) {
        let (height, width) = self.term.size();
        (height.into(), width.into())
    }

    /// Shows a line that needs no answer. The text is sanitised already.
    ///
    /// # Errors
    /// [`PromptError::Terminal`].
    pub fn show(&mut self, text: &str) -> Result<(), PromptError> {
        Ok(self.term.write_line(&fit(text, self.ascii))?)
    }

    /// Stops the terminal from echoing typed text until the value is dropped: text typed or pasted while a message
    /// about a rejected secret is shown is usually the next secret.
    ///
    /// # Errors
    /// [`PromptError::Terminal`].
    pub fn hide(&self) -> Result<RawMode, PromptError> {
        Ok(RawMode::enter()?)
    }

    /// Throws away what was typed before a question: it was not meant for it.
    pub fn discard_typed(&self) {
        discard_typed();
    }

    /// While this lives, lines are typed as anywhere else, if questions are asked by lines.
    pub(super) fn typed_lines(&self) -> Option<TypedLines> {
        self.plain.then(TypedLines::begin)
    }

    /// Says something and waits for Enter.
    ///
    /// # Errors
    /// [`PromptError`], where Enter does not come.
    pub fn pause(&mut self, words: &str) -> Result<(), PromptError> {
        let words = format!("{} ", prompt::shown(words, self.ascii));
        if self.plain { self.plainly().ask(&words) } else { self.ask(&words) }.map(drop)
    }

    fn plainly(&self) -> Plain<io::StdinLock<'static>, io::Stderr> {
        Plain::new(io::stdin().lock(), io::stderr(), self.ascii)
    }

    fn edit(&self, prompt: &str, echo: Echo) -> Result<Zeroizing<String>, PromptError> {
        let mut keys = TerminalKeys::new(&self.term)?;
        edit_line(&mut keys, &mut io::stderr(), prompt, echo)
    }
}

impl Lines for Terminal {
    fn ask(&mut self, prompt: &str) -> Result<String, PromptError> {
        self.edit(prompt, Echo::Text).map(|line| line.as_str().to_owned())
    }

    fn say(&mut self, line: &str) -> Result<(), PromptError> {
        Ok(self.term.write_line(line)?)
    }
}

impl Prompt for Terminal {
    fn network(&mut self, entries: Vec<Entry>) -> Result<Choice, PromptError> {
        if self.plain {
            return self.plainly().network(entries);
        }
        let mut keys = TerminalKeys::new(&self.term)?;
        let mut screen = Screen { out: io::stderr(), ascii: self.ascii, styled: self.styled, drawn: 0 };
        pick(&mut keys, &mut screen, || self.size(), entries)
    }

    fn text(&mut self, question: &str) -> Result<String, PromptError> {
        if self.plain {
            self.plainly().text(question)
        } else {
            self.ask(&format!("{}: ", prompt::shown(question, self.ascii)))
        }
    }

    /// Hidden in plain mode too, but without stars there.
    fn secret(&mut self, question: &str) -> Result<Zeroizing<String>, PromptError> {
        if !io::stdin().is_terminal() {
            return self.plainly().secret(question);
        }
        let echo = if self.plain { Echo::Nothing } else { Echo::Stars };
        self.edit(&format!("{}: ", prompt::shown(question, self.ascii)), echo)
    }

    fn confirm(&mut self, question: &str, default: bool) -> Result<bool, PromptError> {
        if self.plain {
            return self.plainly().confirm(question, default);
        }
        let question = prompt::shown(question, self.ascii).into_owned();
        prompt::confirm(self, &question, default)
    }
}

/// Where the picker is drawn, over what it drew before.
struct Screen<W> {
    out: W,
    ascii: bool,
    styled: bool,
    /// Lines above the cursor that are the picker's.
    drawn: usize,
}

impl<W: Write> Screen<W> {
    /// Replaces what was drawn by `lines`, in one write: nothing flickers.
    fn draw(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut frame = String::from("\x1b[?25l");
        self.to_top(&mut frame);
        for line in lines {
            let (on, off) = match line.role {
                _ if !self.styled => ("", ""),
                Role::Marked => ("\x1b[7m", "\x1b[0m"),
                Role::Heading => ("\x1b[1m", "\x1b[0m"),
                Role::Help => ("\x1b[2m", "\x1b[0m"),
                Role::Row | Role::Status => ("", ""),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(frame, "{on}{}{off}\x1b[K", line.text);
        }
        frame.push_str("\x1b[J\x1b[?25h");
        self.drawn = lines.len();
        self.out.write_all(frame.as_bytes())?;
        self.out.flush()
    }

    /// Takes the picker away and leaves `line` in its place, if any.
    fn finish(&mut self, line: Option<&str>) -> io::Result<()> {
        let mut frame = String::new();
        self.to_top(&mut frame);
        frame.push_str("\x1b[J");
        if let Some(line) = line {
            let _ = writeln!(frame, "{line}");
        }
        self.drawn = 0;
        self.out.write_all(frame.as_bytes())?;
        self.out.flush()
    }

    fn to_top(&self, frame: &mut String) {
        frame.push('\r');
        if self.drawn > 0 {
            let _ = write!(frame, "\x1b[{}A", self.drawn);
        }
    }
}

/// How often the size of the window is looked at while no key comes.
const LOOK: Duration = Duration::from_millis(100);
/// After this long a digit begins a new number.
const PAUSE: Duration = Duration::from_millis(1500);

/// Runs the picker; it is drawn anew after each key, and where the window's size has changed.
fn pick<W: Write>(
    keys: &mut impl Keys,
    screen: &mut Screen<W>,
    size: impl Fn() -> (usize, usize),
    entries: Vec<Entry>,
) -> Result<Choice, PromptError> {
    let mut picker = PickerState::new(entries);
    let outcome = run(keys, screen, size, &mut picker);
    let chosen = match outcome {
        Ok(Choice::Network(index)) => picker.entries().get(index).map(|entry| format!("Network: {}", entry.ssid)),
        _ => None,
    };
    let chosen = chosen.map(|line| if screen.ascii { text::ascii(&line).into_owned() } else { line });
    // The choice matters more than whether the picker could be cleared.
    let finished = screen.finish(chosen.as_deref());
    let choice = outcome?;
    finished?;
    Ok(choice)
}

fn run<W: Write>(
    keys: &mut impl Keys,
    screen: &mut Screen<W>,
    size: impl Fn() -> (usize, usize),
    picker: &mut PickerState,
) -> Result<Choice, PromptError> {
    loop {
        let (height, width) = size();
        // The last line holds the cursor; a full last column makes some terminals wrap.
        screen.draw(&picker.view(width.saturating_sub(1), height.saturating_sub(1), screen.ascii))?;
        let mut waited = Duration::ZERO;
        let key = loop {
            let key = keys.next_key_within(LOOK)?;
            waited += LOOK;
            if waited == PAUSE {
                picker.end_number();
            }
            if key.is_some() || size() != (height, width) {
                break key;
            }
        };
        let Some(key) = key else { continue };
        match picker.press(key) {
            Action::Continue => {}
            Action::Choose(index) => return Ok(Choice::Network(index)),
            Action::Rescan => return Ok(Choice::Rescan),
            Action::Other => return Ok(Choice::Other),
            Action::Cancel => return Err(PromptError::Cancelled),
        }
    }
}

/// How much of a line is shown while it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    Text,
    Stars,
    Nothing,
}

impl Echo {
    fn of(self, c: char) -> String {
        match self {
            Self::Text => text::sanitise(c.encode_utf8(&mut [0; 4])).into_owned(),
            Self::Stars => "*".to_owned(),
            Self::Nothing => String::new(),
        }
    }
}

/// Reads one line by keys. Backspace takes one character away, Ctrl-U all; the line is left on every way out.
fn edit_line(
    keys: &mut impl Keys,
    out: &mut impl Write,
    prompt: &str,
    echo: Echo,
) -> Result<Zeroizing<String>, PromptError> {
    // Room for the longest answer from the start: growing would leave copies of a secret behind.
    let mut line = Zeroizing::new(String::with_capacity(MAX_ANSWER));
    out.write_all(prompt.as_bytes())?;
    let outcome = loop {
        out.flush()?;
        match keys.next_key() {
            Ok(Key::Enter) => break Ok(()),
            Ok(Key::Backspace) => {
                if let Some(c) = line.pop() {
                    erase(out, echo, c)?;
                }
            }
            Ok(Key::Char('\u{15}')) => {
                while let Some(c) = line.pop() {
                    erase(out, echo, c)?;
                }
            }
            Ok(Key::Char(c)) if !c.is_control() && line.len() + c.len_utf8() <= MAX_ANSWER => {
                line.push(c);
                out.write_all(echo.of(c).as_bytes())?;
            }
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    // Also after Ctrl-C: the next output begins on a new line.
    out.write_all(b"\n")?;
    out.flush()?;
    outcome.map(|()| line)
}

fn erase(out: &mut impl Write, echo: Echo, c: char) -> io::Result<()> {
    out.write_all("\u{8} \u{8}".repeat(text::columns(&echo.of(c))).as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::super::picker::tests::entry;
    use super::*;

    /// Keys handed in beforehand; then the end.
    struct Typed(VecDeque<Key>);

    impl Keys for Typed {
        fn next_key(&mut self) -> Result<Key, PromptError> {
            match self.0.pop_front() {
                Some(Key::Char('\u{3}')) => Err(PromptError::Interrupted),
                Some(key) => Ok(key),
                None => Err(PromptError::Closed),
            }
        }
    }

    fn keys(typed: &str) -> Typed {
        Typed(typed.chars().map(|c| if c == '\n' { Key::Enter } else { Key::Char(c) }).collect())
    }

    fn picked(typed: &str) -> (Result<Choice, PromptError>, String) {
        let mut screen = Screen { out: Vec::new(), ascii: false, styled: true, drawn: 0 };
        let choice = pick(&mut keys(typed), &mut screen, || (24, 80), vec![entry("Home"), entry("Café")]);
        (choice, String::from_utf8(screen.out).expect("text"))
    }

    #[test]
    fn the_picker_draws_over_itself_and_leaves_one_line() {
        let (choice, output) = picked("2\n");
        assert_eq!(choice.expect("a choice"), Choice::Network(1));
        assert!(output.contains("\x1b[7m> 1  Home") && output.contains("\x1b[7m> 2  Café"), "{output:?}");
        assert!(output.ends_with("A\x1b[JNetwork: Café\n"), "{output:?}");
        let up: Vec<_> = output.split("\x1b[?25l\r").map(|frame| frame.matches('\n').count()).collect();
        assert_eq!(up[1], up[2] - 1, "two frames of the same height, then the last line: {output:?}");
    }

    #[test]
    fn every_way_out_clears_the_picker_and_shows_the_cursor() {
        for (typed, closed) in [("0", false), ("o", false), ("\u{3}", false), ("", true)] {
            let (choice, output) = picked(typed);
            assert_eq!(matches!(choice, Err(PromptError::Closed)), closed);
            assert!(output.ends_with("A\x1b[J"), "{output:?}");
            assert_eq!(output.matches("\x1b[?25l").count(), output.matches("\x1b[?25h").count());
        }
        assert!(matches!(picked("\u{3}").0, Err(PromptError::Interrupted)));
    }

    fn edited(typed: Typed, echo: Echo) -> (Result<String, PromptError>, String) {
        let (mut typed, mut output) = (typed, Vec::new());
        let line = edit_line(&mut typed, &mut output, "Passphrase for Home: ", echo);
        (line.map(|line| line.as_str().to_owned()), String::from_utf8(output).expect("text"))
    }

    #[test]
    fn a_secret_is_stars_or_nothing() {
        let (line, output) = edited(keys("correct\n"), Echo::Stars);
        assert_eq!((line.expect("a line").as_str(), output.as_str()), ("correct", "Passphrase for Home: *******\n"));
        let (line, output) = edited(keys("correct\n"), Echo::Nothing);
        assert_eq!((line.expect("a line").as_str(), output.as_str()), ("correct", "Passphrase for Home: \n"));
    }

    #[test]
    fn a_line_can_be_corrected() {
        let mut typed = keys("x家é\n");
        typed.0.insert(2, Key::Backspace);
        typed.0.insert(2, Key::Up);
        let (line, output) = edited(typed, Echo::Text);
        assert_eq!(line.expect("a line"), "xé");
        let back = "\u{8} \u{8}".repeat(2);
        assert_eq!(output, format!("Passphrase for Home: x家{back}é\n"));
        assert_eq!(edited(keys("wrong\u{15}right\n"), Echo::Stars).0.expect("a line"), "right");
    }

    #[test]
    fn a_line_ends_by_control_c_and_by_the_end_of_input() {
        let (line, output) = edited(keys("abc\u{3}"), Echo::Stars);
        assert!(matches!(line, Err(PromptError::Interrupted)));
        assert!(output.ends_with("***\n"));
        assert!(matches!(edited(keys("abc"), Echo::Stars).0, Err(PromptError::Closed)));
        let (line, _) = edited(keys(&("x".repeat(2 * MAX_ANSWER) + "\n")), Echo::Nothing);
        assert_eq!(line.expect("a line").len(), MAX_ANSWER);
    }
}
