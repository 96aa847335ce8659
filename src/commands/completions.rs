//! `espctl completions`: the completion script of a shell.

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use serde_json::json;

use super::Cli;
use crate::report::Document;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Document {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "espctl", &mut script);
    let text = String::from_utf8_lossy(&script).trim_end().to_owned();
    let body = json!({ "shell": args.shell.to_string(), "script": text });
    Document { raw: Some(format!("{text}\n").into_bytes()), ..Document::new("completions", text, body) }
}
