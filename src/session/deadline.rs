//! How long to wait: each step has its own limit, one budget bounds them all, and time spent waiting for a person
//! does not count.
//!
//! The limit of a step grows while this computer itself is what is slow.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// Limits of single steps; a transport has its own for opening a link.
pub mod limit {
    use std::time::Duration;

    /// A plain request and its reply.
    pub const EXCHANGE: Duration = Duration::from_secs(10);
    /// A handshake message: security 2 takes small chips 1 to 3 s.
    pub const HANDSHAKE: Duration = Duration::from_secs(20);
    /// A whole network scan.
    pub const SCAN: Duration = Duration::from_secs(20);
    /// From "applied" to a verdict on the join.
    pub const JOIN: Duration = Duration::from_mins(1);
    /// How long to try to reach a device again whose link was lost after the credentials were applied.
    pub const RELINK: Duration = Duration::from_secs(8);
}

/// How much of the last seconds something on this computer had to wait for the processor, from 0 to 1.
pub type Load = fn() -> f32;

/// A step's limit is extended this often, each time by as much of it as the computer was busy.
const EXTENSIONS: u32 = 2;
/// A computer that is less busy than this delays nothing that matters.
const BUSY: f32 = 0.2;

/// The budget of one run; clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    end: Arc<Mutex<Option<Instant>>>,
    total: Option<Duration>,
    load: Load,
}

/// A wait that ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// The limit that passed.
    pub limit: Duration,
    /// True where it was the budget of the whole run, not the step's own.
    pub total: bool,
    /// True where the step's own limit was extended, since this computer was busy.
    pub extended: bool,
}

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.limit.as_secs_f32();
        if self.total {
            write!(f, "the run's {seconds} s are used up")
        } else if self.extended {
            write!(f, "no answer within {seconds:.0} s, while this computer was busy")
        } else {
            write!(f, "no answer within {seconds} s")
        }
    }
}

impl Budget {
    /// A budget that starts now; `None` leaves only the steps' own limits.
    pub fn new(total: Option<Duration>) -> Self {
        let end = total.and_then(|total| Instant::now().checked_add(total));
        Self { end: Arc::new(Mutex::new(end)), total, load: || 0.0 }
    }

    /// The same on a computer that is as busy as `load` says.
    #[must_use]
    pub fn under(self, load: Load) -> Self {
        Self { load, ..self }
    }

    /// As [`Budget::within`], but `limit` is extended while this computer is busy: what answers may be waiting for the
    /// same processor.
    ///
    /// # Errors
    /// As [`Budget::within`], with the limit as it was in the end.
    pub async fn patiently<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        let mut future = std::pin::pin!(future);
        let mut elapsed = match self.within(limit, &mut future).await {
            Ok(output) => return Ok(output),
            Err(elapsed) => elapsed,
        };
        for _ in 0..EXTENSIONS {
            let load = (self.load)();
            if elapsed.total || load < BUSY {
                break;
            }
            let more = limit.mul_f32(load.min(1.0));
            elapsed = match self.within(more, &mut future).await {
                Ok(output) => return Ok(output),
                Err(later) if later.total => later,
                Err(_) => Elapsed { limit: elapsed.limit + more, extended: true, total: false },
            };
        }
        Err(elapsed)
    }

    /// Waits for `future`, at most `limit` and at most what is left of the budget.
    ///
    /// # Errors
    /// [`Elapsed`], saying which of the two it was.
    pub async fn within<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        let left = self.left();
        let total = left.is_some_and(|left| left < limit);
        let wait = left.map_or(limit, |left| left.min(limit));
        let limit = if total { self.total.unwrap_or(limit) } else { limit };
        // A future that is ready at once would win against a timer that is due.
        if wait.is_zero() {
            return Err(Elapsed { limit, total, extended: false });
        }
        timeout(wait, future).await.map_err(|_| Elapsed { limit, total, extended: false })
    }

    /// Waits for a person: the time it takes is added to the budget.
    pub async fn paused<F: Future>(&self, future: F) -> F::Output {
        let started = Instant::now();
        let output = future.await;
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        *end = end.and_then(|end| end.checked_add(started.elapsed()));
        output
    }

    /// What is left of the budget.
    pub fn left(&self) -> Option<Duration> {
        let end = *self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.map(|end| end.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn the_nearer_limit_ends_the_wait() {
        let budget = Budget::new(Some(Duration::from_secs(5)));
        let never = std::future::pending::<()>;
        let step = budget.within(Duration::from_secs(2), never()).await;
        assert_eq!(step, Err(Elapsed { limit: Duration::from_secs(2), total: false, extended: false }));
        let total = budget.within(Duration::from_mins(1), never()).await;
        assert_eq!(total, Err(Elapsed { limit: Duration::from_secs(5), total: true, extended: false }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_that_is_used_up_ends_even_what_takes_no_time() {
        let budget = Budget::new(Some(Duration::from_secs(5)));
        sleep(Duration::from_secs(5)).await;
        let spent = budget.within(Duration::from_secs(2), std::future::ready(())).await;
        assert_eq!(spent, Err(Elapsed { limit: Duration::from_secs(5), total: true, extended: false }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_gets_more_time_on_a_busy_computer() {
        let (limit, never) = (Duration::from_secs(10), std::future::pending::<()>);
        let elapsed = |seconds, extended| Err(Elapsed { limit: Duration::from_secs(seconds), total: false, extended });
        let cases: [(Load, u64, bool); 4] =
            [(|| 0.0, 10, false), (|| 0.1, 10, false), (|| 0.5, 20, true), (|| 7.0, 30, true)];
        for (load, seconds, extended) in cases {
            let started = Instant::now();
            assert_eq!(Budget::new(None).under(load).patiently(limit, never()).await, elapsed(seconds, extended));
            assert_eq!(started.elapsed().as_secs(), seconds);
        }
        let busy = Budget::new(Some(Duration::from_secs(15))).under(|| 1.0);
        let ended = busy.patiently(limit, never()).await;
        assert_eq!(ended, Err(Elapsed { limit: Duration::from_secs(15), total: true, extended: false }));
        let late = Budget::new(None).under(|| 1.0).patiently(limit, sleep(Duration::from_secs(18))).await;
        assert_eq!(late, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_has_all_the_time_they_need() {
        let budget = Budget::new(Some(Duration::from_secs(5)));
        budget.paused(sleep(Duration::from_mins(10))).await;
        assert_eq!(budget.left(), Some(Duration::from_secs(5)));
    }
}
