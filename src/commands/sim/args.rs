//! Options of `espctl sim`, as typed, and as the parameters of a simulated device.

use std::net::{Ipv4Addr, SocketAddr};

use uuid::Uuid;

use crate::code::Code;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  espctl sim                           on 127.0.0.1:8080; prints how to provision it
  espctl sim --sec-ver 1 --ap HomeNet=correct-horse-battery --fault auth-failed@1
  espctl sim --count 100 --http 127.0.0.1:9000 --json
  espctl sim --cloud rainmaker --http 127.0.0.1:8090
  espctl sim --ble --name PROV_d76c30  an ESP32 for phones and other computers (Linux)

It runs until Ctrl-C or SIGTERM, and ends then with status 0. Each device ends by itself once it is provisioned, as
firmware does, and the command with the last one; --no-auto-stop keeps them.";

/// The options that only a device has.
const OF_A_DEVICE: [&str; 21] = [
    "count",
    "console",
    "ble",
    "thread",
    "no_auto_stop",
    "profile",
    "sec_ver",
    "pop",
    "no_pop",
    "username",
    "password",
    "name",
    "node_id",
    "ap",
    "join_ms",
    "apply_delay_ms",
    "scan_ms",
    "attempts",
    "seed",
    "noise",
    "dialect",
];

/// What the simulated board's console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Dialect {
    /// ESP-IDF's protocomm console
    Protocomm,
    /// The RainMaker agent's own commands
    #[value(name = "agent")]
    RainMaker,
}

/// The Bluetooth stack the simulated firmware is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Stack {
    /// Refuses with an error and keeps the link; values of 512 bytes
    Nimble,
    /// Refuses with an error and drops the link; values of 481 bytes, or 257 in firmware without security 2
    Bluedroid,
}

/// The cloud that is simulated instead of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum CloudKind {
    /// ESP RainMaker's
    #[value(name = "rainmaker")]
    RainMaker,
}

/// Options of `sim`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // switches, as typed
pub(in crate::commands) struct Args {
    /// Listen here, on localhost where only :PORT is given; with --count, on that many ports from this one on (port 0: any
    /// free ones)
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = listened)]
    pub(super) http: SocketAddr,
    /// A stand-in for a cloud instead of a device: logins in memory, and faults of its own (--list)
    #[arg(long, value_name = "CLOUD", conflicts_with_all = OF_A_DEVICE)]
    pub(super) cloud: Option<CloudKind>,
    /// How many devices
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) count: u16,
    /// On a serial console instead: a pseudo-terminal, whose path is printed
    #[arg(long, conflicts_with_all = ["http", "count"])]
    pub(super) console: bool,
    /// With --console: log lines between and inside everything the board prints
    #[arg(long, requires = "console")]
    pub(super) noise: bool,
    /// With --console: print no faster than this many bits per second
    #[arg(long, alias = "slow_baud", value_name = "RATE", requires = "console", value_parser = clap::value_parser!(u32).range(300..))]
    pub(super) slow_baud: Option<u32>,
    /// With --console: what the console speaks; with agent, the firmware is rainmaker unless --profile says otherwise
    #[arg(long, value_name = "DIALECT", requires = "console", default_value = "protocomm")]
    pub(super) dialect: Dialect,
    /// On this computer's Bluetooth instead: phones and other computers find it there (Linux)
    #[arg(long, conflicts_with_all = ["http", "count", "console"], help_heading = "Bluetooth")]
    pub(super) ble: bool,
    /// The adapter, by name (hci0) or address; without one, the only one that is on [env: ESPCTL_ADAPTER]
    #[arg(long, value_name = "ADAPTER", requires = "ble", help_heading = "Bluetooth")]
    pub(super) adapter: Option<String>,
    /// The Bluetooth stack of the firmware
    #[arg(long, value_name = "STACK", requires = "ble", default_value = "nimble", help_heading = "Bluetooth")]
    pub(super) stack: Stack,
    /// Take values over an encrypted link only: clients have to pair
    #[arg(long, requires = "ble", help_heading = "Bluetooth")]
    pub(super) encrypt: bool,
    /// The provisioning service; default: the firmware's own
    #[arg(long, alias = "service_uuid", value_name = "UUID", requires = "ble", help_heading = "Bluetooth")]
    pub(super) service_uuid: Option<Uuid>,
    /// The firmware to imitate; --list shows them
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    pub(super) profile: Option<String>,
    /// Security version; default: the firmware's own, on a console 1, since 2 does not fit
    #[arg(long, alias = "sec_ver", value_name = "VERSION", help_heading = "Device")]
    pub(super) sec_ver: Option<String>,
    /// Proof of possession; default: abcd1234
    #[arg(long, value_name = "POP", help_heading = "Device")]
    pub(super) pop: Option<String>,
    /// Security 1 without a proof of possession
    #[arg(long, alias = "no_pop", help_heading = "Device", conflicts_with = "pop")]
    pub(super) no_pop: bool,
    /// User name of security 2; default: wifiprov
    #[arg(long, alias = "sec2-username", value_name = "NAME", help_heading = "Device")]
    pub(super) username: Option<String>,
    /// Password of security 2; default: the proof of possession
    #[arg(long, alias = "sec2-password", value_name = "PASSWORD", help_heading = "Device")]
    pub(super) password: Option<String>,
    /// The device's name; default: PROV_ and six hex digits from the seed
    #[arg(long, alias = "device-name", value_name = "NAME", help_heading = "Device")]
    pub(super) name: Option<String>,
    /// RainMaker's node id; default: from the seed
    #[arg(long, alias = "node_id", value_name = "ID", help_heading = "Device")]
    pub(super) node_id: Option<String>,
    /// A Thread device
    #[arg(long, help_heading = "Device")]
    pub(super) thread: bool,
    /// Keep provisioning running after the device has joined
    #[arg(long, alias = "no_auto_stop", help_heading = "Device")]
    pub(super) no_auto_stop: bool,
    /// An access point, SSID=PASSPHRASE (SSID alone: open), with ,channel= ,rssi= ,auth= ,bssid= ,join-ms=
    /// ,admission= ,hidden; repeat for more; default: a small world around HomeNet
    #[arg(long, value_name = "SPEC", help_heading = "World")]
    pub(super) ap: Vec<String>,
    /// How long joining takes, in milliseconds; default: 500
    #[arg(long, alias = "join_ms", value_name = "MS", help_heading = "World")]
    pub(super) join_ms: Option<String>,
    /// How long the device waits between "applied" and joining, in milliseconds; default: 1000, as firmware does
    #[arg(long, alias = "apply_delay_ms", value_name = "MS", help_heading = "World")]
    pub(super) apply_delay_ms: Option<String>,
    /// How long a scan takes, in milliseconds; default: 120 a channel
    #[arg(long, alias = "scan_ms", value_name = "MS", help_heading = "World")]
    pub(super) scan_ms: Option<String>,
    /// Attempts to join before the device gives up; default: the firmware's own
    #[arg(long, value_name = "NUMBER", help_heading = "World")]
    pub(super) attempts: Option<String>,
    /// Something that goes wrong, NAME[@N][=VALUE]; repeat for more; --list shows them
    #[arg(long, value_name = "FAULT", help_heading = "World")]
    pub(super) fault: Vec<String>,
    /// Seed of everything random: the same seed gives the same device
    #[arg(long, value_name = "NUMBER", help_heading = "World")]
    pub(super) seed: Option<String>,
    /// List the firmware profiles and the faults, and end
    #[arg(long)]
    pub(super) list: bool,
}

/// The address to listen on: an IP address and a port, `localhost:PORT`, or `:PORT` for the same.
fn listened(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost").unwrap_or(text).strip_prefix(':');
    match local.and_then(|port| port.parse().ok()) {
        Some(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        None => text.parse().map_err(|error: std::net::AddrParseError| error.to_string()),
    }
}

/// Refuses what cannot work together.
///
/// # Errors
/// [`Code::UsageConflict`].
pub(super) fn check(args: &Args) -> Result<(), Failure> {
    let protocomm = args.console && matches!(args.dialect, Dialect::Protocomm);
    if protocomm && args.sec_ver.as_deref() == Some("2") {
        return Err(Failure::new(Code::UsageConflict)
            .saying("--sec-ver 2 does not fit --console")
            .because("a message of security 2 is longer than a line of the firmware's console")
            .hint("leave out --sec-ver: on a console it is 1"));
    }
    Ok(())
}

/// The options as the pairs that [`from_parameters`](crate::sim::DeviceOptions::from_parameters) takes; the `sim:` locator's keys are the same.
pub(super) fn parameters(args: &Args) -> Vec<(&'static str, String)> {
    let profile = match args.dialect {
        Dialect::RainMaker => args.profile.clone().or_else(|| Some("rainmaker".to_owned())),
        Dialect::Protocomm => args.profile.clone(),
    };
    // Security 2 does not fit into protocomm's console.
    let fits = args.console && matches!(args.dialect, Dialect::Protocomm) && args.profile.is_none();
    let sec_ver = args.sec_ver.clone().or_else(|| fits.then(|| "1".to_owned()));
    let single = [
        ("profile", &profile),
        ("sec-ver", &sec_ver),
        ("pop", &args.pop),
        ("username", &args.username),
        ("password", &args.password),
        ("name", &args.name),
        ("node-id", &args.node_id),
        ("join-ms", &args.join_ms),
        ("apply-delay-ms", &args.apply_delay_ms),
        ("scan-ms", &args.scan_ms),
        ("attempts", &args.attempts),
        ("seed", &args.seed),
    ];
    let switches = [("no-pop", args.no_pop), ("thread", args.thread), ("no-auto-stop", args.no_auto_stop)];
    let single = single.into_iter().filter_map(|(key, value)| value.clone().map(|value| (key, value)));
    let switches = switches.into_iter().filter(|(_, on)| *on).map(|(key, _)| (key, String::new()));
    let many = [("ap", &args.ap), ("fault", &args.fault)];
    let many = many.into_iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value.clone())));
    single.chain(switches).chain(many).collect()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::device::DialectChoice;

    #[test]
    fn an_address_may_be_a_port_alone() {
        for text in ["127.0.0.1:8080", "localhost:8080", ":8080"] {
            assert_eq!(listened(text), Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))), "{text}");
        }
        assert_eq!(listened("[::1]:80").map(|address| address.port()), Ok(80));
        for text in ["", ":", "localhost", "8080", "localhost:99999", "example.com:80"] {
            assert!(listened(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_simulated_board_speaks_dialects_by_their_names() {
        for dialect in Dialect::value_variants() {
            let value = dialect.to_possible_value().expect("a word");
            assert!(DialectChoice::words().contains(&value.get_name()), "{}", value.get_name());
        }
    }
}
