//! What a label says, as values. Reading its text is in `parse.rs`.

use serde::Serialize;

use crate::secret::{Passphrase, ProofOfPossession};

/// What a label says. Texts are as printed on it: sanitise them where they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// `ver`, `v1` in all firmware so far; absent in the compact form.
    pub version: Option<String>,
    /// `name`: the advertised BLE name or the SSID of the device's access point. Never empty.
    pub name: String,
    /// `transport`.
    pub transport: Option<Transport>,
    /// `pop`, or the password of a device with security 2; `None` where absent or empty.
    pub pop: Option<ProofOfPossession>,
    /// `username` of security 2.
    pub username: Option<String>,
    /// `password`: the WPA passphrase of the device's own access point.
    pub password: Option<Passphrase>,
    /// `security`: 0, 1 or 2.
    pub security: Option<u8>,
    /// `network`: what the device wants credentials for.
    pub network: Option<Network>,
}

/// The link a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Bluetooth LE.
    Ble,
    /// The device's own access point.
    SoftAp,
}

impl Transport {
    /// The word on the label, which is also the scheme of a locator.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Ble => "ble",
            Self::SoftAp => "softap",
        }
    }
}

/// The kind of network a device joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Wi-Fi.
    Wifi,
    /// Thread.
    Thread,
}

impl Network {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Wifi => "wifi",
            Self::Thread => "thread",
        }
    }
}

impl Payload {
    /// A payload with a name and nothing else.
    pub fn new(name: &str) -> Self {
        Self {
            version: None,
            name: name.to_owned(),
            transport: None,
            pop: None,
            username: None,
            password: None,
            security: None,
            network: None,
        }
    }
}
