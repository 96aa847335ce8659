//! The one policy for repeating a request: what is repeated, how often, and how long the waits are.

use std::time::Duration;

use backon::ExponentialBuilder;

use super::reply::Reply;
use crate::backend::error::BackendError;

/// The limits of one request. The defaults suit a service on the internet.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest time one try may take, its reply included.
    pub one: Duration,
    /// Longest time all tries and the waits between them may take.
    pub all: Duration,
    /// How often a failed try is repeated.
    pub repeats: u32,
    /// The wait before the second try; each later one is twice as long, and all are drawn at random around that.
    pub first_wait: Duration,
    /// The longest wait. A server that asks for a longer one is not asked again.
    pub longest_wait: Duration,
    /// The longest body of a reply, in bytes.
    pub body: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            one: Duration::from_secs(20),
            all: Duration::from_mins(1),
            repeats: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(15),
            body: 1 << 20,
        }
    }
}

impl Policy {
    /// The waits between tries.
    pub(super) fn waits(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_max_times(self.repeats as usize)
            .with_jitter()
    }

    /// The wait before the next try: what the server asks for, else what comes by itself; `None` ends the tries.
    pub(super) fn wait(&self, attempt: &Attempt, planned: Option<Duration>) -> Option<Duration> {
        let asked = match attempt {
            Attempt::Answered(reply) => reply.retry_after,
            Attempt::Failed { .. } => None,
        };
        match (planned?, asked) {
            (planned, Some(asked)) if asked <= self.longest_wait => Some(planned.max(asked)),
            (_, Some(_)) => None,
            (planned, None) => Some(planned),
        }
    }
}

/// A try that did not lead to success.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The server answered with a status that may be another the next time.
    Answered(Reply),
    /// There was no answer.
    Failed {
        /// Why.
        error: BackendError,
        /// What a repetition needs.
        again: Again,
    },
}

/// Whether a failed try may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing was sent.
    Always,
    /// The server may have acted on it.
    IfRepeatable,
    /// It would fail again.
    Never,
}

impl Attempt {
    /// Whether another try may follow.
    pub(super) fn may_repeat(&self, repeatable: bool) -> bool {
        match self {
            // A server that counts requests has not acted on this one.
            Self::Answered(reply) => reply.status == 429 || repeatable,
            Self::Failed { again, .. } => *again == Again::Always || (*again == Again::IfRepeatable && repeatable),
        }
    }

    /// On what evidence, one line.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Answered(reply) => reply.describe(),
            Self::Failed { error, .. } => error.causes().join(": "),
        }
    }
}

/// Whether a status may be another the next time.
pub(super) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 502 | 503 | 504)
}

/// The wait that a `Retry-After` header asks for. Only its form in seconds is read: the other names a time of day, and
/// then the waits come by themselves.
pub(super) fn retry_after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::http::Auth;
    use crate::code::Code;
    use backon::BackoffBuilder;

    fn answered(status: u16, retry_after: Option<u64>) -> Attempt {
        Attempt::Answered(Reply {
            server: "h".to_owned(),
            status,
            body: Vec::new(),
            elsewhere: None,
            retry_after: retry_after.map(Duration::from_secs),
            auth: Auth::none(),
        })
    }

    #[test]
    fn what_may_have_been_done_is_repeated_only_where_that_is_harmless() {
        let failed = |again| Attempt::Failed { error: BackendError::new(Code::BackendUnreachable), again };
        for (attempt, once, often) in [
            (failed(Again::Always), true, true),
            (failed(Again::IfRepeatable), false, true),
            (failed(Again::Never), false, false),
            (answered(429, None), true, true),
            (answered(503, None), false, true),
        ] {
            assert_eq!((attempt.may_repeat(false), attempt.may_repeat(true)), (once, often), "{attempt:?}");
        }
    }

    #[test]
    fn a_server_is_left_alone_as_long_as_it_asks_within_reason() {
        let policy = Policy::default();
        let second = Some(Duration::from_secs(1));
        assert_eq!(policy.wait(&answered(503, None), second), second);
        assert_eq!(policy.wait(&answered(503, Some(5)), second), Some(Duration::from_secs(5)));
        assert_eq!(policy.wait(&answered(503, Some(0)), second), second);
        assert_eq!(policy.wait(&answered(503, Some(3600)), second), None);
        assert_eq!(policy.wait(&answered(503, Some(5)), None), None);
        assert_eq!(retry_after(Some(" 7 ")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(Some("Wed, 21 Oct 2026 07:28:00 GMT")), None);
        assert_eq!(retry_after(Some("-1")), None);
    }

    #[test]
    fn the_waits_are_few_grow_and_differ() {
        let policy = Policy::default();
        let waits: Vec<_> = policy.waits().build().collect();
        assert_eq!(waits.len(), 3);
        assert!(waits.iter().all(|wait| (policy.first_wait..2 * policy.longest_wait).contains(wait)), "{waits:?}");
        assert!((0..20).any(|_| policy.waits().build().collect::<Vec<_>>() != waits));
    }
}
