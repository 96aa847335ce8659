//! What the layers below report, as failures: one match a layer, no words of its own where the catalogue has them.

use super::{ble, serial};
use crate::code::{Code, Fact};
use crate::failure::Failure;
use crate::session::{Meaning, SessionError, SessionErrorKind, Step};
use crate::stage::Stage;
use crate::transport::TransportError;

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        if let SessionErrorKind::Dialect { failure, .. } = error.kind {
            return *failure;
        }
        let mut failure = Self::new(code(&error)).caused_by(&error);
        if let SessionErrorKind::Transport(error) = &error.kind {
            failure = ble::advise(serial::advise(failure, error), error);
        }
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

/// A link that could not be used outside of a run.
impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let error = SessionError { step: Step::Connect, endpoint: String::new(), security: None, kind: error.into() };
        let mut failure = Self::from(error);
        failure.stage = None;
        failure
    }
}

fn code(error: &SessionError) -> Code {
    match &error.kind {
        SessionErrorKind::Transport(TransportError::Port(port)) => return serial::port_code(port),
        SessionErrorKind::Transport(TransportError::Console(console)) => {
            if let Some(code) = serial::console_code(console, error.meaning()) {
                return code;
            }
        }
        SessionErrorKind::Transport(TransportError::Ble(ble)) => {
            if let Some(code) = ble::code(ble, error.meaning()) {
                return code;
            }
        }
        SessionErrorKind::Transport(TransportError::Several { of, .. }) => return ble::several(*of),
        _ => {}
    }
    match error.meaning() {
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
