//! Progress for people, on standard error: a spinner with elapsed time and deadline on a terminal, one plain line for
//! each finished step elsewhere.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{self, BoxFuture};

use super::Output;
use super::active_lines::{ActiveLines, Pause, above_stderr};
use super::human;
use super::spinner::Spinner;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::text;

/// Shows events as they come.
pub struct Progress {
    output: Output,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    spinner: Option<Spinner>,
    /// While a question is being asked.
    question: Option<Pause>,
}

impl Progress {
    /// Shows them as `output` says.
    pub fn new(output: Output) -> Self {
        Self { output, shown: Mutex::default() }
    }

    /// A question is about to be asked: the spinner, and those of other runs, go away.
    pub(super) fn question_begins(&self) {
        let mut shown = self.shown();
        shown.spinner = None;
        shown.question = Some(ActiveLines::stderr().pause());
    }

    /// The question was answered, or ended by a key.
    pub(super) fn question_ends(&self) {
        self.shown().question = None;
    }

    /// Where a signal ended a run in the middle of a question, what follows begins on a new line.
    fn finish(&self) {
        let mut shown = self.shown();
        shown.spinner = None;
        if shown.question.take().is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        above_stderr(|| {
            // Where standard error cannot be written, there is no other place for this.
            let _ = writeln!(std::io::stderr(), "{}", self.output.fit(line));
        });
    }
}

impl Observer for Progress {
    fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.finish();
        Box::pin(future::ready(Ok(())))
    }

    fn observe(&self, event: &Event) {
        match event {
            Event::Started { stage, deadline } => {
                let mut shown = self.shown();
                shown.spinner = None;
                if self.output.redraw && !self.output.quiet {
                    let lines = ActiveLines::stderr();
                    shown.spinner = Some(Spinner::start(&lines, stage.describe(), *deadline, self.output.ascii));
                }
            }
            Event::Exchange(exchange) if self.output.verbose > 0 => {
                self.say(&human::exchange(exchange, self.output.verbose > 1));
            }
            Event::Board { line } if self.output.verbose > 0 => {
                self.say(&format!("  {} {}", self.output.stderr.dim("board:"), human::board(line)));
            }
            Event::Note { text } => {
                self.say(&format!("{} {}", self.output.stderr.yellow("note:"), text::sanitise(text)));
            }
            Event::Warning { text } => {
                self.say(&format!("{} {}", self.output.stderr.yellow("warning:"), text::sanitise(text)));
            }
            event if !self.output.quiet => {
                if let Some(line) = human::line(event) {
                    self.say(&line);
                }
            }
            _ => {}
        }
    }
}
