//! Which device a command is about, and the secrets of its session: options, environment and QR payload made one.

use super::App;
use super::args::{DeviceArgs, SecurityArgs};
use super::input::{self, SecretSource};
use super::port;
use crate::code::Code;
use crate::device::SecurityPlan;
use crate::failure::Failure;
use crate::process::input::Input;
use crate::settings::{Origin, Setting, given, or_qr};
use crate::text;
use crate::transport::{Locator, TransportError, TransportKind, ble};
use crate::wire::qr::Payload;

/// The device a command is about.
pub(super) struct Target {
    pub(super) locator: Locator,
    pub(super) kind: &'static dyn TransportKind,
    /// The QR payload, if one was given.
    pub(super) payload: Option<Payload>,
    /// The device's name, as given or as the QR payload has it.
    pub(super) name: Option<String>,
    /// Whether the address was given, not assumed.
    pub(super) explicit: bool,
}

/// Transports that Espressif's tools have and this version has not.
const ELSEWHERE: [&str; 1] = ["on-network"];

/// The scheme of the serial console.
pub(super) const CONSOLE: &str = "console";
/// The scheme of Bluetooth LE.
const BLE: &str = "ble";

/// Works out which device is meant. No I/O but reading the QR payload.
pub(super) async fn target(args: &DeviceArgs, input: &Input, app: &App<'_>) -> Result<Target, Failure> {
    reject_port_options(args, "write console:PORT?reset=boot")?;
    target_beside(args, label(args, input).await?, false, app)
}

/// The payload of `--qrcode`.
pub(super) async fn label(args: &DeviceArgs, input: &Input) -> Result<Option<Payload>, Failure> {
    match &args.qrcode {
        Some(argument) => input::qr_payload(argument, input).await.map(Some),
        None => Ok(None),
    }
}

/// `--baud` and `--reset` are about a serial port, and a device that is named has its own settings.
fn reject_port_options(args: &DeviceArgs, hint: &str) -> Result<(), Failure> {
    if args.device.is_none() || (args.baud.is_none() && args.reset.is_none()) {
        return Ok(());
    }
    Err(Failure::new(Code::UsageConflict)
        .saying("--reset and --baud are for a board on a serial port, and --device names its own settings")
        .hint(hint))
}

/// As [`target`], with the payload from elsewhere; where the board's log is `heard`, `--baud` and `--reset` are about
/// that and do not make the device one on a console.
pub(super) fn target_beside(
    args: &DeviceArgs,
    payload: Option<Payload>,
    heard: bool,
    app: &App<'_>,
) -> Result<Target, Failure> {
    if args.address.as_deref() == Some("") {
        // What a script's unset variable leaves: not the same as leaving the option out.
        return Err(Failure::new(Code::UsageInvalid)
            .saying("--address is empty")
            .hint("leave it out for 192.168.4.1:80"));
    }
    if args.port.as_deref() == Some("") {
        return Err(Failure::new(Code::UsageInvalid)
            .saying("--port is empty")
            .hint("--transport console alone takes the only board there is"));
    }
    if !heard {
        reject_port_options(args, "write console:PORT?reset=boot, or add --listen PORT")?;
    }
    let name = args.device_name.clone().or_else(|| payload.as_ref().map(|payload| payload.name.clone()));
    let transport = given(args.transport.clone(), "--transport", "ESPCTL_TRANSPORT", app.environment);
    let opened = !heard && (args.baud.is_some() || args.reset.is_some());
    if opened && args.address.is_some() && transport.is_none() {
        return Err(Failure::new(Code::UsageConflict)
            .saying("--baud and --reset are for the console, and --address is not")
            .hint("name the board's serial port with --port"));
    }
    let wired = args.port.is_some() || opened;
    // A whole locator in the environment gives way to parts of one on the command line, and to nothing else; how a
    // console is opened is no such part where it is a console's.
    let said = args.transport.is_some() || args.address.is_some() || args.port.is_some();
    let on_console = |device: &str| device.parse().is_ok_and(|device: Locator| device.scheme() == CONSOLE);
    let device = given(args.device.clone(), "--device", "ESPCTL_DEVICE", app.environment)
        .filter(|device| !said && (!opened || on_console(&device.value)));

    let (locator, origin) = if let Some(device) = device {
        let locator = device.value.parse::<Locator>().map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(format!("{} names no device", device.origin)).caused_by(&error)
        })?;
        let locator = if opened {
            port::with_options(locator, device.origin, args.baud, args.reset.as_deref())?
        } else {
            locator
        };
        (locator, Some(device.origin))
    } else {
        // A Bluetooth address can be nothing else.
        let radio = args.address.as_deref().filter(|address| ble::is_address(address));
        let radio = radio.map(|_| Setting { value: BLE.to_owned(), origin: Origin::Flag("--address") });
        let transport = transport.or(radio);
        let from_payload = payload.as_ref().and_then(|payload| payload.transport).filter(|_| !wired);
        let scheme = or_qr(transport, from_payload.map(|transport| transport.scheme().to_owned()));
        let origin = scheme.as_ref().map(|scheme| scheme.origin);
        let otherwise = if wired { CONSOLE } else { "softap" };
        let scheme = scheme.map_or_else(|| otherwise.to_owned(), |scheme| scheme.value);
        if scheme == CONSOLE {
            (console(args, app)?, origin)
        } else if wired {
            return Err(Failure::new(Code::UsageConflict).saying(format!(
                "--port, --baud and --reset are for the console, not for {}",
                text::sanitise(&scheme)
            )));
        } else if scheme == BLE {
            let named = bluetooth(args)?.or(name.as_deref());
            (Locator::naming(BLE, named.unwrap_or_default()), origin)
        } else {
            (Locator::new(&scheme, args.address.as_deref().unwrap_or_default()), origin)
        }
    };
    let locator = match (&name, &args.device_name) {
        // A name beside a locator, typed or on the label: it says what is looked for, where the locator leaves that open.
        (Some(name), _) if locator.scheme() == BLE && locator.address().is_empty() => {
            let parameters: Vec<_> = locator.parameters().collect();
            parameters.iter().fold(Locator::naming(BLE, name), |locator, (key, value)| locator.with(key, value))
        }
        (_, Some(own)) if locator.scheme() == BLE && locator.text().is_ok_and(|text| text != *own) => {
            return Err(Failure::new(Code::UsageConflict)
                .saying(match origin {
                    Some(origin) => format!("{origin} and --device-name name two devices"),
                    None => "two devices are named".to_owned(),
                })
                .hint("leave out one of them"));
        }
        _ => locator,
    };
    let locator = over_adapter(locator, args, app)?;

    let kind = app.kinds.iter().copied().find(|kind| kind.scheme() == locator.scheme()).ok_or_else(|| {
        let have: Vec<_> = app.kinds.iter().map(|kind| kind.scheme()).collect();
        let wanted = locator.scheme();
        let known = ELSEWHERE.contains(&wanted);
        let code = if known { Code::UsageUnsupported } else { Code::UsageInvalid };
        let failure = Failure::new(code)
            .saying(format!("this version has no transport {wanted:?}"))
            .hint(format!("it has {}: choose one with --transport or --device", have.join(", ")));
        match origin {
            Some(origin) => failure.because(format!("it was named by {origin}")),
            None => failure,
        }
    })?;
    kind.check(&locator).map_err(|error| {
        let failure = Failure::new(Code::UsageInvalid).saying("the device's address makes no sense");
        match error {
            // The locator itself is not repeated: a simulated device's holds its secrets.
            TransportError::BadAddress { reason, .. } => failure.because(text::sanitise(&reason).into_owned()),
            other => failure.because(other.to_string()),
        }
    })?;
    if locator.scheme() == CONSOLE {
        port::check(&locator)?;
    }
    let explicit = !locator.address().is_empty();
    Ok(Target { locator, kind, payload, name, explicit })
}

/// Where a system permits Bluetooth to the terminal program, not to espctl, says which program that is.
pub(super) fn name_terminal(failure: Failure, app: &App<'_>) -> Failure {
    let terminal = (app.environment)("TERM_PROGRAM").filter(|name| !name.is_empty() && cfg!(target_vendor = "apple"));
    match terminal {
        Some(name) if failure.code == Code::BlePermission => failure.hint(format!(
            "System Settings, Privacy & Security, Bluetooth: allow {}, then start it anew",
            text::bounded(&text::sanitise(name.trim_end_matches(".app")), 64)
        )),
        _ => failure,
    }
}

/// The adapter that was named, on the command line or in the environment.
pub(super) fn adapter(flag: Option<&str>, app: &App<'_>) -> Result<Option<String>, Failure> {
    let adapter = given(flag.map(str::to_owned), "--adapter", "ESPCTL_ADAPTER", app.environment);
    match adapter {
        Some(adapter) if adapter.value.is_empty() => Err(Failure::new(Code::UsageInvalid)
            .saying(format!("{} is empty", adapter.origin))
            .hint("it takes a name like hci0, or an address")),
        adapter => Ok(adapter.map(|adapter| adapter.value)),
    }
}

/// The address of a Bluetooth device, where one was given.
fn bluetooth(args: &DeviceArgs) -> Result<Option<&str>, Failure> {
    match (args.address.as_deref(), &args.device_name) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(Failure::new(Code::UsageConflict)
            .saying("over Bluetooth, --address and --device-name each name a device")
            .hint("leave out one of them")),
        (Some(address), None) if ble::is_address(address) => Ok(Some(address)),
        (Some(_), None) => Err(Failure::new(Code::UsageInvalid)
            .saying("over Bluetooth, --address takes an address like 24:0A:C4:00:00:01")
            .hint("a name goes with --device-name")),
    }
}

/// The same device over the adapter that was named, if one was.
fn over_adapter(locator: Locator, args: &DeviceArgs, app: &App<'_>) -> Result<Locator, Failure> {
    let adapter = given(args.adapter.clone(), "--adapter", "ESPCTL_ADAPTER", app.environment);
    let Some(adapter) = adapter else { return Ok(locator) };
    if locator.scheme() != BLE {
        // A variable may stand there for other runs.
        return match adapter.origin {
            Origin::Flag(_) => Err(Failure::new(Code::UsageConflict)
                .saying(format!("--adapter is for Bluetooth, not for {}", text::sanitise(locator.scheme())))
                .hint("give --transport ble, or leave out --adapter")),
            _ => Ok(locator),
        };
    }
    let named = locator.parameters().any(|(key, _)| key == "adapter");
    match adapter.origin {
        Origin::Flag(_) if named => {
            Err(Failure::new(Code::UsageConflict).saying("both --adapter and --device name a Bluetooth adapter"))
        }
        _ if named => Ok(locator),
        _ => Ok(locator.with("adapter", &adapter.value)),
    }
}

/// The console's locator, from the options that make one.
fn console(args: &DeviceArgs, app: &App<'_>) -> Result<Locator, Failure> {
    let address = || Some(Setting { value: args.address.clone()?, origin: Origin::Flag("--address") });
    let port = match (&args.port, address()) {
        // What was typed, before the variable.
        (None, Some(address)) => Some(address),
        (port, _) => port::or_variable(port.clone(), "--port", app),
    };
    let port = port.unwrap_or(Setting { value: String::new(), origin: Origin::Default });
    port::locator(&port, args.baud, args.reset.as_deref())
}

/// Gathers what is known of the session's secrets; `positional` is esp-rainmaker-cli's old way to give the PoP.
pub(super) async fn security_plan(
    args: &SecurityArgs,
    positional: Option<String>,
    payload: Option<&Payload>,
    input: &Input,
    app: &App<'_>,
) -> Result<SecurityPlan, Failure> {
    let pop = SecretSource {
        flag: args.pop.clone().or(positional),
        flag_name: "--pop",
        file: args.pop_file.as_deref(),
        stdin: args.pop_stdin,
        variable: "ESPCTL_POP",
    };
    let password = SecretSource {
        flag: args.sec2_password.clone(),
        flag_name: "--sec2-password",
        file: args.sec2_password_file.as_deref(),
        stdin: args.sec2_password_stdin,
        variable: "ESPCTL_SEC2_PASSWORD",
    };
    let username = given(args.sec2_username.clone(), "--sec2-username", "ESPCTL_SEC2_USERNAME", app.environment);
    let plan = SecurityPlan {
        version: args.sec_ver,
        pop: pop.read(app.environment, input).await?,
        username: username.map(|username| username.value),
        password: password.read(app.environment, input).await?,
    };
    Ok(completed(plan, payload))
}

/// What was given, and what the label has where nothing was.
pub(super) fn completed(plan: SecurityPlan, payload: Option<&Payload>) -> SecurityPlan {
    let Some(payload) = payload else { return plan };
    SecurityPlan {
        pop: plan.pop.or_else(|| payload.pop.clone()),
        username: plan.username.or_else(|| payload.username.clone()),
        ..plan
    }
}
