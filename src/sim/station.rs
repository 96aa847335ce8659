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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Started,
    /// Credentials were applied.
    CredentialsReceived,
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
    /// Attempts the firmware was told to make; 0 where it was told nothing and gives up at the first.
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
    /// Every attempt fails with this disconnect reason, for which the protocol has no word.
    Unnamed(u16),
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

/// How the firmware treats failures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manners {
    /// The application resets the state machine itself once joining failed.
    pub(super) resets_itself: bool,
    /// The provisioning manager itself counts attempts, and reports those left.
    pub(super) counts_attempts: bool,
}

/// The machine.
#[derive(Debug, Clone)]
pub(super) struct Station {
    phase: Phase,
    status: Status,
    /// What the radio is doing.
    join: Option<Join>,
    /// The last reason the protocol has a word for. Nothing but another one replaces it, and zero is an authentication
    /// error.
    reason: FailReason,
}

impl Station {
    pub(super) fn new() -> Self {
        Self { phase: Phase::Started, status: Status::Connecting, join: None, reason: FailReason::Auth }
    }

    /// A device that has joined before it booted.
    pub(super) fn connected(link: Link) -> Self {
        Self { phase: Phase::Succeeded, status: Status::Connected(link), ..Self::new() }
    }

    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    /// Whether the firmware listens to Wi-Fi's scan events; elsewhere a scan never ends.
    pub(super) fn hears_scans(&self) -> bool {
        self.phase == Phase::Started
    }

    /// Whether credentials were applied and not reset since.
    pub(super) fn is_applied(&self) -> bool {
        self.phase != Phase::Started
    }

    pub(super) fn is_connected(&self) -> bool {
        self.phase == Phase::Succeeded
    }

    /// When the join under way will have succeeded, if it will.
    pub(super) fn connects_at(&self) -> Option<Duration> {
        let join = self.join.as_ref().filter(|join| matches!(join.outcome, Outcome::Joined(_)))?;
        Some(join.starts + join.each)
    }

    /// When the machine changes next without a request.
    pub(super) fn next_change(&self) -> Option<Duration> {
        let join = self.join.as_ref()?;
        match join.outcome {
            Outcome::Joined(_) => self.connects_at(),
            Outcome::Failed(_) => Some(join.fails_at(join.each)),
            Outcome::Unnamed(_) => Some(join.fails_at(join.each.max(RETRY))),
            Outcome::Never => None,
        }
    }

    /// Starts to join, in the state for it only: not once credentials were received, failure included (5.5).
    pub(super) fn apply(&mut self, join: Join) -> bool {
        let allowed = self.phase == Phase::Started;
        if allowed {
            self.phase = Phase::CredentialsReceived;
            self.status = Status::Connecting;
            self.join = Some(join);
        }
        allowed
    }

    /// Fails without a join: what was applied cannot be used.
    pub(super) fn refuse(&mut self, reason: FailReason, manners: Manners) {
        self.reason = reason;
        self.fail(manners);
    }

    /// Back to the start after a failure. The status keeps reading what it read until the next apply.
    pub(super) fn reset(&mut self, idempotent: bool) -> bool {
        let allowed = match self.phase {
            Phase::Failed => true,
            Phase::Started => idempotent,
            Phase::CredentialsReceived | Phase::Succeeded => false,
        };
        if allowed {
            self.start_over();
        }
        allowed
    }

    /// Leaves the network and starts over, from any state. The status keeps reading what it read until the next apply.
    pub(super) fn start_over(&mut self) {
        self.phase = Phase::Started;
        self.join = None;
    }

    fn fail(&mut self, manners: Manners) {
        self.join = None;
        self.status = Status::Failed(self.reason);
        self.phase = if manners.resets_itself { Phase::Started } else { Phase::Failed };
    }

    /// Moves to `now`; the events of the way there, oldest first.
    pub(super) fn settle(&mut self, now: Duration, manners: Manners) -> Vec<Timed> {
        let mut events = Vec::new();
        let Some(join) = &mut self.join else { return events };
        match join.outcome.clone() {
            Outcome::Joined(link) => {
                let at = join.starts + join.each;
                if at <= now {
                    events.push(Timed { at, event: Event::Connected { ssid: join.network.clone() } });
                    self.status = Status::Connected(link);
                    self.phase = Phase::Succeeded;
                    self.join = None;
                }
            }
            Outcome::Failed(reason) => {
                let attempts = join.attempts.max(1);
                while join.failed < attempts && join.fails_at(join.each) <= now {
                    let at = join.fails_at(join.each);
                    join.failed += 1;
                    events.push(Timed { at, event: Event::JoinFailed { reason, remaining: attempts - join.failed } });
                }
                if join.failed == attempts {
                    self.reason = reason;
                    self.fail(manners);
                } else if join.failed > 0 && manners.counts_attempts {
                    self.status = Status::AttemptFailed { remaining: attempts - join.failed };
                }
            }
            Outcome::Unnamed(reason) => {
                let each = join.each.max(RETRY);
                let last = Some(join.attempts).filter(|attempts| manners.counts_attempts && *attempts > 0);
                while last.is_none_or(|last| join.failed < last) && join.fails_at(each) <= now {
                    let at = join.fails_at(each);
                    join.failed += 1;
                    let gives_up = last == Some(join.failed);
                    let event = if gives_up { Event::JoinGivenUp { reason } } else { Event::JoinRetried { reason } };
                    events.push(Timed { at, event });
                }
                match last {
                    _ if join.failed == 0 => {}
                    Some(last) if join.failed == last => self.fail(manners),
                    Some(last) => self.status = Status::AttemptFailed { remaining: last - join.failed },
                    // A manager that counts attempts, and was given none, has failed and tries again all the same.
                    None if manners.counts_attempts => self.phase = Phase::Failed,
                    None => {}
                }
            }
            Outcome::Never => {}
        }
        events
    }
}

impl Join {
    /// When the attempt under way fails.
    fn fails_at(&self, each: Duration) -> Duration {
        self.starts + each * (self.failed + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const CURRENT: Manners = Manners { resets_itself: false, counts_attempts: true };
    const OLD: Manners = Manners { resets_itself: false, counts_attempts: false };
    const SELF_RESETTING: Manners = Manners { resets_itself: true, counts_attempts: true };

    fn join(attempts: u32, outcome: Outcome) -> Join {
        Join { network: "HomeNet".into(), starts: 1000 * MS, each: 500 * MS, attempts, outcome, failed: 0 }
    }

    #[test]
    fn attempts_count_down() {
        let mut station = Station::new();
        assert!(station.apply(join(3, Outcome::Failed(FailReason::Auth))));
        let mut read = |now: u32| {
            station.settle(now * MS, CURRENT);
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
    fn a_reason_without_a_word_is_tried_again_for_ever_where_no_attempts_are_set() {
        for (manners, takes_a_reset) in [(CURRENT, true), (OLD, false)] {
            let mut station = Station::new();
            station.apply(join(0, Outcome::Unnamed(205)));
            assert!(!station.reset(true), "nothing has failed yet");
            let events = station.settle(3500 * MS, manners);
            assert_eq!(events.len(), 5);
            assert!(events.iter().all(|timed| timed.event == Event::JoinRetried { reason: 205 }));
            assert!(matches!(station.status(), Status::Connecting) && station.next_change() == Some(4000 * MS));
            assert_eq!(station.reset(true), takes_a_reset);
            assert_eq!(station.next_change().is_none(), takes_a_reset, "a reset ends the retrying");
        }
    }

    #[test]
    fn a_reason_without_a_word_reads_as_the_one_before_it() {
        let mut station = Station::new();
        station.apply(join(2, Outcome::Unnamed(205)));
        let events = station.settle(1500 * MS, CURRENT);
        assert_eq!(events, [Timed { at: 1500 * MS, event: Event::JoinRetried { reason: 205 } }]);
        assert!(matches!(station.status(), Status::AttemptFailed { remaining: 1 }));
        let events = station.settle(9000 * MS, CURRENT);
        assert_eq!(events, [Timed { at: 2000 * MS, event: Event::JoinGivenUp { reason: 205 } }]);
        assert!(matches!(station.status(), Status::Failed(FailReason::Auth)), "zero is an authentication error");

        station.reset(true);
        station.apply(join(1, Outcome::Failed(FailReason::NotFound)));
        station.settle(9000 * MS, CURRENT);
        station.reset(true);
        station.apply(join(1, Outcome::Unnamed(205)));
        station.settle(9000 * MS, CURRENT);
        assert!(matches!(station.status(), Status::Failed(FailReason::NotFound)));
    }

    #[test]
    fn a_late_look_sees_all_that_happened() {
        let mut station = Station::new();
        station.apply(join(2, Outcome::Failed(FailReason::NotFound)));
        let events = station.settle(9000 * MS, SELF_RESETTING);
        assert_eq!(events.iter().map(|timed| timed.at).collect::<Vec<_>>(), [1500 * MS, 2000 * MS]);
        assert!(station.hears_scans(), "the application reset itself");
    }
}
