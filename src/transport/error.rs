//! Why a link failed: the evidence, which the layer above reads by its step, and what the link itself knows of the
//! case. A link classifies its own errors in its own folder; no layer above knows one by name.

use std::error::Error;
use std::{fmt, io};

use super::candidate::{Candidate, CandidateKind};
use crate::code::{Code, Hint};
use crate::failure::Failure;

/// Why an exchange or a connection failed.
#[derive(Debug)]
pub struct TransportError {
    /// What happened, in words that all links share.
    pub evidence: Evidence,
    /// What it is called, where the link knows that whatever the step was.
    pub code: Option<Code>,
    /// What it is called where it is the answer to the first request: the other end does not speak provisioning.
    pub code_at_version: Option<Code>,
    advice: Option<Box<Advice>>,
    own: Option<Box<dyn Error + Send + Sync>>,
}

/// What happened on a link. What it means depends on the session's step.
#[derive(Debug, thiserror::Error)]
pub enum Evidence {
    /// The locator's address is not one of this transport.
    #[error("{address:?} is not an address of this transport: {reason}")]
    BadAddress {
        /// The address as given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing answers there: refused, no route, name not found.
    #[error("cannot connect to {peer}")]
    Unreachable {
        /// The address tried.
        peer: String,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
    /// The device closed the link without an answer. Firmware does this for every request it refuses, so what it
    /// means depends on the request.
    #[error("{peer} closed the connection without an answer")]
    ClosedWithoutAnswer {
        /// The other end.
        peer: String,
    },
    /// The link broke in the middle of a reply.
    #[error("the reply from {peer} broke off after {received} bytes")]
    Truncated {
        /// The other end.
        peer: String,
        /// Bytes that had arrived.
        received: usize,
    },
    /// The device knows no such endpoint.
    #[error("{peer} has no endpoint {endpoint:?}")]
    NoSuchEndpoint {
        /// The other end.
        peer: String,
        /// The endpoint asked for.
        endpoint: String,
    },
    /// What answers does not speak provisioning.
    #[error("{peer} answered, but not as a provisioning device: {evidence}")]
    NotADevice {
        /// The other end.
        peer: String,
        /// What it said, sanitised.
        evidence: String,
    },
    /// No device takes such a request: it is empty, or its endpoint's name cannot be sent. A fault of the caller.
    #[error("the request cannot be sent: {reason}")]
    InvalidRequest {
        /// What is wrong with it.
        reason: String,
    },
    /// The request is longer than the link carries.
    #[error("the request has {length} bytes, the link carries {limit}")]
    RequestTooLong {
        /// Length of the request, in bytes.
        length: usize,
        /// What the link carries, in bytes.
        limit: usize,
    },
    /// The reply is longer than any device sends.
    #[error("the reply from {peer} is longer than {limit} bytes")]
    ReplyTooLong {
        /// The other end.
        peer: String,
        /// The bound, in bytes.
        limit: usize,
    },
    /// It is not clear which one is meant.
    #[error("{} {} could be meant", candidates.len(), match of { CandidateKind::Device => "devices", CandidateKind::Adapter => "adapters" })]
    Several {
        /// What they are.
        of: CandidateKind,
        /// Those, the likeliest first.
        candidates: Vec<Candidate>,
    },
    /// The link broke in another way.
    #[error("the link to {peer} failed")]
    Io {
        /// The other end.
        peer: String,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
    /// The device answered with a refusal that gives no reason. What it means depends on the request.
    #[error("the device refused the request")]
    Refused,
    /// This computer cannot use the link: no port, no adapter, no permission, or another program has it.
    #[error("this computer cannot use the link")]
    Local,
    /// This computer's own part failed: the link does not open, or it is lost.
    #[error("this computer's part of the link failed")]
    SystemFailed,
    /// This computer's own part went away in the middle of an exchange, and is back: the link can be opened again.
    #[error("this computer's part of the link went away and came back")]
    CameBack,
    /// The device does not answer to this link.
    #[error("the device does not answer")]
    NoContact,
    /// The device offers no provisioning.
    #[error("the device offers no provisioning")]
    NotProvisioning,
    /// The reply does not end.
    #[error("the reply does not end")]
    Endless,
    /// The device started anew.
    #[error("the device restarted")]
    Restarted,
    /// The link broke, or the reply was damaged on it.
    #[error("the link broke")]
    Lost,
}

impl From<Evidence> for TransportError {
    fn from(evidence: Evidence) -> Self {
        Self { evidence, code: None, code_at_version: None, advice: None, own: None }
    }
}

impl TransportError {
    /// An error that a link tells in its own words.
    pub(super) fn told_by(own: impl Error + Send + Sync + 'static, evidence: Evidence) -> Self {
        Self { own: Some(Box::new(own)), ..evidence.into() }
    }

    /// With the code that it has whatever the step was.
    pub(super) fn called(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// With the code that it has where it answers the first request.
    pub(super) fn called_at_version(self, code: Code) -> Self {
        Self { code_at_version: Some(code), ..self }
    }

    /// With what the case tells beyond its code.
    pub(super) fn advising(self, advice: Advice) -> Self {
        Self { advice: Some(Box::new(advice)), ..self }
    }

    /// The link's own error, for the link itself.
    pub fn own<E: Error + 'static>(&self) -> Option<&E> {
        self.own.as_ref()?.downcast_ref()
    }

    /// The failure under this code, with its evidence and the link's own advice.
    pub fn failure(&self, code: Code) -> Failure {
        let failure = Failure::new(code);
        let Some(advice) = &self.advice else { return failure.caused_by(self) };
        let failure = if advice.in_other_words { failure } else { failure.caused_by(self) };
        let failure = advice.message.iter().fold(failure, Failure::saying);
        let failure = advice.causes.iter().fold(failure, Failure::because);
        if advice.alone {
            failure.only_hints(advice.hints.clone())
        } else {
            advice.hints.iter().rev().cloned().fold(failure, Failure::hint)
        }
    }

    /// Its code where no session had begun.
    fn code_alone(&self) -> Code {
        self.code.or(self.code_at_version).unwrap_or_else(|| match &self.evidence {
            Evidence::BadAddress { .. } | Evidence::InvalidRequest { .. } | Evidence::RequestTooLong { .. } => {
                Code::UsageInvalid
            }
            Evidence::Local | Evidence::SystemFailed | Evidence::Several { .. } => Code::LinkPermission,
            Evidence::Unreachable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Code::LinkPermission
            }
            Evidence::Unreachable { .. } | Evidence::NoContact => Code::LinkUnreachable,
            Evidence::NotADevice { .. }
            | Evidence::NoSuchEndpoint { .. }
            | Evidence::ReplyTooLong { .. }
            | Evidence::Refused
            | Evidence::NotProvisioning
            | Evidence::Endless => Code::LinkNotADevice,
            Evidence::Restarted => Code::ConsoleRestarted,
            Evidence::ClosedWithoutAnswer { .. }
            | Evidence::Truncated { .. }
            | Evidence::Io { .. }
            | Evidence::CameBack
            | Evidence::Lost => Code::LinkLost,
        })
    }
}

/// A link that could not be used outside of a run.
impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        error.failure(error.code_alone())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.own {
            Some(own) => write!(f, "{own}"),
            None => write!(f, "{}", self.evidence),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.own {
            Some(own) => own.source(),
            None => self.evidence.source(),
        }
    }
}

/// What a link knows of the case at hand beyond its code. Texts of devices and systems in it are sanitised.
#[derive(Debug, Default)]
pub(super) struct Advice {
    message: Option<String>,
    in_other_words: bool,
    causes: Vec<String>,
    hints: Vec<Hint>,
    alone: bool,
}

impl Advice {
    /// In more precise words than the catalogue's title.
    pub(super) fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// With this evidence in place of the error's own words.
    pub(super) fn instead_of_words(mut self, cause: impl Into<String>) -> Self {
        self.in_other_words = true;
        self.because(cause)
    }

    /// With a piece of evidence.
    pub(super) fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// With a hint that comes before the others.
    pub(super) fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hints.insert(0, hint.into());
        self
    }

    /// With these hints alone, where the catalogue's do not fit the case.
    pub(super) fn only_hints(mut self, hints: impl IntoIterator<Item = impl Into<Hint>>) -> Self {
        self.hints = hints.into_iter().map(Into::into).collect();
        self.alone = true;
        self
    }
}
