//! What a board says on its serial port: heard line by line, its secrets taken out, and read for what went wrong.
//!
//! Beside a session, never under it: provisioning does not know that anybody listens. [`LogReader`] hears one port,
//! [`Listener`] hears it in the background and makes events of the lines, [`LinkLog`] makes them of what a board
//! prints on its session's own link, [`LogHistory`] keeps them with the stage the run was in, [`diagnose`] adds to a
//! failure what the board said about it.
//!
//! - `log_reader.rs`: bytes of one port to redacted lines
//! - `payload.rs`: waiting for the onboarding payload
//! - `no_payload.rs`: why none came
//! - `listen.rs`: in the background of a run; the history of lines
//! - `link_log.rs`: what is printed on the session's own link
//! - `log_patterns.rs`: what a line means
//! - `diagnose.rs`: a failure and what the board said about it
//! - `joined.rs`: whether the log confirms a join

mod diagnose;
mod joined;
mod link_log;
mod listen;
mod log_patterns;
mod log_reader;
mod no_payload;
mod payload;

pub use diagnose::diagnose;
pub use joined::address as address_in_log;
pub use link_log::LinkLog;
pub use listen::{Listener, LogHistory, LoggedLine};
pub use log_patterns::{About, Sign, sign, started};
pub use log_reader::{COMES_BACK, Heard, LogReader, Redaction, open};
pub use payload::{Patience, wait_for_payload};
