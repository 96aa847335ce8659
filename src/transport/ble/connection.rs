//! What is held of a device: its link, the claim on it, the readiness to pair with it. Brings the link up, in bounded
//! and visible tries, and gives everything back.

use std::sync::Arc;
use std::time::Duration;

use btleplug::api::Peripheral as _;
use btleplug::platform::Peripheral;
use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::att::{self, ErrorClass};
use super::error::BleError;
use super::host::Claim;
use super::matching::Sighting;
use super::pending_release::PendingRelease;
use super::radio::Radio;
use super::search::Found;
use super::table::{self, Table};
use crate::transport::{LinkEvent, LinkObserver};

/// How long a link may take to come up.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// How long the device may take to say what it offers.
pub(super) const RESOLVE: Duration = Duration::from_secs(8);
/// How long pairing may take: less than the request that it is for, so that the failure is told as what it is.
const PAIR: Duration = Duration::from_secs(8);
/// How long a request may go on without an answer when the system has paired over it, which takes one exchange.
const RESENT: Duration = Duration::from_secs(1);
/// How often a link that does not come up is tried.
pub(super) const TRIES: u32 = 3;
/// How often services are asked for that do not come.
const RESOLVE_TRIES: u32 = 2;
/// How long to listen for a device again after a failed try.
pub(super) const AGAIN: Duration = Duration::from_secs(6);
/// How often to look whether this computer's Bluetooth is ready again.
const READY: Duration = Duration::from_millis(250);
/// How often to look whether the link is up.
const LOOK: Duration = Duration::from_millis(100);
/// How long to see whether a link goes after a request failed: the news may come after the error.
const GOING: Duration = Duration::from_millis(300);

/// What is held of a device.
pub(super) struct Connection {
    radio: Arc<Radio>,
    pub(super) peripheral: Peripheral,
    address: String,
    /// `PROV_d76c30 (24:0A:C4:00:00:01)`.
    pub(super) peer: String,
    /// Whether it was paired before, or may have been.
    paired: bool,
    /// Whether pairing with it is agreed to.
    admitted: bool,
    /// Whether a link to it was up before.
    linked: bool,
    _claim: Claim,
    _hold: PendingRelease,
}

/// The device was not heard.
struct Unheard;

/// Why a try failed.
struct Failed {
    /// Whether a link had come up.
    up: bool,
    trouble: ErrorClass,
    words: String,
}

impl Failed {
    fn read(up: bool, error: &btleplug::Error) -> Self {
        Self { up, trouble: att::read(error), words: att::words(error) }
    }

    fn broke() -> Self {
        let words = "the link broke while the device said what it offers".to_owned();
        Self { up: false, trouble: ErrorClass::Other, words }
    }

    fn late(up: bool, limit: Duration) -> Self {
        let words = format!("no answer within {:.0} s", limit.as_secs_f32());
        Self { up, trouble: ErrorClass::TimedOut, words }
    }
}

impl Connection {
    /// Takes hold of a device that was found; no link yet.
    ///
    /// # Errors
    /// [`BleError::Busy`].
    pub(super) fn take(radio: Arc<Radio>, found: Found) -> Result<Self, BleError> {
        let hold = PendingRelease::begin();
        let address = found.sighting.address.clone();
        let label = found.sighting.label();
        let peer = if label == address { label } else { format!("{label} ({address})") };
        let Some(claim) = Claim::take(&address) else { return Err(BleError::Busy { peer }) };
        let (peripheral, paired, admitted, linked) = (found.peripheral, true, false, false);
        Ok(Self { radio, peripheral, address, peer, paired, admitted, linked, _claim: claim, _hold: hold })
    }

    /// Brings the link up and reads what the device offers, until `end`.
    pub(super) async fn open(&mut self, end: Instant, observer: &dyn LinkObserver) -> Result<Table, BleError> {
        // A pairing may be the person's, unless it is known that there was none.
        self.paired = self.radio.host.is_paired(&self.radio.name, &self.address).await.unwrap_or(true);
        self.admitted = true;
        self.radio.host.admit(&self.radio.name, &self.address).await;
        let services = match self.connect(end, observer).await? {
            Ok(table) => return Ok(table),
            Err(services) => services,
        };
        // What the system remembers of a device outlives the firmware it was read from.
        let none = BleError::NotProvisioning { peer: self.peer.clone(), services };
        if !self.renew(end).await {
            return Err(none);
        }
        self.connect(end, observer).await?.map_err(|_| none)
    }

    /// Brings a link up again that was lost.
    pub(super) async fn reopen(&mut self, end: Instant, observer: &dyn LinkObserver) -> Result<Table, BleError> {
        if self.is_up().await {
            self.radio.host.cut(&self.radio.name, &self.peripheral).await;
        }
        self.await_ready(end, observer).await?;
        // bluetoothd may have been started anew.
        self.radio.host.register_agent().await;
        let began = Instant::now();
        if self.refresh(end).await.is_err() {
            self.ready().await?;
            return Err(self.silent(false, began));
        }
        let table = self.connect(end, observer).await?;
        table.map_err(|services| BleError::NotProvisioning { peer: self.peer.clone(), services })
    }

    /// Has the system forget what it remembers of the device, and finds it anew; whether that worked. A device that
    /// the person has paired is left alone.
    pub(super) async fn renew(&mut self, end: Instant) -> bool {
        !self.paired
            && self.radio.host.forget(&self.radio.name, &self.peripheral).await
            && self.refresh(end).await.is_ok()
    }

    /// Brings the link up in a few tries; the endpoints, or the services there are where none carries provisioning.
    async fn connect(
        &mut self,
        end: Instant,
        observer: &dyn LinkObserver,
    ) -> Result<Result<Table, Vec<String>>, BleError> {
        let (mut attempt, mut unresolved) = (1, 0);
        loop {
            let failed = match self.try_once(end).await {
                Ok(read) => return Ok(read),
                Err(failed) => failed,
            };
            self.radio.host.cut(&self.radio.name, &self.peripheral).await;
            unresolved += u32::from(failed.up);
            // What this computer could not do is no try of the device's.
            let back = self.await_ready(end, observer).await?;
            let busy = failed.trouble == ErrorClass::InProgress;
            let last = !(back || busy) && (attempt == TRIES || unresolved == RESOLVE_TRIES) || Instant::now() >= end;
            if last || matches!(failed.trouble, ErrorClass::Permission | ErrorClass::Encryption) {
                return Err(self.explain(failed, attempt).await);
            }
            if attempt < TRIES {
                attempt += 1;
                observer.tell(LinkEvent::Retrying { cause: failed.words, attempt, of: TRIES });
            }
            sleep(pause()).await;
            let began = Instant::now();
            // A handle may have outlived its device.
            if self.refresh(end).await.is_err() && self.linked && self.ready().await.is_ok() {
                return Err(self.silent(true, began));
            }
        }
    }

    /// The device is not heard any more although it was linked to.
    fn silent(&self, opening: bool, began: Instant) -> BleError {
        BleError::Silent { peer: self.peer.clone(), opening, searched: began.elapsed() }
    }

    /// Waits until this computer's Bluetooth is ready, where it is not and that may pass; whether it was not. An adapter
    /// may be switched on again, and bluetoothd be started again.
    ///
    /// # Errors
    /// Why it is not ready, where that lasts.
    pub(super) async fn await_ready(&self, end: Instant, observer: &dyn LinkObserver) -> Result<bool, BleError> {
        let began = Instant::now();
        let mut waited = false;
        while let Err(error) = self.ready().await {
            if began.elapsed() >= error.patience() || Instant::now() >= end {
                return Err(error);
            }
            if !waited {
                observer.tell(LinkEvent::Note(format!("{error}; waiting for that to pass")));
                waited = true;
            }
            sleep(READY).await;
        }
        Ok(waited)
    }

    async fn try_once(&mut self, end: Instant) -> Result<Result<Table, Vec<String>>, Failed> {
        self.link_up(end).await?;
        let limit = (Instant::now() + RESOLVE).min(end);
        let read = timeout_at(limit, self.peripheral.discover_services()).await;
        read.map_err(|_| Failed::late(true, RESOLVE))?.map_err(|error| Failed::read(true, &error))?;
        let table = table::read(&self.peripheral).await;
        // Names that could not be read do not mean that the firmware has none.
        if self.is_up().await { Ok(table) } else { Err(Failed::broke()) }
    }

    /// Brings the link up, and waits until the system has read the device's services.
    async fn link_up(&mut self, end: Instant) -> Result<(), Failed> {
        let began = Instant::now();
        // One at a time: the semaphore is never closed.
        let turn = timeout_at(end, self.radio.connecting.acquire()).await;
        let mut turn = Some(turn.map_err(|_| Failed::late(false, end.saturating_duration_since(began)))?);
        let left = |limit: Duration| limit.min(end.saturating_duration_since(Instant::now()));
        let mut span = left(CONNECT);
        let mut limit = Instant::now() + span;
        let mut links = self.radio.links();
        let mut connecting = self.peripheral.connect();
        loop {
            let up = turn.is_none();
            let is_up = tokio::select! {
                biased;
                done = &mut connecting => {
                    return done.map_err(|error| Failed::read(matches!(att::read(&error), ErrorClass::TimedOut), &error));
                }
                event = links.recv() => match event {
                    Ok(event) if event.address == self.address => event.up,
                    // Those that were missed are made up for by looking.
                    _ => up,
                },
                () = sleep_until(limit) => return Err(Failed::late(up, span)),
                () = sleep(LOOK) => self.is_up().await,
            };
            if up && !is_up {
                return Err(Failed::broke());
            }
            if !up && is_up {
                self.linked = true;
                // The next one may connect while this one's services are read.
                turn = None;
                span = left(RESOLVE);
                limit = Instant::now() + span;
            }
        }
    }

    async fn explain(&self, failed: Failed, tries: u32) -> BleError {
        let (peer, reason) = (self.peer.clone(), failed.words);
        match failed.trouble {
            ErrorClass::Permission => BleError::Permission { reason },
            ErrorClass::Encryption => BleError::PairingFailed { peer, reason },
            // The adapter may have been pulled or switched off.
            _ => match self.ready().await {
                Err(error) => error,
                Ok(()) if failed.up => BleError::ServicesUnresolved { peer, reason },
                Ok(()) => BleError::ConnectFailed { peer, tries, reason },
            },
        }
    }

    /// Listens for the device and takes a new handle of it.
    ///
    /// # Errors
    /// It was not heard.
    async fn refresh(&mut self, end: Instant) -> Result<(), Unheard> {
        let began = Instant::now();
        let end = (began + AGAIN).min(end);
        let mut listening = self.radio.listen();
        let heard = loop {
            // Others may have had the scan run before: what counts is what is heard from now on.
            let anew = |sighting: &&Sighting| sighting.address == self.address && sighting.last >= began;
            match listening.look_patiently(|sightings| sightings.iter().any(anew)) {
                Ok(false) if Instant::now() < end => {}
                heard => break heard.unwrap_or(false),
            }
            tokio::select! {
                () = listening.more() => {}
                () = sleep_until(end) => {}
            }
        };
        listening.finish().await;
        let peripheral = if heard { self.radio.peripheral(&self.address).await } else { None };
        self.peripheral = peripheral.ok_or(Unheard)?;
        Ok(())
    }

    /// Whether the link is up, as far as the system knows.
    pub(super) async fn is_up(&self) -> bool {
        matches!(timeout(CONNECT, self.peripheral.is_connected()).await, Ok(Ok(true)))
    }

    /// Whether the link is gone, or goes in the next moment.
    pub(super) async fn goes_down(&self) -> bool {
        let end = Instant::now() + GOING;
        loop {
            if !self.is_up().await {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            sleep(GOING / 10).await;
        }
    }

    /// Completes where a request that is under way is lost: the system has paired over it, and has not sent it again.
    /// bluetoothd (5.66, src/shared/att.c) sends it too early at times, and takes the failure for a success.
    pub(super) async fn lost_to_pairing(&self) {
        while !self.is_paired().await {
            sleep(2 * LOOK).await;
        }
        sleep(RESENT).await;
    }

    /// Whether it is paired with.
    pub(super) async fn is_paired(&self) -> bool {
        self.radio.host.is_paired(&self.radio.name, &self.address).await == Some(true)
    }

    /// Pairs with the device: its firmware wants an encrypted link.
    pub(super) async fn pair(&self) -> Result<(), BleError> {
        if self.is_paired().await {
            // bluetoothd would take it for a wish to pair over classic Bluetooth as well.
            return Ok(());
        }
        match self.radio.host.pair(&self.radio.name, &self.address, PAIR).await {
            None => Ok(()),
            Some(reason) => Err(BleError::PairingFailed { peer: self.peer.clone(), reason }),
        }
    }

    /// Why this computer has no Bluetooth any more, if that is so.
    pub(super) async fn ready(&self) -> Result<(), BleError> {
        self.radio.host.ready(&self.radio.name).await
    }

    /// Gives everything back: the link ends, and a pairing that this session brought about is undone.
    pub(super) async fn release(self) {
        let host = &self.radio.host;
        let unpair = !self.paired && self.is_paired().await;
        if !unpair || !host.forget(&self.radio.name, &self.peripheral).await {
            host.let_go(&self.radio.name, &self.peripheral).await;
        }
        if self.admitted {
            host.dismiss(&self.radio.name, &self.address).await;
        }
    }
}

/// The pause before another try: not the same for all that failed together.
fn pause() -> Duration {
    Duration::from_millis(200 + u64::from(UnwrapErr(SysRng).next_u32() % 300))
}
