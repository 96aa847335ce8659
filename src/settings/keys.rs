//! The settings that have a name of their own wherever they are given: as an option, an environment variable, a column
//! of a row or a line of a settings file.

use crate::code::Code;
use crate::device::DialectChoice;
use crate::failure::Failure;
use crate::origin::Setting;
use crate::transport::DeviceParts;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in a settings file, with its section: `device-name`, `security.pop`.
    pub name: &'static str,
    /// Its option on the command line.
    pub option: &'static str,
    /// Its environment variable, if it has one.
    pub variable: Option<&'static str>,
    /// What it takes.
    pub takes: Takes,
    /// What holds where no place has it, where that is one value.
    pub default: Option<&'static str>,
}

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Text, not empty.
    Text,
    /// Text that is never shown; in a file also `env:NAME` or `file:PATH`.
    Secret,
    /// A whole number in these bounds.
    Number(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A word for a dialect.
    Dialect,
    /// True or false.
    Switch,
}

macro_rules! keys {
    ($($constant:ident = $name:literal, $option:literal, $variable:expr, $takes:expr, $default:expr;)*) => {
        $(#[doc = concat!("`", $name, "`.")]
        pub static $constant: Key =
            Key { name: $name, option: $option, variable: $variable, takes: $takes, default: $default };)*

        /// Every key, in the order in which they are shown.
        pub static ALL: &[&Key] = &[$(&$constant),*];
    };
}

keys! {
    DEVICE = "device", "--device", Some("ESPCTL_DEVICE"), Takes::Text, None;
    TRANSPORT = "transport", "--transport", Some("ESPCTL_TRANSPORT"), Takes::Text, None;
    ADDRESS = "address", "--address", None, Takes::Text, None;
    PORT = "port", "--port", Some("ESPCTL_PORT"), Takes::Text, None;
    BAUD = "baud", "--baud", None, Takes::Number(300, 4_000_000), Some("115200");
    RESET = "reset", "--reset", None, Takes::Word(&["never", "boot", "auto"]), Some("never");
    ADAPTER = "adapter", "--adapter", Some("ESPCTL_ADAPTER"), Takes::Text, None;
    DEVICE_NAME = "device-name", "--device-name", None, Takes::Text, None;
    DIALECT = "dialect", "--dialect", None, Takes::Dialect, Some("auto");
    TIMEOUT = "timeout", "--timeout", None, Takes::Number(1, i64::MAX), Some("180");
    SEC_VER = "security.sec-ver", "--sec-ver", None, Takes::Number(0, 2), None;
    MIN_SEC = "security.min-sec", "--min-sec", None, Takes::Number(0, 2), None;
    POP = "security.pop", "--pop", Some("ESPCTL_POP"), Takes::Secret, None;
    USERNAME = "security.username", "--sec2-username", Some("ESPCTL_SEC2_USERNAME"), Takes::Text, None;
    PASSWORD = "security.password", "--sec2-password", Some("ESPCTL_SEC2_PASSWORD"), Takes::Secret, None;
    SSID = "network.ssid", "--ssid", Some("ESPCTL_SSID"), Takes::Text, None;
    PASSPHRASE = "network.passphrase", "--passphrase", Some("ESPCTL_PASSPHRASE"), Takes::Secret, None;
    BSSID = "network.bssid", "--bssid", None, Takes::Text, None;
    CHANNEL = "network.channel", "--channel", None, Takes::Number(1, 196), None;
    COLOR = "output.color", "--color", None, Takes::Word(&["auto", "always", "never"]), Some("auto");
    PLAIN = "output.plain", "--plain", None, Takes::Switch, Some("false");
    QUIET = "output.quiet", "--quiet", None, Takes::Switch, Some("false");
    NO_INPUT = "output.no-input", "--no-input", None, Takes::Switch, Some("false");
}

impl Takes {
    /// The words it takes, where it takes nothing else.
    pub fn words(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Word(words) => Some(words.to_vec()),
            Self::Dialect => Some(DialectChoice::words()),
            Self::Text | Self::Secret | Self::Number(..) | Self::Switch => None,
        }
    }

    /// What it takes, for messages: `takes …`.
    pub fn describe(self) -> String {
        let words = || self.words().unwrap_or_default().join(", ");
        match self {
            Self::Text => "text in quotation marks, not empty".to_owned(),
            Self::Secret => "text in quotation marks: env:NAME, file:PATH or the secret itself".to_owned(),
            Self::Number(least, i64::MAX) => format!("a whole number, {least} or more"),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Word(_) | Self::Dialect => format!("one of {}, in quotation marks", words()),
            Self::Switch => "true or false, without quotation marks".to_owned(),
        }
    }
}

/// The parts of a device's name, each as `find` has it: from a command line, its environment and files, from a row of a
/// file or from a request. The label's payload, and what a board prints, are added by the caller.
///
/// # Errors
/// A rate that is not a number.
pub fn device_parts(find: &dyn Fn(&'static Key) -> Option<Setting<String>>) -> Result<DeviceParts, Failure> {
    let baud = find(&BAUD).map(|baud| match baud.value.parse::<u32>() {
        Ok(rate) => Ok(Setting::new(rate, baud.origin)),
        Err(_) => Err(Failure::new(Code::UsageInvalid)
            .saying(format!("{} takes a rate in bits per second, like 115200", BAUD.option))
            .because(format!("it was given by {}", baud.origin))),
    });
    Ok(DeviceParts {
        device: find(&DEVICE),
        transport: find(&TRANSPORT),
        address: find(&ADDRESS),
        port: find(&PORT),
        baud: baud.transpose()?,
        reset: find(&RESET),
        adapter: find(&ADAPTER),
        name: find(&DEVICE_NAME),
        dialect: find(&DIALECT),
        ..DeviceParts::default()
    })
}
