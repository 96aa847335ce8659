//! A secret as a settings file has it: the name of a variable or of a file that holds it, or the secret itself.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::keys::PASSPHRASE;
use super::problem::{Place, Problem};
use crate::device::plan::check_passphrase;
use crate::failure::Failure;
use crate::secret::{self, Secret, unseen_blank};
use crate::text;

/// How the environment is looked up; a test hands in its own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The longest secret read from a file, in bytes.
const LONGEST: u64 = 4096;

/// Where a secret is, and where a settings file says so. Prints no secret.
#[derive(Clone)]
pub struct SecretValue {
    source: Source,
    place: Place,
}

#[derive(Clone)]
enum Source {
    /// In this environment variable: `env:NAME`.
    Variable(String),
    /// In the first line of this file: `file:PATH`, from the settings file's folder on.
    File(PathBuf),
    /// Here, in clear.
    Clear(Zeroizing<String>),
}

impl SecretValue {
    /// Reads the value of a secret setting.
    ///
    /// # Errors
    /// What is wrong, where nothing follows `env:` or `file:`, or what follows can be no variable.
    pub(super) fn read(text: &str, place: Place) -> Result<Self, &'static str> {
        let source = match text.split_once(':') {
            Some(("env", "")) => return Err("the name of an environment variable has to follow env:"),
            Some(("env", name)) if name.contains(['=', '\0', ' ']) => {
                return Err("the name of an environment variable has to follow env:, and nothing else");
            }
            Some(("env", name)) => Source::Variable(name.to_owned()),
            Some(("file", "")) => return Err("the path of a file has to follow file:"),
            Some(("file", path)) => Source::File(place.beside(path)),
            _ => Source::Clear(Zeroizing::new(text.to_owned())),
        };
        Ok(Self { source, place })
    }

    /// The value of a setting that is not a secret, whatever it looks like.
    pub(super) fn plain(text: &str, place: Place) -> Self {
        Self { source: Source::Clear(Zeroizing::new(text.to_owned())), place }
    }

    /// The value itself, where the settings file holds it.
    pub(super) fn clear(&self) -> Option<&str> {
        match &self.source {
            Source::Clear(text) => Some(text),
            Source::Variable(_) | Source::File(_) => None,
        }
    }

    /// The file that holds it, where one does.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Variable(_) | Source::Clear(_) => None,
        }
    }

    /// What is to be said of a blank at an end of it, where it is in a file or in the settings.
    pub(super) fn unseen_blank(&self) -> Option<&'static str> {
        match &self.source {
            Source::Variable(_) => None,
            Source::Clear(text) => unseen_blank(text.as_bytes()),
            // A pipe would be used up by this look.
            Source::File(path) if !path.is_file() => None,
            Source::File(path) => first_line(path).ok().and_then(|line| unseen_blank(&line)),
        }
    }

    /// Whether the settings file itself holds it.
    pub fn is_clear(&self) -> bool {
        self.clear().is_some()
    }

    /// Whether it depends on the environment of a run.
    pub(super) fn is_variable(&self) -> bool {
        matches!(self.source, Source::Variable(_))
    }

    /// The secret; `name` is the setting's, for messages.
    ///
    /// # Errors
    /// [`crate::code::Code::ConfigInvalid`] where the variable is not set or empty, the file cannot be read or is empty,
    /// or the secret cannot be what the setting takes.
    pub fn get<P>(&self, name: &str, environment: Environment<'_>) -> Result<Secret<P>, Failure> {
        self.find(name, environment).map_err(Problem::failure)
    }

    pub(super) fn find<P>(&self, name: &str, environment: Environment<'_>) -> Result<Secret<P>, Problem> {
        let secret = self.look_up(name, environment)?;
        if name == PASSPHRASE.name {
            let length = |failure: Failure| {
                self.place.problem(format!("{name} takes 8 to 63 bytes: {}", failure.causes.join(": ")))
            };
            check_passphrase(&secret.repurpose()).map_err(length)?;
        }
        Ok(secret)
    }

    fn look_up<P>(&self, name: &str, environment: Environment<'_>) -> Result<Secret<P>, Problem> {
        match &self.source {
            Source::Clear(text) => Ok(Secret::new(text.as_bytes().to_vec())),
            Source::Variable(variable) => {
                let missing = |how: &str| {
                    let variable = text::sanitise(variable);
                    let why = format!("{name}: the environment variable {variable} is {how}");
                    self.place.problem(why).hint(format!("set {variable} before espctl is started"))
                };
                match environment(variable) {
                    Some(value) if value.is_empty() => Err(missing("empty")),
                    Some(value) => Ok(Secret::new(value.into_bytes())),
                    None => Err(missing("not set")),
                }
            }
            Source::File(path) => first_line(path).map(Secret::new).map_err(|why| {
                let path = path.display().to_string();
                self.place
                    .problem(format!("{name}: {}: {why}", text::sanitise(&path)))
                    .hint("a path after file: is relative to the folder of the settings file")
            }),
        }
    }
}

/// The first line of a secret's file, without its end.
fn first_line(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("the file has more than {LONGEST} bytes"));
    }
    let line = secret::first_line(&bytes).map_err(|error| error.to_string())?;
    if line.is_empty() {
        return Err(if bytes.is_empty() { "the file is empty" } else { "its first line is empty" }.to_owned());
    }
    Ok(line.to_vec())
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Variable(name) => write!(f, "env:{name}"),
            Source::File(path) => write!(f, "file:{}", path.display()),
            Source::Clear(_) => f.write_str("(redacted)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::secret::ProofOfPossession;

    fn get(text: &str, folder: &Path) -> Result<ProofOfPossession, Failure> {
        let environment = |name: &str| match name {
            "MY_POP" => Some("from-env".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let place = Place::line(&folder.join("espctl.toml").into(), 7);
        SecretValue::read(text, place).expect("a value").get("security.pop", &environment)
    }

    #[test]
    fn a_secret_is_in_a_variable_in_a_file_or_in_the_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("pop"), "from-file\r\nmore\n").expect("a file");
        for (text, secret) in [("env:MY_POP", "from-env"), ("file:pop", "from-file"), ("abcd1234", "abcd1234")] {
            assert_eq!(get(text, folder.path()), Ok(ProofOfPossession::from(secret)), "{text}");
        }
        std::fs::write(folder.path().join("empty"), "").expect("a file");
        std::fs::write(folder.path().join("blank"), "\nmore\n").expect("a file");
        for (text, words) in [
            ("env:OTHER", "OTHER is not set"),
            ("env:EMPTY", "EMPTY is empty"),
            ("file:none", "none: "),
            ("file:.", "security.pop"),
            ("file:empty", "the file is empty"),
            ("file:blank", "its first line is empty"),
        ] {
            let failure = get(text, folder.path()).expect_err(text);
            let said = &failure.causes[0];
            let placed = said.contains("espctl.toml, line 7: security.pop: ") && said.contains(words);
            assert!(failure.code == Code::ConfigInvalid && placed, "{failure:?}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["env:", "env:MY POP", "env:A=B", "file:"] {
            assert!(SecretValue::read(text, Place::file(&Path::new("espctl.toml").into())).is_err(), "{text}");
        }
    }
}
