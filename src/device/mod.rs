//! One device behind one trait, whatever it speaks. Which stage comes next is decided above, in `provision`.
//!
//! - `link.rs`: what a back end sees of a device
//! - `dialect.rs`: a dialect, a device that answers in it, and one that takes requests
//! - `open.rs`: the dialects, and which of them a device speaks
//! - `context.rs`: what a run works with
//! - `answers.rs`: what may be asked of a person
//! - `plan.rs`: secrets and credentials, checked
//! - `protocomm/`: Espressif's unified provisioning
//! - `rainmaker_console/`: the RainMaker agent's own console

mod answers;
mod context;
mod dialect;
mod link;
mod open;
pub mod plan;
mod protocomm;
pub mod rainmaker_console;

pub use answers::{AnswerError, Answers, Pick, PromptsOff, Question, Retry, Selection};
pub use context::{Context, SharedRng};
pub use dialect::{Applied, Device, Dialect, Heard, JoinEnd, Need, Reached};
pub use link::{DeviceFacts, DeviceLink, ReplyCheck, call};
pub use open::{DIALECTS, DialectChoice, UnknownDialect, open};
pub use plan::{Credentials, SecurityPlan, WifiPlan};
