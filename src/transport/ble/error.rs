//! Why a device cannot be reached over Bluetooth. The evidence only; what each means at its step of a session, and
//! what to do, is said above. Texts of the operating system in here are sanitised, names of devices are too.

use std::time::Duration;

/// How long an adapter, or the service that manages it, may take to come back.
const COMES_BACK: Duration = Duration::from_secs(10);

/// Where the program runs, as far as that explains why there is no Bluetooth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// On the computer itself.
    Computer,
    /// Linux on Windows (WSL): no radio reaches it.
    Wsl,
    /// A container: it sees the system's bus only when told to.
    Container,
}

/// What keeps an adapter off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// Nothing that is known: it is just off.
    None,
    /// Blocked by software (rfkill).
    Soft,
    /// Blocked by a switch or a key of the computer.
    Hard,
}

/// A device that was heard, as it is listed for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its name, else its address; both where an address is looked for.
    pub label: String,
    /// Why it may be the one that is looked for all the same.
    pub alike: Option<Alike>,
    /// How strongly it was heard last, in dBm.
    pub rssi: Option<i16>,
}

/// Why a device may be the one that is looked for although its name is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alike {
    /// Its name, sanitised, is almost the same.
    Name(String),
    /// It is in provisioning mode and advertises no name. Its address.
    Nameless(String),
    /// Its name is the beginning of the one that is looked for: an advertisement may have no room for all of it.
    CutShort {
        /// The name, sanitised.
        name: String,
        /// The device's address.
        address: String,
    },
}

/// A device that cannot be reached over Bluetooth.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BleError {
    /// There is no system bus to ask.
    #[error("the system bus cannot be reached ({reason})")]
    NoBus {
        /// The operating system's word.
        reason: String,
        /// Where the program runs.
        place: HostKind,
    },
    /// No program on the bus manages Bluetooth.
    #[error("bluetoothd does not run ({reason})")]
    NoBluetoothd {
        /// The bus's word.
        reason: String,
        /// Where the program runs.
        place: HostKind,
    },
    /// The operating system does not let this user, or this program, use Bluetooth.
    #[error("the operating system does not permit Bluetooth ({reason})")]
    Permission {
        /// Its word.
        reason: String,
    },
    /// No adapter, or none of that name.
    #[error("{}", absent(wanted.as_deref()))]
    AdapterAbsent {
        /// The adapter as it was named.
        wanted: Option<String>,
        /// The adapters there are.
        present: Vec<String>,
        /// Whether the kernel has one that is not offered to programs.
        hidden: bool,
    },
    /// The adapter that was used is there no longer.
    #[error("the Bluetooth adapter {adapter} has gone")]
    AdapterGone {
        /// Which.
        adapter: String,
        /// The adapters that are left.
        left: Vec<String>,
    },
    /// The adapter is off.
    #[error("the adapter {adapter} is off")]
    AdapterOff {
        /// Which.
        adapter: String,
        /// What keeps it off.
        block: Block,
    },
    /// Nothing that matches was heard.
    #[error("{wanted} was not seen in {:.0} s", searched.as_secs_f32())]
    NotFound {
        /// What was looked for.
        wanted: String,
        /// Devices that could have been meant, the likeliest first.
        near: Vec<Heard>,
        /// How many devices were heard at all.
        heard: usize,
        /// How long was looked.
        searched: Duration,
    },
    /// The device had taken a link, and has not advertised since that ended.
    #[error("{peer} stopped advertising after its first link ended: it was not heard again in {:.0} s", searched.as_secs_f32())]
    Silent {
        /// The device.
        peer: String,
        /// Whether the link was still being opened, or opened before.
        opening: bool,
        /// How long was listened for it.
        searched: Duration,
    },
    /// Another program has a link to the device.
    #[error("another program on this computer has a link to {peer}")]
    Busy {
        /// The device.
        peer: String,
    },
    /// The device was heard, but no link came up.
    #[error("no link to {peer} came up in {tries} {} ({reason})", if *tries == 1 { "try" } else { "tries" })]
    ConnectFailed {
        /// The device.
        peer: String,
        /// How often it was tried.
        tries: u32,
        /// The operating system's word on the last.
        reason: String,
    },
    /// A link came up, but what the device offers could not be read.
    #[error("a link to {peer} came up, but its services could not be read ({reason})")]
    ServicesUnresolved {
        /// The device.
        peer: String,
        /// The operating system's word.
        reason: String,
    },
    /// The device wants an encrypted link, and pairing did not work.
    #[error("{peer} wants an encrypted link, and pairing with it failed ({reason})")]
    PairingFailed {
        /// The device.
        peer: String,
        /// The operating system's word.
        reason: String,
    },
    /// A link came up, but the device offers no provisioning.
    #[error("{peer} has no provisioning service")]
    NotProvisioning {
        /// The device.
        peer: String,
        /// The UUIDs of the services it has.
        services: Vec<String>,
    },
    /// The device answered a request with an error of the attribute protocol. Firmware does this for every request it
    /// refuses, so what it means depends on the request.
    #[error("{peer} refused the request{}", att.map(|att| format!(" (ATT error {att:#04x})")).unwrap_or_default())]
    Refused {
        /// The device.
        peer: String,
        /// The error, where the operating system tells it.
        att: Option<u8>,
    },
    /// The link broke where no request was under way that could have been refused.
    #[error("the link to {peer} broke ({reason})")]
    Lost {
        /// The device.
        peer: String,
        /// The operating system's word.
        reason: String,
    },
    /// Bluetooth on this computer went away in the middle of an exchange, the link with it, and is back.
    #[error("the link to {peer} broke: Bluetooth on this computer went away and came back")]
    CameBack {
        /// The device.
        peer: String,
    },
    /// The operating system's Bluetooth failed in another way.
    #[error("Bluetooth on this computer fails ({reason})")]
    Stack {
        /// Its word.
        reason: String,
    },
}

impl BleError {
    /// How long it is worth waiting for this to pass by itself, where it may: an adapter is switched on again or plugged
    /// in again, bluetoothd is started again, another program's operation ends.
    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::NoBluetoothd { .. }
            | Self::AdapterAbsent { .. }
            | Self::AdapterGone { .. }
            | Self::AdapterOff { .. } => COMES_BACK,
            Self::Stack { .. } => Duration::MAX,
            _ => Duration::ZERO,
        }
    }
}

fn absent(wanted: Option<&str>) -> String {
    match wanted {
        Some(name) => format!("there is no Bluetooth adapter {name}"),
        None => "this computer has no Bluetooth adapter".to_owned(),
    }
}
