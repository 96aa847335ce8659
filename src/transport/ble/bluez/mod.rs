//! What the library leaves out on Linux, asked of bluetoothd itself: why there is no Bluetooth, which adapter, a scan
//! that switches nothing on, links left up by others, pairing, and devices to be forgotten.
//!
//! - `bus.rs`: the calls
//! - `objects.rs`: the names and paths of what is called
//! - `discovery.rs`: a scan
//! - `signals.rs`: what is heard, as bluetoothd tells it
//! - `pairing_agent.rs`: pairing for the time of a session
//! - `process_lock.rs`: which process has which device, or whose turn it is
//! - `environment.rs`: what the computer's files tell

mod bus;
mod discovery;
mod environment;
mod objects;
mod pairing_agent;
mod process_lock;
mod signals;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use btleplug::api::{Central as _, Manager as _, Peripheral as _};
use btleplug::platform::{Adapter, Manager, Peripheral};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath};

use self::bus::{Bus, Fault};
use self::discovery::Discovery;
use self::objects::{ADAPTER, AGENTS, DEVICE, Interfaces, ROOT, adapter_path, boolean, device_path, string};
use self::pairing_agent::{PairingAgent, PairingRequests};
pub(super) use self::process_lock::Claim;
pub(super) use self::signals::Signals;
use super::att::{self, ErrorClass};
use super::choose::{self, AdapterFacts};
use super::error::{BleError, Block};
use crate::transport::{Locator, TransportError};
use crate::wire::advertisement::Advertisement;

/// bluetoothd takes 2 s to end a link; it does so also for a program that no longer waits.
const DISCONNECT: Duration = Duration::from_secs(4);
/// How long to wait for the end of a link that is no longer needed.
const DISCONNECT_SHORT: Duration = Duration::from_millis(100);

/// How long to wait before an adapter that is off is looked at again, and how often.
const LOOK_AGAIN: (Duration, u32) = (Duration::from_millis(200), 4);

/// bluetoothd says with which error a device has refused a request.
pub(super) const HIDES_ERRORS: bool = false;

/// A device that bluetoothd has a link to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) address: String,
    /// What it had advertised, as far as that is remembered.
    pub(super) advertisement: Advertisement,
}

/// bluetoothd.
#[derive(Debug)]
pub(super) struct Host {
    bus: Bus,
    manager: Manager,
    /// What runs, by adapter.
    discoveries: Mutex<HashMap<String, Discovery>>,
    guests: PairingRequests,
    /// Ends with the runtime that the connections above live in.
    life: JoinHandle<()>,
}

/// One host a process: each connection to the bus is there for good.
static HOST: Mutex<Option<Arc<Host>>> = Mutex::const_new(None);

impl Host {
    /// The host, opened when it is first asked for, or when the bus has gone away.
    pub(super) async fn get() -> Result<Arc<Self>, BleError> {
        let mut slot = HOST.lock().await;
        if let Some(host) = slot.as_ref().filter(|host| !host.life.is_finished()) {
            match host.bus.objects().await {
                Ok(_) => return Ok(host.clone()),
                // The bus answered: it is the daemon that is missing.
                Err(fault) if !fault.name.is_empty() => return Err(fault.of_daemon()),
                Err(_) => {}
            }
        }
        let bus = Bus::open().await?;
        bus.objects().await.map_err(Fault::of_daemon)?;
        let stack = |error: &btleplug::Error| match att::read(error) {
            ErrorClass::Permission => BleError::Permission { reason: att::words(error) },
            _ => BleError::Stack { reason: att::words(error) },
        };
        let manager = Manager::new().await.map_err(|error| stack(&error))?;
        let life = tokio::spawn(std::future::pending());
        let host =
            Arc::new(Self { bus, manager, discoveries: Mutex::default(), guests: PairingRequests::default(), life });
        *slot = Some(host.clone());
        Ok(host)
    }

    /// The adapter to use, by its name or address where one is wanted.
    pub(super) async fn adapter(
        &self,
        wanted: Option<&str>,
        to: &Locator,
    ) -> Result<(String, Adapter), TransportError> {
        let name = choose_patiently(&self.bus, wanted, to).await?.name;
        let adapters = self.manager.adapters().await.map_err(|error| BleError::Stack { reason: att::words(&error) })?;
        for adapter in adapters {
            // "hci0 (usb:v1D6Bp0246d0540)"
            let info = adapter.adapter_info().await.unwrap_or_default();
            if info.split(' ').next() == Some(&name) {
                return Ok((name, adapter));
            }
        }
        Err(BleError::AdapterAbsent { wanted: Some(name), present: Vec::new(), hidden: true }.into())
    }

    /// Whether the adapter is still there, and on.
    pub(super) async fn ready(&self, adapter: &str) -> Result<(), BleError> {
        if self.is_so(adapter, "Powered").await? {
            return Ok(());
        }
        Err(BleError::AdapterOff { adapter: adapter.to_owned(), block: environment::block(Path::new("/"), adapter) })
    }

    /// What bluetoothd tells of the adapter and of the devices below it from now on.
    pub(super) async fn signals(&self, name: &str, _: &Adapter) -> Result<Signals, BleError> {
        Signals::start(name).await
    }

    /// Whether the adapter, which has to be on, scans for anybody.
    pub(super) async fn is_scanning(&self, adapter: &str) -> Result<bool, BleError> {
        self.ready(adapter).await?;
        self.is_so(adapter, "Discovering").await
    }

    /// Reads a property of the adapter.
    async fn is_so(&self, adapter: &str, property: &str) -> Result<bool, BleError> {
        match self.bus.property(&adapter_path(adapter), ADAPTER, property).await {
            Ok(value) => Ok(bool::try_from(value).unwrap_or(false)),
            Err(fault) if matches!(fault.trouble, ErrorClass::Unknown) => {
                let objects = self.bus.objects().await.map_err(Fault::of_daemon)?;
                let left = adapters(&objects).into_iter().map(|facts| facts.name).collect();
                Err(BleError::AdapterGone { adapter: adapter.to_owned(), left })
            }
            Err(fault) => Err(fault.of_daemon()),
        }
    }

    /// Starts to scan, anew where a scan had been started before.
    pub(super) async fn start_scan(&self, name: &str, adapter: &Adapter) -> Result<(), BleError> {
        self.stop_scan(name, adapter).await;
        match Discovery::start(Bus::open().await?, name).await {
            Ok(discovery) => {
                self.discoveries.lock().await.insert(name.to_owned(), discovery);
                Ok(())
            }
            Err(fault) if fault.trouble == ErrorClass::Permission => Err(BleError::Permission { reason: fault.words }),
            Err(fault) => {
                self.ready(name).await?;
                Err(BleError::Stack { reason: fault.words })
            }
        }
    }

    /// Ends the scan.
    pub(super) async fn stop_scan(&self, name: &str, _: &Adapter) {
        let running = self.discoveries.lock().await.remove(name);
        if let Some(discovery) = running {
            discovery.stop(&self.bus).await;
        }
    }

    /// The devices that have a link over this adapter, from whatever program.
    pub(super) async fn linked(&self, adapter: &str) -> Vec<Linked> {
        let Ok(objects) = self.bus.objects().await else { return Vec::new() };
        let below = format!("{}/", adapter_path(adapter));
        let linked = |(path, interfaces): (&OwnedObjectPath, &Interfaces)| {
            let own = interfaces.get(DEVICE).filter(|own| path.starts_with(&below) && boolean(own, "Connected"))?;
            let services = own.get("UUIDs").map(|value| objects::uuids(value)).unwrap_or_default();
            let advertisement = Advertisement { name: string(own, "Name"), services, ..Advertisement::default() };
            Some(Linked { address: string(own, "Address")?, advertisement })
        };
        objects.iter().filter_map(linked).collect()
    }

    /// Ends a link, or an attempt at one, and waits until it has ended.
    pub(super) async fn disconnect(&self, adapter: &str, address: &str) {
        let path = device_path(adapter, address);
        let _ = self.bus.call_within(DISCONNECT, &path, DEVICE, "Disconnect", &()).await;
    }

    /// As [`Host::disconnect`], for a device at hand.
    pub(super) async fn cut(&self, adapter: &str, peripheral: &Peripheral) {
        self.disconnect(adapter, &address(peripheral)).await;
    }

    /// Ends a link that is no longer needed: waits until bluetoothd has understood, not until it has done it.
    pub(super) async fn let_go(&self, adapter: &str, peripheral: &Peripheral) {
        let path = device_path(adapter, &address(peripheral));
        let ending = self.bus.call_within(DISCONNECT, &path, DEVICE, "Disconnect", &());
        tokio::pin!(ending);
        if timeout(DISCONNECT_SHORT, &mut ending).await.is_ok() {
            return;
        }
        // Calls of one connection are taken in their order: after the answer to this one, the other was taken.
        let _ = self.bus.property(&adapter_path(adapter), ADAPTER, "Powered").await;
    }

    /// Has bluetoothd forget the device with all it remembers of it: keys, name and attributes. Ends its link. Whether
    /// that was done.
    pub(super) async fn forget(&self, adapter: &str, peripheral: &Peripheral) -> bool {
        let path = device_path(adapter, &address(peripheral));
        let Ok(path) = ObjectPath::try_from(path) else { return false };
        let adapter = adapter_path(adapter);
        self.bus.call_within(DISCONNECT, &adapter, ADAPTER, "RemoveDevice", &(path,)).await.is_ok()
    }

    /// Whether the device is paired; `None` where that cannot be told.
    pub(super) async fn is_paired(&self, adapter: &str, address: &str) -> Option<bool> {
        let value = self.bus.property(&device_path(adapter, address), DEVICE, "Paired").await;
        value.ok().and_then(|value| bool::try_from(value).ok())
    }

    /// Pairs with the device within `limit`; why that failed, or `None` where it is paired now.
    pub(super) async fn pair(&self, adapter: &str, address: &str, limit: Duration) -> Option<String> {
        let path = device_path(adapter, address);
        self.bus.call_within(limit, &path, DEVICE, "Pair", &()).await.err().map(|fault| fault.words)
    }

    /// Agrees to pair with this device until it is dismissed.
    pub(super) async fn admit(&self, adapter: &str, address: &str) {
        if self.guests.admit(&device_path(adapter, address)) {
            self.register_agent().await;
        }
    }

    /// Has bluetoothd ask this program where a device is to be paired; once more where it has been started anew since.
    pub(super) async fn register_agent(&self) {
        let Ok(path) = ObjectPath::try_from(pairing_agent::PATH) else { return };
        // Without an agent only devices that demand encryption fail, and they say so themselves.
        let server = self.bus.connection().object_server();
        let _ = server.at(pairing_agent::PATH, PairingAgent { guests: self.guests.clone() }).await;
        let registered = self.bus.call(ROOT, AGENTS, "RegisterAgent", &(&path, pairing_agent::CAPABILITY)).await;
        if registered.is_ok() {
            // Pairing that a request brings about is asked of the default agent.
            let _ = self.bus.call(ROOT, AGENTS, "RequestDefaultAgent", &(&path,)).await;
        }
    }

    /// No longer agrees to pair with this device.
    pub(super) async fn dismiss(&self, adapter: &str, address: &str) {
        if !self.guests.dismiss(&device_path(adapter, address)) {
            return;
        }
        if let Ok(path) = ObjectPath::try_from(pairing_agent::PATH) {
            let _ = self.bus.call(ROOT, AGENTS, "UnregisterAgent", &(&path,)).await;
        }
    }
}

/// The system bus with bluetoothd on it, and the adapter to use: for the simulated device, which does more with them
/// than a client.
///
/// # Errors
/// [`BleError`], or [`Evidence::Several`](crate::transport::Evidence::Several) where an adapter has to be named.
pub async fn reach(wanted: Option<&str>) -> Result<(Connection, AdapterFacts), TransportError> {
    let bus = Bus::open().await?;
    let facts = choose(&bus, wanted, &Locator::new("ble", "")).await?;
    Ok((bus.connection().clone(), facts))
}

/// As [`choose`]; an adapter that is off is looked at again before that is believed, since the system switches adapters on
/// a moment after they appear.
async fn choose_patiently(bus: &Bus, wanted: Option<&str>, to: &Locator) -> Result<AdapterFacts, TransportError> {
    let (pause, looks) = LOOK_AGAIN;
    for _ in 0..looks {
        match choose(bus, wanted, to).await {
            Err(error) if matches!(error.own(), Some(BleError::AdapterOff { block: Block::None, .. })) => {
                sleep(pause).await;
            }
            chosen => return chosen,
        }
    }
    choose(bus, wanted, to).await
}

/// The adapter to use, by its name or address where one is wanted.
async fn choose(bus: &Bus, wanted: Option<&str>, to: &Locator) -> Result<AdapterFacts, TransportError> {
    let objects = bus.objects().await.map_err(Fault::of_daemon)?;
    let hidden = environment::kernel_has_adapter(Path::new("/"));
    choose::adapter(adapters(&objects), wanted, to, hidden, |name| environment::block(Path::new("/"), name))
}

/// The adapters among bluetoothd's objects, in order.
fn adapters(objects: &HashMap<OwnedObjectPath, Interfaces>) -> Vec<AdapterFacts> {
    let facts = objects.iter().filter_map(|(path, interfaces)| {
        let own = interfaces.get(ADAPTER)?;
        let name = path.rsplit('/').next()?.to_owned();
        let (address, powered) = (string(own, "Address").unwrap_or_default(), boolean(own, "Powered"));
        Some(AdapterFacts { name, address, powered, interfaces: interfaces.keys().cloned().collect() })
    });
    let mut facts: Vec<_> = facts.collect();
    facts.sort_by(|one, other| one.name.cmp(&other.name));
    facts
}

/// How a device is addressed.
pub(super) fn address(peripheral: &Peripheral) -> String {
    peripheral.address().to_string()
}
