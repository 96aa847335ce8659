//! What a back end writes down to go on later, in another process or after the computer has changed networks.
//!
//! A [`Ticket`] is made before the device is reached, a [`Pending`] association while it is. Both are JSON that a journal
//! keeps; this file does no I/O. A record names its kind of back end and a version, and which of its fields are secret:
//! the code that stores it can keep other users from reading it.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::BackendError;
use crate::code::Code;
use crate::secret::REDACTED;
use crate::text;

/// A record for the purpose `P`.
#[derive(Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Record<P> {
    kind: String,
    version: u32,
    fields: Map<String, Value>,
    /// Names of the fields that are secret and stand in clear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secret: Vec<String>,
    #[serde(skip)]
    purpose: PhantomData<fn() -> P>,
}

/// The purposes a [`Record`] can have; none of them is ever built.
pub mod purpose {
    /// What the back end gave before the device was reached: a challenge, an id, the address of a broker.
    #[derive(Debug)]
    pub enum Ticket {}
    /// What is needed to ask whether the device has been registered.
    #[derive(Debug)]
    pub enum Pending {}
}

/// What the back end gave before the device was reached.
pub type Ticket = Record<purpose::Ticket>;
/// An association that the back end has yet to confirm.
pub type Pending = Record<purpose::Pending>;

impl<P> Record<P> {
    /// An empty record of a kind of back end, in this version of that kind's fields.
    pub fn new(kind: &str, version: u32) -> Self {
        Self { kind: kind.to_owned(), version, fields: Map::new(), secret: Vec::new(), purpose: PhantomData }
    }

    /// With a field that anybody may read.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// With a field that is secret; the record says so.
    #[must_use]
    pub fn with_secret(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.secret.push(name.to_owned());
        self.with(name, value)
    }

    /// The kind of back end that made it.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether a field is secret, so that the record must be stored where others cannot read it.
    pub fn has_secrets(&self) -> bool {
        !self.secret.is_empty()
    }

    /// The record, if this kind of back end in this version made it.
    ///
    /// # Errors
    /// [`Code::BackendRecordForeign`].
    pub fn of(&self, kind: &str, version: u32) -> Result<&Self, BackendError> {
        if self.kind == kind && self.version == version {
            return Ok(self);
        }
        let made = format!("it was made by {}, version {}", text::sanitise(&self.kind), self.version);
        let wanted = format!("the back end in use is {kind}, version {version}");
        Err(BackendError::new(Code::BackendRecordForeign).because(made).because(wanted))
    }

    /// A field that must be text.
    ///
    /// # Errors
    /// [`Code::BackendRecordForeign`]: the record was changed by hand or cut short.
    pub fn text(&self, name: &str) -> Result<&str, BackendError> {
        self.fields.get(name).and_then(Value::as_str).ok_or_else(|| {
            BackendError::new(Code::BackendRecordForeign).because(format!("its field `{name}` is missing or not text"))
        })
    }
}

impl<P> Clone for Record<P> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            version: self.version,
            fields: self.fields.clone(),
            secret: self.secret.clone(),
            purpose: PhantomData,
        }
    }
}

impl<P> PartialEq for Record<P> {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, self.version, &self.fields, &self.secret)
            == (&other.kind, other.version, &other.fields, &other.secret)
    }
}

impl<P> fmt::Debug for Record<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Record");
        shown.field("kind", &self.kind).field("version", &self.version);
        for (name, value) in &self.fields {
            let secret = self.secret.contains(name);
            if secret {
                shown.field(name, &format_args!("{REDACTED}"))
            } else {
                shown.field(name, value)
            };
        }
        shown.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket::new("cloud", 2).with("request", "r-17").with("broker_port", 1883).with_secret("token", "hush")
    }

    #[test]
    fn records_come_back_as_they_were_written() {
        let text = serde_json::to_string(&ticket()).unwrap();
        assert_eq!(
            text,
            r#"{"kind":"cloud","version":2,"fields":{"request":"r-17","broker_port":1883,"token":"hush"},"secret":["token"]}"#
        );
        assert_eq!(serde_json::from_str::<Ticket>(&text).unwrap(), ticket());
        let pending = Pending::new("cloud", 1).with("request", "r-17");
        let text = serde_json::to_string(&pending).unwrap();
        assert!(!text.contains("secret"), "{text}");
        let back: Pending = serde_json::from_str(&text).unwrap();
        assert_eq!(back, pending);
        assert!(!back.has_secrets() && ticket().has_secrets());
    }

    #[test]
    fn secret_fields_do_not_print() {
        let shown = format!("{:?}", ticket());
        assert!(shown.contains("r-17") && shown.contains(REDACTED) && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn only_the_kind_and_version_that_made_a_record_reads_it() {
        assert_eq!(ticket().of("cloud", 2).unwrap().text("request").unwrap(), "r-17");
        for (kind, version) in [("cloud", 1), ("other", 2)] {
            let error = ticket().of(kind, version).unwrap_err();
            assert_eq!(error.code(), Code::BackendRecordForeign);
            assert!(error.causes()[0].contains("cloud, version 2"), "{error:?}");
        }
    }

    #[test]
    fn a_damaged_record_is_refused() {
        for name in ["broker_port", "absent"] {
            assert_eq!(ticket().text(name).unwrap_err().code(), Code::BackendRecordForeign);
        }
        for text in ["", "{}", r#"{"kind":"cloud","version":2}"#, r#"{"kind":"c","version":-1,"fields":{}}"#] {
            assert!(serde_json::from_str::<Ticket>(text).is_err(), "{text}");
        }
    }
}
