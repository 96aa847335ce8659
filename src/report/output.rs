//! How the program talks: decided once from options, environment and terminals, then only looked at.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::active_lines::above_stderr;
use super::document::{Document, ended_json, failure_in_short, failure_json, failure_text, wrapped};
use super::json;
use super::paint::{Paint, fit};
use crate::code::Code;
use crate::failure::Failure;
use crate::text;

/// The decisions.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // independent switches, each an option or a fact of its own
pub struct Output {
    /// One JSON document on standard output.
    pub json: bool,
    /// Progress as JSON Lines on standard error.
    pub events: bool,
    /// Only warnings and errors on standard error.
    pub quiet: bool,
    /// 0 to 2: exchanges, and their content.
    pub verbose: u8,
    /// Whether questions may be asked.
    pub may_ask: bool,
    /// Questions line by line.
    pub plain: bool,
    /// Standard error is a terminal that can be redrawn.
    pub redraw: bool,
    /// Only ASCII may be written.
    pub ascii: bool,
    /// Columns of standard error, where it is a terminal: longer lines are broken between words.
    pub width: Option<usize>,
    /// Columns of standard output, where it is a terminal.
    pub columns: Option<usize>,
    /// Colour on standard output.
    pub stdout: Paint,
    /// Colour on standard error.
    pub stderr: Paint,
}

impl Output {
    /// Prints a result; what is to be said about it goes to standard error. Returns the exit status.
    pub fn deliver(&self, result: &Result<Document, Failure>) -> u8 {
        let written = match result {
            Ok(document) => self.document(document),
            Err(failure) => self.failure(failure),
        };
        let status = match result {
            Ok(document) => document.exit(),
            Err(failure) => failure.exit() as u8,
        };
        let status = self.status(written, status);
        match result.as_ref().map(|document| self.end_events(document)) {
            // With --json the result is on standard output.
            Ok(Err(_)) if status == 0 && !self.json => Failure::new(Code::OutputFailed).exit() as u8,
            _ => status,
        }
    }

    /// Closes the events of a run that did what it was to do; those of another end with its failure.
    fn end_events(&self, document: &Document) -> io::Result<()> {
        match ended_json(document).filter(|_| self.events) {
            Some(ended) => writeln!(io::stderr(), "{}", json::line(&ended)),
            None => Ok(()),
        }
    }

    /// Says why the program is ended although a write holds its thread: each of standard error and standard output takes
    /// what it can within a moment. Returns the exit status.
    pub fn last_words(self, failure: &Failure) -> u8 {
        const MOMENT: Duration = Duration::from_millis(500);
        let (sender, written) = channel();
        let writers: [fn(Self, &Failure); 2] =
            [|output, failure| output.explain(failure), |output, failure| drop(output.failure_document(failure))];
        for write in writers {
            let (failure, sender) = (failure.clone(), sender.clone());
            let _ = thread::Builder::new().spawn(move || {
                write(self, &failure);
                drop(sender);
            });
        }
        drop(sender);
        // Nothing is sent: it ends early once both have written.
        let _: Result<(), _> = written.recv_timeout(MOMENT);
        failure.exit() as u8
    }

    /// The exit status of a run that ends with `status` if its output could be written.
    pub fn status(&self, written: io::Result<()>, status: u8) -> u8 {
        match written {
            Ok(()) => status,
            // The reader of the output has gone. A script still sees the status; but a document that nobody has read is
            // a result that is lost.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && (status != 0 || !self.json) => status,
            Err(error) => {
                let failure = Failure::new(Code::OutputFailed).because(format!("the standard output: {error}"));
                self.explain(&failure);
                failure.exit() as u8
            }
        }
    }

    /// Prints the result of a command that goes on running. A reader that went away does not stop it.
    ///
    /// # Errors
    /// [`Code::OutputFailed`]: a program that waits for the line would wait for ever.
    pub fn announce(&self, document: &Document) -> Result<(), Failure> {
        match self.document(document) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Code::OutputFailed).because(format!("the standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Prints the program's help or version as it is, where it belongs; the exit status of a run that ends with `status`.
    pub fn help(&self, text: &str, on_stderr: bool, status: u8) -> u8 {
        let written = if on_stderr {
            io::stderr().write_all(text.as_bytes())
        } else {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        };
        self.status(written, status)
    }

    /// Says a line on standard error.
    pub fn remark(&self, line: &str) {
        if !self.quiet {
            above_stderr(|| {
                let _ = writeln!(io::stderr(), "{}", self.fit(line));
            });
        }
    }

    /// Warns on standard error, also where little is to be said: of what a person has to know before harm is done.
    pub fn warn(&self, text: &str) {
        above_stderr(|| {
            let line = format!("warning: {}", text::sanitise(text));
            let line = self.width.map_or_else(|| line.clone(), |width| wrapped(&line, width));
            let _ = writeln!(io::stderr(), "{}", self.fit(&line));
        });
    }

    /// Prints a line of data on standard output, as it is. Device text in it is sanitised.
    ///
    /// # Errors
    /// The operating system's; a reader that went away is one.
    pub fn line(&self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", self.fit(line))?;
        out.flush()
    }

    /// Sanitised text as it may be written.
    pub(super) fn fit<'t>(&self, text: &'t str) -> Cow<'t, str> {
        fit(text, self.ascii)
    }

    /// A failure in words, as it stands on standard error.
    fn failure_text(&self, failure: &Failure) -> String {
        self.laid_out(&failure_text(failure, self.stderr))
    }

    /// A failure without what only matters once it is the last word.
    pub(super) fn failure_in_short(&self, failure: &Failure) -> String {
        self.laid_out(&failure_in_short(failure, self.stderr))
    }

    fn laid_out(&self, text: &str) -> String {
        let text = self.width.map_or_else(|| text.to_owned(), |width| wrapped(text, width));
        self.fit(&text).into_owned()
    }

    fn document(&self, document: &Document) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            if !document.json.is_null() {
                writeln!(out, "{}", json::line(&document.json))?;
            }
        } else if let Some(raw) = &document.raw {
            out.write_all(raw)?;
        } else if !document.text.is_empty() {
            writeln!(out, "{}", self.fit(&document.text))?;
        }
        out.flush()?;
        if let Some(failure) = &document.caveat {
            self.explain(failure);
        }
        Ok(())
    }

    fn failure(&self, failure: &Failure) -> io::Result<()> {
        // Said even where the document cannot be written: it is why the run failed.
        self.explain(failure);
        self.failure_document(failure)
    }

    fn failure_document(&self, failure: &Failure) -> io::Result<()> {
        if self.json {
            let mut out = io::stdout().lock();
            writeln!(out, "{}", json::line(&failure_json(failure)))?;
            out.flush()?;
        }
        Ok(())
    }

    /// A failure on standard error: words, or one JSON line among the events. Where standard error cannot be
    /// written, the status alone remains.
    fn explain(&self, failure: &Failure) {
        let mut err = io::stderr().lock();
        let _ = if self.events {
            writeln!(err, "{}", json::line(&failure_json(failure)))
        } else {
            writeln!(err, "{}", self.failure_text(failure))
        };
    }
}
