//! How far a run came, for its failure as JSON: which device, which network, how long.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::event::{Event, Observer};
use crate::failure::Attempt;

/// Collects it from the events.
#[derive(Debug)]
pub(super) struct Attempts {
    started: Instant,
    known: Mutex<Attempt>,
}

impl Attempts {
    /// Of a run that begins now.
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), known: Mutex::default() }
    }

    /// What was given beforehand.
    pub(super) fn given(&self, name: Option<&str>, ssid: Option<&[u8]>) {
        let mut known = self.known();
        known.name = name.map(str::to_owned);
        known.ssid = ssid.map(<[u8]>::to_vec);
    }

    /// As far as the run has come.
    pub(super) fn so_far(&self) -> Attempt {
        Attempt { took: self.started.elapsed(), ..self.known().clone() }
    }

    fn known(&self) -> MutexGuard<'_, Attempt> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Attempts {
    fn observe(&self, event: &Event) {
        let mut known = self.known();
        match event {
            Event::Connected { peer } => known.peer = Some(peer.clone()),
            Event::Found { name, .. } | Event::Named { name, .. } => known.name = Some(name.clone()),
            Event::Identified { version, .. } => known.version = serde_json::to_value(version).ok(),
            Event::Configured { ssid } if !ssid.is_empty() => known.ssid = Some(ssid.clone()),
            _ => {}
        }
    }
}
