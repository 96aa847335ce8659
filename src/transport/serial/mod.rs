//! Serial ports: which one, opening it without disturbing the board, bytes out, bytes in.
//!
//! What travels over a port (protocomm's console, the agent's console, a log) is not known here. Two threads stand
//! between the port, which blocks, and the program, which does not.
//!
//! - `list.rs`: the ports there are
//! - `choose.rs`: which one is meant; pure
//! - `access.rs`: the permissions of a port, and which program has it open
//! - `port.rs`: an open one
//! - `error.rs`: why one cannot be used; `advice.rs`: what that means, and what to do

mod access;
mod advice;
mod choose;
mod error;
mod list;
mod port;

pub use access::{check, sharers};
pub use advice::{advise_shared, shared};
pub use choose::{Port, Usb, check_name, select};
pub use error::PortError;
pub use list::{is_same, ports, resolve};
pub use port::{SerialPort, Settings};

/// What to do to the board when its port is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// Nothing: the lines are de-asserted, the board runs on.
    #[default]
    Never,
    /// Restart the firmware (a pulse on RTS, which is wired to EN).
    Boot,
    /// Restart it only if it says nothing.
    Auto,
}
