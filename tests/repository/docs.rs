//! What the documentation says of codes, options, profiles and statuses is what the program says.
//!
//! `docs/errors.md` and `docs/cli.md` are made here whole, `docs/simulator.md` in its marked parts. After a change:
//! `ESPCTL_REGENERATE=1 cargo test --test repository`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use clap::{Arg, Command, CommandFactory};
use espctl::code::{Code, Exit};
use espctl::commands::Cli;
use espctl::sim::{Fault, Profile, cloud, options};

const HOW: &str = "ESPCTL_REGENERATE=1 cargo test --test repository";
const NOTE: &str = "<!-- Generated: ESPCTL_REGENERATE=1 cargo test --test repository -->\n";

fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Compares a document with what it should be; writes it first where that is asked for.
fn assert_current(path: &str, fresh: &str) {
    if std::env::var_os("ESPCTL_REGENERATE").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), fresh).expect("the document is writable");
    }
    assert!(read(path) == fresh, "{path} is stale: run {HOW}");
}

#[test]
fn errors_md_is_the_catalogue() {
    let mut text = format!(
        "# Error codes\n\n{NOTE}\nEvery failure has a code: a stable word, `stage.reason`. It is in the message, and \
         in the `error` object of\n`--json`. `espctl explain CODE` prints what stands here.\n\n| Code | Exit status | \
         What happened |\n|---|---|---|\n"
    );
    for code in Code::ALL {
        let entry = code.entry();
        let anchor = entry.word.replace('.', "");
        let _ = writeln!(text, "| [`{}`](#{anchor}) | {} | {} |", entry.word, entry.exit as u8, entry.title);
    }
    text.push_str("\n## Exit statuses\n\n");
    text.push_str(&status_table());
    for code in Code::ALL {
        let entry = code.entry();
        let _ = write!(text, "\n## {}\n\n{}: {}.\n\n", entry.word, exit_words(entry.exit), entry.title);
        let _ = writeln!(text, "{}", entry.meaning);
        if !entry.hints.is_empty() {
            text.push('\n');
        }
        for hint in entry.advice() {
            let _ = writeln!(text, "- {hint}");
        }
    }
    assert_current("docs/errors.md", &text);
}

fn exit_words(exit: Exit) -> String {
    format!("Exit status {}", exit as u8)
}

/// The table of exit statuses, as it stands in README.md too.
fn status_table() -> String {
    let mut table = "| Exit status | Meaning |\n|---|---|\n| 0 | done |\n".to_owned();
    for exit in Exit::ALL {
        let _ = writeln!(table, "| {} | {} |", *exit as u8, exit.meaning());
    }
    table
}

#[test]
fn the_readme_has_the_exit_statuses() {
    let table = status_table();
    assert!(read("README.md").contains(&table), "README.md's table of exit statuses should be:\n{table}");
    assert!(Exit::ALL.is_sorted());
    for code in Code::ALL {
        assert!(Exit::ALL.contains(&code.entry().exit), "{}", code.word());
    }
}

#[test]
fn the_documents_name_only_codes_there_are() {
    let stages: Vec<&str> = Code::ALL.iter().filter_map(|code| code.word().split('.').next()).collect();
    for path in ["README.md", "docs/ARCHITECTURE.md", "docs/protocol.md", "docs/simulator.md", "docs/testing.md"] {
        let text = read(path);
        for word in text.split('`').skip(1).step_by(2) {
            let Some((stage, reason)) = word.split_once('.') else { continue };
            let plain = reason.contains('-') && reason.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if stages.contains(&stage) && plain {
                assert!(Code::find(word).is_some(), "{path} names {word}, which is no error code");
            }
        }
    }
}

#[test]
fn cli_md_is_the_help() {
    let mut root = Cli::command().term_width(100);
    root.build();
    let globals: Vec<String> = root.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    let mut text = format!(
        "# Commands and options\n\n{NOTE}\nThis is what `espctl help COMMAND` prints. The options under Output at the \
         top belong to every command. Options can\nbe shortened as far as they stay unambiguous; those of several \
         words can also be written with underscores.\n\n```text\n{}```\n",
        help(&root)
    );
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        // Said once, at the top.
        let own = command.clone().mut_args(|own| {
            let said = globals.iter().any(|id| own.get_id() == id.as_str());
            if said { own.hide(true) } else { own }
        });
        let _ = write!(text, "\n## espctl {}\n\n```text\n{}```\n", command.get_name(), help(&own));
        let (idle, hidden): (Vec<_>, Vec<_>) = command
            .get_arguments()
            .filter(|own| own.is_hide_set())
            .partition(|own| globals.iter().any(|id| own.get_id() == id.as_str()));
        let hidden: Vec<String> = hidden.into_iter().filter_map(spelling).collect();
        if !idle.is_empty() {
            text.push_str("\n`--verbose`, `--no-input` and `--plain` are taken and change nothing here.\n");
        }
        if !hidden.is_empty() {
            let _ = write!(text, "\nAlso taken, for scripts written for other tools: {}.\n", hidden.join(", "));
        }
    }
    assert_current("docs/cli.md", &text);
}

#[test]
fn options_of_several_words_take_underscores_too() {
    let mut root = Cli::command();
    root.build();
    for command in std::iter::once(&root).chain(root.get_subcommands()) {
        for (argument, long) in command.get_arguments().filter_map(|own| Some((own, own.get_long()?))) {
            let spelt = long.replace('-', "_");
            let aliases = argument.get_all_aliases().unwrap_or_default();
            assert!(spelt == long || aliases.contains(&&*spelt), "{} --{long}", command.get_name());
        }
    }
}

/// The long help, without spaces at line ends.
fn help(command: &Command) -> String {
    let rendered = command.clone().render_long_help().to_string();
    rendered.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

fn spelling(argument: &Arg) -> Option<String> {
    match argument.get_long() {
        Some(long) => Some(format!("`--{long}`")),
        None => {
            argument.get_value_names().and_then(|names| names.first()).map(|name| format!("`{name}` as an argument"))
        }
    }
}

#[test]
fn simulator_md_lists_what_there_is() {
    let mut profiles = "| Profile | Firmware | Security |\n|---|---|---|\n".to_owned();
    for profile in Profile::all() {
        let security = if profile.knows_security2 { "0, 1, 2" } else { "0, 1" };
        let _ = writeln!(profiles, "| `{}` | {} | {} of {security} |", profile.name, profile.about, profile.security);
    }
    let mut faults = "| Fault | What goes wrong: the device |\n|---|---|\n".to_owned();
    for fault in Fault::all() {
        let value = shown(fault.value);
        let _ = writeln!(faults, "| `{}{value}` | {} |", fault.name, fault.about);
    }
    let mut cloud_faults = "| Fault | What goes wrong: the cloud |\n|---|---|\n".to_owned();
    for fault in cloud::Fault::all() {
        let value = shown(fault.value);
        let _ = writeln!(cloud_faults, "| `{}{value}` | {} |", fault.name, fault.about);
    }
    let text = read("docs/simulator.md");
    let text = between(&text, "cloud faults", &cloud_faults);
    let text = between(&text, "profiles", &profiles);
    let text = between(&text, "faults", &faults);
    assert_current("docs/simulator.md", &text);
    for key in options::KEYS {
        assert!(text.contains(&format!("`{key}`")), "docs/simulator.md does not name the key {key}");
    }
}

/// The value of a fault as it is written after its name.
fn shown(value: &str) -> String {
    match value.strip_prefix('[') {
        Some(optional) => format!("[={optional}"),
        None if value.is_empty() => String::new(),
        None => format!("={value}"),
    }
}

/// The text with the part between a name's two marks replaced.
fn between(text: &str, name: &str, part: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- {name}: end -->\n"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{before}{begin}\n{part}\n{end}{after}")
}

#[test]
fn the_readmes_links_lead_somewhere() {
    for path in ["README.md", "docs/ARCHITECTURE.md", "docs/protocol.md", "docs/simulator.md", "docs/testing.md"] {
        let text = read(path);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let folder = folder.parent().expect("a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            assert!(link.contains("://") || folder.join(link).exists(), "{path} links to {link}, which is not there");
        }
    }
}

/// Every command that a document shows to be run parses: options that are gone or misspelt are found.
#[test]
fn the_commands_shown_parse() {
    for path in ["README.md", "docs/simulator.md", "docs/testing.md"] {
        for line in read(path).lines() {
            let shown = line.trim().trim_start_matches("$ ");
            let Some(words) = shown.strip_prefix("espctl ") else { continue };
            if !line.starts_with("    ") && !line.starts_with("$ ") {
                continue;
            }
            let words = split(words.split(" #").next().unwrap_or_default());
            let parsed = Cli::command().try_get_matches_from(std::iter::once("espctl".to_owned()).chain(words));
            if let Err(error) = parsed {
                panic!("{path} shows {shown:?}, but {error}");
            }
        }
    }
}

/// Words as a shell would split them, as far as the documents go: single quotes, and where redirections begin.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("never empty").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| matches!(word.as_str(), "2>/dev/null" | ">" | "|" | "<" | "&"));
    words.truncate(end.unwrap_or(words.len()));
    words
}

/// The README's first command does what the README shows, but for how long it takes.
#[test]
fn the_readmes_first_command_works_as_shown() {
    let readme = read("README.md");
    let line = readme.lines().find_map(|line| line.strip_prefix("    cargo run -- ")).expect("the command");
    let output = Process::new(env!("CARGO_BIN_EXE_espctl"))
        .args(split(line))
        .env_remove("ESPCTL_DEVICE")
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("its output");
    assert_eq!(without_seconds(&printed), without_seconds(shown));
}

/// `in 1.5 s` becomes `in _ s`.
fn without_seconds(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let time = |index: usize| index > 0 && words[index - 1] == "in" && words[index].parse::<f32>().is_ok();
    (0..words.len()).map(|index| if time(index) { "_" } else { words[index] }).collect::<Vec<_>>().join(" ")
}
