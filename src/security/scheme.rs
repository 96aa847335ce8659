//! What a security scheme is: its credentials, its handshake in both roles, the cipher it ends in, and how it fails.
//!
//! Below are the few steps that every scheme takes with a session message. No scheme is named here.

use prost::Message;
use rand_core::CryptoRng;

use super::srp6a::Verifier;
use crate::secret::{ProofOfPossession, Sec2Password};
use crate::wire::messages::{self as msg, SessionData};

/// What the client knows. Each scheme takes the part it needs.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Security 1: the PoP. `None` and an empty one both stand for a device without a PoP.
    pub pop: Option<ProofOfPossession>,
    /// Security 2: the user name, UTF-8.
    pub username: String,
    /// Security 2: the password, UTF-8.
    pub password: Option<Sec2Password>,
}

/// What the device knows; the mirror of [`Credentials`].
#[derive(Debug, Clone)]
pub enum DeviceIdentity {
    /// Security 0.
    Open,
    /// Security 1, with its PoP; empty for a device without one.
    Pop(ProofOfPossession),
    /// Security 2, with the stored salt and verifier and the firmware's nonce rule.
    Srp {
        /// Salt and verifier, as stored on the device.
        verifier: Verifier,
        /// Static or counting IV.
        nonce_rule: NonceRule,
    },
}

/// How security 2 derives an IV. The client reads it from the length of the nonce that the device sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceRule {
    /// `sec_patch_ver` 0: one 16-byte IV for every message in both directions.
    Static,
    /// `sec_patch_ver` 1: 8 random bytes and a 32-bit big-endian counter from 1, shared by both directions.
    Counting,
}

/// One security scheme, in both roles.
pub trait Scheme: Sync {
    /// The `sec_ver` number.
    fn version(&self) -> u8;

    /// In how many ways the client may have to read its credentials (security 2's Q1: an inner hash that starts
    /// with a zero byte is hashed in two ways by different generators). Almost always 1.
    fn readings(&self, _credentials: &Credentials) -> usize {
        1
    }

    /// Starts as the client, with the credentials in their `reading`-th form (counted from 0).
    ///
    /// # Errors
    /// [`HandshakeError::Misuse`] where a credential the scheme needs is missing.
    fn initiate(
        &self,
        credentials: &Credentials,
        reading: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Turn, HandshakeError>;

    /// Starts as the device: the handshake returned waits for the client's first message.
    ///
    /// # Errors
    /// [`HandshakeError::Misuse`] where `identity` belongs to another scheme.
    fn respond(&self, identity: &DeviceIdentity, rng: &mut dyn CryptoRng)
    -> Result<Box<dyn Handshake>, HandshakeError>;
}

/// A handshake that waits for the peer's next message.
pub trait Handshake: Send {
    /// Takes the peer's message. On an error the handshake is over; only a new one can succeed.
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError>;
}

/// What one step of a handshake asks for.
pub struct Turn {
    /// Bytes for the session endpoint, if this end speaks next.
    pub send: Option<Vec<u8>>,
    /// What follows once they are sent.
    pub next: Next,
}

/// The state after a step.
pub enum Next {
    /// The peer's next message is due.
    Await(Box<dyn Handshake>),
    /// The session is established.
    Established(Box<dyn Cipher>),
}

/// An established session's encryption. Both directions share its state, so messages must be sealed and opened in
/// the order they travel; after an error the cipher must not be used again by a client.
pub trait Cipher: Send {
    /// Plain to wire bytes.
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, CipherError>;
    /// Wire to plain bytes.
    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, CipherError>;
    /// Whether it seals every message with the same nonce, which shows what two messages have in common.
    fn reuses_nonce(&self) -> bool {
        false
    }
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Await(_) => "Await",
            Self::Established(_) => "Established",
        })
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("send", &self.send.as_ref().map(Vec::len)).field("next", &self.next).finish()
    }
}

/// Why a handshake ended. Each variant says what is wrong: the peer's bytes, the peer's choice, the proof, or the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The bytes cannot be read as a session message.
    #[error("the peer sent bytes that are not a session message")]
    Malformed,
    /// The message belongs to another scheme.
    #[error("the peer answered for security {theirs}, the session speaks security {ours}")]
    SchemeMismatch {
        /// The scheme this handshake speaks.
        ours: u8,
        /// The scheme the message names.
        theirs: i32,
    },
    /// A session message, but not the one that is due here.
    #[error("the peer sent the wrong handshake message where {expected} was due")]
    Unexpected {
        /// The message that was due.
        expected: &'static str,
    },
    /// A field has a length the scheme does not allow.
    #[error("the peer sent {field} of {actual} bytes where {expected} are due")]
    FieldLength {
        /// Which field.
        field: &'static str,
        /// Allowed lengths, for people.
        expected: &'static str,
        /// The length received, in bytes.
        actual: usize,
    },
    /// The peer answered in order, but with a status other than success.
    #[error("the peer refused the handshake with status {status}")]
    Refused {
        /// Number from the `Status` enum.
        status: i32,
    },
    /// A public key that would make the shared secret predictable (A or B ≡ 0 mod N, u = 0, a low-order point).
    #[error("the peer sent an illegal {field}")]
    IllegalKey {
        /// Which key.
        field: &'static str,
    },
    /// The peer's proof is wrong: the two sides do not share the secret.
    #[error("the peer's proof does not match")]
    ProofMismatch,
    /// The caller did not supply what the scheme needs.
    #[error("{0}")]
    Misuse(&'static str),
}

/// Why a message could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The authentication tag is wrong or missing: tampered, out of order, or another nonce rule.
    #[error("the message does not authenticate")]
    Tampered,
    /// The message counter is used up; the session needs a new handshake.
    #[error("the session's message counter is used up")]
    Exhausted,
}

/// Decodes a session message and checks its scheme; the first thing each handshake does with received bytes.
pub(super) fn decode(received: &[u8], ours: u8) -> Result<msg::session_data::Proto, HandshakeError> {
    // Without this, an empty request would decode as an empty message of security 0.
    if received.is_empty() {
        return Err(HandshakeError::Malformed);
    }
    let data = SessionData::decode(received).map_err(|_| HandshakeError::Malformed)?;
    if data.sec_ver != i32::from(ours) {
        return Err(HandshakeError::SchemeMismatch { ours, theirs: data.sec_ver });
    }
    data.proto.ok_or(HandshakeError::Unexpected { expected: "a payload" })
}

/// Encodes one scheme's payload as a session message.
pub(super) fn encode(version: u8, proto: msg::session_data::Proto) -> Vec<u8> {
    SessionData { sec_ver: i32::from(version), proto: Some(proto) }.encode_to_vec()
}

/// Checks the peer's status field. Stock firmware never sets it; other firmware may.
pub(super) fn accept_status(status: i32) -> Result<(), HandshakeError> {
    if status == i32::from(msg::Status::Success) { Ok(()) } else { Err(HandshakeError::Refused { status }) }
}

/// A field of exactly `N` bytes.
pub(super) fn exactly<const N: usize>(
    bytes: &[u8],
    field: &'static str,
    expected: &'static str,
) -> Result<[u8; N], HandshakeError> {
    bytes.try_into().map_err(|_| HandshakeError::FieldLength { field, expected, actual: bytes.len() })
}
