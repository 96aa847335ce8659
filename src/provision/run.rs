//! One device from "not reached" to a verdict: walks the stages that the rule in `stages` names.

use std::time::Duration;

use tokio::time::Instant;

use super::Context;
use super::answers::{AnswerError, Answers, Retry, Selection};
use super::join::{self, JoinEnd};
use super::plan::{self, Plan};
use super::scan::{self, steady};
use super::secure::{self, Opened};
use super::stages::{Facts, next};
use crate::endpoint::ReplyError;
use crate::endpoint::associate::SetUserMapping;
use crate::endpoint::config::{Apply, JoinFailure, JoinState, JoinStatus, Joined, SetThread, SetWifi};
use crate::endpoint::scan::{Network, Radio};
use crate::error::{Code, Failure};
use crate::event::{Event, Stage};
use crate::secret::{Passphrase, ThreadDataset};
use crate::session::patience::limit;
use crate::session::{Meaning, Session, SessionError, SessionErrorKind};
use crate::wire::messages::Status;
use crate::wire::version::VersionInfo;

/// How often a person may try again before the run ends by itself.
const RETRIES: usize = 10;

/// What a run led to, where it did not fail.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How far the device came.
    pub verdict: Verdict,
    /// The other end of the link.
    pub peer: String,
    /// The device's version document.
    pub version: VersionInfo,
    /// The security version used.
    pub security: u8,
    /// The node's id, where the device was associated.
    pub node_id: Option<String>,
    /// How long the run took, prompts included.
    pub took: Duration,
}

/// How far the device came.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It says it is connected, and where.
    Online(Joined),
    /// It took the credentials; then the link was lost before it could confirm.
    Applied {
        /// On what evidence.
        cause: String,
    },
    /// No network was wanted (`--no-wifi`).
    NoNetwork,
}

/// Provisions one device.
///
/// # Errors
/// A [`Failure`] with the stage it happened at; the link is released on every way out.
pub async fn provision(plan: &Plan, context: &mut Context<'_>, answers: &mut dyn Answers) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let Opened { session, version } = secure::open(&plan.device, &plan.security, context, answers).await?;
    let peer = session.link().peer();
    let security = session.security();
    let mut run = Run::new(plan, context, session, &version);
    let result = run.walk(answers).await;
    let node_id = run.node_id.take();
    run.session.close().await;
    let verdict = result?;
    Ok(Outcome { verdict, peer, version, security, node_id, took: started.elapsed() })
}

/// The network the device is to join.
enum Target {
    Wifi { ssid: Vec<u8>, passphrase: Passphrase },
    Thread(ThreadDataset),
}

/// A run whose session stands.
struct Run<'a, 'c> {
    plan: &'a Plan,
    context: &'a mut Context<'c>,
    version: &'a VersionInfo,
    session: Session,
    radio: Radio,
    target: Option<Target>,
    heard: Vec<Network>,
    node_id: Option<String>,
    failure: Option<Failure>,
    facts: Facts,
}

impl<'a, 'c> Run<'a, 'c> {
    fn new(plan: &'a Plan, context: &'a mut Context<'c>, session: Session, version: &'a VersionInfo) -> Self {
        let radio = if version.is_thread() { Radio::Thread } else { Radio::Wifi };
        let facts = Facts {
            associate: plan.association.is_some(),
            network_wanted: plan.network,
            // Thread takes a dataset, which no scan can give.
            network_known: radio == Radio::Thread || plan.wifi.ssid.is_some(),
            ..Facts::default()
        };
        Self {
            plan,
            context,
            version,
            session,
            radio,
            target: None,
            heard: Vec::new(),
            node_id: None,
            failure: None,
            facts,
        }
    }

    /// Walks the stages to a verdict.
    async fn walk(&mut self, answers: &mut dyn Answers) -> Result<Verdict, Failure> {
        self.check_plan_fits()?;
        if self.plan.association.is_none() {
            let reason = "no --user-id and --secret-key were given".to_owned();
            self.observe(&Event::Skipped { stage: Stage::Associate, reason });
        }
        let mut stage = Stage::Secure;
        let mut recoveries = 0;
        while let Some(following) = next(stage, &self.facts) {
            stage = following;
            match stage {
                Stage::Associate => self.associate().await?,
                Stage::Scan => self.scan(answers).await?,
                Stage::Configure => {
                    let outcome = self.configure(answers).await;
                    self.note_outcome(outcome)?;
                }
                Stage::Apply => match self.apply().await {
                    Ok(Some(verdict)) => return Ok(verdict),
                    outcome => self.note_outcome(outcome.map(drop))?,
                },
                Stage::AwaitNetwork => match self.await_network().await {
                    Ok(Some(verdict)) => return Ok(verdict),
                    outcome => self.note_outcome(outcome.map(drop))?,
                },
                Stage::Recover => {
                    recoveries += 1;
                    self.recover(answers, recoveries < RETRIES).await?;
                }
                Stage::Connect | Stage::Identify | Stage::Secure | Stage::Request => {}
            }
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(Verdict::NoNetwork),
        }
    }

    /// A device takes either Wi-Fi or Thread credentials; giving it the other kind is said before anything is sent.
    fn check_plan_fits(&self) -> Result<(), Failure> {
        let mismatch = |message: &str| Err(Failure::new(Code::UsageConflict).at(Stage::Identify).saying(message));
        match self.radio {
            Radio::Thread if self.plan.wifi.ssid.is_some() => {
                mismatch("the device is a Thread device: it takes --thread-dataset, not --ssid")
            }
            Radio::Wifi if self.plan.dataset.is_some() => {
                mismatch("the device is a Wi-Fi device: it takes --ssid, not --thread-dataset")
            }
            _ => Ok(()),
        }
    }

    /// A failure of configure, apply or await-network leads to recovery where the device answered; where the link or
    /// the budget is gone there is nothing to recover.
    fn note_outcome(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match outcome {
            Ok(()) => self.facts.failed = false,
            Err(failure) if !recoverable(failure.code) => return Err(failure),
            Err(failure) => {
                self.failure = Some(failure);
                self.facts.failed = true;
            }
        }
        Ok(())
    }

    async fn associate(&mut self) -> Result<(), Failure> {
        self.started(Stage::Associate, limit::EXCHANGE);
        let Some(mapping) = &self.plan.association else { return Ok(()) };
        if self.version.wants_claim() {
            return Err(Failure::new(Code::DeviceUnclaimed).at(Stage::Associate));
        }
        if self.version.has_challenge_response() {
            return Err(Failure::new(Code::UsageUnsupported)
                .at(Stage::Associate)
                .saying("the device associates by challenge and response, which needs an account at its back end")
                .because("its version document lists ch_resp, so it has no plain user mapping")
                .hint("leave out --user-id and --secret-key to provision it without association"));
        }
        let request = SetUserMapping { user_id: &mapping.user_id, secret_key: &mapping.secret_key };
        let node_id = self.session.call(&request).await.map_err(|error| match error.meaning() {
            Meaning::Refused => Failure::new(Code::AssociationRefused).at(Stage::Associate).caused_by(&error),
            _ => Failure::from(error).at(Stage::Associate),
        })?;
        self.observe(&Event::Associated { node_id: node_id.clone() });
        self.node_id = Some(node_id);
        Ok(())
    }

    /// Scans, and has a person choose.
    async fn scan(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        loop {
            self.started(Stage::Scan, limit::SCAN);
            if self.version.can_scan() || !self.version.structured {
                scan::prepare(&mut self.session, &mut *self.context.rng, self.radio).await?;
                self.heard = scan::wifi(&mut self.session, &mut *self.context.rng).await?;
            } else {
                let reason = "the device's firmware cannot scan".to_owned();
                self.observe(&Event::Skipped { stage: Stage::Scan, reason });
            }
            self.observe(&Event::Scanned { networks: self.heard.clone() });
            let asked = self.context.patience.off_the_clock(answers.network(&self.heard)).await;
            let (ssid, open) = match asked.map_err(at_scan)? {
                Selection::Rescan => continue,
                Selection::Other(ssid) => (ssid, false),
                Selection::Listed(index) => match self.heard.get(index) {
                    Some(network) if network.strongest().auth.is_enterprise() => {
                        return Err(Failure::new(Code::WifiEnterprise).at(Stage::Scan));
                    }
                    Some(network) => (network.ssid().to_vec(), network.strongest().auth.is_open()),
                    None => continue,
                },
            };
            plan::check_ssid(&ssid).map_err(|failure| failure.at(Stage::Scan))?;
            let given = self.plan.wifi.passphrase.clone().filter(|_| self.failure.is_none());
            let passphrase = match given {
                Some(passphrase) => passphrase,
                None if open => Passphrase::new([]),
                None => self.ask_passphrase(answers, &ssid).await?,
            };
            self.target = Some(Target::Wifi { ssid, passphrase });
            return Ok(());
        }
    }

    async fn ask_passphrase(&self, answers: &mut dyn Answers, ssid: &[u8]) -> Result<Passphrase, Failure> {
        let asked = self.context.patience.off_the_clock(answers.passphrase(ssid)).await;
        let passphrase = asked.map_err(at_scan)?;
        plan::check_passphrase(&passphrase).map_err(|failure| failure.at(Stage::Scan))?;
        Ok(passphrase)
    }

    /// Hands over the credentials; asks for what is still missing.
    async fn configure(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
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
    async fn apply(&mut self) -> Result<Option<Verdict>, Failure> {
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

    async fn await_network(&mut self) -> Result<Option<Verdict>, Failure> {
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
    async fn recover(&mut self, answers: &mut dyn Answers, may_retry: bool) -> Result<(), Failure> {
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

    fn started(&self, stage: Stage, deadline: Duration) {
        self.observe(&Event::Started { stage, deadline });
    }

    fn observe(&self, event: &Event) {
        self.context.observer.observe(event);
    }
}

/// Failures after which the device still listens and can be put back to its start.
fn recoverable(code: Code) -> bool {
    matches!(
        code,
        Code::DeviceRefused
            | Code::DeviceBadReply
            | Code::WifiAuthFailed
            | Code::WifiNotFound
            | Code::WifiNotJoined
            | Code::ThreadNotFound
            | Code::ThreadNotAttached
    )
}

fn is_internal_error(error: &SessionError) -> bool {
    let internal = i32::from(Status::InternalError);
    matches!(&error.kind, SessionErrorKind::Reply(ReplyError::Refused(status)) if *status == internal)
}

fn is_same_network(joined: &Joined, wanted: &[u8]) -> bool {
    matches!(joined, Joined::Wifi { ssid, .. } if ssid == wanted)
}

fn at_scan(error: AnswerError) -> Failure {
    Failure::from(error).at(Stage::Scan)
}
