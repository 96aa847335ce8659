//! SRP-6a as Espressif's firmware computes it: RFC 5054 with the 3072-bit group, g = 5 and SHA-512.
//!
//! Arithmetic only, no messages. Padding is part of the scheme: k and u are over values padded to 384 bytes, the
//! proofs are over the byte strings as they travelled, K is the hash of S without its leading zeros. The length of S is
//! therefore the one secret on which the time of a computation depends.
//!
//! The two ends are two implementations on purpose: `client` over the crate `srp`, `device` over our own arithmetic.
//!
//! - `client.rs`: the client's end
//! - `device.rs`: the device's end
//! - `agreement.rs`: the values on which both agree
//! - `tests.rs`: both ends against each other and against the crate

mod agreement;
pub mod client;
pub mod device;
#[cfg(test)]
mod tests;

pub use agreement::{Agreement, EXPONENT_LEN, GROUP_LEN, HASH_LEN, Hash, Illegal, InnerHash};
pub use client::ClientKeys;
pub use device::{DeviceKeys, Verifier};
