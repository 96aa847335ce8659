//! Known secrets in dumps of memory, also where one goes over several lines: `ESP_LOG_BUFFER_HEX`, `_HEXDUMP` and
//! `_CHAR`, which print 16 bytes a line, and the like. Bytes in hex are recognised anywhere in a line.

use std::ops::Range;

use zeroize::Zeroizing;

/// Bytes in a line of ESP-IDF's dumps.
const WIDTH: usize = 16;
/// This many bytes from the middle or the end of a secret count as the secret even without its beginning.
const TELLING: usize = 4;

/// Follows dumps from line to line.
#[derive(Default)]
pub(super) struct Dumps {
    /// The secrets that were under way where the last dump's line ended: which, and how far.
    open: Vec<(usize, usize)>,
}

/// Bytes of a line, each with its place in the text.
struct Run {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
}

impl Dumps {
    /// Where in a line `secrets` stand as dumped bytes.
    pub(super) fn spans(&mut self, text: &str, secrets: &[&[u8]]) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for run in runs(text) {
            let after = text[run.places[run.places.len() - 1].end..].trim_start();
            let is_dump = after.is_empty() || after.starts_with('|');
            let covered = if is_dump { self.follow(&run.bytes, secrets, 1) } else { whole(&run.bytes, secrets) };
            spans.extend(places(&run.places, &covered));
            // The column of characters: one for each byte.
            let column = after.strip_prefix('|').and_then(|column| column.get(..run.bytes.len()));
            if let Some(column) = column.filter(|column| column.is_ascii()) {
                let at = text.len() - after.len() + 1;
                let columns: Vec<_> = (at..at + column.len()).map(|at| at..at + 1).collect();
                spans.extend(places(&columns, &covered));
            }
        }
        let body = text.split_once(": ").map_or(text, |(_, body)| body);
        if body.len() == WIDTH || (body.len() < WIDTH && !self.open.is_empty()) {
            let at = text.len() - body.len();
            let columns: Vec<_> = (at..text.len()).map(|at| at..at + 1).collect();
            let covered = self.follow(body.as_bytes(), secrets, TELLING);
            let covered = places(&columns, &covered);
            spans.extend(
                covered.into_iter().filter(|span| text.is_char_boundary(span.start) && text.is_char_boundary(span.end)),
            );
        }
        spans
    }

    /// Which bytes of a dump's line belong to secrets, whole or in part; at least `start` bytes begin one.
    fn follow(&mut self, bytes: &[u8], secrets: &[&[u8]], start: usize) -> Vec<bool> {
        let mut covered = whole(bytes, secrets);
        let mut open = Vec::new();
        for (index, secret) in secrets.iter().enumerate() {
            // The secret began here.
            for at in bytes.len().saturating_sub(secret.len().saturating_sub(1))..bytes.len() {
                let own = &bytes[at..];
                if own.len() >= start && secret.starts_with(own) {
                    covered[at..].fill(true);
                    open.push((index, own.len()));
                }
            }
            // It began in a line before.
            for from in 1..secret.len() {
                let own = &secret[from..secret.len().min(from + bytes.len())];
                let known = own.len() >= TELLING.max(start) || self.open.contains(&(index, from));
                if known && bytes.starts_with(own) {
                    covered[..own.len()].fill(true);
                    if from + own.len() < secret.len() {
                        open.push((index, from + own.len()));
                    }
                }
            }
        }
        self.open = open;
        covered
    }
}

/// Which bytes belong to secrets that are there from beginning to end.
fn whole(bytes: &[u8], secrets: &[&[u8]]) -> Vec<bool> {
    let mut covered = vec![false; bytes.len()];
    for secret in secrets.iter().filter(|secret| secret.len() > 1) {
        for (at, own) in bytes.windows(secret.len()).enumerate() {
            if own == *secret {
                covered[at..at + secret.len()].fill(true);
            }
        }
    }
    covered
}

/// Where covered bytes stand in the text; neighbours as one.
fn places(places: &[Range<usize>], covered: &[bool]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (index, place) in places.iter().enumerate().filter(|(index, _)| covered[*index]) {
        match spans.last_mut() {
            Some(span) if index > 0 && covered[index - 1] => span.end = place.end,
            _ => spans.push(place.clone()),
        }
    }
    spans
}

/// Bytes in hex, two digits each (`63`, `0x63`), next to each other but for spaces and punctuation.
fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = None;
    for (at, word) in words(text) {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let byte =
            Some(digits).filter(|digits| digits.len() == 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let Some(byte) = byte else {
            end = None;
            continue;
        };
        let joined =
            end.is_some_and(|end: usize| at - end <= 3 && text[end..at].bytes().all(|gap| b" \t:,-".contains(&gap)));
        if !joined {
            runs.push(Run { bytes: Zeroizing::new(Vec::new()), places: Vec::new() });
        }
        if let Some(run) = runs.last_mut() {
            run.bytes.push(byte);
            run.places.push(at..at + word.len());
        }
        end = Some(at + word.len());
    }
    runs
}

/// Words of letters and digits, with their places; not those in a column of characters.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let hex = text.split_once('|').map_or(text, |(hex, _)| hex);
    let mut rest = hex;
    std::iter::from_fn(move || {
        rest = &rest[rest.find(|c: char| c.is_alphanumeric())?..];
        let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let found = (hex.len() - rest.len(), &rest[..length]);
        rest = &rest[length..];
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Redactor;
    use crate::wire::log::RawLine;
    use zeroize::Zeroizing;

    const SECRET: &str = "correct-horse-battery";

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.learn(SECRET.as_bytes());
        shown(&mut redactor, "I (1) boot: first");
        redactor
    }

    fn shown(redactor: &mut Redactor, line: &str) -> String {
        redactor.redact(&RawLine { text: Zeroizing::new(line.to_owned()), whole: true })
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| hex::encode([*byte])).collect::<Vec<_>>().join(" ")
    }

    /// ESP-IDF's three forms of a buffer.
    fn dumped(buffer: &[u8], form: &str) -> Vec<String> {
        let printable = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' };
        let line = |chunk: &[u8]| {
            let text: String = chunk.iter().map(printable).collect();
            match form {
                "hex" => format!("I (431) app: {}", hex(chunk)),
                "dump" => {
                    let (left, right) = chunk.split_at(chunk.len().min(8));
                    format!("I (431) app: 0x3ffb4280   {:23}  {:23}  |{text}|", hex(left), hex(right))
                }
                _ => format!("I (431) app: {text}"),
            }
        };
        buffer.chunks(16).map(line).collect()
    }

    #[test]
    fn a_passphrase_in_a_dump_goes_wherever_it_begins() {
        for form in ["hex", "dump", "char"] {
            for before in 0..40 {
                let mut redactor = redactor();
                let buffer = [vec![b'~'; before], SECRET.into(), vec![0; 20]].concat();
                let lines: Vec<_> = dumped(&buffer, form).iter().map(|line| shown(&mut redactor, line)).collect();
                let text = lines.join("\n");
                for (at, piece) in SECRET.as_bytes().windows(5).enumerate() {
                    let piece = String::from_utf8_lossy(piece);
                    assert!(!text.contains(&*piece), "{form} {before} {at}: {text}");
                }
                for (at, piece) in SECRET.as_bytes().windows(2).enumerate() {
                    assert!(!text.contains(&hex(piece)), "{form} {before} {at}: {text}");
                }
                assert!(text.contains("(redacted)") && text.contains("(431) app: "), "{text}");
            }
        }
    }

    #[test]
    fn other_lines_may_fall_between() {
        let mut redactor = redactor();
        let lines = dumped(SECRET.as_bytes(), "hex");
        assert_eq!(shown(&mut redactor, &lines[0]), "I (431) app: (redacted)");
        assert_eq!(
            shown(&mut redactor, "W (432) wifi: roaming somewhere else"),
            "W (432) wifi: roaming somewhere else"
        );
        assert_eq!(shown(&mut redactor, &lines[1]), "I (431) app: (redacted)");
    }

    #[test]
    fn bytes_in_a_sentence_and_other_separators() {
        let mut redactor = Redactor::default();
        redactor.learn(b"hush");
        for (line, wanted) in [
            ("I (1) x: got 68 75 73 68 from it", "I (1) x: got (redacted) from it"),
            ("I (1) x: {0x68, 0x75, 0x73, 0x68}", "I (1) x: {(redacted)}"),
            ("I (1) x: 00:68:75:73:68:00", "I (1) x: 00:(redacted):00"),
            ("I (1) x: 68 75 73 69 from it", "I (1) x: 68 75 73 69 from it"),
        ] {
            assert_eq!(shown(&mut redactor, line), wanted);
        }
    }

    #[test]
    fn other_text_stays() {
        let mut redactor = redactor();
        for line in [
            "I (777) wifi:mode : sta (24:0a:c4:00:01:02)",
            "I (1400) wifi:new:<6,0>, old:<1,0>, ap:<255,255>, sta:<6,0>, prof:1",
            "I (9) app: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f",
            "I (9) app: 16 characters, x",
            "load:0x3fcd5820,len:0x1574",
        ] {
            assert_eq!(shown(&mut redactor, line), line);
        }
    }
}
