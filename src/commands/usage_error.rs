//! Command lines that do not parse, as failures with a code like any other.
//!
//! The words are clap's, but for values it refuses: what an option takes is said instead. What it would repeat of the
//! command line is left out where it may be a secret: the second word of a passphrase without quotation marks arrives
//! as an argument too many.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;

use super::words::command_on;
use crate::code::{Code, Fact};
use crate::failure::Failure;
use crate::report::capabilities::Wishes;
use crate::report::{Document, Output};
use crate::settings::{Environment, nearest};

/// Options whose value is a secret.
const SECRET: [&str; 5] = ["--pop", "--passphrase", "--sec2-password", "--secret-key", "--thread-dataset"];

/// Commands that take a device.
const WITH_DEVICE: [&str; 5] = ["provision", "info", "scan", "reset", "send"];

/// What options take whose values are no text and no choice of words.
const TAKES: [(&str, &str); 11] = [
    ("--timeout", "whole seconds, 1 or more"),
    ("--baud", "a rate in bits per second, like 115200"),
    ("--slow-baud", "a rate in bits per second, 300 or more"),
    ("--sec-ver", "0, 1 or 2"),
    ("--min-sec", "0, 1 or 2"),
    ("--channel", "a Wi-Fi channel: 1 to 14, or from 36 on at 5 GHz"),
    ("--count", "a number from 1 to 65535"),
    ("--http", "an address and a port, like 127.0.0.1:8080, localhost:8080 or :8080"),
    ("--service-uuid", "a UUID"),
    ("--device-port", "a number from 0 to 65535"),
    ("--discovery-timeout", "a number of seconds"),
];

/// Says what is wrong with a command line, `words`, that clap refused; the exit status. Help and version are no errors,
/// and `--json` and `--events` hold here too, but for help, which is text.
pub fn report_usage_error(error: &clap::Error, words: &[OsString], environment: Environment<'_>) -> u8 {
    let has = |option: &str| words.iter().any(|word| word == option);
    let json = has("--json");
    let output = Output::decide(&Wishes { json, events: has("--events"), ..Wishes::default() }, environment);
    let help = |status| output.help(&error.render().to_string(), error.use_stderr(), status);
    match error.kind() {
        ErrorKind::DisplayVersion if json => output.deliver(&Ok(version())),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => help(0),
        // Nothing was typed: the way in is worth more than an error.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => help(2),
        _ => {
            let failure = with_usage(usage_error(error, words), error);
            output.deliver(&Err(match command_on(words) {
                Some(name) => failure.knowing_value(Fact::Command, name),
                None => failure,
            }))
        }
    }
}

/// The program's version, for programs.
fn version() -> Document {
    Document::new("version", "", json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// How the command is written, where clap knows it: the last thing to read, not the first.
fn with_usage(failure: Failure, error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let usage = text.split_once("\nUsage: ").and_then(|(_, usage)| usage.lines().next());
    match usage.map(str::trim).filter(|usage| !usage.is_empty()) {
        Some(usage) => failure.last_hint(format!("usage: {usage}")),
        None => failure,
    }
}

/// The failure for such a command line.
fn usage_error(error: &clap::Error, words: &[OsString]) -> Failure {
    let code = match error.kind() {
        ErrorKind::ArgumentConflict => Code::UsageConflict,
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Code::UsageMissing,
        _ => Code::UsageInvalid,
    };
    let failure = Failure::new(code);
    if matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return match below(error) {
            Some((command, words)) => failure
                .saying(format!("{command} takes one more word: what it is to do"))
                .hint(format!("write {command} {words}")),
            None => failure.saying("no command was given").hint("espctl provision takes a device online; espctl help"),
        };
    }
    if let Some(word) = word_too_many(error) {
        let failure = failure.saying("unexpected argument").hint("put values with spaces in them in quotation marks");
        let takes_device = words.iter().any(|word| WITH_DEVICE.iter().any(|command| word == command));
        return if takes_device && word.contains(':') {
            failure.hint("a device is named with --device, like --device sim:")
        } else {
            failure
        };
    }
    if let Some(option) = secret_for_option(error, words) {
        return failure
            .saying(format!("what follows {option} begins with a hyphen and was read as an option"))
            .hint(format!("write {option}=VALUE where the value begins with a hyphen"));
    }
    if let Some(taken) = taken(error).or_else(|| number_with_hyphen(error, words)) {
        let failure = failure.saying(taken);
        return match meant(error) {
            Some(meant) => failure.hint(format!("did you mean {meant}?")),
            None => failure,
        };
    }
    if let Some((missing, needs_it)) = missing_partner(error, words) {
        return failure
            .saying(format!("{needs_it} needs {missing}"))
            .hint(format!("add {missing}, or leave out {needs_it}"));
    }
    let text = without_value(error);
    let told = text.split("\n\nUsage:").next().unwrap_or_default();
    let told = told.split("\n\nFor more information").next().unwrap_or_default();
    let (message, rest) = told.split_once('\n').unwrap_or((told, ""));
    let mut failure = failure.saying(message.trim_start_matches("error: "));
    if code == Code::UsageConflict {
        failure = failure.hint("give one of them only");
    }
    if message.contains("a value is required") {
        failure = failure.hint("a value that begins with a hyphen is written --OPTION=VALUE");
    }
    for line in rest.lines().map(str::trim).filter(|line| !line.is_empty()) {
        failure = match line.strip_prefix("tip: ") {
            // How to pass it as a value, which is never what was meant.
            Some(tip) if tip.starts_with("to pass") || is_far(error, tip) => failure,
            Some(tip) => failure.hint(tip),
            None => failure.because(line),
        };
    }
    failure
}

/// What an option takes, or an argument, that was given something else.
fn taken(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return None };
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = argument.split([' ', '=']).next()?.trim_matches(['<', '>', '[', ']']);
    let what = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(words)) => one_of(words)?,
        _ => TAKES.iter().find(|(option, _)| *option == name)?.1.to_owned(),
    };
    (!value.is_empty()).then(|| format!("{name} takes {what}"))
}

/// The word that was probably meant, of those that an option takes.
fn meant(error: &clap::Error) -> Option<&str> {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidValue) else { return None };
    let Some(ContextValue::Strings(words)) = error.get(ContextKind::ValidValue) else { return None };
    nearest(typed, words.iter().map(String::as_str))
}

/// What an option takes that was given a number below zero, which was read as an option.
fn number_with_hyphen(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(refused)) = error.get(ContextKind::InvalidArg) else { return None };
    let texts: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let is_number = |word: &str| word.parse::<f64>().is_ok_and(|number| number <= 0.0) && word.starts_with(refused);
    let before = texts.windows(2).find(|pair| pair[1].starts_with('-') && is_number(&pair[1]))?;
    let option = before[0].replace('_', "-");
    let (name, what) = TAKES.iter().find(|(name, _)| *name == option)?;
    Some(format!("{name} takes {what}"))
}

/// An option that is missing, and the one on the line that needs it, where that is clear.
fn missing_partner<'a>(error: &'a clap::Error, words: &'a [OsString]) -> Option<(&'a str, &'a str)> {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else { return None };
    let [missing] = missing.as_slice() else { return None };
    let missing = missing.split([' ', '=']).next().filter(|name| name.starts_with("--"))?;
    let mut typed =
        words.iter().filter_map(|word| word.to_str()?.split('=').next()).filter(|name| name.starts_with("--"));
    match (error.kind(), typed.next(), typed.next()) {
        (ErrorKind::MissingRequiredArgument, Some(only), None) => Some((missing, only)),
        _ => None,
    }
}

/// Whether all that clap suggests has little in common with what was typed: it is content with less than people are.
fn is_far(error: &clap::Error, tip: &str) -> bool {
    let kinds = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue];
    let typed = kinds.into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(typed)) => Some(typed.as_str()),
        _ => None,
    });
    let Some(typed) = typed else { return false };
    let bare = |word: &str| word.trim_start_matches('-').to_owned();
    let is_near = |suggested: &str| {
        let (typed, suggested) = (bare(typed), bare(suggested));
        let slips = strsim::damerau_levenshtein(&typed, &suggested);
        suggested.starts_with(&typed) || slips <= (typed.chars().count() / 3).max(1)
    };
    // Every second piece is between quotation marks.
    !tip.split('\'').skip(1).step_by(2).any(is_near)
}

/// The command that lacks the word of one below it, with the words there are.
fn below(error: &clap::Error) -> Option<(&str, String)> {
    let Some(ContextValue::String(command)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let Some(ContextValue::Strings(words)) = error.get(ContextKind::ValidSubcommand) else { return None };
    let words: Vec<_> = words.iter().filter(|word| *word != "help").cloned().collect();
    command.contains(' ').then_some((command, one_of(&words)?))
}

/// `a, b or c`.
fn one_of(words: &[String]) -> Option<String> {
    let (last, others) = words.split_last()?;
    if others.is_empty() { Some(last.clone()) } else { Some(format!("{} or {last}", others.join(", "))) }
}

/// Clap's words without the value it refused: it may be a secret that slipped into the wrong place.
fn without_value(error: &clap::Error) -> String {
    let text = error.render().to_string();
    match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if !value.is_empty() => text.replace(&format!(" '{value}'"), ""),
        _ => text,
    }
}

/// The word that has no place on the line; it may be a part of a secret.
fn word_too_many(error: &clap::Error) -> Option<&str> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return None };
    (error.kind() == ErrorKind::UnknownArgument && !word.starts_with('-')).then_some(word)
}

/// The option whose value was taken for another option, where that value is a secret.
fn secret_for_option(error: &clap::Error, words: &[OsString]) -> Option<&'static str> {
    let Some(ContextValue::String(refused)) = error.get(ContextKind::InvalidArg) else { return None };
    let texts: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let before = texts.windows(2).filter(|pair| pair[1].starts_with('-') && pair[1].starts_with(refused.as_str()));
    let option = before.map(|pair| pair[0].replace('_', "-")).find(|option| option.len() > 4)?;
    SECRET.into_iter().find(|secret| secret.starts_with(&option))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Cli;
    use clap::builder::ValueParser;
    use clap::{CommandFactory, Parser};

    fn failure(words: &[&str]) -> Failure {
        let words: Vec<_> = [&["espctl"], words].concat().into_iter().map(OsString::from).collect();
        usage_error(&Cli::try_parse_from(&words).expect_err("it does not parse"), &words)
    }

    #[test]
    fn a_secret_that_looks_like_an_option_is_not_repeated() {
        for option in ["--passphrase", "--secret_key", "--pop", "--thread"] {
            for secret in ["--horse-battery", "-horse-battery"] {
                let failure = failure(&["provision", option, secret]);
                let shown = format!("{failure:?}");
                assert!(!shown.contains("horse") && shown.contains("=VALUE"), "{option} {secret}: {shown}");
            }
        }
    }

    #[test]
    fn a_word_too_many_is_not_repeated() {
        let failure = failure(&["provision", "--passphrase", "correct", "horse", "battery"]);
        assert_eq!(failure.code, Code::UsageInvalid);
        assert!(!format!("{failure:?}").contains("battery"), "{failure:?}");
    }

    #[test]
    fn a_device_without_its_option_is_met_with_the_option() {
        let hints = |words: &[&str]| failure(words).hints().join(" ");
        assert!(hints(&["scan", "ble:PROV_1"]).contains("--device sim:"));
        assert!(!hints(&["scan", "PROV_1"]).contains("--device"));
        assert!(!hints(&["discover", "ble:PROV_1"]).contains("--device"));
    }

    #[test]
    fn what_is_wrong_and_what_is_near_are_kept() {
        let failure = failure(&["provision", "--passfrase", "x"]);
        assert!(failure.message.contains("--passfrase"), "{failure:?}");
        assert!(failure.hints()[0].contains("--passphrase"), "{failure:?}");
    }

    #[test]
    fn what_is_far_from_what_was_typed_is_not_suggested() {
        for words in [&["info", "--bogus"][..], &["info", "--pad"]] {
            let hints = failure(words).hints().join(" ");
            assert!(!hints.contains("similar"), "{words:?}: {hints}");
        }
        for (words, near) in [
            (&["info", "--adress", "x"][..], "--address"),
            (&["info", "--buad", "9600"], "--baud"),
            (&["provison"], "provision"),
        ] {
            let hints = failure(words).hints().join(" ");
            assert!(hints.contains(near), "{words:?}: {hints}");
        }
    }

    #[test]
    fn an_option_without_the_one_that_it_needs_is_named_with_it() {
        let failure = failure(&["sim", "--noise"]);
        assert_eq!((failure.code, failure.message.as_str()), (Code::UsageMissing, "--noise needs --console"));
        assert!(failure.hints()[0].contains("add --console"), "{failure:?}");
    }

    #[test]
    fn contradictions_name_both_sides_and_the_way_out() {
        let failure = failure(&["provision", "--device", "sim:", "--transport", "ble"]);
        assert_eq!(failure.code, Code::UsageConflict);
        assert!(failure.message.contains("--device") && failure.message.contains("--transport"), "{failure:?}");
        assert_eq!(failure.hints(), ["give one of them only"]);
    }

    #[test]
    fn what_is_taken_is_said() {
        for (words, says) in [
            (&["info", "--timeout", "0"][..], "--timeout takes whole seconds, 1 or more"),
            (&["info", "--timeout", "-1"], "--timeout takes whole seconds, 1 or more"),
            (&["info", "--timeout=-1"], "--timeout takes whole seconds, 1 or more"),
            (&["provision", "--channel", "-15"], "--channel takes a Wi-Fi channel: 1 to 14, or from 36 on at 5 GHz"),
            (&["provision", "--sec_ver", "-1"], "--sec-ver takes 0, 1 or 2"),
            (
                &["sim", "--http", "here:1"],
                "--http takes an address and a port, like 127.0.0.1:8080, localhost:8080 or :8080",
            ),
            (&["info", "--color=red"], "--color takes auto, always or never"),
            (&["completions", "tcsh"], "SHELL takes bash, elvish, fish, powershell or zsh"),
            (&["--json"], "no command was given"),
            (&["config", "--json"], "espctl config takes one more word: what it is to do"),
        ] {
            assert_eq!(failure(words).message, says);
        }
        assert_eq!(failure(&["config", "--json"]).hints(), ["write espctl config show, path or check"]);
        assert!(failure(&["info", "--timeout"]).message.contains("a value is required"));
    }

    #[test]
    fn the_word_that_was_meant_is_suggested() {
        for (words, near) in [
            (&["info", "--color=alwys"][..], "did you mean always?"),
            (&["completions", "bsh"], "did you mean bash?"),
            (&["sim", "--ble", "--stack", "nimbel"], "did you mean nimble?"),
        ] {
            assert_eq!(failure(words).hints()[0], near, "{words:?}");
        }
        assert!(!failure(&["info", "--color=red"]).hints().concat().contains("did you mean"));
    }

    #[test]
    fn every_value_that_is_checked_is_described() {
        let text = [ValueParser::string(), ValueParser::path_buf()].map(|parser| parser.type_id());
        let mut root = Cli::command();
        root.build();
        for own in root.get_subcommands().flat_map(clap::Command::get_arguments) {
            let Some(option) = own.get_long().filter(|_| own.get_action().takes_values()) else { continue };
            let free = text.contains(&own.get_value_parser().type_id());
            let described = TAKES.iter().any(|(name, _)| name.strip_prefix("--") == Some(option));
            assert!(free || described || !own.get_possible_values().is_empty(), "--{option}");
        }
    }

    #[test]
    fn kinds_have_codes() {
        assert_eq!(failure(&["provision", "--open", "--passphrase", "x"]).code, Code::UsageConflict);
        assert_eq!(failure(&["send"]).code, Code::UsageMissing);
        assert_eq!(failure(&["provision", "--channel", "x"]).code, Code::UsageInvalid);
    }
}
