//! The words of the command line before clap parses them: what is written out, and what is a question for help. Nothing
//! is checked here.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;

use super::Cli;
use super::rainmaker::expand_abbreviations;

/// The command line as clap is to parse it.
pub fn prepared(words: &[OsString]) -> Vec<OsString> {
    let words = expand_abbreviations(words.iter().cloned());
    match words.as_slice() {
        // What the command would take as a value, a proof of possession for example, is a question here.
        [program, name, help] if help == "help" && command(name).is_some() => {
            vec![program.clone(), name.clone(), "--help".into()]
        }
        _ => words,
    }
}

/// The name of the command on a line, where there is one.
pub(super) fn command_on(words: &[OsString]) -> Option<String> {
    words.iter().skip(1).find_map(|word| command(word))
}

fn command(word: &OsStr) -> Option<String> {
    let root = Cli::command();
    root.find_subcommand(word).map(|command| command.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared_line(line: &str) -> String {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        let words: Vec<_> = prepared(&words).into_iter().map(|word| word.into_string().expect("text")).collect();
        words.join(" ")
    }

    #[test]
    fn help_after_a_command_is_a_question_and_a_value_elsewhere() {
        for (line, prepared) in [
            ("espctl provision help", "espctl provision --help"),
            ("espctl man help", "espctl man --help"),
            ("espctl help provision", "espctl help provision"),
            ("espctl provision help --open", "espctl provision help --open"),
            ("espctl provision --pop help", "espctl provision --pop help"),
            ("espctl nothing help", "espctl nothing help"),
        ] {
            assert_eq!(prepared_line(line), prepared);
        }
    }

    #[test]
    fn the_command_is_found_behind_options() {
        let on = |line: &str| command_on(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(on("espctl --json info --timeout 0").as_deref(), Some("info"));
        assert_eq!(on("espctl --json"), None);
    }
}
