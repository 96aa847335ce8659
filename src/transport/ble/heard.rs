//! What is heard over an adapter: a sighting for each device, bounded, and why nothing can be heard. No calls.

use std::collections::HashMap;

use tokio::time::Instant;

use super::address::NAME_MAX;
use super::error::BleError;
use super::matching::{Sighting, known_rssi};
use crate::wire::advertisement::Advertisement;

/// Most devices that are remembered: whoever advertises under ever new addresses fills no memory.
const SIGHTINGS_MAX: usize = 512;
/// The longest advertising data there is (Bluetooth Core, Vol 6, Part B, 2.3.4.9), in bytes: longer data is not from
/// the air.
const DATA_MAX: usize = 1650;
/// Most services, and data of them, that are remembered of a device.
const PARTS_MAX: usize = 64;

/// What is heard.
#[derive(Default)]
pub(super) struct ScanState {
    /// Whether the scan runs.
    pub(super) scanning: bool,
    /// The devices, by address.
    pub(super) heard: HashMap<String, Sighting>,
    /// Why nothing can be heard.
    pub(super) trouble: Option<Trouble>,
}

/// Why nothing can be heard, and since when.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) error: BleError,
    pub(super) since: Instant,
}

impl ScanState {
    /// Forgets all that was heard before.
    pub(super) fn begin_anew(&mut self) {
        self.heard.clear();
        self.trouble = None;
    }

    /// The scan runs, or this is why it cannot.
    pub(super) fn runs(&mut self, result: Result<(), BleError>, now: Instant) {
        self.scanning = result.is_ok();
        let since = self.trouble.as_ref().map_or(now, |trouble| trouble.since);
        self.trouble = result.err().map(|error| Trouble { error, since });
    }

    /// Takes note of a device that was heard.
    pub(super) fn remember(
        &mut self,
        address: String,
        advertisement: Option<Advertisement>,
        rssi: Option<i16>,
        now: Instant,
    ) {
        let (rssi, advertisement) = (known_rssi(rssi), advertisement.map(bounded));
        if let Some(sighting) = self.heard.get_mut(&address) {
            if let Some(advertisement) = advertisement {
                *sighting = sighting.renewed(advertisement, now);
            }
            sighting.rssi = rssi.or(sighting.rssi);
            sighting.last = now;
            return;
        }
        if self.heard.len() >= SIGHTINGS_MAX {
            let oldest = self.heard.iter().min_by_key(|(_, sighting)| (sighting.is_provisioning(), sighting.last));
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                self.heard.remove(&oldest);
            }
        }
        let advertisement = advertisement.unwrap_or_default();
        let sighting =
            Sighting { address: address.clone(), advertisement, rssi, connected: false, first: now, last: now };
        self.heard.insert(address, sighting);
    }
}

/// No more of an advertisement than one can have.
fn bounded(advertisement: Advertisement) -> Advertisement {
    let Advertisement { name, mut services, service_data, manufacturer_data } = advertisement;
    services.truncate(PARTS_MAX);
    Advertisement {
        name: name.filter(|name| (1..=NAME_MAX).contains(&name.len())),
        services,
        service_data: service_data.into_iter().filter(|(_, data)| data.len() <= DATA_MAX).take(PARTS_MAX).collect(),
        manufacturer_data: manufacturer_data
            .into_iter()
            .filter(|(_, data)| data.len() <= DATA_MAX)
            .take(PARTS_MAX)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::gatt;

    fn named(name: &str) -> Advertisement {
        Advertisement { name: Some(name.to_owned()), services: vec![gatt::SERVICE], ..Advertisement::default() }
    }

    #[test]
    fn what_is_not_told_again_stays_as_it_was_told() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let mut state = ScanState::default();
        state.remember("24:0A".to_owned(), Some(named("PROV_1")), Some(-50), start);
        state.remember("24:0A".to_owned(), None, Some(127), later);
        let sighting = &state.heard["24:0A"];
        assert_eq!((sighting.name(), sighting.rssi), (Some("PROV_1"), Some(-50)));
        assert_eq!((sighting.first, sighting.last), (start, later));
    }

    #[test]
    fn strangers_make_room_for_what_can_be_provisioned() {
        let start = Instant::now();
        let mut state = ScanState::default();
        state.remember("24:0A".to_owned(), Some(named("PROV_1")), Some(-50), start);
        for number in 0..2 * SIGHTINGS_MAX {
            state.remember(format!("stranger {number}"), None, None, start + Duration::from_secs(1));
        }
        assert_eq!(state.heard.len(), SIGHTINGS_MAX);
        assert!(state.heard.contains_key("24:0A"));
    }

    #[test]
    fn trouble_counts_from_its_beginning() {
        let start = Instant::now();
        let error = || BleError::Stack { reason: "x".to_owned() };
        let mut state = ScanState::default();
        state.runs(Err(error()), start);
        state.runs(Err(error()), start + Duration::from_secs(9));
        assert_eq!(state.trouble.as_ref().map(|trouble| trouble.since), Some(start));
        state.runs(Ok(()), start + Duration::from_secs(9));
        assert!(state.trouble.is_none() && state.scanning);
    }

    #[test]
    fn what_cannot_be_from_the_air_is_left_out() {
        let long = Advertisement {
            name: Some("x".repeat(NAME_MAX + 1)),
            services: vec![gatt::SERVICE; 2 * PARTS_MAX],
            manufacturer_data: [(1, vec![0; DATA_MAX + 1]), (2, vec![0])].into(),
            ..Advertisement::default()
        };
        let short = bounded(long);
        assert_eq!((short.name, short.services.len(), short.manufacturer_data.len()), (None, PARTS_MAX, 1));
    }
}
