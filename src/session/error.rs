//! What went wrong on a session, and what it means at that step.
//!
//! A device refuses by closing the link without a word, so the evidence is always the same; the step tells a wrong
//! PoP from a wrong scheme from a lost session.

use std::fmt;
use std::io::ErrorKind;

use super::deadline::Elapsed;
use crate::endpoint::ReplyError;
use crate::failure::Failure;
use crate::security::{CipherError, HandshakeError};
use crate::transport::{Evidence, TransportError};
use crate::wire::messages::Status;

/// Where on the session it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Opening the link.
    Connect,
    /// Asking for the version document.
    Version,
    /// A handshake message, counted from 1.
    Handshake(u8),
    /// A request inside the session.
    Request,
}

/// A failure on a session.
#[derive(Debug)]
pub struct SessionError {
    /// Where it happened.
    pub step: Step,
    /// The endpoint, empty while connecting.
    pub endpoint: String,
    /// The security version in use, once chosen.
    pub security: Option<u8>,
    /// What happened.
    pub kind: SessionErrorKind,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum SessionErrorKind {
    /// On the link.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Nothing, for too long.
    #[error("{0}")]
    Deadline(Elapsed),
    /// In the handshake's messages.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// In the encryption.
    #[error(transparent)]
    Cipher(#[from] CipherError),
    /// In the reply.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The session ended earlier and needs a new handshake.
    #[error("the secure session is no longer in step")]
    Broken,
    /// The session was lost, and the device refused the handshake that it had taken before.
    #[error("the secure session was lost and could not be renewed")]
    Evicted(#[source] Box<SessionError>),
    /// An error of a dialect that has no session of its own: it says itself what the error means.
    #[error("{}", failure.causes.first().unwrap_or(&failure.message))]
    Dialect {
        /// What it means.
        meaning: Meaning,
        /// The error as it is reported.
        failure: Box<Failure>,
    },
}

/// What the evidence means at its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The device rejected our proof: wrong PoP, or user name and password.
    ProofRejected,
    /// The device's own proof is wrong: it does not hold the secret it should.
    DeviceUnproven,
    /// The device does not take this security scheme.
    SchemeRefused,
    /// The handshake's messages are wrong in another way.
    HandshakeBroken,
    /// The session was lost: the device no longer knows it, or both sides are out of step.
    SessionLost,
    /// The device understood the request and refused it.
    Refused,
    /// The device has no such endpoint.
    NoEndpoint,
    /// The reply cannot be read.
    BadReply,
    /// The link could not be opened: the device does not answer to it.
    Unreachable,
    /// This computer cannot open the link: no port, no adapter, no permission, another program has it, or it is not
    /// clear which is meant.
    Local,
    /// What answered is not a provisioning device.
    NotADevice,
    /// The link broke.
    LinkLost,
    /// The device started anew.
    Restarted,
    /// Nothing came in time.
    TimedOut,
    /// The caller asked for something that cannot be sent.
    Invalid,
}

impl SessionError {
    /// Whether this computer's part of the link went away and is back: the device had no say in that.
    pub(super) fn came_back(&self) -> bool {
        matches!(&self.kind, SessionErrorKind::Transport(error) if matches!(error.evidence, Evidence::CameBack))
    }

    /// Reads the evidence by its step.
    pub fn meaning(&self) -> Meaning {
        match (&self.kind, self.step) {
            (SessionErrorKind::Transport(error), step) => read_transport(error, step),
            (SessionErrorKind::Dialect { meaning, .. }, _) => *meaning,
            (SessionErrorKind::Deadline(_), _) => Meaning::TimedOut,
            (SessionErrorKind::Handshake(error), _) => read_handshake(error),
            (SessionErrorKind::Cipher(_) | SessionErrorKind::Broken | SessionErrorKind::Evicted(_), _) => {
                Meaning::SessionLost
            }
            (SessionErrorKind::Reply(ReplyError::Refused(_)), _) => Meaning::Refused,
            // Security 1 authenticates nothing: a session out of step shows as garbage.
            (SessionErrorKind::Reply(ReplyError::Malformed), _) if self.security == Some(1) => Meaning::SessionLost,
            (SessionErrorKind::Reply(_), _) => Meaning::BadReply,
        }
    }
}

fn read_transport(error: &TransportError, step: Step) -> Meaning {
    match (&error.evidence, step) {
        (Evidence::BadAddress { .. } | Evidence::RequestTooLong { .. } | Evidence::InvalidRequest { .. }, _) => {
            Meaning::Invalid
        }
        (Evidence::Local | Evidence::Several { .. }, _) | (Evidence::SystemFailed, Step::Connect) => Meaning::Local,
        (Evidence::Unreachable { source, .. }, _) if source.kind() == ErrorKind::PermissionDenied => Meaning::Local,
        (Evidence::Unreachable { .. } | Evidence::NoContact, _) => Meaning::Unreachable,
        (
            Evidence::NoSuchEndpoint { .. } | Evidence::ReplyTooLong { .. } | Evidence::Endless,
            Step::Connect | Step::Version,
        )
        | (Evidence::NotADevice { .. } | Evidence::NotProvisioning, _) => Meaning::NotADevice,
        (Evidence::NoSuchEndpoint { .. }, _) => Meaning::NoEndpoint,
        (Evidence::ReplyTooLong { .. } | Evidence::Endless, Step::Handshake(_)) => Meaning::HandshakeBroken,
        (Evidence::ReplyTooLong { .. } | Evidence::Endless, Step::Request) => Meaning::BadReply,
        (Evidence::ClosedWithoutAnswer { .. }, step) => read_silence(step).unwrap_or(Meaning::LinkLost),
        // A device that refuses the version request is some other firmware's.
        (Evidence::Refused, step) => read_silence(step).unwrap_or(Meaning::NotADevice),
        (Evidence::Restarted, _) => Meaning::Restarted,
        (
            Evidence::Truncated { .. }
            | Evidence::Io { .. }
            | Evidence::Lost
            | Evidence::CameBack
            | Evidence::SystemFailed,
            _,
        ) => Meaning::LinkLost,
    }
}

/// A request that was met with silence.
fn read_silence(step: Step) -> Option<Meaning> {
    match step {
        Step::Connect | Step::Version => None,
        Step::Handshake(1) => Some(Meaning::SchemeRefused),
        Step::Handshake(_) => Some(Meaning::ProofRejected),
        Step::Request => Some(Meaning::SessionLost),
    }
}

fn read_handshake(error: &HandshakeError) -> Meaning {
    match error {
        HandshakeError::ProofMismatch => Meaning::DeviceUnproven,
        HandshakeError::SchemeMismatch { .. } => Meaning::SchemeRefused,
        HandshakeError::Refused { status } if *status == i32::from(Status::InvalidSecScheme) => Meaning::SchemeRefused,
        HandshakeError::Refused { status } if *status == i32::from(Status::CryptoError) => Meaning::ProofRejected,
        HandshakeError::Misuse(_) => Meaning::Invalid,
        _ => Meaning::HandshakeBroken,
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            SessionErrorKind::Transport(error) => std::error::Error::source(error),
            SessionErrorKind::Evicted(error) => Some(&**error),
            _ => None,
        }
    }
}
