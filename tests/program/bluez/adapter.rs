//! Adapters: scanning, and whether they are on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use uuid::Uuid;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use super::bus::Bus;
use super::message::{Answer, Call, Refusal, value};
use super::objects::{ADAPTER, DEVICE};
use super::world::{Filter, Known, Link, Scan, World};

/// How long a scan takes to start.
const START: Duration = Duration::from_millis(10);
/// How finely a scan's time is told.
const STEP: Duration = Duration::from_millis(2);
/// How long devices that were only seen are remembered after a scan (bluetoothd's TemporaryTimeout).
const REMEMBERED: Duration = Duration::from_secs(30);

/// What a scan hears.
enum Heard {
    New(String),
    Name { path: String, name: String },
    Again { path: String, changes: Vec<(&'static str, OwnedValue)> },
}

impl Bus {
    pub(super) async fn asked_adapter(&self, call: &Call) -> Answer {
        let adapter = self.world().adapter_at(&call.path).ok_or_else(|| Refusal::no_object(&call.path))?;
        let is_off = !self.world().adapters[adapter].powered;
        match call.member.as_str() {
            "SetDiscoveryFilter" | "StartDiscovery" | "StopDiscovery" if is_off => {
                Err(Refusal::bluez("NotReady", "Resource Not Ready"))
            }
            "SetDiscoveryFilter" => {
                let filter: HashMap<String, OwnedValue> = call.arguments()?;
                let uuids = filter.get("UUIDs").and_then(|uuids| Vec::<String>::try_from(uuids.clone()).ok());
                if filter.is_empty() {
                    self.world().adapters[adapter].filters.remove(&call.client);
                    return call.done();
                }
                let bad = |_| Refusal::bluez("InvalidArguments", "Invalid arguments in method call");
                let uuids: Result<Vec<Uuid>, _> = uuids.unwrap_or_default().iter().map(|uuid| uuid.parse()).collect();
                let pattern = filter.get("Pattern").and_then(|pattern| String::try_from(pattern.clone()).ok());
                let filter = Filter { services: uuids.map_err(bad)?, pattern };
                self.world().adapters[adapter].filters.insert(call.client, filter);
                call.done()
            }
            "StartDiscovery" => self.start_discovery(adapter, call.client).await.and_then(|()| call.done()),
            "StopDiscovery" => {
                {
                    let own = &mut self.world().adapters[adapter];
                    match own.scans.get(&call.client) {
                        None => return Err(Refusal::bluez("Failed", "No discovery started")),
                        Some(scan) if !scan.answered => return Err(busy()),
                        Some(_) => own.scans.remove(&call.client),
                    };
                }
                self.scan_ended(adapter).await;
                call.done()
            }
            "RemoveDevice" => {
                let path: OwnedObjectPath = call.arguments()?;
                let missing = || Refusal::bluez("DoesNotExist", "Does Not Exist");
                let device = self.world().devices.iter().position(|one| one.is_known() && one.path == path.as_str());
                self.remove_device(device.ok_or_else(missing)?).await;
                call.done()
            }
            _ => Err(call.unknown()),
        }
    }

    /// Sets a property: whether an adapter is on. Nothing else is ever set.
    pub(super) async fn set_property(&self, call: &Call) -> Answer {
        let (interface, property, wanted): (String, String, OwnedValue) = call.arguments()?;
        let adapter = self.world().adapter_at(&call.path).filter(|_| interface == ADAPTER);
        let adapter = adapter.ok_or_else(|| Refusal::no_object(&call.path))?;
        let wanted = wanted.downcast_ref::<bool>().ok().filter(|_| property == "Powered");
        let on = wanted.ok_or_else(|| Refusal::dbus("PropertyReadOnly", "Property is not writable"))?;
        if on && self.world().adapters[adapter].blocked {
            return Err(Refusal::bluez("Blocked", "Blocked through rfkill"));
        }
        self.switch(adapter, on).await;
        call.done()
    }

    /// Switches an adapter on or off; off, its links and scans go.
    pub(super) async fn switch(&self, adapter: usize, on: bool) {
        let (path, was, up) = {
            let mut world = self.world();
            let up: Vec<usize> = (0..world.devices.len())
                .filter(|device| world.devices[*device].adapter == adapter && world.devices[*device].is_connected())
                .collect();
            let adapter = &mut world.adapters[adapter];
            (adapter.path.clone(), std::mem::replace(&mut adapter.powered, on), up)
        };
        if was == on {
            return;
        }
        if !on {
            for device in up {
                self.lose_link(device).await;
            }
            self.world().adapters[adapter].forget_clients();
            self.scan_stops(adapter).await;
        }
        self.changed(&path, ADAPTER, vec![("Powered", value(on))], &[]).await;
    }

    /// An adapter goes, as when it is pulled: with its links, scans, devices and applications.
    pub(super) async fn unplug(&self, adapter: usize) {
        self.take_back(Some(adapter)).await;
        // The kernel switches it off before it is gone.
        self.switch(adapter, false).await;
        let (path, devices) = {
            let mut world = self.world();
            world.applications_end(Some(adapter));
            world.pulled.push(adapter);
            let own = &mut world.adapters[adapter];
            own.forget_clients();
            own.since = None;
            let path = own.path.clone();
            let below = |device: &usize| world.devices[*device].adapter == adapter && world.devices[*device].is_known();
            (path, (0..world.devices.len()).filter(below).collect::<Vec<_>>())
        };
        for device in devices {
            self.lose_link(device).await;
            self.forget(device);
            let path = self.world().devices[device].path.clone();
            self.removed(&path, &[DEVICE]).await;
        }
        self.removed(&path, &[ADAPTER]).await;
    }

    /// An adapter that was pulled is plugged in again, and switched on.
    pub(super) async fn plug_in(&self, adapter: usize) {
        let path = {
            let mut world = self.world();
            world.pulled.retain(|pulled| *pulled != adapter);
            world.adapters[adapter].powered = true;
            world.adapters[adapter].path.clone()
        };
        self.added(&path).await;
    }

    /// Another client scans for devices that begin so, for ever.
    pub(super) async fn scans_for(&self, adapter: usize, pattern: &str) {
        let filter = Filter { services: Vec::new(), pattern: Some(pattern.to_owned()) };
        self.world().adapters[adapter].scans.insert(u32::MAX, Scan { filter, answered: true });
        self.scan_begins(adapter).await;
    }

    async fn start_discovery(&self, adapter: usize, client: u32) -> Result<(), Refusal> {
        {
            let mut world = self.world();
            let rival = world.rival;
            let refused = world.refused_scans.checked_sub(1);
            world.refused_scans = refused.unwrap_or_default();
            let own = &mut world.adapters[adapter];
            if own.scans.contains_key(&client) || refused.is_some() {
                return Err(busy());
            }
            let filter = own.filters.get(&client).cloned().unwrap_or_default();
            own.scans.insert(client, Scan { filter, answered: own.since.is_some() });
            if own.since.is_some() {
                return Ok(());
            }
            own.waits = Some(client).filter(|_| !rival);
        }
        sleep(START).await;
        self.scan_begins(adapter).await;
        let answered = {
            let own = &mut self.world().adapters[adapter];
            let answered = own.waits.take_if(|waits| *waits == client).is_some();
            own.scans.get_mut(&client).map(|scan| scan.answered = answered).filter(|()| answered)
        };
        if answered.is_some() { Ok(()) } else { std::future::pending().await }
    }

    /// A scan begins, unless there is one, or nobody wants it any more.
    async fn scan_begins(&self, adapter: usize) {
        let (path, since) = {
            let own = &mut self.world().adapters[adapter];
            if own.since.is_some() || own.scans.is_empty() {
                return;
            }
            (own.path.clone(), *own.since.insert(Instant::now()))
        };
        self.changed(&path, ADAPTER, vec![("Discovering", value(true))], &[]).await;
        tokio::spawn(self.clone().listen(adapter, since));
    }

    /// Hears what is near, until the scan that began then ends.
    async fn listen(self, adapter: usize, since: Instant) {
        loop {
            let Some(heard) = self.hear(adapter, since) else { return };
            for one in heard {
                match one {
                    Heard::New(path) => self.added(&path).await,
                    Heard::Name { path, name } => {
                        let changes = vec![("Name", value(name.as_str())), ("Alias", value(name.as_str()))];
                        self.changed(&path, DEVICE, changes, &[]).await;
                    }
                    Heard::Again { path, changes } => self.changed(&path, DEVICE, changes, &[]).await,
                }
            }
            sleep(STEP).await;
        }
    }

    /// What there is to hear now; `None` once the scan that began then has ended.
    fn hear(&self, adapter: usize, since: Instant) -> Option<Vec<Heard>> {
        let mut world = self.world();
        let world = &mut *world;
        let own = world.adapters.get(adapter).filter(|own| own.since == Some(since))?;
        let now = Instant::now();
        let mut heard = Vec::new();
        for device in world.devices.iter_mut().filter(|device| device.adapter == adapter) {
            let nearby = &world.nearby[device.nearby];
            let in_reach = nearby.is_advertising() && now >= since + nearby.heard_after;
            if !in_reach || !own.lets_through(&nearby.services, nearby.name.as_deref(), &device.address) {
                continue;
            }
            let named = nearby.name.is_some() && now >= since + nearby.heard_after + nearby.named_after;
            let path = device.path.clone();
            if !device.is_known() {
                world.first_heard.entry(device.address.clone()).or_insert(now);
                (device.known, device.named) = (Known::Seen, named);
                device.heard = Some((now, now));
                heard.push(Heard::New(path));
            } else if named && (!device.named || device.renamed) {
                (device.named, device.renamed) = (true, false);
                heard.push(Heard::Name { path, name: device.alias(nearby) });
            } else if device.heard.is_none_or(|(_, last)| now >= last + nearby.interval) {
                device.heard = Some((device.heard.map_or(now, |(first, _)| first), now));
                let mut changes = vec![("RSSI", value(nearby.rssi))];
                if let Some((company, data)) = &nearby.manufacturer {
                    changes.push(("ManufacturerData", value(HashMap::from([(*company, value(data.clone()))]))));
                }
                heard.push(Heard::Again { path, changes });
            }
        }
        Some(heard)
    }

    /// A client stopped its scan, or went; perhaps it was the last that scanned.
    async fn scan_ended(&self, adapter: usize) {
        if self.world().adapters[adapter].scans.is_empty() {
            self.scan_stops(adapter).await;
        }
    }

    /// Nothing is heard any more, whoever wants it.
    pub(super) async fn scan_stops(&self, adapter: usize) {
        let (path, heard) = {
            let mut world = self.world();
            let own = &mut world.adapters[adapter];
            if own.since.take().is_none() {
                return;
            }
            let path = own.path.clone();
            let of_adapter = world.devices.iter_mut().filter(|device| device.adapter == adapter);
            let heard: Vec<String> =
                of_adapter.filter_map(|device| device.heard.take().map(|_| device.path.clone())).collect();
            (path, heard)
        };
        for device in heard {
            self.changed(&device, DEVICE, vec![], &["RSSI"]).await;
        }
        self.changed(&path, ADAPTER, vec![("Discovering", value(false))], &[]).await;
        tokio::spawn(self.clone().forget_later(adapter));
    }

    /// Devices that were only seen are forgotten some time after the scan.
    async fn forget_later(self, adapter: usize) {
        sleep(REMEMBERED).await;
        let gone: Vec<usize> = {
            let world = self.world();
            if world.adapters[adapter].since.is_some() {
                return;
            }
            let temporary = |device: &usize| {
                let one = &world.devices[*device];
                one.adapter == adapter && one.known == Known::Seen && one.link == Link::Down
            };
            (0..world.devices.len()).filter(temporary).collect()
        };
        for device in gone {
            self.forget(device);
            let path = self.world().devices[device].path.clone();
            self.removed(&path, &[DEVICE]).await;
        }
    }

    /// A client has gone: what it had asked for ends, but not its links.
    pub(super) async fn client_left(&self, client: u32) {
        let stop: Vec<usize> = {
            let mut world = self.world();
            world.agents.retain(|agent| agent.client != client);
            world.application_left(client);
            if world.default_agent.as_ref().is_some_and(|agent| agent.client == client) {
                world.default_agent = world.agents.last().cloned();
            }
            let World { devices, left_up, .. } = &mut *world;
            let left = devices.iter().filter(|device| device.owner == Some(client) && device.link != Link::Down);
            left_up.extend(left.map(|device| device.address.clone()));
            let mut stop = Vec::new();
            for (index, adapter) in world.adapters.iter_mut().enumerate() {
                let filtered = adapter.filters.remove(&client).is_some();
                let stops = if let Some(scan) = adapter.scans.remove(&client) {
                    adapter.abandoned += usize::from(scan.answered);
                    adapter.scans.is_empty()
                } else {
                    adapter.abandoned += usize::from(filtered);
                    // bluetoothd stops the scan of the only other client that scans.
                    filtered && adapter.scans.len() == 1
                };
                if stops {
                    stop.push(index);
                }
            }
            stop
        };
        for adapter in stop {
            self.scan_stops(adapter).await;
        }
    }
}

fn busy() -> Refusal {
    Refusal::bluez("InProgress", "Operation already in progress")
}
