//! Registering the node at a back end: before the device is reached, while it is, and after it is online.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::state::Run;
use crate::backend::{Association, BackendError, Registered, Registration};
use crate::code::Code;
use crate::event::Event;
use crate::failure::Failure;
use crate::session::deadline::Elapsed;
use crate::stage::Stage;

/// How long a back end may take to give what a device will need, its own retries included.
const PREPARE: Duration = Duration::from_mins(1);
/// How long a back end may take to take a ticket back.
const CANCEL: Duration = Duration::from_secs(10);
/// How long a back end may take to hear from a node that is online.
const CONFIRM: Duration = Duration::from_mins(2);
/// Between two questions to a back end.
const CONFIRM_PAUSE: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// Asks the back end for what the device will need.
    pub(super) async fn prepare(&mut self) -> Result<(), Failure> {
        if let Some(backend) = &self.plan.backend {
            let prepared = self.context.budget.within(PREPARE, backend.prepare(&self.plan.about)).await;
            let prepared = prepared.map_err(|elapsed| late(elapsed, Stage::Prepare))?;
            self.ticket = prepared.map_err(|error| at(error, Stage::Prepare))?;
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
            let asked = self.context.budget.within(CONFIRM, backend.confirm(&pending)).await;
            let answered = asked.map_err(|elapsed| late(elapsed, Stage::Confirm))?;
            let registration = answered.map_err(|error| at(error, Stage::Confirm))?;
            let waits = matches!(registration.registered, Registered::Waiting | Registered::Unavailable);
            if !waits || Instant::now() + CONFIRM_PAUSE > end {
                return self.registered(registration, Stage::Confirm);
            }
            let paused = self.context.budget.within(CONFIRM, sleep(CONFIRM_PAUSE)).await;
            paused.map_err(|elapsed| late(elapsed, Stage::Confirm))?;
        }
    }

    /// Gives back what was prepared and not used.
    pub(super) async fn cancel(&mut self) {
        if let (Some(backend), Some(ticket)) = (&self.plan.backend, self.ticket.take()) {
            // The run has failed already, and that is what is reported.
            let _ = timeout(CANCEL, backend.cancel(&ticket)).await;
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

/// Where a back end has not answered in time.
fn late(elapsed: Elapsed, stage: Stage) -> Failure {
    let code = if elapsed.total { Code::DeadlineTotal } else { Code::DeadlineStep };
    Failure::new(code).at(stage).because(elapsed.to_string())
}

fn at(error: BackendError, stage: Stage) -> Failure {
    Failure::from(error).at(stage)
}
