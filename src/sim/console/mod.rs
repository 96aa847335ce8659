//! A simulated device behind a pseudo-terminal: ESP-IDF's stock console, with its echo, its 255-character lines, its
//! log in between, and a boot log at the start; or the RainMaker agent's console, with the same line discipline.
//!
//! [`Board`] is pure: bytes in at a time, bytes and pauses out. [`Host`] gives it a pseudo-terminal. What a real
//! UART has and this has not: modem lines, and a wrong rate.

mod board;
mod boot;
mod line;
mod log;
mod manner;
mod noise;
#[cfg(unix)]
mod pty;
mod rainmaker_console;

pub use board::{Board, Step};
pub use manner::{Dialect, Manner};
#[cfg(unix)]
pub use pty::Host;

use super::options::DeviceOptions;

/// Text of the QR code on the label: no transport, since the code has no word for the console.
pub fn qr_payload(options: &DeviceOptions) -> String {
    options.qr_payload_over(None)
}
