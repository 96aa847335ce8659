//! `espctl man`: the manual pages, made from the same definitions as the help. Each command has one, those below another
//! command too.

use std::collections::BTreeMap;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use serde_json::json;

use super::input::{is_standard_input, no_output};
use crate::code::{Code, Exit};
use crate::failure::Failure;
use crate::report::Document;
use crate::text;

/// The day of the last change of the pages that matters to a reader; changed with the version.
const DATE: &str = "2026-11-28";
/// The section of the manual.
const SECTION: &str = "1";

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write espctl.1 and one page for each command into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the page of this command: provision, or config show
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Vec<String>,
}

pub(super) fn run(args: &Args, root: Command) -> Result<Document, Failure> {
    let mut root = without_help(root);
    root.build();
    if let Some(directory) = &args.out {
        if is_standard_input(directory) {
            return Err(no_output("--out", "a directory").hint("espctl man COMMAND prints one page"));
        }
        return write_all(&root, directory);
    }
    let page = render(&root, &args.command).map_err(|error| Failure::new(Code::OutputFailed).caused_by(&error))?;
    let page = page.ok_or_else(|| {
        let typed = args.command.join(" ");
        Failure::new(Code::UsageInvalid)
            .saying(format!("there is no command {:?} to print the page of", text::sanitise(&typed)))
    })?;
    let body = json!({ "page": String::from_utf8_lossy(&page) });
    Ok(Document { raw: Some(page), ..Document::new("man", "", body) })
}

/// The command without `help`, which has no page, at any depth.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn write_all(root: &Command, directory: &Path) -> Result<Document, Failure> {
    let failed =
        |error: io::Error| Failure::new(Code::OutputFailed).because(format!("{}: {error}", directory.display()));
    std::fs::create_dir_all(directory).map_err(failed)?;
    let mut written = Vec::new();
    for words in all(root) {
        let Some(page) = render(root, &words).map_err(failed)? else { continue };
        let path =
            directory.join(format!("{}.{SECTION}", [&["espctl".to_owned()], words.as_slice()].concat().join("-")));
        std::fs::write(&path, page).map_err(failed)?;
        written.push(path.display().to_string());
    }
    Ok(Document::new("man", written.join("\n"), json!({ "written": written })))
}

/// The words of every command that has a page, the program's own, which has none, first.
fn all(command: &Command) -> Vec<Vec<String>> {
    let below = |sub: &Command| {
        let name = sub.get_name().to_owned();
        all(sub).into_iter().map(move |words| iter::once(name.clone()).chain(words).collect())
    };
    iter::once(Vec::new()).chain(command.get_subcommands().filter(|sub| !sub.is_hide_set()).flat_map(below)).collect()
}

/// The page of the command with these words, if there is one.
fn render(root: &Command, words: &[String]) -> io::Result<Option<Vec<u8>>> {
    let mut command = root;
    let mut related = Vec::new();
    for word in words {
        related.push(page_name(command));
        let Some(sub) = command.find_subcommand(word) else { return Ok(None) };
        command = sub;
    }
    related.extend(command.get_subcommands().map(page_name));
    let explain = root.find_subcommand("explain").map(page_name).filter(|explain| *explain != page_name(command));
    related.extend(explain.filter(|explain| !related.contains(explain)));
    let source = format!("espctl {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).section(SECTION).date(DATE).source(source).manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    exit_status().to_writer(&mut page)?;
    environment(command).to_writer(&mut page)?;
    examples(command).to_writer(&mut page)?;
    see_also(&related).to_writer(&mut page)?;
    Ok(Some(with_one_prologue(&String::from_utf8_lossy(&page)).into_bytes()))
}

/// Each section is written with the definitions that a whole page begins with: they stand there once.
fn with_one_prologue(page: &str) -> String {
    const PROLOGUE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    PROLOGUE.to_owned() + &page.replace(PROLOGUE, "")
}

fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    let statuses = Exit::ALL.iter().map(|exit| (*exit as u8, exit.meaning()));
    for (status, meaning) in iter::once((0, "done")).chain(statuses) {
        roff.control("TP", []).text([bold(status.to_string())]).text([roman(meaning)]);
    }
    roff
}

/// The environment variables that stand for options of the command, and of those below it.
fn environment(command: &Command) -> Roff {
    let mut variables = BTreeMap::new();
    find_variables(command, &mut variables);
    let mut roff = Roff::new();
    if variables.is_empty() {
        return roff;
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (variable, option) in variables {
        roff.control("TP", [])
            .text([bold(variable)])
            .text([roman(format!("Stands for --{option} where that is not given."))]);
    }
    roff
}

fn find_variables(command: &Command, variables: &mut BTreeMap<String, String>) {
    for own in command.get_arguments().filter(|own| !own.is_hide_set()) {
        let help = own.get_help().map(ToString::to_string).unwrap_or_default();
        let named = help.split_once("[env: ").and_then(|(_, rest)| rest.split([';', ']']).next());
        if let (Some(variable), Some(option)) = (named, own.get_long()) {
            variables.insert(variable.to_owned(), option.to_owned());
        }
    }
    command.get_subcommands().for_each(|below| find_variables(below, variables));
}

/// What stands below the help, line by line.
fn examples(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let Some(help) = command.get_after_long_help().or_else(|| command.get_after_help()) else { return roff };
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in help.to_string().lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

fn see_also(pages: &[String]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    for (index, page) in pages.iter().enumerate() {
        let comma = if index + 1 < pages.len() { "," } else { "" };
        roff.text([bold(page.as_str()), roman(format!("({SECTION}){comma}"))]);
    }
    roff
}
