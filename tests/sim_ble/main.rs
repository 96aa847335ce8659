//! `espctl sim --ble`, the built binary, on a stand-in for bluetoothd: what it registers, how it answers a central, how
//! it ends, and what keeps it from starting.
#![cfg(target_os = "linux")]

#[path = "../bluez/mod.rs"]
mod bluez;
#[path = "../program/mod.rs"]
mod program;
#[allow(dead_code)]
#[path = "../program/schemas.rs"]
mod schemas;

mod central;
mod device;
mod failures;
mod host;
mod life;
mod online;
