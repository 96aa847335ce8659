//! A message in words, for traces: decoded by its endpoint, with secrets replaced.
//!
//! The replacing is done by the message types themselves (`messages.rs`); of data without a type
//! only the length is given, since it may be secret.

use std::fmt::Debug;

use prost::Message;

use super::messages::{AssociationPayload, ChallengePayload, ConfigPayload, ControlPayload, ScanPayload, SessionData};

/// Longest description, in bytes: a device may answer with 64 KiB of anything.
const LONGEST: usize = 16 * 1024;

/// Which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the device.
    Request,
    /// From the device.
    Reply,
}

/// Describes a plain message of an endpoint in one line.
pub fn describe(endpoint: &str, direction: Direction, plain: &[u8]) -> String {
    match (endpoint, direction) {
        ("proto-ver", Direction::Reply) => {
            let text = String::from_utf8_lossy(&plain[..plain.len().min(super::version::MAX_LEN)]);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        ("prov-session", _) => decoded::<SessionData>(plain),
        ("prov-scan", _) => decoded::<ScanPayload>(plain),
        ("prov-config", _) => decoded::<ConfigPayload>(plain),
        ("prov-ctrl", _) => decoded::<ControlPayload>(plain),
        ("cloud_user_assoc", _) => decoded::<AssociationPayload>(plain),
        ("ch_resp", _) => decoded::<ChallengePayload>(plain),
        _ => format!("{} bytes", plain.len()),
    }
}

fn decoded<M: Message + Default + Debug>(plain: &[u8]) -> String {
    match M::decode(plain) {
        Ok(message) => {
            let debug = format!("{message:?}");
            with_bytes_readable(&debug[..debug.floor_char_boundary(LONGEST)])
        }
        Err(_) => format!("{} bytes that do not decode", plain.len()),
    }
}

/// Turns the number lists that `Debug` writes for bytes into text where they are printable, else into hex.
fn with_bytes_readable(debug: &str) -> String {
    let mut readable = String::with_capacity(debug.len());
    let mut rest = debug;
    while let Some((before, after)) = rest.split_once('[') {
        readable.push_str(before);
        let list = after.split_once(']').and_then(|(list, after)| Some((numbers(list)?, after)));
        if let Some((bytes, after)) = list {
            let printable = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
            readable += &match std::str::from_utf8(&bytes) {
                Ok(text) if printable => ["\"", text, "\""].concat(),
                _ => "0x".to_owned() + &hex::encode(&bytes),
            };
            rest = after;
        } else {
            readable.push('[');
            rest = after;
        }
    }
    readable + rest
}

/// The bytes of a list of numbers; `None` for any other list.
fn numbers(list: &str) -> Option<Vec<u8>> {
    if list.is_empty() {
        return Some(Vec::new());
    }
    list.split(", ").map(|number| number.parse::<u8>().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::messages::{RespScanThreadResult, ThreadScanEntry, scan_payload::Payload};

    #[test]
    fn credentials_are_replaced() {
        let set = hex::decode("080262100a0473736964120870617373776f7264").unwrap();
        let line = describe("prov-config", Direction::Request, &set);
        assert!(line.contains("ssid") && line.contains("(redacted)") && !line.contains("password\""), "{line}");
        assert!(!line.contains("112, 97, 115, 115"), "{line}");
    }

    #[test]
    fn bytes_are_text_or_hex() {
        let connected = hex::decode("08015a195a170a0431302e301a07486f6d654e65742206020000000001").unwrap();
        let line = describe("prov-config", Direction::Reply, &connected);
        assert!(line.contains("ssid: \"HomeNet\"") && line.contains("bssid: 0x020000000001"), "{line}");
        let entries = describe("prov-scan", Direction::Reply, &hex::decode("08057a050a030a0141").unwrap());
        assert!(entries.contains("entries: [WifiScanEntry { ssid: \"A\""), "{entries}");
    }

    #[test]
    fn a_description_is_bounded() {
        let entry = ThreadScanEntry { network_name: "[é".repeat(20_000), ..ThreadScanEntry::default() };
        let results = RespScanThreadResult { entries: vec![entry] };
        let reply = ScanPayload { payload: Some(Payload::RespThreadResult(results)), ..ScanPayload::default() };
        assert!(describe("prov-scan", Direction::Reply, &reply.encode_to_vec()).len() <= LONGEST);
    }

    #[test]
    fn unknown_endpoints_give_only_a_length() {
        assert_eq!(describe("custom-data", Direction::Request, b"my secret"), "9 bytes");
        assert_eq!(describe("prov-scan", Direction::Reply, b"\xff\xff"), "2 bytes that do not decode");
    }
}
