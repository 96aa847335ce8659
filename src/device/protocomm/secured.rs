//! A device whose session stands: requests that survive a lost session, its state, and its reset.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::code::{Code, Fact, Hint};
use crate::device::context::SharedRng;
use crate::device::link::DeviceFacts;
use crate::device::plan::Credentials;
use crate::endpoint::Request;
use crate::endpoint::config::{JoinState, JoinStatus, Joined};
use crate::endpoint::control::{Action, Control};
use crate::endpoint::scan::{Network, Radio};
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::session::deadline::limit;
use crate::session::{Meaning, Session, SessionError, SessionErrorKind, Step};
use crate::text;

/// What is said where a device is found in the state after a failed join, and is reset.
pub(super) const RESET_FOR_FAILURE: &str = "the device's last join had failed; it was reset";

/// Where "apply" was refused and the status reads as joining: it does before any apply as well.
pub(super) const STILL_JOINING: Hint =
    Hint::unless(&[Fact::DeviceReset], "it may still be joining with earlier credentials: wait, or power-cycle it");

/// Between two tries to reach a device again.
const RELINK_PAUSE: Duration = Duration::from_millis(250);

/// How long another client's handshake may take that came between: security 2 takes small chips 1 to 3 s.
const OTHER_CLIENT: Duration = Duration::from_secs(2);

/// A device whose session stands, or stood.
pub(super) struct Secured {
    pub(super) session: Session,
    pub(super) facts: DeviceFacts,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) rng: SharedRng,
    /// What was handed over last.
    pub(super) credentials: Option<Credentials>,
    /// What the device heard last.
    pub(super) heard: Vec<Network>,
}

impl Secured {
    pub(super) fn observe(&self, event: &Event) {
        self.observer.observe(event);
    }

    pub(super) fn radio(&self) -> Radio {
        self.facts.radio
    }

    /// Sends a request that may be repeated; where the session is lost, a fresh one is set up silently, once.
    ///
    /// # Errors
    /// As [`Session::call`] on the second try.
    pub(super) async fn call_retrying<R: Request>(&mut self, request: &R) -> Result<R::Reply, SessionError> {
        if !self.session.is_established() {
            self.renew(request).await?;
        }
        match self.session.call(request).await {
            Err(error) if matches!(error.meaning(), Meaning::SessionLost | Meaning::LinkLost) => {
                self.renew(request).await?;
                self.session.call(request).await
            }
            outcome => outcome,
        }
    }

    /// A fresh session for `request`. The device took these credentials before: where it refuses them now, another
    /// client has it, and nothing is wrong with them.
    async fn renew<R: Request>(&mut self, request: &R) -> Result<(), SessionError> {
        self.session.reestablish(&mut self.rng).await.map_err(|error| match error.meaning() {
            Meaning::ProofRejected | Meaning::SchemeRefused => SessionError {
                step: Step::Request,
                endpoint: request.endpoint().to_owned(),
                security: error.security,
                kind: SessionErrorKind::Evicted(Box::new(error)),
            },
            _ => error,
        })
    }

    /// Tries to set up a session with the device again, at most [`limit::RELINK`]; whether one stands.
    ///
    /// A device that answers and refuses the handshake is asked once more after a pause: it took the same proof before, and
    /// another client whose handshake came between is done by then. It is not asked again: it may be another device by
    /// now, and every wrong proof brings RainMaker firmware closer to its lock.
    ///
    /// # Errors
    /// Only where the budget of the whole run is used up.
    pub(super) async fn relink(&mut self) -> Result<bool, SessionError> {
        let tries = async {
            let mut refused = false;
            loop {
                let error = match self.session.reestablish(&mut self.rng).await {
                    Ok(()) => return Ok(true),
                    Err(error) => error,
                };
                match error.meaning() {
                    Meaning::DeviceUnproven | Meaning::ProofRejected | Meaning::SchemeRefused if refused => {
                        return Ok(false);
                    }
                    Meaning::DeviceUnproven => return Ok(false),
                    Meaning::ProofRejected | Meaning::SchemeRefused => {
                        refused = true;
                        sleep(OTHER_CLIENT).await;
                    }
                    Meaning::TimedOut if is_total(&error) => return Err(error),
                    _ => sleep(RELINK_PAUSE).await,
                }
            }
        };
        timeout(limit::RELINK, tries).await.unwrap_or(Ok(false))
    }

    /// The request for the device's state.
    pub(super) fn status(&self) -> JoinStatus {
        match self.radio() {
            Radio::Wifi => JoinStatus::Wifi,
            Radio::Thread => JoinStatus::Thread,
        }
    }

    /// Resets the device's state machine; whether it takes new credentials now.
    pub(super) async fn back_to_start(&mut self) -> bool {
        self.reset_outcome().await == Reset::Done
    }

    /// Resets the device's state machine.
    ///
    /// Firmware that has reset itself already refuses, but so does a device that is joining or has joined. Its status
    /// tells them apart: after a reset it reads failed until the next "apply".
    pub(super) async fn reset_outcome(&mut self) -> Reset {
        let reset = Control { action: Action::Reset, radio: self.radio() };
        match self.call_retrying(&reset).await {
            Ok(()) => Reset::Done,
            Err(error) if error.meaning() == Meaning::Refused => {
                let status = self.status();
                let failed = matches!(self.call_retrying(&status).await, Ok(JoinState::Failed(_)));
                if failed { Reset::Done } else { Reset::Refused }
            }
            Err(error) if error.meaning() == Meaning::NoEndpoint => Reset::Absent,
            Err(_) => Reset::Refused,
        }
    }
}

/// What became of a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reset {
    /// The device is at its start.
    Done,
    /// The firmware is older than the request.
    Absent,
    /// It is not at its start, or does not say.
    Refused,
}

/// Whether the budget of the whole run is used up, not only a step's own.
pub(super) fn is_total(error: &SessionError) -> bool {
    matches!(&error.kind, SessionErrorKind::Deadline(elapsed) if elapsed.total)
}

/// The failure for a device that is connected already.
pub(super) fn already(joined: &Joined) -> Failure {
    let place = match joined {
        Joined::Wifi { ssid, ip, .. } => format!("{} with address {}", text::ssid(ssid), text::sanitise(ip)),
        Joined::Thread { name, .. } => format!("Thread network {}", text::sanitise(name)),
    };
    Failure::new(Code::AlreadyProvisioned).because(format!("the device is connected to {place}"))
}
