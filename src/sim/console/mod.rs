//! A simulated device behind a pseudo-terminal: ESP-IDF's stock console, with its echo, its 255-character lines, its
//! log in between, and a boot log at the start; or the RainMaker agent's console, with the same line discipline.
//!
//! [`Board`] is pure: bytes in at a time, bytes and pauses out. [`Host`] gives it a pseudo-terminal. Unlike a
//! real UART it has neither modem lines nor a baud rate that could be wrong.
//!
//! - `board.rs`: the board on the line; pure
//! - `line.rs`: the firmware's line discipline
//! - `rainmaker_console.rs`: the agent's commands
//! - `boot.rs`, `log.rs`, `noise.rs`: what is printed beside the answers
//! - `manner.rs`: noise, speed, and which console it has
//! - `pty.rs`: the pseudo-terminal

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

/// Text of the QR code on the label: without a transport, since the code cannot name the console.
pub fn qr_payload(options: &DeviceOptions) -> String {
    options.qr_payload_over(None)
}
