//! The scan of an adapter, shared by all that look for devices over it: it runs while somebody looks, and what it
//! hears goes to everybody. One a process and adapter.
//!
//! A task of its own starts and stops the scan, so that it also stops when a search is dropped half-way.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use btleplug::api::{Central as _, CentralEvent, CentralState, Peripheral as _};
use btleplug::platform::{Adapter, Peripheral, PeripheralId};
use futures_util::future;
use futures_util::stream::{Stream, StreamExt as _};
use tokio::sync::{Mutex, Semaphore, broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::address::NAME_MAX;
use super::att;
use super::error::BleError;
use super::host::{self, Host};
use super::matching::{Sighting, known_rssi};
use super::pending_release::PendingRelease;
use crate::transport::{Locator, TransportError};
use crate::wire::advertisement::Advertisement;

/// Most devices that are remembered: whoever advertises under ever new addresses fills no memory.
const SIGHTINGS_MAX: usize = 512;
/// Most news of links that wait to be read.
const LINK_EVENTS: usize = 64;
/// The longest advertising data there is (Bluetooth Core, Vol 6, Part B, 2.3.4.9), in bytes: longer data is not from
/// the air.
const DATA_MAX: usize = 1650;
/// Most services, and data of them, that are remembered of a device.
const PARTS_MAX: usize = 64;
/// How long the system may take to say what it knows of a device.
const PROPERTIES: Duration = Duration::from_secs(2);
/// How long nothing may be heard before the scan itself is looked at.
const CHECK: Duration = Duration::from_secs(2);
/// How long the end of a scan is waited for.
const STOP: Duration = Duration::from_secs(3);

type Events = Pin<Box<dyn Stream<Item = CentralEvent> + Send>>;

/// An adapter.
pub(super) struct Radio {
    pub(super) host: Arc<Host>,
    /// `hci0`.
    pub(super) name: String,
    /// Held while a link comes up: most adapters bring up one at a time.
    pub(super) connecting: Semaphore,
    sky: Arc<watch::Sender<ScanState>>,
    links: broadcast::Sender<LinkEvent>,
    task: JoinHandle<()>,
}

/// A link came up or went down.
#[derive(Debug, Clone)]
pub(super) struct LinkEvent {
    pub(super) id: PeripheralId,
    pub(super) up: bool,
}

/// What is heard.
#[derive(Default)]
struct ScanState {
    seekers: usize,
    scanning: bool,
    heard: HashMap<PeripheralId, Seen>,
    /// Why nothing can be.
    trouble: Option<BleError>,
}

struct Seen {
    sighting: Sighting,
    peripheral: Peripheral,
    renewed: Instant,
}

static RADIOS: Mutex<Vec<Arc<Radio>>> = Mutex::const_new(Vec::new());

impl Radio {
    /// The adapter that `wanted` names, or the only one.
    ///
    /// # Errors
    /// Why there is none to use.
    pub(super) async fn get(wanted: Option<&str>, to: &Locator) -> Result<Arc<Self>, TransportError> {
        let host = Host::get().await?;
        let (name, adapter) = host.adapter(wanted, to).await?;
        let mut radios = RADIOS.lock().await;
        radios.retain(|radio| !radio.task.is_finished() && Arc::ptr_eq(&radio.host, &host));
        if let Some(radio) = radios.iter().find(|radio| radio.name == name) {
            return Ok(radio.clone());
        }
        let sky = Arc::new(watch::channel(ScanState::default()).0);
        let links = broadcast::Sender::new(LINK_EVENTS);
        let scan = Scan { host: host.clone(), name: name.clone(), adapter, sky: sky.clone(), links: links.clone() };
        let task = tokio::spawn(scan.tend());
        let radio = Arc::new(Self { host, name, connecting: Semaphore::new(1), sky, links, task });
        radios.push(radio.clone());
        Ok(radio)
    }

    /// Tells from now on which links come up and go down, as long as a scan has run before.
    pub(super) fn links(&self) -> broadcast::Receiver<LinkEvent> {
        self.links.subscribe()
    }

    /// Has the scan run while the result lives.
    pub(super) fn listen(self: &Arc<Self>) -> Listening {
        self.sky.send_modify(|sky| {
            if sky.seekers == 0 {
                sky.heard.clear();
                sky.trouble = None;
            }
            sky.seekers += 1;
        });
        Listening { sky: self.sky.subscribe(), radio: self.clone(), _hold: PendingRelease::begin() }
    }
}

/// A share in the scan; dropped, it no longer is one.
pub(super) struct Listening {
    radio: Arc<Radio>,
    sky: watch::Receiver<ScanState>,
    _hold: PendingRelease,
}

impl Listening {
    /// Hands what is heard now to `read`.
    ///
    /// # Errors
    /// Why nothing can be heard.
    pub(super) fn look<T>(&mut self, read: impl FnOnce(&[&Sighting]) -> T) -> Result<T, BleError> {
        let sky = self.sky.borrow_and_update();
        match &sky.trouble {
            Some(trouble) => Err(trouble.clone()),
            None => Ok(read(&sky.heard.values().map(|seen| &seen.sighting).collect::<Vec<_>>())),
        }
    }

    /// The handle of a device that was heard.
    pub(super) fn peripheral(&self, address: &str) -> Option<Peripheral> {
        let sky = self.sky.borrow();
        sky.heard.values().find(|seen| seen.sighting.address == address).map(|seen| seen.peripheral.clone())
    }

    /// Completes when the scan runs, or it is known why it cannot.
    pub(super) async fn begun(&mut self) {
        let _ = self.sky.wait_for(|sky| sky.scanning || sky.trouble.is_some()).await;
    }

    /// Completes when more is heard than at the last look.
    pub(super) async fn more(&mut self) {
        // The sender lives as long as the radio, which is held here.
        let _ = self.sky.changed().await;
    }

    /// Gives the share back, and waits until the scan has stopped or is somebody else's: connecting in the middle of a
    /// scan is what many adapters fail at.
    pub(super) async fn finish(self) {
        let mut sky = self.radio.sky.subscribe();
        drop(self);
        let _ = timeout(STOP, sky.wait_for(|sky| !sky.scanning || sky.seekers > 0)).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.radio.sky.send_modify(|sky| sky.seekers = sky.seekers.saturating_sub(1));
    }
}

/// The task that scans.
struct Scan {
    host: Arc<Host>,
    name: String,
    adapter: Adapter,
    sky: Arc<watch::Sender<ScanState>>,
    links: broadcast::Sender<LinkEvent>,
}

impl Scan {
    /// Starts and stops the scan as it is wanted, and writes down what it hears, as long as the runtime lives.
    async fn tend(self) {
        let mut wishes = self.sky.subscribe();
        // Kept for good: the library's streams do not end quietly.
        let mut events: Option<Events> = None;
        let mut hold = None;
        loop {
            let (wanted, troubled) = {
                let sky = wishes.borrow_and_update();
                (sky.seekers > 0, sky.trouble.is_some())
            };
            if wanted && !troubled && hold.is_none() {
                hold = Some(PendingRelease::begin());
                if let Err(trouble) = self.start(&mut events).await {
                    self.sky.send_modify(|sky| sky.trouble = Some(trouble));
                    hold = None;
                }
            } else if (!wanted || troubled) && hold.is_some() {
                self.host.stop_scan(&self.name, &self.adapter).await;
                self.sky.send_modify(|sky| sky.scanning = false);
                hold = None;
            }
            tokio::select! {
                _ = wishes.changed() => {}
                event = next(&mut events) => match event {
                    Some(CentralEvent::DeviceConnected(id)) => drop(self.links.send(LinkEvent { id, up: true })),
                    Some(CentralEvent::DeviceDisconnected(id)) => drop(self.links.send(LinkEvent { id, up: false })),
                    Some(event) if hold.is_some() => self.note(event).await,
                    Some(_) => {}
                    None => events = None,
                },
                () = sleep(CHECK), if hold.is_some() => {
                    if let Err(trouble) = self.check().await {
                        self.sky.send_modify(|sky| sky.trouble = Some(trouble));
                    }
                }
            }
        }
    }

    async fn start(&self, events: &mut Option<Events>) -> Result<(), BleError> {
        self.host.ready(&self.name).await?;
        if events.is_none() {
            let opened = timeout(PROPERTIES, self.adapter.events()).await;
            let opened = opened.map_err(|_| BleError::Stack { reason: "it does not answer".to_owned() })?;
            *events = Some(opened.map_err(|error| BleError::Stack { reason: att::words(&error) })?);
        }
        self.host.start_scan(&self.name, &self.adapter).await?;
        self.sky.send_modify(|sky| sky.scanning = true);
        Ok(())
    }

    /// A scan can end without a word: the adapter was switched off and on, or bluetoothd was started anew.
    async fn check(&self) -> Result<(), BleError> {
        if self.host.is_scanning(&self.name).await? {
            return Ok(());
        }
        self.host.start_scan(&self.name, &self.adapter).await
    }

    async fn note(&self, event: CentralEvent) {
        let now = Instant::now();
        let (id, rssi, news) = match event {
            CentralEvent::DeviceDiscovered(id) | CentralEvent::DeviceUpdated(id) => (id, None, true),
            CentralEvent::ServicesAdvertisement { id, services } => {
                let new = !self.sky.borrow().knows(&id, &services);
                (id, None, new)
            }
            // These come with every advertisement, and there are hundreds a second in a crowd.
            CentralEvent::ManufacturerDataAdvertisement { id, .. }
            | CentralEvent::ServiceDataAdvertisement { id, .. } => (id, None, false),
            CentralEvent::RssiUpdate { id, rssi } => (id, known_rssi(Some(rssi)), false),
            CentralEvent::StateUpdate(CentralState::PoweredOff) => {
                self.sky.send_modify(|sky| sky.trouble = Some(self.host.off(&self.name)));
                return;
            }
            _ => return,
        };
        let known = self.sky.borrow().heard.get(&id).map(|seen| {
            let due = now.duration_since(seen.renewed) >= seen.sighting.renewal(now);
            (seen.peripheral.clone(), news || due)
        });
        let read = match known {
            Some((_, false)) => None,
            Some((peripheral, true)) => read(&peripheral).await.map(|sighting| (peripheral, sighting)),
            None => match self.adapter.peripheral(&id).await {
                Ok(peripheral) => read(&peripheral).await.map(|sighting| (peripheral, sighting)),
                Err(_) => None,
            },
        };
        self.sky.send_modify(|sky| sky.remember(id, read, rssi, now));
    }
}

impl ScanState {
    /// Whether it is known that this device has these services.
    fn knows(&self, id: &PeripheralId, services: &[Uuid]) -> bool {
        let known = self.heard.get(id).map(|seen| &seen.sighting.advertisement.services);
        known.is_some_and(|known| services.iter().all(|service| known.contains(service)))
    }

    fn remember(&mut self, id: PeripheralId, read: Option<(Peripheral, Sighting)>, rssi: Option<i16>, now: Instant) {
        if let Some(seen) = self.heard.get_mut(&id) {
            if let Some((_, sighting)) = read {
                seen.sighting = seen.sighting.renewed(sighting);
                seen.renewed = now;
            }
            seen.sighting.rssi = rssi.or(seen.sighting.rssi);
            seen.sighting.last = now;
            return;
        }
        let Some((peripheral, sighting)) = read else { return };
        if self.heard.len() >= SIGHTINGS_MAX {
            let oldest =
                self.heard.iter().min_by_key(|(_, seen)| (seen.sighting.is_provisioning(), seen.sighting.last));
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.heard.remove(&oldest);
            }
        }
        self.heard.insert(id, Seen { sighting, peripheral, renewed: now });
    }
}

/// What the system knows of a device, where it was heard just now.
async fn read(peripheral: &Peripheral) -> Option<Sighting> {
    let properties = timeout(PROPERTIES, peripheral.properties()).await.ok()?.ok()??;
    let (is_heard, rssi) = (host::is_heard(properties.rssi), known_rssi(properties.rssi));
    let address = host::address(peripheral);
    let advertisement = Advertisement {
        name: host::name(&properties).filter(|name| (1..=NAME_MAX).contains(&name.len())),
        services: properties.services.into_iter().take(PARTS_MAX).collect(),
        service_data: properties
            .service_data
            .into_iter()
            .filter(|(_, data)| data.len() <= DATA_MAX)
            .take(PARTS_MAX)
            .collect(),
        manufacturer_data: properties
            .manufacturer_data
            .into_iter()
            .filter(|(_, data)| data.len() <= DATA_MAX)
            .take(PARTS_MAX)
            .collect(),
    };
    // Known only now: what else is to be listened for counts from here, however long the answer took.
    let (connected, now) = (false, Instant::now());
    is_heard.then_some(Sighting { address, advertisement, rssi, connected, first: now, last: now })
}

async fn next(events: &mut Option<Events>) -> Option<CentralEvent> {
    match events {
        Some(events) => events.next().await,
        None => future::pending().await,
    }
}
