//! The Bluetooth link, through the built binary, against a stand-in for bluetoothd.
#![cfg(target_os = "linux")]

#[path = "../bluez/mod.rs"]
mod bluez;

mod standin;
