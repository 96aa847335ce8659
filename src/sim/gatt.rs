//! The simulated device as a GATT peripheral: its attribute table, what a write and a read do, and what it
//! advertises. Pure: a link comes, goes and carries values at times that its host gives, without a radio.
//!
//! As ESP-IDF's protocomm does it on either of its two Bluetooth stacks. A request is a whole value written, however
//! many packets that took; its answer is the value then read. A link is a transport session.
//!
//! - `tests.rs`: what docs/protocol.md says, held against it

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::device::{Device, Refusal, Reply, ReplyFault};
use super::event::Timed;
use super::profile::Association;
use crate::wire::gatt;

/// Longest name a scan response holds, in bytes.
pub const NAME_MAX: usize = 29;
/// A legacy scan response, in bytes.
const SCAN_RESPONSE: usize = 31;
/// What an advertised structure costs beyond its content, in bytes: length and type.
const STRUCTURE: usize = 2;

/// ATT error codes (Bluetooth Core, Vol 3, Part F, 3.4.1.1).
const INVALID_HANDLE: u8 = 0x01;
/// What NimBLE firmware refuses with.
const INVALID_PDU: u8 = 0x04;
const INVALID_VALUE_LENGTH: u8 = 0x0d;
/// What Bluedroid firmware refuses with: of the application's range.
const GATT_ERROR: u8 = 0x85;

/// Espressif's company identifier.
const ESPRESSIF: u16 = 0x02e5;
/// RainMaker's manufacturer data after the company: "Nov", "a", customer 1, device type 5 (a light), subtype 0.
const RAINMAKER: [u8; 10] = *b"Nova\x00\x01\x00\x05\x00\x00";

/// Which Bluetooth stack the firmware is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stack {
    /// Refuses with an ATT error and keeps the link.
    #[default]
    NimBle,
    /// Refuses with an ATT error and drops the link.
    Bluedroid,
}

/// One characteristic: an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The endpoint's name: the value of its user description (0x2901).
    pub name: &'static str,
    /// The characteristic.
    pub uuid: Uuid,
}

/// What the device advertises: connectable, general discoverable, each 160 ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertisement {
    /// In the advertisement, beside the flags.
    pub service: Uuid,
    /// In the scan response.
    pub name: String,
    /// In the scan response: the company and its data. `None` where the firmware sends none, or the name leaves too
    /// little room.
    pub manufacturer: Option<(u16, [u8; 10])>,
}

/// The outcome of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How long the device takes to answer.
    pub after: Duration,
    /// Its answer.
    pub answer: Answer,
    /// Whether the device ends the link then.
    pub drops_link: bool,
}

/// The answer to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A write response.
    Done,
    /// An ATT error.
    Refused(u8),
    /// No answer, ever.
    Never,
}

/// A name that does not fit into a scan response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a Bluetooth name has 1 to {NAME_MAX} bytes, this one has {0}")]
pub struct NameLength(usize);

/// A device with a Bluetooth stack.
#[derive(Debug)]
pub struct Peripheral {
    device: Device,
    stack: Stack,
    service: Uuid,
    endpoints: Vec<Endpoint>,
    connected: bool,
    /// What a read of an endpoint returns.
    values: HashMap<&'static str, Vec<u8>>,
}

impl Stack {
    /// Longest value, in bytes, where the firmware is built with or without security 2.
    pub fn value_max(self, security2: bool) -> usize {
        match (self, security2) {
            (Self::NimBle, _) => gatt::VALUE_MAX,
            (Self::Bluedroid, true) => gatt::VALUE_MAX_BLUEDROID_SEC2,
            (Self::Bluedroid, false) => gatt::VALUE_MAX_BLUEDROID,
        }
    }

    fn refuses(self) -> Written {
        let (code, drops_link) = match self {
            Self::NimBle => (INVALID_PDU, false),
            Self::Bluedroid => (GATT_ERROR, true),
        };
        Written { after: Duration::ZERO, answer: Answer::Refused(code), drops_link }
    }
}

impl Written {
    fn done(after: Duration) -> Self {
        Self { after, answer: Answer::Done, drops_link: false }
    }

    fn refused(code: u8) -> Self {
        Self { after: Duration::ZERO, answer: Answer::Refused(code), drops_link: false }
    }

    fn never(drops_link: bool) -> Self {
        Self { after: Duration::ZERO, answer: Answer::Never, drops_link }
    }
}

impl Peripheral {
    /// The device on `stack`, its endpoints in `service`; the firmware's own service where `None`.
    ///
    /// # Errors
    /// Where the device's name does not fit into a scan response.
    pub fn new(device: Device, stack: Stack, service: Option<Uuid>) -> Result<Self, NameLength> {
        let length = device.options().name().len();
        if !(1..=NAME_MAX).contains(&length) {
            return Err(NameLength(length));
        }
        // Firmware without a version document is older than the manager and uses the older service.
        let own = if device.options().profile.structured { gatt::SERVICE } else { gatt::SERVICE_OF_OLD };
        let service = service.unwrap_or(own);
        let mut own_id = gatt::FIRST_OWN_ID;
        let endpoint = |name| {
            let id = gatt::endpoint_id(name).unwrap_or_else(|| {
                own_id += 1;
                own_id - 1
            });
            Endpoint { name, uuid: gatt::characteristic(service, id) }
        };
        let endpoints = device.endpoints().into_iter().map(endpoint).collect();
        Ok(Self { device, stack, service, endpoints, connected: false, values: HashMap::new() })
    }

    /// The device behind the link.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The primary service.
    pub fn service(&self) -> Uuid {
        self.service
    }

    /// Its characteristics, in the order of the attribute table. Each can be read and written, nothing else.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// What it advertises.
    pub fn advertisement(&self) -> Advertisement {
        let options = self.device.options();
        let name = options.name();
        let is_rainmaker = options.profile.association != Association::None;
        let fits = name.len() + STRUCTURE + 2 + RAINMAKER.len() + STRUCTURE <= SCAN_RESPONSE;
        let manufacturer = (is_rainmaker && fits).then_some((ESPRESSIF, RAINMAKER));
        Advertisement { service: self.service, name, manufacturer }
    }

    /// Whether it advertises: no central is connected, and provisioning runs.
    pub fn is_advertising(&self, now: Duration) -> bool {
        !self.connected && self.device.is_serving(now)
    }

    /// Whether a central is connected.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether a link that is up stays up: where provisioning has ended, the device drops it.
    pub fn keeps_link(&self, now: Duration) -> bool {
        self.device.is_serving(now)
    }

    /// Whether provisioning has ended for good.
    pub fn has_ended(&self, now: Duration) -> bool {
        self.device.stops_at().is_some_and(|at| at <= now)
    }

    /// When the device acts next without a request; a host calls [`Self::tick`] then.
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        self.device.next_change(now)
    }

    /// Advances the device's clock; returns the events of that time.
    pub fn tick(&mut self, now: Duration) -> Vec<Timed> {
        self.device.tick(now);
        self.device.take_events()
    }

    /// A link came up: a new transport session.
    pub fn connected(&mut self, now: Duration) {
        self.connected = true;
        self.device.open_session(now);
    }

    /// The link went down: with it the session, and what could have been read.
    pub fn disconnected(&mut self) {
        self.connected = false;
        self.device.close_session();
        self.values.clear();
    }

    /// A whole value was written to an endpoint.
    pub fn write(&mut self, now: Duration, endpoint: &str, value: &[u8]) -> Written {
        let Some(Endpoint { name, .. }) = self.endpoints.iter().find(|own| own.name == endpoint).copied() else {
            return Written::refused(INVALID_HANDLE);
        };
        if !self.keeps_link(now) {
            return Written::never(true);
        }
        if value.len() > self.value_max() {
            return Written::refused(INVALID_VALUE_LENGTH);
        }
        if value.is_empty() && self.stack == Stack::NimBle {
            return Written::done(Duration::ZERO);
        }
        match self.device.handle(now, name, value) {
            Ok(reply) => self.answer(name, reply),
            Err(Refusal::Handler | Refusal::UnknownEndpoint) => self.stack.refuses(),
            Err(Refusal::Hang) => Written::never(false),
            Err(Refusal::Restart) => Written::never(true),
        }
    }

    /// What reading an endpoint returns: the answer to the last request on this link, else nothing.
    pub fn read(&self, endpoint: &str) -> &[u8] {
        self.values.get(endpoint).map_or(&[], Vec::as_slice)
    }

    fn answer(&mut self, endpoint: &'static str, reply: Reply) -> Written {
        let Reply { mut body, after, fault } = reply;
        match fault {
            Some(ReplyFault::Truncated) => body.truncate(body.len() / 2),
            // Faults of an HTTP server.
            Some(ReplyFault::Status500 | ReplyFault::NotHttp) | None => {}
        }
        if body.len() <= self.value_max() {
            self.values.insert(endpoint, body);
            return Written::done(after);
        }
        match self.stack {
            Stack::NimBle => Written { after, ..self.stack.refuses() },
            // The stack does not take the value, the firmware logs it, and the write succeeds.
            Stack::Bluedroid => Written::done(after),
        }
    }

    fn value_max(&self) -> usize {
        self.stack.value_max(self.device.options().profile.knows_security2)
    }
}

#[cfg(test)]
mod tests;
