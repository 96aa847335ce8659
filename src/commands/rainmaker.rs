//! What makes scripts for `esp-rainmaker-cli provision` run unchanged: its options that have no effect here, and its
//! parser's habit (argparse's) of taking any prefix that is unambiguous among its own options.

use std::ffi::OsString;

use clap::ArgAction;
use serde_json::Value;

use crate::code::Code;
use crate::failure::Failure;
use crate::settings::Setting;
use crate::transport::DeviceParts;

/// Every long option of `esp-rainmaker-cli provision`, with hyphens throughout.
const OPTIONS: [&str; 21] = [
    "pop",
    "transport",
    "sec-ver",
    "sec2-username",
    "sec2-password",
    "device-name",
    "ssid",
    "passphrase",
    "qrcode",
    "no-retry",
    "no-wifi",
    "device-ip",
    "device-host",
    "device-port",
    "discovery-timeout",
    "disable-chal-resp",
    "no-disable-chal-resp",
    "tags",
    "metadata",
    "profile",
    "help",
];

/// The command line with the abbreviations of `provision` written out that mean one option to `esp-rainmaker-cli`,
/// though there are more options here: `--pass` is `--passphrase`, whatever `--passphrase-file` may be.
pub(super) fn expand_abbreviations(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    let command = arguments.iter().skip(1).position(|argument| !argument.as_encoded_bytes().starts_with(b"-"));
    let Some(command) = command.map(|at| at + 1).filter(|&at| arguments[at] == "provision") else { return arguments };
    for argument in arguments.iter_mut().skip(command + 1).take_while(|argument| **argument != "--") {
        if let Some(longer) = argument.to_str().and_then(unabbreviated) {
            *argument = longer.into();
        }
    }
    arguments
}

fn unabbreviated(argument: &str) -> Option<String> {
    let option = argument.strip_prefix("--")?;
    let (name, value) = option.split_at(option.find('=').unwrap_or(option.len()));
    let name = name.replace('_', "-");
    let mut meant = OPTIONS.into_iter().filter(|own| own.starts_with(&name));
    match (meant.next(), meant.next()) {
        (Some(own), None) if own != name && !name.is_empty() => Some(format!("--{own}{value}")),
        _ => None,
    }
}

/// Options that concern the account or the network transport of `esp-rainmaker-cli`: accepted, so that scripts run, and said
/// to be without effect.
#[derive(Debug, clap::Args)]
pub(super) struct RainMakerArgs {
    #[arg(long, alias = "device_ip", hide = true, conflicts_with_all = ["device", "address", "device_host"])]
    device_ip: Option<String>,
    #[arg(long, alias = "device_host", hide = true, conflicts_with_all = ["device", "address"])]
    device_host: Option<String>,
    #[arg(long, alias = "device_port", hide = true)]
    device_port: Option<u16>,
    #[arg(long, alias = "discovery_timeout", hide = true)]
    discovery_timeout: Option<f64>,
    #[arg(long, alias = "disable_chal_resp", hide = true, overrides_with = "no_disable_chal_resp")]
    disable_chal_resp: bool,
    #[arg(long, alias = "no_disable_chal_resp", hide = true, action = ArgAction::SetTrue)]
    no_disable_chal_resp: bool,
    #[arg(long, hide = true)]
    tags: Option<String>,
    #[arg(long, hide = true)]
    metadata: Option<String>,
    #[arg(long, hide = true)]
    profile: Option<String>,
}

impl RainMakerArgs {
    /// The parts of the device's name with the host and port given here: `--device-ip` and `--device-host` name the
    /// address of a device on its own network, and `--device-port` its port.
    pub(super) fn with_host(&self, parts: DeviceParts) -> DeviceParts {
        let ip = Setting::option(self.device_ip.clone(), "--device-ip");
        let host = ip.or_else(|| Setting::option(self.device_host.clone(), "--device-host"));
        DeviceParts { host, host_port: Setting::option(self.device_port, "--device-port"), ..parts }
    }

    /// Values that `esp-rainmaker-cli` would not take either.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match &self.metadata {
            Some(metadata) if serde_json::from_str::<Value>(metadata).is_err() => {
                Err(Failure::new(Code::UsageInvalid).saying("--metadata takes JSON"))
            }
            _ => Ok(()),
        }
    }

    /// A note on the options given that have no effect, if there are any.
    pub(super) fn note(&self) -> Option<String> {
        let given = [
            ("--discovery-timeout", self.discovery_timeout.is_some()),
            ("--disable-chal-resp", self.disable_chal_resp && !self.no_disable_chal_resp),
            ("--tags", self.tags.is_some()),
            ("--metadata", self.metadata.is_some()),
            ("--profile", self.profile.is_some()),
        ];
        let given: Vec<_> = given.into_iter().filter_map(|(name, given)| given.then_some(name)).collect();
        (!given.is_empty()).then(|| {
            format!("without effect, since this version has no account and no network discovery: {}", given.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::commands::Cli;

    fn spelled(line: &str) -> String {
        let words = expand_abbreviations(line.split(' ').map(OsString::from));
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_unambiguous_there_is_written_out_here() {
        let line = "espctl provision --pass x --sec_v=1 --device_n N --tr softap --no-w --qr -";
        let full =
            "espctl provision --passphrase x --sec-ver=1 --device-name N --transport softap --no-wifi --qrcode -";
        assert_eq!(spelled(line), full);
    }

    #[test]
    fn what_is_ambiguous_other_or_a_value_stays() {
        for line in [
            "espctl provision --dev N --sec 1 --p x -- --pass",
            "espctl --json scan --pass x",
            "espctl provision --passphrase-file x --no-input -v",
            "espctl",
        ] {
            assert_eq!(spelled(line), line);
        }
    }

    #[test]
    fn no_option_of_ours_is_taken_for_an_abbreviation() {
        let mut command = Cli::command();
        command.build();
        let provision = command.find_subcommand("provision").expect("the command");
        let names = provision.get_arguments().flat_map(|own| own.get_long_and_visible_aliases().unwrap_or_default());
        for name in names {
            assert_eq!(unabbreviated(&format!("--{name}")), None, "{name}");
        }
        for name in OPTIONS {
            let both = |own: &clap::Arg| own.get_long() == Some(name);
            assert!(provision.get_arguments().any(both), "{name} is missing here");
        }
    }
}
