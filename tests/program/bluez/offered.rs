//! What a client's objects say of the device it offers: its attributes and its advertisement, read as bluetoothd 5.66
//! does (gatt-database.c, advertising.c).

use std::collections::HashMap;

use uuid::Uuid;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use super::bus::object;
use super::message::Properties;
use super::objects::{CHARACTERISTIC, DESCRIPTOR, SERVICE};
use super::table::{Characteristic, Table};

/// A legacy advertisement, and a legacy scan response, in bytes.
const ADVERTISED_MAX: usize = 31;

/// What an advertisement's properties say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advertised {
    pub(crate) services: Vec<Uuid>,
    pub(crate) discoverable: bool,
    /// In the scan response.
    pub(crate) name: Option<String>,
    /// In the scan response as well.
    pub(crate) manufacturer: Option<(u16, Vec<u8>)>,
    /// Shortest and longest interval, in milliseconds.
    pub(crate) interval: (u32, u32),
}

impl Advertised {
    pub(super) fn read(properties: &Properties) -> Option<Self> {
        let number = |name| properties.get(name).and_then(|value| value.downcast_ref::<u32>().ok()).unwrap_or(0);
        let services = texts(properties, "ServiceUUIDs").unwrap_or_default();
        let services = services.iter().map(|uuid| uuid.parse().ok()).collect::<Option<_>>()?;
        let data = properties.get("ScanResponseManufacturerData");
        let data = data.and_then(|value| HashMap::<u16, OwnedValue>::try_from(value.clone()).ok()).unwrap_or_default();
        let entry = |(company, data): (u16, OwnedValue)| Some((company, Vec::<u8>::try_from(data).ok()?));
        let kind = text(properties, "Type")?;
        (kind == "peripheral").then_some(Self {
            services,
            discoverable: properties.get("Discoverable").and_then(|value| value.downcast_ref().ok()).unwrap_or(false),
            name: text(properties, "LocalName").filter(|name| !name.is_empty()),
            manufacturer: data.into_iter().next().and_then(entry),
            interval: (number("MinInterval"), number("MaxInterval")),
        })
    }

    /// Whether advertisement and scan response are short enough.
    pub(super) fn fits(&self) -> bool {
        let flags = if self.discoverable { 3 } else { 0 };
        let services = if self.services.is_empty() { 0 } else { 2 + 16 * self.services.len() };
        let name = self.name.as_ref().map_or(0, |name| 2 + name.len());
        let manufacturer = self.manufacturer.as_ref().map_or(0, |(_, data)| 4 + data.len());
        [flags + services, name + manufacturer].into_iter().all(|length| length <= ADVERTISED_MAX)
    }
}

/// The attributes that an application's objects are, and whether they demand an encrypted link; `None` where a
/// property is missing.
pub(super) fn table(objects: &HashMap<OwnedObjectPath, HashMap<String, Properties>>) -> Option<(Table, bool)> {
    let having = |interface: &'static str| {
        let mut own: Vec<(&str, &Properties)> =
            objects.iter().filter_map(|(path, own)| Some((path.as_str(), own.get(interface)?))).collect();
        own.sort_unstable_by_key(|(path, _)| *path);
        own
    };
    let services = having(SERVICE);
    let [(service, own)] = services[..] else { return None };
    let uuid = text(own, "UUID")?.parse().ok().filter(|_| own.contains_key("Primary"))?;
    let mut characteristics = Vec::new();
    let mut encrypted = false;
    for (path, own) in having(CHARACTERISTIC) {
        if path_of(own, "Service")? != object(service) {
            return None;
        }
        let flags = texts(own, "Flags")?;
        let demands =
            flags.iter().any(|flag| flag == "encrypt-write") && flags.iter().any(|flag| flag == "encrypt-read");
        let open = flags.iter().any(|flag| flag == "read") && flags.iter().any(|flag| flag == "write");
        if !open && !demands {
            return None;
        }
        encrypted |= demands;
        let described = |(_, own): &(&str, &Properties)| path_of(own, "Characteristic") == Some(object(path));
        let description = having(DESCRIPTOR).into_iter().find(described);
        let description = description.filter(|(_, own)| texts(own, "Flags").is_some_and(|flags| flags == ["read"]));
        characteristics.push(Characteristic {
            uuid: text(own, "UUID")?.parse().ok()?,
            name: path.to_owned(),
            description: description.map(|(path, _)| path.as_bytes().to_vec()),
        });
    }
    (!characteristics.is_empty()).then(|| (Table::of(uuid, characteristics), encrypted))
}

fn text(properties: &Properties, name: &str) -> Option<String> {
    String::try_from(properties.get(name)?.clone()).ok()
}

fn texts(properties: &Properties, name: &str) -> Option<Vec<String>> {
    Vec::try_from(properties.get(name)?.clone()).ok()
}

fn path_of(properties: &Properties, name: &str) -> Option<OwnedObjectPath> {
    OwnedObjectPath::try_from(properties.get(name)?.clone()).ok()
}
