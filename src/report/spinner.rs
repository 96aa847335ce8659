//! The line that shows a running step: what it is, how long it has taken, and by when it will have ended.
//!
//! It is never as wide as the terminal, so that a `^C` the terminal echoes behind it does not wrap, and it is gone
//! without a trace once the step is over. Steps shorter than a tick show nothing.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use console::Term;

use crate::text;

/// Between two drawings.
const TICK: Duration = Duration::from_millis(120);
/// Columns left free at the right: a `^C`, and the last one, in which some terminals wrap.
const MARGIN: usize = 3;
/// Back to the start of the line, and the line cleared.
const CLEAR: &str = "\r\x1b[K";

/// A running step on standard error; taken away when dropped.
#[derive(Debug)]
pub(super) struct Spinner {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    over: bool,
    drawn: bool,
}

impl Spinner {
    /// Shows `what` until dropped; it is to end within `deadline`.
    pub(super) fn start(what: &'static str, deadline: Duration, ascii: bool) -> Self {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        // A system without a thread to spare has no spinner either.
        let thread = std::thread::Builder::new().spawn(move || own.draw_until_over(what, deadline, ascii)).ok();
        Self { shared, thread }
    }

    /// Runs `write`, which writes whole lines to standard error, with the spinner out of the way.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        let mut state = self.shared.lock();
        state.clear();
        write();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.over = true;
            state.clear();
        }
        self.shared.over.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic; if it did, the line is cleared all the same.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw_until_over(&self, what: &str, deadline: Duration, ascii: bool) {
        let (started, terminal) = (Instant::now(), Term::stderr());
        let mut state = self.lock();
        for tick in 0.. {
            state = self.over.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
            if state.over {
                return;
            }
            let width = usize::from(terminal.size().1);
            let line = line(tick, what, started.elapsed(), deadline, width, ascii);
            // Progress that cannot be shown is not worth an error.
            let _ = io::stderr().write_all(format!("{CLEAR}{line}").as_bytes());
            state.drawn = true;
        }
    }
}

impl State {
    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = io::stderr().write_all(CLEAR.as_bytes());
        }
    }
}

fn line(tick: usize, what: &str, elapsed: Duration, deadline: Duration, width: usize, ascii: bool) -> String {
    let frames = if ascii {
        ["|", "/", "-", "\\"].as_slice()
    } else {
        ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"].as_slice()
    };
    let frame = frames[tick % frames.len()];
    let line = format!("{frame} {what} {} s of at most {} s", elapsed.as_secs(), deadline.as_secs());
    let width = width.saturating_sub(MARGIN);
    if ascii { text::bounded_ascii(&line, width).into_owned() } else { text::bounded(&line, width).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_elapsed_time_and_deadline_and_leaves_room() {
        let line = |width, ascii| line(1, "joining", Duration::from_millis(4100), Duration::from_mins(1), width, ascii);
        assert_eq!(line(80, false), "⠙ joining 4 s of at most 60 s");
        assert_eq!(line(80, true), "/ joining 4 s of at most 60 s");
        for width in 0..40 {
            assert!(text::columns(&line(width, false)) <= width.saturating_sub(MARGIN));
            assert!(line(width, true).is_ascii());
        }
    }
}
