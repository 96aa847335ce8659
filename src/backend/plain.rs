//! The back end `plain`: a user id and a secret key are handed to the device, which tells its own back end once it is
//! online (RainMaker's user mapping, `cloud_user_assoc`).
//!
//! espctl speaks to no server here: the person who made the pair knows what the device's back end makes of it.

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use zeroize::Zeroizing;

use super::contract::{About, Association, Backend, BackendKind, Registered, Registration};
use super::error::BackendError;
use super::http::Http;
use super::profile::{Key, Profile};
use super::record::{Pending, Ticket};
use crate::code::Code;
use crate::device::{DeviceLink, call};
use crate::endpoint::Request;
use crate::endpoint::associate::{ENDPOINT, SetUserMapping};
use crate::failure::Failure;
use crate::secret::MappingKey;
use crate::session::{Meaning, SessionError};

/// The kind's name.
const NAME: &str = "plain";
/// Version of its records, of which it makes none.
const RECORDS: u32 = 1;

const USER_ID: Key =
    Key { name: "user-id", meaning: "the user's id at the device's back end", secret: false, required: true };
const SECRET_KEY: Key =
    Key { name: "secret-key", meaning: "the key that the back end matches", secret: true, required: true };

/// The kind `plain`.
pub static KIND: Kind = Kind;

/// The kind of this back end.
#[derive(Debug)]
pub struct Kind;

impl BackendKind for Kind {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self) -> &'static [Key] {
        const { &[USER_ID, SECRET_KEY] }
    }

    fn connect(&self, profile: &Profile, _: Http) -> Result<Box<dyn Backend>, BackendError> {
        match (profile.text(USER_ID.name), profile.secret(SECRET_KEY.name)) {
            (Some(user_id), Some(key)) => Ok(Box::new(Plain::new(user_id, key.repurpose()))),
            _ => Err(BackendError::new(Code::BackendMisconfigured)
                .because(format!("{NAME} needs `{}` and `{}`", USER_ID.name, SECRET_KEY.name))),
        }
    }
}

/// A user id and the key that goes with it.
#[derive(Debug, Clone)]
pub struct Plain {
    user_id: String,
    secret_key: MappingKey,
}

impl Plain {
    /// With this user id and secret key.
    pub fn new(user_id: impl Into<String>, secret_key: MappingKey) -> Self {
        Self { user_id: user_id.into(), secret_key }
    }

    fn request(&self) -> SetUserMapping<'_> {
        SetUserMapping { user_id: &self.user_id, secret_key: &self.secret_key }
    }

    async fn tell(&self, device: &mut dyn DeviceLink) -> Result<Association, BackendError> {
        let facts = device.facts();
        if facts.unclaimed {
            return Err(BackendError::new(Code::DeviceUnclaimed));
        }
        if facts.has_challenge_response() {
            return Err(Failure::new(Code::UsageUnsupported)
                .saying("the device associates by challenge and response, which needs an account at its back end")
                .because("its version document lists ch_resp, so it has no plain user mapping")
                .hint("leave out --user-id and --secret-key to provision it without association")
                .into());
        }
        let node_id = call(device, &self.request()).await.map_err(refused)?;
        // What the device's back end will say, only the device hears.
        Ok(Association::Confirmed(Registration { id: Some(node_id), registered: Registered::Created }))
    }
}

fn refused(error: SessionError) -> BackendError {
    match error.meaning() {
        Meaning::Refused => Failure::new(Code::AssociationRefused).caused_by(&error).into(),
        Meaning::NoEndpoint => Failure::from(error)
            .saying("the firmware has no plain user association")
            .hint("leave out --user-id and --secret-key")
            .into(),
        _ => error.into(),
    }
}

impl Backend for Plain {
    fn foreseen(&self) -> Vec<(&'static str, Zeroizing<Vec<u8>>)> {
        vec![(ENDPOINT, self.request().encode())]
    }

    fn prepare<'a>(&'a self, _: &'a About) -> BoxFuture<'a, Result<Option<Ticket>, BackendError>> {
        future::ready(Ok(None)).boxed()
    }

    fn associate<'a>(
        &'a self,
        _: Option<&'a Ticket>,
        device: &'a mut dyn DeviceLink,
    ) -> BoxFuture<'a, Result<Association, BackendError>> {
        self.tell(device).boxed()
    }

    /// No association of this back end is left pending, so whatever is asked for belongs to another.
    fn confirm<'a>(&'a self, pending: &'a Pending) -> BoxFuture<'a, Result<Registration, BackendError>> {
        let none = || BackendError::new(Code::BackendRecordForeign).because("plain leaves nothing to confirm");
        future::ready(pending.of(NAME, RECORDS).and_then(|_| Err(none()))).boxed()
    }

    /// Nothing was prepared, so there is nothing to give back.
    fn cancel<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Result<(), BackendError>> {
        future::ready(ticket.of(NAME, RECORDS).map(drop)).boxed()
    }
}
