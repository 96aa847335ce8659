//! Text that came from a device or the cloud, made safe for a terminal: characters that could move the cursor,
//! reorder a line or hide in it are shown as escapes.
//!
//! Pure functions over text, without a terminal, a colour or a locale. Right-to-left letters are kept, so a terminal
//! that reorders lines may still do so; characters that override the order of others are escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// Combining marks kept on one letter; the ones past this are escaped.
const MAX_MARKS: usize = 3;

/// What an access point without a name is called.
pub const HIDDEN: &str = "(hidden)";

/// Characters that Unicode calls letters, marks or symbols and that show nothing: fillers, joiners, variation selectors.
const INVISIBLE: &[(char, char)] = &[
    ('\u{34f}', '\u{34f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// `text` with every character that is not plainly visible written out: `\x1b` below U+0080, `\u{202e}` above.
///
/// Escaped are controls (so all ANSI sequences), line and paragraph separators, every white space but U+0020, format
/// characters (bidi overrides and isolates, zero-width ones, tags), variation selectors and blank fillers,
/// private-use and unassigned characters, and combining marks with no letter before them or piled up on one. A
/// backslash stays as it is, so sanitising twice gives the same text as sanitising once.
pub fn sanitise(text: &str) -> Cow<'_, str> {
    escape(text, |c, marks| !is_visible(c, marks))
}

/// As [`sanitise`], and everything beyond ASCII escaped as well: for locales that are not UTF-8.
pub fn ascii(text: &str) -> Cow<'_, str> {
    escape(text, |c, _| !matches!(c, ' '..='~'))
}

/// An SSID for a person to read.
///
/// UTF-8 that is printable throughout is shown as it is; an empty one is [`HIDDEN`]. All others are quoted, with the
/// bytes that cannot be shown as `\xNN`, and `"` and `\` escaped by a backslash. Names that begin or end with a
/// space, begin with a quote, or would read as [`HIDDEN`] are quoted too, so quotes always mean the escaped form.
pub fn ssid(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return HIDDEN.to_owned();
    }
    let text = std::str::from_utf8(bytes).ok();
    if let Some(text) = text
        && !text.starts_with([' ', '"'])
        && !text.ends_with(' ')
        && text != HIDDEN
        && matches!(sanitise(text), Cow::Borrowed(_))
    {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    match text {
        Some(text) => each_with_marks(text, |c, marks| match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_visible(c, marks) => quoted.push(c),
            c => hex_bytes(&mut quoted, c.encode_utf8(&mut [0; 4]).as_bytes()),
        }),
        None => bytes.iter().for_each(|&byte| match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => hex_bytes(&mut quoted, &[byte]),
        }),
    }
    quoted.push('"');
    quoted
}

/// How many terminal columns sanitised text takes, each character counted by itself: never fewer than a terminal
/// uses, whatever it makes of emoji sequences.
pub fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// Sanitised `text` cut to at most `max_columns`, the cut marked by `…` and never within an escape.
pub fn bounded(text: &str, max_columns: usize) -> Cow<'_, str> {
    cut(text, max_columns, "…")
}

/// As [`bounded`], the cut marked by `~`.
pub fn bounded_ascii(text: &str, max_columns: usize) -> Cow<'_, str> {
    cut(text, max_columns, "~")
}

/// `text` filled up with spaces on the right to `to_columns`; longer text is left alone.
pub fn padded(text: &str, to_columns: usize) -> String {
    let missing = to_columns.saturating_sub(columns(text));
    format!("{text}{:missing$}", "")
}

fn cut<'a>(text: &'a str, max_columns: usize, mark: &str) -> Cow<'a, str> {
    if columns(text) <= max_columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = max_columns.checked_sub(columns(mark)) else {
        return Cow::Borrowed("");
    };
    let mut used = 0;
    let mut fits = |c: char| {
        used += width(c);
        used <= room
    };
    let mut kept: String = text.chars().take_while(|&c| fits(c)).collect();
    if let Some(at) = kept.rfind('\\')
        && at + escape_length(&text[at..]) > kept.len()
    {
        kept.truncate(at);
    }
    Cow::Owned(kept + mark)
}

/// How long the escape is that text begins with, in bytes: `\xNN` or `\u{…}`; 1 for a backslash alone.
fn escape_length(text: &str) -> usize {
    match text.get(..3) {
        Some("\\u{") => text.find('}').map_or(1, |end| end + 1),
        Some(start) if start.starts_with("\\x") => 4,
        _ => 1,
    }
}

fn width(c: char) -> usize {
    c.width().unwrap_or(0)
}

fn escape(text: &str, mut must: impl FnMut(char, usize) -> bool) -> Cow<'_, str> {
    let mut clean = true;
    each_with_marks(text, |c, marks| clean &= !must(c, marks));
    if clean {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    each_with_marks(text, |c, marks| {
        if !must(c, marks) {
            escaped.push(c);
        } else if c.is_ascii() {
            hex_bytes(&mut escaped, c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            escaped.extend(c.escape_unicode());
        }
    });
    Cow::Owned(escaped)
}

/// Visits each character with the number of zero-width ones since the last that has a width; at the start of the
/// text, where a mark would land on whatever was printed before, that number is already past [`MAX_MARKS`].
fn each_with_marks(text: &str, mut visit: impl FnMut(char, usize)) {
    let mut marks = MAX_MARKS;
    for c in text.chars() {
        marks = if width(c) == 0 { marks + 1 } else { 0 };
        visit(c, marks);
    }
}

/// Whether a character neither acts on a terminal nor hides: none of the control characters, direction marks and
/// characters without a width. Marks that combine with a letter are harmless, however many there are.
pub fn is_harmless(c: char) -> bool {
    is_visible(c, 0)
}

fn is_visible(c: char, marks: usize) -> bool {
    matches!(c, ' '..='~')
        || (marks <= MAX_MARKS
            && !c.is_whitespace()
            && !INVISIBLE.iter().any(|&(first, last)| (first..=last).contains(&c))
            && is_printable(c))
}

/// What the standard library's table of printable characters says. `char::escape_debug` would also escape combining
/// marks, `str::escape_debug` does so only for the first character, so one stands before.
fn is_printable(c: char) -> bool {
    let mut pair = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut pair[1..]).len();
    std::str::from_utf8(&pair[..length]).is_ok_and(|pair| pair.escape_debug().count() == 2)
}

fn hex_bytes(into: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(into, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_of_any_script_stays() {
        for text in [
            "",
            "PROV_d76c30",
            "Café & Bar",
            "Cafe\u{301}",
            "家庭网络",
            "Дом-5G",
            "בית",
            "वाई-फाई",
            "📶 home",
            r"a\x41",
        ] {
            assert!(matches!(sanitise(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_hostile_ssid_does_not_reach_the_terminal() {
        let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2Jfree\r\n\u{9b}31m";
        let shown = ssid(hostile.as_bytes());
        assert!(!shown.chars().any(char::is_control), "{shown}");
        assert_eq!(shown, r#""\x1b]0;owned\x07\x1b[2Jfree\x0d\x0a\xc2\x9b31m""#);
        assert_eq!(sanitise(hostile), r"\x1b]0;owned\x07\x1b[2Jfree\x0d\x0a\u{9b}31m");
    }

    #[test]
    fn what_hides_or_reorders_is_written_out() {
        for c in [
            '\u{0}',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{e000}',
            '\u{fffe}',
            '\u{e0041}',
            '\u{10fffd}',
            '\u{378}',
        ] {
            let text = format!("a{c}b");
            let shown = sanitise(&text);
            assert!(!shown.contains(c) && shown.starts_with("a\\") && shown.ends_with('b'), "{shown}");
            assert!(matches!(sanitise(&shown), Cow::Borrowed(_)), "sanitising twice changes {shown}");
            assert_eq!(columns(&shown), shown.len());
        }
    }

    #[test]
    fn combining_marks_need_a_letter_and_may_not_pile_up() {
        assert_eq!(sanitise("\u{301}a"), r"\u{301}a");
        let piled = format!("a{}", "\u{301}".repeat(5));
        assert_eq!(sanitise(&piled), format!("a{}{}", "\u{301}".repeat(3), r"\u{301}".repeat(2)));
    }

    #[test]
    fn ssids_are_shown_plain_or_quoted() {
        let shown = |bytes: &[u8]| ssid(bytes);
        assert_eq!(shown(b""), "(hidden)");
        assert_eq!(shown(b"(hidden)"), "\"(hidden)\"");
        assert_eq!(shown("Café Lumière".as_bytes()), "Café Lumière");
        assert_eq!(shown(b"caf\xe9"), r#""caf\xe9""#);
        assert_eq!(shown(br"caf\xe9"), r"caf\xe9");
        assert_eq!(shown(b" home"), "\" home\"");
        assert_eq!(shown(b"home "), "\"home \"");
        assert_eq!(shown(b"\"home\""), r#""\"home\"""#);
        assert_eq!(shown(b"\\\xff"), r#""\\\xff""#);
        assert_eq!(shown("home\u{200b}".as_bytes()), r#""home\xe2\x80\x8b""#);
        assert_eq!(shown(b"home\0"), r#""home\x00""#);
    }

    #[test]
    fn ascii_escapes_the_rest() {
        assert_eq!(ascii("Café ▂"), r"Caf\u{e9} \u{2582}");
        assert!(matches!(ascii("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(columns("家庭"), 4);
        assert_eq!(bounded("家庭网络", 8), "家庭网络");
        assert_eq!(bounded("家庭网络", 7), "家庭网…");
        assert_eq!(bounded("家庭网络", 6), "家庭…");
        assert_eq!(bounded_ascii("abcdef", 4), "abc~");
        assert_eq!(bounded("abc", 1), "…");
        assert_eq!(bounded("abc", 0), "");
        for max in 0..12 {
            assert!(columns(&bounded("a家b庭c网d络", max)) <= max);
        }
        for (columns, cut) in [(8, r"a\x1bcd"), (7, "a\\x1bc…"), (6, r"a\x1b…"), (5, "a…"), (3, "a…"), (1, "…")]
        {
            let text = if columns == 8 { r"a\x1bcd" } else { r"a\x1bcdef" };
            assert_eq!(bounded(text, columns), cut);
        }
        assert_eq!(bounded_ascii(r"Caf\u{e9} Bar", 8), "Caf~");
        assert_eq!(bounded_ascii(r"Caf\u{e9} Bar", 10), r"Caf\u{e9}~");
        assert_eq!(padded("家", 4), "家  ");
        assert_eq!(padded("abc", 2), "abc");
    }
}
