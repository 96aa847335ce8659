//! A simulated device as a Bluetooth peripheral of this computer, through bluetoothd: other computers and phones see
//! an ESP32. Linux only.
//!
//! What the device is and does is in [`super::gatt`]; here are the objects bluetoothd is given (`objects.rs`), the
//! loop that keeps them in step with the device (`host.rs`), and what is heard of links (`watch.rs`). docs/simulator.md
//! says what firmware does and bluetoothd prevents.
//!
//! - `host.rs`: the loop; `objects.rs`: what bluetoothd is given; `watch.rs`: its signals
//! - `board.rs`: device and link, shared by the objects
//! - `bus.rs`, `properties.rs`: calls to bluetoothd, and the values in them
//! - `pairing_agent.rs`: pairing without a question

mod board;
mod bus;
mod host;
mod objects;
mod pairing_agent;
mod properties;
mod watch;

pub use host::{Host, HostError, Running};
