//! Progress for people, on standard error: a spinner with elapsed time and deadline on a terminal, one plain line for
//! each finished step elsewhere.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Talk;
use super::spinner::Spinner;
use super::words;
use crate::event::{Event, Observer};
use crate::text;

/// Shows events as they come.
pub struct Progress {
    talk: Talk,
    spinner: Mutex<Option<Spinner>>,
    asking: AtomicBool,
}

impl Progress {
    /// Shows them as `talk` says.
    pub fn new(talk: Talk) -> Self {
        Self { talk, spinner: Mutex::new(None), asking: AtomicBool::new(false) }
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
            let _ = writeln!(std::io::stderr(), "{}", self.talk.fit(line));
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
                if self.talk.redraw && !self.talk.quiet {
                    *spinner = Some(Spinner::start(stage.describe(), *deadline, self.talk.ascii));
                }
            }
            Event::Exchange(exchange) if self.talk.verbose > 0 => {
                self.say(&words::exchange(exchange, self.talk.verbose > 1));
            }
            Event::Board { line } if self.talk.verbose > 0 => {
                self.say(&format!("  {} {}", self.talk.stderr.dim("board:"), words::board(line)));
            }
            Event::Note { text } => self.say(&format!("{} {}", self.talk.stderr.yellow("note:"), text::sanitise(text))),
            event if !self.talk.quiet => {
                if let Some(line) = words::line(event) {
                    self.say(&line);
                }
            }
            _ => {}
        }
    }
}
