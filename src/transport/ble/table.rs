//! Which characteristic is which endpoint, read from the device: the names in the user descriptions (0x2901) where
//! there are any, the ids in the UUIDs where there are none.

use std::collections::BTreeMap;
use std::time::Duration;

use btleplug::api::{Characteristic, Descriptor, Peripheral as _, Service};
use btleplug::platform::Peripheral;
use futures_util::future::join_all;
use tokio::time::timeout;
use uuid::Uuid;

use crate::wire::gatt;

/// How long one description may take to be read.
const DESCRIPTION: Duration = Duration::from_secs(5);
/// Most characteristics of a service that are looked at.
const CHARACTERISTICS_MAX: usize = 64;
/// The endpoint without which there is no provisioning.
const SESSION: &str = "prov-session";

/// The endpoints of a device, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Table(BTreeMap<String, Characteristic>);

impl Table {
    /// The characteristic of an endpoint. Names are compared in small letters.
    pub(super) fn find(&self, endpoint: &str) -> Option<&Characteristic> {
        self.0.get(&endpoint.to_ascii_lowercase())
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// From a service's characteristics, each with its description where it has one that could be read.
    fn build(service: Uuid, described: &[(Characteristic, Option<Vec<u8>>)]) -> Self {
        let mut table = BTreeMap::new();
        // What a device says of itself comes before what its numbers suggest.
        for (characteristic, description) in described {
            if let Some(name) = description.as_deref().and_then(gatt::endpoint_name) {
                table.entry(name).or_insert_with(|| characteristic.clone());
            }
        }
        for (characteristic, description) in described {
            let named = description.as_deref().and_then(gatt::endpoint_name).is_some();
            if let Some(name) = gatt::computed_endpoint(service, characteristic.uuid).filter(|_| !named) {
                table.entry(name.to_owned()).or_insert_with(|| characteristic.clone());
            }
        }
        Self(table)
    }

    fn is_whole(&self) -> bool {
        self.0.contains_key(SESSION)
    }
}

/// Reads the endpoints of a device whose services are resolved.
///
/// # Errors
/// The UUIDs of the services it has, where none of them carries provisioning.
pub(super) async fn read(peripheral: &Peripheral) -> Result<Table, Vec<String>> {
    let services = peripheral.services();
    for service in candidates(services.iter().collect()) {
        let described =
            service.characteristics.iter().take(CHARACTERISTICS_MAX).map(|characteristic| async {
                (characteristic.clone(), description(peripheral, characteristic).await)
            });
        let table = Table::build(service.uuid, &join_all(described).await);
        if table.is_whole() {
            return Ok(table);
        }
    }
    Err(services.iter().take(CHARACTERISTICS_MAX).map(|service| service.uuid.to_string()).collect())
}

/// The services that may carry provisioning: the known ones first, then those with a UUID of the firmware's own.
fn candidates(mut services: Vec<&Service>) -> Vec<&Service> {
    let rank = |service: &Service| gatt::SERVICES.iter().position(|known| *known == service.uuid);
    services.retain(|service| rank(service).is_some() || (!is_assigned(service.uuid) && service.primary));
    services.sort_by_key(|service| rank(service).unwrap_or(usize::MAX));
    services
}

/// Whether a UUID is one that the Bluetooth SIG assigns: such a service carries something else.
fn is_assigned(uuid: Uuid) -> bool {
    const BASE: u128 = 0x0000_0000_0000_1000_8000_0080_5f9b_34fb;
    uuid.as_u128() & !(0xffff_u128 << 96) == BASE
}

async fn description(peripheral: &Peripheral, characteristic: &Characteristic) -> Option<Vec<u8>> {
    let descriptor: &Descriptor =
        characteristic.descriptors.iter().find(|descriptor| descriptor.uuid == gatt::USER_DESCRIPTION)?;
    timeout(DESCRIPTION, peripheral.read_descriptor(descriptor)).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use btleplug::api::CharPropFlags;

    use super::*;

    fn characteristic(service: Uuid, id: u16) -> Characteristic {
        Characteristic {
            uuid: gatt::characteristic(service, id),
            service_uuid: service,
            properties: CharPropFlags::READ | CharPropFlags::WRITE,
            descriptors: BTreeSet::new(),
        }
    }

    fn table(described: &[(u16, Option<&str>)]) -> Table {
        let described: Vec<_> = described
            .iter()
            .map(|(id, name)| (characteristic(gatt::SERVICE, *id), name.map(|name| name.as_bytes().to_vec())))
            .collect();
        Table::build(gatt::SERVICE, &described)
    }

    fn id(table: &Table, endpoint: &str) -> Option<Uuid> {
        table.find(endpoint).map(|characteristic| characteristic.uuid)
    }

    #[test]
    fn descriptions_name_endpoints_whatever_their_number() {
        let table = table(&[(0xff50, Some("prov-ctrl")), (0xff51, Some("prov-scan")), (0xff52, Some("Prov-Session"))]);
        assert_eq!(id(&table, "prov-session"), Some(gatt::characteristic(gatt::SERVICE, 0xff52)));
        assert_eq!(id(&table, "PROV-SCAN"), Some(gatt::characteristic(gatt::SERVICE, 0xff51)));
        assert_eq!(table.names(), ["prov-ctrl", "prov-scan", "prov-session"]);
    }

    #[test]
    fn numbers_stand_in_for_missing_descriptions() {
        let table = table(&[(0xff51, None), (0xff53, Some("\x1b[2J")), (0xff54, None), (0xff52, Some("custom-data"))]);
        assert_eq!(table.names(), ["custom-data", "proto-ver", "prov-session"]);
        assert!(table.is_whole());
    }

    #[test]
    fn two_of_one_name_are_the_first() {
        let table = table(&[(0xff55, Some("prov-session")), (0xff51, None), (0xff56, Some("prov-session"))]);
        assert_eq!(id(&table, "prov-session"), Some(gatt::characteristic(gatt::SERVICE, 0xff55)));
    }

    #[test]
    fn known_services_come_first_and_assigned_ones_never() {
        let own = Uuid::from_u128(0x1234_5678_0000_4000_8000_0000_0000_0001);
        let battery = Uuid::from_u128(0x0000_180f_0000_1000_8000_0080_5f9b_34fb);
        let service = |uuid| Service { uuid, primary: true, characteristics: BTreeSet::new() };
        let services = [service(own), service(battery), service(gatt::SERVICE_OF_OLD), service(gatt::SERVICE)];
        let order: Vec<_> = candidates(services.iter().collect()).iter().map(|service| service.uuid).collect();
        assert_eq!(order, [gatt::SERVICE, gatt::SERVICE_OF_OLD, own]);
    }
}
