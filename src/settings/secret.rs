//! A secret as a settings file has it: the name of a variable or of a file that holds it, or the secret itself.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;
use crate::secret::Secret;

/// How the environment is looked up; a test hands in its own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The longest secret read from a file, in bytes.
const LONGEST: u64 = 4096;

/// Where a secret is. Prints no secret.
#[derive(Clone)]
pub enum SecretValue {
    /// In this environment variable: `env:NAME`.
    Variable(String),
    /// In the first line of this file: `file:PATH`, from the settings file's folder on.
    File(PathBuf),
    /// Here, in clear.
    Clear(Zeroizing<String>),
}

impl SecretValue {
    /// Reads the value of a settings file at `settings`.
    pub(super) fn read(text: &str, settings: &Path) -> Self {
        match text.split_once(':') {
            Some(("env", name)) => Self::Variable(name.to_owned()),
            Some(("file", path)) => Self::File(settings.parent().unwrap_or(Path::new("")).join(path)),
            _ => Self::Clear(Zeroizing::new(text.to_owned())),
        }
    }

    /// The value itself, where the settings file holds it.
    pub(super) fn clear(&self) -> Option<&str> {
        match self {
            Self::Clear(text) => Some(text),
            Self::Variable(_) | Self::File(_) => None,
        }
    }

    /// Whether the settings file itself holds it.
    pub fn is_clear(&self) -> bool {
        matches!(self, Self::Clear(_))
    }

    /// The secret; `name` is the setting's, for messages.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] where the variable is not set or empty, or the file cannot be read or is empty.
    pub fn get<P>(&self, name: &str, environment: Environment<'_>) -> Result<Secret<P>, Failure> {
        let failed = |why: String| Failure::new(Code::ConfigInvalid).because(format!("{name}: {why}"));
        let bytes = match self {
            Self::Clear(text) => text.as_bytes().to_vec(),
            Self::Variable(variable) => match environment(variable) {
                Some(value) if value.is_empty() => {
                    return Err(failed(format!("the environment variable {variable} is empty")));
                }
                Some(value) => value.into_bytes(),
                None => return Err(failed(format!("the environment variable {variable} is not set"))),
            },
            Self::File(path) => {
                let unreadable = |error: std::io::Error| failed(format!("{}: {error}", path.display()));
                let mut bytes = Zeroizing::new(Vec::new());
                let file = File::open(path).map_err(unreadable)?;
                file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
                if bytes.is_empty() || bytes.len() as u64 > LONGEST {
                    return Err(failed(format!("{} has to have 1 to {LONGEST} bytes", path.display())));
                }
                let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
                line.strip_suffix(b"\r").unwrap_or(line).to_vec()
            }
        };
        Ok(Secret::new(bytes))
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Clear(_) => f.write_str("(redacted)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ProofOfPossession;

    fn get(text: &str, folder: &Path) -> Result<ProofOfPossession, Failure> {
        let environment = |name: &str| (name == "MY_POP").then(|| "from-env".to_owned());
        SecretValue::read(text, &folder.join("espctl.toml")).get("security.pop", &environment)
    }

    #[test]
    fn a_secret_is_in_a_variable_in_a_file_or_in_the_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("pop"), "from-file\r\nmore\n").expect("a file");
        for (text, secret) in [("env:MY_POP", "from-env"), ("file:pop", "from-file"), ("abcd1234", "abcd1234")] {
            assert_eq!(get(text, folder.path()), Ok(ProofOfPossession::from(secret)), "{text}");
        }
        for text in ["env:OTHER", "file:none", "file:."] {
            let failure = get(text, folder.path()).expect_err(text);
            assert!(failure.code == Code::ConfigInvalid && failure.causes[0].contains("security.pop"), "{failure:?}");
        }
    }
}
