//! Where in a line a secret stands, found by the names that firmware gives to secrets.

use std::ops::Range;

/// What a secret is called, longest first, in lower case.
const KEYS: [&str; 16] = [
    "proof of possession",
    "proof_of_possession",
    "activation_token",
    "network key",
    "networkkey",
    "passphrase",
    "secret_key",
    "secretkey",
    "password",
    "bearer",
    "passwd",
    "secret",
    "token",
    "pass",
    "pop",
    "psk",
];

/// Words after a key that make it prose: `Password length matches WPA2 standards`.
const PROSE: &[&str] = &[
    "and",
    "are",
    "at",
    "auth",
    "authentication",
    "by",
    "change",
    "changed",
    "check",
    "correct",
    "empty",
    "error",
    "exceeds",
    "expired",
    "failed",
    "failure",
    "for",
    "from",
    "has",
    "in",
    "incorrect",
    "invalid",
    "is",
    "len",
    "length",
    "matches",
    "may",
    "mismatch",
    "missing",
    "mode",
    "must",
    "not",
    "ok",
    "on",
    "or",
    "received",
    "rejected",
    "required",
    "saved",
    "should",
    "too",
    "was",
    "were",
    "wrong",
];

/// What a value stands between in a sentence: `passphrase 'correct-horse' accepted`.
const QUOTES: [(char, char); 5] = [('\'', '\''), ('"', '"'), ('`', '`'), ('[', ']'), ('<', '>')];

/// The first line heard may begin in the middle of a key.
pub(super) fn behind_half_a_key(text: &str) -> Option<Range<usize>> {
    let (before, after) = text.split_once([':', '='])?;
    let half = before.trim().trim_matches('"').to_ascii_lowercase();
    let start = text.len() - after.len();
    (!half.is_empty() && KEYS.iter().any(|key| key.ends_with(&half))).then_some(start..text.len())
}

/// The values after names of secrets, and the middle of compact payloads.
pub(super) fn named(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut spans = compact(&lower);
    spans.extend(commanded(text));
    let mut from = 0;
    for (start, length) in keys(&lower) {
        // A longer key hides the shorter ones in it. Where no value follows it, the next key is tried.
        if start < from {
            continue;
        }
        let end = start + length;
        let span = value(text, &lower, start, end);
        from = span.as_ref().map_or(end, |span| span.end.max(end));
        spans.extend(span);
    }
    // A link with a payload that seems to hold secrets, though no key was found in it.
    if let Some((at, mark)) = lower.match_indices("qrcode.html?data=").next()
        && spans.is_empty()
        && ["pop", "pass", "%7c", "|"].iter().any(|hint| lower[at..].contains(hint))
    {
        spans.push(at + mark.len()..text.len());
    }
    spans
}

/// Where keys stand in a line, in order, the longest first where several begin.
fn keys(lower: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<_> = KEYS
        .iter()
        .flat_map(|key| lower.match_indices(*key))
        .map(|(at, key)| (at, key.len()))
        .filter(|(at, length)| {
            let before = lower[..*at].chars().next_back().filter(|_| !lower[..*at].ends_with("%22"));
            let after = lower[at + length..].chars().next();
            // `wifiPassword` is a key; `popup`, `compass` and `password_len` are not.
            (*length > 5 || !is_word(before)) && !is_word(after) && after != Some('_')
        })
        .collect();
    found.sort_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)));
    found
}

/// `NP:<name>|<pop>|<b|s>`, also percent-encoded.
fn compact(lower: &str) -> Vec<Range<usize>> {
    let between = |mark: &str| {
        let (first, last) = (lower.find(mark)?, lower.rfind(mark)?);
        (first < last).then_some(first + mark.len()..last)
    };
    if !lower.contains("np:") && !lower.contains("np%3a") {
        return Vec::new();
    }
    [between("|"), between("%7c")].into_iter().flatten().collect()
}

/// What follows the first word of a command that carries credentials, in its echo on the RainMaker agent's console:
/// `wifi-prov "HomeNet" "…"`.
fn commanded(text: &str) -> Option<Range<usize>> {
    let at = ["wifi-prov ", "add-user "].iter().find_map(|name| text.find(name).map(|at| at + name.len()))?;
    let word = text[at..].trim_start();
    let mut escaped = false;
    let ends = |c: char| {
        let end = !escaped && if word.starts_with('"') { c == '"' } else { c == ' ' };
        escaped = c == '\\' && !escaped;
        end
    };
    let first = word.chars().next()?.len_utf8();
    let end = first + word[first..].find(ends)? + 1;
    let rest = word[end..].trim_start();
    (!rest.is_empty()).then_some(text.len() - rest.len()..text.len())
}

/// The value of the key at `start..end`: behind a quote and a colon, a separator, "is", or a mere space.
fn value(text: &str, lower: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let at = |rest: &str| text.len() - rest.len();
    let rest = &lower[end..];
    for quote in ["\\\"", "\"", "'", "%22"] {
        if let Some(behind) = rest.strip_prefix(quote) {
            let behind = behind.trim_start();
            let behind = [":", "=", "%3a"].iter().find_map(|mark| behind.strip_prefix(mark))?;
            let behind = behind.trim_start_matches([' ', '\t', '+']).trim_start_matches("%20");
            let Some(quoted) = behind.strip_prefix(quote) else {
                let length = behind.find([',', '}', ' ', '&']).unwrap_or(behind.len());
                return Some(at(behind)..at(behind) + length);
            };
            return Some(at(quoted)..at(quoted) + closing(quoted, quote));
        }
    }
    let behind = rest.trim_start();
    let separated = behind.strip_prefix([':', '=']).or_else(|| {
        let behind = behind.strip_prefix("is").filter(|behind| behind.starts_with([' ', ':', '=']))?;
        (!is_prose(behind)).then(|| behind.trim_start_matches([' ', ':', '=']))
    });
    if let Some(value) = separated {
        let value = value.trim_start_matches([' ', '\t', '=', ':']);
        return (!value.is_empty()).then(|| at(value)..text.len());
    }
    if behind.is_empty() || behind.len() == rest.len() {
        return None;
    }
    // ESP-IDF's own debug lines: `\tpassword %s`.
    let first_on_its_line = start > 0 && lower[..start].trim().is_empty();
    if first_on_its_line {
        return Some(at(behind)..text.len());
    }
    if let Some((opening, closing)) = QUOTES.iter().find(|(opening, _)| behind.starts_with(*opening)) {
        let quoted = &behind[opening.len_utf8()..];
        // Firmware does not escape, so a quoted value may contain the quote.
        let length = quoted.rfind(*closing).unwrap_or(quoted.len());
        return Some(at(quoted)..at(quoted) + length);
    }
    let word = behind.find([' ', ',', ';', '\t']).unwrap_or(behind.len());
    (!is_prose(behind)).then(|| at(behind)..at(behind) + word)
}

fn is_prose(text: &str) -> bool {
    let text = text.trim_start_matches([' ', ':', '=']);
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_quoted = QUOTES.iter().any(|(opening, _)| text.starts_with(*opening));
    !is_quoted && (word.is_empty() || PROSE.contains(&word))
}

/// Where the rest of a value ends that was quoted in a line before; all of the line where no quote ends it.
pub(super) fn quoted_end(rest: &str) -> usize {
    ["\"", "\\\"", "%22"].iter().map(|quote| closing(rest, quote)).min().unwrap_or(rest.len())
}

/// Where a quoted value ends: at a quote after which JSON could go on. Firmware does not escape quotes.
fn closing(value: &str, quote: &str) -> usize {
    let ends = |at: usize| {
        let after = value[at + quote.len()..].trim_start();
        after.is_empty()
            || after.starts_with([',', '}', ']', '&'])
            || after.starts_with("%2c")
            || after.starts_with("%7d")
    };
    value.match_indices(quote).map(|(at, _)| at).find(|at| ends(*at)).unwrap_or(value.len())
}

/// Whether a character belongs to a word.
pub(super) fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}
