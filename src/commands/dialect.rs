//! `--dialect`, and `dialect=` in a locator: typed words become a value that `device` uses.

use clap::{Args, ValueEnum};

use crate::device::DialectChoice;
use crate::settings::Setting;
use crate::transport::Locator;

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
    /// What the board's console is wished to speak, as the part of a device's name that it is.
    pub(super) fn wish(&self) -> Option<Setting<String>> {
        let word = |choice: Choice| choice.to_possible_value().map(|value| value.get_name().to_owned());
        Setting::option(self.dialect.and_then(word), "--dialect")
    }
}

/// The dialect for a device, as its locator says.
pub(super) fn of(device: &Locator) -> DialectChoice {
    match device.parameter("dialect") {
        Some("protocomm") => DialectChoice::Named("protocomm"),
        Some("agent") => DialectChoice::Named("agent"),
        _ => DialectChoice::Auto,
    }
}
