//! Where a setting comes from: option, then environment, then the QR payload, then the project's settings file, then
//! the user's, then the default. Merged once, here, each value with its origin.
//!
//! - `keys.rs`: the settings by name
//! - `file.rs`: one settings file, read and checked; `secret.rs`: a secret as such a file has it
//! - `target.rs`: which device is meant; `dialect.rs`: what it is to be spoken to in
//!
//! Environment and folders are handed in. Reading an option's file or standard input is `commands::input`'s work.

mod dialect;
mod file;
pub mod keys;
mod secret;
pub mod target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use self::file::SettingsFile;
use self::keys::Key;
pub use self::secret::{Environment, SecretValue};
use crate::failure::Failure;
pub use crate::origin::{Origin, Setting};
use crate::secret::Secret;

/// The name of a project's settings file.
const PROJECT_FILE: &str = "espctl.toml";

/// Takes the first of option and environment variable; an empty variable counts as unset.
pub fn given(
    option: Option<String>,
    option_name: &'static str,
    variable: &'static str,
    environment: Environment<'_>,
) -> Option<Setting<String>> {
    Setting::option(option, option_name).or_else(|| {
        let value = environment(variable).filter(|value| !value.is_empty())?;
        Some(Setting::new(value, Origin::Environment(variable)))
    })
}

/// The value of a key that is not a secret of a file: the option's, the environment variable's, a settings file's.
pub fn find(
    key: &'static Key,
    option: Option<String>,
    environment: Environment<'_>,
    files: &Files,
) -> Option<Setting<String>> {
    let given = match key.variable {
        Some(variable) => given(option, key.option, variable, environment),
        None => Setting::option(option, key.option),
    };
    given.or_else(|| files.value(key))
}

/// The settings files, as far as there are any.
#[derive(Debug, Default)]
pub struct Files {
    project: Place,
    user: Place,
}

/// A settings file that is looked for.
#[derive(Debug, Default)]
struct Place {
    path: Option<PathBuf>,
    /// What it holds; nothing where there is no such file.
    read: Option<Result<SettingsFile, Failure>>,
}

impl Place {
    fn read(path: Option<PathBuf>) -> Self {
        let read = path.as_deref().filter(|path| path.symlink_metadata().is_ok()).map(SettingsFile::read);
        Self { path, read }
    }

    fn file(&self) -> Option<&SettingsFile> {
        self.read.as_ref()?.as_ref().ok()
    }
}

impl Files {
    /// Reads the settings file of the nearest of `folder` and those above it that has one, and the `user`'s.
    pub fn read(folder: Option<&Path>, user: Option<PathBuf>) -> Self {
        let candidates = || folder.into_iter().flat_map(Path::ancestors).map(|folder| folder.join(PROJECT_FILE));
        let project = candidates().find(|path| path.symlink_metadata().is_ok()).or_else(|| candidates().next());
        Self { project: Place::read(project), user: Place::read(user) }
    }

    /// Itself, where all files that are there are valid.
    ///
    /// # Errors
    /// [`crate::code::Code::ConfigInvalid`].
    pub fn checked(&self) -> Result<&Self, Failure> {
        for place in [&self.project, &self.user] {
            if let Some(Err(failure)) = &place.read {
                return Err(failure.clone());
            }
        }
        Ok(self)
    }

    /// The valid files with the origin of their values, the stronger first.
    fn layers(&self) -> impl Iterator<Item = (&SettingsFile, Origin)> {
        let project = self.project.file().map(|file| (file, Origin::ProjectFile(file.path.clone())));
        let user = self.user.file().map(|file| (file, Origin::UserFile(file.path.clone())));
        project.into_iter().chain(user)
    }

    /// The value of a key that is not a secret.
    pub fn value(&self, key: &Key) -> Option<Setting<String>> {
        self.layers().find_map(|(file, origin)| Some(Setting::new(file.value(key)?.to_owned(), origin)))
    }

    /// Where the secret of a key is.
    pub fn secret(&self, key: &Key) -> Option<(&SecretValue, Origin)> {
        self.layers().find_map(|(file, origin)| Some((file.secret(key)?, origin)))
    }

    /// The secret of a key.
    ///
    /// # Errors
    /// [`crate::code::Code::ConfigInvalid`] where it is not where the file says.
    pub fn read_secret<P>(&self, key: &Key, environment: Environment<'_>) -> Result<Option<Secret<P>>, Failure> {
        self.secret(key).map(|(secret, _)| secret.get(key.name, environment)).transpose()
    }

    /// The settings of the back end of this name, its kind among them.
    pub fn backend(&self, name: &str) -> Option<&BTreeMap<String, SecretValue>> {
        self.layers().find_map(|(file, _)| file.backends.get(name))
    }

    /// The back ends by name, each with its kind; a project's hides a user's of the same name.
    pub fn backends(&self) -> Vec<(&str, String, Origin)> {
        let mut all: Vec<(&str, String, Origin)> = Vec::new();
        for (file, origin) in self.layers() {
            for (name, values) in &file.backends {
                if !all.iter().any(|(other, ..)| other == name) {
                    let kind = values.get("kind").and_then(SecretValue::clear).unwrap_or_default();
                    all.push((name, kind.to_owned(), origin.clone()));
                }
            }
        }
        all
    }

    /// The files that are looked for: path, `project` or `user`, whether it is there.
    pub fn looked(&self) -> impl Iterator<Item = (&Path, &'static str, bool)> {
        let places = [(&self.project, "project"), (&self.user, "user")];
        places.into_iter().filter_map(|(place, level)| Some((place.path.as_deref()?, level, place.read.is_some())))
    }

    /// The valid files that have this network's name, the stronger first: what else a file says of a network belongs to
    /// the name beside it.
    pub fn of_network(&self, ssid: &[u8]) -> Vec<&SettingsFile> {
        let named = |file: &&SettingsFile| file.value(&keys::SSID).is_some_and(|own| own.as_bytes() == ssid);
        self.layers().map(|(file, _)| file).filter(named).collect()
    }

    /// What a person has to know of the files although they are valid.
    pub fn warnings(&self) -> Vec<String> {
        self.layers().flat_map(|(file, _)| file.warning().into_iter().chain(file.without_network())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::secret::ProofOfPossession;

    #[test]
    fn an_option_wins_over_the_environment() {
        let environment = |name: &str| (name == "ESPCTL_POP").then(|| "from-env".to_owned());
        let given = |option: Option<&str>, environment: Environment<'_>| {
            let setting = given(option.map(str::to_owned), "--pop", "ESPCTL_POP", environment);
            setting.map(|setting| (setting.value, setting.origin))
        };
        assert_eq!(given(Some("typed"), &environment), Some(("typed".into(), Origin::Option("--pop"))));
        assert_eq!(given(None, &environment), Some(("from-env".into(), Origin::Environment("ESPCTL_POP"))));
        assert_eq!(given(None, &|_| None), None);
        assert_eq!(given(None, &|_| Some(String::new())), None, "an empty variable counts as unset");
    }

    #[test]
    fn files_lie_below_the_environment_and_the_nearest_project_above_the_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("a/b");
        fs::create_dir_all(&below).expect("folders");
        let user = folder.path().join("config.toml");
        fs::write(&user, "transport = \"ble\"\nadapter = \"hci1\"\n[security]\npop = \"of-the-user\"\n")
            .expect("a file");
        let files = || Files::read(Some(&below), Some(user.clone()));
        let value = |files: &Files, variable: Option<&str>| {
            let environment = |_: &str| variable.map(str::to_owned);
            find(&keys::TRANSPORT, None, &environment, files).expect("a value")
        };
        let found = value(&files(), None);
        assert_eq!((found.value.as_str(), found.origin), ("ble", Origin::UserFile(user.as_path().into())));
        let above = folder.path().join("espctl.toml");
        fs::write(&above, "transport = \"console\"\n").expect("a file");
        assert_eq!(value(&files(), None).origin, Origin::ProjectFile(above.as_path().into()));
        let near = folder.path().join("a/espctl.toml");
        fs::write(&near, "transport = \"softap\"\n[security]\npop = \"of-the-project\"\n").expect("a file");
        let files = files();
        assert_eq!(value(&files, None).value, "softap");
        assert_eq!(value(&files, Some("sim")).origin, Origin::Environment("ESPCTL_TRANSPORT"));
        assert_eq!(files.value(&keys::ADAPTER).map(|setting| setting.value).as_deref(), Some("hci1"));
        let pop = files.read_secret::<_>(&keys::POP, &|_| None);
        assert_eq!(pop, Ok(Some(ProofOfPossession::from("of-the-project"))));
        assert!(files.looked().all(|(.., exists)| exists) && files.checked().is_ok());
    }

    #[test]
    fn a_file_that_is_not_there_is_no_error_and_an_invalid_one_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let user = folder.path().join("config.toml");
        let files = Files::read(None, Some(user.clone()));
        assert!(files.checked().is_ok());
        assert_eq!(files.looked().collect::<Vec<_>>(), [(user.as_path(), "user", false)]);
        fs::write(&user, "devise = 1\n").expect("a file");
        assert!(Files::read(None, Some(user)).checked().is_err());
        assert!(Files::read(None, None).checked().is_ok());
    }
}
