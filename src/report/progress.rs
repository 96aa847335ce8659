//! Progress for people, on standard error: a spinner with elapsed time and deadline on a terminal, one plain line for
//! each finished step elsewhere.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Talk;
use super::words;
use crate::event::{Event, Observer};
use crate::text;

/// Shows events as they come.
pub struct Progress {
    talk: Talk,
    spinner: Mutex<Option<ProgressBar>>,
}

impl Progress {
    /// Shows them as `talk` says.
    pub fn new(talk: Talk) -> Self {
        Self { talk, spinner: Mutex::new(None) }
    }

    /// Clears the spinner: a question is about to be asked, or the run is over.
    pub fn pause(&self) {
        if let Some(spinner) = self.spinner.lock().unwrap_or_else(PoisonError::into_inner).take() {
            spinner.finish_and_clear();
        }
    }

    fn spin(&self, what: &str, deadline: Duration) {
        if !self.talk.redraw || self.talk.quiet {
            return;
        }
        self.pause();
        let template = format!("{{spinner}} {{msg}} {{elapsed}} of at most {} s", deadline.as_secs());
        let ticks = if self.talk.ascii { "|/-\\ " } else { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " };
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        spinner.set_style(style.tick_chars(ticks));
        spinner.set_message(what.to_owned());
        spinner.enable_steady_tick(Duration::from_millis(120));
        *self.spinner.lock().unwrap_or_else(PoisonError::into_inner) = Some(spinner);
    }

    fn say(&self, line: &str) {
        let line = if self.talk.ascii { text::ascii(line).into_owned() } else { line.to_owned() };
        let spinner = self.spinner.lock().unwrap_or_else(PoisonError::into_inner);
        let write = || {
            // Nobody is left to tell where standard error itself is gone.
            let _ = writeln!(std::io::stderr(), "{line}");
        };
        match &*spinner {
            Some(spinner) => spinner.suspend(write),
            None => write(),
        }
    }
}

impl Observer for Progress {
    fn observe(&self, event: &Event) {
        match event {
            Event::Started { stage, deadline } => self.spin(stage.describe(), *deadline),
            Event::Exchange(exchange) if self.talk.verbose > 0 => {
                self.say(&words::exchange(exchange, self.talk.verbose > 1));
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

impl Drop for Progress {
    fn drop(&mut self) {
        self.pause();
    }
}
