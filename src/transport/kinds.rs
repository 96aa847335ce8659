//! The list of kinds of links. It is in no file that a link imports.

use super::TransportKind;
use super::ble::Ble;
use super::console::Console;
use super::softap::SoftAp;

/// The transports of this crate. The simulated device adds its own in the program, not here.
pub static KINDS: &[&dyn TransportKind] = &[&SoftAp, &Console, &Ble];
