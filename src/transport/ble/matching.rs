//! From what was heard to the device that is meant: one, several to choose from, or the near misses. Pure; time is an
//! argument.
//!
//! An address is not kept waiting. Everything else waits a little after the first match, so that "the only one" is not
//! merely the first one: an exact name less than part of one, since few devices share a whole name.

use std::cmp::Reverse;
use std::time::Duration;

use tokio::time::Instant;

use super::address::{Fit, Wanted};
use super::error::{Alike, Heard};
use crate::text;
use crate::transport::Locator;
use crate::wire::advertisement::{Advertisement, Kind};

/// How long to listen after the first match before it counts as the only one.
pub(super) const SETTLE: Duration = Duration::from_secs(1);
/// How long to listen after a device with the exact name: firmware without a label gives all its boards one name.
pub(super) const TWINS: Duration = Duration::from_millis(500);
/// A device not heard for this long is gone; slow advertisers are heard every few seconds.
const GONE: Duration = Duration::from_secs(30);
/// Names this many edits apart are almost the same.
const LIKE: usize = 2;
/// Fewer characters than this are not taken for the beginning of a name.
const CUT_MIN: usize = 4;
/// The signal strength that means "not known" (Bluetooth Core, Vol 4, Part E, 7.7.65.2).
const RSSI_UNKNOWN: i16 = 127;
/// Most near misses that are listed.
const NEAR_MAX: usize = 5;

/// A device as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its address; on macOS, which hides addresses, a UUID that this computer gave it.
    pub address: String,
    /// What it advertises, as it said.
    pub advertisement: Advertisement,
    /// How strongly it was heard last, in dBm.
    pub rssi: Option<i16>,
    /// Whether this computer has a link to it: then it is not heard, and what is known of it is remembered.
    pub connected: bool,
    /// When it first was heard as this, under this name, and in or out of provisioning mode: the name comes apart from
    /// the service.
    pub first: Instant,
    /// When it last was.
    pub last: Instant,
}

impl Sighting {
    /// The locator that means this device and no other.
    pub fn locator(&self) -> Locator {
        Locator::naming("ble", &self.address)
    }

    /// Its name, else its address, sanitised.
    pub fn label(&self) -> String {
        text::bounded(&text::sanitise(self.name().unwrap_or(&self.address)), 64).into_owned()
    }

    /// The name it advertises, as it said.
    pub(super) fn name(&self) -> Option<&str> {
        self.advertisement.name.as_deref()
    }

    /// The same device, as it advertises this now.
    pub(super) fn renewed(&self, advertisement: Advertisement, now: Instant) -> Self {
        let mut renewed = Self { advertisement, last: now, ..self.clone() };
        if self.name() != renewed.name() || self.is_provisioning() != renewed.is_provisioning() {
            renewed.first = now;
        }
        renewed
    }

    /// Whether it is in provisioning mode.
    pub(super) fn is_provisioning(&self) -> bool {
        matches!(self.advertisement.kind(), Kind::Provisioning { .. })
    }
}

/// What is known so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Nothing,
    /// Something; at this time it will be clear.
    Settling(Instant),
    /// The device, and whether its name fits exactly.
    Found(Sighting, Fit),
    /// These, the strongest first.
    Several(Vec<Sighting>),
}

/// Judges what was heard by `now`.
pub(super) fn judge(wanted: &Wanted, sightings: &[&Sighting], now: Instant) -> Verdict {
    let fits = |sighting: &&Sighting| {
        let fit = wanted.fit(sighting.name(), &sighting.address, sighting.is_provisioning())?;
        (now.saturating_duration_since(sighting.last) < GONE).then(|| (fit, (*sighting).clone()))
    };
    let fitting: Vec<_> = sightings.iter().filter_map(fits).collect();
    let Some(best) = fitting.iter().map(|(fit, _)| *fit).max() else { return Verdict::Nothing };
    let settle = match (wanted, best) {
        (Wanted::Address(_), _) => Duration::ZERO,
        (_, Fit::Exact) => TWINS,
        _ => SETTLE,
    };
    // In other letters or of a kind counts what was heard first, whatever it was.
    let counts = |fit: Fit| best != Fit::Exact || fit == Fit::Exact;
    let firsts = fitting.iter().filter(|(fit, _)| counts(*fit)).map(|(_, sighting)| sighting.first);
    let clear = firsts.min().map_or(now, |first| first + settle);
    if now < clear {
        return Verdict::Settling(clear);
    }
    let mut meant: Vec<_> = fitting.into_iter().filter(|(fit, _)| *fit == best).map(|(_, one)| one).collect();
    meant.sort_by_key(|sighting| (Reverse(sighting.rssi), sighting.address.clone()));
    match <[Sighting; 1]>::try_from(meant) {
        Ok([one]) => Verdict::Found(one, best),
        Err(several) => Verdict::Several(several),
    }
}

/// The devices that could have been meant although they do not fit: those in provisioning mode, and those with a name
/// close to the wanted one, the closest first.
pub(super) fn near(wanted: &Wanted, sightings: &[&Sighting]) -> Vec<Heard> {
    let distance = |sighting: &Sighting| match (wanted.name(), sighting.name()) {
        (Some(wanted), Some(name)) => strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()),
        _ => usize::MAX,
    };
    let alike = |sighting: &Sighting| match sighting.name() {
        None if sighting.is_provisioning() => Some(Alike::Nameless(sighting.address.clone())),
        Some(_) if distance(sighting) <= LIKE => Some(Alike::Name(sighting.label())),
        Some(name) if is_cut_short(name, wanted) => {
            Some(Alike::CutShort { name: sighting.label(), address: sighting.address.clone() })
        }
        _ => None,
    };
    let close = |sighting: &&&Sighting| sighting.is_provisioning() || alike(sighting).is_some();
    let mut near: Vec<_> = sightings.iter().filter(close).collect();
    near.sort_by_cached_key(|sighting| {
        let cut = matches!(alike(sighting), Some(Alike::CutShort { .. }));
        let distance = if cut { LIKE + 1 } else { distance(sighting) };
        (distance, Reverse(sighting.rssi), sighting.address.clone())
    });
    let heard = |sighting: &&Sighting| Heard {
        label: match (wanted, sighting.name()) {
            (Wanted::Address(_), Some(_)) => format!("{} ({})", sighting.label(), sighting.address),
            _ => sighting.label(),
        },
        alike: alike(sighting),
        rssi: sighting.rssi,
    };
    near.into_iter().take(NEAR_MAX).map(heard).collect()
}

/// Whether this can be the name that is looked for, cut short by its advertisement.
fn is_cut_short(name: &str, wanted: &Wanted) -> bool {
    let Wanted::Name(wanted) = wanted else { return false };
    name.chars().count() >= CUT_MIN && name.len() < wanted.len() && wanted.starts_with(name)
}

/// A signal strength, in dBm, where the radio knows one.
pub(super) fn known_rssi(rssi: Option<i16>) -> Option<i16> {
    rssi.filter(|rssi| *rssi != RSSI_UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::ble::address::Target;
    use crate::wire::gatt;

    fn wanted(text: &str) -> Wanted {
        Target::read(&text.parse().expect("a locator")).expect("a target").wanted
    }

    fn sighting(start: Instant, number: u8, name: &str, rssi: i16, at_ms: u64) -> Sighting {
        let heard = start + Duration::from_millis(at_ms);
        let address = format!("24:0A:C4:00:00:{number:02X}");
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let advertisement = Advertisement { name, services: vec![gatt::SERVICE], ..Advertisement::default() };
        Sighting { address, advertisement, rssi: Some(rssi), connected: false, first: heard, last: heard }
    }

    fn after(start: Instant, wanted: &Wanted, sightings: &[Sighting], ms: u64) -> Verdict {
        judge(wanted, &sightings.iter().collect::<Vec<_>>(), start + Duration::from_millis(ms))
    }

    #[test]
    fn an_address_ends_the_search_at_once_and_an_exact_name_soon() {
        let start = Instant::now();
        let heard = [sighting(start, 1, "PROV_1", -50, 10), sighting(start, 2, "prov_1", -40, 0)];
        let address = after(start, &wanted("ble:24:0A:C4:00:00:02"), &heard, 10);
        assert_eq!(address, Verdict::Found(heard[1].clone(), Fit::Exact));
        let clear = start + Duration::from_millis(510);
        assert_eq!(after(start, &wanted("ble:PROV_1"), &heard, 10), Verdict::Settling(clear));
        let name = after(start, &wanted("ble:PROV_1"), &heard, 510);
        assert_eq!(name, Verdict::Found(heard[0].clone(), Fit::Exact));
    }

    #[test]
    fn a_name_in_other_letters_waits_for_the_exact_one() {
        let start = Instant::now();
        let mut heard = vec![sighting(start, 1, "prov_1", -50, 10)];
        let one = wanted("ble:PROV_1");
        assert_eq!(after(start, &one, &heard, 900), Verdict::Settling(start + Duration::from_millis(1010)));
        assert_eq!(after(start, &one, &heard, 1010), Verdict::Found(heard[0].clone(), Fit::Folded));
        heard.push(sighting(start, 2, "PROV_1", -80, 950));
        assert_eq!(after(start, &one, &heard, 1450), Verdict::Found(heard[1].clone(), Fit::Exact));
    }

    #[test]
    fn the_only_one_is_listened_for_and_several_are_listed_strongest_first() {
        let start = Instant::now();
        for text in ["ble:", "ble:PROV_", "ble:P*"] {
            let mut heard = vec![sighting(start, 1, "PROV_1", -70, 0)];
            assert!(matches!(after(start, &wanted(text), &heard, 999), Verdict::Settling(_)), "{text}");
            let found = after(start, &wanted(text), &heard, 1000);
            assert_eq!(found, Verdict::Found(heard[0].clone(), Fit::Kind), "{text}");
            heard.push(sighting(start, 2, "PROV_2", -40, 500));
            let several = after(start, &wanted(text), &heard, 1000);
            assert_eq!(several, Verdict::Several(vec![heard[1].clone(), heard[0].clone()]), "{text}");
        }
    }

    #[test]
    fn a_name_that_comes_late_is_listened_for_from_then_on() {
        let start = Instant::now();
        let one = wanted("ble:PROV_");
        let nameless = sighting(start, 1, "", -50, 0);
        let renewed = |one: &Sighting, ms| {
            one.renewed(sighting(start, 1, "PROV_1", -50, ms).advertisement, start + Duration::from_millis(ms))
        };
        let heard = [renewed(&renewed(&nameless, 1200), 1300)];
        assert_eq!(after(start, &one, &heard, 1300), Verdict::Settling(start + Duration::from_millis(2200)));
        let found = Verdict::Found(heard[0].clone(), Fit::Kind);
        assert_eq!(after(start, &one, &heard, 2200), found, "heard again under the same name");
        let both = [heard[0].clone(), sighting(start, 2, "PROV_2", -60, 1250)];
        assert!(matches!(after(start, &one, &both, 2200), Verdict::Several(two) if two.len() == 2));
    }

    #[test]
    fn twins_of_one_name_are_listed() {
        let start = Instant::now();
        let heard = [sighting(start, 1, "PROV_1", -50, 0), sighting(start, 2, "PROV_1", -60, 400)];
        assert_eq!(after(start, &wanted("ble:PROV_1"), &heard, 500), Verdict::Several(heard.to_vec()));
    }

    #[test]
    fn who_has_not_been_heard_for_long_is_gone() {
        let start = Instant::now();
        let heard = [sighting(start, 1, "PROV_1", -50, 0)];
        assert_eq!(after(start, &wanted("ble:PROV_1"), &heard, 30_000), Verdict::Nothing);
    }

    #[test]
    fn near_misses_are_those_in_provisioning_mode_and_those_of_a_like_name() {
        let start = Instant::now();
        let mut lamp = sighting(start, 3, "lamp", -20, 0);
        lamp.advertisement.services.clear();
        let mut other = sighting(start, 4, "PROV_A1B9", -90, 0);
        other.advertisement.services.clear();
        let heard = [sighting(start, 1, "Kitchen", -30, 0), sighting(start, 2, "PROV_A1B3", -58, 0), lamp, other];
        let heard: Vec<_> = heard.iter().collect();
        let near: Vec<_> = near(&wanted("ble:PROV_A1B2"), &heard).into_iter().map(|heard| heard.label).collect();
        assert_eq!(near, ["PROV_A1B3", "PROV_A1B9", "Kitchen"]);
    }

    #[test]
    fn a_name_that_was_cut_short_and_a_device_without_a_name_may_be_the_one() {
        let start = Instant::now();
        let heard = [sighting(start, 1, "PROV_d7", -50, 0), sighting(start, 2, "", -40, 0)];
        let heard: Vec<_> = heard.iter().collect();
        let alike = |text| near(&wanted(text), &heard).into_iter().map(|heard| heard.alike).collect::<Vec<_>>();
        let cut = Alike::CutShort { name: "PROV_d7".to_owned(), address: "24:0A:C4:00:00:01".to_owned() };
        let nameless = Alike::Nameless("24:0A:C4:00:00:02".to_owned());
        assert_eq!(alike("ble:PROV_d76c30"), [Some(cut), Some(nameless.clone())]);
        assert_eq!(alike("ble:LAMP_d76c30"), [None, Some(nameless)]);
    }

    #[test]
    fn a_signal_strength_of_127_is_none() {
        assert_eq!([Some(127), Some(-50), None].map(known_rssi), [None, Some(-50), None]);
    }

    #[test]
    fn names_are_shown_escaped_and_cut() {
        let mut evil = sighting(Instant::now(), 1, "\x1b[31mPROV", -50, 0);
        assert_eq!(evil.label(), "\\x1b[31mPROV");
        evil.advertisement.name = Some("x".repeat(200));
        assert!(evil.label().chars().count() <= 64);
    }
}
