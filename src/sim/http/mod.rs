//! A simulated device behind TCP, answering like the firmware's own HTTP server.
//!
//! One device, one listener, one connection: a new one evicts the older. Whatever a device refuses closes the
//! connection without a word. Dropping the future of [`serve`] or [`Fleet::run`] ends everything.

mod cookie;
mod fleet;
mod reply;
mod request;
mod server;

use std::sync::Arc;

pub use fleet::Fleet;
pub use server::{Ended, serve};

use super::event::Timed;

/// Is told what happens, with the device's name.
pub type Observer = Arc<dyn Fn(&str, &Timed) + Send + Sync>;
