//! Progress for people, on standard error: a spinner with elapsed time and deadline on a terminal, one plain line for
//! each finished step elsewhere.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Output;
use super::human;
use super::spinner::Spinner;
use crate::event::{Event, Observer};
use crate::text;

/// Shows events as they come.
pub struct Progress {
    output: Output,
    spinner: Mutex<Option<Spinner>>,
    asking: AtomicBool,
}

impl Progress {
    /// Shows them as `output` says.
    pub fn new(output: Output) -> Self {
        Self { output, spinner: Mutex::new(None), asking: AtomicBool::new(false) }
    }

    /// A question is about to be asked: the spinner goes away.
    pub(super) fn question_begins(&self) {
        *self.spinner() = None;
        self.asking.store(true, Ordering::SeqCst);
    }

    /// The question was answered, or ended by a key.
    pub(super) fn question_ends(&self) {
        self.asking.store(false, Ordering::SeqCst);
    }

    /// The run is over. Where it ended by a signal in the middle of a question, what follows begins on a new line.
    pub fn finish(&self) {
        *self.spinner() = None;
        if self.asking.swap(false, Ordering::SeqCst) {
            let _ = writeln!(std::io::stderr());
        }
    }

    fn spinner(&self) -> MutexGuard<'_, Option<Spinner>> {
        self.spinner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        let write = || {
            // Nobody is left to tell where standard error itself is gone.
            let _ = writeln!(std::io::stderr(), "{}", self.output.fit(line));
        };
        match &*self.spinner() {
            Some(spinner) => spinner.suspend(write),
            None => write(),
        }
    }
}

impl Observer for Progress {
    fn observe(&self, event: &Event) {
        match event {
            Event::Started { stage, deadline } => {
                let mut spinner = self.spinner();
                *spinner = None;
                if self.output.redraw && !self.output.quiet {
                    *spinner = Some(Spinner::start(stage.describe(), *deadline, self.output.ascii));
                }
            }
            Event::Exchange(exchange) if self.output.verbose > 0 => {
                self.say(&human::exchange(exchange, self.output.verbose > 1));
            }
            Event::Board { line } if self.output.verbose > 0 => {
                self.say(&format!("  {} {}", self.output.stderr.dim("board:"), human::board(line)));
            }
            Event::Note { text } => {
                self.say(&format!("{} {}", self.output.stderr.yellow("note:"), text::sanitise(text)))
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
