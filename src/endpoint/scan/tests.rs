//! Scan requests as recorded, entries as a radio may or may not report them, and their merging into networks.

use super::*;

fn entry(ssid: &str, last: u8, rssi: i32) -> AccessPoint {
    AccessPoint { ssid: ssid.into(), bssid: [2, 0, 0, 0, 0, last], channel: 6, rssi, auth: AuthMode(3) }
}

#[test]
fn requests_are_the_recorded_bytes() {
    // The start is non-blocking, so it lacks the recorded client's field 1.
    assert_eq!(*Progress { radio: Radio::Wifi }.encode(), hex::decode("0802").unwrap());
    assert_eq!(*WifiResults { start: 4, count: 4 }.encode(), hex::decode("0804720408041004").unwrap());
    assert_eq!(*Start { radio: Radio::Wifi, group_channels: 5 }.encode(), hex::decode("520418052078").unwrap());
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
