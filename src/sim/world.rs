//! The radio world around a simulated device: which networks are on the air, and what happens when it joins one.
//!
//! No time and no randomness here. How an access point is written as text is in `access_point.rs`.

use super::access_point::{AccessPoint, Admission};
use super::event::FailReason;
use crate::secret::Passphrase;

/// The network that has two access points in the default world.
pub const DEFAULT_SSID: &str = "HomeNet";
/// Its passphrase. Public by design: it works in the simulator only.
pub const DEFAULT_PASSPHRASE: &str = "correct-horse-battery";

/// What the device's radio can hear.
#[derive(Debug, Clone)]
pub struct World {
    /// Wi-Fi access points, in no order.
    pub access_points: Vec<AccessPoint>,
    /// Thread networks, in no order.
    pub thread_networks: Vec<ThreadNetwork>,
}

/// A Thread network in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadNetwork {
    /// Network name, at most 16 bytes.
    pub name: String,
    /// PAN id.
    pub pan_id: u16,
    /// Extended PAN id: what a dataset is matched by.
    pub ext_pan_id: [u8; 8],
    /// Extended address of the router heard.
    pub ext_addr: [u8; 8],
    /// Channel, 11 to 26.
    pub channel: u8,
    /// Signal strength in dBm.
    pub rssi: i8,
    /// Link quality.
    pub lqi: u8,
}

impl ThreadNetwork {
    /// An operational dataset that attaches to it. Its key is public by design: it works in the simulator only.
    pub fn dataset(&self) -> Vec<u8> {
        let [high, low] = self.pan_id.to_be_bytes();
        let channel = [0x00, 0x03, 0x00, 0x00, self.channel];
        [&channel[..], &[0x01, 0x02, high, low], &[0x02, 0x08], &self.ext_pan_id, &[0x05, 0x10], &[0x5a; 16]].concat()
    }
}

/// How a join ends.
#[derive(Debug, Clone)]
pub enum Joined<'a> {
    /// The device joins this access point.
    Yes(&'a AccessPoint),
    /// The join fails.
    No(FailReason),
    /// The radio keeps trying and reports nothing.
    Never,
}

impl World {
    /// Joins the strongest access point of this name. An empty passphrase means an open network.
    pub fn join(&self, ssid: &[u8], passphrase: &Passphrase) -> Joined<'_> {
        let candidates = self.access_points.iter().filter(|ap| ap.ssid == ssid);
        let Some(ap) = candidates.max_by_key(|ap| ap.rssi) else { return Joined::No(FailReason::NotFound) };
        match ap.admission {
            Admission::Refuse => Joined::No(FailReason::Auth),
            Admission::Vanish => Joined::No(FailReason::NotFound),
            Admission::Silent => Joined::Never,
            Admission::ByPassphrase if ap.is_enterprise() => Joined::No(FailReason::Auth),
            // With a passphrase set, the driver raises its threshold to WPA2 and ignores open networks.
            Admission::ByPassphrase if ap.is_open() && !passphrase.is_empty() => Joined::No(FailReason::NotFound),
            Admission::ByPassphrase if ap.passphrase != *passphrase => Joined::No(FailReason::Auth),
            Admission::ByPassphrase => Joined::Yes(ap),
        }
    }

    /// The access point with this name and the strongest signal.
    pub fn strongest(&self, ssid: &[u8]) -> Option<&AccessPoint> {
        self.access_points.iter().filter(|ap| ap.ssid == ssid).max_by_key(|ap| ap.rssi)
    }

    /// The Thread network a dataset belongs to.
    ///
    /// # Errors
    /// [`FailReason::Auth`] where the dataset is not a list of TLVs with a network key, [`FailReason::NotFound`] where
    /// its extended PAN id is not on the air.
    pub fn attach(&self, dataset: &[u8]) -> Result<&ThreadNetwork, FailReason> {
        let ext_pan_id = ext_pan_id(dataset).ok_or(FailReason::Auth)?;
        let mut networks = self.thread_networks.iter();
        networks.find(|network| network.ext_pan_id == ext_pan_id).ok_or(FailReason::NotFound)
    }
}

/// The extended PAN id (TLV 2) of an operational dataset that also has a network key (TLV 5).
fn ext_pan_id(dataset: &[u8]) -> Option<&[u8]> {
    let (mut rest, mut found, mut key) = (dataset, None, false);
    while let [kind, length, tail @ ..] = rest {
        let (value, next) = tail.split_at_checked(usize::from(*length))?;
        match kind {
            2 if value.len() == 8 => found = Some(value),
            5 => key = value.len() == 16,
            _ => {}
        }
        rest = next;
    }
    found.filter(|_| key && rest.is_empty())
}

impl Default for World {
    /// A home with neighbours. Every kind of network that a client has to handle is in range.
    fn default() -> Self {
        let home = |last, channel, rssi| {
            AccessPoint::new(DEFAULT_SSID, DEFAULT_PASSPHRASE).bssid_ending(last).on(channel, rssi)
        };
        let neighbour = |ssid: &str, last, channel, rssi, auth| {
            AccessPoint::new(ssid, "neighbours-secret").bssid_ending(last).on(channel, rssi).with_auth(auth)
        };
        let open = |ssid: &str, last, channel, rssi| AccessPoint::new(ssid, "").bssid_ending(last).on(channel, rssi);
        let mut hidden = neighbour("HiddenNet", 0x04, 3, -44, 3);
        hidden.hidden = true;
        Self {
            access_points: vec![
                home(0x01, 1, -38),
                home(0x02, 6, -55),
                hidden,
                neighbour("Caf\u{e9} Z\u{fc}rich \u{2615}", 0x05, 4, -52, 7),
                neighbour("\u{65e5}\u{672c}\u{8a9e}\u{30cd}\u{30c3}\u{30c8}", 0x06, 9, -63, 6),
                open("OpenCafe", 0x07, 6, -58),
                neighbour("OldRouter", 0x08, 1, -66, 1),
                neighbour("CorpNet", 0x0b, 5, -57, 5),
                neighbour("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", 0x0e, 7, -68, 3),
                neighbour("FutureNet", 0x10, 11, -72, 16),
                open("GuestOwe", 0x11, 2, -77).with_auth(9),
                neighbour("FarAway", 0x12, 13, -91, 3),
            ],
            thread_networks: vec![
                ThreadNetwork {
                    name: "HomeThread".into(),
                    pan_id: 0x1234,
                    ext_pan_id: *b"\x11\x11\x11\x11\x22\x22\x22\x22",
                    ext_addr: *b"\x02\x11\x5e\x10\x22\x33\x44\x01",
                    channel: 15,
                    rssi: -42,
                    lqi: 200,
                },
                ThreadNetwork {
                    name: "NextDoor".into(),
                    pan_id: 0xbeef,
                    ext_pan_id: *b"\xde\xad\x00\xbe\xef\x00\xca\xfe",
                    ext_addr: *b"\x02\x11\x5e\x10\x22\x33\x44\x02",
                    channel: 25,
                    rssi: -79,
                    lqi: 60,
                },
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(ssid: &str, passphrase: &str) -> Result<u8, Option<FailReason>> {
        match World::default().join(ssid.as_bytes(), &Passphrase::from(passphrase)) {
            Joined::Yes(ap) => Ok(ap.channel),
            Joined::No(reason) => Err(Some(reason)),
            Joined::Never => Err(None),
        }
    }

    #[test]
    fn the_passphrase_decides() {
        assert_eq!(join(DEFAULT_SSID, DEFAULT_PASSPHRASE), Ok(1), "the stronger of the two");
        assert_eq!(join(DEFAULT_SSID, "wrong-pass-1"), Err(Some(FailReason::Auth)));
        assert_eq!(join(DEFAULT_SSID, ""), Err(Some(FailReason::Auth)));
        assert_eq!(join("Nowhere", "whatever-1"), Err(Some(FailReason::NotFound)));
        assert_eq!(join("OpenCafe", ""), Ok(6));
        assert_eq!(join("HiddenNet", "neighbours-secret"), Ok(3), "a hidden network can be joined by its name");
        assert_eq!(join("CorpNet", "neighbours-secret"), Err(Some(FailReason::Auth)));
    }

    #[test]
    fn the_default_world_is_awkward() {
        let world = World::default();
        let any = |test: &dyn Fn(&AccessPoint) -> bool| world.access_points.iter().any(test);
        assert!(any(&|ap| ap.hidden) && any(&|ap| ap.ssid.len() == 32) && any(&|ap| ap.auth > 8));
        assert!(any(&|ap| ap.is_open()) && any(&AccessPoint::is_enterprise) && any(&|ap| !ap.ssid.is_ascii()));
    }

    #[test]
    fn a_dataset_is_matched_by_its_extended_pan_id() {
        let world = World::default();
        let key = [&[5, 16][..], &[7; 16]].concat();
        let dataset = |id: &[u8]| [&[2, 8][..], id, &key].concat();
        assert_eq!(world.attach(&dataset(b"\x11\x11\x11\x11\x22\x22\x22\x22")).map(|it| it.pan_id), Ok(0x1234));
        assert_eq!(world.attach(&dataset(&[9; 8])), Err(FailReason::NotFound));
        assert_eq!(world.attach(&[2, 8, 1]), Err(FailReason::Auth));
        assert_eq!(world.attach(&key), Err(FailReason::Auth));
    }
}
