//! The Bluetooth link, through the built binary, against a stand-in for bluetoothd with the simulated device behind it:
//! what comes online, what fails and how, and that nothing is left behind on any way out.

mod choice;
mod commands;
mod discover;
mod faults;
mod interruption;
mod many;
mod online;
mod pairing;
mod preflight;
mod recovery;
pub(crate) mod run;
mod standin;
