//! Applications: a client that registers GATT objects and an advertisement is a device near every other adapter, and
//! what is read and written there is asked of the client, as bluetoothd does.
//!
//! From bluetoothd 5.66's gatt-database.c: which ATT error an application's D-Bus error becomes, and that it answers for
//! one that takes more than 5 s. What the client's objects say is read in `offered.rs`.

use std::time::Duration;

use tokio::time::timeout;
use zbus::zvariant::OwnedObjectPath;

use super::bus::Bus;
use super::message::{Answer, Call, Properties, Refusal, path_value, value};
use super::nearby::{Encryption, Nearby, Question, Server};
use super::objects::{CHARACTERISTIC, DESCRIPTOR, DEVICE};
use super::offered::{Advertised, table};
use super::table::Table;
use super::world::{Device, Known, Link, World};

/// The interfaces of an adapter that can be a peripheral.
pub(super) const GATT_MANAGER: &str = "org.bluez.GattManager1";
pub(super) const ADVERTISING_MANAGER: &str = "org.bluez.LEAdvertisingManager1";
const ADVERTISEMENT: &str = "org.bluez.LEAdvertisement1";
/// How long an application may take to answer (ATTRIBUTE_TIMEOUT of gatt-db.c).
const ATTRIBUTE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a client's application answers as.
#[derive(Debug)]
pub(super) struct Registered {
    client: u32,
    root: String,
    /// The adapter it is on.
    host: usize,
    /// Characteristics are called by their objects' paths; so are descriptors, in their values.
    pub(super) table: Table,
    /// The advertisement's object, while there is one.
    advertisement: Option<String>,
    connected: bool,
}

/// A request to an application.
pub(super) enum Asks<'a> {
    Write(&'a str, &'a [u8]),
    Read(&'a str),
    Describe(&'a str),
}

impl Registered {
    pub(super) fn is_advertising(&self) -> bool {
        self.advertisement.is_some() && !self.connected
    }

    pub(super) fn link_changed(&mut self, up: bool) {
        self.connected = up;
    }
}

impl Bus {
    pub(super) async fn asked_gatt_manager(&self, call: &Call) -> Answer {
        let host = self.host(call)?;
        let missing = || Refusal::bluez("DoesNotExist", "Does Not Exist");
        match call.member.as_str() {
            "RegisterApplication" => {
                let (root, _): (OwnedObjectPath, Properties) = call.arguments()?;
                if self.world().application(call.client).is_some() {
                    return Err(Refusal::bluez("AlreadyExists", "Already Exists"));
                }
                let interface = "org.freedesktop.DBus.ObjectManager";
                let reply = self.ask(call.client, &root, interface, "GetManagedObjects", &()).await?;
                let objects =
                    reply.body().deserialize().map_err(|error| Refusal::bluez("Failed", error.to_string()))?;
                let (table, encrypted) =
                    table(&objects).ok_or_else(|| Refusal::bluez("Failed", "No valid service object found"))?;
                self.world().register(call.client, host, root.to_string(), table, encrypted);
                call.done()
            }
            "UnregisterApplication" => {
                let root: OwnedObjectPath = call.arguments()?;
                let mut world = self.world();
                let own = world.application(call.client).filter(|own| world.registered(*own).root == root.as_str());
                let own = own.ok_or_else(missing)?;
                world.nearby[own].server = Server::Mute;
                call.done()
            }
            _ => Err(call.unknown()),
        }
    }

    pub(super) async fn asked_advertising_manager(&self, call: &Call) -> Answer {
        let host = self.host(call)?;
        let missing = || Refusal::bluez("DoesNotExist", "Does Not Exist");
        let own = self.world().application(call.client).ok_or_else(missing)?;
        match call.member.as_str() {
            "RegisterAdvertisement" => {
                let (path, _): (OwnedObjectPath, Properties) = call.arguments()?;
                {
                    let mut world = self.world();
                    if world.registered(own).advertisement.is_some() {
                        return Err(Refusal::bluez("AlreadyExists", "Already Exists"));
                    }
                    if world.advertisements(host) >= world.adapters[host].slots {
                        return Err(Refusal::bluez("NotPermitted", "Maximum advertisements reached"));
                    }
                }
                let interface = "org.freedesktop.DBus.Properties";
                let reply = self.ask(call.client, &path, interface, "GetAll", &ADVERTISEMENT).await?;
                let properties = reply.body().deserialize();
                let properties = properties.map_err(|error| Refusal::bluez("Failed", error.to_string()))?;
                let advertised = Advertised::read(&properties)
                    .ok_or_else(|| Refusal::bluez("Failed", "Failed to parse advertisement."))?;
                let off = !self.world().adapters[host].powered;
                if off || !advertised.fits() {
                    return Err(Refusal::bluez("Failed", "Failed to register advertisement"));
                }
                self.world().advertise(own, path.to_string(), advertised);
                call.done()
            }
            "UnregisterAdvertisement" => {
                let path: OwnedObjectPath = call.arguments()?;
                let mut world = self.world();
                let advertisement = &mut world.registered(own).advertisement;
                advertisement.take_if(|own| *own == path.as_str()).map(drop).ok_or_else(missing)?;
                call.done()
            }
            _ => Err(call.unknown()),
        }
    }

    /// bluetoothd takes the advertisements on an adapter back, as when that goes; all where none is named.
    pub(super) async fn take_back(&self, host: Option<usize>) {
        let taken: Vec<(u32, String)> = {
            let mut world = self.world();
            let advertisement = |nearby: &mut Nearby| match &mut nearby.server {
                Server::Registered(own) if host.is_none_or(|host| host == own.host) => {
                    Some((own.client, own.advertisement.take()?))
                }
                _ => None,
            };
            world.nearby.iter_mut().filter_map(advertisement).collect()
        };
        for (client, path) in taken {
            let _ = self.ask(client, &path, ADVERTISEMENT, "Release", &()).await;
        }
    }

    /// The adapter that is asked, where it can be a peripheral.
    fn host(&self, call: &Call) -> Result<usize, Refusal> {
        let world = self.world();
        let host = world.adapter_at(&call.path).filter(|host| world.adapters[*host].peripheral);
        host.ok_or_else(|| call.unknown())
    }

    /// A link to an application came up: bluetoothd has an object of the central too.
    pub(super) async fn central_appears(&self, device: usize) {
        let Some((path, central)) = self.world().central_of(device) else { return };
        self.added(&path).await;
        self.world().devices[central].link = Link::Up;
        self.changed(&path, DEVICE, vec![("Connected", value(true))], &[]).await;
    }

    /// Makes the link to an application an encrypted one, where that demands it: its agent is asked.
    pub(super) async fn encrypt_application(&self, device: usize) -> Result<(), Refusal> {
        let (agent, central) = {
            let world = self.world();
            // No client asked to pair, so that it is no client's own agent.
            (world.agent_for(None), world.other_end(device))
        };
        let (Some(agent), Some(central)) = (agent, central) else {
            // Nobody says whether to pair.
            return std::future::pending().await;
        };
        let path = self.world().devices[central].path.clone();
        let asked = super::pairing_agent::ask(self, &agent, &path, Question::Authorization).await;
        asked.map_err(|_| Refusal::att(0x05))?;
        let mut world = self.world();
        for end in [device, central] {
            world.devices[end].paired = true;
            let address = world.devices[end].address.clone();
            world.paired.push(address);
        }
        Ok(())
    }

    /// Hands a request to the application behind a device; what it answers. `None` where there is none.
    pub(super) async fn ask_application(
        &self,
        device: usize,
        request: Asks<'_>,
    ) -> Option<Result<Option<Vec<u8>>, Refusal>> {
        let (client, mtu, options) = {
            let mut world = self.world();
            let Nearby { server: Server::Registered(own), mtu, .. } = world.behind(device) else { return None };
            let (client, mtu) = (own.client, *mtu);
            let central = world.devices[world.other_end(device)?].path.clone();
            let options = [("device", path_value(&central)), ("link", value("LE")), ("mtu", value(mtu))];
            (client, mtu, options.map(|(name, value)| (name.to_owned(), value)))
        };
        let options = Properties::from(options);
        let asked = async {
            match request {
                Asks::Write(path, written) => {
                    let arguments = (written, &options);
                    self.ask(client, path, CHARACTERISTIC, "WriteValue", &arguments).await.map(|_| None)
                }
                Asks::Read(path) => self.read_long(client, path, CHARACTERISTIC, mtu, options).await.map(Some),
                Asks::Describe(path) => self.read_long(client, path, DESCRIPTOR, mtu, options).await.map(Some),
            }
        };
        let answer = match timeout(ATTRIBUTE_TIMEOUT, asked).await {
            Ok(answer) => answer.map_err(|refusal| Refusal::att(att_error(&refusal))),
            Err(_) => Err(Refusal::att(0x0e)),
        };
        Some(answer)
    }

    /// A read whose link is down by the time an application sees it.
    pub(super) async fn reads_late(&self) {
        let (client, path, central) = {
            let world = self.world();
            let own = world.nearby.iter().find_map(|nearby| match &nearby.server {
                Server::Registered(own) => Some(own),
                _ => None,
            });
            let own = own.expect("an application");
            let first = own.table.services.iter().find_map(|service| service.characteristics.first());
            let is_central = |device: &&Device| device.adapter == own.host && device.link == Link::Down;
            let central = world.devices.iter().find(is_central).expect("a central that was");
            (own.client, first.expect("a characteristic").name.clone(), central.path.clone())
        };
        let options = Properties::from([("device".to_owned(), path_value(&central))]);
        let _ = self.ask(client, &path, CHARACTERISTIC, "ReadValue", &options).await;
    }

    /// A value by a read, and by blobs while parts come back full.
    async fn read_long(
        &self,
        client: u32,
        path: &str,
        interface: &str,
        mtu: u16,
        mut options: Properties,
    ) -> Result<Vec<u8>, Refusal> {
        let most = usize::from(mtu) - 1;
        let mut read = Vec::new();
        loop {
            let reply = self.ask(client, path, interface, "ReadValue", &options).await?;
            let part: Vec<u8> = reply.body().deserialize().map_err(|_| Refusal::bluez("NotSupported", "no value"))?;
            let full = part.len() >= most;
            read.extend(part.into_iter().take(most));
            if !full {
                return Ok(read);
            }
            options.insert("offset".to_owned(), value(u16::try_from(read.len()).expect("a value of 512 bytes")));
        }
    }
}

impl World {
    /// The device that a client's application is.
    fn application(&self, client: u32) -> Option<usize> {
        self.nearby.iter().position(|one| matches!(&one.server, Server::Registered(own) if own.client == client))
    }

    fn registered(&mut self, nearby: usize) -> &mut Registered {
        match &mut self.nearby[nearby].server {
            Server::Registered(own) => own,
            _ => panic!("an application"),
        }
    }

    /// How many applications there are.
    pub(super) fn applications(&self) -> usize {
        self.nearby.iter().filter(|one| matches!(one.server, Server::Registered(_))).count()
    }

    /// How many advertisements there are on an adapter.
    pub(super) fn advertisements(&self, host: usize) -> usize {
        let on = |own: &Registered| own.host == host && own.advertisement.is_some();
        self.nearby.iter().filter(|one| matches!(&one.server, Server::Registered(own) if on(own))).count()
    }

    fn register(&mut self, client: u32, host: usize, root: String, table: Table, encrypted: bool) {
        // Its own adapter does not hear it.
        let mut others: Vec<usize> = (0..self.adapters.len()).filter(|adapter| *adapter != host).collect();
        others.push(usize::MAX);
        let own = Registered { client, root, host, table, advertisement: None, connected: false };
        // And it has an address of its own, since programs tell each other apart by the devices they have.
        self.add(Nearby {
            heard_by: others,
            // So that long values come in several parts.
            mtu: 64,
            encryption: if encrypted { Encryption::Automatic } else { Encryption::None },
            server: Server::Registered(own),
            ..Nearby::other(None, &[])
        });
    }

    fn advertise(&mut self, nearby: usize, path: String, advertised: Advertised) {
        self.registered(nearby).advertisement = Some(path);
        self.advertised.push(advertised.clone());
        let own = &mut self.nearby[nearby];
        own.name = advertised.name;
        own.services = advertised.services;
        own.manufacturer = advertised.manufacturer;
    }

    /// The object of the central that now has a link to an application: not connected yet.
    fn central_of(&mut self, device: usize) -> Option<(String, usize)> {
        let Server::Registered(own) = &self.behind(device).server else { return None };
        let host = own.host;
        let address = self.adapters[self.devices[device].adapter].address.clone();
        let known = |one: &Device| one.adapter == host && one.address == address;
        let central = self.devices.iter().position(known).unwrap_or_else(|| {
            self.add(Nearby {
                address: Some(address.clone()),
                heard_by: vec![host],
                server: Server::Mute,
                ..Nearby::other(Some("a central"), &[])
            });
            self.devices.len() - 1
        });
        let own = &mut self.devices[central];
        (own.known, own.named, own.other_end) = (Known::Kept, true, Some(device));
        let path = own.path.clone();
        self.devices[device].other_end = Some(central);
        Some((path, central))
    }

    /// The same link as its other end knows it.
    pub(super) fn other_end(&self, device: usize) -> Option<usize> {
        self.devices[device].other_end
    }

    /// A client has gone, and with it its application.
    pub(super) fn application_left(&mut self, client: u32) {
        if let Some(own) = self.application(client) {
            self.nearby[own].server = Server::Mute;
            self.abandoned += 1;
        }
    }

    /// bluetoothd knows no applications on an adapter any more; on none, where none is named.
    pub(super) fn applications_end(&mut self, host: Option<usize>) {
        for nearby in &mut self.nearby {
            if matches!(&nearby.server, Server::Registered(own) if host.is_none_or(|host| host == own.host)) {
                nearby.server = Server::Mute;
            }
        }
    }
}

/// What an application's error becomes on the link (`dbus_error_to_att_ecode`).
fn att_error(refusal: &Refusal) -> u8 {
    match refusal.name.strip_prefix("org.bluez.Error.") {
        Some("Failed") => match refusal.text.strip_prefix("0x").map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(code)) if (0x80..=0x9f).contains(&code) => code,
            Some(Ok(_)) => 0x0e,
            _ => 0x80,
        },
        Some("NotSupported") => 0x06,
        Some("NotAuthorized") => 0x08,
        Some("InvalidValueLength") => 0x0d,
        Some("InvalidOffset") => 0x07,
        Some("InProgress") => 0xfe,
        _ => 0x0e,
    }
}
