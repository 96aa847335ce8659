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
    assert!(ran.stderr.contains("MY_POP is not set"), "{ran:?}");
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
    assert!(ran.status == 0 && ran.stdout.contains("PROV_1"), "{ran:?}");
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

#[cfg(unix)]
#[test]
fn a_secret_in_clear_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folders = Folders::new();
    folders.project("device = \"sim:\"\n[security]\npop = \"hush-hush\"\n");
    let mode = |mode| {
        let path = folders.work.path().join("espctl.toml");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode(0o644);
    let ran = folders.run(&["info"]);
    assert!(ran.status == 0 && ran.stderr.contains("security.pop in clear") && !ran.stderr.contains("hush"), "{ran:?}");
    mode(0o600);
    assert!(!folders.run(&["info"]).stderr.contains("in clear"));
}
