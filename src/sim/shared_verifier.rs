//! The verifier of security 2, computed once for all devices of a fleet: it is expensive to compute.

use std::sync::{Arc, OnceLock};

use crate::secret::Sec2Password;
use crate::security::srp6a::{InnerHash, Verifier};

/// A verifier computed at first use and shared among clones, kept with the values it was computed from.
#[derive(Debug, Clone, Default)]
pub struct SharedVerifier(Arc<OnceLock<(Source, Verifier)>>);

/// User name, password and salt.
type Source = (String, Sec2Password, Vec<u8>);

impl SharedVerifier {
    /// The verifier for these; computed anew where the shared one belongs to others.
    pub(super) fn get(&self, username: &str, password: &Sec2Password, salt: &[u8]) -> Verifier {
        let wanted: Source = (username.to_owned(), password.clone(), salt.to_owned());
        let generate = || Verifier::generate(username.as_bytes(), password.expose(), salt, InnerHash::Full);
        let (source, verifier) = self.0.get_or_init(|| (wanted.clone(), generate()));
        if *source == wanted { verifier.clone() } else { generate() }
    }

    /// Whether both are clones of one.
    #[cfg(test)]
    pub(super) fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
