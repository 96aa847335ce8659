//! What bluetoothd knows at the moment: adapters, devices, agents, and the record of what clients asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use uuid::Uuid;

use super::nearby::Nearby;
use super::offered::Advertised;
use super::table::Table;

/// Whether there is a bluetoothd, and whether the bus lets anybody talk to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Daemon {
    #[default]
    Running,
    /// Not started, and nothing starts it.
    Absent,
    /// The bus's policy forbids messages to it.
    Forbidden,
    /// It is there and answers nothing.
    Silent,
}

/// How an adapter is at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Radio {
    pub(crate) powered: bool,
    /// Switched off by rfkill: it cannot be switched on over D-Bus.
    pub(crate) blocked: bool,
    /// Whether it can be a peripheral.
    pub(crate) peripheral: bool,
    /// How many advertisements it has room for.
    pub(crate) slots: usize,
}

impl Radio {
    /// Switched on.
    pub(crate) const ON: Self = Self { powered: true, blocked: false, peripheral: true, slots: 5 };
    /// Switched off.
    pub(crate) const OFF: Self = Self { powered: false, ..Self::ON };
    /// Switched off by rfkill.
    pub(crate) const BLOCKED: Self = Self { blocked: true, ..Self::OFF };
}

/// An adapter.
pub(super) struct Adapter {
    pub(super) path: String,
    pub(super) address: String,
    pub(super) powered: bool,
    pub(super) blocked: bool,
    pub(super) peripheral: bool,
    pub(super) slots: usize,
    /// The clients that scan.
    pub(super) scans: BTreeMap<u32, Scan>,
    /// The filters that clients have set, for their next scan.
    pub(super) filters: BTreeMap<u32, Filter>,
    /// Since when it scans for anybody: from a moment after the first client has asked.
    pub(super) since: Option<Instant>,
    /// The client that is answered when the scan has started. bluetoothd remembers one: of two that ask meanwhile the
    /// first is never answered.
    pub(super) waits: Option<u32>,
    /// Scans that ended because their client went, not because it stopped them, and filters that it had not taken back.
    pub(super) abandoned: usize,
}

/// What a client wants to hear of.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// The services, one of which a device has to have; all devices where there are none.
    pub(super) services: Vec<Uuid>,
    /// What the name or the address has to begin with.
    pub(super) pattern: Option<String>,
}

/// What a client's scan is like.
pub(super) struct Scan {
    pub(super) filter: Filter,
    /// Whether the client has been told that it runs. It cannot stop it before.
    pub(super) answered: bool,
}

/// Whether a device has an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    No,
    /// It was seen in a scan, and is forgotten after that.
    Seen,
    /// It was connected to once.
    Kept,
}

/// The link to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Down,
    Opening,
    Up,
    /// Up, and the device's attributes are known.
    Resolved,
}

/// A device as one adapter sees it: a `Device1`, once it has been heard.
pub(super) struct Device {
    pub(super) adapter: usize,
    /// Its index among those nearby.
    pub(super) nearby: usize,
    pub(super) path: String,
    pub(super) address: String,
    pub(super) known: Known,
    /// Whether its name has been heard.
    pub(super) named: bool,
    /// Whether bluetoothd knows it by its GAP name, which it reads over each link and forgets with the next advertisement
    /// that has a whole name.
    pub(super) renamed: bool,
    /// When the scan that runs first and last heard it.
    pub(super) heard: Option<(Instant, Instant)>,
    pub(super) link: Link,
    /// Its attributes, once they are known; they stay when the link goes.
    pub(super) table: Option<Table>,
    pub(super) paired: bool,
    /// Who made the link, or tries to, until it is told to end.
    pub(super) owner: Option<u32>,
    /// The device that is the other end of its link, where that is a client's application: its number.
    pub(super) other_end: Option<usize>,
    /// Characteristics with a read, or a write, under way.
    pub(super) busy: Vec<(String, &'static str)>,
    /// Told when the link, or the try to make one, ends.
    pub(super) ended: Arc<Notify>,
}

/// An agent of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PairingAgent {
    pub(super) client: u32,
    pub(super) path: String,
}

/// Something a client asked of bluetoothd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    /// The client's number.
    pub(crate) client: u32,
    pub(crate) path: String,
    /// Without its interface: `Connect`.
    pub(crate) member: String,
}

/// A value that a client wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrote {
    /// The endpoint's name.
    pub(crate) endpoint: String,
    /// Length, in bytes.
    pub(crate) length: usize,
}

/// All of it.
pub(super) struct World {
    pub(super) daemon: Daemon,
    /// The next call of this member takes so much longer.
    pub(super) late: Option<(&'static str, Duration)>,
    /// Whether the bus refuses to take match rules back.
    pub(super) loses_match_rules: bool,
    /// Whether the answer to whoever starts a scan goes to somebody else.
    pub(super) rival: bool,
    /// How many more scans the kernel refuses to start.
    pub(super) refused_scans: u32,
    pub(super) adapters: Vec<Adapter>,
    /// Those that were pulled.
    pub(super) pulled: Vec<usize>,
    pub(super) nearby: Vec<Nearby>,
    pub(super) devices: Vec<Device>,
    /// Oldest first; the last one that became the default is `default_agent`.
    pub(super) agents: Vec<PairingAgent>,
    pub(super) default_agent: Option<PairingAgent>,
    pub(super) asked: Vec<Asked>,
    pub(super) wrote: Vec<Wrote>,
    pub(super) paired: Vec<String>,
    pub(super) removed: Vec<String>,
    /// Those whose link, or try to make one, outlived the client that made it.
    pub(super) left_up: Vec<String>,
    /// Applications that ended because their client went, not because it took them back.
    pub(super) abandoned: usize,
    /// What clients have advertised, oldest first.
    pub(super) advertised: Vec<Advertised>,
    /// When each device of an address was first told of to anybody.
    pub(super) first_heard: BTreeMap<String, Instant>,
}

impl World {
    pub(super) fn new(daemon: Daemon, radios: &[Radio], nearby: Vec<Nearby>) -> Self {
        let adapters: Vec<Adapter> =
            radios.iter().enumerate().map(|(index, radio)| Adapter::new(index, *radio)).collect();
        let mut world = Self {
            daemon,
            late: None,
            loses_match_rules: false,
            rival: false,
            refused_scans: 0,
            adapters,
            pulled: Vec::new(),
            nearby: Vec::new(),
            devices: Vec::new(),
            agents: Vec::new(),
            default_agent: None,
            asked: Vec::new(),
            wrote: Vec::new(),
            paired: Vec::new(),
            removed: Vec::new(),
            left_up: Vec::new(),
            abandoned: 0,
            advertised: Vec::new(),
            first_heard: BTreeMap::new(),
        };
        for one in nearby {
            world.add(one);
        }
        world
    }

    /// A device comes near.
    pub(super) fn add(&mut self, mut nearby: Nearby) {
        let number = self.nearby.len();
        let address = nearby.address.clone().unwrap_or_else(|| address(nearby.address_type));
        for (adapter, radio) in self.adapters.iter().enumerate() {
            if nearby.heard_by.is_empty() || nearby.heard_by.contains(&adapter) {
                let mut device = Device::new(adapter, number, &radio.path, &address);
                if nearby.paired {
                    (device.known, device.named, device.paired) = (Known::Kept, true, true);
                }
                if nearby.linked_to == Some(adapter) {
                    nearby.link_changed(true);
                    (device.known, device.named) = (Known::Kept, true);
                    (device.link, device.table) = (Link::Resolved, Some(nearby.table()));
                    device.renamed = nearby.gap_name.is_some();
                }
                self.devices.push(device);
            }
        }
        self.nearby.push(nearby);
    }

    /// The device an object belongs to: by its own path, or by one below it.
    pub(super) fn device_at(&self, path: &str) -> Option<usize> {
        let belongs = |device: &Device| {
            path.strip_prefix(&device.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.devices.iter().position(|device| device.is_known() && belongs(device))
    }

    pub(super) fn adapter_at(&self, path: &str) -> Option<usize> {
        let found = self.adapters.iter().position(|adapter| adapter.path == path);
        found.filter(|adapter| !self.pulled.contains(adapter))
    }

    /// The nearby device behind a device's object.
    pub(super) fn behind(&mut self, device: usize) -> &mut Nearby {
        let nearby = self.devices[device].nearby;
        &mut self.nearby[nearby]
    }

    /// The agent to ask for a client: its own, else the default one, else the one that came first.
    pub(super) fn agent_for(&self, client: Option<u32>) -> Option<PairingAgent> {
        let own = self.agents.iter().find(|agent| Some(agent.client) == client);
        own.or(self.default_agent.as_ref()).or(self.agents.first()).cloned()
    }
}

/// An address that no other device has, in this process or in another one: programs tell each other apart by the
/// devices they have.
fn address(address_type: &str) -> String {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    // Espressif's, or one of nobody's.
    let vendor = if address_type == "public" { "24:0A" } else { "4A:11" };
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let [.., first, second] = std::process::id().to_be_bytes();
    format!("{vendor}:{first:02X}:{second:02X}:{high:02X}:{low:02X}")
}

impl Adapter {
    fn new(index: usize, radio: Radio) -> Self {
        Self {
            path: format!("/org/bluez/hci{index}"),
            address: format!("00:1A:7D:DA:71:{:02X}", 0x10 + index),
            powered: radio.powered,
            blocked: radio.blocked,
            peripheral: radio.peripheral,
            slots: radio.slots,
            scans: BTreeMap::new(),
            filters: BTreeMap::new(),
            since: None,
            waits: None,
            abandoned: 0,
        }
    }

    /// All that clients have asked for goes.
    pub(super) fn forget_clients(&mut self) {
        self.scans.clear();
        self.filters.clear();
    }

    /// Whether anybody's filter lets this device through: bluetoothd merges the filters of all its clients. Where any has a
    /// pattern, nobody hears of a device that no pattern fits (5.66, `device_is_discoverable` in src/adapter.c).
    pub(super) fn lets_through(&self, services: &[Uuid], name: Option<&str>, address: &str) -> bool {
        let filters = || self.scans.values().map(|scan| &scan.filter);
        let fits =
            |filter: &Filter| filter.services.is_empty() || filter.services.iter().any(|uuid| services.contains(uuid));
        let begins =
            |pattern: &String| address.starts_with(pattern) || name.is_some_and(|name| name.starts_with(pattern));
        let mut patterns = filters().filter_map(|filter| filter.pattern.as_ref()).peekable();
        (patterns.peek().is_none() || patterns.any(begins)) && filters().any(fits)
    }
}

impl Device {
    fn new(adapter: usize, nearby: usize, adapter_path: &str, address: &str) -> Self {
        Self {
            adapter,
            nearby,
            path: format!("{adapter_path}/dev_{}", address.replace(':', "_")),
            address: address.to_owned(),
            known: Known::No,
            named: false,
            renamed: false,
            heard: None,
            link: Link::Down,
            table: None,
            paired: false,
            owner: None,
            other_end: None,
            busy: Vec::new(),
            ended: Arc::new(Notify::new()),
        }
    }
    /// Whether there is an object.
    pub(super) fn is_known(&self) -> bool {
        self.known != Known::No
    }

    /// Whether a link is up.
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up | Link::Resolved)
    }
}
