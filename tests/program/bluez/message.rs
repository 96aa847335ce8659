//! One method call, and what is answered: a D-Bus message, or a refusal by name.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::Message;
use zbus::message::Flags;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedValue, Type, Value};

/// The unique name under which bluetoothd is on the bus.
pub(super) const DAEMON: &str = ":1.0";
/// The bus itself.
pub(super) const BUS: &str = "org.freedesktop.DBus";
/// Properties of one interface.
pub(super) type Properties = HashMap<String, OwnedValue>;
/// What is answered to a call.
pub(super) type Answer = Result<Message, Refusal>;

/// An error reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) name: String,
    pub(super) text: String,
}

impl Refusal {
    /// With its whole name.
    pub(super) fn new(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into() }
    }

    /// One of `org.bluez.Error`.
    pub(super) fn bluez(name: &str, text: impl Into<String>) -> Self {
        Self { name: format!("org.bluez.Error.{name}"), text: text.into() }
    }

    /// One of `org.freedesktop.DBus.Error`.
    pub(super) fn dbus(name: &str, text: impl Into<String>) -> Self {
        Self { name: format!("org.freedesktop.DBus.Error.{name}"), text: text.into() }
    }

    /// An ATT error, worded as bluetoothd does (`create_gatt_dbus_error` in its gatt-client.c).
    pub(super) fn att(code: u8) -> Self {
        match code {
            0x00 => Self::bluez("Failed", "Operation failed"),
            0x02 => Self::bluez("NotPermitted", "Read not permitted"),
            0x03 => Self::bluez("NotPermitted", "Write not permitted"),
            0x05 | 0x0c | 0x0f => Self::bluez("NotPermitted", "Not paired"),
            0x06 => Self::bluez("NotSupported", "Operation is not supported"),
            0x07 => Self::bluez("InvalidArguments", "Invalid offset"),
            0x08 => Self::bluez("NotAuthorized", "Operation Not Authorized"),
            0x0d => Self::bluez("InvalidArguments", "Invalid Length"),
            code => Self::bluez("Failed", format!("Operation failed with ATT error: 0x{code:02x}")),
        }
    }

    /// The link went while the request was under way.
    pub(super) fn link_lost() -> Self {
        Self::att(0x0e)
    }

    /// No such object, or not with this interface.
    pub(super) fn no_object(path: &str) -> Self {
        Self::dbus("UnknownObject", format!("no such object {path}"))
    }
}

/// A method call of a client.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Whose: the number in its unique name.
    pub(super) client: u32,
    pub(super) message: Message,
    pub(super) destination: String,
    pub(super) path: String,
    pub(super) interface: String,
    pub(super) member: String,
}

impl Call {
    pub(super) fn new(client: u32, message: Message) -> Self {
        let header = message.header();
        let text = |part: Option<String>| part.unwrap_or_default();
        let destination = text(header.destination().map(ToString::to_string));
        let path = text(header.path().map(ToString::to_string));
        let interface = text(header.interface().map(ToString::to_string));
        let member = text(header.member().map(ToString::to_string));
        Self { client, message, destination, path, interface, member }
    }

    /// Whether anybody waits for an answer.
    pub(super) fn wants_answer(&self) -> bool {
        !self.message.primary_header().flags().contains(Flags::NoReplyExpected)
    }

    /// The call's arguments.
    pub(super) fn arguments<T: DeserializeOwned + Type>(&self) -> Result<T, Refusal> {
        let body = self.message.body();
        body.deserialize::<T>().map_err(|error| Refusal::dbus("InvalidArgs", error.to_string()))
    }

    /// An answer without a value.
    pub(super) fn done(&self) -> Answer {
        self.returns(&())
    }

    /// An answer.
    pub(super) fn returns<T: Serialize + DynamicType>(&self, value: &T) -> Answer {
        let sender = if self.destination == BUS { BUS } else { DAEMON };
        let built = Message::method_return(&self.message.header())
            .and_then(|message| message.sender(sender))
            .and_then(|message| message.build(value));
        built.map_err(|error| Refusal::dbus("Failed", error.to_string()))
    }

    /// The message of a refusal.
    pub(super) fn refused(&self, refusal: &Refusal) -> zbus::Result<Message> {
        let message = Message::error(&self.message.header(), refusal.name.as_str())?;
        message.sender(if self.destination == BUS { BUS } else { DAEMON })?.build(&refusal.text)
    }

    /// This call cannot be answered there.
    pub(super) fn unknown(&self) -> Refusal {
        let Self { path, interface, member, .. } = self;
        Refusal::dbus("UnknownMethod", format!("no {interface}.{member} at {path}"))
    }
}

/// A value of a property.
pub(super) fn value<'a>(of: impl Into<Value<'a>>) -> OwnedValue {
    OwnedValue::try_from(of.into()).expect("no file descriptor")
}

/// An object path as a value.
pub(super) fn path_value(path: &str) -> OwnedValue {
    value(ObjectPath::try_from(path).expect("an object path"))
}
