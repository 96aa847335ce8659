//! What a scan hears: access points, merged into networks by name. No messages and no paging here.

use serde::Serialize;

use crate::wire::messages::{ThreadScanEntry, WifiScanEntry};

/// An SSID's longest form, in bytes (IEEE 802.11).
pub const SSID_MAX: usize = 32;

/// How a Wi-Fi network authenticates: the driver's own number, which grows with the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuthMode(pub i32);

impl AuthMode {
    /// No passphrase.
    pub const OPEN: Self = Self(0);

    /// Wired equivalent privacy: old, and broken.
    pub const WEP: Self = Self(1);

    /// The name people know; `None` for numbers without a name here.
    pub fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 17] = [
            "Open",
            "WEP",
            "WPA",
            "WPA2",
            "WPA/WPA2",
            "WPA2-Enterprise",
            "WPA3",
            "WPA2/WPA3",
            "WAPI",
            "OWE",
            "WPA3-Enterprise-192",
            "WPA3",
            "WPA2/WPA3",
            "DPP",
            "WPA3-Enterprise",
            "WPA2/WPA3-Enterprise",
            "WPA-Enterprise",
        ];
        usize::try_from(self.0).ok().and_then(|index| NAMES.get(index)).copied()
    }

    /// Enterprise networks take a user name or a certificate, which this protocol cannot carry.
    pub fn is_enterprise(self) -> bool {
        self.name().is_some_and(|name| name.contains("Enterprise"))
    }

    /// WEP takes a key of 5 or 13 bytes, which may be written as hex digits.
    pub fn is_wep(self) -> bool {
        self == Self::WEP
    }

    /// Whether joining takes no passphrase (open, or opportunistically encrypted).
    pub fn is_open(self) -> bool {
        matches!(self.0, 0 | 9)
    }
}

impl std::fmt::Display for AuthMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("type {}", self.0)),
        }
    }
}

impl Serialize for AuthMode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One radio of a network, as the device heard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPoint {
    /// The network's name: 0 to 32 bytes of any kind; empty where hidden.
    pub ssid: Vec<u8>,
    /// The radio's address.
    pub bssid: [u8; 6],
    /// Wi-Fi channel.
    pub channel: u32,
    /// Signal strength, in dBm.
    pub rssi: i32,
    /// How it authenticates.
    pub auth: AuthMode,
}

impl AccessPoint {
    /// Reads an entry; `None` where a field has an impossible length.
    pub(super) fn read(entry: WifiScanEntry) -> Option<Self> {
        let bssid = match entry.bssid.len() {
            0 => [0; 6],
            _ => entry.bssid.as_slice().try_into().ok()?,
        };
        (entry.ssid.len() <= SSID_MAX).then_some(Self {
            ssid: entry.ssid,
            bssid,
            channel: entry.channel,
            rssi: entry.rssi,
            auth: AuthMode(entry.auth),
        })
    }
}

/// A network: all radios of one name, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The radios, strongest first; never empty.
    radios: Vec<AccessPoint>,
}

impl Network {
    /// The name, as bytes; empty for hidden ones.
    pub fn ssid(&self) -> &[u8] {
        &self.strongest().ssid
    }

    /// The radio the device hears best.
    pub fn strongest(&self) -> &AccessPoint {
        &self.radios[0]
    }

    /// All radios, strongest first.
    pub fn radios(&self) -> &[AccessPoint] {
        &self.radios
    }
}

/// Merges entries by name, radios and networks each strongest first. Hidden entries are not merged: two
/// networks may both have an empty name.
pub fn merge(mut entries: Vec<AccessPoint>) -> Vec<Network> {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.rssi));
    let mut networks: Vec<Network> = Vec::new();
    for entry in entries {
        let same = |network: &&mut Network| !entry.ssid.is_empty() && network.ssid() == entry.ssid;
        match networks.iter_mut().find(same) {
            Some(network) if network.radios.iter().any(|radio| radio.bssid == entry.bssid) => {}
            Some(network) => network.radios.push(entry),
            None => networks.push(Network { radios: vec![entry] }),
        }
    }
    networks
}

/// A Thread network in reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadNetwork {
    /// Network name.
    pub name: String,
    /// PAN id, 16 bits.
    pub pan_id: u32,
    /// Extended PAN id, 8 bytes, as hex.
    pub extended_pan_id: String,
    /// Channel, 11 to 26.
    pub channel: u32,
    /// Signal strength, in dBm.
    pub rssi: i32,
    /// Link quality, 0 to 255.
    pub lqi: u32,
}

impl ThreadNetwork {
    pub(super) fn read(entry: ThreadScanEntry) -> Self {
        Self {
            name: entry.network_name,
            pan_id: entry.pan_id,
            extended_pan_id: hex::encode(entry.ext_pan_id.get(..8).unwrap_or(&entry.ext_pan_id)),
            channel: entry.channel,
            rssi: entry.rssi,
            lqi: entry.lqi,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ssid: &str, last: u8, rssi: i32) -> AccessPoint {
        AccessPoint { ssid: ssid.into(), bssid: [2, 0, 0, 0, 0, last], channel: 6, rssi, auth: AuthMode(3) }
    }

    #[test]
    fn networks_merge_by_name_strongest_first() {
        let networks = merge(vec![entry("a", 1, -70), entry("b", 2, -60), entry("a", 3, -40), entry("a", 3, -41)]);
        let names: Vec<_> = networks.iter().map(Network::ssid).collect();
        assert_eq!(names, [b"a", b"b"]);
        assert_eq!(networks[0].radios().iter().map(|radio| radio.rssi).collect::<Vec<_>>(), [-40, -70]);
    }

    #[test]
    fn hidden_networks_do_not_merge() {
        assert_eq!(merge(vec![entry("", 1, -70), entry("", 2, -60)]).len(), 2);
    }

    #[test]
    fn entries_of_impossible_lengths_are_dropped() {
        let long = WifiScanEntry { ssid: vec![b'x'; 33], ..Default::default() };
        assert_eq!(AccessPoint::read(long), None);
        let odd = WifiScanEntry { bssid: vec![1; 5], ..Default::default() };
        assert_eq!(AccessPoint::read(odd), None);
    }

    #[test]
    fn auth_modes_beyond_the_list_have_a_name() {
        assert_eq!(AuthMode(42).to_string(), "type 42");
        assert_eq!(AuthMode(-1).to_string(), "type -1");
        assert!(AuthMode(5).is_enterprise() && !AuthMode(3).is_enterprise());
    }
}
