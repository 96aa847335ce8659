//! Several observers as one.

use std::sync::Arc;

use crate::event::{Event, Observer};

/// Hands each event to all of them.
pub struct FanOut(pub Vec<Arc<dyn Observer>>);

impl Observer for FanOut {
    fn observe(&self, event: &Event) {
        self.0.iter().for_each(|observer| observer.observe(event));
    }

    fn ready(&self) -> Result<(), String> {
        self.0.iter().try_for_each(|observer| observer.ready())
    }
}
