//! What may follow `console:`: a port, and how to read it.

use crate::transport::serial::Reset;
use crate::transport::{Evidence, Locator, TransportError};

/// The rate of ESP-IDF's boot console.
pub const DEFAULT_BAUD: u32 = 115_200;
/// Rates that make sense for a console.
const BAUD_RATES: std::ops::RangeInclusive<u32> = 300..=4_000_000;

/// What a board's console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Whichever answers.
    #[default]
    Auto,
    /// protocomm's console: what this transport carries.
    Protocomm,
    /// The RainMaker agent's own console, which carries no protocomm.
    RainMaker,
}

/// A locator's meaning for the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// The port as given; empty for the only board there is.
    pub port: String,
    /// `baud`: bits per second; [`DEFAULT_BAUD`] unless said.
    pub baud: u32,
    /// `reset`: what to do to the board first, `never`, `boot` or `auto`.
    pub reset: Reset,
    /// `dialect`: `auto`, `protocomm` or `agent`, where it is said.
    pub dialect: Option<Dialect>,
}

impl ConsoleSettings {
    /// Reads a locator.
    ///
    /// # Errors
    /// [`Evidence::BadAddress`].
    pub fn read(locator: &Locator) -> Result<Self, TransportError> {
        let bad = |reason: String| TransportError::from(Evidence::BadAddress { address: locator.to_string(), reason });
        let (port, reset) = (locator.address().to_owned(), Reset::Never);
        let mut settings = Self { port, baud: DEFAULT_BAUD, reset, dialect: None };
        for (key, value) in locator.parameters() {
            match key {
                "baud" => {
                    let rate = value.parse().ok().filter(|rate| BAUD_RATES.contains(rate));
                    settings.baud = rate.ok_or_else(|| bad(format!("baud takes a rate like 115200, not {value:?}")))?;
                }
                "reset" => {
                    settings.reset = match value {
                        "never" => Reset::Never,
                        "boot" => Reset::Boot,
                        "auto" => Reset::Auto,
                        _ => return Err(bad(format!("reset takes never, boot or auto, not {value:?}"))),
                    }
                }
                "dialect" => {
                    settings.dialect = Some(match value {
                        "auto" => Dialect::Auto,
                        "protocomm" => Dialect::Protocomm,
                        "agent" => Dialect::RainMaker,
                        _ => return Err(bad(format!("dialect takes auto, protocomm or agent, not {value:?}"))),
                    });
                }
                _ => return Err(bad(format!("console takes baud, reset and dialect, and no {key:?}"))),
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(locator: &str) -> Result<ConsoleSettings, TransportError> {
        ConsoleSettings::read(&locator.parse().expect("a locator"))
    }

    #[test]
    fn a_locator_says_which_port_and_how() {
        let settings = read("console:/dev/ttyUSB0?baud=921600&reset=auto&dialect=agent").expect("settings");
        let (port, dialect) = ("/dev/ttyUSB0".to_owned(), Some(Dialect::RainMaker));
        assert_eq!(settings, ConsoleSettings { port, baud: 921_600, reset: Reset::Auto, dialect });
        assert_eq!(read("console:COM3").expect("settings").baud, DEFAULT_BAUD);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (locator, word) in [
            ("console:?baud=fast", "fast"),
            ("console:?reset=always", "never"),
            ("console:?dialect=at", "agent"),
            ("console:?x=1", "x"),
        ] {
            let error = read(locator).expect_err(locator);
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(read("console:?baud=0").is_err());
    }
}
