//! What may be known of which device is meant, before a transport makes a locator of it. Each value carries its origin.
//!
//! A command line, a row of a file and a request fill in the same struct. What follows from it is decided in
//! `settings::target`, and by each kind of link in its `TransportKind::locate`.

use crate::origin::{Origin, Setting, strongest};
use crate::wire::qr::Payload;

/// The parts of a device's name.
#[derive(Debug, Clone, Default)]
pub struct DeviceParts {
    /// A whole locator, as text: `ble:PROV_d76c30`.
    pub device: Option<Setting<String>>,
    /// The scheme of a kind of link.
    pub transport: Option<Setting<String>>,
    /// The device's address on that link.
    pub address: Option<Setting<String>>,
    /// A host on an IP network, as `esp-rainmaker-cli` names it; without effect on other links.
    pub host: Option<Setting<String>>,
    /// The port on that host.
    pub host_port: Option<Setting<u16>>,
    /// The board's serial port.
    pub port: Option<Setting<String>>,
    /// The serial port's rate, in bits per second.
    pub baud: Option<Setting<u32>>,
    /// When to restart the board on its serial port: `never`, `boot` or `auto`.
    pub reset: Option<Setting<String>>,
    /// The Bluetooth adapter.
    pub adapter: Option<Setting<String>>,
    /// The device's name.
    pub name: Option<Setting<String>>,
    /// What the device speaks: a word for a dialect, or `auto`. No kind of link looks at it.
    pub dialect: Option<Setting<String>>,
    /// The payload of the device's label.
    pub label: Option<Payload>,
    /// The port on which the board itself printed that payload.
    pub board: Option<BoardPort>,
    /// Whether `baud` and `reset` may be about a port on which only the board's log is heard.
    pub log: LogPort,
}

/// A serial port on which a board was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardPort {
    /// Its path.
    pub path: String,
    /// Its rate, in bits per second.
    pub baud: u32,
}

/// Whether a run hears the board's log on a port of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogPort {
    /// The command has no option for it.
    #[default]
    Unavailable,
    /// It has, and the option was not given.
    Offered,
    /// It does: `baud` and `reset` are about that port, and do not make the device one on a serial port.
    Heard,
}

/// The parts that only some kinds of link take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// [`DeviceParts::adapter`].
    Adapter,
    /// [`DeviceParts::port`], [`DeviceParts::baud`] and [`DeviceParts::reset`].
    Port,
    /// [`DeviceParts::host`] and [`DeviceParts::host_port`].
    Host,
}

impl Part {
    /// The options that give it.
    pub fn options(self) -> &'static str {
        match self {
            Self::Adapter => "--adapter",
            Self::Port => "--port, --baud and --reset",
            Self::Host => "--device-ip, --device-host and --device-port",
        }
    }
}

impl DeviceParts {
    /// The device's name, as given or as its label has it.
    pub fn known_name(&self) -> Option<Setting<String>> {
        let label = self.label.as_ref().map(|label| Setting::new(label.name.clone(), Origin::QrPayload));
        strongest([self.name.clone(), label])
    }

    /// Whether `baud` or `reset` was given for this run and is about the device's own port.
    pub fn opens_port(&self) -> bool {
        self.log != LogPort::Heard && self.says_how_to_open()
    }

    /// Whether `baud` or `reset` was given for this run.
    pub fn says_how_to_open(&self) -> bool {
        let baud = self.baud.as_ref().is_some_and(Setting::is_explicit);
        baud || self.reset.as_ref().is_some_and(Setting::is_explicit)
    }

    /// Whether the device was said, for this run, to be behind a serial port.
    pub fn is_wired(&self) -> bool {
        self.opens_port() || self.port.as_ref().is_some_and(Setting::is_explicit)
    }
}
