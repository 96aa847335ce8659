//! Where a setting comes from: flag, then environment, then the QR payload, then the default. Merged once, here,
//! each value with its origin.
//!
//! Reading an option's file or standard input is `commands::input`'s work; this is only the order of precedence.

/// Where a value came from, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An option on the command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// The QR payload.
    QrPayload,
    /// Nothing said otherwise.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "option {name}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::QrPayload => f.write_str("the QR payload"),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// How the environment is looked up; a test hands in its own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Takes the first of flag and environment variable; an empty variable counts as unset.
pub fn given(
    flag: Option<String>,
    flag_name: &'static str,
    variable: &'static str,
    environment: Environment<'_>,
) -> Option<Setting<String>> {
    match flag {
        Some(value) => Some(Setting { value, origin: Origin::Flag(flag_name) }),
        None => environment(variable)
            .filter(|value| !value.is_empty())
            .map(|value| Setting { value, origin: Origin::Environment(variable) }),
    }
}

/// Falls back to the QR payload.
pub fn or_qr<T>(setting: Option<Setting<T>>, payload: Option<T>) -> Option<Setting<T>> {
    setting.or_else(|| payload.map(|value| Setting { value, origin: Origin::QrPayload }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_beats_environment_beats_qr() {
        let environment = |name: &str| (name == "ESPCTL_POP").then(|| "from-env".to_owned());
        let resolve = |flag: Option<&str>, environment: Environment<'_>| {
            let setting = given(flag.map(str::to_owned), "--pop", "ESPCTL_POP", environment);
            or_qr(setting, Some("from-qr".to_owned())).map(|setting| (setting.value, setting.origin))
        };
        assert_eq!(resolve(Some("typed"), &environment), Some(("typed".into(), Origin::Flag("--pop"))));
        assert_eq!(resolve(None, &environment), Some(("from-env".into(), Origin::Environment("ESPCTL_POP"))));
        assert_eq!(resolve(None, &|_| None), Some(("from-qr".into(), Origin::QrPayload)));
        assert_eq!(resolve(None, &|_| Some(String::new())), Some(("from-qr".into(), Origin::QrPayload)));
    }
}
