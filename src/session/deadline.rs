//! How long to wait: each step has its own limit, one budget bounds them all, and time spent waiting for a person
//! does not count.

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

/// The budget of one run; clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    end: Arc<Mutex<Option<Instant>>>,
    total: Option<Duration>,
}

/// A wait that ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// The limit that passed.
    pub limit: Duration,
    /// True where it was the budget of the whole run, not the step's own.
    pub total: bool,
}

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.limit.as_secs_f32();
        if self.total {
            write!(f, "the run's {seconds} s are used up")
        } else {
            write!(f, "no answer within {seconds} s")
        }
    }
}

impl Budget {
    /// A budget that starts now; `None` leaves only the steps' own limits.
    pub fn new(total: Option<Duration>) -> Self {
        let end = total.and_then(|total| Instant::now().checked_add(total));
        Self { end: Arc::new(Mutex::new(end)), total }
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
            return Err(Elapsed { limit, total });
        }
        timeout(wait, future).await.map_err(|_| Elapsed { limit, total })
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
        assert_eq!(step, Err(Elapsed { limit: Duration::from_secs(2), total: false }));
        let total = budget.within(Duration::from_mins(1), never()).await;
        assert_eq!(total, Err(Elapsed { limit: Duration::from_secs(5), total: true }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_that_is_used_up_ends_even_what_takes_no_time() {
        let budget = Budget::new(Some(Duration::from_secs(5)));
        sleep(Duration::from_secs(5)).await;
        let spent = budget.within(Duration::from_secs(2), std::future::ready(())).await;
        assert_eq!(spent, Err(Elapsed { limit: Duration::from_secs(5), total: true }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_has_all_the_time_they_need() {
        let budget = Budget::new(Some(Duration::from_secs(5)));
        budget.paused(sleep(Duration::from_mins(10))).await;
        assert_eq!(budget.left(), Some(Duration::from_secs(5)));
    }
}
