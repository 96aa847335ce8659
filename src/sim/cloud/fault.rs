//! What can go wrong in the stand-in cloud, by name. Names and counting only; what a fault does is in `server.rs` and
//! `login.rs`.
//!
//! A fault is written `NAME[@WHEN][=VALUE]`, like those of a device. Its occasions are the calls it concerns: all, or
//! those of the path that is its value, as `user/nodes`.

use std::str::FromStr;

use super::calls;
use crate::sim::occasion::Occasions;

/// A fault's line in help and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultInfo {
    /// The name it is written by.
    pub name: &'static str,
    /// What its value is, where it takes one: `[CALL]`, `SECONDS`.
    pub value: &'static str,
    /// One line about it.
    pub about: &'static str,
    kind: FaultKind,
}

/// Which fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    TooManyRequests,
    Http500,
    Http503,
    ResetConnection,
    Hang,
    CaptivePortal,
    RefusedToken,
    RefusedRefresh,
    ExpiredToken,
    MalformedToken,
    ClockSkew,
}

const fn row(kind: FaultKind, name: &'static str, value: &'static str, about: &'static str) -> FaultInfo {
    FaultInfo { name, value, about, kind }
}

static ALL: &[FaultInfo] = &[
    row(FaultKind::TooManyRequests, "too-many-requests", "[CALL]", "answers a call with 429 and asks to wait a second"),
    row(FaultKind::Http500, "http-500", "[CALL]", "answers a call with 500"),
    row(FaultKind::Http503, "http-503", "[CALL]", "answers a call with 503 and a page instead of JSON"),
    row(FaultKind::ResetConnection, "reset-connection", "[CALL]", "resets the connection instead of answering a call"),
    row(FaultKind::Hang, "hang", "[CALL]", "never answers a call"),
    row(
        FaultKind::CaptivePortal,
        "captive-portal",
        "[CALL]",
        "answers a call with 200 and the page of a captive portal",
    ),
    row(
        FaultKind::RefusedToken,
        "revoked-token",
        "[CALL]",
        "refuses the token of a call with 401, as one that was revoked",
    ),
    row(FaultKind::RefusedRefresh, "revoked-refresh", "", "refuses to refresh a login, as one that was revoked"),
    row(
        FaultKind::ExpiredToken,
        "expired-token",
        "",
        "gives out, at a login or a refresh, access tokens that have expired",
    ),
    row(
        FaultKind::MalformedToken,
        "malformed-token",
        "",
        "gives out, at a login or a refresh, access tokens that cannot be read",
    ),
    row(
        FaultKind::ClockSkew,
        "clock-skew",
        "SECONDS",
        "has a clock that is wrong by so many seconds, negative ones for a late clock",
    ),
];

/// One scripted fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    occasions: Occasions,
    value: Option<String>,
}

/// Why a text cannot be read as a fault of the cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// An unknown name; the message lists the known ones.
    #[error("unknown fault {0:?} of the cloud; its faults are {names}", names = names())]
    Unknown(String),
    /// The part after the `@` cannot be read.
    #[error("cannot read the occasion {0:?} of a fault: write @3, @2-4 or @3-, counted from 1")]
    Occasion(String),
    /// A value is missing, superfluous or malformed.
    #[error("{name} takes {expected}")]
    Value {
        /// The fault.
        name: &'static str,
        /// What it takes.
        expected: String,
    },
}

impl Fault {
    /// Every fault there is, for help and documentation.
    pub fn all() -> &'static [FaultInfo] {
        ALL
    }

    /// The value as a number of seconds; 0 where it is none.
    fn seconds(&self) -> i64 {
        self.value.as_deref().and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (head, value) = text.split_once('=').map_or((text, None), |(head, value)| (head, Some(value.to_owned())));
        let (name, occasion) = head.split_once('@').map_or((head, None), |(name, when)| (name, Some(when)));
        let info = ALL.iter().find(|info| info.name == name).ok_or_else(|| FaultError::Unknown(name.to_owned()))?;
        let occasions = match occasion {
            Some(when) => Occasions::parse(when).ok_or_else(|| FaultError::Occasion(when.to_owned()))?,
            None => Occasions::ALL,
        };
        // A hundred years either way keep every sum far from its limits.
        let seconds = |text: &str| text.parse::<i64>().is_ok_and(|seconds| seconds.abs() <= 3_153_600_000);
        let (fits, expected) = match (info.value, value.as_deref()) {
            ("", value) => (value.is_none(), "no value".to_owned()),
            ("SECONDS", value) => (value.is_some_and(seconds), "=SECONDS".to_owned()),
            (_, value) => {
                let known = calls::ALL.join(", ");
                (value.is_none_or(|value| calls::ALL.contains(&value)), format!("one of these calls: {known}"))
            }
        };
        if !fits {
            return Err(FaultError::Value { name: info.name, expected });
        }
        Ok(Self { kind: info.kind, occasions, value })
    }
}

fn names() -> String {
    ALL.iter().map(|info| info.name).collect::<Vec<_>>().join(", ")
}

/// The faults of one cloud, and how often each had its occasion.
#[derive(Debug, Default)]
pub(super) struct Script {
    entries: Vec<(Fault, u32)>,
}

impl Script {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self { entries: faults.into_iter().map(|fault| (fault, 0)).collect() }
    }

    /// Counts an occasion for this kind of fault in this call; whether it strikes now.
    pub(super) fn strikes(&mut self, kind: FaultKind, call: &str) -> bool {
        let mut striking = false;
        for (fault, seen) in &mut self.entries {
            if fault.kind == kind && fault.value.as_deref().is_none_or(|only| only == call) {
                *seen = seen.saturating_add(1);
                striking |= fault.occasions.include(*seen);
            }
        }
        striking
    }

    /// By how many seconds the clock is wrong.
    pub(super) fn clock_skew(&self) -> i64 {
        self.entries.iter().map(|(fault, _)| fault).find(|it| it.kind == FaultKind::ClockSkew).map_or(0, Fault::seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        for text in ["hang@0", "hang@x", "hang@3-2"] {
            assert!(matches!(text.parse::<Fault>(), Err(FaultError::Occasion(_))), "{text}");
        }
        for text in
            ["clock-skew", "clock-skew=soon", "clock-skew=9223372036854775807", "hang=nowhere", "expired-token=1"]
        {
            assert!(matches!(text.parse::<Fault>(), Err(FaultError::Value { .. })), "{text}");
        }
        let error = "explode".parse::<Fault>().expect_err("no such fault").to_string();
        assert!(Fault::all().iter().all(|info| error.contains(info.name)), "{error}");
    }

    #[test]
    fn a_fault_concerns_its_call_alone() {
        let mut script = Script::new(vec!["http-500@2=user".parse().expect("a fault")]);
        let mut strikes = |call| script.strikes(FaultKind::Http500, call);
        assert_eq!([strikes("user"), strikes("login2"), strikes("user"), strikes("user")], [false, false, true, false]);
    }
}
