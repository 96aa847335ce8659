//! Whether the board's own log confirms that it has joined a network: a witness where the device itself could not say.
//!
//! Only numbers and the network's name are taken from the log, from lines of the last try to join.

use std::net::IpAddr;

use super::listen::LoggedLine;

/// What stands before an address.
const BEFORE: [&str; 3] = ["sta ip: ", "got ip:", "Connected with IP Address:"];

/// The address that the board logged in this try to join, unless it logged that it had joined another network than
/// `ssid`.
pub fn address(heard: &[LoggedLine], attempt: u32, ssid: &[u8]) -> Option<IpAddr> {
    let own = || heard.iter().filter(|own| own.attempt == attempt).map(|own| &own.line);
    let elsewhere = own().filter_map(|line| network(&line.text)).any(|name| name.as_bytes() != ssid);
    own().filter_map(|line| after(&line.text)).next_back().filter(|_| !elsewhere)
}

/// The name in `connected with HomeNet, aid = 1, channel 6, …`.
fn network(text: &str) -> Option<&str> {
    text.strip_prefix("connected with ")?.split_once(", aid").map(|(name, _)| name)
}

fn after(text: &str) -> Option<IpAddr> {
    let rest = BEFORE.iter().find_map(|before| text.split_once(before)).map(|(_, rest)| rest)?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && !".:".contains(c)).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ':']).parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Stage;
    use crate::wire::log::Line;

    fn heard(lines: &[&str]) -> Vec<LoggedLine> {
        let line = |text: &&str| LoggedLine { stage: Some(Stage::AwaitNetwork), attempt: 1, line: Line::parse(text) };
        lines.iter().map(line).collect()
    }

    #[test]
    fn an_address_is_read_from_the_lines_that_have_it() {
        for line in [
            "I (2345) esp_netif_handlers: sta ip: 192.168.1.7, mask: 255.255.255.0, gw: 192.168.1.1",
            "I (2345) app_wifi: Connected with IP Address:192.168.1.7",
            "I (2345) wifi station: got ip:192.168.1.7",
        ] {
            let lines = heard(&["I (2000) wifi:connected with HomeNet, aid = 1, channel 6, BW20", line]);
            assert_eq!(address(&lines, 1, b"HomeNet"), Some([192, 168, 1, 7].into()), "{line}");
            assert_eq!(address(&lines, 2, b"HomeNet"), None, "of an earlier try");
            assert_eq!(address(&lines, 1, b"Other"), None, "of another network");
        }
        for line in ["I (9) wifi station: got ip:0.0.0.0", "I (9) wifi station: got ip:", "I (9) x: STA Got IP"] {
            assert_eq!(address(&heard(&[line]), 1, b"HomeNet"), None, "{line}");
        }
    }
}
