//! Typed requests: what can be asked of a device, and what it may answer.
//!
//! A request encodes itself and reads its own reply. Nothing here encrypts, sends or retries.
//!
//! - `scan.rs`: `prov-scan`
//! - `config.rs`: `prov-config`
//! - `control.rs`: `prov-ctrl`
//! - `associate.rs`: `cloud_user_assoc`
//! - `custom.rs`: any other endpoint

pub mod associate;
pub mod config;
pub mod control;
pub mod custom;
pub mod scan;

use zeroize::Zeroizing;

use crate::wire::messages::Status;
use crate::wire::version::VersionError;

/// A request to one endpoint.
pub trait Request {
    /// What a good reply says.
    type Reply;

    /// The endpoint's name, as the firmware registers it.
    fn endpoint(&self) -> &str;

    /// The request's plain bytes; they may hold secrets and are wiped after use.
    fn encode(&self) -> Zeroizing<Vec<u8>>;

    /// Reads the plain reply.
    ///
    /// # Errors
    /// [`ReplyError`] for bytes that do not answer this request, or an answer that refuses it.
    fn decode(&self, reply: &[u8]) -> Result<Self::Reply, ReplyError>;
}

/// What is wrong with a reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The bytes do not decode. Under security 1, which authenticates nothing, this is also what a session that is
    /// out of step looks like.
    #[error("the reply cannot be decoded")]
    Malformed,
    /// A well-formed message that answers another request.
    #[error("the reply does not answer this request")]
    Unexpected,
    /// A reply without a part that it needs. `Connected` is 0 on the wire, so an empty status would read as success
    /// without this check.
    #[error("the reply lacks its {0}")]
    Missing(&'static str),
    /// The version document does not say enough.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The device understood the request and refused it.
    #[error("the device answered {}", status_name(*.0))]
    Refused(i32),
}

/// The firmware's word for a status number.
pub fn status_name(status: i32) -> &'static str {
    match Status::try_from(status) {
        Ok(Status::Success) => "Success",
        Ok(Status::InvalidSecScheme) => "InvalidSecScheme",
        Ok(Status::InvalidProto) => "InvalidProto",
        Ok(Status::TooManySessions) => "TooManySessions",
        Ok(Status::InvalidArgument) => "InvalidArgument",
        Ok(Status::InternalError) => "InternalError",
        Ok(Status::CryptoError) => "CryptoError",
        Ok(Status::InvalidSession) => "InvalidSession",
        Err(_) => "an unknown status",
    }
}

/// The inner or outer status of a reply.
fn accept(status: i32) -> Result<(), ReplyError> {
    if status == i32::from(Status::Success) { Ok(()) } else { Err(ReplyError::Refused(status)) }
}
