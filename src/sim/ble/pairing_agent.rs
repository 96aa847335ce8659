//! Pairing as firmware does it: no keys, no display, every central accepted ("just works"). Only for a device that
//! wants its link encrypted, and only where the system has no agent: the agent of a desktop asks its user instead.
// D-Bus fixes the shape of an interface, so unused arguments remain.
#![allow(clippy::unused_self, clippy::needless_pass_by_value, clippy::used_underscore_binding)]

use std::sync::{Arc, Mutex, PoisonError};

use zbus::zvariant::{ObjectPath, OwnedObjectPath};
use zbus::{DBusError, interface};

use super::bus::{Bus, Fault};

const AGENT: &str = "/espctl/agent";
const MANAGER: (&str, &str) = ("/org/bluez", "org.bluez.AgentManager1");
/// What the device can show and take.
const CAPABILITY: &str = "NoInputNoOutput";

/// The agent while it is registered.
pub(super) struct PairingAgent {
    paired: Arc<Mutex<Vec<OwnedObjectPath>>>,
}

impl PairingAgent {
    /// Registers the agent.
    pub(super) async fn register(bus: &Bus, adapter: &str) -> Result<Self, Fault> {
        let paired = Arc::default();
        let accepts = Accepts { below: format!("{adapter}/"), paired: Arc::clone(&paired) };
        let placed = bus.connection().object_server().at(AGENT, accepts).await;
        placed.map_err(|error| Fault::read(&error))?;
        let (path, interface) = MANAGER;
        let arguments = (ObjectPath::from_static_str_unchecked(AGENT), CAPABILITY);
        bus.call(path, interface, "RegisterAgent", &arguments).await?;
        Ok(Self { paired })
    }

    /// Unregisters it, and removes the pairings it accepted: firmware does not bond.
    pub(super) async fn release(self, bus: &Bus, adapter: &str) {
        let (path, interface) = MANAGER;
        let own = ObjectPath::from_static_str_unchecked(AGENT);
        let _ = bus.call(path, interface, "UnregisterAgent", &own).await;
        let paired = std::mem::take(&mut *self.paired.lock().unwrap_or_else(PoisonError::into_inner));
        for central in paired {
            let _ = bus.call(adapter, "org.bluez.Adapter1", "RemoveDevice", &central).await;
        }
    }
}

struct Accepts {
    /// The device's adapter: requests for other adapters are refused.
    below: String,
    paired: Arc<Mutex<Vec<OwnedObjectPath>>>,
}

#[derive(Debug, DBusError)]
#[zbus(prefix = "org.bluez.Error")]
enum Declined {
    #[zbus(error)]
    ZBus(zbus::Error),
    Rejected(String),
}

/// Methods that ask for a number or a text are left out: bluetoothd does not call them at this capability.
#[interface(name = "org.bluez.Agent1")]
impl Accepts {
    fn request_authorization(&self, device: OwnedObjectPath) -> Result<(), Declined> {
        self.accept(device)
    }

    fn request_confirmation(&self, device: OwnedObjectPath, _passkey: u32) -> Result<(), Declined> {
        self.accept(device)
    }

    /// The device does not use this computer's own services, so each is refused.
    fn authorize_service(&self, _device: OwnedObjectPath, _uuid: String) -> Result<(), Declined> {
        Err(Declined::Rejected("no service of the simulated device".into()))
    }

    fn cancel(&self) {}

    fn release(&self) {}
}

impl Accepts {
    fn accept(&self, central: OwnedObjectPath) -> Result<(), Declined> {
        if !central.starts_with(&self.below) {
            return Err(Declined::Rejected("no central of the simulated device".into()));
        }
        let mut paired = self.paired.lock().unwrap_or_else(PoisonError::into_inner);
        if !paired.contains(&central) {
            paired.push(central);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centrals_of_its_own_adapter_are_accepted_and_remembered_once() {
        let accepts = Accepts { below: "/org/bluez/hci1/".into(), paired: Arc::default() };
        let central = |path: &str| OwnedObjectPath::try_from(path).expect("a path");
        let own = central("/org/bluez/hci1/dev_24_00_00_00_00_01");
        assert!(accepts.request_authorization(own.clone()).is_ok());
        assert!(accepts.request_confirmation(own.clone(), 123_456).is_ok());
        assert!(accepts.request_authorization(central("/org/bluez/hci0/dev_24_00_00_00_00_01")).is_err());
        assert!(accepts.authorize_service(own.clone(), "0000110b-0000-1000-8000-00805f9b34fb".into()).is_err());
        assert_eq!(*accepts.paired.lock().expect("nobody panicked"), [own]);
    }
}
