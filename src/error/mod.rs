//! What sessions, ports, consoles and Bluetooth report, as failures.

mod ble;
mod from_session;
mod serial;

pub use serial::{advise_shared, shared};
