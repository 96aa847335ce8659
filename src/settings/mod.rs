//! Where a setting comes from: option, then environment, then the QR payload, then the default. Merged once, here,
//! each value with its origin. Which device is meant: `target.rs`.
//!
//! Reading an option's file or standard input is `commands::input`'s work; this is only the order of precedence.

pub mod keys;
pub mod target;

pub use crate::origin::{Origin, Setting};

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
        Some(value) => Some(Setting { value, origin: Origin::Option(flag_name) }),
        None => environment(variable)
            .filter(|value| !value.is_empty())
            .map(|value| Setting { value, origin: Origin::Environment(variable) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_wins_over_the_environment() {
        let environment = |name: &str| (name == "ESPCTL_POP").then(|| "from-env".to_owned());
        let given = |flag: Option<&str>, environment: Environment<'_>| {
            let setting = given(flag.map(str::to_owned), "--pop", "ESPCTL_POP", environment);
            setting.map(|setting| (setting.value, setting.origin))
        };
        assert_eq!(given(Some("typed"), &environment), Some(("typed".into(), Origin::Option("--pop"))));
        assert_eq!(given(None, &environment), Some(("from-env".into(), Origin::Environment("ESPCTL_POP"))));
        assert_eq!(given(None, &|_| None), None);
        assert_eq!(given(None, &|_| Some(String::new())), None, "an empty variable counts as unset");
    }
}
