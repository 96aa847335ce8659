//! The payload of the onboarding label's QR code: what to look for and the secret to open it with.
//!
//! The text only; finding it in a picture is [`crate::qr_image`]'s affair. Sources: ESP-IDF's
//! `wifi_prov_print_qr` and RainMaker's `app_wifi`. Labels hold secrets, so no error here quotes any part of one.

mod parse;

use serde::Serialize;

use crate::secret::{Passphrase, ProofOfPossession};

pub use parse::QrError;

/// Longest payload that is read, in bytes. Real ones have about 100.
pub const MAX_LEN: usize = 4096;

/// What a label says. Texts are as printed on it: sanitise them where they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// `ver`, `v1` in all firmware so far; absent in the compact form.
    pub version: Option<String>,
    /// `name`: the advertised BLE name or the SSID of the device's access point. Never empty.
    pub name: String,
    /// `transport`.
    pub transport: Option<Transport>,
    /// `pop`, the password of security 2 where that is what the device speaks; none where absent or empty.
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
    fn word(self) -> &'static str {
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

    /// Reads a label's text: JSON, `NP:<name>|<pop>|<b|s>`, or a link to a `qrcode.html` page with either in its
    /// `data` parameter, percent-encoded or not. Surrounding white space and a byte order mark do not matter.
    pub fn parse(text: &str) -> Result<Self, QrError> {
        parse::payload(text)
    }

    /// The JSON that firmware prints, in its order of keys and without spaces. Unlike firmware's it is escaped, so it
    /// is valid for every PoP. It shows the secrets: it is for a label or a simulated device's console.
    pub fn to_json(&self) -> String {
        let pop = self.pop.as_ref().map(|pop| String::from_utf8_lossy(pop.expose()));
        let password = self.password.as_ref().map(|password| String::from_utf8_lossy(password.expose()));
        let texts = [
            ("ver", Some(self.version.as_deref().unwrap_or("v1"))),
            ("name", Some(self.name.as_str())),
            ("username", self.username.as_deref()),
            ("pop", pop.as_deref()),
            ("transport", self.transport.map(Transport::scheme)),
            ("password", password.as_deref()),
            ("network", self.network.map(Network::word)),
        ];
        let mut fields: Vec<String> = texts
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| format!("\"{key}\":{}", serde_json::Value::from(value))))
            .collect();
        if let Some(security) = self.security {
            fields.push(format!("\"security\":{security}"));
        }
        format!("{{{}}}", fields.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_what_firmware_prints() {
        let text = r#"{"ver":"v1","name":"PROV_d76c30","username":"wifiprov","pop":"7a9d365e","transport":"ble"}"#;
        let payload = Payload::parse(text).expect("RainMaker's example");
        assert_eq!(payload.to_json(), text);
    }

    #[test]
    fn every_payload_round_trips_through_json() {
        let payload = Payload {
            version: Some("v1".to_owned()),
            transport: Some(Transport::SoftAp),
            pop: Some(ProofOfPossession::from("a\"b\\c+d%41&é")),
            username: Some("wifiprov".to_owned()),
            password: Some(Passphrase::from("label-pass")),
            security: Some(2),
            network: Some(Network::Thread),
            ..Payload::new("PROV \"1\"")
        };
        assert_eq!(Payload::parse(&payload.to_json()).as_ref(), Ok(&payload));
    }

    #[test]
    fn debug_shows_no_secret() {
        let payload =
            Payload::parse(r#"{"name":"PROV_1","pop":"abcd1234","password":"label-pass"}"#).expect("a payload");
        let shown = format!("{payload:?}");
        assert!(shown.contains("PROV_1") && !shown.contains("abcd1234") && !shown.contains("label-pass"), "{shown}");
    }
}
