//! Which device is meant: resolved once, purely, from parts with their origins. A command line, a row of a file and a
//! request all come here.
//!
//! What holds for one kind of link alone is decided by that kind, in its `TransportKind::locate`.

use std::borrow::Cow;

use super::dialect;
use super::nearest::nearest;
use crate::code::Code;
use crate::device::DialectChoice;
use crate::failure::Failure;
use crate::origin::{Origin, Setting, strongest};
use crate::text;
use crate::transport::{DeviceParts, Evidence, Locator, LogPort, PLANNED, Part, TransportError, TransportKind};
use crate::wire::qr::Payload;

/// The kinds of link to choose from.
pub type Kinds<'a> = &'a [&'static dyn TransportKind];

/// The device that is meant.
pub struct Target {
    /// What opens a link to it.
    pub locator: Locator,
    /// The kind of that link.
    pub kind: &'static dyn TransportKind,
    /// What it is to be spoken to in.
    pub dialect: DialectChoice,
    /// The payload of its label, if one was given.
    pub payload: Option<Payload>,
    /// Its name, as given or as its label has it.
    pub name: Option<String>,
    /// Whether its address was given, not assumed.
    pub explicit: bool,
    /// What a person has to know of what was given, for example that a part has no effect.
    pub notes: Vec<String>,
}

/// Works out which device is meant. No I/O.
///
/// Of two parts that exclude each other, the one with the stronger [`Origin`] wins; of a whole locator and its parts in
/// one place, the locator.
///
/// # Errors
/// Where parts given for this run contradict each other, or name nothing that can be.
pub fn resolve(parts: &DeviceParts, kinds: Kinds<'_>) -> Result<Target, Failure> {
    check(parts, kinds)?;
    let parts = at_the_boards_port(parts, kinds);
    let (parts, note) = without_host(&parts, kinds)?;
    let whole = whole(&parts, kinds)?;
    let Setting { value: scheme, origin } = match &whole {
        Some(whole) => whole.clone().map(|locator| locator.scheme().to_owned()),
        None => scheme(&parts, kinds),
    };
    let kind = kinds.iter().copied().find(|kind| kind.scheme() == scheme);
    if whole.is_none() && parts.is_wired() && kind.is_none_or(|kind| !kind.takes(Part::Port)) {
        return Err(misplaced(Part::Port, &scheme, kinds));
    }
    let kind = kind.ok_or_else(|| unknown(&scheme, &origin, kinds))?;
    check_parts(kind, &parts, kinds)?;
    let locator = kind.locate(whole.as_ref(), &only_taken(kind, &parts, kinds))?;
    let (locator, dialect) = dialect::choose(locator, parts.dialect.as_ref(), kind, kinds)?;
    kind.check(&locator).map_err(|error| match error {
        // The locator itself is not repeated: a simulated device's holds its secrets.
        TransportError { evidence: Evidence::BadAddress { reason, .. }, .. } => Failure::new(Code::UsageInvalid)
            .saying("cannot read the device's address")
            .because(text::sanitise(&reason).into_owned())
            .only_hints([
                "a device is named SCHEME:ADDRESS?KEY=VALUE&KEY=VALUE, like ble:PROV_d76c30 or sim:?sec-ver=1",
            ]),
        other => other.into(),
    })?;
    Ok(Target {
        explicit: !locator.address().is_empty(),
        locator,
        kind,
        dialect,
        name: parts.known_name().map(|name| name.value),
        payload: parts.label.clone(),
        notes: note.into_iter().collect(),
    })
}

/// Empty values, and options that contradict each other whatever the kind.
fn check(parts: &DeviceParts, kinds: Kinds<'_>) -> Result<(), Failure> {
    let is_empty = |part: &Option<Setting<String>>| part.as_ref().is_some_and(|part| part.value.is_empty());
    // What a script's unset variable leaves: not the same as leaving the option out.
    if is_empty(&parts.address) {
        return Err(Failure::new(Code::UsageInvalid).saying("--address is empty").hint(
            match kinds.iter().find(|kind| kind.is_default()).and_then(|kind| kind.words().default_address) {
                Some(address) => format!("leave it out for {address}"),
                None => "leave it out for the default".to_owned(),
            },
        ));
    }
    if is_empty(&parts.port) {
        return Err(Failure::new(Code::UsageInvalid)
            .saying("--port is empty")
            .hint(format!("--transport {} alone takes the only board there is", scheme_taking(Part::Port, kinds))));
    }
    if parts.device.as_ref().is_some_and(Setting::is_explicit) && parts.opens_port() {
        return Err(Failure::new(Code::UsageConflict)
            .saying("--reset and --baud are for a board on a serial port, and --device names its own settings")
            .hint(match (scheme_taking(Part::Port, kinds), parts.log) {
                (scheme, LogPort::Unavailable) => format!("write {scheme}:PORT?reset=boot"),
                (scheme, LogPort::Offered | LogPort::Heard) => {
                    format!("write {scheme}:PORT?reset=boot, or add --listen PORT")
                }
            }));
    }
    let addressed = parts.address.as_ref().is_some_and(Setting::is_explicit);
    if parts.opens_port() && addressed && parts.transport.is_none() {
        return Err(Failure::new(Code::UsageConflict)
            .saying(format!("--baud and --reset are for {}, and --address is not", titles(Part::Port, kinds)))
            .hint("name the board's serial port with --port"));
    }
    Ok(())
}

/// A board that prints no transport is provisioned where it prints: its label has no word for that link. So is one that
/// is to be provisioned over such a link without a name. What was given for this run, or in the environment, wins.
fn at_the_boards_port<'a>(parts: &'a DeviceParts, kinds: Kinds<'_>) -> Cow<'a, DeviceParts> {
    let Some(board) = &parts.board else { return Cow::Borrowed(parts) };
    let above = |part: &Option<Setting<String>>| part.as_ref().is_some_and(|part| part.origin.is_above_payload());
    let here = match parts.transport.as_ref().filter(|transport| transport.origin.is_above_payload()) {
        Some(transport) => takes(kinds, &transport.value, Part::Port),
        None => parts.label.as_ref().is_some_and(|label| label.transport.is_none()),
    };
    let named = above(&parts.device) || above(&parts.address) || parts.port.as_ref().is_some_and(Setting::is_explicit);
    if named || !here {
        return Cow::Borrowed(parts);
    }
    let origin = || Origin::Option("--from-serial");
    let mut parts = parts.clone();
    parts.port = Some(Setting::new(board.path.clone(), origin()));
    parts.baud = Some(Setting::new(board.baud, origin()));
    Cow::Owned(parts)
}

/// Takes `--device-ip` and its like out where they mean nothing, as they do to `esp-rainmaker-cli`, with a note that
/// says so: on a link without hosts, and a port beside a whole address.
fn without_host<'a>(
    parts: &'a DeviceParts,
    kinds: Kinds<'_>,
) -> Result<(Cow<'a, DeviceParts>, Option<String>), Failure> {
    let given = [parts.host.as_ref().map(|host| &host.origin), parts.host_port.as_ref().map(|port| &port.origin)];
    if given == [None, None] {
        return Ok((Cow::Borrowed(parts), None));
    }
    let scheme = scheme(parts, kinds).value;
    let why = if !takes(kinds, &scheme, Part::Host) {
        format!("they are for {}", titles(Part::Host, kinds))
    } else if parts.host.is_none() && (parts.address.is_some() || self::whole(parts, kinds)?.is_some()) {
        "the device's address was given whole".to_owned()
    } else {
        return Ok((Cow::Borrowed(parts), None));
    };
    let name = |origin: &Origin| match origin {
        Origin::Option(name) | Origin::Environment(name) => (*name).to_owned(),
        other => other.to_string(),
    };
    let names: Vec<_> = given.into_iter().flatten().map(name).collect();
    let mut parts = parts.clone();
    (parts.host, parts.host_port) = (None, None);
    Ok((Cow::Owned(parts), Some(format!("without effect, since {why}: {}", names.join(", ")))))
}

/// The whole locator, where no part with a stronger origin stands against it.
fn whole(parts: &DeviceParts, kinds: Kinds<'_>) -> Result<Option<Setting<Locator>>, Failure> {
    let Some(device) = &parts.device else { return Ok(None) };
    // A variable or a file that names a port says which one a console is on, not that there is one.
    let port = parts.port.as_ref().filter(|port| port.is_explicit());
    let payload = parts.label.as_ref().and_then(|label| label.transport).map(|_| &Origin::QrPayload);
    let origins = [&parts.transport, &parts.address, &parts.host].map(|part| part.as_ref().map(|part| &part.origin));
    let mut origins = origins.into_iter().chain([port.map(|port| &port.origin), payload]).flatten();
    let wished = || !device.origin.is_above_payload() && dialect::only_kind(parts, kinds).is_some();
    if origins.any(|origin| *origin < device.origin) || wished() {
        return Ok(None);
    }
    let locator: Locator = match device.value.parse() {
        Ok(locator) => locator,
        Err(_) if parts.opens_port() => return Ok(None),
        Err(error) => {
            return Err(Failure::new(Code::UsageInvalid)
                .saying(format!("{} names no device", device.origin))
                .caused_by(&error));
        }
    };
    // How a port is opened was given for this run, and this device has none.
    if parts.opens_port() && !takes(kinds, locator.scheme(), Part::Port) {
        return Ok(None);
    }
    Ok(Some(Setting::new(locator, device.origin.clone())))
}

/// The kind of link that the parts mean, by its scheme.
fn scheme(parts: &DeviceParts, kinds: Kinds<'_>) -> Setting<String> {
    let find = |is: &dyn Fn(&dyn TransportKind) -> bool| kinds.iter().find(|kind| is(**kind)).map(|kind| kind.scheme());
    let named = |scheme: Option<&'static str>, origin: Origin| scheme.map(|name| Setting::new(name.to_owned(), origin));
    // A Bluetooth address can be nothing else.
    let owner = parts
        .address
        .as_ref()
        .and_then(|address| named(find(&|kind| kind.owns_address(&address.value)), address.origin.clone()));
    let port = parts.port.as_ref().filter(|port| port.is_explicit()).map(|port| port.origin.clone());
    let wired = parts.is_wired().then(|| find(&|kind| kind.takes(Part::Port))).flatten();
    let wired = named(wired, port.unwrap_or(Origin::Option("--baud or --reset")));
    let label = parts.label.as_ref().and_then(|label| label.transport);
    let label = label.map(|transport| Setting::new(transport.scheme().to_owned(), Origin::QrPayload));
    // What was said of the transport itself for this run, or in the environment, before what follows from other parts.
    let said = parts.transport.clone().filter(|transport| transport.origin.is_above_payload());
    let default = || named(find(&|kind| kind.is_default()), Origin::Default);
    said.or_else(|| strongest([owner, wired, dialect::only_kind(parts, kinds), label, parts.transport.clone()]))
        .or_else(default)
        .unwrap_or(Setting::new(String::new(), Origin::Default))
}

fn takes(kinds: Kinds<'_>, scheme: &str, part: Part) -> bool {
    kinds.iter().any(|kind| kind.scheme() == scheme && kind.takes(part))
}

/// The kinds that take this part, as people call them.
fn titles(part: Part, kinds: Kinds<'_>) -> String {
    let taking = kinds.iter().filter(|kind| kind.takes(part));
    taking.map(|kind| kind.words().title).collect::<Vec<_>>().join(" and ")
}

/// The scheme of the first kind that takes this part.
fn scheme_taking(part: Part, kinds: Kinds<'_>) -> &'static str {
    kinds.iter().find(|kind| kind.takes(part)).map(|kind| kind.scheme()).unwrap_or_default()
}

/// Where a part was given for this run that means nothing on this kind of link.
fn misplaced(part: Part, scheme: &str, kinds: Kinds<'_>) -> Failure {
    let be = if part == Part::Adapter { "is" } else { "are" };
    Failure::new(Code::UsageConflict).saying(format!(
        "{} {be} for {}, not for {}",
        part.options(),
        titles(part, kinds),
        text::sanitise(scheme)
    ))
}

fn unknown(scheme: &str, origin: &Origin, kinds: Kinds<'_>) -> Failure {
    let have: Vec<_> = kinds.iter().map(|kind| kind.scheme()).collect();
    let code = if PLANNED.contains(&scheme) { Code::UsageUnsupported } else { Code::UsageInvalid };
    let failure = Failure::new(code)
        .saying(format!("this version has no transport {scheme:?}"))
        .hint(format!("it has {}: choose one with --transport or --device", have.join(", ")));
    let failure = match nearest(scheme, have.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    };
    match origin {
        Origin::Default => failure,
        origin => failure.because(format!("it was named by {origin}")),
    }
}

/// Parts given for this run that the kind does not take.
fn check_parts(kind: &dyn TransportKind, parts: &DeviceParts, kinds: Kinds<'_>) -> Result<(), Failure> {
    if parts.adapter.as_ref().is_some_and(Setting::is_explicit) && !kind.takes(Part::Adapter) {
        let hint = format!("give --transport {}, or leave out --adapter", scheme_taking(Part::Adapter, kinds));
        return Err(misplaced(Part::Adapter, kind.scheme(), kinds).hint(hint));
    }
    Ok(())
}

/// The parts without those that cannot be about this kind, which a variable or a file has for other runs: an address
/// that belongs to another kind.
fn only_taken<'a>(kind: &dyn TransportKind, parts: &'a DeviceParts, kinds: Kinds<'_>) -> Cow<'a, DeviceParts> {
    let foreign = |address: &Setting<String>| {
        let owned = kinds.iter().any(|kind| kind.owns_address(&address.value));
        !address.is_explicit() && owned && !kind.owns_address(&address.value)
    };
    if !parts.address.as_ref().is_some_and(foreign) {
        return Cow::Borrowed(parts);
    }
    let mut parts = parts.clone();
    parts.address = None;
    Cow::Owned(parts)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::transport::{BoardPort, KINDS};

    // As the parts are: each may be missing.
    #[allow(clippy::unnecessary_wraps)]
    fn typed(value: &str) -> Option<Setting<String>> {
        Some(Setting::new(value.to_owned(), Origin::Option("--x")))
    }

    #[allow(clippy::unnecessary_wraps)]
    fn from_file(value: &str) -> Option<Setting<String>> {
        Some(Setting::new(value.to_owned(), Origin::ProjectFile(Path::new("espctl.toml").into())))
    }

    #[allow(clippy::unnecessary_wraps)]
    fn label(text: &str) -> Option<Payload> {
        Some(Payload::parse(text).expect("a payload"))
    }

    #[track_caller]
    fn assert_meant(parts: &DeviceParts, locator: &str) -> Vec<String> {
        let target = resolve(parts, KINDS).expect("a device");
        assert_eq!(target.locator.to_string(), locator);
        target.notes
    }

    #[test]
    fn one_kind_is_the_default() {
        assert_eq!(KINDS.iter().filter(|kind| kind.is_default()).count(), 1);
    }

    #[test]
    fn a_label_says_name_and_transport_and_wins_over_files() {
        let label = label("NP:PROV_1|abcd1234|b");
        let parts = DeviceParts { label, device: from_file("softap:10.0.0.1"), ..DeviceParts::default() };
        assert_meant(&parts, "ble:PROV_1");
        assert_meant(&DeviceParts { transport: typed("softap"), ..parts.clone() }, "softap:");
        assert_meant(&DeviceParts { device: typed("softap:10.0.0.1"), ..parts }, "softap:10.0.0.1");
    }

    #[test]
    fn what_a_file_has_for_other_links_is_passed_over() {
        let parts = DeviceParts {
            adapter: from_file("hci1"),
            port: from_file("/dev/ttyUSB0"),
            baud: Some(Setting::new(9600, Origin::ProjectFile(Path::new("espctl.toml").into()))),
            address: from_file("24:0A:C4:00:00:01"),
            ..DeviceParts::default()
        };
        assert_meant(&parts, "ble:24:0A:C4:00:00:01?adapter=hci1");
        assert_meant(&DeviceParts { transport: typed("softap"), ..parts.clone() }, "softap:");
        assert_meant(&DeviceParts { transport: typed("console"), ..parts.clone() }, "console:/dev/ttyUSB0?baud=9600");
        assert_meant(&DeviceParts { address: None, transport: from_file("ble"), ..parts.clone() }, "ble:?adapter=hci1");
        let named = DeviceParts { device: from_file("ble:PROV_1"), name: typed("PROV_2"), ..DeviceParts::default() };
        assert_meant(&named, "ble:PROV_2");
    }

    #[test]
    fn a_board_without_a_transport_is_reached_where_it_prints() {
        let board = Some(BoardPort { path: "/dev/ttyUSB0".to_owned(), baud: 9600 });
        let printed = label(r#"{"ver":"v1","name":"PROV_1","pop":"abcd1234"}"#);
        let parts = DeviceParts { board, label: printed, log: LogPort::Heard, ..DeviceParts::default() };
        assert_meant(&parts, "console:/dev/ttyUSB0?baud=9600");
        assert_meant(&DeviceParts { transport: typed("ble"), ..parts.clone() }, "ble:PROV_1");
        let over_ble = DeviceParts { label: label("NP:PROV_1|abcd1234|b"), ..parts };
        assert_meant(&over_ble, "ble:PROV_1");
        assert_meant(&DeviceParts { transport: typed("console"), ..over_ble }, "console:/dev/ttyUSB0?baud=9600");
    }

    #[test]
    fn a_host_is_an_address_where_there_are_hosts() {
        let port = Some(Setting::new(8080, Origin::Option("--device-port")));
        let host = Some(Setting::new("fe80::1".to_owned(), Origin::Option("--device-ip")));
        let parts = DeviceParts { host, host_port: port.clone(), ..DeviceParts::default() };
        assert_eq!(assert_meant(&parts, "softap:[fe80::1]:8080"), Vec::<String>::new());
        let variable = Setting::new("ble:PROV_1".to_owned(), Origin::Environment("ESPCTL_DEVICE"));
        assert_meant(&DeviceParts { device: Some(variable), ..parts.clone() }, "softap:[fe80::1]:8080");
        let notes = assert_meant(&DeviceParts { transport: typed("ble"), ..parts }, "ble:");
        assert_eq!(notes, ["without effect, since they are for SoftAP: --device-ip, --device-port"]);
        let only = DeviceParts { host_port: port, ..DeviceParts::default() };
        assert_meant(&only, "softap:192.168.4.1:8080");
        let notes = assert_meant(&DeviceParts { address: typed("10.0.0.1"), ..only }, "softap:10.0.0.1");
        assert!(notes[0].contains("given whole"), "{notes:?}");
    }
}
