//! A pairing agent for the time of a session. Firmware can demand an encrypted link; BlueZ then asks an agent whether
//! to pair, and on a computer without a desktop there is none. The devices have neither keys nor a display, so pairing
//! "just works": it encrypts and proves nothing. The proof of possession does the proving, a layer above.
//!
//! Only devices that a run of this program is talking to are accepted.

#![allow(clippy::used_underscore_binding)] // by the interface macro

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zbus::zvariant::ObjectPath;

use super::objects::device_address;
use super::process_lock::Claim;

/// Where the agent is on the bus.
pub(super) const PATH: &str = "/org/espctl/agent";
/// What it can: nothing but agree.
pub(super) const CAPABILITY: &str = "NoInputNoOutput";

/// The devices to agree to: object paths, and how many links to each.
#[derive(Debug, Clone, Default)]
pub(super) struct PairingRequests(Arc<Mutex<BTreeMap<String, usize>>>);

impl PairingRequests {
    fn map(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a device; whether it is the first.
    pub(super) fn admit(&self, path: &str) -> bool {
        let mut map = self.map();
        let first = map.is_empty();
        *map.entry(path.to_owned()).or_default() += 1;
        first
    }

    /// Takes a device out; whether none is left.
    pub(super) fn dismiss(&self, path: &str) -> bool {
        let mut map = self.map();
        if let Some(count) = map.get_mut(path) {
            *count -= 1;
            if *count == 0 {
                map.remove(path);
            }
        }
        map.is_empty()
    }

    /// BlueZ asks the agent that came last for all programs: a device of another espctl is agreed to as well.
    fn welcomes(&self, path: &str) -> bool {
        self.map().contains_key(path) || device_address(path).is_some_and(|address| Claim::is_held(&address))
    }
}

/// Answers BlueZ.
pub(super) struct PairingAgent {
    pub(super) guests: PairingRequests,
}

/// What BlueZ is told instead of yes.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.bluez.Error")]
pub(super) enum Refusal {
    #[zbus(error)]
    ZBus(zbus::Error),
    Rejected(String),
}

fn no() -> Refusal {
    Refusal::Rejected("not a device of this program".to_owned())
}

#[zbus::interface(name = "org.bluez.Agent1")]
#[allow(clippy::unused_self, clippy::needless_pass_by_value)] // the macro's shape
impl PairingAgent {
    fn request_authorization(&self, device: ObjectPath<'_>) -> Result<(), Refusal> {
        if self.guests.welcomes(&device) { Ok(()) } else { Err(no()) }
    }

    fn authorize_service(&self, device: ObjectPath<'_>, _uuid: &str) -> Result<(), Refusal> {
        if self.guests.welcomes(&device) { Ok(()) } else { Err(no()) }
    }

    /// A number to compare, which takes a person.
    fn request_confirmation(&self, _device: ObjectPath<'_>, _passkey: u32) -> Result<(), Refusal> {
        Err(no())
    }

    fn request_passkey(&self, _device: ObjectPath<'_>) -> Result<u32, Refusal> {
        Err(no())
    }

    fn request_pin_code(&self, _device: ObjectPath<'_>) -> Result<String, Refusal> {
        Err(no())
    }

    fn cancel(&self) {}

    fn release(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_guests_are_welcome() {
        let guests = PairingRequests::default();
        let (ours, other) = ("/org/bluez/hci0/dev_02_00_00_00_00_70", "/org/bluez/hci0/dev_02_00_00_00_00_71");
        assert!(guests.admit(ours));
        assert!(!guests.admit(ours));
        assert!(guests.welcomes(ours) && !guests.welcomes(other));
        assert!(!guests.dismiss(ours) && guests.welcomes(ours));
        assert!(guests.dismiss(ours) && !guests.welcomes(ours));
        let elsewhere = Claim::take("02:00:00:00:00:71").expect("nobody has it");
        assert!(guests.welcomes(other));
        drop(elsewhere);
    }
}
