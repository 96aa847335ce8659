//! Provisioning one device: named stages, a pure rule for which comes next, and three outcomes rather than two.
//!
//! Nothing here knows a terminal, a clock on the wall or which transport it is: answers come from [`Answers`],
//! progress goes to an observer, limits come from the link.

mod answers;
mod choose;
mod join;
pub mod nearby;
mod network;
pub mod plan;
pub mod rainmaker_console;
mod run;
pub mod scan;
pub mod secure;
mod stages;

pub use answers::{AnswerError, Answers, Pick, PromptsOff, Question, Retry, Selection};
pub use plan::{Plan, SecurityPlan, UserMapping, WifiPlan};
pub use run::{Outcome, Verdict, provision};
pub use secure::{Opened, open};
pub use stages::{Facts, next};

use std::sync::Arc;

use rand_core::CryptoRng;

use crate::event::Observer;
use crate::failure::Failure;
use crate::session::deadline::Budget;
use crate::stage::Stage;
use crate::transport::{BoxFuture, LogSink, TransportKind};

/// What a run works with: handed in from above, so that a test can hand in its own.
pub struct Context<'a> {
    /// The transport of the device's locator.
    pub kind: &'a dyn TransportKind,
    /// Where events go.
    pub observer: Arc<dyn Observer>,
    /// Where the lines go that a board prints on the link itself: raw, so to nobody but who takes their secrets out.
    pub log: Arc<dyn LogSink>,
    /// The run's budget of time.
    pub budget: Budget,
    /// Randomness for handshakes.
    pub rng: Box<dyn CryptoRng + Send>,
}

impl Context<'_> {
    /// Awaited before each step that cannot be undone: see [`Observer::before`].
    ///
    /// # Errors
    /// The failure of an observer that can no longer do its work, at this stage.
    pub fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        self.observer.before(stage)
    }
}
