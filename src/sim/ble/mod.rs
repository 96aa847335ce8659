//! A simulated device as a Bluetooth peripheral of this computer, through bluetoothd: other computers and phones see
//! an ESP32. Linux only.
//!
//! What the device is and does is in [`super::gatt`]; here are the objects bluetoothd is given (`objects.rs`), the
//! loop that keeps them in step with the device (`host.rs`), and what is heard of links (`watch.rs`). What firmware
//! does and bluetoothd does not let through is told in docs/simulator.md.

mod board;
mod bus;
mod host;
mod objects;
mod pairing_agent;
mod watch;

pub use host::{Host, HostError, Running};

use std::collections::HashMap;

use zbus::zvariant::{OwnedValue, Type};

/// Properties of one interface, or options of a call.
type Properties = HashMap<String, OwnedValue>;

/// A property, where it is there and of this type.
fn property<T: TryFrom<OwnedValue> + Type>(properties: &Properties, name: &str) -> Option<T> {
    properties.get(name)?.try_clone().ok()?.try_into().ok()
}
