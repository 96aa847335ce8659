//! The traits of a back end, and what its steps lead to.
//!
//! A back end registers devices. It is asked up to three times: before a device is reached, while it is, and after it is
//! online. It sees a device through [`DeviceLink`] alone, and touches neither encryption nor Wi-Fi.

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::error::BackendError;
use super::http::Http;
use super::profile::{Key, Profile};
use super::record::{Pending, Ticket};
use crate::code::Code;
use crate::device::DeviceLink;

/// A kind of back end, stateless.
pub trait BackendKind: Sync {
    /// Its name, as in `kind = "…"`.
    fn name(&self) -> &'static str;

    /// The settings it has.
    fn keys(&self) -> &'static [Key];

    /// A back end with these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::BackendMisconfigured`].
    fn connect(&self, profile: &Profile, http: Http) -> Result<Box<dyn Backend>, BackendError>;
}

/// One back end, for any number of devices.
pub trait Backend: Send + Sync {
    /// Before the device is reached, while the internet is: what the device will need. `None` where nothing is needed.
    fn prepare<'a>(&'a self, about: &'a About) -> BoxFuture<'a, Result<Option<Ticket>, BackendError>>;

    /// The requests to the device that are known before it is reached, endpoint and plain bytes: where its dialect is known
    /// as well, and cannot carry one, that is said before anything is opened.
    fn foreseen(&self) -> Vec<(&'static str, Zeroizing<Vec<u8>>)> {
        Vec::new()
    }

    /// While the device is reached: ties it to its owner, as far as that is done through the device.
    fn associate<'a>(
        &'a self,
        ticket: Option<&'a Ticket>,
        device: &'a mut dyn DeviceLink,
    ) -> BoxFuture<'a, Result<Association, BackendError>>;

    /// After the device is online: whether it is registered. One question; waiting is up to the caller.
    fn confirm<'a>(&'a self, pending: &'a Pending) -> BoxFuture<'a, Result<Registration, BackendError>>;

    /// Gives a ticket back that will not be used.
    fn cancel<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Result<(), BackendError>>;
}

/// What is known of a device before it is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name, as on its label.
    pub name: Option<String>,
    /// Its id at the back end, where that is known beforehand.
    pub id: Option<String>,
}

/// What associating a device led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Association {
    /// This back end has no step for it.
    NotNeeded,
    /// It is done.
    Confirmed(Registration),
    /// The back end is to be asked once the device is online.
    Pending(Pending),
}

/// A device at a back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The device's id there.
    pub id: Option<String>,
    /// How it stands.
    pub registered: Registered,
}

/// How a device stands at a back end: one outcome for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// It is new there, and ours.
    Created,
    /// It was ours before.
    AlreadyOurs,
    /// It is there, and nothing proves that it is ours.
    Conflict {
        /// What the back end says of it.
        with: String,
    },
    /// The back end does not take it; asking again would not help.
    Refused,
    /// The back end cannot say at the moment.
    Unavailable,
    /// The back end waits for the device to report.
    Waiting,
}

impl Registration {
    /// The registration, if the device is ours.
    ///
    /// # Errors
    /// A code for each way in which it is not, [`Code::AssociationUnconfirmed`] while the back end waits.
    pub fn settled(self) -> Result<Self, BackendError> {
        let code = match &self.registered {
            Registered::Created | Registered::AlreadyOurs => return Ok(self),
            Registered::Conflict { with } => {
                let with = crate::text::sanitise(with).into_owned();
                return Err(BackendError::new(Code::BackendConflict).because(with));
            }
            Registered::Refused => Code::BackendRefused,
            Registered::Unavailable => Code::BackendUnavailable,
            Registered::Waiting => Code::AssociationUnconfirmed,
        };
        Err(BackendError::new(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    #[test]
    fn each_outcome_has_its_code() {
        let settled = |registered| Registration { id: Some("n1".to_owned()), registered }.settled();
        for registered in [Registered::Created, Registered::AlreadyOurs] {
            assert_eq!(settled(registered).unwrap().id.as_deref(), Some("n1"));
        }
        let cases = [
            (Registered::Conflict { with: "alice\u{1b}[2J".to_owned() }, "backend.conflict", 30),
            (Registered::Refused, "backend.refused", 30),
            (Registered::Unavailable, "backend.unavailable", 30),
            (Registered::Waiting, "association.unconfirmed", 31),
        ];
        for (registered, word, status) in cases {
            let failure = Failure::from(settled(registered).unwrap_err());
            assert_eq!((failure.code.word(), failure.exit() as u8), (word, status));
            assert!(!failure.causes.concat().contains('\u{1b}'), "{failure:?}");
        }
    }
}
