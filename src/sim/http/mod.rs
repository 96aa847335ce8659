//! A simulated device behind TCP, answering like the firmware's own HTTP server.
//!
//! One device, one listener, one connection: a new one evicts the older. A request that the
//! device refuses closes the connection without an answer. Dropping the future of [`serve`] or [`Fleet::run`] ends
//! everything.
//!
//! - `server.rs`: the loop
//! - `request.rs`, `reply.rs`: as the firmware's server reads and writes them
//! - `cookie.rs`: which session a request belongs to
//! - `fleet.rs`: many devices in one process

mod cookie;
mod fleet;
mod reply;
mod request;
mod server;

pub use fleet::Fleet;
pub use server::serve;
