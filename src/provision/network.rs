//! From credentials to a verdict: configure, apply, await the network, and recover where that failed.

use super::answers::{Answers, Retry};
use super::join::{self, JoinEnd};
use super::plan;
use super::run::{Run, Verdict};
use super::scan::{self, call_retrying};
use crate::code::Code;
use crate::endpoint::ReplyError;
use crate::endpoint::config::{Apply, JoinFailure, JoinState, Joined, SetThread, SetWifi};
use crate::endpoint::scan::Radio;
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::{Passphrase, ThreadDataset};
use crate::session::deadline::limit;
use crate::session::{Meaning, SessionError, SessionErrorKind};
use crate::stage::Stage;
use crate::wire::messages::Status;

/// The network the device is to join.
pub(super) enum Target {
    Wifi { ssid: Vec<u8>, passphrase: Passphrase },
    Thread(ThreadDataset),
}

/// Where "apply" was refused and the status reads as joining: it does before any apply as well.
const STILL_JOINING: &str = "it may still be joining with earlier credentials: wait, or power-cycle it";
/// Where "apply" was sent and no answer came.
const PERHAPS_APPLIED: &str = "the device may have taken the credentials all the same: look for it on the network";

impl Run<'_, '_> {
    /// Hands over the credentials; asks for what is still missing.
    pub(super) async fn configure(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        self.started(Stage::Configure, limit::EXCHANGE);
        if self.target.is_none() {
            self.target = Some(self.target_from_plan(answers).await?);
        }
        self.send_target().await.map_err(|error| Failure::from(error).at(Stage::Configure))?;
        self.observe(&Event::Configured { ssid: self.ssid().to_vec() });
        Ok(())
    }

    async fn target_from_plan(&self, answers: &mut dyn Answers) -> Result<Target, Failure> {
        if self.radio == Radio::Thread {
            return Ok(Target::Thread(match &self.plan.dataset {
                Some(dataset) => dataset.clone(),
                None => self.ask_dataset(answers).await?,
            }));
        }
        let ssid = self.plan.wifi.ssid.clone().unwrap_or_default();
        let passphrase = match &self.plan.wifi.passphrase {
            Some(passphrase) => passphrase.clone(),
            None => self.ask_passphrase(answers, &ssid).await?,
        };
        Ok(Target::Wifi { ssid, passphrase })
    }

    async fn ask_dataset(&self, answers: &mut dyn Answers) -> Result<ThreadDataset, Failure> {
        let asked = self.context.budget.paused(answers.thread_dataset()).await;
        let dataset = asked.map_err(|error| Failure::from(error).at(Stage::Configure))?;
        plan::check_dataset(&dataset).map_err(|failure| failure.at(Stage::Configure))?;
        Ok(dataset)
    }

    /// Has the credentials applied: from here on nothing can be taken back.
    pub(super) async fn apply(&mut self) -> Result<Option<Verdict>, Failure> {
        self.started(Stage::Apply, limit::EXCHANGE);
        self.context.before(Stage::Apply).await?;
        let request = self.apply_request();
        let Err(error) = self.session.call(&request).await else {
            self.observe(&Event::Applied);
            return Ok(None);
        };
        match error.meaning() {
            Meaning::Refused if is_internal_error(&error) => self.apply_refused(error).await,
            Meaning::Refused | Meaning::NoEndpoint | Meaning::Invalid => Err(at_apply(error)),
            _ if join::is_total(&error) => Err(at_apply(error).hint(PERHAPS_APPLIED)),
            _ => self.apply_unanswered(error).await,
        }
    }

    /// No answer to "apply", or none that makes sense. Where the device can be reached again, the credentials are
    /// sent once more and applied: if the first request had arrived, the second is refused, and no harm is done.
    async fn apply_unanswered(&mut self, error: SessionError) -> Result<Option<Verdict>, Failure> {
        let sent = !matches!(error.meaning(), Meaning::Unreachable | Meaning::Local);
        let cause = error.to_string();
        self.observe(&Event::LinkLost { cause: cause.clone() });
        let unsure = |failure: Failure| if sent { failure.hint(PERHAPS_APPLIED) } else { failure };
        match join::relink(&mut self.session, &mut *self.context.rng).await {
            Ok(true) => {}
            Ok(false) if sent => return Ok(Some(Verdict::Applied { cause })),
            Ok(false) => return Err(at_apply(error)),
            Err(total) => return Err(unsure(at_apply(total))),
        }
        let again = match self.send_target().await {
            Ok(()) => self.session.call(&self.apply_request()).await,
            Err(error) => Err(error),
        };
        match again {
            Ok(()) => {}
            Err(error) if sent && is_internal_error(&error) => {}
            Err(error) if is_internal_error(&error) => return self.apply_refused(error).await,
            // The radio moves to the new network a moment after "apply": the link came back only to go for good.
            Err(error) if sent && is_link_gone(&error) => {
                return Ok(Some(Verdict::Applied { cause: error.to_string() }));
            }
            Err(error) => return Err(unsure(at_apply(error))),
        }
        self.observe(&Event::Applied);
        Ok(None)
    }

    /// Firmware refuses "apply" outside its start state: it is connected, or its last join failed.
    async fn apply_refused(&mut self, error: SessionError) -> Result<Option<Verdict>, Failure> {
        match self.session.call(&join::question(self.radio)).await {
            Ok(JoinState::Joined(joined)) if is_same_network(&joined, self.ssid()) => {
                let text = "the device had joined this network already; it did not take the credentials".to_owned();
                self.observe(&Event::Note { text });
                Ok(Some(Verdict::AlreadyOnline(joined)))
            }
            Ok(JoinState::Joined(joined)) => Err(join::already(&joined).at(Stage::Apply)),
            Ok(JoinState::Failed(_)) => {
                if join::reset(&mut self.session, &mut *self.context.rng, self.radio).await {
                    self.observe(&Event::Note { text: join::RESET_FOR_FAILURE.to_owned() });
                }
                self.send_target().await.map_err(at_apply)?;
                self.session.call(&self.apply_request()).await.map_err(at_apply)?;
                self.observe(&Event::Applied);
                Ok(None)
            }
            Ok(JoinState::Joining { .. }) => Err(at_apply(error).hint(STILL_JOINING)),
            Ok(JoinState::Idle) | Err(_) => Err(at_apply(error)),
        }
    }

    fn apply_request(&self) -> Apply {
        match self.radio {
            Radio::Wifi => Apply::Wifi,
            Radio::Thread => Apply::Thread,
        }
    }

    async fn send_target(&mut self) -> Result<(), SessionError> {
        let rng = &mut *self.context.rng;
        match &self.target {
            Some(Target::Wifi { ssid, passphrase }) => {
                let (bssid, channel) = (self.plan.wifi.bssid, self.plan.wifi.channel.unwrap_or(0));
                call_retrying(&mut self.session, rng, &SetWifi { ssid, passphrase, bssid, channel }).await
            }
            Some(Target::Thread(dataset)) => call_retrying(&mut self.session, rng, &SetThread { dataset }).await,
            None => Ok(()),
        }
    }

    pub(super) async fn await_network(&mut self) -> Result<Verdict, Failure> {
        self.started(Stage::AwaitNetwork, limit::JOIN);
        let observer = self.context.observer.clone();
        let end = join::wait(&mut self.session, &mut *self.context.rng, self.radio, &*observer).await?;
        match end {
            JoinEnd::Joined(joined) => Ok(Verdict::Online(joined)),
            JoinEnd::Unconfirmed { cause } => Ok(Verdict::Applied { cause }),
            JoinEnd::Failed(reason) => Err(self.join_failure(reason).await),
        }
    }

    /// Resets, and where the network was not found asks the device what it hears instead.
    async fn join_failure(&mut self, reason: JoinFailure) -> Failure {
        let ask = reason == JoinFailure::NotFound && self.radio == Radio::Wifi && self.version.can_scan();
        if ask
            && join::reset(&mut self.session, &mut *self.context.rng, self.radio).await
            && let Ok(heard) = scan::wifi(&mut self.session, &mut *self.context.rng).await
        {
            self.heard = heard;
        }
        join::failure(reason, self.radio, self.ssid(), &self.heard)
    }

    /// Puts the device back to its start and asks whether to try again.
    pub(super) async fn recover(&mut self, answers: &mut dyn Answers, may_retry: bool) -> Result<(), Failure> {
        self.started(Stage::Recover, limit::EXCHANGE);
        let back = join::reset(&mut self.session, &mut *self.context.rng, self.radio).await;
        let mut failure = self.failure.take().unwrap_or_else(|| Failure::new(Code::Unexpected));
        let failure = if back {
            self.observe(&Event::Reset);
            // A device that joins refuses a reset.
            failure.hints.retain(|hint| hint != STILL_JOINING);
            failure
        } else {
            failure.hint("the device could not be reset: power-cycle it before the next try")
        };
        let retry = if back && may_retry && self.plan.retry {
            let ssid = self.ssid().to_vec();
            let asked = self.context.budget.paused(answers.retry(&failure, &ssid)).await;
            asked.map_err(|error| Failure::from(error).at(Stage::Recover))?
        } else {
            Retry::Stop
        };
        self.failure = Some(failure);
        self.facts.retry = Some(self.new_target(retry, answers).await?);
        Ok(())
    }

    /// What the next try needs that no scan can give; how to go on with it.
    async fn new_target(&mut self, retry: Retry, answers: &mut dyn Answers) -> Result<Retry, Failure> {
        match (&self.target, retry) {
            (_, Retry::Stop) => Ok(Retry::Stop),
            (Some(Target::Wifi { ssid, .. }), Retry::SameNetwork) => {
                let ssid = ssid.clone();
                let passphrase = self.ask_passphrase(answers, &ssid).await?;
                self.target = Some(Target::Wifi { ssid, passphrase });
                Ok(Retry::SameNetwork)
            }
            // Whichever Thread network is meant, its dataset is all there is to it.
            (Some(Target::Thread(_)), Retry::SameNetwork | Retry::AnotherNetwork) => {
                self.target = Some(Target::Thread(self.ask_dataset(answers).await?));
                Ok(Retry::SameNetwork)
            }
            (_, retry) => Ok(retry),
        }
    }

    fn ssid(&self) -> &[u8] {
        match &self.target {
            Some(Target::Wifi { ssid, .. }) => ssid,
            _ => &[],
        }
    }
}

fn at_apply(error: SessionError) -> Failure {
    Failure::from(error).at(Stage::Apply)
}

/// No word from the device, and time left to wait for one.
fn is_link_gone(error: &SessionError) -> bool {
    matches!(error.meaning(), Meaning::LinkLost | Meaning::Unreachable | Meaning::TimedOut) && !join::is_total(error)
}

fn is_internal_error(error: &SessionError) -> bool {
    let internal = i32::from(Status::InternalError);
    matches!(&error.kind, SessionErrorKind::Reply(ReplyError::Refused(status)) if *status == internal)
}

fn is_same_network(joined: &Joined, wanted: &[u8]) -> bool {
    matches!(joined, Joined::Wifi { ssid, .. } if ssid == wanted)
}
