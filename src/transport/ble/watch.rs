//! All that is heard over Bluetooth, as it comes: for who wants to know what is there. Looking for one device is
//! `search.rs`.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::error::BleError;
use super::radio::{Listening, Radio};
use super::seek::Sighting;
use crate::transport::{Locator, TransportError};

/// What is heard. The scan stops when this is dropped.
pub struct Watch {
    listening: Listening,
    /// When each device that was told of was heard.
    told: HashMap<String, Instant>,
    /// What is to be told next.
    due: Vec<Sighting>,
}

impl Watch {
    /// Starts to listen over this adapter, or the only one that is on.
    ///
    /// # Errors
    /// Why nothing can be heard; [`TransportError::Several`] where an adapter has to be named.
    pub async fn start(adapter: Option<&str>) -> Result<Self, TransportError> {
        let radio = Radio::get(adapter, &Locator::new("ble", "")).await?;
        let due = linked(&radio).await;
        Ok(Self { listening: radio.listen(), told: HashMap::new(), due })
    }

    /// The next device that is heard, or heard again: what it advertises and how strongly may have changed. Waits as
    /// long as nothing is. First come the devices this computer has a link to.
    ///
    /// # Errors
    /// Why nothing can be heard any more.
    pub async fn next(&mut self) -> Result<Sighting, BleError> {
        loop {
            if let Some(sighting) = self.due.pop() {
                return Ok(sighting);
            }
            let told = &self.told;
            let is_news = |sighting: &Sighting| told.get(&sighting.address).is_none_or(|last| *last < sighting.last);
            (self.due, self.told) = self.listening.look(|sightings| {
                let news = sightings.iter().filter(|sighting| is_news(sighting)).map(|sighting| (*sighting).clone());
                let now_told = sightings.iter().map(|sighting| (sighting.address.clone(), sighting.last));
                (news.collect(), now_told.collect())
            })?;
            if self.due.is_empty() {
                self.listening.more().await;
            }
        }
    }
}

/// The devices this computer has a link to.
async fn linked(radio: &Arc<Radio>) -> Vec<Sighting> {
    let (rssi, connected, now) = (None, true, Instant::now());
    let sighting = |linked: super::host::Linked| {
        let (address, advertisement) = (linked.address, linked.advertisement);
        Sighting { address, advertisement, rssi, connected, first: now, last: now }
    };
    radio.host.linked(&radio.name).await.into_iter().map(sighting).collect()
}
