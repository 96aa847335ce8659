//! Whether "connected" means what it says: the network that was sent, with an address. Decided from the device's answer
//! and the credentials alone.
//!
//! A device may have kept an earlier network, may lie, and over security 1 two flipped bytes turn "connecting" into an
//! empty "connected". Which radio it joined is not compared: stock firmware garbles that address.

use std::net::IpAddr;

use crate::code::Code;
use crate::device::plan::Credentials;
use crate::endpoint::config::Joined;
use crate::failure::Failure;
use crate::stage::Stage;
use crate::text;

/// Elements of a Thread dataset (Thread specification, MeshCoP TLVs).
const EXTENDED_PAN_ID: u8 = 2;
const NETWORK_NAME: u8 = 3;

/// What an answer "connected" proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// The device is where it was sent.
    Online,
    /// It says too little to tell; what is missing.
    Incomplete(&'static str),
    /// It is elsewhere.
    Elsewhere {
        /// What was sent.
        wanted: String,
        /// Where it says it is.
        found: String,
    },
}

/// Compares the answer with what was sent.
pub(super) fn proof(joined: &Joined, wanted: &Credentials) -> Proof {
    match (joined, wanted) {
        (Joined::Wifi { ip, ssid, .. }, Credentials::Wifi { ssid: wanted, .. }) => wifi(ip, ssid, wanted),
        (Joined::Thread { name, extended_pan_id, .. }, Credentials::Thread(dataset)) => {
            thread(name, extended_pan_id, dataset.expose())
        }
        _ => Proof::Incomplete("the device answers for another kind of network"),
    }
}

fn wifi(ip: &str, ssid: &[u8], wanted: &[u8]) -> Proof {
    if ssid.is_empty() {
        return Proof::Incomplete("the device says that it is connected, and not to which network");
    }
    if ssid != wanted {
        return Proof::Elsewhere { wanted: text::ssid(wanted), found: text::ssid(ssid) };
    }
    match ip.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() => Proof::Online,
        _ => Proof::Incomplete("the device says that it is connected, and has no address that can be read"),
    }
}

fn thread(name: &str, extended_pan_id: &str, dataset: &[u8]) -> Proof {
    let compared = [
        element(dataset, EXTENDED_PAN_ID).map(|wanted| (hex::encode(wanted), extended_pan_id.to_owned())),
        element(dataset, NETWORK_NAME).map(|wanted| (String::from_utf8_lossy(wanted).into_owned(), name.to_owned())),
    ];
    for (wanted, found) in compared.into_iter().flatten() {
        if found.is_empty() {
            return Proof::Incomplete("the device says that it is attached, and not to which Thread network");
        }
        if found != wanted {
            let shown = |text: &str| text::sanitise(text).into_owned();
            return Proof::Elsewhere { wanted: shown(&wanted), found: shown(&found) };
        }
    }
    if name.is_empty() && extended_pan_id.is_empty() {
        return Proof::Incomplete("the device says that it is attached, and not to which Thread network");
    }
    Proof::Online
}

/// The value of an element of a dataset: a type, a length and that many bytes each.
fn element(mut dataset: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [kind, length, rest @ ..] = dataset {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        if *kind == wanted {
            return Some(value);
        }
        dataset = after;
    }
    None
}

/// The failure of a device that is elsewhere.
pub(super) fn elsewhere(joined: &Joined, wanted: &str, found: &str) -> Failure {
    let (code, network) = match joined {
        Joined::Wifi { .. } => (Code::WifiOtherNetwork, "network"),
        Joined::Thread { .. } => (Code::ThreadOtherNetwork, "Thread network"),
    };
    Failure::new(code)
        .at(Stage::AwaitNetwork)
        .because(format!("it was given {network} {wanted}, and says that it has joined {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Passphrase, ThreadDataset};

    fn wifi(ssid: &str, ip: &str) -> Proof {
        let joined = Joined::Wifi { ip: ip.to_owned(), ssid: ssid.as_bytes().to_vec(), access_point: None };
        let passphrase = Passphrase::from("correct-horse");
        let wanted = Credentials::Wifi { ssid: b"HomeNet".to_vec(), passphrase, bssid: None, channel: None };
        proof(&joined, &wanted)
    }

    #[test]
    fn connected_counts_with_the_name_that_was_sent_and_an_address() {
        for ip in ["192.168.1.77", "10.0.0.1", "fe80::1", "2001:db8::7"] {
            assert_eq!(wifi("HomeNet", ip), Proof::Online, "{ip}");
        }
        for ip in ["", "0.0.0.0", "::", "192.168.1", "192.168.1.777", "online"] {
            assert!(matches!(wifi("HomeNet", ip), Proof::Incomplete(_)), "{ip}");
        }
        for ssid in ["homenet", "HomeNet ", "HomeNet\0", "Other"] {
            assert!(matches!(wifi(ssid, "192.168.1.77"), Proof::Elsewhere { .. }), "{ssid:?}");
        }
        assert!(matches!(wifi("", "192.168.1.77"), Proof::Incomplete(_)));
    }

    #[test]
    fn attached_counts_with_the_ids_of_the_dataset() {
        let dataset = |digits: &str| Credentials::Thread(ThreadDataset::new(hex::decode(digits).expect("hex")));
        let joined = |name: &str, id: &str| Joined::Thread {
            name: name.to_owned(),
            pan_id: 1,
            extended_pan_id: id.to_owned(),
            channel: 15,
        };
        let (both, id_alone) = (dataset("0208111111112222222203044d657368"), dataset("02081111111122222222"));
        let id = "1111111122222222";
        assert_eq!(proof(&joined("Mesh", id), &both), Proof::Online);
        assert_eq!(proof(&joined("any", id), &id_alone), Proof::Online);
        assert!(matches!(proof(&joined("Other", id), &both), Proof::Elsewhere { .. }));
        assert!(matches!(proof(&joined("Mesh", "3333333322222222"), &both), Proof::Elsewhere { .. }));
        assert!(matches!(proof(&joined("", ""), &both), Proof::Incomplete(_)));
        // A key alone says nothing of the network; one that is cut off says no more.
        for digits in ["051000112233445566778899aabbccddeeff", "0208111111", "02", ""] {
            assert_eq!(proof(&joined("Mesh", id), &dataset(digits)), Proof::Online, "{digits}");
            assert!(matches!(proof(&joined("", ""), &dataset(digits)), Proof::Incomplete(_)), "{digits}");
        }
    }

    #[test]
    fn both_names_are_in_the_failure() {
        let Proof::Elsewhere { wanted, found } = wifi("Other\u{1b}[2J", "10.0.0.1") else { panic!("not elsewhere") };
        let joined = Joined::Wifi { ip: String::new(), ssid: Vec::new(), access_point: None };
        let failure = elsewhere(&joined, &wanted, &found);
        assert_eq!(failure.code, Code::WifiOtherNetwork);
        assert!(failure.causes[0].contains("HomeNet") && failure.causes[0].contains("Other"), "{failure:?}");
        assert!(!failure.causes[0].contains('\u{1b}'), "{failure:?}");
    }
}
