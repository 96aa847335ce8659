//! What may follow `console:`: a port, and how to read it.

use crate::transport::serial::Reset;
use crate::transport::{Evidence, Locator, TransportError};

/// The rate of ESP-IDF's boot console.
pub const DEFAULT_BAUD: u32 = 115_200;
/// Rates that make sense for a console.
const BAUD_RATES: std::ops::RangeInclusive<u32> = 300..=4_000_000;

/// A locator's meaning for the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// The port as given; empty for the only board there is.
    pub port: String,
    /// `baud`: bits per second; [`DEFAULT_BAUD`] unless said.
    pub baud: u32,
    /// `reset`: what to do to the board first, `never`, `boot` or `auto`.
    pub reset: Reset,
}

impl ConsoleSettings {
    /// Reads a locator.
    ///
    /// # Errors
    /// [`Evidence::BadAddress`].
    pub fn read(locator: &Locator) -> Result<Self, TransportError> {
        let bad = |reason: String| TransportError::from(Evidence::BadAddress { address: locator.to_string(), reason });
        let (port, reset) = (locator.address().to_owned(), Reset::Never);
        let mut settings = Self { port, baud: DEFAULT_BAUD, reset };
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
        let settings = read("console:/dev/ttyUSB0?baud=921600&reset=auto").expect("settings");
        let port = "/dev/ttyUSB0".to_owned();
        assert_eq!(settings, ConsoleSettings { port, baud: 921_600, reset: Reset::Auto });
        assert_eq!(read("console:COM3").expect("settings").baud, DEFAULT_BAUD);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (locator, word) in [
            ("console:?baud=fast", "fast"),
            ("console:?reset=always", "never"),
            ("console:?dialect=agent", "dialect"),
            ("console:?x=1", "x"),
        ] {
            let error = read(locator).expect_err(locator);
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(read("console:?baud=0").is_err());
    }
}
