//! What a shell and a manual reader get: completions, manual pages, help.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{commands, espctl, finish, run};

/// The commands below another one.
const BELOW: [[&str; 2]; 9] = [
    ["config", "show"],
    ["config", "path"],
    ["config", "check"],
    ["profile", "list"],
    ["profile", "current"],
    ["profile", "show"],
    ["profile", "switch"],
    ["profile", "add"],
    ["profile", "remove"],
];

#[test]
fn every_shell_has_a_script() {
    let commands = commands();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(["completions", shell]);
        assert_eq!(ran.status, 0, "{ran:?}");
        for word in commands.iter().map(String::as_str).chain(["passphrase", "qrcode"]) {
            assert!(ran.stdout.contains(word), "{shell} does not complete {word}");
        }
        assert!(!ran.stdout.contains("discovery-timeout"), "{shell} completes hidden options");
    }
    assert_eq!(run(["completions", "tcsh"]).status, 2);
}

#[test]
fn bash_completes_with_its_script() {
    let script = run(["completions", "bash"]).stdout;
    let ask = r#"
COMP_WORDS=(espctl prov); COMP_CWORD=1; _espctl espctl prov espctl; echo "${COMPREPLY[@]}"
COMP_WORDS=(espctl provision --pass); COMP_CWORD=2; _espctl espctl --pass provision; echo "${COMPREPLY[@]}"
COMP_WORDS=(espctl info --transport s); COMP_CWORD=3; _espctl espctl s --transport; echo "${COMPREPLY[@]}"
COMP_WORDS=(espctl sim --fault auth); COMP_CWORD=3; _espctl espctl auth --fault; echo "${COMPREPLY[@]}"
"#;
    let bash = Command::new("bash").args(["--norc", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut bash) = bash else {
        eprintln!("skipped: there is no bash");
        return;
    };
    let mut input = bash.stdin.take().expect("a pipe");
    input.write_all((script + ask).as_bytes()).expect("bash reads");
    drop(input);
    let output = bash.wait_with_output().expect("bash ends");
    let replies = String::from_utf8_lossy(&output.stdout);
    let replies: Vec<_> = replies.lines().collect();
    assert_eq!(replies[..3], ["provision", "--passphrase --passphrase-file --passphrase-stdin", "softap sim"]);
    assert!(replies[3].contains("auth-failed"), "{replies:?}");
}

/// What an option takes is completed as well, where it is one of several words.
#[test]
fn every_script_completes_values() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).stdout;
        let (of_options, of_arguments) =
            (["softap", "rainmaker", "auth-failed", "never"], ["wifi.auth-failed", "elvish"]);
        // Some of the generators write no values of options, and more of them none of arguments.
        let of_options = of_options.iter().filter(|_| matches!(shell, "bash" | "zsh" | "fish"));
        let of_arguments = of_arguments.iter().filter(|_| matches!(shell, "bash" | "zsh"));
        for word in of_options.chain(of_arguments) {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
}

#[test]
fn manual_pages_name_the_variables() {
    let page = run(["man", "provision"]).stdout;
    let environment = page.split_once(".SH ENVIRONMENT").expect("a section").1;
    for variable in ["ESPCTL_POP", "ESPCTL_SEC2_USERNAME", "ESPCTL_THREAD_DATASET"] {
        assert!(environment.contains(&format!("\\fB{variable}\\fR")), "{environment}");
    }
    assert!(run(["man"]).stdout.contains(".SH ENVIRONMENT"));
    assert!(!run(["man", "explain"]).stdout.contains(".SH ENVIRONMENT"));
}

#[test]
fn manual_pages_are_roff_with_the_options() {
    let page = run(["man", "provision"]).stdout;
    for part in [".TH ", ".SH NAME", ".SH SYNOPSIS", r"\-\-passphrase", r"\-\-qrcode", "ESPCTL_POP"] {
        assert!(page.contains(part), "no {part}");
    }
    assert!(!page.contains(r"\-\-discovery"), "hidden options are on the page");
    assert!(run(["man"]).stdout.contains(r"espctl\-provision"));
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man");
    let written = run(["man", "--out", out.to_str().expect("a plain path")]).stdout;
    let commands = commands();
    assert_eq!(written.lines().count(), commands.len() + BELOW.len() + 1);
    for command in commands {
        let page = std::fs::read_to_string(out.join(format!("espctl-{command}.1"))).expect(&command);
        assert!(page.contains(&format!(r"espctl\-{command}")), "{page}");
    }
}

#[test]
fn a_command_below_another_has_a_page() {
    for [command, below] in BELOW {
        let page = run(["man", command, below]).stdout;
        let name = format!("espctl\\-{command}\\-{below}");
        assert!(page.contains(&format!("{name} \\-")) && page.contains(&format!("espctl {command} {below}")), "{page}");
    }
    assert_eq!(run(["man", "config", "no-such-command"]).code(), Some("usage.invalid-value"));
    let hint = run(["config", "--json"]);
    assert!(hint.status == 2 && hint.stderr.contains("write espctl config show, path or check"), "{hint:?}");
}

/// Every page that is named is written, and every page names those above and below it.
#[test]
fn manual_pages_name_pages_that_there_are() {
    let folder = tempfile::tempdir().expect("a folder");
    run(["man", "--out", folder.path().to_str().expect("a plain path")]);
    let mut pages = 0;
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("a page").path();
        let page =
            std::fs::read_to_string(&path).expect("text").replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(page.matches(".ds Aq").count(), 2, "the definitions of a page stand at its beginning alone: {name}");
        let heading = format!(".TH {name} 1 2026-");
        let heading = page.lines().find(|line| line.starts_with(&heading)).expect("a heading");
        let source = format!("\"espctl {}\" \"User Commands\"", env!("CARGO_PKG_VERSION"));
        assert!(heading.ends_with(&source), "{heading}");
        let (_, related) = page.split_once(".SH \"SEE ALSO\"").expect("related pages");
        let above = name.rsplit_once('-').map(|(above, _)| format!("{above}(1)"));
        assert!(above.is_none_or(|above| related.contains(&above)), "{name}: {related}");
        let named = page.split_whitespace().filter_map(|word| word.split_once("(1)")).map(|(named, _)| named);
        for named in named.filter(|named| named.starts_with("espctl")) {
            assert!(folder.path().join(format!("{named}.1")).exists(), "{name} names {named}");
        }
        for status in ["EXIT STATUS", "124", "130"] {
            assert!(page.contains(status), "{name}: {status}");
        }
        pages += 1;
    }
    assert_eq!(pages, commands().len() + BELOW.len() + 1);
}

#[test]
fn a_page_or_a_folder_that_cannot_be_is_an_error() {
    let ran = run(["man", "no-such-command"]);
    assert_eq!((ran.status, ran.code()), (2, Some("usage.invalid-value")));
    let ran = run(["man", "--out", "/dev/null/no-folder"]);
    assert_eq!((ran.status, ran.code()), (1, Some("output.write-failed")));
}

/// A program that reads the table has no width.
#[test]
fn a_scan_that_is_not_for_a_terminal_is_whole() {
    let device = "sim:?scan-ms=10&ap=Caf%C3%A9 Lumi%C3%A8re ABCDEFGHIJKLMNO=12345678,auth=wpa2-wpa3";
    let scan = ["scan", "--device", device, "--pop", "abcd1234", "--quiet"];
    for (locale, shown) in
        [("C.UTF-8", "Café Lumière ABCDEFGHIJKLMNO"), ("C", r"Caf\u{e9} Lumi\u{e8}re ABCDEFGHIJKLMNO")]
    {
        let ran = finish(espctl(scan).env("LC_ALL", locale));
        assert!(ran.status == 0 && ran.stdout.contains(shown) && ran.stdout.contains("BSSID"), "{ran:?}");
    }
}

#[test]
fn help_fits_eighty_columns() {
    for command in commands() {
        for line in [["help", &command], [&command, "--help"], [&command, "-h"]] {
            let ran = finish(espctl(line).env("COLUMNS", "80"));
            assert_eq!(ran.status, 0, "{ran:?}");
            let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "{widest:?} columns: {}", ran.stdout);
        }
    }
}

#[test]
fn nothing_typed_is_answered_with_help() {
    let ran = run::<&str>([]);
    assert!(ran.status == 2 && ran.stderr.contains("First steps") && ran.stdout.is_empty(), "{ran:?}");
    let version = run(["--version"]);
    assert_eq!(version.stdout.trim(), concat!("espctl ", env!("CARGO_PKG_VERSION")));
}
