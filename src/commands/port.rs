//! The serial port that is meant where one is named: by its name, or by a console's locator that says how to open it too.
//!
//! Which port of this computer a name stands for is found out in `transport::serial`, when it is opened.

use super::app::App;
use crate::code::{Code, Fact};
use crate::failure::Failure;
use crate::settings::keys::PORT;
use crate::settings::{Origin, Setting, given};
use crate::text;
use crate::transport::console::{ConsoleSettings, port_locator};
use crate::transport::serial::{self, Reset, Settings};
use crate::transport::{Evidence, TransportError};

/// The option, or the variable that names the port of all commands.
pub(super) fn or_variable(flag: Option<String>, flag_name: &'static str, app: &App<'_>) -> Option<Setting<String>> {
    given(flag, flag_name, "ESPCTL_PORT", app.environment).or_else(|| app.files.value(&PORT))
}

/// A port on which a board is heard.
pub(super) struct Heard {
    name: String,
    pub(super) baud: u32,
    /// What to do to the board first, where that was said.
    pub(super) reset: Option<Reset>,
    origin: Origin,
}

impl Heard {
    /// What was said of it, checked; no I/O. An empty name stands for the only board there is.
    pub(super) fn read(
        port: Option<Setting<String>>,
        baud: Option<&Setting<u32>>,
        reset: Option<&Setting<String>>,
    ) -> Result<Self, Failure> {
        let port = port.unwrap_or(Setting { value: String::new(), origin: Origin::Default });
        let locator = port_locator(&port, baud, reset)?;
        let said = |key| locator.parameters().any(|(own, _)| own == key);
        if let Some((other, _)) = locator.parameters().find(|(key, _)| !["baud", "reset"].contains(key)) {
            return Err(Failure::new(Code::UsageInvalid)
                .saying(format!("a port that is heard takes baud and reset, and no {:?}", text::sanitise(other))));
        }
        serial::check_name(locator.address())?;
        let settings = ConsoleSettings::read(&locator).map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(match error {
                TransportError { evidence: Evidence::BadAddress { reason, .. }, .. } => {
                    text::sanitise(&reason).into_owned()
                }
                other => other.to_string(),
            })
        })?;
        let reset = said("reset").then_some(settings.reset);
        Ok(Self { name: settings.port, baud: settings.baud, reset, origin: port.origin })
    }

    /// Finds the port, which is not opened yet; `like` is how a person names it here.
    pub(super) async fn find(&self, like: &str) -> Result<Settings, Failure> {
        let path = serial::resolve(&self.name).await.map_err(|error| {
            let failure = Failure::from(error).knowing_value(Fact::PortArgument, like);
            match self.origin {
                Origin::Environment(_) => failure.because(format!("it was named by {}", self.origin)),
                _ => failure,
            }
        })?;
        Ok(Settings { path, baud: self.baud })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_place() {
        for code in [Code::PortNoBoard, Code::PortSeveral] {
            let failure = Failure::new(code).knowing_value(Fact::PortArgument, "espctl monitor PORT");
            assert!(failure.hints().contains(&"name the port: espctl monitor PORT".to_owned()), "{failure:?}");
            assert!(!failure.hints().contains(&"name the port: --port PORT".to_owned()), "{failure:?}");
        }
    }
}
