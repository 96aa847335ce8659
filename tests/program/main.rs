//! Tests of the built program, run as a user or a script runs it.

mod account;
#[cfg(target_os = "linux")]
mod backend;
mod ble;
#[cfg(target_os = "linux")]
mod bluez;
#[cfg(unix)]
mod board;
mod compat;
mod config;
#[cfg(unix)]
mod console;
mod failures;
mod json;
mod precedence;
#[cfg(unix)]
mod rainmaker_console;
mod rogue;
mod secret_files;
mod secrets;
mod shell;
#[cfg(target_os = "linux")]
mod sim_ble;
#[cfg(unix)]
mod sim_process;
mod support;
#[cfg(unix)]
mod terminal;
mod typed;
