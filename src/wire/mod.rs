//! The bytes both ends of the wire agree on: generated messages, the version document, the QR payload, serial lines,
//! GATT services, the reasons that firmware logs.
//!
//! No I/O. Client and simulated device use the same code.

pub mod advertisement;
pub mod console;
pub mod describe;
pub mod gatt;
pub mod log;
pub mod messages;
pub mod qr;
pub mod version;
pub mod wifi_reason;
