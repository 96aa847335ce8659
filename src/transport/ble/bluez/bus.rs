//! Calls to bluetoothd over the system bus, bounded in time, and its errors read. What the calls are for is the
//! affair of `mod.rs`.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;
use zbus::Connection;
use zbus::message::Message;
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue};

use super::environment;
use super::objects::Interfaces;
use crate::transport::ble::att::{self, ErrorClass};
use crate::transport::ble::error::BleError;

/// The daemon's name on the bus.
pub(super) const BLUEZ: &str = "org.bluez";
/// How long the bus, and the daemon, may take to answer what they can answer at once; starting the daemon counts too.
const ANSWER: Duration = Duration::from_secs(5);

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What it means.
    pub(super) trouble: ErrorClass,
    /// D-Bus's name for it, where the other end gave one.
    pub(super) name: String,
    /// The words, fit to be shown.
    pub(super) words: String,
}

impl Fault {
    pub(super) fn timed_out(limit: Duration) -> Self {
        let words = format!("no answer within {} s", limit.as_secs_f32());
        Self { trouble: ErrorClass::TimedOut, name: String::new(), words }
    }

    /// It did what was asked, and somebody undid it.
    pub(super) fn undone() -> Self {
        let words = "another program has stopped the scan".to_owned();
        Self { trouble: ErrorClass::InProgress, name: String::new(), words }
    }

    pub(super) fn read(error: &zbus::Error) -> Self {
        let (name, text) = match error {
            zbus::Error::MethodError(name, text, _) => (name.to_string(), text.clone().unwrap_or_default()),
            // Only of the connection itself nothing is known but the words.
            zbus::Error::InputOutput(error) => (String::new(), error.to_string()),
            other => ("an invalid reply".to_owned(), other.to_string()),
        };
        Self { trouble: att::read_text(&text, &name), name, words: att::shown(&text) }
    }

    /// What it means where the daemon itself could not be asked.
    pub(super) fn of_daemon(self) -> BleError {
        match self.trouble {
            ErrorClass::Permission => BleError::Permission { reason: self.words },
            // The bus answers for one that has ended. Where nobody answers, it may be there all the same.
            ErrorClass::TimedOut if self.name.is_empty() => BleError::Stack { reason: self.words },
            // The other end gave no name to the fault: the bus itself is gone.
            _ if self.name.is_empty() => {
                BleError::NoBus { reason: self.words, place: environment::place(Path::new("/")) }
            }
            _ => BleError::NoBluetoothd { reason: self.words, place: environment::place(Path::new("/")) },
        }
    }
}

/// The system bus.
#[derive(Debug, Clone)]
pub(super) struct Bus(Connection);

impl Bus {
    /// Opens it.
    pub(super) async fn open() -> Result<Self, BleError> {
        let no_bus =
            |reason: &str| BleError::NoBus { reason: att::shown(reason), place: environment::place(Path::new("/")) };
        match timeout(ANSWER, Connection::system()).await {
            Ok(Ok(connection)) => Ok(Self(connection)),
            Ok(Err(error)) => {
                let reason = error.to_string();
                // The library hands the operating system's error on in words.
                let denied = reason.contains("Permission denied");
                Err(if denied { BleError::Permission { reason: att::shown(&reason) } } else { no_bus(&reason) })
            }
            Err(_) => Err(no_bus("it does not answer")),
        }
    }

    /// Closes it, for all that share it.
    pub(super) async fn close(&self) {
        // What has ended by itself is closed as well.
        let _ = self.0.clone().close().await;
    }

    /// The connection, to serve objects on.
    pub(super) fn connection(&self) -> &Connection {
        &self.0
    }

    /// Every object of the daemon. Starts the daemon where the system starts it on demand.
    pub(super) async fn objects(&self) -> Result<HashMap<OwnedObjectPath, Interfaces>, Fault> {
        let reply = self.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await?;
        reply.body().deserialize().map_err(|error| Fault::read(&error))
    }

    /// A property of an object.
    pub(super) async fn property(&self, path: &str, interface: &str, name: &str) -> Result<OwnedValue, Fault> {
        let reply = self.call(path, "org.freedesktop.DBus.Properties", "Get", &(interface, name)).await?;
        reply.body().deserialize().map_err(|error| Fault::read(&error))
    }

    /// A call of the bus itself.
    pub(super) async fn call_bus<B>(&self, method: &str, body: &B) -> Result<Message, Fault>
    where
        B: Serialize + DynamicType + Sync,
    {
        let (name, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        match timeout(ANSWER, self.0.call_method(Some(name), path, Some(name), method, body)).await {
            Ok(answer) => answer.map_err(|error| Fault::read(&error)),
            Err(_) => Err(Fault::timed_out(ANSWER)),
        }
    }

    /// A call that is answered soon.
    pub(super) async fn call<B>(&self, path: &str, interface: &str, method: &str, body: &B) -> Result<Message, Fault>
    where
        B: Serialize + DynamicType + Sync,
    {
        self.call_within(ANSWER, path, interface, method, body).await
    }

    /// A call that is answered within `limit`.
    pub(super) async fn call_within<B>(
        &self,
        limit: Duration,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, Fault>
    where
        B: Serialize + DynamicType + Sync,
    {
        match timeout(limit, self.0.call_method(Some(BLUEZ), path, Some(interface), method, body)).await {
            Ok(answer) => answer.map_err(|error| Fault::read(&error)),
            Err(_) => Err(Fault::timed_out(limit)),
        }
    }
}
