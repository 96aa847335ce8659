//! Espressif's unified provisioning: typed requests through a secure session.
//!
//! - `open.rs`: the dialect; link and version document
//! - `secure.rs`: the scheme, the credentials for it, the handshake
//! - `downgrade.rs`: whether what the device says of its security is enough
//! - `secured.rs`: a device whose session stands; requests that survive a lost session
//! - `scan.rs`, `apply.rs`, `join.rs`: what it is asked for
//! - `joined.rs`: whether "connected" is the network that was sent
//! - `nearby.rs`: what a scan says about a failed join
//! - `device.rs`: all of it behind the traits of this folder

mod apply;
mod device;
mod downgrade;
mod join;
mod joined;
mod nearby;
mod open;
mod scan;
mod secure;
mod secured;

pub(super) use open::Protocomm;
