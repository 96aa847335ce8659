//! From credentials to a verdict: configure, apply, await the network, and recover where that failed.

use super::answers::{Answers, Retry};
use super::join::{self, JoinEnd};
use super::plan;
use super::run::{Run, Verdict};
use super::scan::{self, steady};
use crate::endpoint::ReplyError;
use crate::endpoint::config::{Apply, JoinFailure, JoinState, JoinStatus, Joined, SetThread, SetWifi};
use crate::endpoint::scan::Radio;
use crate::error::{Code, Failure};
use crate::event::{Event, Stage};
use crate::secret::{Passphrase, ThreadDataset};
use crate::session::patience::limit;
use crate::session::{Meaning, SessionError, SessionErrorKind};
use crate::wire::messages::Status;

/// The network the device is to join.
pub(super) enum Target {
    Wifi { ssid: Vec<u8>, passphrase: Passphrase },
    Thread(ThreadDataset),
}

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
            let dataset = if let Some(dataset) = &self.plan.dataset {
                dataset.clone()
            } else {
                let asked = self.context.patience.off_the_clock(answers.thread_dataset()).await;
                asked.map_err(|error| Failure::from(error).at(Stage::Configure))?
            };
            plan::check_dataset(&dataset)?;
            return Ok(Target::Thread(dataset));
        }
        let ssid = self.plan.wifi.ssid.clone().unwrap_or_default();
        let passphrase = match &self.plan.wifi.passphrase {
            Some(passphrase) => passphrase.clone(),
            None => self.ask_passphrase(answers, &ssid).await?,
        };
        Ok(Target::Wifi { ssid, passphrase })
    }

    /// Has the credentials applied: from here on nothing can be taken back.
    pub(super) async fn apply(&mut self) -> Result<Option<Verdict>, Failure> {
        self.started(Stage::Apply, limit::EXCHANGE);
        let observer = self.context.observer.clone();
        observer.ready().map_err(|why| Failure::new(Code::TraceFailed).at(Stage::Apply).because(why))?;
        let request = if self.radio == Radio::Thread { Apply::Thread } else { Apply::Wifi };
        let first = self.session.call(&request).await;
        let lost = matches!(&first, Err(error) if error.meaning() != Meaning::Refused);
        let outcome = match first {
            Err(error) if matches!(error.meaning(), Meaning::SessionLost | Meaning::LinkLost) => {
                steady(&mut self.session, &mut *self.context.rng, &request).await
            }
            outcome => outcome,
        };
        match outcome {
            Ok(()) => {}
            // The first request had arrived after all: a second one is refused because the device is joining.
            Err(error) if lost && is_internal_error(&error) => {}
            Err(error) if is_internal_error(&error) => return self.apply_refused(&request, error).await,
            Err(error) if lost && error.meaning() != Meaning::Refused => {
                return Ok(Some(Verdict::Applied { cause: error.to_string() }));
            }
            Err(error) => return Err(Failure::from(error).at(Stage::Apply)),
        }
        self.observe(&Event::Applied);
        Ok(None)
    }

    /// Firmware refuses "apply" outside its start state: it is connected, or its last join failed.
    async fn apply_refused(&mut self, request: &Apply, error: SessionError) -> Result<Option<Verdict>, Failure> {
        let status = if self.radio == Radio::Thread { JoinStatus::Thread } else { JoinStatus::Wifi };
        let refused = |error: SessionError| Failure::from(error).at(Stage::Apply);
        match self.session.call(&status).await {
            Ok(JoinState::Joined(joined)) if is_same_network(&joined, self.ssid()) => {
                let text = "the device had joined this network already".to_owned();
                self.observe(&Event::Note { text });
                Ok(Some(Verdict::Online(joined)))
            }
            Ok(JoinState::Joined(joined)) => Err(join::already(&joined).at(Stage::Apply)),
            Ok(JoinState::Failed(_)) => {
                let text = "the device's last join had failed; it was reset".to_owned();
                self.observe(&Event::Note { text });
                join::reset(&mut self.session, &mut *self.context.rng, self.radio).await;
                self.send_target().await.map_err(refused)?;
                self.session.call(request).await.map_err(refused)?;
                self.observe(&Event::Applied);
                Ok(None)
            }
            _ => Err(refused(error)),
        }
    }

    async fn send_target(&mut self) -> Result<(), SessionError> {
        let rng = &mut *self.context.rng;
        match &self.target {
            Some(Target::Wifi { ssid, passphrase }) => {
                let (bssid, channel) = (self.plan.wifi.bssid, self.plan.wifi.channel.unwrap_or(0));
                steady(&mut self.session, rng, &SetWifi { ssid, passphrase, bssid, channel }).await
            }
            Some(Target::Thread(dataset)) => steady(&mut self.session, rng, &SetThread { dataset }).await,
            None => Ok(()),
        }
    }

    pub(super) async fn await_network(&mut self) -> Result<Option<Verdict>, Failure> {
        self.started(Stage::AwaitNetwork, limit::JOIN);
        let observer = self.context.observer.clone();
        let end = join::wait(&mut self.session, &mut *self.context.rng, self.radio, &*observer).await?;
        match end {
            JoinEnd::Joined(joined) => Ok(Some(Verdict::Online(joined))),
            JoinEnd::Unconfirmed { cause } => Ok(Some(Verdict::Applied { cause })),
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
        let failure = self.failure.take().unwrap_or_else(|| Failure::new(Code::Unexpected));
        let failure = if back {
            self.observe(&Event::Reset);
            failure
        } else {
            failure.hint("the device could not be reset: power-cycle it before the next try")
        };
        self.facts.retry = if back && may_retry && self.plan.retry {
            let ssid = self.ssid().to_vec();
            let asked = self.context.patience.off_the_clock(answers.retry(&failure, &ssid)).await;
            Some(asked.map_err(|error| Failure::from(error).at(Stage::Recover))?)
        } else {
            Some(Retry::Stop)
        };
        if self.facts.retry == Some(Retry::SameNetwork)
            && let Some(Target::Wifi { ssid, .. }) = &self.target
        {
            let ssid = ssid.clone();
            let passphrase = self.ask_passphrase(answers, &ssid).await?;
            self.target = Some(Target::Wifi { ssid, passphrase });
        }
        self.failure = Some(failure);
        Ok(())
    }

    fn ssid(&self) -> &[u8] {
        match &self.target {
            Some(Target::Wifi { ssid, .. }) => ssid,
            _ => &[],
        }
    }
}

fn is_internal_error(error: &SessionError) -> bool {
    let internal = i32::from(Status::InternalError);
    matches!(&error.kind, SessionErrorKind::Reply(ReplyError::Refused(status)) if *status == internal)
}

fn is_same_network(joined: &Joined, wanted: &[u8]) -> bool {
    matches!(joined, Joined::Wifi { ssid, .. } if ssid == wanted)
}
