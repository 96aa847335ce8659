//! The locator of a device behind HTTP on its own access point, made of the parts that are known.

use super::address::DEVICE;
use crate::origin::Setting;
use crate::transport::{DeviceParts, Locator};

/// The scheme of these locators.
pub(super) const SCHEME: &str = "softap";

/// The locator of a whole name, or of the parts that make one: an address, or `esp-rainmaker-cli`'s host and port.
pub(super) fn locate(whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Locator {
    if let Some(whole) = whole {
        return whole.value.clone();
    }
    let host = parts.host.as_ref().map(|host| host.value.as_str());
    let address = match (host, &parts.host_port) {
        (None, None) => parts.address.as_ref().map(|address| address.value.clone()).unwrap_or_default(),
        (Some(host), None) => host.to_owned(),
        (Some(host), Some(port)) if host.contains(':') && !host.starts_with('[') => format!("[{host}]:{}", port.value),
        (Some(host), Some(port)) => format!("{host}:{}", port.value),
        (None, Some(port)) => format!("{}:{}", DEVICE, port.value),
    };
    Locator::new(SCHEME, &address)
}
