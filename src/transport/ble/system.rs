//! What `bluez` is on Linux, for systems whose own Bluetooth does the rest: macOS and Windows. There a link ends with
//! its program, and the system tells little of why something does not work. macOS pairs by itself; on Windows it is
//! asked to, by `winrt.rs`.

use std::sync::Arc;
use std::time::Duration;

use btleplug::api::{Central as _, CentralEvent, CentralState, Manager as _, Peripheral as _, ScanFilter};
use btleplug::platform::{Adapter, Manager, Peripheral};
use futures_util::StreamExt as _;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::att::{self, ErrorClass};
use super::choose::{self, AdapterFacts};
use super::error::{BleError, Block};
use super::news::News;
#[cfg(windows)]
use super::winrt as pairing;
use crate::transport::{Locator, TransportError};
use crate::wire::advertisement::Advertisement;

/// How long the system may take to answer what it can answer at once. macOS asks the person for permission first.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the end of a link may take.
const DISCONNECT: Duration = Duration::from_secs(3);

/// Most news that wait to be read.
const NEWS: usize = 64;

/// Windows says that a device has refused a request, and not with which error.
pub(super) const HIDES_ERRORS: bool = cfg!(windows);

/// A device that the system has a link to: never told here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) address: String,
    pub(super) advertisement: Advertisement,
}

/// A device that this process has. Links end with their programs here, so there is nothing to tell apart.
#[derive(Debug)]
pub(super) struct Claim(());

impl Claim {
    #[allow(clippy::unnecessary_wraps)] // as on Linux
    pub(super) fn take(_: &str) -> Option<Self> {
        Some(Self(()))
    }

    pub(super) fn is_held(_: &str) -> bool {
        false
    }
}

/// The system's Bluetooth.
#[derive(Debug)]
pub(super) struct Host {
    adapters: Vec<(String, Adapter)>,
    /// Ends with the runtime that the adapters live in.
    life: JoinHandle<()>,
}

/// One host a process: each manager of the system's Bluetooth is there for good.
static HOST: Mutex<Option<Arc<Host>>> = Mutex::const_new(None);

impl Host {
    pub(super) async fn get() -> Result<Arc<Self>, BleError> {
        let mut slot = HOST.lock().await;
        if let Some(host) = slot.as_ref().filter(|host| !host.life.is_finished()) {
            return Ok(host.clone());
        }
        // They have no names here.
        let adapters =
            adapters().await?.into_iter().enumerate().map(|(number, adapter)| (format!("adapter{number}"), adapter));
        let host = Arc::new(Self { adapters: adapters.collect(), life: tokio::spawn(std::future::pending()) });
        *slot = Some(host.clone());
        Ok(host)
    }

    pub(super) async fn adapter(
        &self,
        wanted: Option<&str>,
        to: &Locator,
    ) -> Result<(String, Adapter), TransportError> {
        let mut facts = Vec::new();
        for (name, adapter) in &self.adapters {
            let address = adapter.adapter_address().await.ok().flatten();
            let address = address.map(|address| address.to_string()).unwrap_or_default();
            let powered = is_on(adapter).await;
            facts.push(AdapterFacts { name: name.clone(), address, powered, interfaces: Vec::new() });
        }
        let name = choose::adapter(facts, wanted, to, false, |_| Block::None)?.name;
        let found = self.adapters.iter().find(|(own, _)| *own == name);
        found.cloned().ok_or_else(|| BleError::Stack { reason: format!("{name} has gone") }.into())
    }

    pub(super) async fn ready(&self, adapter: &str) -> Result<(), BleError> {
        match self.adapters.iter().find(|(name, _)| name == adapter) {
            Some((_, found)) if !is_on(found).await => {
                Err(BleError::AdapterOff { adapter: adapter.to_owned(), block: Block::None })
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn start_scan(&self, name: &str, adapter: &Adapter) -> Result<(), BleError> {
        self.ready(name).await?;
        // A person who has just refused the permission is seen by nothing else: asked again, macOS says so.
        if state(adapter).await == CentralState::Unknown {
            adapters().await?;
        }
        match timeout(ANSWER, adapter.start_scan(ScanFilter::default())).await {
            Ok(started) => started.map_err(|error| fault(&error)),
            Err(_) => Err(BleError::Stack { reason: "the scan does not start".to_owned() }),
        }
    }

    /// What the adapter tells from now on.
    pub(super) async fn signals(&self, _: &str, adapter: &Adapter) -> Result<Signals, BleError> {
        Signals::start(adapter).await
    }

    pub(super) async fn is_scanning(&self, adapter: &str) -> Result<bool, BleError> {
        self.ready(adapter).await.map(|()| true)
    }

    pub(super) async fn stop_scan(&self, _: &str, adapter: &Adapter) {
        let _ = timeout(ANSWER, adapter.stop_scan()).await;
    }

    #[allow(clippy::unused_async)] // as on Linux
    pub(super) async fn linked(&self, _: &str) -> Vec<Linked> {
        Vec::new()
    }

    #[allow(clippy::unused_async)] // as on Linux
    pub(super) async fn disconnect(&self, _: &str, _: &str) {}

    pub(super) async fn cut(&self, _: &str, peripheral: &Peripheral) {
        let _ = timeout(DISCONNECT, peripheral.disconnect()).await;
    }

    pub(super) async fn let_go(&self, adapter: &str, peripheral: &Peripheral) {
        self.cut(adapter, peripheral).await;
    }

    /// Ends the device's pairing, and its link with it; whether that was done. All else the system forgets by itself,
    /// when it sees fit.
    pub(super) async fn forget(&self, adapter: &str, peripheral: &Peripheral) -> bool {
        let address = address(peripheral);
        if self.is_paired(adapter, &address).await != Some(true) {
            return false;
        }
        self.cut(adapter, peripheral).await;
        timeout(ANSWER, pairing::unpair(&address)).await.unwrap_or(false)
    }

    /// Whether the device is paired; `None` where that cannot be told.
    pub(super) async fn is_paired(&self, _: &str, address: &str) -> Option<bool> {
        timeout(ANSWER, pairing::is_paired(address)).await.ok().flatten()
    }

    /// Pairs with the device within `limit`; why that failed, or `None` where it is paired now.
    pub(super) async fn pair(&self, _: &str, address: &str, limit: Duration) -> Option<String> {
        let late = |_| Some(format!("no answer within {} s", limit.as_secs()));
        timeout(limit, pairing::pair(address)).await.unwrap_or_else(late)
    }

    #[allow(clippy::unused_async)] // as on Linux
    pub(super) async fn admit(&self, _: &str, _: &str) {}

    #[allow(clippy::unused_async)] // as on Linux
    pub(super) async fn register_agent(&self) {}

    #[allow(clippy::unused_async)] // as on Linux
    pub(super) async fn dismiss(&self, _: &str, _: &str) {}
}

/// macOS pairs by itself, or has the person do it, and does not tell.
#[cfg(not(windows))]
mod pairing {
    #[allow(clippy::unused_async)] // as on Windows
    pub(super) async fn is_paired(_: &str) -> Option<bool> {
        None
    }

    #[allow(clippy::unused_async)] // as on Windows
    pub(super) async fn pair(_: &str) -> Option<String> {
        None
    }

    #[allow(clippy::unused_async)] // as on Windows
    pub(super) async fn unpair(_: &str) -> bool {
        false
    }
}

/// The adapters there are.
async fn adapters() -> Result<Vec<Adapter>, BleError> {
    let asked = async { Manager::new().await?.adapters().await };
    match timeout(ANSWER, asked).await {
        Ok(adapters) => adapters.map_err(|error| fault(&error)),
        Err(_) => Err(BleError::Stack { reason: "it does not answer".to_owned() }),
    }
}

async fn is_on(adapter: &Adapter) -> bool {
    // A state that is not known may be on.
    state(adapter).await != CentralState::PoweredOff
}

async fn state(adapter: &Adapter) -> CentralState {
    match timeout(ANSWER, adapter.adapter_state()).await {
        Ok(Ok(state)) => state,
        Ok(Err(_)) | Err(_) => CentralState::Unknown,
    }
}

fn fault(error: &btleplug::Error) -> BleError {
    match att::read(error) {
        ErrorClass::Permission => BleError::Permission { reason: att::words(error) },
        ErrorClass::NotReady => BleError::AdapterAbsent { wanted: None, present: Vec::new(), hidden: false },
        _ => BleError::Stack { reason: att::words(error) },
    }
}

/// How a device is addressed: macOS hides addresses behind UUIDs of its own.
pub(super) fn address(peripheral: &Peripheral) -> String {
    if cfg!(target_vendor = "apple") { peripheral.id().to_string() } else { peripheral.address().to_string() }
}

/// What an adapter tells. A task of its own reads what the system knows of a device, which is at hand.
pub(super) struct Signals {
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
}

impl Signals {
    async fn start(adapter: &Adapter) -> Result<Self, BleError> {
        let opened = timeout(ANSWER, adapter.events()).await;
        let opened = opened.map_err(|_| BleError::Stack { reason: "it does not answer".to_owned() })?;
        let mut events = opened.map_err(|error| fault(&error))?;
        let (sender, news) = mpsc::channel(NEWS);
        let adapter = adapter.clone();
        let task = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let Some(one) = read(&adapter, event).await else { continue };
                if sender.send(one).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { news, task })
    }

    /// The next that is told; `None` where nothing more will be. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What an event of the library tells.
async fn read(adapter: &Adapter, event: CentralEvent) -> Option<News> {
    let (id, rssi) = match event {
        CentralEvent::DeviceDiscovered(id)
        | CentralEvent::DeviceUpdated(id)
        | CentralEvent::ServicesAdvertisement { id, .. }
        | CentralEvent::ManufacturerDataAdvertisement { id, .. }
        | CentralEvent::ServiceDataAdvertisement { id, .. } => (id, None),
        CentralEvent::RssiUpdate { id, rssi } => (id, Some(rssi)),
        CentralEvent::DeviceConnected(ref id) | CentralEvent::DeviceDisconnected(ref id) => {
            let up = matches!(event, CentralEvent::DeviceConnected(_));
            return Some(News::Link { address: address(&adapter.peripheral(id).await.ok()?), up });
        }
        CentralEvent::StateUpdate(_) => return Some(News::Changed),
        CentralEvent::DeviceServicesModified(_) => return None,
    };
    let peripheral = adapter.peripheral(&id).await.ok()?;
    let properties = peripheral.properties().await.ok()??;
    let advertisement = Advertisement {
        name: properties.advertisement_name.or(properties.local_name),
        services: properties.services,
        service_data: properties.service_data.into_iter().collect(),
        manufacturer_data: properties.manufacturer_data.into_iter().collect(),
    };
    let (address, rssi) = (address(&peripheral), rssi.or(properties.rssi));
    Some(News::Heard { address, advertisement: Some(advertisement), rssi })
}
