//! Provisioning over GATT: which services carry it, and which characteristic is which endpoint.
//!
//! From ESP-IDF's protocomm_ble and wifi_provisioning's scheme_ble: one primary service; each endpoint a
//! characteristic whose user description (0x2901) is the endpoint's name. No radio here.

use uuid::Uuid;

/// The service of RainMaker firmware and of ESP-IDF's example.
pub const SERVICE: Uuid = Uuid::from_u128(0x021a_9004_0382_4aea_bff4_6b3f_1c5a_dfb4);
/// The service of a provisioning manager where the application does not set one.
pub const SERVICE_OF_MANAGER: Uuid = Uuid::from_u128(0x1775_244d_6b43_439b_877c_060f_2d9b_ed07);
/// The service of firmware from before the manager.
pub const SERVICE_OF_OLD: Uuid = Uuid::from_u128(0x0000_ffff_0000_1000_8000_0080_5f9b_34fb);
/// Every service that carries provisioning, the likeliest first. Firmware may choose another one still.
pub const SERVICES: [Uuid; 3] = [SERVICE, SERVICE_OF_MANAGER, SERVICE_OF_OLD];
/// Characteristic User Description (Bluetooth Core, Vol 3, Part G, 3.3.3.2): here, the endpoint's name in ASCII.
pub const USER_DESCRIPTION: Uuid = Uuid::from_u128(0x0000_2901_0000_1000_8000_0080_5f9b_34fb);
/// The longest attribute value there is (Bluetooth Core, Vol 3, Part F, 3.2.9), in bytes.
pub const VALUE_MAX: usize = 512;
/// The longest value Bluedroid firmware takes where it is built with security 2, in bytes.
pub const VALUE_MAX_BLUEDROID_SEC2: usize = 481;
/// The longest value other Bluedroid firmware takes, in bytes.
pub const VALUE_MAX_BLUEDROID: usize = 257;

/// The endpoints whose 16-bit id is the same in all firmware; an application's own follow from 0xff54 on.
const IDS: [(&str, u16); 5] = [
    ("prov-ctrl", 0xff4f),
    ("prov-scan", 0xff50),
    ("prov-session", 0xff51),
    ("prov-config", 0xff52),
    ("proto-ver", 0xff53),
];
/// The id of the first endpoint an application adds.
pub const FIRST_OWN_ID: u16 = 0xff54;

/// The 16-bit id of an endpoint of the provisioning manager.
pub fn endpoint_id(endpoint: &str) -> Option<u16> {
    IDS.iter().find(|(name, _)| *name == endpoint).map(|(_, id)| *id)
}

/// The endpoint of the provisioning manager that a characteristic of `service` is by its UUID alone: for firmware, or
/// systems, that give no user descriptions.
pub fn computed_endpoint(service: Uuid, characteristic: Uuid) -> Option<&'static str> {
    IDS.iter().find(|(_, id)| self::characteristic(service, *id) == characteristic).map(|(name, _)| *name)
}

/// The characteristic with this id: the service's UUID with the id in its bytes 2 and 3.
pub fn characteristic(service: Uuid, id: u16) -> Uuid {
    let mut bytes = service.into_bytes();
    bytes[2..4].copy_from_slice(&id.to_be_bytes());
    Uuid::from_bytes(bytes)
}

/// The name of an endpoint, from its characteristic's user description: printable ASCII, in lower case, a trailing
/// NUL forgiven. `None` for anything else.
pub fn endpoint_name(description: &[u8]) -> Option<String> {
    let text = description.strip_suffix(b"\0").unwrap_or(description);
    let plain = !text.is_empty() && text.len() <= 64 && text.iter().all(u8::is_ascii_graphic);
    plain.then(|| String::from_utf8_lossy(text).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characteristics_carry_their_id_in_the_services_uuid() {
        assert_eq!(characteristic(SERVICE, 0xff51).to_string(), "021aff51-0382-4aea-bff4-6b3f1c5adfb4");
        assert_eq!(characteristic(SERVICE_OF_OLD, 0xff53).to_string(), "0000ff53-0000-1000-8000-00805f9b34fb");
        assert_eq!(computed_endpoint(SERVICE, characteristic(SERVICE, 0xff50)), Some("prov-scan"));
        assert_eq!(computed_endpoint(SERVICE_OF_MANAGER, characteristic(SERVICE, 0xff50)), None);
    }

    #[test]
    fn names_are_printable_and_folded() {
        assert_eq!(endpoint_name(b"Prov-Session\0").as_deref(), Some("prov-session"));
        for bad in [&b""[..], b"\0", b"prov session", b"prov\x1b[31m", &[b'x'; 65]] {
            assert_eq!(endpoint_name(bad), None, "{bad:?}");
        }
    }
}
