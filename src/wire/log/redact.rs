//! Secrets taken out of what a board prints: those that are known, by value, and those that firmware names, by key.
//!
//! Firmware prints Wi-Fi passphrases (`Password : …`), user secrets (`secret_key = …`) and the PoP (in its payload)
//! in clear. What stands after such a key goes, to the end of the line where its end is unclear: too much is
//! better than too little. A value that was found by its key is known from then on.
//!
//! - `named.rs`: secrets found by the names that firmware gives them
//! - `dump.rs`: known secrets in dumps of memory
//! - `drawn.rs`: the payload's QR code, drawn

mod drawn;
mod dump;
mod named;

use std::collections::VecDeque;
use std::ops::Range;

use drawn::Drawing;
use dump::Dumps;
use named::{behind_half_a_key, is_word, named, quoted_end};
use zeroize::Zeroizing;

use super::line;
use super::split::RawLine;
use crate::secret::REDACTED;

/// How many values found in the board's output are remembered, the latest ones: a board may print without end.
const FOUND_MAX: usize = 64;
/// A known value shorter than this is replaced only where it is a separate word.
const SHORT: usize = 4;

/// Takes secrets out of lines.
#[derive(Default)]
pub struct Redactor {
    known: Vec<Known>,
    /// Indices in `known` of the values found in the board's output, the oldest first.
    found: VecDeque<usize>,
    dumps: Dumps,
    begun: bool,
    /// Something was cut, by the log or by its end: what comes next may be its rest.
    cut: bool,
    drawing: Drawing,
    /// A quoted secret was cut by a line of the log: its rest comes in a line that is not the log's.
    torn: bool,
}

/// A secret.
struct Known {
    value: Zeroizing<Vec<u8>>,
    /// Every form in which a line may have it.
    forms: Vec<Zeroizing<String>>,
}

impl Known {
    fn new(secret: &[u8]) -> Self {
        let text = String::from_utf8_lossy(secret);
        let escaped = serde_json::Value::from(&*text).to_string();
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let hex = hex::encode(secret);
        let mut forms: Vec<Zeroizing<String>> = Vec::new();
        for form in [text.trim(), escaped.trim_matches('"'), &encoded, &hex, &hex.to_ascii_uppercase()] {
            if !form.is_empty() && !forms.iter().any(|known| known.as_str() == form) {
                forms.push(Zeroizing::new(form.to_owned()));
            }
        }
        Self { value: Zeroizing::new(secret.to_vec()), forms }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor of {} values", self.known.len())
    }
}

impl Redactor {
    /// Makes a value known for good. An empty value is ignored.
    pub fn learn(&mut self, secret: &[u8]) {
        match self.place(secret) {
            Some(place) => self.found.retain(|found| *found != place),
            None if secret.is_empty() => {}
            None => self.known.push(Known::new(secret)),
        }
    }

    /// Makes a value known that was found in the board's output, until many others were found.
    pub fn learn_found(&mut self, secret: &[u8]) {
        if secret.is_empty() || self.place(secret).is_some() {
            return;
        }
        let known = Known::new(secret);
        let oldest = if self.found.len() < FOUND_MAX { None } else { self.found.pop_front() };
        // In its place: a dump that is under way counts by places.
        let place = oldest.unwrap_or(self.known.len());
        match self.known.get_mut(place) {
            Some(old) => *old = known,
            None => self.known.push(known),
        }
        self.found.push_back(place);
    }

    fn place(&self, secret: &[u8]) -> Option<usize> {
        self.known.iter().position(|known| known.value.as_slice() == secret)
    }

    /// Every form of every value.
    fn forms(&self) -> impl Iterator<Item = &str> {
        self.known.iter().flat_map(|known| &known.forms).map(|form| form.as_str())
    }

    /// The line with its secrets replaced; empty for what goes without a word, the further rows of a drawn QR code.
    pub fn redact(&mut self, line: &RawLine) -> String {
        let text = line.text.as_str();
        if let Some(replaced) = self.drawing.replaced(text) {
            self.begun = true;
            return replaced;
        }
        let mut spans = named(text);
        let log = logged(text);
        if line::find_any(text) != Some(0) && std::mem::take(&mut self.torn) {
            spans.push(0..quoted_end(text));
        }
        for span in &spans {
            let value = &text[span.clone()];
            match line::find_any(value) {
                Some(_) => self.torn = true,
                None => self.remember(value),
            }
        }
        // The log goes on line by line before the rest of what it cut.
        let is_rest = log != Some(0) && std::mem::take(&mut self.cut);
        if !std::mem::replace(&mut self.begun, true) || is_rest {
            spans.extend(behind_half_a_key(text));
            spans.extend(self.forms().filter_map(|known| end_of(known, text)));
        }
        let values: Vec<&[u8]> = self.known.iter().map(|known| known.value.as_slice()).collect();
        spans.extend(self.dumps.spans(text, &values));
        spans.extend(self.known_in(text));
        let ends = [log.filter(|at| *at > 0), (!line.whole).then_some(text.len())];
        for end in ends.into_iter().flatten() {
            spans.extend(self.forms().filter_map(|known| start_of(known, &text[..end])));
            self.cut = true;
        }
        replaced(text, spans)
    }

    /// The text with the known values replaced, and nothing else: for text that only quotes a board. Where the quotation
    /// ends, or is cut (`…`), a value may have been cut with it.
    pub fn hide(&self, text: &str) -> String {
        let mut spans = self.known_in(text);
        let ends = text.match_indices(['…', '"']).map(|(at, _)| at).chain([text.len()]);
        for end in ends {
            spans.extend(self.forms().filter_map(|known| start_of(known, &text[..end])));
        }
        replaced(text, spans)
    }

    fn known_in(&self, text: &str) -> Vec<Range<usize>> {
        let alone = |span: &Range<usize>| {
            !is_word(text[..span.start].chars().next_back()) && !is_word(text[span.end..].chars().next())
        };
        let matches = |known: &str| {
            let spans = text.match_indices(known).map(|(at, _)| at..at + known.len());
            spans.filter(|span| span.len() >= SHORT || alone(span)).collect::<Vec<_>>()
        };
        self.forms().flat_map(matches).collect()
    }

    /// Remembers a value found by its key, unless it looks like a word of prose.
    fn remember(&mut self, value: &str) {
        let value = value.split(',').next().unwrap_or(value).trim().to_owned();
        let telling = value.len() >= 12 || value.contains(|c: char| c.is_ascii_digit());
        if telling && (6..=64).contains(&value.len()) && !self.forms().any(|known| known == value) {
            self.learn_found(value.as_bytes());
        }
    }
}

/// Where a line of the log begins in a text; 0 where all of it is one, behind a prompt or not.
fn logged(text: &str) -> Option<usize> {
    let at = line::find(text)?;
    let is_prompt = text[..at].bytes().all(|byte| matches!(byte, b'>' | b' '));
    if is_prompt { Some(line::find(&text[at + 1..]).map_or(0, |next| at + 1 + next)) } else { Some(at) }
}

/// Where the text ends in the start of a known value: the line was cut there.
fn start_of(known: &str, text: &str) -> Option<Range<usize>> {
    let lengths = (SHORT..known.len()).rev();
    lengths
        .filter_map(|length| known.get(..length))
        .find(|part| text.ends_with(part))
        .map(|part| text.len() - part.len()..text.len())
}

/// Where the text begins with the end of a known value: the start was printed before the port was opened.
fn end_of(known: &str, text: &str) -> Option<Range<usize>> {
    (1..known.len().saturating_sub(SHORT - 1))
        .filter_map(|from| known.get(from..))
        .find(|part| text.starts_with(part))
        .map(|part| 0..part.len())
}

fn replaced(text: &str, mut spans: Vec<Range<usize>>) -> String {
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| span.start);
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        if span.start >= at {
            shown.push_str(&text[at..span.start]);
            shown.push_str(REDACTED);
        }
        at = at.max(span.end);
    }
    shown.push_str(&text[at..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_by(redactor: &mut Redactor, text: &str) -> String {
        redactor.redact(&RawLine { text: Zeroizing::new(text.to_owned()), whole: true })
    }

    fn shown(text: &str) -> String {
        let mut redactor = Redactor::default();
        shown_by(&mut redactor, "I (1) boot: first");
        shown_by(&mut redactor, text)
    }

    #[test]
    fn what_firmware_names_goes() {
        for (line, wanted) in [
            ("\tPassword : hush, hush", "\tPassword : (redacted)"),
            ("\tpassword for the hush", "\tpassword (redacted)"),
            ("I (9) app: SSID:home Password:hush hush", "I (9) app: SSID:home Password:(redacted)"),
            ("I (9) app: connecting with passphrase hush now", "I (9) app: connecting with passphrase (redacted) now"),
            ("I (9) m: Got user_id = u1, secret_key = hush", "I (9) m: Got user_id = u1, secret_key = (redacted)"),
            ("I (9) app: Name : PROV_1, POP : hush", "I (9) app: Name : PROV_1, POP : (redacted)"),
            ("D (1) g: The bearer is 4 characters: hush", "D (1) g: The bearer is (redacted)"),
            ("wifiPassword='hush'", "wifiPassword=(redacted)"),
            (r#"{"name":"P","pop":"hu"sh","transport":"ble"}"#, r#"{"name":"P","pop":"(redacted)","transport":"ble"}"#),
            (r#"{"name":"P", "proof_of_possession" : 4711}"#, r#"{"name":"P", "proof_of_possession" : (redacted)}"#),
            (r#""pop":"hush","#, r#""pop":"(redacted)","#),
            (r#""pop":"hush"#, r#""pop":"(redacted)"#),
            ("NP:PROV_1|hu|sh|b", "NP:PROV_1|(redacted)|b"),
            ("x/qrcode.html?data=NP%3APROV_1%7Chush%7Cb", "x/qrcode.html?data=NP%3APROV_1%7C(redacted)%7Cb"),
            (
                "x/qrcode.html?data=%7B%22pop%22%3A%22hush%22%2C%22a%22%3A1%7D",
                "x/qrcode.html?data=%7B%22pop%22%3A%22(redacted)%22%2C%22a%22%3A1%7D",
            ),
            ("x/qrcode.html?data=pop-hush", "x/qrcode.html?data=(redacted)"),
            ("I (9) app: passphrase 'hush hush' ok", "I (9) app: passphrase '(redacted)' ok"),
            ("I (9) app: PoP [hu]sh]", "I (9) app: PoP [(redacted)]"),
            ("I (9) app: Password is 'hush'", "I (9) app: Password is (redacted)"),
            ("I (9) app: proof of possession \"hush", "I (9) app: proof of possession \"(redacted)"),
            (r#">> wifi-prov "a \"b" "hush hush""#, r#">> wifi-prov "a \"b" (redacted)"#),
            ("wifi-prov Home hush", "wifi-prov Home (redacted)"),
            ("add-user ana hush", "add-user ana (redacted)"),
        ] {
            assert_eq!(shown(line), wanted);
        }
    }

    #[test]
    fn other_text_stays() {
        for line in [
            "W (9) wifi:Password length matches WPA2 standards, authmode threshold changes from OPEN to WPA2",
            "E (9) security1: Key mismatch. Close connection",
            "I (9) app: compass: 12 popup: 3 password_len: 12",
            "E (9) app: the password is wrong",
            "I (9) wifi:state: init -> auth (b0)",
            "I (9) app: {\"ver\":\"v1\",\"name\":\"P\",\"transport\":\"ble\"}",
            "https://x.example/qrcode.html?data={\"name\":\"P\",\"transport\":\"ble\"}",
            "Password:",
            "wifi-prov HomeNet",
            "Usage: wifi-prov",
        ] {
            assert_eq!(shown(line), line);
        }
    }

    #[test]
    fn known_values_go_in_every_form() {
        let mut redactor = Redactor::default();
        redactor.learn(b"corr\"ct horse");
        redactor.learn(b"ab");
        redactor.learn(b"");
        for (line, wanted) in [
            ("I (1) x: <corr\"ct horse>", "I (1) x: <(redacted)>"),
            (r#"x {"a":"corr\"ct horse"}"#, r#"x {"a":"(redacted)"}"#),
            ("?p=corr%22ct%20horse&x", "?p=(redacted)&x"),
            ("63 is 63 6f7272226374 20686f727365", "63 is 63 6f7272226374 20686f727365"),
            ("hex 636f727222637420686f727365.", "hex (redacted)."),
            ("ab cab abc ab", "(redacted) cab abc (redacted)"),
        ] {
            assert_eq!(shown_by(&mut redactor, line), wanted);
        }
        let cut = RawLine { text: Zeroizing::new("I (1) x: corr\"ct h".to_owned()), whole: false };
        assert_eq!(redactor.redact(&cut), "I (1) x: (redacted)");
    }

    #[test]
    fn a_quotation_loses_known_values_only() {
        let mut redactor = Redactor::default();
        redactor.learn(b"correct-horse");
        let quoted = r#"the last line is "password: correct-horse ok""#;
        assert_eq!(redactor.hide(quoted), r#"the last line is "password: (redacted) ok""#);
        for quoted in [r#"the last line is "x correct-h…""#, r#"the last line is "x correct-h""#] {
            assert!(redactor.hide(quoted).starts_with(r#"the last line is "x (redacted)"#), "{quoted}");
        }
    }

    #[test]
    fn a_value_found_by_its_key_is_known_afterwards() {
        let mut redactor = Redactor::default();
        shown_by(&mut redactor, "\tPassword : hunter22");
        assert_eq!(shown_by(&mut redactor, "I (5) app: joining with hunter22!"), "I (5) app: joining with (redacted)!");
    }

    #[test]
    fn memory_is_bounded_and_lines_full_of_keys_are_fast() {
        let mut redactor = Redactor::default();
        redactor.learn(b"given-before");
        redactor.learn_found(b"first-found");
        redactor.learn(b"first-found");
        for number in 0..1000 {
            shown_by(&mut redactor, &format!("Password : hunter-{number:06}"));
        }
        assert_eq!((redactor.found.len(), redactor.known.len()), (FOUND_MAX, FOUND_MAX + 2));
        redactor.learn(b"given-later");
        for known in ["given-before", "first-found", "given-later", "hunter-000999", "hunter-000936"] {
            assert_eq!(shown_by(&mut redactor, &format!("x {known}")), "x (redacted)");
        }
        let line = "password \"pop\":\"%22pop ".repeat(170);
        (0..50).for_each(|_| drop(shown_by(&mut redactor, &line)));
    }

    #[test]
    fn a_secret_that_the_log_cut_goes_in_both_pieces() {
        let mut redactor = Redactor::default();
        redactor.learn(b"correct-horse");
        shown_by(&mut redactor, "I (1) boot: first");
        assert_eq!(shown_by(&mut redactor, "with correct-hI (2) wifi: a"), "with (redacted)I (2) wifi: a");
        assert_eq!(shown_by(&mut redactor, ">> I (3) wifi: b"), ">> I (3) wifi: b");
        assert_eq!(shown_by(&mut redactor, "orse now"), "(redacted) now");
        assert_eq!(shown_by(&mut redactor, "orse now"), "orse now", "nothing was cut before it");
        let cut = RawLine { text: Zeroizing::new("\tPassw".to_owned()), whole: false };
        assert_eq!(redactor.redact(&cut), "\tPassw");
        shown_by(&mut redactor, "I (4) wifi: c");
        assert_eq!(shown_by(&mut redactor, "ord : hush"), "ord :(redacted)");
    }

    #[test]
    fn the_rest_of_a_secret_that_nobody_knew_goes_with_its_line() {
        for between in ["I (5) wifi: a", "[  1420][D][WiFi.cpp:9] x(): a"] {
            let mut redactor = Redactor::default();
            shown_by(&mut redactor, "I (1) boot: first");
            let begun = shown_by(&mut redactor, &format!(r#"I (4) QR: {{"name":"P","pop":"hus{between}"#));
            assert!(begun.ends_with(r#""pop":"(redacted)"#), "{begun}");
            assert_eq!(shown_by(&mut redactor, "I (6) wifi: goes on"), "I (6) wifi: goes on");
            let rest = shown_by(&mut redactor, r#"h-hush","transport":"ble"}"#);
            assert_eq!(rest, r#"(redacted)","transport":"ble"}"#);
            assert_eq!(shown_by(&mut redactor, "a line, like any other"), "a line, like any other");
            shown_by(&mut redactor, &format!("\tPassword : hus{between}"));
            assert_eq!(shown_by(&mut redactor, "h-hush"), "(redacted)");
        }
    }

    #[test]
    fn the_first_line_may_have_begun_before() {
        assert_eq!(shown_by(&mut Redactor::default(), "sword : hush"), "sword :(redacted)");
        let mut redactor = Redactor::default();
        redactor.learn(b"correct-horse");
        assert_eq!(shown_by(&mut redactor, "ct-horse and more"), "(redacted) and more");
    }
}
