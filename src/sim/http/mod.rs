//! A simulated device behind TCP, answering like the firmware's own HTTP server.
//!
//! One device, one listener, one connection: a new one evicts the older. Whatever a device refuses closes the
//! connection without a word. Dropping the future of [`serve`] or [`Fleet::run`] ends everything.

mod cookie;
mod fleet;
mod reply;
mod request;
mod server;

pub use fleet::Fleet;
pub use server::serve;
