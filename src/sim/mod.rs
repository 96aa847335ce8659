//! The simulated device: a stock device's behaviour over bytes, its Wi-Fi world, its scripted faults, and its hosts.
//!
//! [`Device`] is one pure function over bytes and time. Hosts feed it: [`memory`] behind the transport seam,
//! [`http`] behind a TCP listener that answers like the firmware's own HTTP server, [`console`] behind a
//! pseudo-terminal, `ble` as a peripheral of this computer's Bluetooth ([`gatt`]). Nothing here prints, reads the
//! environment or exits; a host drains [`event::Event`]s instead.

pub mod access_point;
#[cfg(target_os = "linux")]
pub mod ble;
mod config;
pub mod console;
pub mod device;
pub mod event;
pub mod fault;
pub mod gatt;
pub mod host;
pub mod http;
pub mod identity;
pub mod memory;
pub mod options;
pub mod profile;
mod rainmaker;
mod scan;
mod service;
mod session;
mod shared_verifier;
mod station;
mod thread;
pub mod world;

pub use access_point::AccessPoint;
pub use device::{Device, Refusal, Reply, ReplyFault};
pub use event::{Event, Timed};
pub use fault::Fault;
pub use memory::{InMemory, MemoryLink};
pub use options::{DeviceOptions, OptionsError};
pub use profile::Profile;
pub use world::World;
