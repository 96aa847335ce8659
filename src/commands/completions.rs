//! `espctl completions`: the completion script of a shell.

use clap::Command;
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::report::Document;

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

/// A built command without its hidden options, which some of the generators would offer.
fn visible(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|own| !own.is_hide_set());
    let copy = Command::new(command.get_name().to_owned())
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .version(env!("CARGO_PKG_VERSION"))
        .args(shown.map(|own| own.clone().global(false)))
        .subcommands(command.get_subcommands().map(visible));
    match command.get_about() {
        Some(about) => copy.about(about.clone()),
        None => copy,
    }
}
