//! What kind of device sent a Bluetooth LE advertisement: one that this program can provision, or another kind.
//!
//! Read from what any host stack hands up (names, service UUIDs, service data, manufacturer data). Other senders'
//! bytes are hostile: every length is checked, and nothing outside its place is trusted. No radio here.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::gatt;

/// An advertisement and its scan response, as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advertisement {
    /// The local name, raw.
    pub name: Option<String>,
    /// Service UUIDs.
    pub services: Vec<Uuid>,
    /// Service data by service.
    pub service_data: BTreeMap<Uuid, Vec<u8>>,
    /// Manufacturer data by company, without the company's id.
    pub manufacturer_data: BTreeMap<u16, Vec<u8>>,
}

/// What a sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Espressif's unified provisioning.
    Provisioning {
        /// RainMaker's device type, where it is told: see [`rainmaker_type`].
        device_type: Option<u16>,
    },
    /// Improv Wi-Fi, over Bluetooth.
    Improv(Option<ImprovState>),
    /// A Matter device that waits to be commissioned.
    Matter(Commissionable),
    /// ESP-IDF's older BluFi, another protocol on the service of the oldest unified provisioning.
    BluFi,
    /// A device with Espressif's company id, otherwise unknown.
    Espressif,
    /// An unknown kind.
    Other,
}

/// The state of an Improv device (Improv Wi-Fi, service data, byte 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImprovState {
    /// It waits for a button to be pressed.
    AwaitsAuthorization,
    /// It takes credentials.
    Authorized,
    /// It is joining.
    Provisioning,
    /// It has joined.
    Provisioned,
}

/// What a Matter device says of itself (Matter Core, 5.4.2.5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commissionable {
    /// The discriminator, 12 bits: tells devices apart, as printed on the label.
    pub discriminator: u16,
    /// Of the Connectivity Standards Alliance; 0 where it is not told.
    pub vendor: u16,
    /// The vendor's own; 0 where it is not told.
    pub product: u16,
}

/// Espressif's company id.
const ESPRESSIF: u16 = 0x02e5;
/// How RainMaker's manufacturer data begins: "Nov" and "a".
const RAINMAKER_MARK: &[u8] = b"Nova";
/// Improv's service.
const IMPROV: Uuid = Uuid::from_u128(0x0046_7768_6228_2272_4663_2774_7826_8000);
/// The service under which Improv's state stands.
const IMPROV_DATA: Uuid = short(0x4677);
/// Matter's service.
const MATTER: Uuid = short(0xfff6);
/// The opcode of Matter's "commissionable".
const MATTER_COMMISSIONABLE: u8 = 0x00;
/// The default name of BluFi firmware.
const BLUFI_NAME: &str = "BLUFI";

/// A UUID of 16 bits on Bluetooth's base.
const fn short(id: u16) -> Uuid {
    Uuid::from_u128(((id as u128) << 96) | 0x0000_0000_0000_1000_8000_0080_5f9b_34fb)
}

impl Advertisement {
    /// The kind of the sender, as far as the advertisement shows it.
    pub fn kind(&self) -> Kind {
        if let Some(commissionable) = self.service_data.get(&MATTER).and_then(|data| commissionable(data)) {
            return Kind::Matter(commissionable);
        }
        if self.services.contains(&IMPROV) || self.service_data.contains_key(&IMPROV_DATA) {
            return Kind::Improv(self.service_data.get(&IMPROV_DATA).and_then(|data| improv_state(data)));
        }
        let old = self.services.contains(&gatt::SERVICE_OF_OLD);
        if old && self.name.as_deref().is_some_and(|name| name.to_ascii_uppercase().starts_with(BLUFI_NAME)) {
            return Kind::BluFi;
        }
        if self.services.iter().any(|service| gatt::SERVICES.contains(service)) {
            return Kind::Provisioning { device_type: self.espressif().and_then(device_type) };
        }
        match self.espressif() {
            // RainMaker's mark is part of its provisioning alone; the service may be one of the application's own.
            Some(data) if data.starts_with(RAINMAKER_MARK) => Kind::Provisioning { device_type: device_type(data) },
            Some(_) => Kind::Espressif,
            None => Kind::Other,
        }
    }

    fn espressif(&self) -> Option<&[u8]> {
        self.manufacturer_data.get(&ESPRESSIF).map(Vec::as_slice)
    }
}

/// RainMaker's manufacturer data after the company's id: mark, customer (2 bytes), type (2, big-endian), subtype, extra.
fn device_type(data: &[u8]) -> Option<u16> {
    match data.strip_prefix(RAINMAKER_MARK)? {
        [_, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// What a RainMaker device type is, in a word.
pub fn rainmaker_type(device_type: u16) -> Option<&'static str> {
    Some(match device_type {
        0x0005 => "light",
        0x0080 => "switch",
        0x0101 => "user authentication",
        0xfff1 => "Matter controller",
        _ => return None,
    })
}

fn improv_state(data: &[u8]) -> Option<ImprovState> {
    Some(match data.first()? {
        1 => ImprovState::AwaitsAuthorization,
        2 => ImprovState::Authorized,
        3 => ImprovState::Provisioning,
        4 => ImprovState::Provisioned,
        _ => return None,
    })
}

fn commissionable(data: &[u8]) -> Option<Commissionable> {
    let [MATTER_COMMISSIONABLE, d0, d1, v0, v1, p0, p1, ..] = data else { return None };
    let word = |low: &u8, high: &u8| u16::from_le_bytes([*low, *high]);
    Some(Commissionable { discriminator: word(d0, d1) & 0x0fff, vendor: word(v0, v1), product: word(p0, p1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advertisement(name: &str, services: &[Uuid]) -> Advertisement {
        Advertisement { name: Some(name.into()), services: services.to_vec(), ..Advertisement::default() }
    }

    #[test]
    fn provisioning_is_recognised_by_its_service_or_rainmakers_mark() {
        for service in gatt::SERVICES {
            assert_eq!(advertisement("PROV_1", &[service]).kind(), Kind::Provisioning { device_type: None });
        }
        let mut own = advertisement("PROV_1", &[]);
        let light = [b"Nova".as_slice(), &[0x00, 0x01, 0x00, 0x05, 0x00, 0x00]].concat();
        own.manufacturer_data.insert(ESPRESSIF, light);
        assert_eq!(own.kind(), Kind::Provisioning { device_type: Some(0x0005) });
        own.manufacturer_data.insert(ESPRESSIF, b"Nova".to_vec());
        assert_eq!(own.kind(), Kind::Provisioning { device_type: None });
        own.manufacturer_data.insert(ESPRESSIF, vec![1, 2]);
        assert_eq!(own.kind(), Kind::Espressif);
    }

    #[test]
    fn others_are_named_as_what_they_are() {
        let improv = advertisement("lamp", &[IMPROV]);
        assert_eq!(improv.kind(), Kind::Improv(None));
        let mut improv = improv;
        improv.service_data.insert(IMPROV_DATA, vec![2, 0, 0, 0, 0, 0]);
        assert_eq!(improv.kind(), Kind::Improv(Some(ImprovState::Authorized)));

        let mut matter = advertisement("MATTER-3840", &[]);
        matter.service_data.insert(MATTER, vec![0x00, 0x00, 0x0f, 0xf1, 0xff, 0x00, 0x80, 0x00]);
        let told = Commissionable { discriminator: 0xf00, vendor: 0xfff1, product: 0x8000 };
        assert_eq!(matter.kind(), Kind::Matter(told));
        matter.service_data.insert(MATTER, vec![0x01; 8]);
        assert_eq!(matter.kind(), Kind::Other, "an extended announcement is not a commissionable one");
        matter.service_data.insert(MATTER, vec![0x00, 0x00]);
        assert_eq!(matter.kind(), Kind::Other);

        assert_eq!(advertisement("BLUFI_DEVICE", &[gatt::SERVICE_OF_OLD]).kind(), Kind::BluFi);
        assert_eq!(advertisement("PROV_1", &[short(0x180f)]).kind(), Kind::Other);
    }
}
