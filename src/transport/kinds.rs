//! The list of kinds of links. It is in no file that a link imports.

use super::TransportKind;
use super::ble::Ble;
use super::console::Console;
use super::softap::SoftAp;

/// The transports of this crate. The simulated device adds its own in the program, not here.
pub static KINDS: &[&dyn TransportKind] = &[&SoftAp, &Console, &Ble];

/// Kinds that Espressif's own tools have and this crate has not, by their name there.
pub static PLANNED: &[&str] = &["on-network"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_planned_and_has_words() {
        for kind in KINDS {
            assert!(!PLANNED.contains(&kind.scheme()), "{} is there: take it out of PLANNED", kind.scheme());
            let prefix = format!("{}:", kind.scheme());
            let locators = kind.words().locators;
            assert!(
                !locators.is_empty() && locators.iter().all(|locator| locator.starts_with(&prefix)),
                "{locators:?}"
            );
        }
    }
}
