//! What all calls of one stand-in cloud share: its users, its faults, its clock.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

use super::fault::{FaultKind, Script};
use super::users::{Defect, Users};

/// One cloud.
pub(super) struct State {
    users: Mutex<Users>,
    script: Mutex<Script>,
    skew: i64,
    /// The cloud ends: calls that hang are given up.
    pub(super) ending: CancellationToken,
}

impl State {
    pub(super) fn new(users: Users, script: Script) -> Self {
        let skew = script.clock_skew();
        Self { users: Mutex::new(users), script: Mutex::new(script), skew, ending: CancellationToken::new() }
    }

    /// The users, for one step: never held while something is awaited.
    pub(super) fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an occasion for this fault; whether it strikes.
    pub(super) fn strikes(&self, kind: FaultKind, call: &str) -> bool {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).strikes(kind, call)
    }

    /// What is wrong with tokens that are given out now.
    pub(super) fn defect(&self) -> Defect {
        if self.strikes(FaultKind::ExpiredToken, "") {
            Defect::Expired
        } else if self.strikes(FaultKind::MalformedToken, "") {
            Defect::Malformed
        } else {
            Defect::None
        }
    }

    /// The cloud's own time, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(real.as_secs()).unwrap_or(i64::MAX / 2) + self.skew
    }
}
