//! `--dialect`: which of the dialects that `device` lists a device is to be spoken to in.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::device::DialectChoice;
use crate::settings::Setting;
use crate::settings::keys::DIALECT;

/// The option.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct DialectArgs {
    /// What the board speaks; default: auto
    #[arg(long, value_name = "DIALECT", help_heading = "Board", value_parser = PossibleValuesParser::new(words()))]
    dialect: Option<String>,
}

impl DialectArgs {
    /// What the board speaks, as typed: the part of a device's name that it is.
    pub(super) fn setting(&self) -> Option<Setting<String>> {
        Setting::option(self.dialect.clone(), DIALECT.option)
    }
}

/// Every word the option takes, with what it means.
fn words() -> Vec<PossibleValue> {
    let meaning = |word: &str| match DialectChoice::read(word).ok().and_then(DialectChoice::dialect) {
        Some(dialect) => dialect.firmware(),
        None => "The first of these that the board answers",
    };
    DialectChoice::words().into_iter().map(|word| PossibleValue::new(word).help(meaning(word))).collect()
}
