//! `espctl explain`: what an error code means and what to do.

use std::fmt::Write;

use serde_json::json;

use crate::code::Code;
use crate::failure::Failure;
use crate::report::Document;

/// Options of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A code as an error message prints it; without one, all are listed
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<Document, Failure> {
    let Some(word) = &args.code else {
        let lines: Vec<_> = Code::ALL.iter().map(|code| format!("{:28} {}", code.word(), code.entry().title)).collect();
        let codes: Vec<_> = Code::ALL.iter().map(|code| entry(*code)).collect();
        return Ok(Document::new("codes", lines.join("\n"), json!({ "codes": codes })));
    };
    match Code::find(word.trim()) {
        Some(code) => Ok(Document::new("code", explanation(code), entry(code))),
        None => Err(unknown(word)),
    }
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
