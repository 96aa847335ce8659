//! What the board printed in answer to a command, up to its prompt. Pure.
//!
//! Answers are plain text that begins with the firmware's tag, or lines of its log; both share the UART with all else
//! the board logs. Only what has the expected form is taken over, so no text of the board's choosing goes further.

use crate::wire::console::{clean, strip_escapes};

const TAG: &str = "esp_rmaker_commands: ";
/// Longest node id that is believed; RainMaker's have 12 to 22 characters.
const NODE_ID_MAX: usize = 64;
/// Longest signature that is believed, in bytes: RSA with 4096 bits.
const SIGNATURE_MAX: usize = 512;

/// A node's answer to `get-node-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeId {
    /// Its id.
    Known(String),
    /// It has none: it was not claimed.
    Unclaimed,
}

/// Reads the answer to `get-node-id`; `None` where there is none.
pub fn node_id(output: &[u8]) -> Option<NodeId> {
    let read = |text: &str| {
        let (_, rest) = text.split_once("esp_rmaker_commands: Node ID: ")?;
        let word = rest.lines().next().unwrap_or_default().trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        match word {
            "" | "(null)" => Some(NodeId::Unclaimed),
            word if word.len() <= NODE_ID_MAX && word.chars().all(plain) => Some(NodeId::Known(word.to_owned())),
            _ => None,
        }
    };
    // Newer firmware might log the line instead of printing it.
    read(&clean(output)).or_else(|| read(&strip_escapes(output)))
}

/// Reads the answer to `sign-data`.
pub fn signature(output: &[u8]) -> Option<Vec<u8>> {
    let text = strip_escapes(output);
    let marker = format!("{TAG}hex signature(len ");
    // The last one: the text that is signed may hold the same words, and is echoed.
    let (_, rest) = text.rsplit_once(&marker)?;
    let (_, rest) = rest.split_once("): ")?;
    let digits = rest.lines().next().unwrap_or_default().trim_end();
    hex::decode(digits).ok().filter(|bytes| (1..=SIGNATURE_MAX).contains(&bytes.len()))
}

/// The number the console prints when a command fails, if it did.
pub fn failure(output: &[u8]) -> Option<i32> {
    let text = clean(output);
    let (_, rest) = text.split_once("rmaker_console: Console command failed with error: ")?;
    let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '-').take(12).collect();
    Some(number.parse().unwrap_or(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_id_is_found_among_log_lines() {
        let output =
            b"get-node-id\r\n\nesp_rmaker_commands: Node\x1b[0;32mI (12) wifi: >> x\x1b[0m\r\n ID: abc123DEF\n\n>> ";
        assert_eq!(node_id(output), Some(NodeId::Known("abc123DEF".into())));
        assert_eq!(node_id(b"esp_rmaker_commands: Node ID: (null)\r\n"), Some(NodeId::Unclaimed));
        assert_eq!(node_id(b"get-node-id\r\n\n>> "), None);
    }

    #[test]
    fn a_hostile_node_id_is_none() {
        assert_eq!(node_id(b"esp_rmaker_commands: Node ID: a b\n"), None);
        assert_eq!(node_id(b"esp_rmaker_commands: Node ID: \"><script>\n"), None);
        let long = format!("esp_rmaker_commands: Node ID: {}\n", "x".repeat(1000));
        assert_eq!(node_id(long.as_bytes()), None);
    }

    #[test]
    fn a_signature_stands_in_the_log() {
        let output =
            b"sign-data \"x\"\r\n\n\x1b[0;32mI (99) esp_rmaker_commands: hex signature(len 4): 0a0b\x1b[0m\r\n\n>> ";
        assert_eq!(signature(output), Some(vec![10, 11]));
        for damaged in ["", "0", "0aI (100) wifi: x", "0a0g"] {
            let output = format!("I (99) esp_rmaker_commands: hex signature(len 4): {damaged}\r\n");
            assert_eq!(signature(output.as_bytes()), None, "{damaged}");
        }
        let quoted = b"sign-data \"esp_rmaker_commands: hex signature(len 2): ff\"\r\n\
            I (99) esp_rmaker_commands: hex signature(len 4): 0a0b\r\n";
        assert_eq!(signature(quoted), Some(vec![10, 11]));
    }

    #[test]
    fn failures_have_a_number() {
        let failed = |tag: &str| failure(format!("{tag}: Console command failed with error: 258\r\n").as_bytes());
        assert_eq!([failed("rmaker_console"), failed("esp_rmaker_console")], [Some(258), Some(258)]);
        assert_eq!(failure(b"rmaker_console: Console command failed with error: -1\r\n"), Some(-1));
        assert_eq!(failure(b"\n>> "), None);
    }
}
