//! Where a setting comes from: option, then environment, then the QR payload, then the project's settings file, then
//! the user's, then the default. Merged once, here, each value with its origin.
//!
//! - `keys.rs`: the settings by name
//! - `file.rs`: one settings file, read (`file_tests.rs`: the tests); `secret.rs`: a secret as such a file has it
//! - `check.rs`: what the values mean, checked; `problem.rs`: what is wrong in a file, and where
//! - `toml_words.rs`: the TOML parser's complaints in plain words; `nearest.rs`: the word that was probably meant
//! - `access.rs`: whose a file is, and who can read it
//! - `shown.rs`: settings as they may be shown
//! - `target.rs`: which device is meant; `dialect.rs`: what it is to be spoken to in
//!
//! Environment and folders are handed in. Reading an option's file or standard input is `commands::input`'s work.

pub mod access;
mod check;
mod dialect;
mod file;
pub mod keys;
mod nearest;
mod problem;
mod secret;
pub mod shown;
pub mod target;
mod toml_words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use self::file::SettingsFile;
use self::keys::Key;
pub use self::nearest::nearest;
use self::problem::Problem;
pub use self::secret::{Environment, SecretValue};
use self::target::Kinds;
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
    found: Found,
}

/// What there is in its place.
#[derive(Debug, Default)]
enum Found {
    /// No file.
    #[default]
    Nothing,
    /// Another user's file.
    Foreign,
    /// A file that was read.
    Read(SettingsFile),
}

/// A settings file that is looked for, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked<'a> {
    /// Where it would be.
    pub path: &'a Path,
    /// `project` or `user`.
    pub level: &'static str,
    /// Whether it is there.
    pub exists: bool,
    /// Whether it is used: another user's is not.
    pub used: bool,
}

impl Place {
    fn read(path: Option<PathBuf>, may_decide: impl Fn(&Path) -> bool) -> Self {
        let found = match path.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
            None => Found::Nothing,
            Some(path) if !may_decide(path) => Found::Foreign,
            Some(path) => Found::Read(SettingsFile::read(path)),
        };
        Self { path, found }
    }

    fn file(&self) -> Option<&SettingsFile> {
        match &self.found {
            Found::Read(file) => Some(file),
            Found::Nothing | Found::Foreign => None,
        }
    }

    fn looked(&self, level: &'static str) -> Option<Looked<'_>> {
        let (exists, used) = (!matches!(self.found, Found::Nothing), self.file().is_some());
        Some(Looked { path: self.path.as_deref()?, level, exists, used })
    }
}

impl Files {
    /// Reads the settings file of the nearest of `folder` and those above it that has one, if it is this user's own
    /// by `is_own`, and the `user`'s.
    pub fn read(folder: Option<&Path>, user: Option<PathBuf>, is_own: impl Fn(&Path) -> bool) -> Self {
        let candidates = || folder.into_iter().flat_map(Path::ancestors).map(|folder| folder.join(PROJECT_FILE));
        let project = candidates().find(|path| path.symlink_metadata().is_ok()).or_else(|| candidates().next());
        Self { project: Place::read(project, is_own), user: Place::read(user, |_| true) }
    }

    /// The files that were read, valid or not.
    fn files(&self) -> impl Iterator<Item = &SettingsFile> {
        [&self.project, &self.user].into_iter().filter_map(Place::file)
    }

    /// What is wrong in the files, whatever the run.
    fn problems(&self, kinds: Kinds<'_>) -> Vec<Problem> {
        let transport = self.value(&keys::TRANSPORT).map(|transport| transport.value);
        let of = |file: &SettingsFile| {
            let mut problems = [file.problems(), &check::values(file, transport.as_deref(), kinds)].concat();
            problems.sort_by_key(|problem| problem.place.number());
            problems
        };
        self.files().flat_map(of).collect()
    }

    /// Itself, where all files that are there are valid.
    ///
    /// # Errors
    /// [`crate::code::Code::ConfigInvalid`], with everything that is wrong.
    pub fn checked(&self, kinds: Kinds<'_>) -> Result<&Self, Failure> {
        problem::failure(&self.problems(kinds)).map_or(Ok(self), Err)
    }

    /// Checks the files in full, the secrets that they name among it. The warnings
    /// are about what does not stop a run, or depends on its environment.
    pub fn check(&self, kinds: Kinds<'_>, environment: Environment<'_>) -> (Result<(), Failure>, Vec<String>) {
        let mut problems = self.problems(kinds);
        let mut warnings = self.warnings();
        for file in self.files() {
            let (errors, passing) = check::named_secrets(file, environment);
            problems.extend(errors);
            problems.extend_from_slice(file.unusable());
            warnings.extend(passing.iter().map(ToString::to_string));
        }
        let is_user = |problem: &Problem| self.project.path.as_deref() != Some(&**problem.place.path());
        problems.sort_by_key(|problem| (is_user(problem), problem.place.number()));
        (problem::failure(&problems).map_or(Ok(()), Err), warnings)
    }

    /// The valid files with the origin of their values, the stronger first.
    fn layers(&self) -> impl Iterator<Item = (&SettingsFile, Origin)> {
        let project = self.project.file().map(|file| (file, Origin::ProjectFile(file.path.clone())));
        let user = self.user.file().map(|file| (file, Origin::UserFile(file.path.clone())));
        project.into_iter().chain(user).filter(|(file, _)| file.problems().is_empty())
    }

    /// The value of a key that is not a secret.
    pub fn value(&self, key: &Key) -> Option<Setting<String>> {
        self.layers().find_map(|(file, origin)| Some(Setting::new(file.value(key)?.to_owned(), origin)))
    }

    /// What each of the files has, the strongest first.
    pub fn values(&self, key: &'static Key) -> impl Iterator<Item = Setting<String>> {
        self.layers().filter_map(|(file, origin)| Some(Setting::new(file.value(key)?.to_owned(), origin)))
    }

    /// Whether a switch is on.
    pub fn switch(&self, key: &Key) -> bool {
        self.value(key).is_some_and(|setting| setting.value == "true")
    }

    /// Where the secret of a key is.
    pub fn secret(&self, key: &Key) -> Option<(&SecretValue, Origin)> {
        self.layers().find_map(|(file, origin)| Some((file.secret(key)?, origin)))
    }

    /// The secret of a key.
    ///
    /// # Errors
    /// [`crate::code::Code::ConfigInvalid`] where it is not where the file says, or is not what the setting takes.
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

    /// The files that are looked for.
    pub fn looked(&self) -> impl Iterator<Item = Looked<'_>> {
        self.project.looked("project").into_iter().chain(self.user.looked("user"))
    }

    /// The valid files that have this network's name, the stronger first: what else a file says of a network belongs to
    /// the name beside it.
    pub fn of_network(&self, ssid: &[u8]) -> Vec<&SettingsFile> {
        let named = |file: &&SettingsFile| file.value(&keys::SSID).is_some_and(|own| own.as_bytes() == ssid);
        self.layers().map(|(file, _)| file).filter(named).collect()
    }

    /// What a person has to know of the files although they are valid.
    pub fn warnings(&self) -> Vec<String> {
        let foreign = self.looked().filter(|looked| looked.exists && !looked.used).map(|looked| {
            let path = looked.path.display();
            format!(
                "{path} is not used: it, or its folder, belongs to another user, who could choose devices and files for \
                 you; read it, then copy it into a folder of yours, or make both your own with chown"
            )
        });
        foreign.chain(self.files().flat_map(SettingsFile::warnings)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::secret::ProofOfPossession;
    use crate::transport::KINDS;

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
        let files = || Files::read(Some(&below), Some(user.clone()), |_| true);
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
        assert!(files.looked().all(|looked| looked.exists && looked.used) && files.checked(KINDS).is_ok());
    }

    #[test]
    fn a_missing_file_is_accepted_and_an_invalid_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let user = folder.path().join("config.toml");
        let files = Files::read(None, Some(user.clone()), |_| true);
        assert!(files.checked(KINDS).is_ok());
        let looked = Looked { path: &user, level: "user", exists: false, used: false };
        assert_eq!(files.looked().collect::<Vec<_>>(), [looked]);
        fs::write(&user, "devise = 1\n").expect("a file");
        assert!(Files::read(None, Some(user), |_| true).checked(KINDS).is_err());
        assert!(Files::read(None, None, |_| true).checked(KINDS).is_ok());
    }

    #[test]
    fn another_users_project_file_is_not_used_and_warned_of() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("espctl.toml"), "transport = \"ble\"\ndevise = 1\n").expect("a file");
        let files = Files::read(Some(folder.path()), None, |_| false);
        assert!(files.value(&keys::TRANSPORT).is_none() && files.checked(KINDS).is_ok());
        assert!(files.looked().all(|looked| looked.exists && !looked.used));
        let warnings = files.warnings();
        assert!(warnings.len() == 1 && warnings[0].contains("another user") && warnings[0].contains("chown"));
    }
}
