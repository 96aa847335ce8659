//! What a run works with: handed in from above, so that a test can hand in its own.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand_core::{CryptoRng, Rng, TryCryptoRng, TryRng};

use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::session::deadline::Budget;
use crate::stage::Stage;
use crate::transport::{BoxFuture, LogSink, TransportKind};

/// What a run works with.
#[derive(Clone)]
pub struct Context<'a> {
    /// The transport of the device's locator.
    pub kind: &'a dyn TransportKind,
    /// Where events go.
    pub observer: Arc<dyn Observer>,
    /// Where the lines go that a board prints on the link itself. They are raw: only what takes their secrets out may
    /// have them.
    pub log: Arc<dyn LogSink>,
    /// The run's budget of time.
    pub budget: Budget,
    /// Randomness for handshakes.
    pub rng: SharedRng,
}

impl Context<'_> {
    /// Tells of an event.
    pub fn observe(&self, event: &Event) {
        self.observer.observe(event);
    }

    /// Awaited before each step that cannot be undone: see [`Observer::before`].
    ///
    /// # Errors
    /// The failure of an observer that can no longer do its work, at this stage.
    pub fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        self.observer.before(stage)
    }
}

/// One source of randomness that the run and its device share: a lost session is renewed whenever that is noticed.
#[derive(Clone)]
pub struct SharedRng(Arc<Mutex<dyn CryptoRng + Send>>);

impl SharedRng {
    /// Shares a source.
    pub fn new(source: impl CryptoRng + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    fn source(&self) -> MutexGuard<'_, dyn CryptoRng + Send + 'static> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TryRng for SharedRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.source().next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.source().next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.source().fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for SharedRng {}
