//! What the agent's console reports, as failures.

use super::command::Unsendable;
use super::console::RainMakerConsoleError;
use super::join::Cause;
use crate::code::Code;
use crate::failure::Failure;
use crate::session::deadline::Elapsed;
use crate::session::{Meaning, SessionError, SessionErrorKind, Step};
use crate::wire::wifi_reason::described;

impl From<RainMakerConsoleError> for Failure {
    fn from(error: RainMakerConsoleError) -> Self {
        let code = match error {
            RainMakerConsoleError::Transport(error) => return Self::from(error),
            RainMakerConsoleError::NotAgent { .. } => Code::ConsoleNotRainMaker,
            RainMakerConsoleError::NoAnswer { .. } => Code::DeadlineStep,
            RainMakerConsoleError::Refused { .. } => Code::DeviceRefused,
            RainMakerConsoleError::Unreadable { .. } => Code::DeviceBadReply,
            RainMakerConsoleError::Unsendable(error) => return Self::from(error),
        };
        let failure = Self::new(code).caused_by(&error);
        if code == Code::DeviceRefused {
            failure.hint("restart the board and try again: --reset boot")
        } else {
            failure
        }
    }
}

impl From<Unsendable> for Failure {
    fn from(error: Unsendable) -> Self {
        Self::new(Code::UsageInvalid)
            .saying("the board's console cannot take these values")
            .caused_by(&error)
            .hint("use the transport the firmware was built for")
    }
}

/// The failure of a step that took too long.
pub(super) fn late(elapsed: Elapsed) -> Failure {
    let code = if elapsed.total { Code::DeadlineTotal } else { Code::DeadlineStep };
    Failure::new(code).because(elapsed.to_string())
}

/// The error of a request that a command stood in for.
pub(super) fn of_request(endpoint: &str, meaning: Meaning, failure: Failure) -> SessionError {
    let kind = SessionErrorKind::Dialect { meaning, failure: Box::new(failure) };
    SessionError { step: Step::Request, endpoint: endpoint.to_owned(), security: None, kind }
}

impl RainMakerConsoleError {
    /// What it means for a request.
    pub(super) fn meaning(&self) -> Meaning {
        match self {
            Self::Transport(_) => Meaning::LinkLost,
            Self::NotAgent { .. } => Meaning::NotADevice,
            Self::NoAnswer { .. } => Meaning::TimedOut,
            Self::Refused { .. } => Meaning::Refused,
            Self::Unreadable { .. } => Meaning::BadReply,
            Self::Unsendable(_) => Meaning::Invalid,
        }
    }
}

/// The failure for attempts to join that the board's log calls failed.
pub(super) fn of_join(cause: Cause) -> Failure {
    match cause {
        Cause::Authentication(reason) => {
            let failure = Failure::new(Code::WifiAuthFailed);
            match reason {
                // AUTH_EXPIRE and BEACON_TIMEOUT: some firmware counts them among authentication errors.
                Some(reason @ (2 | 200)) => failure
                    .because(format!("the board logged an authentication error, with disconnect {}", described(reason)))
                    .hint("the access point stopped answering: that is more often the signal than the passphrase"),
                Some(reason) => failure.because(format!("the board logged disconnect {}", described(reason))),
                None => failure.because("the board logged an authentication error"),
            }
        }
        Cause::NotFound(reason) => Failure::new(Code::WifiNotFound).because(match reason {
            Some(reason) => format!("the board logged disconnect {}", described(reason)),
            None => "the board logged that it does not find the network".to_owned(),
        }),
        Cause::Reason(reason) => {
            Failure::new(Code::WifiNotJoined).because(format!("the board logged disconnect {}", described(reason)))
        }
    }
}
