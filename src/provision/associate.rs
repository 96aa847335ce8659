//! Registering the node at a back end: before the device is reached, while it is, and after it is online.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::state::Run;
use crate::backend::{About, Association, BackendError, Registered, Registration};
use crate::event::Event;
use crate::failure::Failure;
use crate::stage::Stage;

/// How long a back end may take to hear from a node that is online.
const CONFIRM: Duration = Duration::from_mins(2);
/// Between two questions to a back end.
const CONFIRM_PAUSE: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// Asks the back end for what the device will need.
    pub(super) async fn prepare(&mut self) -> Result<(), Failure> {
        if let Some(backend) = &self.plan.backend {
            self.ticket = backend.prepare(&About::default()).await.map_err(|error| at(error, Stage::Prepare))?;
        }
        Ok(())
    }

    /// Has the back end tie the node to its owner, as far as that is done through the device.
    pub(super) async fn associate(&mut self) -> Result<(), Failure> {
        let Some(backend) = self.plan.backend.clone() else { return Ok(()) };
        self.started(Stage::Associate);
        self.context.before(Stage::Associate).await?;
        let ticket = self.ticket.take();
        let associated = backend.associate(ticket.as_ref(), self.device()?).await;
        match associated.map_err(|error| at(error, Stage::Associate))? {
            Association::NotNeeded => Ok(()),
            Association::Confirmed(registration) => self.registered(registration, Stage::Associate),
            Association::Pending(pending) => {
                self.pending = Some(pending);
                Ok(())
            }
        }
    }

    /// Asks the back end until it has heard from the node.
    pub(super) async fn confirm(&mut self) -> Result<(), Failure> {
        let (Some(backend), Some(pending)) = (self.plan.backend.clone(), self.pending.take()) else { return Ok(()) };
        self.observe(&Event::Started { stage: Stage::Confirm, deadline: CONFIRM });
        let end = Instant::now() + CONFIRM;
        loop {
            let registration = backend.confirm(&pending).await.map_err(|error| at(error, Stage::Confirm))?;
            let waits = matches!(registration.registered, Registered::Waiting | Registered::Unavailable);
            if !waits || Instant::now() + CONFIRM_PAUSE > end {
                return self.registered(registration, Stage::Confirm);
            }
            sleep(CONFIRM_PAUSE).await;
        }
    }

    /// Gives back what was prepared and not used.
    pub(super) async fn cancel(&mut self) {
        if let (Some(backend), Some(ticket)) = (&self.plan.backend, self.ticket.take()) {
            // The run has failed already, and that is what is reported.
            let _ = backend.cancel(&ticket).await;
        }
    }

    fn registered(&mut self, registration: Registration, stage: Stage) -> Result<(), Failure> {
        let registration = registration.settled().map_err(|error| at(error, stage))?;
        if let Some(node_id) = registration.id {
            self.observe(&Event::Associated { node_id: node_id.clone() });
            self.node_id = Some(node_id);
        }
        Ok(())
    }
}

fn at(error: BackendError, stage: Stage) -> Failure {
    Failure::from(error).at(stage)
}
