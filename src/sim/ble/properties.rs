//! Properties as D-Bus carries them, and how one is read.

use std::collections::HashMap;

use zbus::zvariant::{OwnedValue, Type};

/// Properties of one interface, or options of a call.
pub(super) type Properties = HashMap<String, OwnedValue>;

/// A property, where it is there and of this type.
pub(super) fn property<T: TryFrom<OwnedValue> + Type>(properties: &Properties, name: &str) -> Option<T> {
    properties.get(name)?.try_clone().ok()?.try_into().ok()
}
