//! A GATT table, and the object paths that bluetoothd gives its attributes.

use espctl::sim::gatt::Endpoint;
use espctl::wire::gatt::USER_DESCRIPTION;
use uuid::Uuid;

/// The service every device has: of what is in it, bluetoothd shows nothing more than this.
const GENERIC_ATTRIBUTE: Uuid = Uuid::from_u128(0x0000_1801_0000_1000_8000_0080_5f9b_34fb);
/// The first handle bluetoothd shows.
const FIRST_HANDLE: u16 = 0x0001;

/// The attributes of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) services: Vec<Service>,
}

/// A primary service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) uuid: Uuid,
    pub(crate) characteristics: Vec<Characteristic>,
}

/// A characteristic that can be read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Characteristic {
    pub(crate) uuid: Uuid,
    /// What the peripheral calls it.
    pub(crate) name: String,
    /// The value of its user description (0x2901), if it has one.
    pub(crate) description: Option<Vec<u8>>,
}

/// An attribute that has an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attribute {
    Service(Uuid),
    Characteristic(Characteristic),
    Descriptor { uuid: Uuid, value: Vec<u8> },
}

/// An attribute below the path of its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// `/service0001/char0002/desc0004`
    pub(super) path: String,
    pub(super) attribute: Attribute,
}

impl Table {
    /// A service of endpoints, beside the service every device has.
    pub(crate) fn of_endpoints(service: Uuid, endpoints: &[Endpoint], described: bool) -> Self {
        let characteristic = |endpoint: &Endpoint| Characteristic {
            uuid: endpoint.uuid,
            name: endpoint.name.to_owned(),
            description: described.then(|| endpoint.name.as_bytes().to_vec()),
        };
        Self::of(service, endpoints.iter().map(characteristic).collect())
    }

    /// One service, beside the service every device has.
    pub(crate) fn of(service: Uuid, characteristics: Vec<Characteristic>) -> Self {
        let generic = Service { uuid: GENERIC_ATTRIBUTE, characteristics: Vec::new() };
        Self { services: vec![generic, Service { uuid: service, characteristics }] }
    }

    /// What a device has that offers nothing.
    pub(crate) fn bare() -> Self {
        Self { services: vec![Service { uuid: GENERIC_ATTRIBUTE, characteristics: Vec::new() }] }
    }

    /// The table's services.
    pub(super) fn uuids(&self) -> Vec<Uuid> {
        self.services.iter().map(|service| service.uuid).collect()
    }

    /// Each attribute with its path, parents first.
    pub(super) fn placed(&self) -> Vec<Placed> {
        let mut all = Vec::new();
        let mut handle = FIRST_HANDLE;
        for service in &self.services {
            let service_path = format!("/service{handle:04x}");
            handle += 1;
            all.push(Placed { path: service_path.clone(), attribute: Attribute::Service(service.uuid) });
            for characteristic in &service.characteristics {
                // A declaration, then the value; bluetoothd names the object after the declaration.
                let path = format!("{service_path}/char{handle:04x}");
                handle += 2;
                all.push(Placed { path: path.clone(), attribute: Attribute::Characteristic(characteristic.clone()) });
                if let Some(value) = &characteristic.description {
                    let attribute = Attribute::Descriptor { uuid: USER_DESCRIPTION, value: value.clone() };
                    all.push(Placed { path: format!("{path}/desc{handle:04x}"), attribute });
                    handle += 1;
                }
            }
        }
        all
    }

    /// The attribute at a path below its device's.
    pub(super) fn at(&self, path: &str) -> Option<Attribute> {
        self.placed().into_iter().find(|placed| placed.path == path).map(|placed| placed.attribute)
    }
}
