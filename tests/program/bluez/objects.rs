//! The object tree: every object of bluetoothd with its interfaces and their properties.

use std::collections::BTreeMap;
use std::collections::HashMap;

use uuid::Uuid;

use super::application::{ADVERTISING_MANAGER, GATT_MANAGER};
use super::message::{Properties, path_value, value};
use super::nearby::Nearby;
use super::table::Attribute;
use super::world::{Adapter, Device, Link, World};

/// Interfaces by their names.
pub(super) type Interfaces = HashMap<String, Properties>;

/// `org.bluez.Adapter1` and so on.
pub(super) const ADAPTER: &str = "org.bluez.Adapter1";
pub(super) const DEVICE: &str = "org.bluez.Device1";
pub(super) const SERVICE: &str = "org.bluez.GattService1";
pub(super) const CHARACTERISTIC: &str = "org.bluez.GattCharacteristic1";
pub(super) const DESCRIPTOR: &str = "org.bluez.GattDescriptor1";

impl World {
    /// Every object there is now.
    pub(super) fn objects(&self) -> BTreeMap<String, Interfaces> {
        let mut all = BTreeMap::new();
        let managers = ["org.bluez.AgentManager1", "org.bluez.ProfileManager1"];
        all.insert("/org/bluez".to_owned(), managers.map(|name| (name.to_owned(), HashMap::new())).into());
        for (_, adapter) in self.adapters.iter().enumerate().filter(|(index, _)| !self.pulled.contains(index)) {
            let mut interfaces = HashMap::from([(ADAPTER.to_owned(), adapter.properties())]);
            if adapter.peripheral {
                interfaces.extend([GATT_MANAGER, ADVERTISING_MANAGER].map(|name| (name.to_owned(), HashMap::new())));
            }
            all.insert(adapter.path.clone(), interfaces);
        }
        for device in self.devices.iter().filter(|device| device.is_known()) {
            let adapter = &self.adapters[device.adapter];
            let nearby = &self.nearby[device.nearby];
            let properties = device.properties(nearby, adapter);
            all.insert(device.path.clone(), HashMap::from([(DEVICE.to_owned(), properties)]));
            all.extend(device.attributes(nearby.mtu));
        }
        all
    }

    /// The object at a path: what is asked for most, in a crowd thousands of times a second.
    pub(super) fn object(&self, path: &str) -> Option<Interfaces> {
        let Some(device) = self.device_at(path) else { return self.objects().remove(path) };
        let device = &self.devices[device];
        let nearby = &self.nearby[device.nearby];
        if path == device.path {
            let properties = device.properties(nearby, &self.adapters[device.adapter]);
            return Some(HashMap::from([(DEVICE.to_owned(), properties)]));
        }
        device.attributes(nearby.mtu).remove(path)
    }

    /// What there is at a path, for a client that asks.
    pub(super) fn introspect(&self, path: &str) -> String {
        let below = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let objects = self.objects();
        let mut names: Vec<&str> =
            objects.keys().filter_map(|path| path.strip_prefix(&below)?.split('/').next()).collect();
        names.sort_unstable();
        names.dedup();
        let interfaces = objects.get(path).into_iter().flat_map(HashMap::keys);
        let interfaces = interfaces.map(|name| format!("<interface name=\"{name}\"/>"));
        let nodes = names.iter().map(|name| format!("<node name=\"{name}\"/>"));
        let lines: Vec<String> = interfaces.chain(nodes).collect();
        format!("{DOCTYPE}<node>{}</node>", lines.concat())
    }
}

/// What every introspection begins with.
const DOCTYPE: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\" \
                       \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";

impl Adapter {
    fn properties(&self) -> Properties {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        HashMap::from([
            ("Address".to_owned(), value(self.address.as_str())),
            ("AddressType".to_owned(), value("public")),
            ("Name".to_owned(), value(format!("workshop {name}"))),
            ("Alias".to_owned(), value(format!("workshop {name}"))),
            ("Class".to_owned(), value(0u32)),
            ("Modalias".to_owned(), value("usb:v1D6Bp0246d0542")),
            ("Powered".to_owned(), value(self.powered)),
            ("Discovering".to_owned(), value(self.since.is_some())),
            ("Discoverable".to_owned(), value(false)),
            ("DiscoverableTimeout".to_owned(), value(180u32)),
            ("Pairable".to_owned(), value(true)),
            ("PairableTimeout".to_owned(), value(0u32)),
            ("UUIDs".to_owned(), value(Vec::<String>::new())),
            ("Roles".to_owned(), value(vec!["central", "peripheral"])),
        ])
    }
}

impl Device {
    fn properties(&self, nearby: &Nearby, adapter: &Adapter) -> Properties {
        let name = self.name(nearby);
        let mut all = HashMap::from([
            ("Address".to_owned(), value(self.address.as_str())),
            ("AddressType".to_owned(), value(nearby.address_type)),
            ("Alias".to_owned(), value(self.alias(nearby))),
            ("Paired".to_owned(), value(self.paired)),
            ("Bonded".to_owned(), value(self.paired && nearby.bonds)),
            ("Trusted".to_owned(), value(false)),
            ("Blocked".to_owned(), value(false)),
            ("LegacyPairing".to_owned(), value(false)),
            ("Connected".to_owned(), value(self.is_connected())),
            ("ServicesResolved".to_owned(), value(self.link == Link::Resolved)),
            ("UUIDs".to_owned(), value(texts(&self.uuids(nearby)))),
            ("Adapter".to_owned(), path_value(&adapter.path)),
        ]);
        if let Some(name) = name {
            all.insert("Name".to_owned(), value(name));
        }
        if self.heard.is_some() {
            all.insert("RSSI".to_owned(), value(nearby.rssi));
        }
        if let Some((company, data)) = &nearby.manufacturer {
            all.insert("ManufacturerData".to_owned(), value(HashMap::from([(*company, value(data.clone()))])));
        }
        if let Some((service, data)) = &nearby.service_data {
            let data = HashMap::from([(service.to_string(), value(data.clone()))]);
            all.insert("ServiceData".to_owned(), value(data));
        }
        all
    }

    /// bluetoothd makes an alias of the address where there is no name.
    pub(super) fn alias(&self, nearby: &Nearby) -> String {
        self.name(nearby).map_or_else(|| self.address.replace(':', "-"), str::to_owned)
    }

    /// The name that bluetoothd knows.
    fn name<'a>(&self, nearby: &'a Nearby) -> Option<&'a str> {
        let own = nearby.gap_name.as_deref().filter(|_| self.renamed);
        own.or(nearby.name.as_deref().filter(|_| self.named))
    }

    /// What is advertised, and what is known of the attributes.
    pub(super) fn uuids(&self, nearby: &Nearby) -> Vec<Uuid> {
        let mut all = nearby.services.clone();
        all.extend(self.table.iter().flat_map(super::table::Table::uuids));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The objects of its attributes.
    pub(super) fn attributes(&self, mtu: u16) -> BTreeMap<String, Interfaces> {
        let placed = self.table.iter().flat_map(super::table::Table::placed);
        let objects = placed.map(|placed| {
            let path = format!("{}{}", self.path, placed.path);
            let parent = path_value(path.rsplit_once('/').map_or("/", |(parent, _)| parent));
            let (interface, properties) = match placed.attribute {
                Attribute::Service(uuid) => {
                    let own = [("Primary", value(true)), ("Device", parent)];
                    (SERVICE, described(uuid, own))
                }
                Attribute::Characteristic(characteristic) => {
                    let own = [("Flags", value(vec!["read", "write"])), ("MTU", value(mtu)), ("Service", parent)];
                    (CHARACTERISTIC, described(characteristic.uuid, own))
                }
                Attribute::Descriptor { uuid, .. } => (DESCRIPTOR, described(uuid, [("Characteristic", parent)])),
            };
            (path, HashMap::from([(interface.to_owned(), properties)]))
        });
        objects.collect()
    }
}

fn described<const N: usize>(uuid: Uuid, own: [(&str, zbus::zvariant::OwnedValue); N]) -> Properties {
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain([("UUID".to_owned(), value(uuid.to_string()))]).collect()
}

/// UUIDs as bluetoothd writes them.
pub(super) fn texts(uuids: &[Uuid]) -> Vec<String> {
    uuids.iter().map(Uuid::to_string).collect()
}
