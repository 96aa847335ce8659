//! The simulated device: a stock device's behaviour over bytes, its Wi-Fi world, its scripted faults, and its hosts.
//!
//! [`Device`] is one pure function over bytes and time. Hosts feed it: [`memory`] behind the transport seam,
//! [`http`] behind a TCP listener that answers like the firmware's own HTTP server, [`console`] behind a
//! pseudo-terminal, `ble` as a peripheral of this computer's Bluetooth ([`gatt`]). Nothing here prints, reads the
//! environment or exits; a host drains [`event::Event`]s instead.
//!
//! What it is:
//!
//! - `options.rs`: its settings before it boots
//! - `profile.rs`: which firmware it pretends to run
//! - `identity.rs`, `shared_verifier.rs`: its name, its label and its keys
//! - `fault.rs`, `occasion.rs`: what goes wrong, and on which occasion
//! - `world.rs`, `access_point.rs`: the networks around it
//!
//! How it behaves:
//!
//! - `device.rs`: the state; hands each request to its handler
//! - `session.rs`, `scan.rs`, `config.rs`, `thread.rs`, `rainmaker.rs`: the handlers
//! - `other_radio.rs`: what a build answers to messages of the radio it is without
//! - `station.rs`: the radio that joins
//! - `service.rs`: when provisioning comes and goes
//! - `event.rs`: what happened, for its host to show
//!
//! Its hosts:
//!
//! - `host.rs`: what all of them have in common
//! - `memory.rs`: the `sim:` transport
//! - `http/`, `console/`, `ble/`: TCP, a pseudo-terminal, bluetoothd
//! - `gatt.rs`: the Bluetooth peripheral; pure
//!
//! And what devices are registered at:
//!
//! - `cloud/`: a stand-in for ESP RainMaker's cloud

pub mod access_point;
#[cfg(target_os = "linux")]
pub mod ble;
pub mod cloud;
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
mod occasion;
pub mod options;
mod other_radio;
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
