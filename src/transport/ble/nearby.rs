//! A look around over Bluetooth, as `discover` asks for it. What is heard becomes rows in `discover.rs`.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::discover::Neighbours;
use super::watch::Watch;
use crate::transport::{Discovery, Listing, TransportError, Wanted};

/// The look around.
pub(super) struct Nearby {
    neighbours: Neighbours,
    adapter: Option<String>,
    watch: Option<Watch>,
}

impl Nearby {
    pub(super) fn new(wanted: &Wanted) -> Self {
        let typed = wanted.adapter.as_ref().filter(|adapter| adapter.is_explicit());
        let typed = typed.map(|adapter| adapter.value.as_str());
        Self {
            neighbours: Neighbours::new(&wanted.prefix, wanted.all, typed),
            adapter: wanted.adapter.clone().map(|adapter| adapter.value),
            watch: None,
        }
    }
}

impl Discovery for Nearby {
    fn title(&self) -> &'static str {
        "Bluetooth"
    }

    fn member(&self) -> &'static str {
        "bluetooth"
    }

    fn listens(&self) -> bool {
        true
    }

    fn start(&mut self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async {
            self.watch = Some(Watch::start(self.adapter.as_deref()).await?);
            Ok(())
        })
    }

    fn look(&mut self) -> Result<(), TransportError> {
        if let Some(watch) = &mut self.watch {
            self.neighbours.update(watch.sightings()?);
        }
        Ok(())
    }

    fn news(&mut self, now: Instant) -> Vec<String> {
        self.neighbours.news(now)
    }

    fn listing(&self, now: Instant) -> Listing {
        self.neighbours.listing(now)
    }

    fn document(&self, found: Result<Vec<Value>, Value>) -> Value {
        match found {
            Ok(rows) => json!({ "usable": true, "error": null, "devices": rows }),
            Err(error) => json!({ "usable": false, "error": error, "devices": [] }),
        }
    }

    fn finish(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(watch) = self.watch.take() {
                watch.finish().await;
            }
        })
    }
}
