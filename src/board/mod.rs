//! What a board says on its serial port: heard line by line, its secrets taken out, and read for what went wrong.
//!
//! Beside a session, never under it: provisioning does not know that anybody listens. [`Ear`] hears one port,
//! [`Listener`] hears it in the background and makes events of the lines, [`Overheard`] makes them of what a board
//! prints on its session's own link, [`Memory`] keeps them with the stage the run was in, [`diagnose`] adds to a
//! failure what the board said about it.

mod diagnose;
mod ear;
mod listen;
mod overhear;
mod payload;
mod signs;

pub use diagnose::diagnose;
pub use ear::{Ear, Heard, Redaction, open};
pub use listen::{Listener, Memory, Told};
pub use overhear::Overheard;
pub use payload::wait_for_payload;
pub use signs::{About, Sign, sign, started};
