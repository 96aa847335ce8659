//! A value and where it came from: the order of precedence that all settings share.
//!
//! The places themselves (options, environment, files) are read in `settings/` and `commands/`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value came from. The order of the variants is the order of precedence: what comes first wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An option on the command line.
    Option(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// The QR payload, from a label or from the board itself.
    QrPayload,
    /// The settings file of the working folder, or of a folder above it.
    ProjectFile(Arc<Path>),
    /// The settings file of the user.
    UserFile(Arc<Path>),
    /// No place has it.
    Default,
}

impl Origin {
    /// Whether it was given for this one run, so that it may not be passed over in silence. What a variable or a file
    /// says may be meant for other runs.
    pub fn is_explicit(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// Whether it wins over what a QR payload says.
    pub fn is_above_payload(&self) -> bool {
        *self < Self::QrPayload
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => write!(f, "option {name}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::QrPayload => f.write_str("the QR payload"),
            Self::ProjectFile(path) => write!(f, "the project's settings file {}", path.display()),
            Self::UserFile(path) => write!(f, "the user's settings file {}", path.display()),
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

impl<T> Setting<T> {
    /// A value from this place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A value that an option gave, if it did.
    pub fn option(value: Option<T>, name: &'static str) -> Option<Self> {
        value.map(|value| Self::new(value, Origin::Option(name)))
    }

    /// Whether it was given for this one run.
    pub fn is_explicit(&self) -> bool {
        self.origin.is_explicit()
    }

    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: change(self.value), origin: self.origin }
    }
}

/// The one that wins; of two from the same place the first.
pub fn strongest<T>(settings: impl IntoIterator<Item = Option<Setting<T>>>) -> Option<Setting<T>> {
    settings.into_iter().flatten().min_by(|a, b| a.origin.cmp(&b.origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_wins_over_the_environment_over_the_payload_over_files() {
        let path: Arc<Path> = Path::new("espctl.toml").into();
        let order = [
            Origin::Option("--pop"),
            Origin::Environment("ESPCTL_POP"),
            Origin::QrPayload,
            Origin::ProjectFile(path.clone()),
            Origin::UserFile(path),
            Origin::Default,
        ];
        for (index, stronger) in order.iter().enumerate() {
            for weaker in &order[index + 1..] {
                let both = [Some(Setting::new(2, weaker.clone())), None, Some(Setting::new(1, stronger.clone()))];
                assert_eq!(strongest(both).map(|setting| setting.value), Some(1), "{stronger} and {weaker}");
            }
        }
        let same = [1, 2].map(|value| Some(Setting::new(value, Origin::QrPayload)));
        assert_eq!(strongest(same).map(|setting| setting.value), Some(1));
        assert_eq!(strongest::<u8>([None]), None);
    }
}
