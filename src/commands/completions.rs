//! `espctl completions`: the completion script of a shell.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};
use clap_complete::{Shell, generate};
use serde_json::json;

use super::sim;
use crate::code::Code;
use crate::device::DialectChoice;
use crate::report::Document;
use crate::settings::keys;
use crate::transport::KINDS;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, mut root: Command) -> Document {
    root.build();
    let mut script = Vec::new();
    generate(args.shell, &mut visible(&root), "espctl", &mut script);
    let text = String::from_utf8_lossy(&script).trim_end().to_owned();
    let body = json!({ "shell": args.shell.to_string(), "script": text });
    Document { raw: Some(format!("{text}\n").into_bytes()), ..Document::new("completions", "", body) }
}

/// An option, or an argument, with the words it takes, where it takes text that stands for one of several.
fn with_values(own: Arg) -> Arg {
    let values = match own.get_id().as_str() {
        "transport" => KINDS.iter().map(|kind| kind.scheme()).chain(["sim"]).collect(),
        "reset" => keys::RESET.takes.words().unwrap_or_default(),
        "dialect" if own.get_possible_values().is_empty() => DialectChoice::words(),
        "sec_ver" | "min_sec" => vec!["0", "1", "2"],
        "profile" => sim::profiles(),
        "fault" => sim::faults(),
        "code" => Code::ALL.iter().map(|code| code.word()).collect(),
        _ => return own,
    };
    own.value_parser(PossibleValuesParser::new(values))
}

/// A built command without its hidden options, which some of the generators would offer.
fn visible(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|own| !own.is_hide_set());
    let copy = Command::new(command.get_name().to_owned())
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .version(env!("CARGO_PKG_VERSION"))
        .args(shown.map(|own| with_values(own.clone().global(false))))
        .subcommands(command.get_subcommands().map(visible));
    match command.get_about() {
        Some(about) => copy.about(about.clone()),
        None => copy,
    }
}
