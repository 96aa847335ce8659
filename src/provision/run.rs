//! One device from "not reached" to a verdict: walks the stages that the rule in `stages` names.
//!
//! What is done at a stage is in `secure.rs`, `choose.rs` and `network.rs`; only association, one request, is here.

use std::time::Duration;

use tokio::time::Instant;

use super::Context;
use super::answers::Answers;
use super::network::Target;
use super::plan::Plan;
use super::scan::call_retrying;
use super::secure::{self, Opened};
use super::stages::{Facts, next};
use crate::code::Code;
use crate::endpoint::associate::SetUserMapping;
use crate::endpoint::config::Joined;
use crate::endpoint::scan::{Network, Radio};
use crate::event::Event;
use crate::failure::Failure;
use crate::session::deadline::limit;
use crate::session::{Meaning, Session};
use crate::stage::Stage;
use crate::wire::version::VersionInfo;

/// How often a person may try again before the run ends by itself.
pub(super) const RETRIES: usize = 10;

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
    /// It had joined the wanted network before; the credentials given were not applied, so nothing is known of them.
    AlreadyOnline(Joined),
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

/// A run whose session stands.
pub(super) struct Run<'a, 'c> {
    pub(super) plan: &'a Plan,
    pub(super) context: &'a mut Context<'c>,
    pub(super) version: &'a VersionInfo,
    pub(super) session: Session,
    pub(super) radio: Radio,
    pub(super) target: Option<Target>,
    pub(super) heard: Vec<Network>,
    pub(super) node_id: Option<String>,
    pub(super) failure: Option<Failure>,
    pub(super) facts: Facts,
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
                    Ok(verdict) => return Ok(verdict),
                    Err(failure) => self.note_outcome(Err(failure))?,
                },
                Stage::Recover => {
                    recoveries += 1;
                    self.recover(answers, recoveries <= RETRIES).await?;
                }
                Stage::Connect | Stage::Identify | Stage::Secure | Stage::Request => {}
            }
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(Verdict::NoNetwork),
        }
    }

    /// A device takes either Wi-Fi or Thread credentials; giving it the other kind alone is said before anything is
    /// sent. Where both are there, as in an environment for devices of both kinds, it takes its own.
    fn check_plan_fits(&self) -> Result<(), Failure> {
        let mismatch = |message: &str| Err(Failure::new(Code::UsageConflict).at(Stage::Identify).saying(message));
        match self.radio {
            Radio::Thread if self.plan.wifi.ssid.is_some() && self.plan.dataset.is_none() => {
                mismatch("the device is a Thread device: it takes --thread-dataset, not --ssid")
            }
            Radio::Wifi if self.plan.dataset.is_some() && self.plan.wifi.ssid.is_none() => {
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
        self.context.before(Stage::Associate).await?;
        let request = SetUserMapping { user_id: &mapping.user_id, secret_key: &mapping.secret_key };
        let told = call_retrying(&mut self.session, &mut *self.context.rng, &request).await;
        let node_id = told.map_err(|error| match error.meaning() {
            Meaning::Refused => Failure::new(Code::AssociationRefused).at(Stage::Associate).caused_by(&error),
            Meaning::NoEndpoint => Failure::from(error)
                .at(Stage::Associate)
                .saying("the firmware has no plain user association")
                .hint("leave out --user-id and --secret-key"),
            _ => Failure::from(error).at(Stage::Associate),
        })?;
        self.observe(&Event::Associated { node_id: node_id.clone() });
        self.node_id = Some(node_id);
        Ok(())
    }

    pub(super) fn started(&self, stage: Stage, deadline: Duration) {
        self.observe(&Event::Started { stage, deadline });
    }

    pub(super) fn observe(&self, event: &Event) {
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
            | Code::ThreadDatasetRejected
    )
}
