//! A session's error as a failure: its code by what it means, its stage, and what the link says of the case.

use super::{Meaning, SessionError, SessionErrorKind, Step};
use crate::code::{Code, Fact};
use crate::endpoint::ReplyError;
use crate::failure::Failure;
use crate::stage::Stage;

/// Where a version document breaks off.
const SAYS_TOO_MUCH: &str =
    "the firmware says more of itself than its buffer or the link carries: enlarge the buffer, or shorten what it adds";

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let error = match error {
            SessionError { kind: SessionErrorKind::Dialect { failure, .. }, .. } => return *failure,
            error => error,
        };
        let code = code(&error);
        let mut failure = match &error.kind {
            SessionErrorKind::Transport(link) => link.failure(code),
            SessionErrorKind::Reply(ReplyError::Version(_)) => Self::new(code).caused_by(&error).hint(SAYS_TOO_MUCH),
            _ => Self::new(code).caused_by(&error),
        };
        if let Some(stage) = stage(error.step) {
            failure = failure.at(stage);
        }
        match (error.step, error.security) {
            (Step::Handshake(number), Some(security)) => {
                failure.causes.push(format!("during security {security}, handshake message {number}"));
                if security != 2 {
                    failure = failure.knowing(Fact::OtherThanSecurity2);
                }
            }
            (Step::Request, _) => failure.causes.push(format!("request to {}", crate::text::sanitise(&error.endpoint))),
            _ => {}
        }
        failure
    }
}

fn code(error: &SessionError) -> Code {
    let meaning = error.meaning();
    if let SessionErrorKind::Transport(link) = &error.kind {
        let at_version = link.code_at_version.filter(|_| meaning == Meaning::NotADevice);
        if let Some(code) = link.code.or(at_version) {
            return code;
        }
    }
    match meaning {
        Meaning::Restarted => Code::ConsoleRestarted,
        Meaning::ProofRejected => Code::ProofRejected,
        Meaning::DeviceUnproven => Code::DeviceUnproven,
        Meaning::SchemeRefused => Code::SecurityMismatch,
        Meaning::HandshakeBroken => Code::SecurityBroken,
        Meaning::SessionLost => Code::SessionLost,
        Meaning::Refused => Code::DeviceRefused,
        Meaning::NoEndpoint if matches!(error.step, Step::Handshake(_)) => Code::DeviceNotProvisioning,
        Meaning::NoEndpoint => Code::DeviceNoEndpoint,
        Meaning::BadReply => Code::DeviceBadReply,
        Meaning::NotADevice => Code::LinkNotADevice,
        Meaning::LinkLost => Code::LinkLost,
        Meaning::Invalid => Code::UsageInvalid,
        // Ports, adapters and candidates have codes of their own; what is left is a socket.
        Meaning::Local => Code::LinkPermission,
        Meaning::Unreachable => Code::LinkUnreachable,
        Meaning::TimedOut => match (&error.kind, error.step) {
            (SessionErrorKind::Deadline(elapsed), _) if elapsed.total => Code::DeadlineTotal,
            (_, Step::Connect) => Code::LinkUnreachable,
            _ => Code::DeadlineStep,
        },
    }
}

fn stage(step: Step) -> Option<Stage> {
    match step {
        Step::Connect => Some(Stage::Connect),
        Step::Version => Some(Stage::Identify),
        Step::Handshake(_) => Some(Stage::Secure),
        Step::Request => None,
    }
}
