//! One device from "not reached" to a verdict: walks the stages that the rule in `stages` names.

use tokio::time::Instant;

use super::outcome::{Outcome, Verdict};
use super::plan::Plan;
use super::stages::next;
use super::state::{Run, Way};
use crate::code::Code;
use crate::device::{Answers, Applied, Context, JoinEnd, Retry, open};
use crate::endpoint::scan::Radio;
use crate::event::Event;
use crate::failure::Failure;
use crate::stage::Stage;

/// How often a person may try again before the run ends by itself.
const RETRIES: usize = 10;

/// Provisions one device.
///
/// # Errors
/// A [`Failure`] with the stage it happened at; the link is released on every way out.
pub async fn provision(plan: &Plan, context: &Context<'_>, answers: &mut dyn Answers) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let mut run = Run::new(plan, context);
    let walked = run.walk(answers).await;
    run.release().await;
    run.cancel().await;
    walked?;
    match (run.failure, run.device) {
        (Some(failure), _) => Err(failure),
        (None, Some(device)) => {
            let node_id = run.node_id.or_else(|| device.node_id.clone());
            let ssid = run.credentials.map(|credentials| credentials.ssid().to_vec()).unwrap_or_default();
            Ok(Outcome { verdict: run.verdict, device, ssid, node_id, took: started.elapsed() })
        }
        (None, None) => Err(Failure::new(Code::Unexpected).because("the stages ended before a device was reached")),
    }
}

impl Run<'_> {
    /// Walks the stages to their end. What the last try to join failed with is left in `failure`.
    async fn walk(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        let mut stage = Some(Stage::Prepare);
        while let Some(current) = stage {
            self.carry_out(current, answers).await?;
            stage = next(current, &self.situation);
        }
        Ok(())
    }

    async fn carry_out(&mut self, stage: Stage, answers: &mut dyn Answers) -> Result<(), Failure> {
        match stage {
            // Opening tells which dialect the device speaks, so it has identified the device as well.
            Stage::Connect => {
                let device = open(self.plan.dialect, &self.plan.device, self.context, answers).await?;
                self.way = Way::Reached(device);
                Ok(())
            }
            Stage::Secure => self.secure(answers).await,
            Stage::Prepare => self.prepare().await,
            Stage::Associate => self.associate().await,
            Stage::Scan => self.scan(answers).await,
            Stage::Configure => {
                let outcome = self.configure(answers).await;
                self.note_outcome(outcome)
            }
            Stage::Apply => {
                let outcome = self.apply().await;
                self.note_outcome(outcome)
            }
            Stage::AwaitNetwork => {
                let outcome = self.await_network().await;
                self.note_outcome(outcome)
            }
            Stage::Recover => self.recover(answers).await,
            Stage::Return => {
                self.release().await;
                Ok(())
            }
            Stage::Confirm => self.confirm().await,
            // Nothing is recorded yet, and the other two have no work of their own here.
            Stage::Identify | Stage::Record | Stage::Request => Ok(()),
        }
    }

    async fn secure(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        let plan = self.plan;
        if let Way::Reached(device) = &self.way {
            device.check_network(&plan.wifi, plan.dataset.as_ref())?;
        }
        if let Way::Reached(device) = std::mem::replace(&mut self.way, Way::Apart) {
            self.way = Way::Open(device.secure(&plan.security, self.context, answers).await?);
        }
        let facts = self.device()?.facts().clone();
        // Thread takes a dataset, which no scan can give.
        self.situation.network_known = facts.radio == Radio::Thread || plan.wifi.ssid.is_some();
        self.device = Some(facts);
        if plan.backend.is_none() {
            let reason = "no --user-id and --secret-key were given".to_owned();
            self.observe(&Event::Skipped { stage: Stage::Associate, reason });
        }
        Ok(())
    }

    /// Hands over the credentials; asks for what is still missing.
    async fn configure(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        self.started(Stage::Configure);
        let credentials = match self.credentials.take() {
            Some(credentials) => credentials,
            None => self.planned(answers).await?,
        };
        let configured = self.device()?.configure(&credentials).await;
        self.credentials = Some(credentials);
        configured
    }

    async fn apply(&mut self) -> Result<(), Failure> {
        self.started(Stage::Apply);
        self.context.before(Stage::Apply).await?;
        self.verdict = match self.device()?.apply().await? {
            Applied::Taken => {
                self.observe(&Event::Applied);
                return Ok(());
            }
            Applied::Already(joined) => Verdict::AlreadyOnline(joined),
            Applied::Unconfirmed { cause } => Verdict::Applied { cause },
        };
        self.situation.settled = true;
        Ok(())
    }

    async fn await_network(&mut self) -> Result<(), Failure> {
        self.started(Stage::AwaitNetwork);
        self.verdict = match self.device()?.join().await? {
            JoinEnd::Joined(joined) => Verdict::Online(joined),
            JoinEnd::Unconfirmed { cause } => Verdict::Applied { cause },
        };
        Ok(())
    }

    /// A failure of configure, apply or await-network leads to recovery where the device answered; where the link or
    /// the budget is gone there is nothing to recover.
    fn note_outcome(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        self.situation.failed = outcome.is_err();
        match outcome {
            Err(failure) if !recoverable(failure.code) => return Err(failure),
            Err(failure) => self.failure = Some(failure),
            Ok(()) => self.failure = None,
        }
        Ok(())
    }

    /// Resets the device and asks whether to try again.
    async fn recover(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        self.recoveries += 1;
        self.started(Stage::Recover);
        let mut failure = self.failure.take().unwrap_or_else(|| Failure::new(Code::Unexpected));
        let ready = self.device()?.recover(&mut failure).await;
        let asked = if ready && self.recoveries <= RETRIES && self.plan.retry {
            self.context.budget.paused(answers.retry(&failure, &self.ssid())).await
        } else {
            Ok(Retry::Stop)
        };
        self.failure = Some(failure);
        let retry = asked.map_err(|error| self.unanswered(error, Stage::Recover))?;
        self.situation.retry = Some(self.renew(retry, answers).await?);
        Ok(())
    }
}

/// Failures after which the device still listens and can be reset.
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
