//! What a back end answered: a status and a body, read in full.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::auth::Auth;
use super::error_text::error_text;
use crate::backend::error::BackendError;
use crate::code::Code;
use crate::text;

/// An answer, whatever its status: what a status means is for each back end to say.
#[derive(Clone)]
pub struct Reply {
    /// The server that answered, for people.
    pub(super) server: String,
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Scheme, host and port that a redirect leads to.
    pub(super) elsewhere: Option<String>,
    /// How long the server asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// What was sent as proof, to be taken out of the texts that come back.
    pub(super) auth: Auth,
}

impl Reply {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success. Some servers refuse with one.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as it came. Foreign text: not for a terminal.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What the server says went wrong, made fit for a terminal.
    pub fn error_text(&self) -> Option<String> {
        error_text(&self.body).map(|text| self.auth.redact(&text))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Code::BackendBadReply`], without any of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, BackendError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The library's own words may repeat a value.
            let what = if error.is_data() { "JSON, but not with the members expected" } else { "not JSON" };
            let place = format!("line {}, column {}", error.line(), error.column());
            BackendError::new(Code::BackendBadReply).because(format!("{} answered with {what} ({place})", self.server))
        })
    }

    /// The reply, if its status is one of success.
    ///
    /// # Errors
    /// 401 wants a login, 429 and 5xx come from a server that cannot answer now, a redirect leads to where the request
    /// was not meant to go, and every other status refuses for good.
    pub fn accepted(self) -> Result<Self, BackendError> {
        let code = match self.status {
            200..=299 => return Ok(self),
            300..=399 => Code::BackendBadReply,
            401 => Code::BackendLoginNeeded,
            408 | 425 | 429 | 500.. => Code::BackendUnavailable,
            _ => Code::BackendRefused,
        };
        let mut error = BackendError::new(code).because(self.describe());
        if let Some(elsewhere) = &self.elsewhere {
            error = error.because(format!("it leads to {elsewhere}"));
        }
        Err(match self.error_text() {
            Some(text) => error.because(text),
            None => error,
        })
    }

    /// The server and its status, in one line.
    pub(super) fn describe(&self) -> String {
        let reason = reqwest::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
        format!("{} answered {}{reason}", text::sanitise(&self.server), self.status)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.describe(), self.body.len())
    }
}
