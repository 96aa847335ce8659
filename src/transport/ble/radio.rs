//! An adapter, and its scan, shared by all that look for devices over it: it runs while somebody looks, and what it hears
//! goes to everybody. One a process and adapter. The scan itself is `scan.rs`.

use std::sync::Arc;
use std::time::Duration;

use btleplug::api::Central as _;
use btleplug::platform::{Adapter, Peripheral};
use tokio::sync::{Mutex, Semaphore, broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::error::BleError;
use super::heard::ScanState;
use super::host::{self, Host};
use super::matching::Sighting;
use super::pending_release::PendingRelease;
use super::scan::{LinkEvent, Scan};
use crate::transport::{Locator, TransportError};

/// Most news of links that wait to be read.
const LINK_EVENTS: usize = 64;
/// How long the system may take to list the devices it knows.
const DEVICES: Duration = Duration::from_secs(5);
/// How long the end of a scan is waited for.
const STOP: Duration = Duration::from_secs(3);
/// How often it is told at most that more is heard: in a crowd it would be hundreds of times a second.
const MORE: Duration = Duration::from_millis(10);

/// An adapter.
pub(super) struct Radio {
    pub(super) host: Arc<Host>,
    /// `hci0`.
    pub(super) name: String,
    /// Held while a link comes up: most adapters bring up one at a time.
    pub(super) connecting: Semaphore,
    adapter: Adapter,
    /// How many want the scan to run. Apart from what is heard: that changes hundreds of times a second in a crowd.
    seekers: Arc<watch::Sender<usize>>,
    sky: Arc<watch::Sender<ScanState>>,
    links: broadcast::Sender<LinkEvent>,
    task: JoinHandle<()>,
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
        let (sky, seekers) = (Arc::new(watch::channel(ScanState::default()).0), Arc::new(watch::channel(0).0));
        let links = broadcast::Sender::new(LINK_EVENTS);
        let scan = Scan {
            host: host.clone(),
            name: name.clone(),
            adapter: adapter.clone(),
            seekers: seekers.subscribe(),
            sky: sky.clone(),
            links: links.clone(),
        };
        let task = tokio::spawn(scan.tend());
        let connecting = Semaphore::new(1);
        let radio = Arc::new(Self { host, name, connecting, adapter, seekers, sky, links, task });
        radios.push(radio.clone());
        Ok(radio)
    }

    /// Tells from now on which links come up and go down, as long as a scan has run before.
    pub(super) fn links(&self) -> broadcast::Receiver<LinkEvent> {
        self.links.subscribe()
    }

    /// Has the scan run while the result lives.
    pub(super) fn listen(self: &Arc<Self>) -> Listening {
        self.seekers.send_modify(|seekers| {
            if *seekers == 0 {
                self.sky.send_modify(ScanState::begin_anew);
            }
            *seekers += 1;
        });
        let (sky, told) = (self.sky.subscribe(), Instant::now());
        Listening { sky, told, radio: self.clone(), _hold: PendingRelease::begin() }
    }

    /// The handle of a device that was heard.
    pub(super) async fn peripheral(&self, address: &str) -> Option<Peripheral> {
        let known = timeout(DEVICES, self.adapter.peripherals()).await.ok()?.ok()?;
        known.into_iter().find(|peripheral| host::address(peripheral) == address)
    }
}

/// A share in the scan; dropped, it no longer is one.
pub(super) struct Listening {
    radio: Arc<Radio>,
    sky: watch::Receiver<ScanState>,
    /// When it was told last that more is heard.
    told: Instant,
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
            Some(trouble) => Err(trouble.error.clone()),
            None => Ok(read(&sky.heard.values().collect::<Vec<_>>())),
        }
    }

    /// The same, where nothing can be heard for a while: what was heard before that, until it has lasted too long.
    ///
    /// # Errors
    /// As [`Listening::look`].
    pub(super) fn look_patiently<T>(&mut self, read: impl FnOnce(&[&Sighting]) -> T) -> Result<T, BleError> {
        let sky = self.sky.borrow_and_update();
        match &sky.trouble {
            Some(trouble) if trouble.since.elapsed() >= trouble.error.patience() => Err(trouble.error.clone()),
            _ => Ok(read(&sky.heard.values().collect::<Vec<_>>())),
        }
    }

    /// Why nothing can be heard at the moment.
    pub(super) fn trouble(&self) -> Option<BleError> {
        self.sky.borrow().trouble.as_ref().map(|trouble| trouble.error.clone())
    }

    /// Completes when the scan runs, or it is known why it cannot.
    pub(super) async fn begun(&mut self) {
        let _ = self.sky.wait_for(|sky| sky.scanning || sky.trouble.is_some()).await;
    }

    /// Completes when more is heard than at the last look.
    pub(super) async fn more(&mut self) {
        // The sender lives as long as the radio, which is held here.
        let _ = self.sky.changed().await;
        sleep_until(self.told + MORE).await;
        self.told = Instant::now();
    }

    /// Gives the share back, and waits until the scan has stopped or is somebody else's: connecting in the middle of a
    /// scan is what many adapters fail at.
    pub(super) async fn finish(self) {
        let (mut sky, mut seekers) = (self.radio.sky.subscribe(), self.radio.seekers.subscribe());
        drop(self);
        tokio::select! {
            _ = sky.wait_for(|sky| !sky.scanning) => {}
            _ = seekers.wait_for(|seekers| *seekers > 0) => {}
            () = sleep(STOP) => {}
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.radio.seekers.send_modify(|seekers| *seekers = seekers.saturating_sub(1));
    }
}
