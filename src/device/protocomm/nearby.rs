//! What a scan can say about a network that could not be joined: near misses in the name, a weak signal.

use crate::endpoint::config::JoinFailure;
use crate::endpoint::scan::Network;
use crate::text;

/// Below this the device hears too little to rely on, in dBm.
const WEAK: i32 = -75;
/// Names this many edits apart are near misses.
const NEAR: usize = 2;

/// Hints for a failed join, the most specific last (each is put in front of the one before).
pub(super) fn hints(reason: JoinFailure, ssid: &[u8], heard: &[Network]) -> Vec<String> {
    let mut hints = Vec::new();
    let found = heard.iter().find(|network| network.ssid() == ssid);
    match (found, reason) {
        (Some(network), _) if network.strongest().auth.is_enterprise() => {
            hints.push("the network wants enterprise credentials, which provisioning cannot carry".to_owned());
        }
        (Some(network), JoinFailure::NotFound) if network.strongest().auth.is_open() => hints.push(format!(
            "the device hears that {} is open, and firmware with a passphrase joins no open network: give --open",
            text::ssid(ssid)
        )),
        (Some(network), _) if network.strongest().auth.is_wep() => hints.push(format!(
            "the device hears that {} has WEP: it takes a key of 5 or 13 characters, and much firmware refuses it; set the router to \
             WPA2",
            text::ssid(ssid)
        )),
        (Some(network), _) if network.strongest().rssi < WEAK => hints.push(format!(
            "the device hears {} at only {} dBm: move it closer to the access point",
            text::ssid(ssid),
            network.strongest().rssi
        )),
        (None, JoinFailure::NotFound) if !heard.is_empty() => {
            let names: Vec<_> = near(ssid, heard).take(3).map(|network| text::ssid(network.ssid())).collect();
            hints.push(if names.is_empty() {
                match heard.len() {
                    1 => "the device hears one network, but it has another name".to_owned(),
                    count => format!("the device hears {count} networks, but none of that name"),
                }
            } else {
                format!("the device hears no {}; did you mean {}?", text::ssid(ssid), names.join(" or "))
            });
        }
        _ => {}
    }
    hints
}

/// Networks whose name is almost this one.
fn near<'a>(ssid: &'a [u8], heard: &'a [Network]) -> impl Iterator<Item = &'a Network> {
    let fold = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_lowercase();
    let wanted = fold(ssid);
    heard.iter().filter(move |network| {
        !network.ssid().is_empty() && strsim::damerau_levenshtein(&wanted, &fold(network.ssid())) <= NEAR
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::scan::{AccessPoint, AuthMode, merge};

    fn heard(names: &[(&str, i32)]) -> Vec<Network> {
        let entry = |(index, (ssid, rssi)): (usize, &(&str, i32))| AccessPoint {
            ssid: ssid.as_bytes().to_vec(),
            bssid: [0, 0, 0, 0, 0, u8::try_from(index).unwrap()],
            channel: 1,
            rssi: *rssi,
            auth: AuthMode(3),
        };
        merge(names.iter().enumerate().map(entry).collect())
    }

    #[test]
    fn near_misses_are_named() {
        let heard = heard(&[("HomeNet", -40), ("Neighbour", -60)]);
        let hints = hints(JoinFailure::NotFound, b"homenet ", &heard);
        assert!(hints[0].contains("did you mean HomeNet?"), "{hints:?}");
    }

    #[test]
    fn a_weak_signal_is_named() {
        let hints = hints(JoinFailure::Authentication, b"HomeNet", &heard(&[("HomeNet", -88)]));
        assert!(hints[0].contains("-88 dBm"), "{hints:?}");
    }

    #[test]
    fn an_enterprise_network_is_named() {
        let mut heard = heard(&[("CorpNet", -40)]);
        heard[0] = merge(vec![AccessPoint { auth: AuthMode(5), ..heard[0].strongest().clone() }]).remove(0);
        let hints = hints(JoinFailure::Authentication, b"CorpNet", &heard);
        assert!(hints[0].contains("enterprise"), "{hints:?}");
    }

    #[test]
    fn an_open_network_and_one_with_wep_are_named() {
        let mut heard = heard(&[("Cafe", -40)]);
        for (auth, reason, word) in [(0, JoinFailure::NotFound, "--open"), (1, JoinFailure::Authentication, "WEP")] {
            heard[0] = merge(vec![AccessPoint { auth: AuthMode(auth), ..heard[0].strongest().clone() }]).remove(0);
            let hints = hints(reason, b"Cafe", &heard);
            assert!(hints[0].contains(word), "{hints:?}");
        }
    }

    #[test]
    fn without_evidence_nothing_is_said() {
        assert!(hints(JoinFailure::NotFound, b"HomeNet", &[]).is_empty());
        assert!(hints(JoinFailure::Authentication, b"HomeNet", &heard(&[("HomeNet", -40)])).is_empty());
    }
}
