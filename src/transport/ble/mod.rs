//! Bluetooth LE: protocomm over GATT. A request is written to its endpoint's characteristic, the answer is read from
//! the same one.
//!
//! The library does the radio's work on every system. What it leaves out on Linux (why there is no Bluetooth, pairing,
//! links left behind) is asked of bluetoothd itself.
//!
//! - `address.rs`: what may follow `ble:`; `matching.rs`: which device that is, of those heard
//! - `locate.rs`: a locator, made of the parts that are known
//! - `radio.rs`: an adapter, and its scan, shared; `scan.rs`: the task that scans; `news.rs`: what a system tells;
//!   `heard.rs`: what was heard so far
//! - `search.rs`: looking for one device; `watch.rs`: for all there are; `nearby.rs` and `discover.rs`: what was heard,
//!   as rows
//! - `connection.rs`: what is held of a device, brought up and given back; `link.rs`: the task that owns it
//! - `table.rs`: which characteristic is which endpoint; `att.rs`: what errors of the system mean
//! - `error.rs`: why a device cannot be reached; `advice.rs`: what that means, and what to do
//! - `choose.rs`: which adapter; `pending_release.rs`: what the end of the program waits for
//! - `host.rs`: the system beneath, which is one of `bluez/` and `system.rs` (with `winrt.rs`)

mod address;
mod advice;
mod att;
#[cfg(target_os = "linux")]
pub mod bluez;
mod choose;
mod connection;
mod discover;
mod error;
mod heard;
mod host;
mod link;
mod locate;
mod matching;
mod nearby;
mod news;
mod pending_release;
mod radio;
mod scan;
mod search;
#[cfg(any(not(target_os = "linux"), test))]
#[cfg_attr(target_os = "linux", allow(dead_code))] // kept compiling, and checked by the lints, where tests run
mod system;
mod table;
mod watch;
#[cfg(windows)]
mod winrt;

use std::time::Duration;

pub use address::is_address;
pub use choose::AdapterFacts;
pub use error::{Alike, BleError, Block, Heard, HostKind};
pub use matching::Sighting;
use tokio::sync::{mpsc, oneshot};
pub use watch::Watch;

use self::address::Target;
use self::link::{Opened, Order};
use super::{
    BoxFuture, DeviceParts, Discovery, Evidence, Limits, Locator, Opening, Part, Transport, TransportError,
    TransportKind, Wanted, Words,
};
use crate::failure::Failure;
use crate::origin::Setting;
use crate::wire::gatt;

/// What a value of GATT holds; four scan entries are what the smallest one takes.
const LIMITS: Limits = Limits { request: gatt::VALUE_MAX, scan_page: 4, scan_group: 0, security2: true };
/// What opening a link takes at most: looking, and each try to bring it up with the pause after it.
const OPENING_LIMIT: Duration = Duration::from_secs(90);

/// The `ble:` transport: a name, part of one, an address, or nothing for the only device there is, and the parameter
/// `adapter`.
#[derive(Debug)]
pub struct Ble;

impl TransportKind for Ble {
    fn scheme(&self) -> &'static str {
        locate::SCHEME
    }

    fn words(&self) -> Words {
        Words {
            title: "Bluetooth",
            locators: &["ble:NAME", "ble:ADDRESS"],
            addresses: Some("AA:BB:CC:DD:EE:FF is one over Bluetooth"),
            default_address: None,
        }
    }

    fn check(&self, to: &Locator) -> Result<(), TransportError> {
        Target::read(to).map(drop)
    }

    fn locate(&self, whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Result<Locator, Failure> {
        locate::locate(whole, parts)
    }

    fn takes(&self, part: Part) -> bool {
        part == Part::Adapter
    }

    fn discover(&self, wanted: &Wanted) -> Option<Box<dyn Discovery>> {
        Some(Box::new(nearby::Nearby::new(wanted)))
    }

    fn owns_address(&self, address: &str) -> bool {
        is_address(address)
    }

    fn opening_limit(&self) -> Duration {
        OPENING_LIMIT
    }

    fn connect<'a>(
        &'a self,
        to: &'a Locator,
        opening: Opening,
    ) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            let target = Target::read(to)?;
            let (ready, opened) = oneshot::channel();
            let (orders, pending) = mpsc::channel(1);
            let task = tokio::spawn(link::run(target, to.clone(), opening, ready, pending));
            let Opened { peer, endpoints } = opened.await.map_err(|_| ended())??;
            let link: Box<dyn Transport> = Box::new(Link { peer, endpoints, orders, task });
            Ok(link)
        })
    }

    fn released(&self) -> BoxFuture<'static, ()> {
        Box::pin(pending_release::released())
    }
}

/// The task of a link ended without a word: it panicked, or the runtime ends.
fn ended() -> TransportError {
    BleError::Stack { reason: "the program's own part of it ended".to_owned() }.into()
}

/// The handle of a link. The link itself is its task's.
struct Link {
    peer: String,
    endpoints: Vec<String>,
    orders: mpsc::Sender<Order>,
    task: tokio::task::JoinHandle<()>,
}

impl Link {
    async fn exchange(&self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        if request.is_empty() {
            // Some firmware ignores it and answers the next read with what was there before.
            return Err(Evidence::InvalidRequest { reason: "it is empty".to_owned() }.into());
        }
        if request.len() > LIMITS.request {
            return Err(Evidence::RequestTooLong { length: request.len(), limit: LIMITS.request }.into());
        }
        let (reply, replied) = oneshot::channel();
        let order = Order { endpoint: endpoint.to_owned(), request: request.to_vec().into(), reply };
        self.orders.send(order).await.map_err(|_| ended())?;
        replied.await.map_err(|_| ended())?
    }
}

impl Transport for Link {
    fn limits(&self) -> Limits {
        LIMITS
    }

    fn endpoints(&self) -> Option<&[String]> {
        Some(&self.endpoints)
    }

    fn peer(&self) -> String {
        self.peer.clone()
    }

    fn name(&self) -> Option<String> {
        // A device without a name is called by its address alone.
        self.peer.rsplit_once(" (").map(|(name, _)| name.to_owned())
    }

    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>> {
        Box::pin(Self::exchange(self, endpoint, request))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>> {
        Box::pin(async move {
            let Self { orders, task, .. } = *self;
            drop(orders);
            task.await.map_err(|_| ended())
        })
    }
}
