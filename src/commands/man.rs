//! `espctl man`: the manual pages, made from the same definitions as the help.

use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use serde_json::json;

use crate::code::Code;
use crate::failure::Failure;
use crate::report::Document;

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write espctl.1 and one page for each command into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the page of this command
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Option<String>,
}

pub(super) fn run(args: &Args, mut root: Command) -> Result<Document, Failure> {
    root.build();
    if let Some(directory) = &args.out {
        return write_all(&root, directory);
    }
    let page = match &args.command {
        None => root,
        Some(name) => root.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::new(Code::UsageInvalid).saying(format!("there is no command {name:?} to print the page of"))
        })?,
    };
    let text = render(page)?;
    let body = json!({ "page": text });
    Ok(Document { raw: Some(text.into_bytes()), ..Document::new("man", "", body) })
}

fn write_all(root: &Command, directory: &Path) -> Result<Document, Failure> {
    let failed =
        |error: &std::io::Error| Failure::new(Code::OutputFailed).because(format!("{}: {error}", directory.display()));
    std::fs::create_dir_all(directory).map_err(|error| failed(&error))?;
    let pages = std::iter::once(root).chain(root.get_subcommands().filter(|command| command.get_name() != "help"));
    let mut written = Vec::new();
    for page in pages {
        let name = page.get_display_name().unwrap_or_else(|| page.get_name()).to_owned();
        let path = directory.join(format!("{name}.1"));
        std::fs::write(&path, render(page.clone())?).map_err(|error| failed(&error))?;
        written.push(path.display().to_string());
    }
    Ok(Document::new("man", written.join("\n"), json!({ "written": written })))
}

fn render(page: Command) -> Result<String, Failure> {
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff).map_err(|error| Failure::new(Code::OutputFailed).caused_by(&error))?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}
