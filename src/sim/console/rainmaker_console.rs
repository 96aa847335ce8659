//! The RainMaker agent's console on the simulated board: its commands. Pure.
//!
//! Worded after esp-rainmaker's `esp_rmaker_console.c` and `esp_rmaker_commands.c`. Like the firmware, it echoes and logs
//! passphrases in clear; the log, in which a client follows a join, is in `log.rs`.

use std::time::Duration;

use super::log::Log;
use crate::secret::Passphrase;
use crate::sim::device::Device;
use crate::sim::event::Event;
use crate::sim::fault::FaultKind;

const TAG: &str = "esp_rmaker_commands";
/// The firmware's numbers.
const INVALID_ARGUMENT: i32 = 0x102;
const FAILED: i32 = -1;
/// Most words of a line.
const WORDS_MAX: usize = 8;

/// The outcome of a line.
pub(super) enum Ran {
    /// The command printed this; the log lines come first.
    Printed(Vec<u8>),
    /// The command never returns.
    Hung,
    /// The board restarts.
    Restarted,
}

/// Runs a line, its carriage return included.
pub(super) fn run(device: &mut Device, log: &mut Log, now: Duration, line: &[u8]) -> Ran {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let words = words(line);
    let name = words.first().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
    if name.is_empty() {
        return Ran::Printed(b"\r\n".to_vec());
    }
    if device.strikes(now, FaultKind::Hang, &name).is_some() {
        return Ran::Hung;
    }
    if device.strikes(now, FaultKind::Reboot, &name).is_some() {
        device.restart(now);
        return Ran::Restarted;
    }
    let arguments: Vec<&[u8]> = words.iter().skip(1).map(Vec::as_slice).collect();
    let result = match (name.as_str(), arguments.as_slice()) {
        ("help", _) => Ok("help\r\n  Print the list of registered commands\r\n".to_owned()),
        ("get-node-id", _) => Ok(format!("{TAG}: Node ID: {}\r\n", device.options().node_id())),
        ("add-user", [user, _key]) => {
            device.note(now, Event::UserMapped { user_id: String::from_utf8_lossy(user).into_owned() });
            Ok(format!("{TAG}: Starting user-node mapping\r\n"))
        }
        // Taken or not, the command succeeds and prints nothing.
        ("wifi-prov", [ssid, passphrase @ ..]) if passphrase.len() < 2 => {
            join(device, log, now, ssid, passphrase.first().copied().unwrap_or_default());
            Ok(String::new())
        }
        ("sign-data", [data]) => {
            let digits = hex::encode(device.sign(data));
            log.entry(now, 'I', TAG, &format!("hex signature(len {}): {digits}", digits.len()));
            Ok(String::new())
        }
        ("wifi-prov" | "add-user", _) => Err((format!("{TAG}: Invalid Usage.\r\n"), INVALID_ARGUMENT)),
        ("sign-data", _) => Err(("Usage: sign-data <data>\r\n".to_owned(), FAILED)),
        // The firmware prints nothing for unknown commands.
        _ => Ok(String::new()),
    };
    let text = result.unwrap_or_else(|(text, number)| {
        format!("{text}rmaker_console: Console command failed with error: {number}\r\n")
    });
    Ran::Printed(format!("\r\n{text}").into_bytes())
}

fn join(device: &mut Device, log: &mut Log, now: Duration, ssid: &[u8], key: &[u8]) {
    if device.join_at_once(now, ssid, key) {
        log.credentials(now, ssid, &Passphrase::new(key));
    } else {
        log.entry(now, 'E', "network_prov_mgr", "Wi-Fi credentials already received by provisioning app");
    }
}

/// A line's words as ESP-IDF's `esp_console_split_argv` parts them: spaces, `"…"`, and `\` before `\`, `"` or a space.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quoted = false;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, word.as_mut()) {
            (b' ', None) => {}
            (b'"', None) => (word, quoted) = (Some(Vec::new()), true),
            (b' ', Some(_)) if !quoted => words.extend(word.take()),
            (b'"', Some(_)) if quoted => {
                words.extend(word.take());
                quoted = false;
            }
            (b'\\', _) => {
                let escaped = bytes.next().filter(|byte| matches!(byte, b'\\' | b'"' | b' '));
                word.get_or_insert_default().extend(escaped);
            }
            (byte, _) => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words.truncate(WORDS_MAX);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DeviceOptions;

    fn split(line: &str) -> Vec<String> {
        words(line.as_bytes()).into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()).collect()
    }

    #[test]
    fn lines_are_parted_as_the_firmware_does() {
        assert_eq!(split(r#"wifi-prov "a b" c\ d"#), ["wifi-prov", "a b", "c d"]);
        assert_eq!(split(r#"  x "\"\\" "" y"#), ["x", r#""\"#, "", "y"]);
        assert_eq!(split(r"a\qb"), ["ab"], "an escape it does not know is dropped");
        assert_eq!(split("a b c d e f g h i j").len(), WORDS_MAX);
        assert!(split("").is_empty());
    }

    #[test]
    fn commands_print_what_the_firmware_prints() {
        let options = DeviceOptions::from_parameters([("node-id", "node1")]).expect("options");
        let (mut device, mut log) = (Device::new(options), Log::default());
        let mut run = |line: &str| match run(&mut device, &mut log, Duration::from_secs(1), line.as_bytes()) {
            Ran::Printed(text) => {
                let logged = log.take().unwrap_or_default();
                String::from_utf8_lossy(&[text, logged].concat()).into_owned()
            }
            Ran::Hung | Ran::Restarted => panic!("{line}"),
        };
        assert_eq!(run("get-node-id\r"), "\r\nesp_rmaker_commands: Node ID: node1\r\n");
        assert!(run("wifi-prov\r").contains("failed with error: 258"));
        assert!(run("sign-data x\r").contains("esp_rmaker_commands: hex signature(len "));
        assert_eq!([run("\r"), run("proto-ver 0 2d2d2d\r")], ["\r\n"; 2]);
        assert!(run("wifi-prov HomeNet correct-horse-battery\r").contains("Received"));
        assert!(run("wifi-prov HomeNet correct-horse-battery\r").contains("already received"));
    }
}
