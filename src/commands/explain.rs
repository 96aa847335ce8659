//! `espctl explain`: what an error code means and what to do.

use std::fmt::Write;

use serde_json::json;

use crate::code::Code;
use crate::failure::Failure;
use crate::report::Document;

/// Options of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A code as an error message prints it, an exit status, or a word to look for; without one, all are listed
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<Document, Failure> {
    let Some(word) = &args.code else { return Ok(list(Code::ALL)) };
    let word = word.trim();
    let found = Code::find(word).map_or_else(|| matching(word), |code| vec![code]);
    match found.as_slice() {
        [] => Err(unknown(word)),
        [code] => Ok(Document::new("code", explanation(*code), entry(*code))),
        codes => Ok(list(codes)),
    }
}

fn list(codes: &[Code]) -> Document {
    let lines: Vec<_> = codes.iter().map(|code| format!("{:28} {}", code.word(), code.entry().title)).collect();
    let entries: Vec<_> = codes.iter().map(|code| entry(*code)).collect();
    Document::new("codes", lines.join("\n"), json!({ "codes": entries }))
}

/// The codes that end with this exit status, or that have this word in their names; else those whose title has it.
fn matching(word: &str) -> Vec<Code> {
    let word = word.to_lowercase();
    let those = |is: &dyn Fn(Code) -> bool| Code::ALL.iter().copied().filter(|code| is(*code)).collect::<Vec<_>>();
    if let Ok(status) = word.parse::<u8>() {
        return those(&|code| code.entry().exit as u8 == status);
    }
    // A piece of one or two letters is in everything.
    if word.chars().count() < 3 {
        return Vec::new();
    }
    let named = those(&|code| code.word().contains(&word));
    if named.is_empty() { those(&|code| code.entry().title.to_lowercase().contains(&word)) } else { named }
}

fn explanation(code: Code) -> String {
    let entry = code.entry();
    let mut text = format!("{}: {}\n\n{}\n", entry.word, entry.title, entry.meaning);
    if !entry.hints.is_empty() {
        text.push_str("\nWhat to do:\n");
        for hint in entry.advice() {
            let _ = writeln!(text, "  - {hint}");
        }
    }
    let _ = write!(text, "\nExit status {}", entry.exit as u8);
    text
}

fn entry(code: Code) -> serde_json::Value {
    let entry = code.entry();
    json!({
        "code": entry.word,
        "exit": entry.exit as u8,
        "title": entry.title,
        "meaning": entry.meaning,
        "hints": entry.advice(),
    })
}

fn unknown(word: &str) -> Failure {
    let failure = Failure::new(Code::UsageUnknownCode).because(format!("there is no code {word:?}"));
    let nearest = Code::ALL
        .iter()
        .map(|code| (strsim::damerau_levenshtein(word, code.word()), code.word()))
        .min()
        .filter(|(distance, _)| *distance <= 4);
    match nearest {
        Some((_, near)) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(word: &str) -> Vec<&'static str> {
        matching(word).into_iter().map(Code::word).collect()
    }

    #[test]
    fn an_exit_status_and_a_word_find_codes() {
        assert!(found("22").contains(&"wifi.auth-failed"));
        assert!(found("22").iter().all(|word| Code::find(word).is_some_and(|code| code.entry().exit as u8 == 22)));
        assert!(found("wifi").len() > 3 && found("WIFI").iter().all(|word| word.contains("wifi")));
        assert!(found("proof of possession").contains(&"security.proof-rejected"));
        assert!(found("250").is_empty() && found("x").is_empty() && found("wifi.auth-faild").is_empty());
    }
}
