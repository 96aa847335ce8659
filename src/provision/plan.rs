//! What a run is to do: checked, complete but for what a person may be asked, and without any I/O done yet.

use crate::code::Code;
use crate::endpoint::scan::SSID_MAX;
use crate::failure::Failure;
use crate::secret::{MappingKey, Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};
use crate::transport::Locator;

/// One provisioning run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The device.
    pub device: Locator,
    /// How to secure the session.
    pub security: SecurityPlan,
    /// Whose the node is to be, if it is told.
    pub association: Option<UserMapping>,
    /// Whether the device is given a network at all.
    pub network: bool,
    /// The Wi-Fi network, as far as it is known.
    pub wifi: WifiPlan,
    /// For Thread devices.
    pub dataset: Option<ThreadDataset>,
    /// Whether a person may be asked to try again after a failed join.
    pub retry: bool,
}

/// What is known of the session's secrets.
#[derive(Debug, Clone, Default)]
pub struct SecurityPlan {
    /// Overrides what the device says.
    pub version: Option<u8>,
    /// Proof of possession; empty for "the device has none".
    pub pop: Option<ProofOfPossession>,
    /// Security 2's user name.
    pub username: Option<String>,
    /// Security 2's password; the PoP stands in where it is missing.
    pub password: Option<Sec2Password>,
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

/// A plain user mapping.
#[derive(Debug, Clone)]
pub struct UserMapping {
    /// The user's id at the back end.
    pub user_id: String,
    /// The key the back end matches.
    pub secret_key: MappingKey,
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

/// Checks a passphrase: empty (open), or 8 to 63 bytes.
///
/// # Errors
/// [`Code::WifiPassphraseInvalid`], without the passphrase.
pub fn check_passphrase(passphrase: &Passphrase) -> Result<(), Failure> {
    match passphrase.expose().len() {
        0 | 8..=63 => Ok(()),
        length => Err(Failure::new(Code::WifiPassphraseInvalid).because(format!("it has {length} bytes"))),
    }
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
        for (length, good) in [(0, true), (1, false), (7, false), (8, true), (63, true), (64, false)] {
            assert_eq!(check_passphrase(&Passphrase::new(vec![b'x'; length])).is_ok(), good, "{length}");
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
