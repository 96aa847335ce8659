//! `espctl sim`: a simulated device that real clients accept: over HTTP, or many of them; behind a pseudo-terminal;
//! on this computer's Bluetooth.
//!
//! - `list.rs`: `--list`
//! - `ready.rs`: what is printed once the devices listen
//! - `ble.rs`: `--ble`

mod ble;
mod list;
mod ready;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use uuid::Uuid;

use self::ready::{Member, ready};
use super::app::App;
use super::descriptors;
use crate::code::Code;
use crate::failure::Failure;
use crate::report::Document;
use crate::sim::DeviceOptions;
use crate::sim::host::Observer;
use crate::sim::http::Fleet;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  espctl sim                           on 127.0.0.1:8080; prints how to provision it
  espctl sim --sec-ver 1 --ap HomeNet=correct-horse-battery --fault auth-failed@1
  espctl sim --count 100 --http 127.0.0.1:9000 --json
  espctl sim --ble --name PROV_d76c30  an ESP32 for phones and other computers (Linux)";

/// What the simulated board's console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Dialect {
    /// ESP-IDF's protocomm console
    Protocomm,
    /// The RainMaker agent's own commands
    #[value(name = "agent")]
    RainMaker,
}

/// The Bluetooth stack the simulated firmware is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Stack {
    /// Refuses with an error and keeps the link; values of 512 bytes
    Nimble,
    /// Refuses with an error and drops the link; values of 481 bytes, or 257 in firmware without security 2
    Bluedroid,
}

/// Options of `sim`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // switches, as typed
pub(super) struct Args {
    /// Listen here; with --count, on that many ports from this one on (port 0: any free ones)
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// How many devices
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    count: u16,
    /// On a serial console instead: a pseudo-terminal, whose path is printed
    #[arg(long, conflicts_with_all = ["http", "count"])]
    console: bool,
    /// With --console: log lines between and inside everything the board prints
    #[arg(long, requires = "console")]
    noise: bool,
    /// With --console: print no faster than this many bits per second
    #[arg(long, alias = "slow_baud", value_name = "RATE", requires = "console", value_parser = clap::value_parser!(u32).range(300..))]
    slow_baud: Option<u32>,
    /// With --console: what the console speaks; with agent, the firmware is rainmaker unless --profile says otherwise
    #[arg(long, value_name = "DIALECT", requires = "console", default_value = "protocomm")]
    dialect: Dialect,
    /// On this computer's Bluetooth instead: phones and other computers find it there (Linux)
    #[arg(long, conflicts_with_all = ["http", "count", "console"], help_heading = "Bluetooth")]
    ble: bool,
    /// The adapter, by name (hci0) or address; without one, the only one that is on [env: ESPCTL_ADAPTER]
    #[arg(long, value_name = "ADAPTER", requires = "ble", help_heading = "Bluetooth")]
    adapter: Option<String>,
    /// The Bluetooth stack of the firmware
    #[arg(long, value_name = "STACK", requires = "ble", default_value = "nimble", help_heading = "Bluetooth")]
    stack: Stack,
    /// Take values over an encrypted link only: clients have to pair
    #[arg(long, requires = "ble", help_heading = "Bluetooth")]
    encrypt: bool,
    /// The provisioning service; default: the firmware's own
    #[arg(long, alias = "service_uuid", value_name = "UUID", requires = "ble", help_heading = "Bluetooth")]
    service_uuid: Option<Uuid>,
    /// The firmware to imitate; --list shows them
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    profile: Option<String>,
    /// Security version; default: the firmware's own, on a console 1, since 2 does not fit
    #[arg(long, alias = "sec_ver", value_name = "VERSION", help_heading = "Device")]
    sec_ver: Option<String>,
    /// Proof of possession; default: abcd1234
    #[arg(long, value_name = "POP", help_heading = "Device")]
    pop: Option<String>,
    /// Security 1 without a proof of possession
    #[arg(long, alias = "no_pop", help_heading = "Device", conflicts_with = "pop")]
    no_pop: bool,
    /// User name of security 2; default: wifiprov
    #[arg(long, alias = "sec2-username", value_name = "NAME", help_heading = "Device")]
    username: Option<String>,
    /// Password of security 2; default: the proof of possession
    #[arg(long, alias = "sec2-password", value_name = "PASSWORD", help_heading = "Device")]
    password: Option<String>,
    /// The device's name; default: PROV_ and six hex digits from the seed
    #[arg(long, alias = "device-name", value_name = "NAME", help_heading = "Device")]
    name: Option<String>,
    /// RainMaker's node id; default: from the seed
    #[arg(long, alias = "node_id", value_name = "ID", help_heading = "Device")]
    node_id: Option<String>,
    /// A Thread device
    #[arg(long, help_heading = "Device")]
    thread: bool,
    /// Keep provisioning running after the device has joined
    #[arg(long, alias = "no_auto_stop", help_heading = "Device")]
    no_auto_stop: bool,
    /// An access point, SSID=PASSPHRASE (SSID alone: open), with ,channel= ,rssi= ,auth= ,bssid= ,join-ms=
    /// ,admission= ,hidden; repeat for more; default: a small world around HomeNet
    #[arg(long, value_name = "SPEC", help_heading = "World")]
    ap: Vec<String>,
    /// How long joining takes, in milliseconds; default: 500
    #[arg(long, alias = "join_ms", value_name = "MS", help_heading = "World")]
    join_ms: Option<String>,
    /// How long the device waits between "applied" and joining, in milliseconds; default: 1000, as firmware does
    #[arg(long, alias = "apply_delay_ms", value_name = "MS", help_heading = "World")]
    apply_delay_ms: Option<String>,
    /// How long a scan takes, in milliseconds; default: 120 a channel
    #[arg(long, alias = "scan_ms", value_name = "MS", help_heading = "World")]
    scan_ms: Option<String>,
    /// Attempts to join before the device gives up; default: the firmware's own
    #[arg(long, value_name = "NUMBER", help_heading = "World")]
    attempts: Option<String>,
    /// Something that goes wrong, NAME[@N][=VALUE]; repeat for more; --list shows them
    #[arg(long, value_name = "FAULT", help_heading = "World")]
    fault: Vec<String>,
    /// Seed of everything random: the same seed gives the same device
    #[arg(long, value_name = "NUMBER", help_heading = "World")]
    seed: Option<String>,
    /// List the firmware profiles and the faults, and end
    #[arg(long)]
    list: bool,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    if args.list {
        return Ok(list::list());
    }
    let options = DeviceOptions::from_parameters(parameters(&args).iter().map(|(key, value)| (*key, value.as_str())))
        .map_err(|error| {
        Failure::new(Code::UsageInvalid)
            .saying("cannot set up the simulated device")
            .because(text::sanitise(&error.to_string()).into_owned())
            .hint("espctl sim --list shows the firmware profiles and the faults")
    })?;
    if args.console {
        return console(&args, options, app).await;
    }
    if args.ble {
        return ble::run(&args, options, app).await;
    }
    descriptors::make_room(args.count)?;
    let bound = Fleet::bind(args.http.ip(), args.http.port(), args.count, &options).await;
    let fleet = bound.map_err(|error| cannot_listen(&args, &error))?;
    let members: Vec<_> = fleet.members().map(|(address, options)| Member::over_http(address, options)).collect();
    app.output.announce(&ready(&members, app.output.ascii))?;
    let observer = observer(app);
    let stopped = fleet
        .run(app.process.interruption().cancelled(), observer)
        .await
        .map_err(|error| Failure::new(Code::Unexpected).saying("a simulated device ended").caused_by(&error))?;
    app.output.remark(&format!("{stopped} of {} devices finished provisioning", members.len()));
    Ok(Document::nothing())
}

fn cannot_listen(args: &Args, error: &io::Error) -> Failure {
    let wanted = match args.count {
        1 => format!("cannot listen on {}", args.http),
        count => format!("cannot listen on {count} ports from {} on", args.http),
    };
    // The catalogue's hints are about reaching a device, not about being one.
    let (code, hint) = match error.kind() {
        io::ErrorKind::PermissionDenied => (Code::LinkPermission, "choose a port from 1024 on with --http"),
        io::ErrorKind::AddrNotAvailable => (Code::LinkUnreachable, "give --http an address of this computer"),
        _ => (Code::LinkUnreachable, "choose another port with --http; port 0 takes any free one"),
    };
    Failure::new(code).saying(wanted).caused_by(error).only_hints([hint])
}

/// Shows what happens on the devices, unless that is too much to print.
fn observer(app: &App<'_>) -> Option<Observer> {
    let output = app.output;
    let observer: Observer = Arc::new(move |name, timed| {
        let seconds = timed.at.as_secs_f32();
        output.remark(&format!("{name}  {seconds:8.3} s  {}", text::sanitise(&timed.event.to_string())));
    });
    (!output.quiet).then_some(observer)
}

/// One device on a pseudo-terminal.
#[cfg(unix)]
async fn console(args: &Args, options: DeviceOptions, app: &App<'_>) -> Result<Document, Failure> {
    use crate::sim::console::{self, Host, Manner};
    let host = Host::open().map_err(|error| {
        Failure::new(Code::Unexpected).saying("the system has no pseudo-terminal to give").caused_by(&error)
    })?;
    let locator = format!("console:{}", host.path());
    let member = Member::new(host.path().to_owned(), locator, crate::sim::console::qr_payload(&options), &options);
    app.output.announce(&ready(&[member], app.output.ascii))?;
    let dialect = match args.dialect {
        Dialect::Protocomm => console::Dialect::Protocomm,
        Dialect::RainMaker => console::Dialect::RainMaker,
    };
    let manner = Manner { noise: args.noise, baud: args.slow_baud, dialect };
    host.run(crate::sim::Device::new(options), manner, app.process.interruption().cancelled(), observer(app))
        .await
        .map_err(|error| Failure::new(Code::Unexpected).saying("the simulated device ended").caused_by(&error))?;
    Ok(Document::nothing())
}

#[cfg(not(unix))]
fn console(_: &Args, _: DeviceOptions, _: &App<'_>) -> impl Future<Output = Result<Document, Failure>> {
    let why = "--console needs a pseudo-terminal, which this system has not";
    std::future::ready(Err(Failure::new(Code::UsageUnsupported).saying(why)))
}

/// The options as the pairs that [`DeviceOptions::from_parameters`] takes; the `sim:` locator's keys are the same.
fn parameters(args: &Args) -> Vec<(&'static str, String)> {
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
