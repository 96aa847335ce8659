//! The RainMaker agent's own console: a second dialect on the serial line, beside protocomm's.
//!
//! Firmware that calls `esp_rmaker_console_init` takes `wifi-prov`, `add-user`, `get-node-id` and `sign-data` as
//! lines of text, whichever transport its provisioning uses, so a cable is enough where BLE or `SoftAP` is meant. It
//! has neither endpoints nor a session, and what becomes of the join stands in the log alone. The line discipline is
//! that of [`transport::console`](crate::transport::console).
//!
//! - `command.rs`: lines to send; pure
//! - `reply.rs`: what the board printed in answer; pure
//! - `join.rs`: what the log says of the join; pure, time is an argument
//! - `console.rs`: all of it on a port
//! - `failure.rs`: its errors as failures
//! - `device.rs`: a board behind the traits of `device/`; `request.rs`: requests as commands
//! - `dialect.rs`: opening one; `need.rs`: what it cannot be asked for
//!
//! Source: esp-rainmaker's `esp_rmaker_console.c` and `esp_rmaker_commands.c`.

mod command;
mod console;
mod device;
mod dialect;
mod failure;
mod join;
mod need;
mod reply;
mod request;

pub use command::{Command, Unsendable};
pub use console::{RainMakerConsole, RainMakerConsoleError};
pub use dialect::RainMakerDialect;
pub use join::{Cause, JoinWatch, LogEnd};
pub use reply::{NodeId, failure, node_id, signature};
