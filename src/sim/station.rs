//! The state machine behind `prov-config`: credentials, the radio that joins, and what its status reads.
//!
//! Time is an argument; [`Station::settle`] moves the machine to a point in time and returns the events up to then.
//! This file decides when a request is allowed; `config.rs` and `thread.rs` make the messages.

use std::time::Duration;

use super::event::{Event, FailReason, Timed};
use crate::wire::messages::{ThreadAttached, WifiConnected};

/// The least time between attempts that repeat without end.
const RETRY: Duration = Duration::from_millis(50);

/// The state of the provisioning service; the names are the firmware's.
#[derive(Debug, Clone)]
enum Phase {
    Started,
    /// Credentials were applied.
    CredentialsReceived(Join),
    Failed,
    Succeeded,
}

/// A join under way.
#[derive(Debug, Clone)]
pub(super) struct Join {
    /// The network's name, printable.
    pub(super) network: String,
    /// When the radio starts.
    pub(super) starts: Duration,
    /// How long one attempt takes.
    pub(super) each: Duration,
    /// Attempts before giving up, at least 1.
    pub(super) attempts: u32,
    /// How it ends.
    pub(super) outcome: Outcome,
    /// Attempts that failed so far.
    pub(super) failed: u32,
}

/// How a join ends.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Joined(Link),
    Failed(FailReason),
    /// Every attempt fails with this disconnect reason, which the protocol cannot express, and another one follows.
    Retries(u16),
    Never,
}

/// Details of a network joined.
#[derive(Debug, Clone)]
pub(super) enum Link {
    Wifi(WifiConnected),
    Thread(ThreadAttached),
}

/// What a status request reads.
#[derive(Debug, Clone)]
pub(super) enum Status {
    /// Also before any apply: the firmware's variable starts as zero.
    Connecting,
    AttemptFailed {
        remaining: u32,
    },
    Failed(FailReason),
    Connected(Link),
}

/// The machine.
#[derive(Debug, Clone)]
pub(super) struct Station {
    phase: Phase,
    status: Status,
}

impl Station {
    pub(super) fn new() -> Self {
        Self { phase: Phase::Started, status: Status::Connecting }
    }

    /// A device that has joined before it booted.
    pub(super) fn connected(link: Link) -> Self {
        Self { phase: Phase::Succeeded, status: Status::Connected(link) }
    }

    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    /// Whether the firmware listens to its own scan events; elsewhere a scan never ends (5.3).
    pub(super) fn can_scan(&self) -> bool {
        matches!(self.phase, Phase::Started)
    }

    /// Whether credentials were applied and not reset since.
    pub(super) fn is_applied(&self) -> bool {
        !matches!(self.phase, Phase::Started)
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Succeeded)
    }

    /// When the join under way will have succeeded, if it will.
    pub(super) fn connects_at(&self) -> Option<Duration> {
        match &self.phase {
            Phase::CredentialsReceived(join) if matches!(join.outcome, Outcome::Joined(_)) => {
                Some(join.starts + join.each)
            }
            _ => None,
        }
    }

    /// When the machine changes next without a request.
    pub(super) fn next_change(&self) -> Option<Duration> {
        let Phase::CredentialsReceived(join) = &self.phase else { return None };
        match join.outcome {
            Outcome::Joined(_) => self.connects_at(),
            Outcome::Failed(_) => Some(join.starts + join.each * (join.failed + 1)),
            Outcome::Retries(_) => Some(join.starts + join.each.max(RETRY) * (join.failed + 1)),
            Outcome::Never => None,
        }
    }

    /// Starts to join, in the state for it only: not once credentials were received, failure included (5.5).
    pub(super) fn apply(&mut self, join: Join) -> bool {
        let allowed = matches!(self.phase, Phase::Started);
        if allowed {
            self.phase = Phase::CredentialsReceived(join);
            self.status = Status::Connecting;
        }
        allowed
    }

    /// Back to the start after a failure. The status keeps reading failed until the next apply.
    pub(super) fn reset(&mut self, idempotent: bool) -> bool {
        let allowed = match self.phase {
            Phase::Failed => true,
            Phase::Started => idempotent,
            Phase::CredentialsReceived(_) | Phase::Succeeded => false,
        };
        if allowed {
            self.phase = Phase::Started;
        }
        allowed
    }

    /// Forgets the network and starts over.
    pub(super) fn reprovision(&mut self) {
        *self = Self::new();
    }

    /// Moves to `now`; the events of the way there, oldest first.
    pub(super) fn settle(&mut self, now: Duration, resets_itself: bool, reports_attempts: bool) -> Vec<Timed> {
        let mut events = Vec::new();
        let Phase::CredentialsReceived(join) = &mut self.phase else { return events };
        match &join.outcome {
            Outcome::Joined(link) => {
                let at = join.starts + join.each;
                if at <= now {
                    events.push(Timed { at, event: Event::Connected { ssid: join.network.clone() } });
                    self.status = Status::Connected(link.clone());
                    self.phase = Phase::Succeeded;
                }
            }
            Outcome::Failed(reason) => {
                let reason = *reason;
                while join.failed < join.attempts && join.starts + join.each * (join.failed + 1) <= now {
                    join.failed += 1;
                    let at = join.starts + join.each * join.failed;
                    let remaining = join.attempts - join.failed;
                    events.push(Timed { at, event: Event::JoinFailed { reason, remaining } });
                }
                if join.failed == join.attempts {
                    self.status = Status::Failed(reason);
                    self.phase = if resets_itself { Phase::Started } else { Phase::Failed };
                } else if join.failed > 0 && reports_attempts {
                    self.status = Status::AttemptFailed { remaining: join.attempts - join.failed };
                }
            }
            Outcome::Retries(reason) => {
                let (reason, each) = (*reason, join.each.max(RETRY));
                while join.starts + each * (join.failed + 1) <= now {
                    join.failed += 1;
                    let at = join.starts + each * join.failed;
                    events.push(Timed { at, event: Event::JoinRetried { reason } });
                }
            }
            Outcome::Never => {}
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn join(attempts: u32, outcome: Outcome) -> Join {
        Join { network: "HomeNet".into(), starts: 1000 * MS, each: 500 * MS, attempts, outcome, failed: 0 }
    }

    #[test]
    fn attempts_count_down() {
        let mut station = Station::new();
        assert!(station.apply(join(3, Outcome::Failed(FailReason::Auth))));
        let mut read = |now: u32| {
            station.settle(now * MS, false, true);
            format!("{:?}", station.status())
        };
        assert_eq!(read(1499), "Connecting");
        assert_eq!(read(1500), "AttemptFailed { remaining: 2 }");
        assert_eq!(read(2000), "AttemptFailed { remaining: 1 }");
        assert_eq!(read(2500), "Failed(Auth)");
        assert!(!station.apply(join(1, Outcome::Never)), "not before a reset");
        assert!(station.reset(false) && !station.reset(false) && station.reset(true));
        assert!(matches!(station.status(), Status::Failed(FailReason::Auth)));
    }

    #[test]
    fn a_reason_without_a_word_is_tried_again_for_ever() {
        let mut station = Station::new();
        station.apply(join(2, Outcome::Retries(205)));
        let events = station.settle(3500 * MS, false, true);
        assert_eq!(events.len(), 5);
        assert!(events.iter().all(|timed| timed.event == Event::JoinRetried { reason: 205 }));
        assert!(matches!(station.status(), Status::Connecting) && station.next_change() == Some(4000 * MS));
    }

    #[test]
    fn a_late_look_sees_all_that_happened() {
        let mut station = Station::new();
        station.apply(join(2, Outcome::Failed(FailReason::NotFound)));
        let events = station.settle(9000 * MS, true, true);
        assert_eq!(events.iter().map(|timed| timed.at).collect::<Vec<_>>(), [1500 * MS, 2000 * MS]);
        assert!(station.can_scan(), "the application reset itself");
    }
}
