//! What the agent's console reports, as failures.

use super::serial;
use crate::code::Code;
use crate::failure::Failure;
use crate::rainmaker_console::{Cause, RainMakerConsoleError, Unsendable};
use crate::session::Meaning;
use crate::transport::TransportError;
use crate::transport::console::ConsoleError;
use crate::wire::wifi_reason::described;

impl From<RainMakerConsoleError> for Failure {
    fn from(error: RainMakerConsoleError) -> Self {
        let failure = Self::new(code(&error)).caused_by(&error);
        match &error {
            RainMakerConsoleError::Transport(error) => serial::advise(failure, error),
            RainMakerConsoleError::Refused { .. } => failure.hint("restart the board and try again: --reset boot"),
            _ => failure,
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

fn code(error: &RainMakerConsoleError) -> Code {
    match error {
        RainMakerConsoleError::Transport(error) => transport_code(error),
        RainMakerConsoleError::NotAgent { .. } => Code::ConsoleNotRainMaker,
        RainMakerConsoleError::NoAnswer { .. } => Code::DeadlineStep,
        RainMakerConsoleError::Refused { .. } => Code::DeviceRefused,
        RainMakerConsoleError::Unreadable { .. } => Code::DeviceBadReply,
        RainMakerConsoleError::Unsendable(_) => Code::UsageInvalid,
    }
}

fn transport_code(error: &TransportError) -> Code {
    match error {
        TransportError::Port(error) => serial::port_code(error),
        TransportError::Console(ConsoleError::Restarted { .. }) => Code::ConsoleRestarted,
        TransportError::Console(error) => serial::console_code(error, Meaning::LinkLost).unwrap_or(Code::LinkLost),
        TransportError::Unreachable { .. } => Code::LinkUnreachable,
        TransportError::BadAddress { .. } => Code::UsageInvalid,
        TransportError::ReplyTooLong { .. } => Code::DeviceBadReply,
        _ => Code::LinkLost,
    }
}

impl Failure {
    /// The failure for attempts to join that the board's log calls failed.
    pub fn of_join(cause: Cause) -> Self {
        match cause {
            Cause::Authentication(reason) => {
                let failure = Self::new(Code::WifiAuthFailed);
                match reason {
                    // AUTH_EXPIRE and BEACON_TIMEOUT: some firmware counts them among authentication errors.
                    Some(reason @ (2 | 200)) => failure
                        .because(format!(
                            "the board logged an authentication error, with disconnect {}",
                            described(reason)
                        ))
                        .hint("the access point stopped answering: that is more often the signal than the passphrase"),
                    Some(reason) => failure.because(format!("the board logged disconnect {}", described(reason))),
                    None => failure.because("the board logged an authentication error"),
                }
            }
            Cause::NotFound(reason) => Self::new(Code::WifiNotFound).because(match reason {
                Some(reason) => format!("the board logged disconnect {}", described(reason)),
                None => "the board logged that it does not find the network".to_owned(),
            }),
            Cause::Reason(reason) => {
                Self::new(Code::WifiNotJoined).because(format!("the board logged disconnect {}", described(reason)))
            }
        }
    }
}
