//! The settings of one back end: which keys its kind has, and the values given for them.
//!
//! Where the values come from, an option, the environment or a file, is decided above; here they are already read.

use std::collections::BTreeMap;

use super::error::BackendError;
use crate::code::Code;
use crate::secret::BackendSecret;
use crate::text;

/// One setting of a kind of back end.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name, as in a settings file: `user-id`.
    pub name: &'static str,
    /// What it means, one line for people.
    pub meaning: &'static str,
    /// Whether its value is kept from view and may be read from a file or the environment.
    pub secret: bool,
    /// Whether the back end cannot do without it.
    pub required: bool,
}

/// The values of one back end's settings, checked against the keys of its kind.
#[derive(Debug, Clone)]
pub struct Profile {
    kind: &'static str,
    texts: BTreeMap<&'static str, String>,
    secrets: BTreeMap<&'static str, BackendSecret>,
}

impl Profile {
    /// Sorts values by the keys of a kind. All come wrapped as secrets, since only the key tells which are.
    ///
    /// # Errors
    /// [`Code::BackendMisconfigured`]: a key that the kind does not have, a required one that is missing or empty, a
    /// value that is not text.
    pub fn read<'a>(
        kind: &'static str,
        keys: &'static [Key],
        values: impl IntoIterator<Item = (&'a str, BackendSecret)>,
    ) -> Result<Self, BackendError> {
        let wrong = |why: String| Err(BackendError::new(Code::BackendMisconfigured).because(why));
        let mut profile = Self { kind, texts: BTreeMap::new(), secrets: BTreeMap::new() };
        for (name, value) in values {
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                let known: Vec<_> = keys.iter().map(|key| key.name).collect();
                let name = text::sanitise(name);
                return wrong(format!("`{name}` is not a setting of {kind}; there are: {}", known.join(", ")));
            };
            let Ok(plain) = std::str::from_utf8(value.expose()) else {
                return wrong(format!("the value of `{}` is not text", key.name));
            };
            if !key.secret {
                profile.texts.insert(key.name, plain.to_owned());
            } else if !value.is_empty() {
                profile.secrets.insert(key.name, value);
            }
        }
        for key in keys.iter().filter(|key| key.required) {
            if profile.text(key.name).is_none_or(str::is_empty) && profile.secret(key.name).is_none() {
                return wrong(format!("{kind} needs `{}`: {}", key.name, key.meaning));
            }
        }
        Ok(profile)
    }

    /// The kind of back end it is for.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The value of a key that is not secret.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// Every secret there is.
    pub fn secrets(&self) -> impl Iterator<Item = &BackendSecret> {
        self.secrets.values()
    }

    /// The value of a secret key.
    pub fn secret(&self, name: &str) -> Option<&BackendSecret> {
        self.secrets.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[Key] = &[
        Key { name: "url", meaning: "its address", secret: false, required: true },
        Key { name: "token", meaning: "who asks", secret: true, required: true },
        Key { name: "home", meaning: "which home", secret: false, required: false },
    ];

    fn read(values: &[(&str, &str)]) -> Result<Profile, BackendError> {
        Profile::read("cloud", KEYS, values.iter().map(|(name, value)| (*name, BackendSecret::from(*value))))
    }

    #[test]
    fn values_are_sorted_by_key() {
        let profile = read(&[("url", "https://cloud.example"), ("token", "hush")]).unwrap();
        assert_eq!(profile.text("url"), Some("https://cloud.example"));
        assert_eq!(profile.secret("token"), Some(&BackendSecret::from("hush")));
        assert_eq!((profile.text("token"), profile.text("home"), profile.kind()), (None, None, "cloud"));
        assert!(!format!("{profile:?}").contains("hush"));
    }

    #[test]
    fn what_is_wrong_is_named_without_values() {
        let full = [("url", "https://cloud.example"), ("token", "hush")];
        let cases: [(&[(&str, &str)], &str); 5] = [
            (&full[..1], "cloud needs `token`: who asks"),
            (&full[1..], "cloud needs `url`: its address"),
            (&[("url", ""), full[1]], "cloud needs `url`: its address"),
            (&[full[0], ("token", "")], "cloud needs `token`: who asks"),
            (&[full[0], full[1], ("colour", "red")], "`colour` is not a setting of cloud; there are: url, token, home"),
        ];
        for (values, cause) in cases {
            let error = read(values).unwrap_err();
            assert_eq!((error.code(), &*error.causes()[0]), (Code::BackendMisconfigured, cause));
        }
        let garbage = [("url", BackendSecret::new(vec![0xff]))];
        let error = Profile::read("cloud", KEYS, garbage).unwrap_err();
        assert_eq!(error.causes(), ["the value of `url` is not text"]);
    }
}
