//! Which adapter to use, from what is known of them. Pure.
//!
//! The only one that is on is taken; one that is off is never switched on, since somebody switched it off.

use super::advice;
use super::error::{BleError, Block};
use crate::transport::{Candidate, CandidateKind, Locator, TransportError};

/// An adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterFacts {
    /// `hci0`.
    pub name: String,
    /// Its hardware address, where the system tells.
    pub address: String,
    /// Whether it is on.
    pub powered: bool,
    /// What it can, on Linux: the names of its D-Bus interfaces.
    pub interfaces: Vec<String>,
}

/// The adapter to use; `to` is what is being opened, `hidden`, whether the kernel has an adapter, `block`
/// tells what keeps one off.
pub(super) fn adapter(
    mut facts: Vec<AdapterFacts>,
    wanted: Option<&str>,
    to: &Locator,
    hidden: bool,
    block: impl Fn(&str) -> Block,
) -> Result<AdapterFacts, TransportError> {
    facts.sort_by(|one, other| one.name.cmp(&other.name));
    let off = |name: &str| BleError::AdapterOff { adapter: name.to_owned(), block: block(name) }.into();
    if let Some(wanted) = wanted {
        let same = |text: &str| text.eq_ignore_ascii_case(wanted);
        return match facts.iter().find(|facts| same(&facts.name) || same(&facts.address)) {
            Some(facts) if facts.powered => Ok(facts.clone()),
            Some(facts) => Err(off(&facts.name)),
            None => {
                let present = facts.into_iter().map(|facts| facts.name).collect();
                let wanted = Some(crate::text::sanitise(wanted).into_owned());
                Err(BleError::AdapterAbsent { wanted, present, hidden: false }.into())
            }
        };
    }
    let powered: Vec<_> = facts.iter().filter(|facts| facts.powered).collect();
    match (powered.as_slice(), facts.first()) {
        ([one], _) => Ok((*one).clone()),
        ([], None) => Err(BleError::AdapterAbsent { wanted: None, present: Vec::new(), hidden }.into()),
        ([], Some(first)) => Err(off(&first.name)),
        (several, _) => Err(advice::several(
            CandidateKind::Adapter,
            several
                .iter()
                .map(|facts| Candidate {
                    locator: to.clone().with("adapter", &facts.name),
                    label: format!("{} ({})", facts.name, facts.address),
                    rssi: None,
                })
                .collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Evidence;

    fn chosen(facts: &[(&str, bool)], wanted: Option<&str>) -> Result<String, TransportError> {
        let facts = facts.iter().enumerate().map(|(number, (name, powered))| AdapterFacts {
            name: (*name).to_owned(),
            address: format!("00:1A:7D:DA:71:0{number}"),
            powered: *powered,
            interfaces: Vec::new(),
        });
        let to = Locator::new("ble", "PROV_1");
        adapter(facts.collect(), wanted, &to, false, |_| Block::Soft).map(|facts| facts.name)
    }

    #[test]
    fn the_only_one_that_is_on_is_taken() {
        assert_eq!(chosen(&[("hci0", true)], None).ok().as_deref(), Some("hci0"));
        assert_eq!(chosen(&[("hci0", false), ("hci1", true)], None).ok().as_deref(), Some("hci1"));
    }

    #[test]
    fn one_is_named_or_addressed() {
        let both = [("hci1", true), ("hci0", true)];
        assert_eq!(chosen(&both, Some("HCI1")).ok().as_deref(), Some("hci1"));
        assert_eq!(chosen(&both, Some("00:1a:7d:da:71:01")).ok().as_deref(), Some("hci0"));
        let absent = chosen(&both, Some("hci7")).expect_err("no such adapter");
        assert!(matches!(absent.own(), Some(BleError::AdapterAbsent { present, .. }) if present.len() == 2));
    }

    #[test]
    fn none_is_switched_on() {
        for (facts, wanted) in [(&[("hci0", false)][..], None), (&[("hci0", false), ("hci1", true)][..], Some("hci0"))]
        {
            let error = chosen(facts, wanted).expect_err("it is off");
            let off = BleError::AdapterOff { adapter: "hci0".into(), block: Block::Soft };
            assert!(error.own() == Some(&off));
        }
    }

    #[test]
    fn several_are_listed_in_order_with_what_names_them() {
        let error = chosen(&[("hci1", true), ("hci0", true)], None).expect_err("two are on");
        let TransportError { evidence: Evidence::Several { of: CandidateKind::Adapter, candidates }, .. } = error
        else {
            panic!("{error}")
        };
        let named: Vec<_> = candidates.iter().map(|candidate| candidate.locator.to_string()).collect();
        assert_eq!(named, ["ble:PROV_1?adapter=hci0", "ble:PROV_1?adapter=hci1"]);
    }

    #[test]
    fn none_at_all_is_said() {
        let error = chosen(&[], None).expect_err("there is none");
        assert!(matches!(error.own(), Some(BleError::AdapterAbsent { wanted: None, .. })));
    }
}
