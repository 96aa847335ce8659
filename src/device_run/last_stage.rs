//! Where a run is, for the message after an interruption.

use std::sync::{Mutex, PoisonError};

use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::stage::Stage;

/// Remembers the stage, and whether the device has the credentials.
#[derive(Debug, Default)]
pub(super) struct LastStage {
    state: Mutex<(Option<Stage>, bool)>,
}

impl LastStage {
    /// The failure of a run that is interrupted now.
    pub(super) fn interruption(&self) -> Failure {
        let (stage, applied) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failure = Failure::new(Code::Interrupted);
        failure.stage = stage;
        if applied {
            failure.hint("the device had taken the credentials and goes on joining by itself")
        } else {
            failure
        }
    }
}

impl Observer for LastStage {
    fn observe(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { stage, .. } => state.0 = Some(*stage),
            Event::Applied => state.1 = true,
            Event::Reset => state.1 = false,
            _ => {}
        }
    }
}
