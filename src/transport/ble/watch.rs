//! All that is heard over Bluetooth, to show what is there. Looking for one device is `search.rs`.

use tokio::time::Instant;

use super::error::BleError;
use super::host::Linked;
use super::matching::Sighting;
use super::radio::{Listening, Radio};
use crate::transport::{Locator, TransportError};

/// A share in an adapter's scan. The scan stops when this is dropped.
pub struct Watch {
    listening: Listening,
    /// Devices this computer had a link to at the start: they are not heard.
    linked: Vec<Sighting>,
}

impl Watch {
    /// Starts to listen over this adapter, or the only one that is on; what can be heard is, from this return on.
    ///
    /// # Errors
    /// Why nothing can be heard; [`Evidence::Several`](crate::transport::Evidence::Several) where an adapter has to be
    /// named.
    pub async fn start(adapter: Option<&str>) -> Result<Self, TransportError> {
        let radio = Radio::get(adapter, &Locator::new("ble", "")).await?;
        let (rssi, connected, now) = (None, true, Instant::now());
        let sighting = |Linked { address, advertisement }| Sighting {
            address,
            advertisement,
            rssi,
            connected,
            first: now,
            last: now,
        };
        let linked = radio.host.linked(&radio.name).await.into_iter().map(sighting).collect();
        let mut listening = radio.listen();
        listening.begun().await;
        Ok(Self { listening, linked })
    }

    /// The devices heard so far, each as heard last, and those that had a link at the start; in no order.
    ///
    /// # Errors
    /// Why nothing can be heard any more.
    pub fn sightings(&mut self) -> Result<Vec<Sighting>, BleError> {
        let mut all: Vec<Sighting> = self.listening.look(|sightings| sightings.iter().copied().cloned().collect())?;
        let unheard = |linked: &&Sighting| !all.iter().any(|heard| heard.address == linked.address);
        let unheard: Vec<_> = self.linked.iter().filter(unheard).cloned().collect();
        all.extend(unheard);
        Ok(all)
    }

    /// Ends it, and waits until the scan has stopped or is somebody else's.
    pub async fn finish(self) {
        self.listening.finish().await;
    }
}
