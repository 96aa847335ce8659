//! Settings as they may be shown: without the secrets that are part of another value.

use super::target::Kinds;
use crate::secret::REDACTED;
use crate::transport::Locator;

/// A device's locator as it may be shown: without the values of secret parameters. Of a locator whose kind is not
/// known, or that cannot be read, no parameter is shown.
pub fn locator(device: &str, kinds: Kinds<'_>) -> String {
    let start = device.split('?').next().unwrap_or_default();
    let hidden = || if start.len() == device.len() { device.to_owned() } else { format!("{start}?{REDACTED}") };
    let Ok(locator) = device.parse::<Locator>() else { return hidden() };
    let Some(kind) = kinds.iter().find(|kind| kind.scheme() == locator.scheme()) else { return hidden() };
    let bare = Locator::new(locator.scheme(), locator.address());
    let shown = locator.parameters().fold(bare, |shown, (key, value)| {
        shown.with(key, if kind.secret_parameters().contains(&key) { REDACTED } else { value })
    });
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::KINDS;

    #[test]
    fn what_is_not_known_to_be_harmless_is_hidden() {
        for (device, shows) in [
            ("ble:PROV_1?adapter=hci1", "ble:PROV_1?adapter=hci1"),
            ("BLE:PROV_1", "ble:PROV_1"),
            ("pigeon:a?pop=hush", "pigeon:a?(redacted)"),
            ("ble?pop=hush", "ble?(redacted)"),
            ("/dev/ttyUSB0", "/dev/ttyUSB0"),
            ("console:/dev/ttyUSB0", "console:/dev/ttyUSB0"),
        ] {
            assert_eq!(locator(device, KINDS), shows);
        }
    }
}
