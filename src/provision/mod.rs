//! Provisioning one device: named stages, a pure rule for which comes next, and three outcomes rather than two.
//!
//! Nothing here knows a terminal, a clock on the wall, a transport or a dialect: answers come from
//! [`Answers`](crate::device::Answers), progress goes to an observer, and the device is one behind a trait.
//!
//! - `stages.rs`: which stage comes next; pure
//! - `plan.rs`: what a run is to do; `outcome.rs`: what it led to
//! - `state.rs`: what is held between the stages
//! - `run.rs`: walks the stages; `choose.rs`: which network, `associate.rs`: the node at its back end

mod associate;
mod choose;
mod outcome;
mod plan;
mod run;
mod stages;
mod state;

pub use outcome::{Outcome, Verdict};
pub use plan::Plan;
pub use run::provision;
pub use stages::{Situation, next};
