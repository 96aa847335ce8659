//! What a board's output says of the board, where the answer that was hoped for is not in it. Pure.

use zeroize::Zeroizing;

use super::ConsoleError;
use super::output::Output;
use crate::text;
use crate::wire::console::clean;
use crate::wire::log::{RawLine, Redactor};

/// Longest piece of output that is quoted, in columns.
const QUOTED: usize = 80;
/// Commands of the agent's console whose echo is not quoted.
const SECRET: [&str; 2] = ["wifi-prov", "add-user"];

/// Why there is no prompt in `output`, which was read at `baud`.
pub(super) fn explain(output: &Output, port: &str, baud: u32) -> ConsoleError {
    let port = port.to_owned();
    if output.total() == 0 {
        return ConsoleError::Silent { port };
    }
    if output.is_garbage() {
        return ConsoleError::Garbage { port, baud, bytes: output.total() };
    }
    let output = output.bytes();
    let starts = starts(output);
    match starts.as_slice() {
        [_, .., last] => ConsoleError::BootLoop { port, reason: last.clone() },
        few => ConsoleError::NoPrompt { port, last: last_line(output), booting: !few.is_empty() || is_log(output) },
    }
}

/// The reason of the last start in `output`, if the board started anew. A line that is still coming is waited for: its
/// end has the reason.
pub(super) fn restart(output: &[u8]) -> Option<String> {
    let ended = output.iter().rposition(|byte| *byte == b'\n')?;
    starts(&output[..ended]).pop()
}

/// Each start of the chip's ROM in the output, with the reason it gives: `POWERON_RESET`.
fn starts(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    // Line starts only: a start that a log line quotes does not count. The first line may follow noise of the line itself.
    let lines = text.split(['\n', '\r']);
    lines.filter_map(|line| line.trim_start().strip_prefix("rst:0x")).map(reason).collect()
}

fn reason(line: &str) -> String {
    let name = line.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(name, _)| name);
    quoted(name.unwrap_or("no reason given"))
}

fn is_log(output: &[u8]) -> bool {
    let text = String::from_utf8_lossy(output);
    clean(output).trim().len() < text.trim().len() / 2
}

fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let line = text.split(['\n', '\r']).map(str::trim).rfind(|line| !line.is_empty());
    match line {
        // The echo of a command that carries credentials, from an earlier conversation with the agent's console.
        Some(line) if SECRET.iter().any(|command| line.contains(command)) => "(a command with credentials)".to_owned(),
        Some(line) => {
            let line = RawLine { text: Zeroizing::new(line.to_owned()), whole: true };
            quoted(&Redactor::default().redact(&line))
        }
        None => String::new(),
    }
}

/// Marked where it is cut: the code that knows more secrets takes their beginnings out there.
fn quoted(text: &str) -> String {
    text::bounded(&text::sanitise(text), QUOTED).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x1 (POWERON),boot:0xc\r\n";

    fn said(bytes: &[u8]) -> ConsoleError {
        let mut output = Output::default();
        output.push(bytes).expect("short");
        explain(&output, "/dev/p", 9600)
    }

    #[test]
    fn what_is_printed_says_what_is_wrong() {
        let port = || "/dev/p".to_owned();
        assert_eq!(said(b""), ConsoleError::Silent { port: port() });
        let noise: Vec<u8> = (0..=255).cycle().take(1000).collect();
        assert_eq!(said(&noise), ConsoleError::Garbage { port: port(), baud: 9600, bytes: 1000 });
        let looping = [START, "Guru\r\n", START].concat();
        assert_eq!(said(looping.as_bytes()), ConsoleError::BootLoop { port: port(), reason: "POWERON".into() });
        let last = "I (300) main: Hello".to_owned();
        let booted = format!("{START}{last}\r\n");
        assert_eq!(said(booted.as_bytes()), ConsoleError::NoPrompt { port: port(), last, booting: true });
        let other = ConsoleError::NoPrompt { port: port(), last: "login:".into(), booting: false };
        assert_eq!(said(b"\r\nlogin: "), other);
    }

    #[test]
    fn an_echo_with_credentials_is_not_quoted() {
        let said = format!("{:?}", said(b"\r\nwifi-prov HomeNet hunter22-hunter"));
        assert!(!said.contains("hunter22"), "{said}");
    }

    #[test]
    fn what_firmware_names_a_secret_is_not_quoted() {
        let ConsoleError::NoPrompt { last, .. } = said(b"I (9) app: x\r\n\tPassword : hunter22") else {
            panic!("text")
        };
        assert!(last.starts_with("Password") && last.ends_with("(redacted)"), "{last}");
    }

    #[test]
    fn a_start_is_distinguished_from_a_line_about_one() {
        assert_eq!(restart(b"0801\r\nrst:0xc (SW_CPU_RESET),boot:0x13\r\n").as_deref(), Some("SW_CPU_RESET"));
        assert_eq!(restart(b"I (1) boot: last was rst:0x1 (POWERON)\r\n"), None);
        assert_eq!(restart(b"rst:0x\x1b[31m(\n"), Some("no reason given".into()));
        assert_eq!(restart(b"rst:0x1 (POWE"), None, "the line has not ended");
    }
}
