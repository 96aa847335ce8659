//! What the TOML parser complains about, in words for people who do not know the format's grammar.

use std::ops::Range;

use crate::text;

/// What to do where a value lacks its quotation marks.
const QUOTE: &str = "text stands in quotation marks: device = \"ble:PROV_d76c30\"";
/// What to do where a section's heading is wrong.
const HEADING: &str = "the heading of a section is its name in brackets: [security]";
/// What to do where a line is no setting.
const LINE: &str = "each line is one setting: name = value, with text in quotation marks";

/// The parser's descriptions by their beginning, each with what it means and what to do.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("string values must be quoted", "quotation marks are missing around a text", QUOTE),
    ("missing opening quote", "a quotation mark is missing", QUOTE),
    (
        "invalid basic string",
        "a text has no closing quotation mark, or a \\ that means nothing",
        "in single quotation marks a \\ stands for itself: 'C:\\pop.txt'",
    ),
    ("invalid literal string", "a text has no closing quotation mark", QUOTE),
    (
        "missing escaped value",
        "a \\ in a text means nothing",
        "in single quotation marks a \\ stands for itself: 'C:\\pop.txt'",
    ),
    (
        "too few unicode",
        "a \\ in a text means nothing",
        "in single quotation marks a \\ stands for itself: 'C:\\pop.txt'",
    ),
    ("invalid multi-line", "a text has no closing quotation marks", QUOTE),
    ("key with no value", "a setting has no value", LINE),
    ("missing value", "a setting has no value", LINE),
    ("invalid value", "quotation marks are missing around a text, or it is not a value", QUOTE),
    ("missing assignment", "the = between a name and its value is missing", LINE),
    ("extra `=`", "there is one = too many", LINE),
    ("extra assignment", "there is one = too many", LINE),
    ("unexpected key or value", "something follows the end of a setting on its line", LINE),
    ("unexpected content", "something follows the end of a setting on its line", LINE),
    ("missing key", "the name before the = is missing", LINE),
    ("unquoted keys cannot be empty", "the name before the = is missing", LINE),
    ("invalid unquoted key", "a name has a character that names do not have", "a name has letters, digits and hyphens"),
    ("keys cannot be", "a name is written as a text of several lines", LINE),
    ("invalid key-value pair", "a line is not a setting", LINE),
    ("unclosed table", "the ] at the end of a section's heading is missing", HEADING),
    ("unclosed array table", "the ]] at the end of a section's heading is missing", HEADING),
    ("missing table open", "the [ at the beginning of a section's heading is missing", HEADING),
    ("unclosed array", "the ] at the end of a list is missing", LINE),
    ("unclosed inline table", "the } at the end of a group is missing", LINE),
    ("unexpected leading zero", "a number begins with 0", "leave out the 0, or put text in quotation marks"),
    ("`_` may only go", "a number has a _ in the wrong place", "write the digits alone"),
    ("redundant", "a number has a sign or a prefix twice", "write the digits alone"),
    ("integers with a radix", "a number like 0x10 has a sign", "write the digits alone"),
    ("radix must be", "a number has a prefix in capital letters", "write the digits alone"),
    ("carriage return", "a line ends in a way that TOML does not know", "save the file with ordinary line ends"),
    ("invalid comment character", "a comment has a control character", "take the character out"),
];

/// What the parser means by `message`, about the part of `file` at `span`; and what to do.
pub(super) fn plain(message: &str, span: Option<Range<usize>>, file: &str) -> (String, &'static str) {
    if message.starts_with("duplicate key") {
        return duplicate(span, file);
    }
    // Nothing at all is quoted wrongly, too, to the parser.
    let rest = span.as_ref().and_then(|span| file.get(span.start..)).and_then(|rest| rest.lines().next());
    let message = match rest {
        Some(rest) if message.starts_with("string values") && rest.trim().is_empty() => "missing value",
        _ => message,
    };
    let meaning = MEANINGS.iter().find(|(beginning, ..)| message.starts_with(beginning));
    meaning.map_or_else(|| ("it is not TOML".to_owned(), LINE), |(_, means, hint)| ((*means).to_owned(), *hint))
}

/// Whether the parser may have taken the settings below for those of another section.
pub(super) fn is_about_a_heading(message: &str) -> bool {
    message.contains("table") && !message.contains("inline")
}

fn duplicate(span: Option<Range<usize>>, file: &str) -> (String, &'static str) {
    let name = span.clone().and_then(|span| file.get(span)).unwrap_or_default();
    let line = span.and_then(|span| file.get(..span.start)).and_then(|before| before.rsplit('\n').next());
    let name = text::bounded(&text::sanitise(name), 40).to_string();
    if line.is_some_and(|line| line.trim_start().starts_with('[')) {
        (format!("the section {name} stands there twice"), "put all settings of a section below one heading")
    } else {
        (format!("{name} is set twice"), "leave out one of the two lines")
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn common_mistakes_are_said_in_plain_words() {
        let mut wrong = Vec::new();
        for (file, words, hint) in [
            ("pop = hush-hush\n", "quotation marks are missing", "quotation marks"),
            ("pop = hush hush\n", "quotation marks are missing", "quotation marks"),
            ("pop = \"hush\n", "no closing quotation mark", ""),
            ("pop = 'hush\n", "no closing quotation mark", ""),
            ("pop = \"C:\\hush\"\n", "\\ ", "single quotation marks"),
            ("pop\n", "no value", "name = value"),
            ("pop =\n", "no value", "name = value"),
            ("= 1\n", "the name before the = is missing", "name = value"),
            ("a = = 1\n", "one = too many", "name = value"),
            ("a = 1 b = 2\n", "follows the end of a setting", "name = value"),
            ("a = \"x\" y\n", "follows the end of a setting", "name = value"),
            ("[security\n", "the ] at the end of a section's heading", "[security]"),
            ("[security]\n[security]\n", "the section security stands there twice", "one heading"),
            ("baud = 1\nbaud = 2\n", "baud is set twice", "leave out one"),
            ("baud = 0115200\n", "begins with 0", "leave out the 0"),
            ("list = [1, 2\n", "the ] at the end of a list", ""),
        ] {
            let (_, errors) = DeTable::parse_recoverable(file);
            let error = errors.first().expect(file);
            let (said, advice) = plain(error.message(), error.span(), file);
            if !said.contains(words) || !advice.contains(hint) || said.contains("hush") {
                wrong.push(format!("{file}: {} → {said}: {advice}", error.message()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
