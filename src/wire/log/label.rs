//! The onboarding payload in what a board prints: in a link, bare, escaped, compact, as a block of JSON over several
//! lines, in a line that another task's line interrupts, or in Arduino's words (`announced.rs`).
//!
//! Twomes' generic ESP firmware prints blocks: its `POST /device payload:` names the PoP
//! `proof_of_possession`, or `activation_token` where the same number serves as both.

use serde_json::Value;

use super::announced::Announced;
use super::line::{self, Line};
use crate::secret::ProofOfPossession;
use crate::wire::qr::{MAX_LEN, Payload, QrError};

/// Most lines of a block.
const BLOCK_LINES: usize = 40;
/// What the PoP is called in a block other than a label.
const POP_KEYS: [&str; 3] = ["pop", "proof_of_possession", "activation_token"];

/// Looks for the payload, line by line. What it holds may be secret.
#[derive(Default)]
pub struct Finder {
    block: Option<Block>,
    announced: Announced,
    told: Option<Payload>,
    trouble: Option<QrError>,
}

/// JSON that has begun and not ended.
#[derive(Default)]
struct Block {
    text: zeroize::Zeroizing<String>,
    lines: usize,
    /// Where it began as a label on one line: how many characters of it there were.
    cut_off: Option<usize>,
}

impl Block {
    /// Why a payload that began and did not end cannot be read, if it was one.
    fn trouble(&self) -> Option<QrError> {
        self.cut_off.map(|length| QrError::CutOff { length })
    }
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = self.block.as_ref().map_or(0, |block| block.lines);
        write!(f, "Finder in a block of {lines} lines, trouble: {:?}", self.trouble)
    }
}

impl Finder {
    /// Takes in the next line; the payload, where one is complete with it.
    pub fn push(&mut self, line: &Line) -> Option<Payload> {
        if let Some(payload) = self.announced.push(line) {
            self.told = Some(payload);
            return None;
        }
        if let Some(begun) = interrupted(&line.text) {
            self.begin(begun, false);
            return None;
        }
        if let Some(payload) = self.whole(&line.text) {
            self.block = None;
            return Some(payload);
        }
        let text = line.text.trim_start();
        match &self.block {
            // A log line between the lines of a block is another task's.
            Some(_) if line.level.is_none() => self.go_on(text),
            block => {
                let begun = text.find('{').map(|at| &text[at..]).filter(|begun| !begun.contains('}'));
                let begins = |begun: &&str| is_label(begun) || (block.is_none() && text.starts_with('{'));
                if let Some(begun) = begun.filter(begins) {
                    self.begin(begun, true);
                }
                None
            }
        }
    }

    /// What the last line completed in words alone, where it did: a payload that follows says more.
    pub fn take_announced(&mut self) -> Option<Payload> {
        self.told.take()
    }

    /// Why a text that looked like a payload could not be read.
    pub fn trouble(&self) -> Option<QrError> {
        self.trouble.or_else(|| self.block.as_ref()?.trouble())
    }

    fn begin(&mut self, text: &str, is_whole_line: bool) {
        self.give_up();
        let cut_off = is_label(text).then(|| text.trim_end().chars().count());
        let text = zeroize::Zeroizing::new(format!("{text}{}", if is_whole_line { "\n" } else { "" }));
        self.block = Some(Block { text, lines: 1, cut_off });
    }

    /// The block does not end: another begins, or it is too long.
    fn give_up(&mut self) {
        let trouble = self.block.take().and_then(|block| block.trouble());
        self.trouble = self.trouble.or(trouble);
    }

    fn whole(&mut self, text: &str) -> Option<Payload> {
        if let Some(link) = link(text) {
            return self.read(Payload::parse(link));
        }
        if let Some(payload) = compact(text) {
            return Some(payload);
        }
        let (start, end) = (text.find('{')?, text.rfind('}')?);
        self.object(text.get(start..=end)?)
    }

    /// One more line of the block. A block that does not end after some lines is given up.
    fn go_on(&mut self, text: &str) -> Option<Payload> {
        let mut block = self.block.take()?;
        block.text.push_str(text);
        block.text.push('\n');
        block.lines += 1;
        if let Some(end) = block.text.rfind('}') {
            let found = self.object(&block.text[..=end]);
            if found.is_none() {
                self.trouble = block.trouble().or(self.trouble);
            }
            return found;
        }
        let goes_on = block.lines < BLOCK_LINES && block.text.len() < MAX_LEN;
        self.block = Some(block);
        if !goes_on {
            self.give_up();
        }
        None
    }

    fn object(&mut self, json: &str) -> Option<Payload> {
        let unescaped = json.starts_with("{\\\"").then(|| serde_json::from_str(&format!("\"{json}\"")).ok()).flatten();
        let unescaped: Option<zeroize::Zeroizing<String>> = unescaped.map(zeroize::Zeroizing::new);
        let json = unescaped.as_ref().map_or(json, |json| json.as_str());
        match Payload::parse(json) {
            // Firmware prints other objects with names, too.
            Ok(payload) if payload.pop.is_some() || payload.transport.is_some() => Some(payload),
            Ok(_) | Err(_) => other_object(json).or_else(|| {
                let meant = json.contains("\"name\"") && (json.contains("\"pop\"") || json.contains("\"transport\""));
                if meant { self.read(Payload::parse(json)) } else { None }
            }),
        }
    }

    fn read(&mut self, read: Result<Payload, QrError>) -> Option<Payload> {
        read.map_err(|error| self.trouble = Some(error)).ok()
    }
}

/// The beginning of a label that another line's beginning cuts: its rest comes on a line of its own.
fn interrupted(text: &str) -> Option<&str> {
    let start = text.find("{\"")?;
    let end = start + line::find_any(&text[start..])?;
    let begun = &text[start..end];
    (is_label(begun) && !begun.contains('}')).then_some(begun)
}

/// Whether JSON that may not be whole is a label, by what its first lines have.
fn is_label(json: &str) -> bool {
    json.starts_with("{\"") && (json.contains("\"name\"") || json.contains("\"ver\""))
}

/// A link to a label's page, up to where it must end.
fn link(text: &str) -> Option<&str> {
    let page = text.find("/qrcode.html?")?;
    let start = text[..page].rfind("http")?;
    Some(text[start..].trim_end())
}

/// `NP:<name>|<pop>|<b|s>` anywhere in a line.
fn compact(text: &str) -> Option<Payload> {
    let start = text.find("NP:").filter(|at| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric()))?;
    let fields = &text[start..];
    let end = ["|b", "|s"].iter().filter_map(|mark| fields.rfind(mark)).max()?;
    Payload::parse(&fields[..end + 2]).ok()
}

/// An object with a name and a PoP by another key.
fn other_object(json: &str) -> Option<Payload> {
    let Ok(Value::Object(members)) = serde_json::from_str(json) else { return None };
    let text = |key: &str| members.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let pop = POP_KEYS.iter().find_map(|key| match members.get(*key) {
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => text(key).map(str::to_owned),
    })?;
    Some(Payload { pop: Some(ProofOfPossession::new(pop)), ..Payload::new(text("name")?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::qr::Transport;

    const JSON: &str = r#"{"ver":"v1","name":"PROV_d76c30","username":"wifiprov","pop":"7a9d365e","transport":"ble"}"#;

    fn find(log: &str) -> Option<Payload> {
        let mut finder = Finder::default();
        log.lines().find_map(|line| finder.push(&Line::parse(line)))
    }

    #[test]
    fn links_bare_payloads_and_compact_ones() {
        let wanted = Payload::parse(JSON).ok();
        for log in [
            format!("I (1) a: b\nhttps://rainmaker.espressif.com/qrcode.html?data={JSON}"),
            format!("I (1) app_wifi: https://espressif.github.io/esp-jumpstart/qrcode.html?data={JSON}"),
            format!("I (600) QRCODE: {{\"ver\" cut\nI (2) a: b\n{JSON}"),
            format!("I (600) app: QR payload: {JSON}"),
            JSON.to_owned(),
        ] {
            assert_eq!(find(&log), wanted, "{log}");
        }
        let compact = find("I (9) app_network: NP:PROV_d76c30|7a9d365e|s").expect("a payload");
        assert_eq!((compact.name.as_str(), compact.transport), ("PROV_d76c30", Some(Transport::SoftAp)));
    }

    #[test]
    fn a_block_over_several_lines_with_log_lines_between() {
        let log = "I (2311) generic: POST /device payload: \nI (2312) generic: \n{\n\"name\":\"TWOMES-8A4F20\",\n\
                   W (2313) wifi: something else {\n\"device_type\":\"Generic-Test\",\n\
                   \"proof_of_possession\":\"2071347718\"\n}\nI (2314) x: y";
        let payload = find(log).expect("a payload");
        assert_eq!((payload.name.as_str(), payload.transport), ("TWOMES-8A4F20", None));
        assert_eq!(payload.pop, Some("2071347718".into()));
        let token = find("{\n\"name\":\"TWOMES-1\",\n\"activation_token\":123456\n}").expect("a payload");
        assert_eq!(token.pop, Some("123456".into()));
        let label = "{\n\"ver\":\"v1\",\n\"name\":\"TWOMES-1\",\n\"pop\":\"99\",\n\"transport\":\"ble\",\n\"security\":\"1\"\n}";
        assert_eq!(find(label).map(|label| (label.security, label.transport)), Some((Some(1), Some(Transport::Ble))));
    }

    #[test]
    fn a_payload_that_is_escaped() {
        let escaped = JSON.replace('"', "\\\"");
        assert_eq!(find(&format!("I (9) app: payload \"{escaped}\"")), Payload::parse(JSON).ok());
    }

    #[test]
    fn a_payload_that_another_line_interrupts_anywhere() {
        let begins = JSON.find(':').expect("a member");
        for at in begins..JSON.len() {
            let (before, after) = JSON.split_at(at);
            for between in
                ["[  1420][D][WiFi.cpp:9] _eventCallback(): x - y", "I (1420) wifi:mode : sta", "E (3) a: {b}"]
            {
                for start in ["I (9) QRCODE: ", "I (9) QR: QR payload: ", "https://x.example/qrcode.html?data="] {
                    let log = format!("{start}{before}{between}\nI (10) wifi: more\n{after}\n");
                    assert_eq!(find(&log), Payload::parse(JSON).ok(), "{log}");
                }
            }
        }
    }

    #[test]
    fn a_payload_that_is_cut_off_is_told_with_its_length() {
        let cut = &JSON[..JSON.len() - 8];
        for log in [
            format!("I (9) QR: QR payload: {cut}"),
            format!("I (9) QR: QR payload: {cut}\nI (10) app: goes on\nI (11) app: {{\"x\":1,\n"),
        ] {
            let mut finder = Finder::default();
            assert_eq!(log.lines().find_map(|line| finder.push(&Line::parse(line))), None);
            assert_eq!(finder.trouble(), Some(QrError::CutOff { length: cut.len() }), "{log}");
        }
        let mut finder = Finder::default();
        finder.push(&Line::parse("{"));
        assert_eq!(finder.trouble(), None);
    }

    #[test]
    fn other_objects_are_not_payloads() {
        for log in [
            r#"{"node_id":"x","name":"Switch","type":"esp.device.switch"}"#,
            "I (5) app: {\"name\":\"Switch\"}",
            "{\nI (5) a: b\n}",
            "SNP:a|b|s",
            "NP: a|b",
        ] {
            assert_eq!(find(log), None, "{log}");
        }
    }

    #[test]
    fn a_payload_that_cannot_be_read_is_remembered() {
        let mut finder = Finder::default();
        assert_eq!(finder.push(&Line::parse(r#"{"name":"P","pop":"hush"hush","transport":"ble"}"#)), None);
        assert!(matches!(finder.trouble(), Some(QrError::Syntax { .. })));
    }

    #[test]
    fn blocks_are_bounded_and_the_next_payload_is_found() {
        let endless = format!("{{\n{}{JSON}", "\"x\":1,\n".repeat(10_000));
        assert!(find(&endless).is_some());
        let mut finder = Finder::default();
        finder.push(&Line::parse(&"{".repeat(5000)));
        assert!(finder.push(&Line::parse(JSON)).is_some());
    }
}
