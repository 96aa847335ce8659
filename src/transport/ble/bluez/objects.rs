//! bluetoothd's objects: the names of their interfaces, their paths, and how a member is read. No calls.

use std::collections::HashMap;

use uuid::Uuid;
use zbus::zvariant::{OwnedValue, Value};

pub(super) const ADAPTER: &str = "org.bluez.Adapter1";
pub(super) const DEVICE: &str = "org.bluez.Device1";
pub(super) const AGENTS: &str = "org.bluez.AgentManager1";
/// Where the daemon's objects are.
pub(super) const ROOT: &str = "/org/bluez";

/// The members of an object's interfaces.
pub(super) type Interfaces = HashMap<String, HashMap<String, OwnedValue>>;

/// The path of an adapter, by its name.
pub(super) fn adapter_path(adapter: &str) -> String {
    format!("{ROOT}/{adapter}")
}

/// The path of a device, by its address.
pub(super) fn device_path(adapter: &str, address: &str) -> String {
    format!("{ROOT}/{adapter}/dev_{}", address.replace(':', "_"))
}

/// The address in a device's path.
pub(super) fn device_address(path: &str) -> Option<String> {
    let (_, address) = path.rsplit_once("/dev_")?;
    (address.len() == 17).then(|| address.replace('_', ":"))
}

/// The UUIDs in a list of texts.
pub(super) fn uuids(value: &Value<'_>) -> Vec<Uuid> {
    let texts = value.try_clone().ok().and_then(|value| Vec::<String>::try_from(value).ok());
    texts.unwrap_or_default().iter().filter_map(|uuid| Uuid::parse_str(uuid).ok()).collect()
}

/// A text among an interface's members.
pub(super) fn string(members: &HashMap<String, OwnedValue>, name: &str) -> Option<String> {
    members.get(name).and_then(|value| String::try_from(value.clone()).ok())
}

/// Whether a member is there and true.
pub(super) fn boolean(members: &HashMap<String, OwnedValue>, name: &str) -> bool {
    members.get(name).is_some_and(|value| bool::try_from(value.clone()).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_hold_addresses() {
        let path = device_path("hci0", "24:0A:C4:00:00:01");
        assert_eq!(device_address(&path).as_deref(), Some("24:0A:C4:00:00:01"));
        assert_eq!(device_address("/org/bluez/hci0"), None);
        assert_eq!(device_address("/org/bluez/hci0/dev_x"), None);
    }
}
