//! A failure of a back end or on the way to it: a code of the catalogue, the evidence, hints, and the error below.
//!
//! It is a [`Failure`] that has no stage yet, with its source kept. Texts from elsewhere are sanitised by the place that
//! makes the error, and no secret, path or query of an address is ever in one.

use std::error::Error;
use std::fmt;

use crate::code::Code;
use crate::failure::Failure;
use crate::session::SessionError;

/// What went wrong at a back end.
#[derive(Debug)]
pub struct BackendError {
    failure: Failure,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl BackendError {
    /// An error with the catalogue's own words.
    pub fn new(code: Code) -> Self {
        Failure::new(code).into()
    }

    /// The same in more precise words.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.failure = self.failure.saying(message);
        self
    }

    /// With a piece of evidence.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.failure = self.failure.because(cause);
        self
    }

    /// With the error below. Its words do not become evidence by this: they may repeat what the peer sent.
    #[must_use]
    pub fn over(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What kind of failure it is.
    pub fn code(&self) -> Code {
        self.failure.code
    }

    /// On what evidence, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.failure.causes
    }
}

/// What a device did while it was associated keeps the words of its own layer.
impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        Self { failure, source: None }
    }
}

impl From<SessionError> for BackendError {
    fn from(error: SessionError) -> Self {
        Failure::from(error).into()
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        error.failure
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
