//! Secrets, typed by purpose: a passphrase cannot be handed over where a proof of possession is meant.
//!
//! A [`Secret`] is wiped when dropped, prints as `(redacted)`, and is compared in constant time. The bytes that a
//! protocol message carries are copied into that message, which wipes itself as well.

use std::fmt;
use std::marker::PhantomData;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a secret prints as, everywhere.
pub const REDACTED: &str = "(redacted)";

/// Secret bytes for the purpose `P`. Text is kept as its UTF-8 bytes.
pub struct Secret<P> {
    bytes: Zeroizing<Vec<u8>>,
    purpose: PhantomData<fn() -> P>,
}

/// The purposes a [`Secret`] can have: types without a value.
pub mod purpose {
    /// Proof of possession: the text on the device's label.
    #[derive(Debug)]
    pub enum ProofOfPossession {}
    /// The password of security 2 (SRP-6a).
    #[derive(Debug)]
    pub enum Sec2Password {}
    /// A Wi-Fi passphrase, 8 to 63 bytes, or empty for an open network.
    #[derive(Debug)]
    pub enum Passphrase {}
    /// The key that ties a user mapping to a back end's request.
    #[derive(Debug)]
    pub enum MappingKey {}
    /// A token, key or password for a back end.
    #[derive(Debug)]
    pub enum Backend {}
    /// A Thread operational dataset: it holds the network key.
    #[derive(Debug)]
    pub enum ThreadDataset {}
}

/// Proof of possession.
pub type ProofOfPossession = Secret<purpose::ProofOfPossession>;
/// Password of security 2.
pub type Sec2Password = Secret<purpose::Sec2Password>;
/// Wi-Fi passphrase.
pub type Passphrase = Secret<purpose::Passphrase>;
/// Secret key of a user mapping.
pub type MappingKey = Secret<purpose::MappingKey>;
/// Token, key or password for a back end, UTF-8.
pub type BackendSecret = Secret<purpose::Backend>;
/// Thread operational dataset, as TLV bytes.
pub type ThreadDataset = Secret<purpose::ThreadDataset>;

impl<P> Secret<P> {
    /// Takes over `bytes`; the caller's buffer becomes the secret's own.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: Zeroizing::new(bytes.into()), purpose: PhantomData }
    }

    /// The bytes themselves. Reviewers look at each use of this.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// True for the empty secret (a device without PoP, an open network).
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The same bytes for another purpose: security 2's password is, by RainMaker's convention, the PoP.
    pub fn repurpose<Q>(&self) -> Secret<Q> {
        Secret::new(self.bytes.to_vec())
    }
}

impl<P> Clone for Secret<P> {
    fn clone(&self) -> Self {
        self.repurpose()
    }
}

impl<P> PartialEq for Secret<P> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl<P> Eq for Secret<P> {}

impl<P> fmt::Debug for Secret<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<P> From<&str> for Secret<P> {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let pop = ProofOfPossession::from("abcd1234");
        assert_eq!(format!("{pop:?}"), REDACTED);
    }

    #[test]
    fn secrets_compare_by_content() {
        assert_eq!(Passphrase::from("correct-horse"), Passphrase::from("correct-horse"));
        assert_ne!(Passphrase::from("correct-horse"), Passphrase::from("correct-hors"));
    }
}
