//! Progress for people, on standard error: a spinner with elapsed time and deadline on a terminal, one plain line for
//! each finished step elsewhere. In plain mode, where nothing moves, a line now and then says what still runs.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{self, BoxFuture};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::Output;
use super::active_lines::{ActiveLines, Pause, above_stderr};
use super::human;
use super::spinner::Spinner;
use crate::event::{Event, Exchange, Observer};
use crate::failure::Failure;
use crate::stage::Stage;
use crate::text;

/// The longest silence in plain mode; a listener is to hear something every five seconds.
const SILENCE: Duration = Duration::from_secs(4);

/// Shows events as they come.
pub struct Progress {
    output: Output,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Default)]
struct Shown {
    /// The stage that runs, since when, and how long it may take.
    step: Option<(Stage, Instant, Duration)>,
    /// When something was said last; nothing yet where silence is not counted.
    said: Option<Instant>,
    /// Nothing was done with the device since the last answer.
    answered: bool,
    spinner: Option<Spinner>,
    /// While a question is being asked.
    question: Option<Pause>,
    /// The last exchange that was shown, and how often it was repeated since.
    last: Option<(Exchange, u32)>,
}

impl Progress {
    /// Shows them as `output` says.
    pub fn new(output: Output) -> Self {
        Self { output, shown: Arc::default() }
    }

    /// A question is about to be asked: the spinner, and those of other runs, go away. Whether the run worked since the
    /// answer before: what was typed meanwhile was not meant for this question.
    pub(super) fn question_begins(&self) -> bool {
        let mut shown = self.shown();
        shown.spinner = None;
        shown.question = Some(ActiveLines::stderr().pause());
        !shown.answered
    }

    /// The question was answered, or ended by a key.
    pub(super) fn question_ends(&self) {
        let mut shown = self.shown();
        shown.question = None;
        shown.answered = true;
        shown.said = shown.said.map(|_| Instant::now());
    }

    /// Where a signal ended a run in the middle of a question, what follows begins on a new line.
    fn finish(&self) {
        let mut shown = self.shown();
        (shown.spinner, shown.step) = (None, None);
        if shown.question.take().is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an exchange is the one before once more, which is counted and not shown.
    fn repeats(&self, exchange: &Exchange) -> bool {
        let mut shown = self.shown();
        let same = |last: &Exchange| {
            last.endpoint == exchange.endpoint && last.request == exchange.request && last.reply == exchange.reply
        };
        match &mut shown.last {
            Some((last, count)) if exchange.reply.is_ok() && same(last) => {
                *count += 1;
                true
            }
            last => {
                let before = last.replace((exchange.clone(), 0)).map_or(0, |(_, count)| count);
                drop(shown);
                self.say_repeated(before);
                false
            }
        }
    }

    /// Says how often the last exchange was repeated, before anything else is said.
    fn say_repeated(&self, count: u32) {
        match count {
            1 => self.write("    once more with the same reply"),
            2.. => self.write(&format!("    {count} times more with the same reply")),
            _ => {}
        }
    }

    fn say(&self, line: &str) {
        let repeated = self.shown().last.as_mut().map_or(0, |(_, count)| std::mem::take(count));
        self.say_repeated(repeated);
        self.write(line);
    }

    fn write(&self, line: &str) {
        let mut shown = self.shown();
        shown.said = shown.said.map(|_| Instant::now());
        drop(shown);
        write(self.output, line);
    }

    /// From now on, a silence in plain mode is broken.
    fn break_silence(&self) {
        let mut shown = self.shown();
        if self.output.plain
            && !self.output.quiet
            && shown.said.is_none()
            && let Ok(runtime) = Handle::try_current()
        {
            shown.said = Some(Instant::now());
            runtime.spawn(say_what_runs(self.output, Arc::downgrade(&self.shown)));
        }
    }
}

fn write(output: Output, line: &str) {
    above_stderr(|| {
        // Where standard error cannot be written, there is no other place for this.
        let _ = writeln!(std::io::stderr(), "{}", output.fit(line));
    });
}

/// Says what still runs whenever nothing was said for a while, until the run is over. A question is no silence.
async fn say_what_runs(output: Output, shown: Weak<Mutex<Shown>>) {
    let mut wait = SILENCE;
    loop {
        sleep(wait).await;
        let Some(shown) = shown.upgrade() else { return };
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((stage, since, deadline)) = shown.step else { return };
        let silent = shown.said.map_or(SILENCE, |said| said.elapsed());
        wait = SILENCE.saturating_sub(silent);
        if wait.is_zero() {
            wait = SILENCE;
            if shown.question.is_none() {
                shown.said = Some(Instant::now());
                drop(shown);
                let (seconds, most) = (since.elapsed().as_secs(), deadline.as_secs());
                write(output, &format!("still {}: {seconds} s of at most {most} s", stage.describe()));
            }
        }
    }
}

/// Whether the device is being worked with, or looked for.
fn is_work(event: &Event) -> bool {
    matches!(
        event,
        Event::Started { .. }
            | Event::Exchange(_)
            | Event::Looking { .. }
            | Event::Retrying { .. }
            | Event::Join { .. }
    )
}

impl Observer for Progress {
    fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let repeated = self.shown().last.take().map_or(0, |(_, count)| count);
        self.say_repeated(repeated);
        self.finish();
        Box::pin(future::ready(Ok(())))
    }

    fn observe(&self, event: &Event) {
        if is_work(event) {
            self.shown().answered = false;
        }
        match event {
            Event::Started { stage, deadline } => {
                self.break_silence();
                let mut shown = self.shown();
                shown.spinner = None;
                shown.step = Some((*stage, Instant::now(), *deadline));
                if self.output.redraw && !self.output.quiet {
                    let lines = ActiveLines::stderr();
                    shown.spinner = Some(Spinner::start(&lines, stage.describe(), *deadline, self.output.ascii));
                }
            }
            Event::Exchange(exchange) if self.output.verbose > 0 && !self.repeats(exchange) => {
                self.say(&human::exchange(exchange, self.output.verbose > 1));
            }
            // Nobody asked for it; a record of the run has it.
            Event::Skipped { stage: Stage::Associate, .. } if self.output.verbose == 0 => {}
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
