//! Calls to bluetoothd, bounded in time. Whether it is there, and which adapter is meant, was asked before.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;
use zbus::zvariant::{DynamicType, Value};
use zbus::{Connection, Message};

use crate::text;
use crate::transport::ble::{BleError, HostKind};

/// bluetoothd's name.
pub(super) const BLUEZ: &str = "org.bluez";
/// The bus's own name, which no program can take.
pub(super) const BUS: &str = "org.freedesktop.DBus";
/// The longest bluetoothd may take: it takes 2 s to end a link.
const ANSWER: Duration = Duration::from_secs(5);
/// The bus's errors where no program has bluetoothd's name.
const NOBODY: [&str; 2] = ["org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"];
/// Longest text of bluetoothd that is repeated, in columns.
const TEXT_MAX: usize = 200;

/// The system bus with bluetoothd on it.
#[derive(Debug, Clone)]
pub(super) struct Bus {
    connection: Connection,
    /// bluetoothd's unique name.
    owner: String,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// bluetoothd's words, or the bus's, fit to be shown.
    pub(super) words: String,
    /// bluetoothd is no longer there.
    pub(super) gone: bool,
}

impl Bus {
    pub(super) async fn new(connection: Connection) -> Result<Self, Fault> {
        let asked = connection.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "GetNameOwner", &BLUEZ);
        let owner = answered(asked).await?.body().deserialize().map_err(|error| Fault::read(&error))?;
        Ok(Self { connection, owner })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// bluetoothd's unique name, by which its signals are told from other programs'.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Whether a central has a link, as far as that can be told; an unknown central has none.
    pub(super) async fn has_link(&self, central: &str) -> bool {
        let (interface, arguments) = ("org.freedesktop.DBus.Properties", ("org.bluez.Device1", "Connected"));
        let asked = self.connection.call_method(Some(BLUEZ), central, Some(interface), "Get", &arguments);
        match timeout(ANSWER, asked).await {
            Ok(Ok(reply)) => reply.body().deserialize::<Value<'_>>().is_ok_and(|value| value == Value::Bool(true)),
            Ok(Err(zbus::Error::MethodError(..))) => false,
            Ok(Err(_)) | Err(_) => true,
        }
    }

    /// Calls a method that returns nothing.
    pub(super) async fn call<B>(&self, path: &str, interface: &str, method: &str, body: &B) -> Result<(), Fault>
    where
        B: Serialize + DynamicType,
    {
        answered(self.connection.call_method(Some(BLUEZ), path, Some(interface), method, body)).await.map(drop)
    }
}

async fn answered(call: impl Future<Output = zbus::Result<Message>>) -> Result<Message, Fault> {
    match timeout(ANSWER, call).await {
        Ok(answer) => answer.map_err(|error| Fault::read(&error)),
        Err(_) => Err(Fault { words: format!("no answer within {} s", ANSWER.as_secs()), gone: false }),
    }
}

impl Fault {
    pub(super) fn read(error: &zbus::Error) -> Self {
        let (words, gone) = match error {
            zbus::Error::MethodError(name, text, _) => {
                (text.clone().unwrap_or_else(|| name.to_string()), NOBODY.contains(&name.as_str()))
            }
            error => (error.to_string(), false),
        };
        Self { words: text::bounded(&text::sanitise(&words), TEXT_MAX).into_owned(), gone }
    }
}

impl From<Fault> for BleError {
    fn from(Fault { words: reason, gone }: Fault) -> Self {
        if gone { Self::NoBluetoothd { reason, place: HostKind::Computer } } else { Self::Stack { reason } }
    }
}
