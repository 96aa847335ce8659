//! The bytes both ends of the wire agree on: generated messages, the version document, the QR payload, serial lines,
//! GATT services, the reasons that firmware logs.
//!
//! Nothing here does I/O or knows which end it serves.

pub mod advertisement;
pub mod console;
pub mod describe;
pub mod gatt;
pub mod log;
pub mod messages;
pub mod qr;
pub mod version;
pub mod wifi_reason;
