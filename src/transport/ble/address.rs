//! What may follow `ble:`, and which devices it means. Pure: names and addresses in, a match out.
//!
//! - nothing: the only device in provisioning mode
//! - a name; one that ends in `_` or `-` also means all that begin so; `*` and `?` stand for any text and any character
//! - an address (`24:0A:C4:00:00:01`); on macOS, which hides addresses, the UUID it has given the device
//!
//! A name may be percent-encoded, which `?`, `%` and `#` have to be.

use uuid::Uuid;

use crate::transport::{Evidence, Locator, TransportError};

/// The longest name a device can have (Bluetooth Core, Vol 3, Part C, 12.1), in bytes.
pub(super) const NAME_MAX: usize = 248;

/// What a `ble:` locator says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) wanted: Wanted,
    /// The adapter to use: `hci0`, or its address.
    pub(super) adapter: Option<String>,
}

/// Which device is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The only one in provisioning mode.
    Any,
    /// The one with this name.
    Name(String),
    /// One whose name begins so.
    Prefix(String),
    /// One whose name fits.
    Pattern(String),
    /// The one with this address, in capitals with colons, or this UUID in small letters.
    Address(String),
}

/// How well a device fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// But for capital and small letters.
    Folded,
    /// It is one of possibly many that do.
    Kind,
    /// It is the one.
    Exact,
}

impl Target {
    pub(super) fn read(locator: &Locator) -> Result<Self, TransportError> {
        let bad =
            |reason: &str| Err(Evidence::BadAddress { address: locator.to_string(), reason: reason.to_owned() }.into());
        let mut adapter = None;
        for (key, value) in locator.parameters() {
            match key {
                "adapter" if value.is_empty() => return bad("adapter= takes a name like hci0, or an address"),
                "adapter" => adapter = Some(value.to_owned()),
                _ => return bad("ble takes the parameter adapter and no other; write ? in a name as %3F"),
            }
        }
        let Ok(text) = locator.text() else { return bad("it is not text once decoded") };
        if text.len() > NAME_MAX {
            return bad(&format!("a device's name has {NAME_MAX} bytes at most"));
        }
        if text.chars().any(char::is_control) {
            return bad("it has control characters");
        }
        Ok(Self { wanted: Wanted::read(&text), adapter })
    }
}

impl Wanted {
    fn read(text: &str) -> Self {
        if text.is_empty() {
            return Self::Any;
        }
        if let Some(address) = address(text) {
            return Self::Address(address);
        }
        if text.contains(['*', '?']) {
            return Self::Pattern(text.to_owned());
        }
        if text.ends_with(['_', '-']) {
            return Self::Prefix(text.to_owned());
        }
        Self::Name(text.to_owned())
    }

    /// How well the device with this advertised name and address fits; `provisioning`, whether it advertises a service
    /// that carries provisioning.
    pub(super) fn fit(&self, name: Option<&str>, address: &str, provisioning: bool) -> Option<Fit> {
        match (self, name) {
            (Self::Any, _) => provisioning.then_some(Fit::Kind),
            (Self::Address(wanted), _) => (wanted == address).then_some(Fit::Exact),
            (Self::Name(wanted), Some(name)) if wanted == name => Some(Fit::Exact),
            (Self::Name(wanted), Some(name)) if folded(wanted) == folded(name) => Some(Fit::Folded),
            (Self::Prefix(prefix), Some(name)) if name.starts_with(prefix) => Some(Fit::Kind),
            (Self::Pattern(pattern), Some(name)) if globbed(pattern, name) => Some(Fit::Kind),
            _ => None,
        }
    }

    /// What is looked for, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Any => "a device in provisioning mode".to_owned(),
            Self::Name(text) | Self::Pattern(text) | Self::Address(text) => crate::text::sanitise(text).into_owned(),
            Self::Prefix(prefix) => format!("a device named {}*", crate::text::sanitise(prefix)),
        }
    }

    /// The name that near misses are near to.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) | Self::Prefix(name) | Self::Pattern(name) => Some(name),
            Self::Any | Self::Address(_) => None,
        }
    }
}

/// Whether this is an address, not a name.
pub fn is_address(text: &str) -> bool {
    address(text).is_some()
}

/// An address in its one form, or the UUID that stands for it.
fn address(text: &str) -> Option<String> {
    if text.len() == 36
        && let Ok(uuid) = Uuid::parse_str(text)
    {
        return Some(uuid.to_string());
    }
    let separator = if text.contains(':') { ':' } else { '-' };
    let parts: Vec<_> = text.split(separator).collect();
    let octet = |part: &&str| part.len() == 2 && part.chars().all(|c| c.is_ascii_hexdigit());
    (parts.len() == 6 && parts.iter().all(octet)).then(|| parts.join(":").to_ascii_uppercase())
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Whether `name` fits `pattern`, in time that its lengths bound: a star that did not work out takes one character
/// more, and only the last star is ever taken up again.
fn globbed(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&c) if c == '?' || c == name[read] => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((from, taken)) = star else { return false };
                star = Some((from, taken + 1));
                (at, read) = (from + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Target, TransportError> {
        Target::read(&text.parse().expect("a locator"))
    }

    #[test]
    fn names_addresses_and_patterns_are_distinguished() {
        let wanted = |text: &str| read(text).expect(text).wanted;
        assert_eq!(wanted("ble:"), Wanted::Any);
        assert_eq!(wanted("ble:PROV_d76c30"), Wanted::Name("PROV_d76c30".into()));
        assert_eq!(wanted("ble:PROV_"), Wanted::Prefix("PROV_".into()));
        assert_eq!(wanted("ble:PROV_*"), Wanted::Pattern("PROV_*".into()));
        assert_eq!(wanted("ble:PROV_%3F"), Wanted::Pattern("PROV_?".into()));
        assert_eq!(wanted("ble:24-0a-c4-00-00-01"), Wanted::Address("24:0A:C4:00:00:01".into()));
        assert_eq!(
            wanted("ble:6E400001-B5A3-F393-E0A9-E50E24DCCA9E"),
            Wanted::Address("6e400001-b5a3-f393-e0a9-e50e24dcca9e".into())
        );
        assert_eq!(wanted("ble:24-0a-c4-00-00"), Wanted::Name("24-0a-c4-00-00".into()));
        assert_eq!(wanted("ble:Caf%C3%A9%20lamp"), Wanted::Name("Café lamp".into()));
    }

    #[test]
    fn the_adapter_is_a_parameter_and_no_other_is() {
        assert_eq!(read("ble:?adapter=hci1").expect("a target").adapter.as_deref(), Some("hci1"));
        for bad in ["ble:?adapter=", "ble:?baud=9600", "ble:PROV_?x", "ble:%ff", "ble:a%00b"] {
            assert!(matches!(read(bad), Err(TransportError { evidence: Evidence::BadAddress { .. }, .. })), "{bad}");
        }
        assert!(read(&format!("ble:{}", "x".repeat(249))).is_err());
    }

    #[test]
    fn a_device_fits_by_name_address_or_what_it_advertises() {
        let fit = |text: &str, name: Option<&str>, service| {
            read(text).expect(text).wanted.fit(name, "24:0A:C4:00:00:01", service)
        };
        assert_eq!(fit("ble:", Some("PROV_1"), true), Some(Fit::Kind));
        assert_eq!(fit("ble:", Some("PROV_1"), false), None);
        assert_eq!(fit("ble:PROV_1a", Some("PROV_1a"), false), Some(Fit::Exact));
        assert_eq!(fit("ble:PROV_1a", Some("prov_1A"), false), Some(Fit::Folded));
        assert_eq!(fit("ble:PROV_1a", Some("PROV_1b"), true), None);
        assert_eq!(fit("ble:PROV_1a", None, true), None);
        assert_eq!(fit("ble:24:0a:c4:00:00:01", None, false), Some(Fit::Exact));
        assert_eq!(fit("ble:PROV_", Some("PROV_1"), false), Some(Fit::Kind));
    }

    #[test]
    fn globs_fit_whole_names() {
        for (pattern, name, fits) in [
            ("PROV_*", "PROV_", true),
            ("*_1", "PROV_1_1", true),
            ("P?OV", "PROV", true),
            ("P?OV", "POV", false),
            ("*a*b", "xaxb", true),
            ("*a*b", "xaxbx", false),
            ("", "", true),
            ("?", "é", true),
        ] {
            assert_eq!(globbed(pattern, name), fits, "{pattern} {name}");
        }
        // Bounded by the lengths alone: a naive matcher would not come back.
        assert!(!globbed(&"*a".repeat(100), &"a".repeat(99)));
    }
}
