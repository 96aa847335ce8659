//! One line of a board's log, read: level, time, tag and text. In the forms of ESP-IDF and of Arduino.

use serde::Serialize;

/// Longest time in a log line's beginning, in characters: with a date, and some to spare.
const STAMP_MAX: usize = 32;

/// How serious a line says it is, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// `E`
    Error,
    /// `W`
    Warning,
    /// `I`
    Info,
    /// `D`
    Debug,
    /// `V`
    Verbose,
}

impl Level {
    /// The letter the log has for it.
    pub fn letter(self) -> char {
        match self {
            Self::Error => 'E',
            Self::Warning => 'W',
            Self::Info => 'I',
            Self::Debug => 'D',
            Self::Verbose => 'V',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        Some(match letter {
            b'E' => Self::Error,
            b'W' => Self::Warning,
            b'I' => Self::Info,
            b'D' => Self::Debug,
            b'V' => Self::Verbose,
            _ => return None,
        })
    }
}

/// One line, read. Texts are the board's: sanitise them where they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Since the board's start (or of the day, where its log has the time of day), in milliseconds.
    pub at_ms: Option<u64>,
    /// The time as it is printed, where that is a clock's: `14:23:05.123`, also with a date.
    pub clock: Option<String>,
    /// Its level; `None` where the line is not a log line.
    pub level: Option<Level>,
    /// The part of the firmware that printed it; `None` likewise.
    pub tag: Option<String>,
    /// What it says; the whole line where it is not a log line.
    pub text: String,
}

impl Line {
    /// Reads a line without its end and without escape sequences. Any other line than a log line is kept as text.
    pub fn parse(line: &str) -> Self {
        // The console's prompt has no line end; the log goes on behind it.
        let line = line.trim_end().trim_start_matches(">> ");
        let plain = || Self { text: line.to_owned(), ..Self::default() };
        let log = line.trim_start();
        espressif(log).or_else(|| arduino(log)).unwrap_or_else(plain)
    }

    /// The reason in the boot ROM's line: `POWERON_RESET` of `rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)`.
    pub fn reset_reason(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("rst:0x").filter(|_| self.level.is_none())?;
        let (_, rest) = rest.split_once('(')?;
        rest.split_once(')').map(|(reason, _)| reason)
    }
}

impl std::fmt::Display for Line {
    /// As ESP-IDF prints it: `I (1234) wifi: connected`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(level) = self.level {
            write!(f, "{} ", level.letter())?;
            match (&self.clock, self.at_ms) {
                (Some(clock), _) => write!(f, "({clock}) ")?,
                (None, Some(at)) => write!(f, "({at}) ")?,
                (None, None) => {}
            }
        }
        if let Some(tag) = &self.tag {
            write!(f, "{tag}: ")?;
        }
        f.write_str(&self.text)
    }
}

/// Where a line of ESP-IDF's log begins in a text, wherever it fell.
pub fn find(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|at| begins(&bytes[*at..]))
}

/// Where a line of a log begins in a text, ESP-IDF's or Arduino's with a time, wherever it fell.
pub(super) fn find_any(text: &str) -> Option<usize> {
    let arduino = |at: usize| text[at..].strip_prefix('[').is_some_and(arduino_begins);
    (0..text.len()).find(|at| begins(&text.as_bytes()[*at..]) || (text.is_char_boundary(*at) && arduino(*at)))
}

/// ` 12345][E][` behind the first bracket.
fn arduino_begins(text: &str) -> bool {
    let Some((stamp, rest)) = text.split_once("][") else { return false };
    let is_level = |letter: &u8| Level::of(*letter).is_some();
    let stamp = stamp.trim_start();
    !stamp.is_empty()
        && stamp.bytes().all(|byte| byte.is_ascii_digit())
        && rest.as_bytes().first().is_some_and(is_level)
        && rest[1..].starts_with("][")
}

/// Whether a line of ESP-IDF's log begins here: `I (1234) `, `I (00:00:01.234) `.
pub fn begins(text: &[u8]) -> bool {
    beginning(text).is_some()
}

/// Level and time of a line of ESP-IDF's log, and where its tag begins.
fn beginning(text: &[u8]) -> Option<(Level, u64, usize)> {
    let [letter, b' ', b'(', rest @ ..] = text else { return None };
    let level = Level::of(*letter)?;
    let length = rest.iter().take(STAMP_MAX).position(|byte| *byte == b')')?;
    let stamp = std::str::from_utf8(&rest[..length]).ok()?;
    rest[length..].starts_with(b") ").then_some((level, stamp_ms(stamp)?, 3 + length + 2))
}

/// `I (1234) tag: text`; the time may also be `00:00:01.234`, with a date before it.
fn espressif(line: &str) -> Option<Line> {
    let (level, at_ms, length) = beginning(line.as_bytes())?;
    let (stamp, rest) = (line[3..length - 2].trim(), &line[length..]);
    let clock = stamp.contains(':').then(|| stamp.to_owned());
    // The Wi-Fi library leaves out the space after the colon, and some lines lack the tag.
    let (tag, text) = match rest.split_once(':') {
        Some((tag, text)) if !tag.is_empty() && !tag.contains(' ') => (Some(tag.to_owned()), text.trim_start()),
        _ => (None, rest),
    };
    Some(Line { at_ms: Some(at_ms), clock, level: Some(level), tag, text: text.to_owned() })
}

/// `[ 12345][E][WiFiGeneric.cpp:357] _eventCallback(): text`; older versions have no time.
fn arduino(line: &str) -> Option<Line> {
    let (first, rest) = bracketed(line)?;
    let (at_ms, letter, rest) = match first.trim().parse() {
        Ok(at_ms) => {
            let (letter, rest) = bracketed(rest)?;
            (Some(at_ms), letter, rest)
        }
        Err(_) => (None, first, rest),
    };
    let [letter] = letter.as_bytes() else { return None };
    let level = Level::of(*letter)?;
    let (place, text) = bracketed(rest)?;
    let tag = place.split(['.', ':']).next().filter(|tag| !tag.is_empty())?;
    let (tag, text) = (Some(tag.to_owned()), text.trim_start().to_owned());
    Some(Line { at_ms, clock: None, level: Some(level), tag, text })
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.split_once(']')
}

fn stamp_ms(stamp: &str) -> Option<u64> {
    let stamp = stamp.trim();
    if let Ok(ms) = stamp.parse() {
        return Some(ms);
    }
    let time = stamp.rsplit(' ').next()?;
    let (clock, ms) = time.split_once('.')?;
    let mut parts = clock.split(':');
    let mut next = || parts.next().filter(|part| part.len() <= 4)?.parse::<u64>().ok();
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    let ms: u64 = ms.parse().ok().filter(|ms| *ms < 1000)?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (Option<u64>, Option<char>, Option<String>, String) {
        let line = Line::parse(line);
        (line.at_ms, line.level.map(Level::letter), line.tag, line.text)
    }

    #[test]
    fn log_lines_of_every_kind() {
        for (line, at_ms, letter, tag, text) in [
            ("I (1234) wifi_prov_mgr: Provisioning started", Some(1234), 'I', "wifi_prov_mgr", "Provisioning started"),
            ("W (7) wifi:state: init -> auth (b0)", Some(7), 'W', "wifi", "state: init -> auth (b0)"),
            ("E (00:01:02.345) tag: x: y", Some(62_345), 'E', "tag", "x: y"),
            ("D (2026-11-22 00:00:01.002) tag: x", Some(1002), 'D', "tag", "x"),
            (">> V (5) tag:", Some(5), 'V', "tag", ""),
            (
                "[W][WiFiGeneric.cpp:357] _eventCallback(): Reason: 201 - NO_AP_FOUND",
                None,
                'W',
                "WiFiGeneric",
                "_eventCallback(): Reason: 201 - NO_AP_FOUND",
            ),
            ("[  8123][E][ssl_client.cpp:37] handle(): -0x2880", Some(8123), 'E', "ssl_client", "handle(): -0x2880"),
        ] {
            assert_eq!(parts(line), (at_ms, Some(letter), Some(tag.to_owned()), text.to_owned()), "{line}");
        }
        assert_eq!(parts("I (9) no tag here: x"), (Some(9), Some('I'), None, "no tag here: x".to_owned()));
    }

    #[test]
    fn everything_else_is_text() {
        for line in
            ["", "I (x) tag: y", "I (12", "[E]", "[12][", "E (99:99) t: x", "Guru Meditation Error", "I (1:2:3.x) t: y"]
        {
            assert_eq!(parts(line), (None, None, None, line.to_owned()), "{line}");
        }
        assert_eq!(stamp_ms("99999:1:1.1"), None, "no hour has five digits");
        assert_eq!(find_any("é[  1420][D][WiFi.cpp:9] x"), Some(2));
        assert_eq!(find_any("é I (1420) x: y"), Some(3));
        assert_eq!(find_any("[1][x] [12:3][E][ []["), None);
        assert_eq!(find("café I (1:2) I (x) a: I (1)b W (00:00:01.002) c"), Some(30));
    }

    #[test]
    fn lines_print_as_they_came() {
        for line in [
            "I (1234) wifi: connected",
            "rst:0x1 (POWERON_RESET)",
            "I (9) no tag here: x",
            "W (14:23:05.123) sip: by the clock",
            "E (26-11-28 14:23:05.123) app: with its date",
            "E (1718712039103) app: milliseconds since 1970",
        ] {
            assert_eq!(Line::parse(line).to_string(), line);
        }
    }

    #[test]
    fn a_start_is_recognised_by_the_boot_rom() {
        let reason = |line| Line::parse(line).reset_reason().map(str::to_owned);
        let boot = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)";
        assert_eq!(reason(boot).as_deref(), Some("POWERON_RESET"));
        assert_eq!(reason("I (5) app: rst:0x1 (POWERON_RESET)"), None);
        assert_eq!(reason("rst:0x1"), None);
    }
}
