//! What is known of a device's secrets and of its network before it is asked, and how each value is checked.

use crate::code::Code;
use crate::endpoint::scan::{AuthMode, SSID_MAX};
use crate::failure::Failure;
use crate::origin::Setting;
use crate::secret::{Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};

/// The hint where the time is up while the device joins.
pub(super) const PERHAPS_JOINED: &str =
    "the device had taken the credentials: it may have joined all the same, look for it on the network";

/// What is known of the session's secrets.
#[derive(Debug, Clone, Default)]
pub struct SecurityPlan {
    /// Overrides what the device says.
    pub version: Option<u8>,
    /// Whether that version was asked for in this run, so that it may also be less than what is known of the device. What
    /// a settings file says may be meant for other devices.
    pub insists: bool,
    /// Proof of possession; empty for "the device has none".
    pub pop: Option<ProofOfPossession>,
    /// Security 2's user name.
    pub username: Option<String>,
    /// Security 2's password; the PoP stands in where it is missing.
    pub password: Option<Sec2Password>,
    /// The lowest security version to accept, whatever the device says of itself, and what asks for it.
    pub minimum: Option<Setting<u8>>,
    /// Whether the device may be trusted less than what is known of it.
    pub allow_insecure: bool,
}

/// What is known of the Wi-Fi network.
#[derive(Debug, Clone, Default)]
pub struct WifiPlan {
    /// Its name, 1 to 32 bytes.
    pub ssid: Option<Vec<u8>>,
    /// Its passphrase; empty for an open network.
    pub passphrase: Option<Passphrase>,
    /// One radio of it.
    pub bssid: Option<[u8; 6]>,
    /// Its channel.
    pub channel: Option<u8>,
}

/// The credentials of the network that a device is to join.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Wi-Fi's.
    Wifi {
        /// The network's name, 1 to 32 bytes.
        ssid: Vec<u8>,
        /// Its passphrase; empty for an open network.
        passphrase: Passphrase,
        /// One radio of it.
        bssid: Option<[u8; 6]>,
        /// Its channel.
        channel: Option<u8>,
    },
    /// Thread's operational dataset.
    Thread(ThreadDataset),
}

impl Credentials {
    /// The network's name; empty for Thread.
    pub fn ssid(&self) -> &[u8] {
        match self {
            Self::Wifi { ssid, .. } => ssid,
            Self::Thread(_) => &[],
        }
    }
}

/// Checks a network name.
///
/// # Errors
/// [`Code::WifiSsidInvalid`].
pub fn check_ssid(ssid: &[u8]) -> Result<(), Failure> {
    match ssid.len() {
        0 => Err(Failure::new(Code::WifiSsidInvalid).because("it is empty")),
        1..=SSID_MAX => Ok(()),
        length => Err(Failure::new(Code::WifiSsidInvalid).because(format!("it has {length} bytes"))),
    }
}

/// Reads the address of one access point: six bytes in hex, with or without the usual separators between them.
///
/// # Errors
/// What is wrong with it.
pub fn read_bssid(text: &str) -> Result<[u8; 6], String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':' | '-' | '\t' | '\n' | '\r')).collect();
    let bytes = hex::decode(digits).map_err(|error| match error {
        hex::FromHexError::OddLength => "it has an odd number of digits",
        _ => "it has something other than hex digits",
    })?;
    bytes.as_slice().try_into().map_err(|_| format!("it has {} bytes", bytes.len()))
}

/// Reads the number of a Wi-Fi channel: 1 to 14 at 2.4 GHz, from 36 on at 5 GHz.
///
/// # Errors
/// What it takes.
pub fn read_channel(text: &str) -> Result<u8, &'static str> {
    let channel = text.trim().parse().ok().filter(|channel| matches!(channel, 1..=14 | 36..=196));
    channel.ok_or("takes a Wi-Fi channel: 1 to 14, or from 36 on at 5 GHz")
}

/// Bytes of a short WEP key, the only secret of a network that is shorter than a WPA passphrase; a long one has 13.
pub const WEP_KEY: usize = 5;

/// Checks a passphrase of WPA: empty (open), or 8 to 63 bytes.
///
/// # Errors
/// [`Code::WifiPassphraseInvalid`], without the passphrase.
pub fn check_passphrase(passphrase: &Passphrase) -> Result<(), Failure> {
    match passphrase.expose().len() {
        0 | 8..=63 => Ok(()),
        length => Err(Failure::new(Code::WifiPassphraseInvalid).because(format!("it has {length} bytes"))),
    }
}

/// Checks a passphrase whose network is still to be chosen, or is known to the device alone: it may be a WEP key.
///
/// # Errors
/// As [`check_passphrase`].
pub fn check_passphrase_or_key(passphrase: &Passphrase) -> Result<(), Failure> {
    if passphrase.expose().len() == WEP_KEY { Ok(()) } else { check_passphrase(passphrase) }
}

/// Checks the passphrase of a network that was heard to authenticate so.
///
/// # Errors
/// [`Code::WifiPassphraseInvalid`] where it is the wrong kind of secret, without the passphrase.
pub fn check_key(passphrase: &Passphrase, auth: AuthMode) -> Result<(), Failure> {
    let length = passphrase.expose().len();
    let in_hex = matches!(length, 10 | 26) && passphrase.expose().iter().all(u8::is_ascii_hexdigit);
    let fits = match length {
        0 => true,
        WEP_KEY => auth.is_wep(),
        _ => !auth.is_wep() || length == 13 || in_hex,
    };
    if fits {
        return Ok(());
    }
    Err(Failure::new(Code::WifiPassphraseInvalid)
        .because(format!("it has {length} bytes, and the device hears that the network has {auth}")))
}

/// The digits of a dataset as other tools print it: `hex:…`, `0x…`, and with the `Done` and the prompt of OpenThread's
/// command line.
pub fn dataset_digits(text: &str) -> &str {
    let text = text.trim().trim_end_matches(['>', ' ', '\r', '\n']);
    let text = text.strip_suffix("Done").map_or(text, str::trim_end);
    let begins = |mark: &str| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    ["hex:", "0x"].iter().find(|mark| begins(mark)).map_or(text, |mark| text[mark.len()..].trim_start())
}

/// Checks a Thread operational dataset: 1 to 254 bytes of TLVs that end where the bytes end.
///
/// # Errors
/// [`Code::ThreadDatasetInvalid`], without the dataset.
pub fn check_dataset(dataset: &ThreadDataset) -> Result<(), Failure> {
    let invalid = |why: String| Err(Failure::new(Code::ThreadDatasetInvalid).because(why));
    let bytes = dataset.expose();
    if !(1..=254).contains(&bytes.len()) {
        return invalid(format!("it has {} bytes", bytes.len()));
    }
    let mut rest = bytes;
    while let [_type, length, tail @ ..] = rest {
        match tail.get(usize::from(*length)..) {
            Some(next) => rest = next,
            None => return invalid(format!("an element at byte {} runs past the end", bytes.len() - rest.len())),
        }
    }
    if rest.is_empty() { Ok(()) } else { invalid("a byte is left over at the end".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_at_the_edges() {
        assert!(check_ssid(&[b'x'; 32]).is_ok());
        assert_eq!(check_ssid(&[b'x'; 33]).unwrap_err().code, Code::WifiSsidInvalid);
        assert_eq!(check_ssid(b"").unwrap_err().code, Code::WifiSsidInvalid);
        for (length, good) in [(0, true), (1, false), (5, false), (7, false), (8, true), (63, true), (64, false)] {
            assert_eq!(check_passphrase(&Passphrase::new(vec![b'x'; length])).is_ok(), good, "{length}");
        }
    }

    #[test]
    fn a_short_key_is_for_networks_that_are_not_known_yet() {
        for (key, good) in [("abcde", true), ("abcdef", false), ("abcdefgh", true)] {
            assert_eq!(check_passphrase_or_key(&key.into()).is_ok(), good, "{key}");
        }
    }

    #[test]
    fn a_key_has_to_be_of_the_networks_kind() {
        let fits = |key: &str, auth| check_key(&key.into(), AuthMode(auth)).is_ok();
        let (wep, wpa2) = (1, 3);
        for (key, in_wep, in_wpa2) in [
            ("abcde", true, false),
            ("thirteen-byte", true, true),
            ("0123456789", true, true),
            ("not-in-hex", false, true),
            ("correct-horse", true, true),
            ("correct-horse-battery", false, true),
        ] {
            assert_eq!((fits(key, wep), fits(key, wpa2)), (in_wep, in_wpa2), "{key}");
        }
    }

    #[test]
    fn an_access_points_address_has_six_bytes() {
        for text in ["aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF", "aabbccddeeff"] {
            assert_eq!(read_bssid(text), Ok([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]), "{text}");
        }
        for (text, why) in [("aa:bb", "2 bytes"), ("aa:b", "odd number"), ("home", "other than hex"), ("", "0 bytes")] {
            assert!(read_bssid(text).is_err_and(|said| said.contains(why)), "{text}");
        }
    }

    #[test]
    fn datasets_are_taken_as_other_tools_print_them() {
        for text in ["0e08", " hex:0e08", "HEX: 0e08\n", "0x0e08", "0X0e08", "0e08\nDone", "0e08\r\nDone\r\n> "] {
            assert_eq!(dataset_digits(text), "0e08", "{text:?}");
        }
        for text in ["", "x", "é", "Done0e08", "0e 08"] {
            assert_eq!(dataset_digits(text), text);
        }
    }

    #[test]
    fn channels_are_those_of_the_two_bands() {
        for (text, channel) in [("1", Some(1)), ("14", Some(14)), ("36", Some(36)), ("177", Some(177))] {
            assert_eq!(read_channel(text).ok(), channel, "{text}");
        }
        for text in ["0", "15", "35", "197", "300", "-1", "", "six"] {
            assert!(read_channel(text).is_err(), "{text}");
        }
    }

    #[test]
    fn datasets_are_walked() {
        let check = |hex: &str| check_dataset(&ThreadDataset::new(hex::decode(hex).unwrap()));
        assert!(check("0e080000000000010000000300000b").is_ok());
        assert!(check("0e08000000").is_err());
        assert!(check("0300000b0e").is_err());
        assert!(check("").is_err());
    }
}
