//! How to print, decided once: what was asked for on the command line, then the environment, then what the terminals are.
//!
//! The environment is handed in, since only `main` reads it. What is done with the decisions is in `output.rs`.

use std::io::{self, IsTerminal};

use console::Term;

use super::output::Output;
use super::paint::Paint;
use super::prompt::{is_dumb, may_ask};
use crate::settings::Environment;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal that knows colours, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // independent switches, each an option of its own
pub struct Wishes {
    /// `--json`.
    pub json: bool,
    /// `--events`, which also turns questions off.
    pub events: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// How many `-v`.
    pub verbose: u8,
    /// `--color`.
    pub color: Color,
    /// `--no-input`.
    pub no_input: bool,
    /// `--plain`.
    pub plain: bool,
}

impl Output {
    /// The decisions for the terminals this process was started on.
    pub fn decide(wishes: &Wishes, environment: Environment<'_>) -> Self {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let dumb = is_dumb(variable("TERM").as_deref());
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let paint = |terminal: bool| Paint {
            enabled: match wishes.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && !dumb && variable("NO_COLOR").is_none(),
            },
        };
        let escapes = stderr && reads_escapes(&Term::stderr());
        Self {
            json: wishes.json,
            events: wishes.events,
            quiet: wishes.quiet,
            verbose: wishes.verbose,
            may_ask: may_ask(io::stdin().is_terminal(), stderr, wishes.no_input || wishes.events),
            plain: wishes.plain || dumb,
            redraw: escapes && !dumb && !wishes.plain,
            ascii: !takes_unicode(environment),
            width: stderr.then(|| Term::stderr().size().1.into()),
            columns: stdout.then(|| Term::stdout().size().1.into()),
            stdout: paint(stdout && reads_escapes(&Term::stdout())),
            stderr: paint(escapes),
        }
    }
}

/// Whether more than ASCII may be written. Windows has no such variables, and its consoles take Unicode.
fn takes_unicode(environment: Environment<'_>) -> bool {
    let variable = |name: &&str| environment(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(variable);
    locale.map_or(cfg!(windows), |locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// Whether escape sequences work on this terminal. A Windows console has to be told to read them, which asking does;
/// elsewhere every terminal that is not dumb reads them.
fn reads_escapes(terminal: &Term) -> bool {
    !cfg!(windows) || terminal.features().colors_supported()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let locale = |set: &'static [(&str, &str)]| {
            let variable = |name: &str| set.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
            takes_unicode(&variable)
        };
        assert!(locale(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]));
        assert!(locale(&[("LC_CTYPE", "en_US.utf8"), ("LANG", "C")]));
        assert!(!locale(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert_eq!(locale(&[]), cfg!(windows));
    }

    #[test]
    fn wishes_are_kept_whatever_the_terminals_are() {
        let wishes = Wishes { color: Color::Always, events: true, verbose: 2, ..Wishes::default() };
        let output = Output::decide(&wishes, &|_| None);
        assert!(output.stdout.enabled && output.stderr.enabled && output.events && !output.may_ask);
        assert_eq!(output.verbose, 2);
        let output = Output::decide(&Wishes { color: Color::Never, plain: true, ..Wishes::default() }, &|_| None);
        assert!(!output.stdout.enabled && output.plain && !output.redraw);
    }
}
