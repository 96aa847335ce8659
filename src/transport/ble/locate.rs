//! The locator of a Bluetooth device, made of the parts that are known: its name or address, and the adapter.

use super::address::is_address;
use crate::code::Code;
use crate::failure::Failure;
use crate::origin::Setting;
use crate::transport::{DeviceParts, Locator};

/// The scheme of these locators.
pub(super) const SCHEME: &str = "ble";

/// The locator of a whole name, or of the parts that make one.
pub(super) fn locate(whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Result<Locator, Failure> {
    let name = parts.known_name();
    let locator = match whole {
        Some(whole) => {
            check_name(whole, parts)?;
            whole.value.clone()
        }
        None => Locator::naming(SCHEME, address(parts)?.unwrap_or_default()),
    };
    // A name given for this run wins over a locator that a file has for all runs.
    let outranked = whole.is_some_and(|whole| !whole.origin.is_above_payload());
    let locator = match name {
        // The name says what is looked for where the locator leaves that open.
        Some(name) if locator.address().is_empty() || (outranked && name.is_explicit()) => {
            let parameters: Vec<_> = locator.parameters().collect();
            let named = Locator::naming(SCHEME, &name.value);
            parameters.iter().fold(named, |locator, (key, value)| locator.with(key, value))
        }
        _ => locator,
    };
    over_adapter(locator, parts)
}

/// A name given for this run beside a whole locator has to be the same.
fn check_name(whole: &Setting<Locator>, parts: &DeviceParts) -> Result<(), Failure> {
    match &parts.name {
        Some(name)
            if name.is_explicit()
                && whole.origin.is_above_payload()
                && !whole.value.address().is_empty()
                && whole.value.text().is_ok_and(|text| text != name.value) =>
        {
            Err(Failure::new(Code::UsageConflict)
                .saying(format!("{} and --device-name name two devices", whole.origin))
                .hint("leave out one of them"))
        }
        _ => Ok(()),
    }
}

/// The address of the device, where one was given and no name wins over it.
fn address(parts: &DeviceParts) -> Result<Option<&str>, Failure> {
    let Some(address) = &parts.address else { return Ok(None) };
    match &parts.name {
        Some(name) if name.is_explicit() && address.is_explicit() => {
            return Err(Failure::new(Code::UsageConflict)
                .saying("over Bluetooth, --address and --device-name each name a device")
                .hint("leave out one of them"));
        }
        _ => {}
    }
    if parts.known_name().is_some_and(|name| name.origin < address.origin) {
        return Ok(None);
    }
    if is_address(&address.value) {
        return Ok(Some(&address.value));
    }
    if !address.is_explicit() {
        return Ok(None);
    }
    Err(Failure::new(Code::UsageInvalid)
        .saying("over Bluetooth, --address takes an address like 24:0A:C4:00:00:01")
        .hint("a name goes with --device-name"))
}

/// The same device over the adapter that was named, if one was.
fn over_adapter(locator: Locator, parts: &DeviceParts) -> Result<Locator, Failure> {
    let Some(adapter) = &parts.adapter else { return Ok(locator) };
    match locator.parameter("adapter") {
        None => Ok(locator.with("adapter", &adapter.value)),
        Some(_) if adapter.is_explicit() => {
            Err(Failure::new(Code::UsageConflict).saying("both --adapter and --device name a Bluetooth adapter"))
        }
        Some(_) => Ok(locator),
    }
}
