//! `--dialect`, and `dialect=` in a locator: typed words become a value that `device` uses.

use clap::{Args, ValueEnum};

use super::App;
use super::args::DeviceArgs;
use super::device::CONSOLE;
use crate::code::Code;
use crate::device::DialectChoice;
use crate::failure::Failure;
use crate::settings::given;
use crate::transport::Locator;
use crate::transport::console::{ConsoleSettings, Dialect};

/// The dialect that only a console has.
const AGENT: DialectChoice = DialectChoice::Named("agent");

/// The option.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct DialectArgs {
    /// What the board's console speaks: protocomm, the RainMaker agent's own commands, or auto for whichever answers;
    /// default: auto
    #[arg(long, value_name = "DIALECT", help_heading = "Board")]
    dialect: Option<Choice>,
}

/// As typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// protocomm where it answers, else the agent's console
    Auto,
    /// Firmware whose provisioning transport is the console
    Protocomm,
    /// RainMaker firmware with the agent's console, whichever its provisioning transport
    #[value(name = "agent")]
    RainMaker,
}

impl DialectArgs {
    fn said(&self) -> Option<DialectChoice> {
        self.dialect.map(|choice| match choice {
            Choice::Auto => DialectChoice::Auto,
            Choice::Protocomm => DialectChoice::Named("protocomm"),
            Choice::RainMaker => AGENT,
        })
    }

    /// The agent is on a console, so none needs to be named besides; a label's transport does not matter to it.
    pub(super) fn needs_console(&self, device: &mut DeviceArgs, app: &App<'_>) {
        let named = |flag: Option<&String>, variable| {
            flag.is_some() || given(None::<String>, "", variable, app.environment).is_some()
        };
        let said =
            named(device.transport.as_ref(), "ESPCTL_TRANSPORT") || named(device.device.as_ref(), "ESPCTL_DEVICE");
        if self.said() == Some(AGENT) && !said && device.address.is_none() {
            device.transport = Some(CONSOLE.to_owned());
        }
    }

    /// The dialect for a device: what the option or the device's locator says.
    pub(super) fn choose(&self, device: &Locator) -> Result<DialectChoice, Failure> {
        let located = located(device);
        match (self.said(), located) {
            (Some(DialectChoice::Named(_)), _) if device.scheme() != CONSOLE => Err(Failure::new(Code::UsageConflict)
                .saying(format!("--dialect is for a board's console, not for {}", device.scheme()))
                .hint("name the board's serial port with --port")),
            (Some(said), Some(located)) if said != located => Err(Failure::new(Code::UsageConflict)
                .saying("--dialect and the device's own dialect= contradict each other")),
            (said, located) => Ok(said.or(located).unwrap_or_default()),
        }
    }
}

/// What a locator says of the dialect.
pub(super) fn located(device: &Locator) -> Option<DialectChoice> {
    if device.scheme() != CONSOLE {
        return None;
    }
    let said = ConsoleSettings::read(device).ok()?.dialect?;
    Some(match said {
        Dialect::Auto => DialectChoice::Auto,
        Dialect::Protocomm => DialectChoice::Named("protocomm"),
        Dialect::RainMaker => AGENT,
    })
}
