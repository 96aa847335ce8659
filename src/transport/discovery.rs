//! What is in reach over one kind of link, as rows: the seam between `discover` and the links.
//!
//! Looks and does not touch: no port is opened, no device connected to. How rows are shown is not known here.

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use super::TransportError;
use crate::origin::Setting;

/// What is wanted of all that is in reach.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What a device's name begins with, case ignored; empty for any.
    pub prefix: String,
    /// Devices that this program knows nothing of, too.
    pub all: bool,
    /// The adapter to listen with, where one was named.
    pub adapter: Option<Setting<String>>,
}

/// A look around over one kind of link.
pub trait Discovery: Send {
    /// What it lists, for people: `Bluetooth`.
    fn title(&self) -> &'static str;

    /// Its member of the JSON document.
    fn member(&self) -> &'static str;

    /// Whether more is found the longer it goes on.
    fn listens(&self) -> bool;

    /// Begins.
    fn start(&mut self) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Takes in what is in reach now.
    ///
    /// # Errors
    /// Why nothing can be found any more.
    fn look(&mut self) -> Result<(), TransportError>;

    /// A line for each device that is told of for the first time, sanitised.
    fn news(&mut self, now: Instant) -> Vec<String>;

    /// All that is in reach.
    fn listing(&self, now: Instant) -> Listing;

    /// The value of [`member`](Self::member), of the rows' own values or of the error that stands for them.
    fn document(&self, found: Result<Vec<Value>, Value>) -> Value;

    /// Ends it, and waits until nothing of it goes on.
    fn finish(&mut self) -> BoxFuture<'_, ()>;
}

/// What was found, to be shown. Texts are sanitised.
#[derive(Debug)]
pub struct Listing {
    /// The line above.
    pub heading: String,
    /// The columns' titles; none for rows of one column.
    pub titles: &'static [&'static str],
    /// The rows.
    pub rows: Vec<Row>,
    /// The line below.
    pub after: Option<String>,
}

/// Something that is in reach.
#[derive(Debug)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<String>,
    /// The command to type next, or what else takes this device.
    pub next: Option<String>,
    /// Its members in the JSON document; `error`, where it has one, is filled in from the obstacle.
    pub json: Value,
    /// Why it cannot be used although it is there.
    pub obstacle: Option<TransportError>,
}
