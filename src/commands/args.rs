//! Options that several subcommands share, as typed. What they mean is worked out in each command's plan.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Command, ValueEnum};

use crate::settings::keys::{Key, TIMEOUT};
use crate::settings::{Environment, Files, find};
use crate::transport::KINDS;

/// Most time for a whole run where nothing says otherwise, in seconds.
const TIMEOUT_DEFAULT: u64 = 180;

/// How the program talks; every command has these.
#[derive(Debug, Clone, Default, Args)]
#[allow(clippy::struct_excessive_bools)] // switches, as typed
pub(super) struct OutputArgs {
    /// Print one JSON document on standard output, also on failure
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Say less: only warnings and errors
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Say more: -v each exchange with the device, -vv decoded
    #[arg(short, long, global = true, help_heading = "Output", action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Colour: auto (on a terminal without NO_COLOR), always or never; default: auto
    #[arg(long, global = true, help_heading = "Output", value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorChoice>,
    /// Never ask; a missing answer is an error
    #[arg(long, global = true, help_heading = "Output", alias = "no_input")]
    pub no_input: bool,
    /// Ask line by line, without redrawing: for screen readers and dumb terminals
    #[arg(long, global = true, help_heading = "Output")]
    pub plain: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)] // each would become a paragraph of every command's help
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// Options that every command takes, hidden from the help of those on which they have no effect.
pub(super) fn without_questions() -> Vec<Arg> {
    let every = OutputArgs::augment_args(Command::new(""));
    let idle = every.get_arguments().filter(|own| ["verbose", "no_input", "plain"].contains(&own.get_id().as_str()));
    idle.map(|own| own.clone().hide(true)).collect()
}

/// Which device, and how it is reached.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct DeviceArgs {
    #[arg(long, help = locator_help(), value_name = "LOCATOR", help_heading = "Device")]
    pub device: Option<String>,
    #[arg(long, help = transport_help(), value_name = "KIND", help_heading = "Device", conflicts_with = "device")]
    pub transport: Option<String>,
    #[arg(long, help = address_help(), value_name = "ADDRESS", help_heading = "Device", conflicts_with = "device")]
    pub address: Option<String>,
    /// The board's serial port, for its console: a path, a path with *, usb:VID:PID, usb:VID or a serial number; without
    /// one, the only board there is [env: ESPCTL_PORT]
    #[arg(long, value_name = "PORT", help_heading = "Device", conflicts_with_all = ["device", "address"])]
    pub port: Option<String>,
    /// The console's rate, in bits per second; default: 115200
    #[arg(long, value_name = "RATE", help_heading = "Device")]
    pub baud: Option<u32>,
    /// Restart the board on its serial port first: never, boot, or auto for one that says nothing; default: never
    #[arg(long, value_name = "WHEN", help_heading = "Device")]
    pub reset: Option<String>,
    /// The Bluetooth adapter, by name (hci0) or address; without one, the only one that is on [env: ESPCTL_ADAPTER]
    #[arg(long, value_name = "ADAPTER", help_heading = "Device")]
    pub adapter: Option<String>,
    /// The device's name, for example PROV_d76c30. Over Bluetooth it is looked for by it: with * and ? for any text and
    /// character, or the beginning up to _ or -
    #[arg(long, alias = "device_name", value_name = "NAME", help_heading = "Device")]
    pub device_name: Option<String>,
    /// Onboarding QR code: its text (JSON, NP:… or the qrcode.html address), a file with it, a PNG or JPEG, or -
    #[arg(long, value_name = "PAYLOAD", help_heading = "Device")]
    pub qrcode: Option<String>,
    /// Most time for the whole run, in seconds; prompts do not count; default: 180
    #[arg(long, value_name = "SECONDS", help_heading = "Device", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
}

fn locator_help() -> String {
    let forms: Vec<_> = KINDS.iter().flat_map(|kind| kind.words().locators).copied().collect();
    format!("The device: {}, or sim: for an embedded simulated one [env: ESPCTL_DEVICE]", forms.join(", "))
}

fn transport_help() -> String {
    let schemes: Vec<_> = KINDS.iter().map(|kind| kind.scheme()).collect();
    format!("How to reach the device: {} or sim [env: ESPCTL_TRANSPORT]", schemes.join(", "))
}

fn address_help() -> String {
    let addresses: Vec<_> = KINDS.iter().filter_map(|kind| kind.words().addresses).collect();
    format!("The device's address: {}", addresses.join("; "))
}

impl DeviceArgs {
    /// Most time for the whole run, in seconds.
    pub(super) fn seconds(&self, environment: Environment<'_>, files: &Files) -> u64 {
        self.given_seconds(environment, files).unwrap_or(TIMEOUT_DEFAULT)
    }

    /// The same, where somebody said how much.
    pub(super) fn given_seconds(&self, environment: Environment<'_>, files: &Files) -> Option<u64> {
        let given = find(&TIMEOUT, self.timeout.map(|seconds| seconds.to_string()), environment, files);
        given.and_then(|seconds| seconds.value.parse().ok())
    }

    /// The value of the option with this key, as text.
    pub(super) fn value(&self, key: &'static Key) -> Option<String> {
        match key.name {
            "device" => self.device.clone(),
            "transport" => self.transport.clone(),
            "address" => self.address.clone(),
            "port" => self.port.clone(),
            "baud" => self.baud.map(|rate| rate.to_string()),
            "reset" => self.reset.clone(),
            "adapter" => self.adapter.clone(),
            "device-name" => self.device_name.clone(),
            _ => None,
        }
    }
}

/// What is written down of a run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct RecordArgs {
    /// Write the conversation with the device to FILE, decoded, timed, secrets replaced
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write progress to standard error as JSON Lines; also turns prompts off
    #[arg(long)]
    pub events: bool,
}

/// What a command takes that opens a session and carries out one thing in it.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SessionArgs {
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub security: SecurityArgs,
    #[command(flatten)]
    pub record: RecordArgs,
}

/// How the session is secured.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SecurityArgs {
    /// Proof of possession from the device's label [env: ESPCTL_POP]
    #[arg(long, value_name = "POP", help_heading = "Security")]
    pub pop: Option<String>,
    /// Read the proof of possession from a file; - for standard input
    #[arg(long, alias = "pop_file", value_name = "FILE", help_heading = "Security", conflicts_with_all = ["pop", "pop_stdin"])]
    pub pop_file: Option<PathBuf>,
    /// Read the proof of possession from standard input
    #[arg(long, alias = "pop_stdin", help_heading = "Security", conflicts_with = "pop")]
    pub pop_stdin: bool,
    /// Security version, 0, 1 or 2; default: what the device says
    #[arg(long, alias = "sec_ver", value_name = "VERSION", help_heading = "Security", value_parser = clap::value_parser!(u8).range(0..=2))]
    pub sec_ver: Option<u8>,
    /// The lowest security version to accept from the device, 0, 1 or 2
    #[arg(long, alias = "min_sec", value_name = "VERSION", help_heading = "Security", value_parser = clap::value_parser!(u8).range(0..=2))]
    pub min_sec: Option<u8>,
    /// Go on, with a warning, with a device that is less secure than its PoP, its label or --min-sec says
    #[arg(long, alias = "allow_insecure", help_heading = "Security", conflicts_with = "min_sec")]
    pub allow_insecure: bool,
    /// User name of security 2 [env: ESPCTL_SEC2_USERNAME; default: wifiprov]
    #[arg(long, alias = "sec2_username", value_name = "NAME", help_heading = "Security")]
    pub sec2_username: Option<String>,
    /// Password of security 2; default: the proof of possession [env: ESPCTL_SEC2_PASSWORD]
    #[arg(long, alias = "sec2_password", value_name = "PASSWORD", help_heading = "Security")]
    pub sec2_password: Option<String>,
    /// Read the password of security 2 from a file; - for standard input
    #[arg(long, alias = "sec2_password_file", value_name = "FILE", help_heading = "Security", conflicts_with_all = ["sec2_password", "sec2_password_stdin"])]
    pub sec2_password_file: Option<PathBuf>,
    /// Read the password of security 2 from standard input
    #[arg(long, alias = "sec2_password_stdin", help_heading = "Security", conflicts_with_all = ["sec2_password", "pop_stdin"])]
    pub sec2_password_stdin: bool,
}
