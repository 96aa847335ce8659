//! What all hosts of a simulated device have in common: the observer of its events, and why serving it ended.

use std::sync::Arc;

use super::event::Timed;

/// Called with each event and the name of the device it happened to.
pub type Observer = Arc<dyn Fn(&str, &Timed) + Send + Sync>;

/// Why a host stopped serving its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The device stopped its service.
    Stopped,
    /// The caller asked for it.
    Shutdown,
}
