//! Security schemes 0, 1 and 2 of protocomm as values: bytes in, bytes out, both roles.
//!
//! No I/O, no clock; randomness is an argument. A [`Handshake`] is consumed by each message it receives, so a
//! finished handshake is a different type ([`Cipher`]) and a failed one is gone. The traits are in `scheme.rs`.
//!
//! To add a scheme: one file beside this one, one `mod` line, one entry in [`SCHEMES`].
//!
//! - `scheme.rs`: what a scheme is
//! - `sec0.rs`, `sec1.rs`, `sec2.rs`: one scheme each, both roles
//! - `srp6a.rs`: the arithmetic of security 2

mod scheme;
mod sec0;
mod sec1;
mod sec2;
pub mod srp6a;

pub use rand_core::CryptoRng;
pub use scheme::{
    Cipher, CipherError, Credentials, DeviceIdentity, Handshake, HandshakeError, Next, NonceRule, Scheme, Turn,
};
pub use sec0::Sec0;
pub use sec1::Sec1;
pub use sec2::Sec2;

/// Every scheme espctl speaks, by version.
pub static SCHEMES: &[&dyn Scheme] = &[&Sec0, &Sec1, &Sec2];

/// The user name RainMaker firmware and ESP-IDF's examples use for security 2.
pub const DEFAULT_USERNAME: &str = "wifiprov";

/// The scheme with this version number, if espctl speaks it.
pub fn scheme(version: u8) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.version() == version)
}
