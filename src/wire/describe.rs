//! A message in words, for traces: decoded by its endpoint, with secrets replaced.
//!
//! The replacing is done by the message types themselves (`messages.rs`); what has no type is given by length only,
//! since nobody knows whether it is secret.

use std::fmt::Debug;

use prost::Message;

use super::messages::{AssociationPayload, ChallengePayload, ConfigPayload, ControlPayload, ScanPayload, SessionData};

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
        Ok(message) => format!("{message:?}"),
        Err(_) => format!("{} bytes that do not decode", plain.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_replaced() {
        let set = hex::decode("080262100a0473736964120870617373776f7264").unwrap();
        let line = describe("prov-config", Direction::Request, &set);
        assert!(line.contains("ssid") && line.contains("(redacted)") && !line.contains("password\""), "{line}");
        assert!(!line.contains("112, 97, 115, 115"), "{line}");
    }

    #[test]
    fn unknown_endpoints_give_only_a_length() {
        assert_eq!(describe("custom-data", Direction::Request, b"my secret"), "9 bytes");
        assert_eq!(describe("prov-scan", Direction::Reply, b"\xff\xff"), "2 bytes that do not decode");
    }
}
