//! The account at ESP RainMaker: profiles and logins in a folder of the test's own, as esp-rainmaker-cli would have it.

mod cloud;
mod login;
mod profiles;
mod secrets;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Ran, espctl, finish};

/// The folder that is shared with esp-rainmaker-cli, empty at first.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file as another program would.
    fn put(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path("profiles")).expect("a folder");
        fs::write(self.path(name), text).expect("a file");
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a command that answers with JSON.
    fn run(&self, words: &[&str]) -> Ran {
        finish(&mut command(self.0.path(), words))
    }

    /// The document of a run that succeeds.
    fn done(&self, words: &[&str]) -> Value {
        let ran = self.run(words);
        assert_eq!(ran.status, 0, "{words:?}: {ran:?}");
        ran.json()
    }

    /// The failure of a run, whose exit status and code these are.
    fn failure(&self, words: &[&str], status: i32, code: &str) -> Value {
        let ran = self.run(words);
        let error = ran.json()["error"].clone();
        assert_eq!((ran.status, error["code"].as_str()), (status, Some(code)), "{words:?}: {ran:?}");
        assert!(error["hints"].as_array().is_some_and(|hints| !hints.is_empty()), "no hint: {ran:?}");
        error
    }
}

/// The program with this folder, and without any proxy of the caller's.
pub(crate) fn command(folder: &Path, words: &[&str]) -> std::process::Command {
    let mut command = espctl(words.iter().chain(&["--json"]));
    command.env("RM_USER_CONFIG_DIR", folder).env("NO_PROXY", "*").env_remove("no_proxy");
    command.env_remove("ESP_RAINMAKER_PASSWORD");
    command
}
