//! Links to devices: one request to a named endpoint, its one reply. The only layer that opens a socket, a port or
//! a radio.
//!
//! A transport knows nothing of sessions or messages. It says what it can carry ([`Limits`]) so that no layer above
//! has to ask which transport it is.
//!
//! To add one: a folder beside this file, its `mod` line, one entry in [`KINDS`] (`kinds.rs`).
//!
//! - `kinds.rs`: the list of kinds
//! - `words.rs`: what people call them
//! - `locator.rs`: the name of a device
//! - `parts.rs`: what may be known of which device is meant
//! - `discovery.rs`: what is in reach, as rows
//! - `candidate.rs`: what could be meant where several fit
//! - `error.rs`: why a link failed
//! - `ble/`, `softap/`, `console/`: one kind of link each
//! - `serial/`: ports, for the console and for the board's log

pub mod ble;
mod candidate;
pub mod console;
mod discovery;
mod error;
mod kinds;
mod locator;
mod parts;
pub mod serial;
pub mod softap;
mod words;

use std::future;
use std::sync::Arc;
use std::time::Duration;

pub use candidate::{Candidate, CandidateKind};
pub use discovery::{Discovery, Listing, Row, Wanted};
pub use error::{Evidence, TransportError};
pub use futures_util::future::BoxFuture;
pub use kinds::{KINDS, PLANNED};
pub use locator::{Locator, LocatorError};
pub use parts::{BoardPort, DeviceParts, LogPort, Part};
pub use words::Words;

use crate::failure::Failure;
use crate::origin::Setting;
use crate::wire::log::RawLine;

/// How long a link may take to open where its kind does not say otherwise.
const OPENING_LIMIT: Duration = Duration::from_secs(10);

/// What a link can carry. Paging, channel grouping and "can security 2 work here" come from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest request the device takes, in bytes.
    pub request: usize,
    /// Most scan entries to ask for in one reply.
    pub scan_page: u32,
    /// Channels to scan before the device's radio returns to the link; 0 scans all in one go.
    pub scan_group: u32,
    /// Whether security 2's 406-byte first message fits.
    pub security2: bool,
}

/// A link to one device. One exchange at a time; dropping the future of one leaves the link usable only for a new
/// secure session.
pub trait Transport: Send {
    /// What the link can carry.
    fn limits(&self) -> Limits;

    /// The endpoints the device offers, or `None` where the link cannot list them.
    fn endpoints(&self) -> Option<&[String]>;

    /// Where the other end is, for people: `192.168.4.1:80`.
    fn peer(&self) -> String;

    /// The device's own name, where the link has seen it: a label or an option only say what it should be.
    fn name(&self) -> Option<String> {
        None
    }

    /// Sends `request` to `endpoint` and returns the reply.
    ///
    /// Without a deadline of its own: the caller wraps the future in one. A link that broke reconnects at the next
    /// exchange.
    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>>;

    /// Releases the link in order.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>>;
}

/// A family of links, stateless.
pub trait TransportKind: Sync {
    /// The locator's scheme: `softap`, `console`, `ble`, `sim`.
    fn scheme(&self) -> &'static str;

    /// What people call it, its devices and their addresses.
    fn words(&self) -> Words {
        Words::titled(self.scheme())
    }

    /// Checks a locator without any I/O.
    ///
    /// # Errors
    /// [`Evidence::BadAddress`].
    fn check(&self, to: &Locator) -> Result<(), TransportError>;

    /// Makes the locator of a device: of a `whole` one with what else is known, or of the parts alone. No I/O. Parts
    /// that this kind does not [take](Self::takes) are not looked at.
    ///
    /// # Errors
    /// Where parts given for this run contradict each other, or cannot name a device of this kind.
    fn locate(&self, whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Result<Locator, Failure> {
        let address = || parts.address.as_ref().map(|address| address.value.as_str()).unwrap_or_default();
        Ok(whole.map_or_else(|| Locator::new(self.scheme(), address()), |whole| whole.value.clone()))
    }

    /// Whether this part means anything to this kind.
    fn takes(&self, _: Part) -> bool {
        false
    }

    /// Whether a device with this address can only be of this kind.
    fn owns_address(&self, _: &str) -> bool {
        false
    }

    /// The parameters of this kind's locators whose values are secrets. They are never shown.
    fn secret_parameters(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a device is of this kind where nothing says otherwise. One kind says yes.
    fn is_default(&self) -> bool {
        false
    }

    /// Whether this computer has to be on the device's own network, which a person joins first.
    fn needs_device_network(&self) -> bool {
        false
    }

    /// Whether the board's log is heard on the link itself.
    fn carries_board_log(&self) -> bool {
        false
    }

    /// A look around for what is in reach, where this kind can look.
    fn discover(&self, _: &Wanted) -> Option<Box<dyn Discovery>> {
        None
    }

    /// The longest that opening a link may take.
    fn opening_limit(&self) -> Duration {
        OPENING_LIMIT
    }

    /// Opens a link. The caller wraps the future in a deadline, which `opening` tells.
    fn connect<'a>(
        &'a self,
        to: &'a Locator,
        opening: Opening,
    ) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>>;

    /// Completes when what links of this kind hold outside the program is given back, also for links that were
    /// dropped in the middle of something. The caller wraps the future in a deadline.
    fn released(&self) -> BoxFuture<'static, ()> {
        Box::pin(future::ready(()))
    }
}

/// The circumstances under which a link is opened.
#[derive(Clone)]
pub struct Opening {
    /// When the caller gives up: a search until then can say in time what was seen instead.
    pub within: Duration,
    /// What is told of the events.
    pub observer: Arc<dyn LinkObserver>,
    /// What takes the lines that a board prints on the link beside its replies.
    pub log: Arc<dyn LogSink>,
}

impl Opening {
    /// Without observers, and with time enough.
    pub fn unwatched() -> Self {
        Self { within: OPENING_LIMIT, observer: Arc::new(Unobserved), log: Arc::new(Unobserved) }
    }
}

/// What is told of the events on a link beside its replies.
pub trait LinkObserver: Send + Sync {
    /// Takes note. Must not block.
    fn tell(&self, news: LinkEvent);
}

/// What happens on a link beside its replies. Texts that came from a device are raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// A search begins.
    Looking {
        /// What for, fit to be shown.
        wanted: String,
        /// Over which radio.
        over: &'static str,
    },
    /// The device is in reach.
    Found {
        /// Its name as advertised, else its address.
        name: String,
        /// How strongly it is heard, in dBm, where that is known.
        rssi: Option<i16>,
    },
    /// A try to open the link failed; another follows.
    Retrying {
        /// On what evidence.
        cause: String,
        /// The number of the try that follows, from 2.
        attempt: u32,
        /// The most tries.
        of: u32,
    },
    /// Something to know that is not a failure.
    Note(String),
}

/// Takes the lines that a board prints on its link beside its replies: the console shares its UART with the log.
///
/// They are raw, and firmware prints secrets in clear. So they are no [`LinkEvent`], which goes to every observer: whoever
/// takes them keeps them, or takes the secrets out before they go any further.
pub trait LogSink: Send + Sync {
    /// Takes a line. Must not block.
    fn printed(&self, line: &RawLine);
}

/// Is told nothing, and lets every line go by.
#[derive(Debug)]
pub struct Unobserved;

impl LogSink for Unobserved {
    fn printed(&self, _: &RawLine) {}
}

impl LinkObserver for Unobserved {
    fn tell(&self, _: LinkEvent) {}
}
