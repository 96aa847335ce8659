//! Serial line framing of protocomm_console: a request is one line of text, a reply is a line of hex somewhere in
//! what the board prints.
//!
//! Pure text work for both ends; no port is opened here. The console shares its UART with the firmware's log, so log
//! lines fall between the parts of a conversation and even between two hex digits. Source: ESP-IDF protocomm_console.

use super::log;

/// What the board prints when it waits for a line.
pub const PROMPT: &str = "\n>> ";
/// Longest line the board takes, in characters, without the carriage return.
pub const LINE_MAX: usize = 255;
/// Most bytes of output that are kept while an answer is looked for.
pub const OUTPUT_MAX: usize = 64 * 1024;

/// A request longer than the board's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the line would have {length} characters, the board takes {LINE_MAX}")]
pub struct LineTooLong {
    /// Its length, in characters.
    pub length: usize,
}

/// How many bytes a request to an endpoint may have, for a session id of this many digits: `endpoint id hex`.
pub fn capacity(endpoint: &str, digits: usize) -> usize {
    LINE_MAX.saturating_sub(endpoint.len() + 1 + digits + 1 + 1) / 2
}

/// The line for a request, without its end.
///
/// # Errors
/// [`LineTooLong`]: the board would cut it and take the rest for the next line.
pub fn request_line(endpoint: &str, session: u32, request: &[u8]) -> Result<String, LineTooLong> {
    let line = format!("{endpoint} {session} {}", hex::encode(request));
    if line.len() < LINE_MAX { Ok(line) } else { Err(LineTooLong { length: line.len() }) }
}

/// What the board answered to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Bytes.
    Reply(Vec<u8>),
    /// The prompt came back without an answer: the request was refused.
    Refused,
    /// Something was printed, but no line of hex can be made out.
    Unreadable,
}

/// Looks for the answer to `line` in what the board has printed since the line was sent. `None` until the prompt is
/// back.
pub fn find_answer(output: &[u8], line: &str) -> Option<Answer> {
    between(&clean(output), line).map(read_answer)
}

/// Whether the prompt is back after the echo of `line`, whatever was printed between them. The line may have bytes
/// that are not ASCII.
pub fn is_answered(output: &[u8], line: &[u8]) -> bool {
    between(&clean(output), &clean(line)).is_some()
}

/// Whether the echo of `line` is complete and the prompt is not back yet: the board is still at work.
pub fn is_under_way(output: &[u8], line: &[u8]) -> bool {
    clean(output).contains(&clean(line)) && !is_answered(output, line)
}

/// What stands between the echo of `line` and the prompt.
fn between<'a>(text: &'a str, line: &str) -> Option<&'a str> {
    let start = text.find(line)? + line.len();
    let rest = &text[start..];
    rest.find(PROMPT).map(|end| &rest[..end])
}

/// The answer between echo and prompt. Firmware prints lower-case hex; other lines are noise without a log level.
fn read_answer(between: &str) -> Answer {
    let is_hex = |line: &&str| !line.is_empty() && hex_digits(line) == line.len();
    let lines: Vec<_> = between.lines().map(str::trim).collect();
    let pieces: Vec<_> = lines.iter().copied().filter(is_hex).collect();
    let next = |at: usize| lines.get(at + 1).copied().unwrap_or_default();
    let damaged = |(at, line): (usize, &&str)| is_torn(line) && (pieces.is_empty() || is_hex(&next(at)));
    if lines.iter().enumerate().any(damaged) {
        return Answer::Unreadable;
    }
    match hex::decode(pieces.concat()) {
        Ok(bytes) if !bytes.is_empty() => Answer::Reply(bytes),
        Ok(_) => Answer::Refused,
        Err(_) => Answer::Unreadable,
    }
}

fn hex_digits(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count()
}

/// Whether a line may be the beginning of a reply into which a line without a level fell; the rest follows it.
fn is_torn(line: &str) -> bool {
    let digits = hex_digits(line);
    digits >= 2 && line[digits..].starts_with(|c: char| !c.is_whitespace())
}

/// Output without escape sequences, log lines and carriage returns; bytes that are not ASCII become `?`.
pub fn clean(output: &[u8]) -> String {
    let text = strip_escapes(output);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = log::find(rest) {
        clean.push_str(&rest[..start]);
        // A log line that has not ended yet hides the text after it until it ends.
        rest = rest[start..].find('\n').map_or("", |end| &rest[start + end + 1..]);
    }
    clean.push_str(rest);
    clean
}

/// Output without ANSI escape sequences and carriage returns; bytes that are not ASCII become `?`.
pub fn strip_escapes(output: &[u8]) -> String {
    let mut text = String::with_capacity(output.len());
    let mut bytes = output.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            0x1b if bytes.next_if_eq(&b'[').is_some() => {
                // Parameters, up to and with the final byte.
                while bytes.next_if(|byte| (0x20..0x40).contains(byte)).is_some() {}
                let _ = bytes.next_if(|byte| (0x40..0x7f).contains(byte));
            }
            0x1b | b'\r' => {}
            b'\n' | b'\t' | b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push('?'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};

    use super::*;

    const LINE: &str = "prov-config 7 5200";

    fn output(between: &str) -> String {
        format!("{LINE}\r\n{between}\r\n{PROMPT}")
    }

    fn answer(output: &str) -> Option<Answer> {
        find_answer(output.as_bytes(), LINE)
    }

    #[test]
    fn a_line_is_what_the_board_takes() {
        assert_eq!(request_line("prov-config", 7, &[0x52, 0x00]).as_deref(), Ok(LINE));
        assert_eq!(capacity("prov-session", 1), 119);
        assert_eq!(capacity("prov-config", 1), 120);
        assert!(request_line("prov-session", 0, &[0; 119]).is_ok());
        assert_eq!(request_line("prov-session", 0, &[0; 121]), Err(LineTooLong { length: 257 }));
    }

    #[test]
    fn an_answer_is_the_hex_between_echo_and_prompt() {
        assert_eq!(answer(&output("\r\n08015a021001")), Some(Answer::Reply(vec![8, 1, 0x5a, 2, 0x10, 1])));
        assert_eq!(answer(&output("")), Some(Answer::Refused));
        assert_eq!(answer(&format!("{LINE}\r\n\r\n0801")), None);
        assert_eq!(answer("\n>> "), None, "an earlier prompt does not count as an answer");
        let under_way = |output: &str| is_under_way(output.as_bytes(), LINE.as_bytes());
        assert!(under_way(&format!("\n>> {LINE}\r\n")) && !under_way("\n>> prov-") && !under_way(&output("")));
    }

    #[test]
    fn log_lines_go_wherever_they_fell() {
        let noisy =
            "\r\n0801\x1b[0;32mI (1234) wifi: state: init -> auth (b0)\x1b[0m\r\n5a02W (7) x: >> deadbeef\r\n1001";
        assert_eq!(answer(&output(noisy)), Some(Answer::Reply(vec![8, 1, 0x5a, 2, 0x10, 1])));
        let refused = "E (99) protocomm: No registered endpoint\r\n";
        assert_eq!(answer(&output(refused)), Some(Answer::Refused));
        assert_eq!(answer(&output("\r\n080")), Some(Answer::Unreadable));
    }

    #[test]
    fn lines_without_a_level_are_noise_too() {
        assert_eq!(answer(&output("add if0\r\n\r\n0801\r\nGuru meditates")), Some(Answer::Reply(vec![8, 1])));
    }

    #[test]
    fn a_reply_without_its_beginning_is_ignored() {
        for torn in ["\r\n0801Guru meditates\r\n5a02", "\r\n08I (x) a: b\r\n015a02", "\r\n08015a02esp_x: y"] {
            assert_eq!(answer(&output(torn)), Some(Answer::Unreadable), "{torn:?}");
        }
        for whole in [
            "dead air\r\n0801",
            "defaulting\r\n\r\n0801",
            "\r\n0801\r\ndefaulting",
            "\r\n0I (00:00:01.234) a: b\r\n801",
        ] {
            assert_eq!(answer(&output(whole)), Some(Answer::Reply(vec![8, 1])), "{whole:?}");
        }
    }

    #[test]
    fn a_thousand_replies_with_noise_at_random_places() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let noise = [
            "\x1b[0;32mI (1) wifi:new:<6,0>, old:<1,0>, ap:<255,255>, sta:<6,0>, prof:1\x1b[0m\r\n",
            "W (123456) httpd: abc 0801 def\n",
            "E (5) a: \r\n",
            "D (77) tag: >> not a prompt\r\n",
            "V (0) x: \x1b[31mdead\x1b[0m\n",
            "I (00:00:01.234) x: 0801\r\n",
            "I (26-11-22 00:00:01.234) x: 0801\r\n",
        ];
        for round in 0..1000 {
            let mut reply = vec![0; 1 + rng.next_u32() as usize % 200];
            rng.fill_bytes(&mut reply);
            let mut text = output(&format!("\r\n{}", hex::encode(&reply))).into_bytes();
            for _ in 0..rng.next_u32() % 6 {
                // Anywhere but inside the prompt, which the driver writes in one piece.
                let at = rng.next_u32() as usize % (text.len() - PROMPT.len() + 1);
                let inside = (1..4).any(|back| at >= back && text[at - back..].starts_with(b"\n>> "));
                let inside_noise = clean(&text[..at]).len() + clean(&text[at..]).len() != clean(&text).len();
                if !inside && !inside_noise {
                    let piece = noise[rng.next_u32() as usize % noise.len()];
                    text.splice(at..at, piece.bytes());
                }
            }
            assert_eq!(find_answer(&text, LINE), Some(Answer::Reply(reply)), "round {round}: {text:?}");
        }
    }
}
