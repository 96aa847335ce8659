//! The device on the air: registers it with bluetoothd, keeps advertisement and link in step with it, and takes
//! everything back on every way out. The adapter itself is left as it is: on, off, discoverable, its name.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, sleep_until, timeout};
use zbus::zvariant::{ObjectPath, Value};

use super::board::{Board, Link};
use super::bus::{Bus, Fault};
use super::objects::{ADVERTISEMENT, APPLICATION, place};
use super::pairing_agent::PairingAgent;
use super::watch::{Notice, Watch};
use crate::sim::gatt::Peripheral;
use crate::sim::host::{Ended, Observer};
use crate::transport::ble::{AdapterFacts, BleError, Block, HostKind, bluez};
use crate::transport::{Evidence, TransportError};

const GATT_MANAGER: &str = "org.bluez.GattManager1";
const ADVERTISING_MANAGER: &str = "org.bluez.LEAdvertisingManager1";
/// How long a link that is about to go still works, so that the answer under way arrives.
const LAST_WORDS: Duration = Duration::from_millis(20);
/// How long after an adapter went off it may be gone.
const GONE: Duration = Duration::from_millis(300);
/// How long it may take after an advertisement was withdrawn until the reason is known.
const REASON: Duration = Duration::from_secs(1);

type Options = std::collections::HashMap<&'static str, Value<'static>>;

/// Why a device cannot be simulated, or cannot be simulated any longer.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// What keeps Bluetooth from being used.
    #[error(transparent)]
    Bluetooth(#[from] TransportError),
    /// The computer has several adapters, and the caller did not name one.
    #[error("there are {}", adapters.join(" and "))]
    SeveralAdapters {
        /// Their names and addresses.
        adapters: Vec<String>,
    },
    /// The adapter cannot be a peripheral.
    #[error("bluetoothd does not offer {missing} for {adapter}")]
    NoPeripheral {
        /// The adapter.
        adapter: String,
        /// The interface it lacks.
        missing: &'static str,
    },
    /// bluetoothd does not take the advertisement.
    #[error("{adapter}: {reason}")]
    AdvertisingRefused {
        /// The adapter.
        adapter: String,
        /// bluetoothd's words.
        reason: String,
    },
}

impl HostError {
    fn of_choosing(error: TransportError) -> Self {
        match error {
            TransportError { evidence: Evidence::Several { candidates, .. }, .. } => {
                Self::SeveralAdapters { adapters: candidates.into_iter().map(|candidate| candidate.label).collect() }
            }
            error => error.into(),
        }
    }
}

impl From<BleError> for HostError {
    fn from(error: BleError) -> Self {
        Self::Bluetooth(error.into())
    }
}

impl From<Fault> for HostError {
    fn from(fault: Fault) -> Self {
        BleError::from(fault).into()
    }
}

/// An adapter that can be a peripheral.
#[derive(Debug, Clone)]
pub struct Host {
    bus: Bus,
    adapter: AdapterFacts,
    /// The adapter's object.
    path: String,
}

impl Host {
    /// Finds the adapter: the one named, else the only one.
    ///
    /// # Errors
    /// Where there is no Bluetooth, or the adapter cannot be a peripheral.
    pub async fn open(adapter: Option<&str>) -> Result<Self, HostError> {
        let (connection, adapter) = bluez::reach(adapter).await.map_err(HostError::of_choosing)?;
        let lacks = |interface: &&'static str| !adapter.interfaces.iter().any(|own| own == interface);
        if let Some(missing) = [GATT_MANAGER, ADVERTISING_MANAGER].into_iter().find(|interface| lacks(interface)) {
            return Err(HostError::NoPeripheral { adapter: adapter.name, missing });
        }
        let (bus, path) = (Bus::new(connection).await?, format!("/org/bluez/{}", adapter.name));
        Ok(Self { bus, adapter, path })
    }

    /// The adapter.
    pub fn adapter(&self) -> &AdapterFacts {
        &self.adapter
    }

    /// Boots the device on the adapter; it advertises when this returns. With `encrypt` its values can be used over
    /// an encrypted link only.
    ///
    /// # Errors
    /// Where bluetoothd does not take it. What it took by then is given back.
    pub async fn start(
        self,
        peripheral: Peripheral,
        encrypt: bool,
        observer: Option<Observer>,
    ) -> Result<Running, HostError> {
        let watch = Watch::start(&self.bus, &self.path).await?;
        let board = Board::new(peripheral, observer);
        let mut running = Running {
            host: self,
            board,
            watch,
            agent: None,
            registered: false,
            advertising: false,
            dropping: None,
            looked_up: None,
        };
        match running.register(encrypt).await {
            Ok(()) => Ok(running),
            Err(error) => {
                running.release().await;
                Err(error)
            }
        }
    }

    /// Asks one of the adapter's managers.
    async fn ask<B>(&self, manager: &str, method: &str, arguments: &B) -> Result<(), Fault>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        self.bus.call(&self.path, manager, method, arguments).await
    }
}

/// A device on the air.
pub struct Running {
    host: Host,
    board: Arc<Board>,
    watch: Watch,
    agent: Option<PairingAgent>,
    registered: bool,
    advertising: bool,
    /// The link that is being taken down, so that it is asked for once.
    dropping: Option<Link>,
    /// The link that was looked up last, for the same reason.
    looked_up: Option<Link>,
}

impl Running {
    /// Runs the device until its provisioning has ended, or `shutdown` resolves.
    ///
    /// # Errors
    /// Where Bluetooth goes away underneath it.
    pub async fn run(&mut self, shutdown: impl Future<Output = ()>) -> Result<Ended, HostError> {
        tokio::pin!(shutdown);
        let mut changes = self.board.changes();
        loop {
            let now = self.board.tick();
            changes.borrow_and_update();
            self.look_link_up();
            self.keep_link();
            if self.board.is_withdrawn() {
                return self.withdrawn(&mut shutdown).await;
            }
            self.keep_advertising().await?;
            let (ended, wake) = self.board.with(|peripheral| (peripheral.has_ended(now), peripheral.next_change(now)));
            if ended && self.board.link().is_none() {
                return Ok(Ended::Stopped);
            }
            let wake = wake.map(|at| self.board.at(at));
            tokio::select! {
                () = &mut shutdown => return Ok(Ended::Shutdown),
                notice = self.watch.next() => self.take(notice).await?,
                _ = changes.changed() => {}
                () = sleep_until(wake.unwrap_or_else(|| self.board.at(now))), if wake.is_some() => {}
            }
        }
    }

    /// bluetoothd has withdrawn the advertisement. It also does so just before the adapter goes, or
    /// bluetoothd itself.
    async fn withdrawn(&mut self, mut shutdown: impl Future<Output = ()> + Unpin) -> Result<Ended, HostError> {
        let clear = sleep(REASON);
        tokio::pin!(clear);
        loop {
            tokio::select! {
                () = &mut shutdown => return Ok(Ended::Shutdown),
                notice = self.watch.next() => self.take(notice).await?,
                () = &mut clear => return Err(self.refused("bluetoothd took the advertisement back".into())),
            }
        }
    }

    /// Takes everything back from bluetoothd, as far as it still answers.
    pub async fn release(mut self) {
        let own = ObjectPath::from_static_str_unchecked;
        if std::mem::take(&mut self.advertising) {
            let _ = self.host.ask(ADVERTISING_MANAGER, "UnregisterAdvertisement", &own(ADVERTISEMENT)).await;
        }
        if let Some(link) = self.board.link() {
            disconnect(&self.host.bus, &self.board, &link).await;
        }
        if let Some(agent) = self.agent.take() {
            agent.release(&self.host.bus, &self.host.path).await;
        }
        if std::mem::take(&mut self.registered) {
            let _ = self.host.ask(GATT_MANAGER, "UnregisterApplication", &own(APPLICATION)).await;
        }
    }

    async fn register(&mut self, encrypt: bool) -> Result<(), HostError> {
        let placed = place(self.host.bus.connection(), &self.board, encrypt).await;
        placed.map_err(|error| Fault::read(&error))?;
        if encrypt {
            self.agent = Some(PairingAgent::register(&self.host.bus, &self.host.path).await?);
        }
        let arguments = (ObjectPath::from_static_str_unchecked(APPLICATION), Options::new());
        self.host.ask(GATT_MANAGER, "RegisterApplication", &arguments).await?;
        self.registered = true;
        self.board.tick();
        self.keep_advertising().await
    }

    /// Advertises while the device does.
    async fn keep_advertising(&mut self) -> Result<(), HostError> {
        let now = self.board.now();
        let wanted = self.board.with(|peripheral| peripheral.is_advertising(now));
        if wanted == self.advertising {
            return Ok(());
        }
        let own = ObjectPath::from_static_str_unchecked(ADVERTISEMENT);
        if wanted {
            let taken = self.host.ask(ADVERTISING_MANAGER, "RegisterAdvertisement", &(own, Options::new())).await;
            taken.map_err(|fault| if fault.gone { fault.into() } else { self.refused(fault.words) })?;
        } else {
            // A refusal means that it has stopped already; other errors show at the next call.
            let _ = self.host.ask(ADVERTISING_MANAGER, "UnregisterAdvertisement", &own).await;
        }
        self.advertising = wanted;
        Ok(())
    }

    fn refused(&self, reason: String) -> HostError {
        HostError::AdvertisingRefused { adapter: self.host.adapter.name.clone(), reason }
    }

    /// Ends a new link that is down already: a request may arrive after the signal that its link is down.
    fn look_link_up(&mut self) {
        let Some(link) = self.board.link() else { return };
        if self.looked_up.as_ref().is_some_and(|other| other.is(&link)) {
            return;
        }
        self.looked_up = Some(link.clone());
        let (bus, board) = (self.host.bus.clone(), self.board.clone());
        tokio::spawn(async move {
            if !bus.has_link(&link.central).await {
                board.end(&link);
            }
        });
    }

    /// Takes a link down that the device no longer wants.
    fn keep_link(&mut self) {
        let now = self.board.now();
        let keeps = self.board.with(|peripheral| peripheral.keeps_link(now));
        let unwanted = self.board.link().filter(|link| link.closing || !keeps);
        let Some(link) = unwanted.filter(|link| !self.dropping.as_ref().is_some_and(|other| other.is(link))) else {
            return;
        };
        self.dropping = Some(link.clone());
        let (bus, board) = (self.host.bus.clone(), self.board.clone());
        tokio::spawn(async move {
            sleep(LAST_WORDS).await;
            disconnect(&bus, &board, &link).await;
        });
    }

    async fn take(&mut self, notice: Notice) -> Result<(), HostError> {
        let adapter = &self.host.adapter;
        let notice = match notice {
            // One that is pulled is off just before it is gone.
            Notice::AdapterOff => {
                let worse = async {
                    loop {
                        let notice = self.watch.next().await;
                        if matches!(notice, Notice::AdapterGone | Notice::DaemonGone) {
                            return notice;
                        }
                    }
                };
                timeout(GONE, worse).await.unwrap_or(Notice::AdapterOff)
            }
            notice => notice,
        };
        match notice {
            Notice::LinkDown(central) => {
                self.board.lost(&central);
                Ok(())
            }
            Notice::AdapterOff => {
                Err(BleError::AdapterOff { adapter: adapter.name.clone(), block: Block::None }.into())
            }
            Notice::AdapterGone => {
                let wanted = Some(adapter.name.clone());
                Err(BleError::AdapterAbsent { wanted, present: Vec::new(), hidden: false }.into())
            }
            Notice::DaemonGone => {
                Err(BleError::NoBluetoothd { reason: "it left the bus".into(), place: HostKind::Computer }.into())
            }
        }
    }
}

/// Disconnects a central, and waits until that is so. A link that does not go down in time counts as down.
async fn disconnect(bus: &Bus, board: &Board, link: &Link) {
    let _ = bus.call(&link.central, "org.bluez.Device1", "Disconnect", &()).await;
    board.end(link);
}
