//! A thread that ends the program where its own thread is held: by a reader of standard output or standard error that has
//! stopped, in a write that cannot be taken back.
//!
//! The program's thread shows that it goes on. Only where it no longer does, and a signal has come or the time is up, is
//! the program ended from here; what it holds of devices is then left to the system and to the next run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::code::Code;
use crate::failure::Failure;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// As many looks in a row, not a time: a program that was stopped and goes on is not held.
const HELD: u32 = 20;

/// What the thread looks at; clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Watchdog {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Counts as long as the program's thread goes on.
    ticks: AtomicU64,
    deadline: Mutex<Option<Instant>>,
}

impl Watchdog {
    /// Shows from now on that the thread of this runtime goes on.
    pub(super) fn attend(&self) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            loop {
                shared.ticks.fetch_add(1, Ordering::Relaxed);
                sleep(LOOK).await;
            }
        });
    }

    /// The time is up after `limit` from now on.
    pub(super) fn limit(&self, limit: Duration) {
        let end = Instant::now().checked_add(limit);
        *self.shared.deadline.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    /// Calls `end` with the reason where the thread is held after `interruption` or beyond its time.
    pub(super) fn watch(&self, interruption: CancellationToken, end: impl FnOnce(Failure) + Send + 'static) {
        let shared = self.shared.clone();
        // Without a thread to spare, the program is as it was without one.
        let _ = thread::Builder::new().spawn(move || {
            let (mut seen, mut held) = (0, 0);
            let reason = loop {
                thread::sleep(LOOK);
                let ticks = shared.ticks.load(Ordering::Relaxed);
                let is_late = || {
                    let deadline = *shared.deadline.lock().unwrap_or_else(PoisonError::into_inner);
                    deadline.is_some_and(|deadline| deadline <= Instant::now())
                };
                let code = match () {
                    () if interruption.is_cancelled() => Some(Code::Interrupted),
                    () if is_late() => Some(Code::DeadlineTotal),
                    () => None,
                };
                held = if ticks == seen && code.is_some() { held + 1 } else { 0 };
                seen = ticks;
                if let Some(code) = code.filter(|_| held >= HELD) {
                    break Failure::new(code).because("what reads the standard output or standard error has stopped");
                }
            };
            end(reason);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    #[tokio::test]
    async fn a_thread_that_is_held_is_ended_after_a_signal_and_after_its_time() {
        for signal in [true, false] {
            let (watchdog, interruption) = (Watchdog::default(), CancellationToken::new());
            watchdog.attend();
            let (sender, ended) = channel();
            watchdog.watch(interruption.clone(), move |failure| sender.send(failure.code).unwrap_or_default());
            // Held, but nothing asks for its end.
            assert_eq!(ended.recv_timeout(3 * HELD / 2 * LOOK), Err(RecvTimeoutError::Timeout));
            if signal {
                interruption.cancel();
            } else {
                watchdog.limit(Duration::ZERO);
            }
            let expected = if signal { Code::Interrupted } else { Code::DeadlineTotal };
            assert_eq!(ended.recv_timeout(Duration::from_mins(1)), Ok(expected));
        }
    }
}
