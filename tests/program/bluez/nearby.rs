//! A Bluetooth device near the computer: what it advertises, what answers on its link, and what goes wrong with it.

use std::time::{Duration, Instant};

use espctl::sim::gatt::{self, Stack, Written};
use espctl::sim::{Device, DeviceOptions};
use uuid::Uuid;

use super::application::Registered;
use super::faults::{At, Does, Fault, strikes};
use super::table::{Characteristic, Table};

/// A device whose own times are short, with the networks of the README. It stays when it has joined: a client that is slow
/// to read that it has would find nobody.
const QUICK: [(&str, &str); 6] = [
    ("ap", "HomeNet=correct-horse-battery"),
    ("ap", "OpenCafe"),
    ("join-ms", "50"),
    ("apply-delay-ms", "50"),
    ("scan-ms", "100"),
    ("no-auto-stop", ""),
];
/// How often a device advertises: firmware's interval.
const INTERVAL: Duration = Duration::from_millis(160);
/// Improv over Bluetooth (improv-wifi.com).
const IMPROV: Uuid = Uuid::from_u128(0x0046_7768_6228_2272_4663_2774_7826_8000);
/// Matter, commissionable (Matter Core, 5.4.2.5).
const MATTER: Uuid = Uuid::from_u128(0x0000_fff6_0000_1000_8000_0080_5f9b_34fb);

/// How a device wants its characteristics used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// By anybody.
    None,
    /// Over an encrypted link; bluetoothd starts to pair by itself when a request is refused.
    Automatic,
    /// Over an encrypted link; the refusal is handed on.
    OnRequest,
}

/// What the agent is asked when the device pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Nothing,
    Authorization,
    Confirmation,
}

/// A device near the computer.
pub(crate) struct Nearby {
    pub(super) address: Option<String>,
    pub(super) address_type: &'static str,
    pub(super) name: Option<String>,
    /// What it calls itself over a link (its GAP name), where that is something else.
    pub(super) gap_name: Option<String>,
    pub(super) services: Vec<Uuid>,
    pub(super) manufacturer: Option<(u16, Vec<u8>)>,
    pub(super) service_data: Option<(Uuid, Vec<u8>)>,
    pub(super) rssi: i16,
    pub(super) mtu: u16,
    /// How long after a scan begins it is heard, and how long after that its scan response.
    pub(super) heard_after: Duration,
    pub(super) named_after: Duration,
    /// How many more links it takes until it stops advertising, where it does.
    pub(super) links_left: Option<u32>,
    /// How often it advertises.
    pub(super) interval: Duration,
    /// By which adapters it is heard, by their indices; by all where empty.
    pub(super) heard_by: Vec<usize>,
    pub(super) encryption: Encryption,
    pub(super) question: Question,
    /// What bluetoothd has kept of the device from before.
    pub(super) stale: Option<Table>,
    /// Which adapter is connected to it from before.
    pub(super) linked_to: Option<usize>,
    /// Whether it was paired with the computer before.
    pub(super) paired: bool,
    /// Whether it keeps the keys of a pairing.
    pub(super) bonds: bool,
    pub(super) server: Server,
    pub(super) described: bool,
    pub(super) faults: Vec<Fault>,
}

/// What answers on a device's link.
pub(super) enum Server {
    /// The project's simulated device.
    Simulated { peripheral: Box<gatt::Peripheral>, booted: Instant },
    /// A device of another kind.
    Other { table: Table, connected: bool },
    /// A client of bluetoothd.
    Registered(Registered),
    /// Nothing, and nothing is heard of it: a central, or an application that is gone.
    Mute,
}

impl Nearby {
    /// A provisioning device of this name: the simulated device with these parameters, on NimBLE.
    pub(crate) fn esp(name: &str, parameters: &[(&str, &str)]) -> Self {
        Self::esp_on(Stack::NimBle, None, name, parameters)
    }

    /// The same on a stack, in a service of its own where one is given.
    pub(crate) fn esp_on(stack: Stack, service: Option<Uuid>, name: &str, parameters: &[(&str, &str)]) -> Self {
        // Access points add up: who names some wants no others.
        let own = parameters.iter().any(|(key, _)| *key == "ap");
        let quick = QUICK.into_iter().filter(|(key, _)| !(own && *key == "ap"));
        let parameters = quick.chain([("name", name)]).chain(parameters.iter().copied());
        let options = DeviceOptions::from_parameters(parameters).expect("parameters of a simulated device");
        let peripheral = gatt::Peripheral::new(Device::new(options), stack, service).expect("a name that fits");
        let advertised = peripheral.advertisement();
        Self {
            manufacturer: advertised.manufacturer.map(|(company, data)| (company, data.to_vec())),
            server: Server::Simulated { peripheral: Box::new(peripheral), booted: Instant::now() },
            described: true,
            ..Self::other(Some(&advertised.name), &[advertised.service])
        }
    }

    /// A device that provisions over Improv.
    pub(crate) fn improv(name: &str) -> Self {
        Self::other(Some(name), &[IMPROV])
    }

    /// A device that waits to be commissioned into Matter.
    pub(crate) fn matter(name: &str) -> Self {
        // Commissionable, discriminator 3840, vendor 0xfff1, product 0x8000.
        let data = vec![0x00, 0x00, 0x0f, 0xf1, 0xff, 0x00, 0x80, 0x00];
        Self { service_data: Some((MATTER, data)), ..Self::other(Some(name), &[MATTER]) }
    }

    /// A device that advertises neither name nor service.
    pub(crate) fn nameless() -> Self {
        Self { address_type: "random", ..Self::other(None, &[]) }
    }

    /// A device that is no provisioning device.
    pub(crate) fn other(name: Option<&str>, services: &[Uuid]) -> Self {
        Self {
            address: None,
            address_type: "public",
            name: name.map(str::to_owned),
            gap_name: None,
            services: services.to_vec(),
            manufacturer: None,
            service_data: None,
            rssi: -50,
            mtu: 256,
            heard_after: Duration::from_millis(20),
            named_after: Duration::ZERO,
            links_left: None,
            interval: INTERVAL,
            heard_by: Vec::new(),
            encryption: Encryption::None,
            question: Question::Nothing,
            stale: None,
            linked_to: None,
            paired: false,
            bonds: false,
            server: Server::Other { table: Table::bare(), connected: false },
            described: false,
            faults: Vec::new(),
        }
    }

    /// A device of this name that offers this, and answers nothing.
    pub(crate) fn offering(name: &str, table: Table) -> Self {
        let services = table.uuids();
        Self { server: Server::Other { table, connected: false }, ..Self::other(Some(name), &services) }
    }

    /// Heard this strongly, in dBm.
    pub(crate) fn rssi(mut self, rssi: i16) -> Self {
        self.rssi = rssi;
        self
    }

    /// Its advertisement has room for so many characters of its name.
    pub(crate) fn cut_to(mut self, length: usize) -> Self {
        self.name.iter_mut().for_each(|name| name.truncate(length));
        self
    }

    /// Calls itself this over a link, whatever it advertises.
    pub(crate) fn calls_itself(mut self, name: &str) -> Self {
        self.gap_name = Some(name.to_owned());
        self
    }

    /// With this ATT MTU, in bytes.
    pub(crate) fn mtu(mut self, mtu: u16) -> Self {
        self.mtu = mtu;
        self
    }

    /// Without user descriptions (0x2901).
    pub(crate) fn undescribed(mut self) -> Self {
        self.described = false;
        self
    }

    /// With this manufacturer data.
    pub(crate) fn manufacturer(mut self, company: u16, data: &[u8]) -> Self {
        self.manufacturer = Some((company, data.to_vec()));
        self
    }

    /// Advertises no service at all, as where its UUID is in the scan response that is not heard.
    pub(crate) fn advertises(mut self, services: &[Uuid]) -> Self {
        self.services = services.to_vec();
        self
    }

    /// Heard so long after a scan begins.
    pub(crate) fn heard_after(mut self, after: Duration) -> Self {
        self.heard_after = after;
        self
    }

    /// Stops advertising once its first link has ended.
    pub(crate) fn advertises_once(mut self) -> Self {
        self.links_left = Some(1);
        self
    }

    /// Advertises so often.
    pub(crate) fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Its name, which is in the scan response, arrives so long after its service.
    pub(crate) fn named_after(mut self, after: Duration) -> Self {
        self.named_after = after;
        self
    }

    /// Heard by one adapter alone.
    pub(crate) fn heard_by(mut self, adapter: usize) -> Self {
        self.heard_by = vec![adapter];
        self
    }

    /// Wants an encrypted link; what the agent is asked for it.
    pub(crate) fn encrypted(mut self, encryption: Encryption, question: Question) -> Self {
        (self.encryption, self.question) = (encryption, question);
        self
    }

    /// bluetoothd has kept a table of it from before, in which there is no provisioning.
    pub(crate) fn remembered_otherwise(mut self) -> Self {
        self.stale = Some(Table::bare());
        self
    }

    /// Connected to the first adapter from before: a run that was killed left it so.
    pub(crate) fn linked(mut self) -> Self {
        self.linked_to = Some(0);
        self
    }

    /// Keeps the keys of a pairing, and so does the computer; otherwise a pairing goes with its link.
    pub(crate) fn bonds(mut self) -> Self {
        self.bonds = true;
        self
    }

    /// Paired with the computer from before.
    pub(crate) fn paired(mut self) -> Self {
        self.paired = true;
        self.bonds()
    }

    /// With this fault.
    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Counts an occasion for its faults; what the one that strikes does.
    pub(super) fn strikes(&mut self, at: &At) -> Option<Does> {
        strikes(&mut self.faults, at)
    }

    /// Its attributes.
    pub(super) fn table(&self) -> Table {
        match &self.server {
            Server::Simulated { peripheral, .. } => {
                Table::of_endpoints(peripheral.service(), peripheral.endpoints(), self.described)
            }
            Server::Other { table, .. } => table.clone(),
            Server::Registered(own) => own.table.clone(),
            Server::Mute => Table::bare(),
        }
    }

    /// Whether it can be heard.
    pub(super) fn is_advertising(&self) -> bool {
        if self.links_left == Some(0) {
            return false;
        }
        match &self.server {
            Server::Simulated { peripheral, booted } => peripheral.is_advertising(booted.elapsed()),
            Server::Other { connected, .. } => !connected,
            Server::Registered(own) => own.is_advertising(),
            Server::Mute => false,
        }
    }

    /// Lets time pass. Whether a link that is up stays up.
    pub(super) fn keeps_link(&mut self) -> bool {
        match &mut self.server {
            Server::Simulated { peripheral, booted } => {
                let now = booted.elapsed();
                peripheral.tick(now);
                peripheral.keeps_link(now)
            }
            Server::Other { .. } | Server::Registered(_) | Server::Mute => true,
        }
    }

    /// A link came up, or went down.
    pub(super) fn link_changed(&mut self, up: bool) {
        self.links_left = self.links_left.map(|left| left.saturating_sub(u32::from(!up)));
        match &mut self.server {
            Server::Simulated { peripheral, booted } if up => peripheral.connected(booted.elapsed()),
            Server::Simulated { peripheral, .. } => peripheral.disconnected(),
            Server::Other { connected, .. } => *connected = up,
            Server::Registered(own) => own.link_changed(up),
            Server::Mute => {}
        }
    }

    /// A whole value was written.
    pub(super) fn write(&mut self, to: &Characteristic, value: &[u8]) -> Written {
        match &mut self.server {
            Server::Simulated { peripheral, booted } => peripheral.write(booted.elapsed(), &to.name, value),
            // An application is asked elsewhere: that takes time.
            Server::Other { .. } | Server::Registered(_) | Server::Mute => {
                let answer = gatt::Answer::Refused(0x03);
                Written { after: Duration::ZERO, answer, drops_link: false }
            }
        }
    }

    /// A value is read.
    pub(super) fn read(&self, from: &Characteristic) -> Vec<u8> {
        match &self.server {
            Server::Simulated { peripheral, .. } => peripheral.read(&from.name).to_vec(),
            Server::Other { .. } | Server::Registered(_) | Server::Mute => Vec::new(),
        }
    }
}
