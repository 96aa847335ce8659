//! One access point, and how it is written on a command line:
//! `SSID=PASSPHRASE,channel=6,rssi=-50,auth=wpa2,hidden,bssid=02:11:5e:10:22:01,join-ms=500,admission=refuse`.
//!
//! `SSID` alone is an open network. Bytes that would be misread are percent-escaped (`%2C` for a comma).

use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::secret::Passphrase;

/// Names of the auth modes that have one here; any other number is written as such.
const AUTH_NAMES: &[(&str, u8)] = &[
    ("open", 0),
    ("wep", 1),
    ("wpa", 2),
    ("wpa2", 3),
    ("wpa-wpa2", 4),
    ("enterprise", 5),
    ("wpa3", 6),
    ("wpa2-wpa3", 7),
];
/// The driver's numbers for networks with user accounts.
const ENTERPRISE: &[u8] = &[5, 10, 14, 15, 16];
/// Opportunistic encryption: encrypted without a passphrase.
const OWE: u8 = 9;

/// How an access point treats a station that wants to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Admission {
    /// The passphrase decides.
    #[default]
    ByPassphrase,
    /// Every station is refused as if its passphrase were wrong.
    Refuse,
    /// It is heard in scans, but never found when joining.
    Vanish,
    /// The station never hears a refusal and keeps trying.
    Silent,
}

/// A Wi-Fi access point in range.
#[derive(Debug, Clone)]
pub struct AccessPoint {
    /// Network name, 1 to 32 bytes of anything.
    pub ssid: Vec<u8>,
    /// Hardware address.
    pub bssid: [u8; 6],
    /// Channel, 1 to 13.
    pub channel: u8,
    /// Signal strength in dBm.
    pub rssi: i8,
    /// The Wi-Fi driver's auth number, passed on raw; the enum of the messages ends at 7, real numbers go on.
    pub auth: u8,
    /// Not reported in scans; can be joined by name.
    pub hidden: bool,
    /// Empty for an open network.
    pub passphrase: Passphrase,
    /// How long joining takes; `None` for the device's own setting.
    pub join: Option<Duration>,
    /// What it does with stations.
    pub admission: Admission,
}

/// Why a text cannot be read as an access point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessPointError {
    /// The network name is missing or too long.
    #[error("a network name has 1 to 32 bytes, this one has {0}")]
    Ssid(usize),
    /// The passphrase does not suit WPA.
    #[error("a WPA passphrase has 8 to 63 bytes, this one has {0}")]
    Passphrase(usize),
    /// An unknown suffix.
    #[error(
        "unknown key {0:?} of an access point; the keys are channel, rssi, auth, hidden, bssid, join-ms, admission"
    )]
    UnknownKey(String),
    /// A suffix with an invalid value.
    #[error("{key} takes {expected}, not {value:?}")]
    BadValue {
        /// The suffix.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        value: String,
    },
}

impl AccessPoint {
    /// An access point on channel 6 at -50 dBm: WPA2, or open where the passphrase is empty.
    pub fn new(ssid: &str, passphrase: &str) -> Self {
        Self::from_bytes(ssid.as_bytes().to_vec(), Passphrase::from(passphrase))
    }

    fn from_bytes(ssid: Vec<u8>, passphrase: Passphrase) -> Self {
        // Locally administered, no zero byte: the firmware garbles what follows one.
        let mut bssid = [0x02, 0x11, 0x5e, 0, 0, 0];
        let digest = Sha256::digest(&ssid);
        bssid[3..].iter_mut().zip(&digest).for_each(|(byte, own)| *byte = own | 1);
        let auth = if passphrase.is_empty() { 0 } else { 3 };
        Self {
            ssid,
            bssid,
            channel: 6,
            rssi: -50,
            auth,
            hidden: false,
            passphrase,
            join: None,
            admission: Admission::ByPassphrase,
        }
    }

    /// The same, on another channel and with another signal strength.
    #[must_use]
    pub fn on(self, channel: u8, rssi: i8) -> Self {
        Self { channel, rssi, ..self }
    }

    /// The same, with another auth number.
    #[must_use]
    pub fn with_auth(self, auth: u8) -> Self {
        Self { auth, ..self }
    }

    /// The same, with the address 02:11:5e:10:22:`last`.
    #[must_use]
    pub fn bssid_ending(self, last: u8) -> Self {
        Self { bssid: [0x02, 0x11, 0x5e, 0x10, 0x22, last], ..self }
    }

    /// Whether joining takes a user account, which this protocol cannot carry.
    pub fn is_enterprise(&self) -> bool {
        ENTERPRISE.contains(&self.auth)
    }

    /// Whether joining takes no passphrase.
    pub fn is_open(&self) -> bool {
        self.auth == 0 || self.auth == OWE
    }

    fn apply(&mut self, key: &str, value: &str) -> Result<(), AccessPointError> {
        let bad = |key, expected| AccessPointError::BadValue { key, expected, value: value.to_owned() };
        match key {
            "channel" => {
                let channel = value.parse().ok().filter(|channel| (1..=13).contains(channel));
                self.channel = channel.ok_or(bad("channel", "1 to 13"))?;
            }
            "rssi" => self.rssi = value.parse().map_err(|_| bad("rssi", "dBm, -128 to 127"))?,
            "auth" => {
                let named = AUTH_NAMES.iter().find(|(name, _)| *name == value).map(|(_, number)| *number);
                self.auth = named
                    .or_else(|| value.parse().ok())
                    .ok_or(bad("auth", "open, wep, wpa, wpa2, wpa-wpa2, enterprise, wpa3, wpa2-wpa3 or a number"))?;
            }
            "hidden" if value.is_empty() => self.hidden = true,
            "hidden" => return Err(bad("hidden", "no value")),
            "bssid" => self.bssid = bssid(value).ok_or(bad("bssid", "six hex bytes with colons"))?,
            "join-ms" => {
                self.join = Some(Duration::from_millis(value.parse().map_err(|_| bad("join-ms", "milliseconds"))?));
            }
            "admission" => {
                self.admission = match value {
                    "passphrase" => Admission::ByPassphrase,
                    "refuse" => Admission::Refuse,
                    "vanish" => Admission::Vanish,
                    "silent" => Admission::Silent,
                    _ => return Err(bad("admission", "passphrase, refuse, vanish or silent")),
                }
            }
            _ => return Err(AccessPointError::UnknownKey(key.to_owned())),
        }
        Ok(())
    }

    fn check(self) -> Result<Self, AccessPointError> {
        let length = self.passphrase.expose().len();
        if !(1..=32).contains(&self.ssid.len()) {
            Err(AccessPointError::Ssid(self.ssid.len()))
        } else if matches!(self.auth, 2..=4 | 6 | 7) && !(8..=63).contains(&length) {
            Err(AccessPointError::Passphrase(length))
        } else {
            Ok(self)
        }
    }
}

impl FromStr for AccessPoint {
    type Err = AccessPointError;

    fn from_str(text: &str) -> Result<Self, AccessPointError> {
        let mut parts = text.split(',');
        let network = parts.next().unwrap_or_default();
        let (ssid, passphrase) = network.split_once('=').unwrap_or((network, ""));
        let mut ap = Self::from_bytes(decode(ssid), Passphrase::new(decode(passphrase)));
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            ap.apply(key, value)?;
        }
        ap.check()
    }
}

fn decode(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

fn bssid(text: &str) -> Option<[u8; 6]> {
    let bytes: Option<Vec<u8>> =
        text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2)).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_specification() {
        let text = "Caf%C3%A9%2C=secret%3Done,channel=11,rssi=-71,auth=wpa3,hidden,bssid=02:00:5e:10:22:01,join-ms=20";
        let ap: AccessPoint = text.parse().expect("a specification");
        assert_eq!(ap.ssid, "Caf\u{e9},".as_bytes());
        assert_eq!(ap.passphrase, Passphrase::from("secret=one"));
        assert_eq!((ap.channel, ap.rssi, ap.auth, ap.hidden), (11, -71, 6, true));
        assert_eq!(ap.bssid, [0x02, 0x00, 0x5e, 0x10, 0x22, 0x01]);
        assert_eq!(ap.join, Some(Duration::from_millis(20)));
    }

    #[test]
    fn a_name_alone_is_open() {
        let ap: AccessPoint = "Guest".parse().expect("a specification");
        assert!(ap.is_open() && ap.passphrase.is_empty());
        assert!(ap.bssid.iter().all(|byte| *byte != 0));
        assert_eq!("Odd=12345678,auth=16".parse::<AccessPoint>().expect("a number").auth, 16);
    }

    #[test]
    fn nonsense_is_named() {
        let error = |text: &str| text.parse::<AccessPoint>().expect_err(text);
        assert_eq!(error(""), AccessPointError::Ssid(0));
        assert_eq!(error("x=short"), AccessPointError::Passphrase(5));
        assert_eq!(error("x,loud"), AccessPointError::UnknownKey("loud".into()));
        for text in ["x,channel=14", "x,rssi=loud", "x,auth=wpa9", "x,hidden=1", "x,bssid=02:00", "x,join-ms=-1"] {
            assert!(matches!(error(text), AccessPointError::BadValue { .. }), "{text}");
        }
    }
}
