//! The serial port that is meant where one is named: by its name, or by a console's locator that says how to open it too.
//!
//! Which port of this computer a name stands for is found out in `transport::serial`, when it is opened.

use super::App;
use super::device::CONSOLE;
use crate::code::{Code, NAME_PORT};
use crate::failure::Failure;
use crate::settings::{Origin, Setting, given};
use crate::text;
use crate::transport::console::ConsoleSettings;
use crate::transport::serial::{self, Reset, Settings};
use crate::transport::{Locator, TransportError};

/// The option, or the variable that names the port of all commands.
pub(super) fn or_variable(flag: Option<String>, flag_name: &'static str, app: &App<'_>) -> Option<Setting<String>> {
    given(flag, flag_name, "ESPCTL_PORT", app.environment)
}

/// A port that is named, as its console's locator. What was typed besides wins over what a variable says, and may not
/// contradict what was typed.
pub(super) fn locator(port: &Setting<String>, baud: Option<u32>, reset: Option<&str>) -> Result<Locator, Failure> {
    let name = port.value.as_str();
    let is_locator = name.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(CONSOLE));
    let locator = if is_locator {
        name.parse().map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(format!("{} names no serial port", port.origin)).caused_by(&error)
        })?
    } else {
        Locator::new(CONSOLE, name)
    };
    with_options(locator, port.origin, baud, reset)
}

/// The same with `--baud` and `--reset`.
pub(super) fn with_options(
    locator: Locator,
    origin: Origin,
    baud: Option<u32>,
    reset: Option<&str>,
) -> Result<Locator, Failure> {
    let typed = matches!(origin, Origin::Flag(_));
    let options = [("baud", baud.map(|baud| baud.to_string())), ("reset", reset.map(str::to_owned))];
    options.into_iter().filter_map(|(key, value)| Some((key, value?))).try_fold(locator, |locator, (key, value)| {
        if typed && locator.parameters().any(|(own, other)| own == key && other != value) {
            return Err(Failure::new(Code::UsageConflict)
                .saying(format!("--{key} and the port's own {key}= contradict each other"))
                .hint("leave out one of them"));
        }
        Ok(locator.with(key, &value))
    })
}

/// Whether a locator of the console names a port that can be.
pub(super) fn check(locator: &Locator) -> Result<(), Failure> {
    Ok(serial::check_name(locator.address())?)
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
    pub(super) fn read(port: Option<Setting<String>>, baud: Option<u32>, reset: Option<&str>) -> Result<Self, Failure> {
        let port = port.unwrap_or(Setting { value: String::new(), origin: Origin::Default });
        let locator = locator(&port, baud, reset)?;
        let said = |key| locator.parameters().any(|(own, _)| own == key);
        if let Some((other, _)) = locator.parameters().find(|(key, _)| !["baud", "reset"].contains(key)) {
            return Err(Failure::new(Code::UsageInvalid)
                .saying(format!("a port that is heard takes baud and reset, and no {:?}", text::sanitise(other))));
        }
        check(&locator)?;
        let settings = ConsoleSettings::read(&locator).map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(match error {
                TransportError::BadAddress { reason, .. } => text::sanitise(&reason).into_owned(),
                other => other.to_string(),
            })
        })?;
        let reset = said("reset").then_some(settings.reset);
        Ok(Self { name: settings.port, baud: settings.baud, reset, origin: port.origin })
    }

    /// Finds the port, opened by nobody yet; `like` is how a person names it here.
    pub(super) async fn find(&self, like: &str) -> Result<Settings, Failure> {
        let path = serial::resolve(&self.name).await.map_err(|error| {
            let failure = named_like(error.into(), like);
            match self.origin {
                Origin::Environment(_) => failure.because(format!("it was named by {}", self.origin)),
                _ => failure,
            }
        })?;
        Ok(Settings { path, baud: self.baud })
    }
}

/// The failure with the advice to name the port in this way.
fn named_like(mut failure: Failure, like: &str) -> Failure {
    failure.hints.iter_mut().filter(|hint| *hint == NAME_PORT).for_each(|hint| {
        *hint = format!("name the port: {like}");
    });
    failure
}

/// The failure without the advice to have the board restarted, where that was done, or tried.
pub(super) fn restarted(mut failure: Failure, reset: Reset) -> Failure {
    if reset != Reset::Never {
        failure.hints.iter_mut().for_each(|hint| *hint = hint.replace(", or give --reset boot", ""));
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_not_advised() {
        for code in [Code::BoardSilent, Code::BoardNoPayload] {
            let hints = |reset| restarted(Failure::new(code), reset).hints.join("\n");
            assert!(hints(Reset::Never).contains("--reset boot"), "{code:?}");
            assert!(!hints(Reset::Auto).contains("--reset") && hints(Reset::Auto).contains("reset button"), "{code:?}");
        }
    }

    #[test]
    fn the_advice_fits_the_place() {
        for code in [Code::PortNoBoard, Code::PortSeveral] {
            let failure = named_like(Failure::new(code), "espctl monitor PORT");
            assert!(failure.hints.contains(&"name the port: espctl monitor PORT".to_owned()), "{failure:?}");
            assert!(!failure.hints.contains(&NAME_PORT.to_owned()), "{failure:?}");
        }
    }
}
