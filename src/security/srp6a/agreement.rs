//! What both halves of SRP-6a speak of: lengths, the outcome of an agreement, and why a public number is refused.
//!
//! No arithmetic: each half has its own.

use zeroize::Zeroizing;

/// Length of the group's numbers, in bytes.
pub const GROUP_LEN: usize = 384;
/// Length of a proof and of the session key K, in bytes (SHA-512).
pub const HASH_LEN: usize = 64;
/// Length of the private exponents a and b, in bytes.
pub const EXPONENT_LEN: usize = 32;

/// The bytes of a SHA-512 hash.
pub type Hash = Zeroizing<[u8; HASH_LEN]>;

/// How the inner hash H(user:password) enters x. Espressif's Python generator turns it into a number and back, which
/// drops leading zero bytes; the firmware's own generator hashes all 64. They differ for 1 pair in 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InnerHash {
    /// All 64 bytes.
    Full,
    /// Without leading zero bytes.
    Stripped,
}

/// The outcome of an agreement: the session key and both sides' proofs.
pub struct Agreement {
    /// K = H(S), 64 bytes; the AES key is its first 32.
    pub key: Hash,
    /// M1, the client's proof.
    pub client_proof: Hash,
    /// M2, the device's proof.
    pub device_proof: Hash,
}

/// Why a public number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illegal {
    /// Longer than 384 bytes, or empty.
    Length,
    /// A or B is 0 mod N.
    ZeroKey,
    /// u = 0.
    ZeroScrambler,
}
