//! `provision --backend`: a section of a settings file, a kind of back end, or none.

use std::fs;

use crate::support::{NETWORK, POP, Ran, espctl, finish};

const KEY: &str = "a-secret-key-of-the-lab";

const SETTINGS: &str = r#"
[backend.lab]
kind = "plain"
user-id = "ana"
secret-key = "env:LAB_KEY"

[backend.moon]
kind = "lunar"
url = "https://moon.example"
"#;

/// A run in a folder with these settings, with a user in the environment where `user` says so.
fn provision(user: bool, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("espctl.toml"), SETTINGS).expect("a file");
    let device = "sim:?profile=rainmaker-old&sec-ver=1&ap=HomeNet=correct-horse-battery&join-ms=50&apply-delay-ms=50";
    let line = ["provision", "--device", device, "--pop", POP, "--json", "--events"];
    let mut command = espctl([&line[..], &NETWORK, more].concat());
    command.current_dir(folder.path()).env("LAB_KEY", KEY);
    if user {
        command.env("ESPCTL_USER_ID", "ben").env("ESPCTL_SECRET_KEY", "another-key");
    }
    let ran = finish(&mut command);
    assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "{ran:?}");
    ran
}

#[test]
fn a_back_end_is_chosen_by_name() {
    let pair = ["--user-id", "ana", "--secret-key", "a-key"];
    for (user, more, associated) in [
        (false, &["--backend", "lab"][..], true),
        (false, &["--backend", "lab", "--secret-key", "a-key"], true),
        (false, &[&["--backend", "plain"], &pair[..]].concat(), true),
        (false, &pair, true),
        (true, &[], true),
        (true, &["--backend", "plain"], true),
        (true, &["--backend", "none"], false),
        (false, &[], false),
    ] {
        let ran = provision(user, more);
        assert_eq!((ran.status, ran.stderr.contains("\"associated\"")), (0, associated), "{more:?}: {ran:?}");
    }
}

#[test]
fn a_back_end_that_cannot_be_is_named() {
    for (more, status, code, words) in [
        (&["--backend", "attic"][..], 2, "usage.invalid-value", "kinds: plain"),
        (&["--backend", "moon"], 3, "backend.misconfigured", "backend.moon is of the kind"),
        (&["--backend", "plain"], 3, "backend.misconfigured", "plain needs `user-id`"),
        (&["--backend", "none", "--user-id", "ana"], 2, "usage.conflict", "--backend none"),
        (&["--backend", "none", "--no-wifi"], 2, "usage.conflict", ""),
    ] {
        let ran = provision(false, more);
        let error = ran.json()["error"].clone();
        let told = error.to_string();
        assert!(ran.status == status && (code.is_empty() || error["code"] == code), "{more:?}: {ran:?}");
        assert!(told.contains(words), "{more:?}: {told}");
    }
}
