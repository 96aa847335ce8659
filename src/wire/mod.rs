//! The bytes both ends of the wire agree on: generated messages, the version document, the QR payload, serial lines,
//! GATT services, the reasons that firmware logs.
//!
//! No I/O. Client and simulated device use the same code.
//!
//! - `generated.rs`: made from `proto/`; `messages.rs`: the same, by the names used here
//! - `version.rs`: the version document
//! - `qr.rs`: the label's payload
//! - `console.rs`: requests and replies as serial lines
//! - `log.rs`: a board's log
//! - `gatt.rs`: services and characteristics
//! - `advertisement.rs`: what kind of device sent one
//! - `wifi_reason.rs`: the disconnect reasons that firmware logs
//! - `describe.rs`: messages in words, for traces

pub mod advertisement;
pub mod console;
pub mod describe;
pub mod gatt;
pub mod log;
pub mod messages;
pub mod qr;
pub mod version;
pub mod wifi_reason;
