//! The settings files, through the built binary: what they change, what `espctl config` says of them, and what is said of
//! one that is invalid.

use std::fs;
use std::path::Path;

use crate::support::{NETWORK, QUICK, Ran, espctl, finish};

/// A working folder, and a user's folder for settings.
struct Folders {
    work: tempfile::TempDir,
    user: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        let folders = Self { work: folder(), user: folder() };
        fs::create_dir(folders.user.path().join("espctl")).expect("a folder");
        folders
    }

    fn project(&self, text: &str) {
        fs::write(self.work.path().join("espctl.toml"), text).expect("a file");
    }

    fn user(&self, text: &str) {
        fs::write(self.user.path().join("espctl/config.toml"), text).expect("a file");
    }

    fn run_in(&self, folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = espctl(words);
        command.current_dir(folder).env("XDG_CONFIG_HOME", self.user.path()).env("APPDATA", self.user.path());
        finish(command.envs(variables.iter().copied()))
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.run_in(self.work.path(), words, &[])
    }
}

#[test]
fn a_run_takes_what_the_files_have_and_options_win() {
    let folders = Folders::new();
    folders.user(&format!("device = \"{QUICK}\"\n"));
    folders.project("[security]\npop = \"env:MY_POP\"\n[network]\nssid = \"HomeNet\"\npassphrase = \"file:secret\"\n");
    fs::write(folders.work.path().join("secret"), "correct-horse-battery\n").expect("a file");
    let below = folders.work.path().join("a/b");
    fs::create_dir_all(&below).expect("folders");
    let ran = folders.run_in(&below, &["provision"], &[("MY_POP", "abcd1234")]);
    assert!(ran.status == 0 && ran.stdout.contains("Provisioned"), "{ran:?}");
    let ran = folders.run_in(&below, &["provision", "--pop", "wrong"], &[("MY_POP", "abcd1234")]);
    assert_eq!(ran.status, 21, "{ran:?}");
    let ran = folders.run_in(&below, &["provision"], &[]);
    assert_eq!((ran.status, ran.code()), (3, Some("config.invalid")), "{ran:?}");
    assert!(ran.stderr.contains("espctl.toml, line 2: security.pop: "), "{ran:?}");
    assert!(ran.stderr.contains("MY_POP is not set"), "{ran:?}");
    let ran = folders.run_in(&below, &["provision"], &[("MY_POP", "")]);
    assert!(ran.status == 3 && ran.stderr.contains("MY_POP is empty"), "{ran:?}");
    // The passphrase belongs to the file's network, not to another.
    let other = ["provision", "--pop", "abcd1234", "--ssid", "OpenCafe"];
    assert_eq!(folders.run(&other).code(), Some("usage.answer-missing"));
}

#[test]
fn a_payload_wins_over_files() {
    let folders = Folders::new();
    folders.project(&format!("device = \"{QUICK}\"\n[security]\npop = \"file:none\"\n"));
    let line = [&["provision", "--qrcode", r#"{"ver":"v1","name":"PROV_1","pop":"abcd1234"}"#], &NETWORK[..]].concat();
    let ran = folders.run(&line);
    // The file's PoP is not even looked for.
    assert!(ran.status == 0 && ran.stdout.contains("HomeNet"), "{ran:?}");
}

#[test]
fn an_invalid_file_stops_what_would_use_it_and_nothing_else() {
    let folders = Folders::new();
    folders.project("device = \"sim:\"\n\ntransprot = \"ble\"\n");
    for line in [&["info"][..], &["config", "check"], &["config", "show"]] {
        let ran = folders.run(line);
        assert_eq!((ran.status, ran.code()), (3, Some("config.invalid")), "{ran:?}");
        for words in ["espctl.toml, line 3", "transprot", "did you mean transport?"] {
            assert!(ran.stderr.contains(words), "{words}: {ran:?}");
        }
    }
    assert_eq!(folders.run(&["explain", "config.invalid"]).status, 0);
    assert_eq!(folders.run(&["config", "path"]).status, 0);
}

#[test]
fn config_shows_what_holds_where_it_comes_from_and_no_secret() {
    let folders = Folders::new();
    folders.project("transport = \"ble\"\n[security]\npop = \"hush-hush\"\n[backend.lab]\nkind = \"plain\"\n");
    folders.user("transport = \"console\"\nadapter = \"hci1\"\n");
    let line = ["config", "show", "--origin"];
    let ran = folders.run_in(folders.work.path(), &line, &[("ESPCTL_SSID", "HomeNet")]);
    let row = |name: &str| ran.stdout.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
    for (name, value, origin) in [
        ("transport ", "ble", "the project's settings file"),
        ("adapter ", "hci1", "the user's settings file"),
        ("network.ssid ", "HomeNet", "environment variable ESPCTL_SSID"),
        ("timeout ", "180", "the default"),
        ("security.pop ", "(set)", "the project's settings file"),
        ("device ", "(not set)", ""),
        ("backend.lab ", "kind plain", "the project's settings file"),
    ] {
        assert!(row(name).contains(value) && row(name).contains(origin), "{ran:?}");
    }
    assert!(!ran.stdout.contains("hush"), "{ran:?}");
    let json = folders.run(&["config", "show", "--json"]);
    assert!(!json.stdout.contains("hush"), "{json:?}");
    let paths = folders.run(&["config", "path"]);
    assert!(paths.stdout.contains("espctl.toml") && paths.stdout.contains("config.toml"), "{paths:?}");
    assert!(folders.run(&["config", "check"]).stdout.starts_with("ok"));
}

/// A value that is wrong, its line and key, and words of what is said. None of it may repeat a secret.
const WRONG: [(&str, &str, &str); 16] = [
    ("transport = \"pigeon\"", "line 1: transport takes one of softap, console, ble, sim", ""),
    ("transport = \"bel\"", "line 1: transport takes", "did you mean ble?"),
    ("device = \"foo\"", "line 1: device does not name a device", "scheme"),
    ("device = \"pigeon:foo\"", "line 1: device does not name a device", "one of softap, console, ble, sim"),
    ("device = \"sim:?bogus=1\"", "line 1: device", "bogus"),
    ("address = \"10.0.0\"", "line 1: address", "four numbers"),
    ("port = \"usb:xyz\"", "line 1: port", "usb:xyz"),
    ("dialect = \"klingon\"", "line 1: dialect takes one of", "protocomm"),
    ("reset = \"boots\"", "line 1: reset takes one of", "did you mean boot?"),
    ("[security]\npop = \"env:\"", "line 2: security.pop", "environment variable"),
    ("[security]\npop = \"file:\"", "line 2: security.pop", "path of a file"),
    ("[network]\npassphrase = \"hush\"", "line 2: network.passphrase takes 8 to 63 bytes", "it has 4 bytes"),
    ("[network]\nssid = \"abcdefghijklmnopqrstuvwxyzabcdefg\"", "line 2: network.ssid", "it has 33 bytes"),
    ("[network]\nbssid = \"aa:bb\"", "line 2: network.bssid takes six pairs of hex digits", "it has 2 bytes"),
    ("[network]\nchannel = 0", "line 2: network.channel takes a whole number from 1 to 196", ""),
    ("[backend.lab]\nkind = \"plain\"\nuser = \"hush\"", "line 3: backend.lab.user", "it has user-id, secret-key"),
];

#[test]
fn a_wrong_value_is_said_alike_by_config_check_and_by_a_command() {
    for (text, place, words) in WRONG {
        let folders = Folders::new();
        folders.project(&format!("{text}\n"));
        let check = folders.run(&["config", "check"]);
        let run = folders.run(&["info", "--device", "sim:"]);
        for ran in [&check, &run] {
            assert_eq!((ran.status, ran.code()), (3, Some("config.invalid")), "{text}: {ran:?}");
            assert!(ran.stderr.contains(place) && ran.stderr.contains(words), "{text}: {ran:?}");
            assert!(ran.stderr.contains("espctl.toml, line") && !ran.stderr.contains("hush"), "{text}: {ran:?}");
        }
        let error = |ran: &Ran| ran.stderr.split_once("error: ").map(|(_, error)| error.to_owned());
        assert_eq!(error(&check), error(&run), "{text}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_an_error_of_what_needs_it_and_depends_on_the_run_where_it_is_a_variable() {
    let line = ["provision", "--device", QUICK, "--pop", "abcd1234"];
    for (value, words, checked) in [
        ("file:none", "none: ", 3),
        ("file:.", "security", 3),
        ("file:empty", "the file is empty", 3),
        ("file:short", "takes 8 to 63 bytes: it has 4 bytes", 3),
        ("env:MISSING", "MISSING is not set", 0),
        ("env:EMPTY", "EMPTY is empty", 0),
        ("env:SHORT", "takes 8 to 63 bytes: it has 4 bytes", 0),
    ] {
        let folders = Folders::new();
        folders.project(&format!("[network]\nssid = \"HomeNet\"\npassphrase = \"{value}\"\n"));
        fs::write(folders.work.path().join("empty"), "").expect("a file");
        fs::write(folders.work.path().join("short"), "hush\n").expect("a file");
        let run = |words: &[&str]| folders.run_in(folders.work.path(), words, &[("EMPTY", ""), ("SHORT", "hush")]);
        let place = "espctl.toml, line 3: network.passphrase";
        let ran = run(&line);
        assert_eq!((ran.status, ran.code()), (3, Some("config.invalid")), "{value}: {ran:?}");
        let words = if value == "file:." { "" } else { words };
        assert!(ran.stderr.contains(place) && ran.stderr.contains(words), "{value}: {ran:?}");
        let check = run(&["config", "check"]);
        let said = [check.stdout.as_str(), check.stderr.as_str()].concat();
        assert_eq!(check.status, checked, "{value}: {check:?}");
        assert!(said.contains(place) && said.contains(words) && !said.contains("hush"), "{value}: {check:?}");
        assert_eq!(checked == 0, check.stdout.contains("warning: "), "{value}: {check:?}");
        // What does not need it is not stopped.
        assert_eq!(run(&["info", "--device", "sim:"]).status, 0, "{value}");
    }
}

#[test]
fn everything_that_is_wrong_in_all_files_is_said_in_one_run() {
    let folders = Folders::new();
    folders.project("transport = \"pigeon\"\nbaud = fast\n[network]\npassphrase = \"file:none\"\n");
    folders.user("devise = \"x\"\n[network]\nbssid = \"x\"\n");
    let ran = folders.run(&["config", "check", "--json"]);
    let causes = ran.json()["error"]["causes"].as_array().expect("causes").len();
    assert_eq!((ran.status, causes), (3, 5), "{ran:?}");
    for place in ["espctl.toml, line 1", "espctl.toml, line 2", "espctl.toml, line 4", "config.toml, line 1"] {
        assert!(ran.stderr.contains(place), "{place}: {ran:?}");
    }
    assert!(ran.stderr.contains("config.toml, line 3") && ran.stderr.contains("(did you mean device?)"), "{ran:?}");
}

#[test]
fn an_unknown_kind_of_back_end_stops_only_what_would_use_it() {
    let folders = Folders::new();
    folders.project("[backend.moon]\nkind = \"lunar\"\nurl = \"x\"\n");
    assert_eq!(folders.run(&["info", "--device", "sim:"]).status, 0);
    let ran = folders.run(&["config", "check"]);
    let said = ran.stderr.contains("line 2: backend.moon.kind takes one of plain");
    assert!(ran.status == 3 && said, "{ran:?}");
}

#[test]
fn a_secret_in_a_locator_is_not_shown() {
    let folders = Folders::new();
    let device = "sim:?pop=hush-pop&password=hush-word&ap=HomeNet=hush-hush&seed=7";
    folders.project(&format!("device = \"{device}\"\n"));
    let from_variable = |words: &[&str]| folders.run_in(folders.work.path(), words, &[("ESPCTL_DEVICE", device)]);
    let lines = [&["config", "show", "--origin"][..], &["config", "show", "--json"], &["config", "check"]];
    for ran in lines.iter().flat_map(|line| [folders.run(line), from_variable(line)]) {
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.status == 0 && !said.contains("hush"), "{said}");
        assert!(said.contains("ok:") || (said.contains("(redacted)") && said.contains("seed=7")), "{said}");
    }
}

#[test]
fn the_files_say_how_to_print_and_options_win() {
    let folders = Folders::new();
    folders.project(&format!("device = \"{QUICK}\"\n[output]\ncolor = \"always\"\nquiet = true\n"));
    folders.user("[output]\ncolor = \"never\"\n");
    let line = ["provision", "--ssid", "HomeNet", "--passphrase", "wrong-horse", "--pop", "abcd1234"];
    let with = |more: &[&str]| folders.run(&[&line[..], more].concat()).stderr;
    let quiet = with(&[]);
    assert!(quiet.contains('\u{1b}') && !quiet.contains("Secure session"), "{quiet}");
    assert!(!with(&["--color", "never"]).contains('\u{1b}'));
    assert!(with(&["-v"]).contains("Secure session"), "-v outweighs a file's quiet");
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folders = Folders::new();
    folders.project("device = \"sim:\"\n[security]\npop = \"hush-hush\"\n");
    let set_mode = |name: &str, mode| {
        fs::set_permissions(folders.work.path().join(name), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    set_mode("espctl.toml", 0o644);
    for line in [&["info"][..], &["info", "--quiet"], &["info", "--json"]] {
        let ran = folders.run(line);
        let warned = ran.stderr.contains("warning: ") && ran.stderr.contains("security.pop in clear");
        assert!(ran.status == 0 && warned && !ran.stderr.contains("hush"), "{ran:?}");
    }
    let check = folders.run(&["config", "check"]);
    assert!(check.status == 0 && check.stdout.starts_with("ok"), "{check:?}");
    assert!(check.stdout.contains("\nwarning: ") && check.stdout.contains("security.pop in clear"), "{check:?}");
    let check = folders.run(&["config", "check", "--json"]).json();
    assert_eq!(check["warnings"].as_array().map(Vec::len), Some(1), "{check}");
    set_mode("espctl.toml", 0o600);
    assert!(!folders.run(&["info"]).stderr.contains("warning"));
    folders.project("device = \"sim:\"\n[security]\npop = \"file:secret\"\n");
    fs::write(folders.work.path().join("secret"), "hush-hush").expect("a file");
    set_mode("secret", 0o644);
    let ran = folders.run(&["info"]);
    assert!(ran.stderr.contains("secret holds security.pop, and other users can read it"), "{ran:?}");
    set_mode("secret", 0o600);
    assert!(!folders.run(&["info"]).stderr.contains("warning"));
}
