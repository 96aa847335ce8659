//! Back ends: where a device is registered.
//!
//! Here is the list of their kinds. Order and retries of a whole provisioning are not decided here.
//!
//! - `contract.rs`: the traits, and what their steps lead to
//! - `profile.rs`: the settings of one back end
//! - `record.rs`: what is written down for another process to go on with
//! - `error.rs`: a failure of a back end or on the way to it
//! - `plain.rs`: a user id and a secret key, handed to the device
//! - `rainmaker/`: the account at ESP RainMaker
//! - `http/`: the HTTP client that all kinds share

mod contract;
mod error;
pub mod http;
pub mod plain;
mod profile;
pub mod rainmaker;
pub mod record;

pub use contract::{About, Association, Backend, BackendKind, Registered, Registration};
pub use error::BackendError;
pub use profile::{Key, Profile};
pub use record::{Pending, Ticket};

/// Every kind of back end.
pub static BACKENDS: &[&dyn BackendKind] = &[&plain::KIND];

/// The kind with this name.
pub fn find(name: &str) -> Option<&'static dyn BackendKind> {
    BACKENDS.iter().copied().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn kinds_and_their_keys_have_names_of_their_own() {
        let kinds: HashSet<_> = BACKENDS.iter().map(|kind| kind.name()).collect();
        assert_eq!(kinds.len(), BACKENDS.len());
        for kind in BACKENDS {
            let names: HashSet<_> = kind.keys().iter().map(|key| key.name).collect();
            assert_eq!(names.len(), kind.keys().len(), "{}", kind.name());
            assert!(kind.keys().iter().all(|key| !key.meaning.is_empty()));
            assert_eq!(find(kind.name()).map(BackendKind::name), Some(kind.name()));
        }
        assert!(find("no-such-kind").is_none());
    }
}
