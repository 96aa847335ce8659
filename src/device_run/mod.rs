//! The run of one device: its observers, how long it may take, what is taken out of its board's log, and what ends it
//! early. Built from plain values, so that a process may have hundreds at a time; it knows no terminal and no options.
//!
//! - `attempt.rs`: how far it came, for its failure
//! - `last_stage.rs`: where an interrupted run was
//! - `redacting.rs`: the secrets of a run, and answers that add to them
//! - `warnings.rs`: what the run was warned of

mod attempt;
mod last_stage;
mod redacting;
mod warnings;

pub use redacting::{RedactingAnswers, learn_given};

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio_util::sync::CancellationToken;

use crate::board::{LinkLog, LogHistory, Redaction, address_in_log, diagnose};
use crate::code::{Code, Fact, LOG_SILENT};
use crate::device::{Answers, Context, Device, DialectChoice, Need, SecurityPlan, SharedRng, open};
use crate::event::{FanOut, Observer};
use crate::failure::Failure;
use crate::session::deadline::Budget;
use crate::stage::Stage;
use crate::text;
use crate::transport::{Locator, TransportKind};
use attempt::Attempts;
use last_stage::LastStage;
use warnings::Warnings;

/// The run of one device.
pub struct DeviceRun {
    /// Where its events go.
    pub observer: Arc<dyn Observer>,
    /// How long it may take.
    pub budget: Budget,
    /// What is taken out of whatever its board prints.
    pub redaction: Redaction,
    /// What its board printed, with the stage the run was in.
    history: Arc<LogHistory>,
    last_stage: Arc<LastStage>,
    warnings: Arc<Warnings>,
    attempts: Arc<Attempts>,
    interruption: CancellationToken,
}

/// Where the board's log is to be had during a run, for the advice after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogAccess {
    /// Nowhere in this command.
    Apart,
    /// On the link itself.
    Here,
    /// With `--listen`, which was not given.
    Offered,
    /// On this port, where it was heard.
    Heard(String),
}

impl DeviceRun {
    /// A run of at most `timeout` from now on, which ends early once `interruption` is cancelled.
    pub fn new(
        timeout: Option<Duration>,
        observers: impl IntoIterator<Item = Arc<dyn Observer>>,
        interruption: CancellationToken,
    ) -> Self {
        let (last_stage, history) = (Arc::new(LastStage::default()), Arc::new(LogHistory::default()));
        let (warnings, attempts) = (Arc::new(Warnings::default()), Arc::new(Attempts::new()));
        let own: [Arc<dyn Observer>; 4] = [last_stage.clone(), history.clone(), warnings.clone(), attempts.clone()];
        Self {
            observer: Arc::new(FanOut(own.into_iter().chain(observers).collect())),
            budget: Budget::new(timeout),
            redaction: Redaction::default(),
            history,
            last_stage,
            warnings,
            attempts,
            interruption,
        }
    }

    /// What a run works with.
    pub fn context(&self, kind: &'static dyn TransportKind) -> Context<'static> {
        Context {
            kind,
            observer: self.observer.clone(),
            log: Arc::new(LinkLog::new(self.observer.clone(), self.redaction.clone())),
            budget: self.budget.clone(),
            rng: SharedRng::new(UnwrapErr(SysRng)),
        }
    }

    /// Opens a device for what `need` says, in the dialect that was chosen or the first that it speaks.
    ///
    /// # Errors
    /// Those of the stages connect, identify and secure, and where the device cannot be asked for that.
    pub async fn open(
        &self,
        (choice, need): (DialectChoice, Need<'_>),
        to: &Locator,
        plan: &SecurityPlan,
        context: &Context<'_>,
        answers: &mut dyn Answers,
    ) -> Result<Box<dyn Device>, Failure> {
        redacting::learn(&self.redaction, plan);
        let mut answers = RedactingAnswers { answers, redaction: self.redaction.clone() };
        let reached = open(choice, to, context, &mut answers).await?;
        match reached.lacks(need) {
            Some(failure) => {
                reached.close().await;
                Err(failure)
            }
            None => reached.secure(plan, context, &mut answers).await,
        }
    }

    /// A failure with what the board said about it, where it was heard, and else how to hear it.
    #[must_use]
    pub fn diagnosed(&self, mut failure: Failure, log: &LogAccess) -> Failure {
        if failure.code == Code::ConsoleNoPrompt {
            // It quotes the board, which may have printed what it was given.
            failure.causes.iter_mut().for_each(|cause| *cause = self.redaction.hide(cause));
        }
        let told = self.history.told();
        let failure = diagnose(&told, self.history.attempt(), failure);
        match log {
            LogAccess::Offered => failure,
            LogAccess::Apart => failure.knowing(Fact::LogElsewhere),
            LogAccess::Heard(port) if told.is_empty() => {
                // A board that joins logs that; a person who listens wants to know why it does not.
                let waited = failure.stage == Some(Stage::AwaitNetwork);
                let failure = if waited { failure.last_hint(LOG_SILENT) } else { failure };
                failure.knowing_value(Fact::LogSilent, text::sanitise(port))
            }
            LogAccess::Heard(_) | LogAccess::Here => failure.knowing(Fact::LogHeard),
        }
    }

    /// The address on this network that the board has logged since the credentials were handed over last.
    pub fn address_in_log(&self, ssid: &[u8]) -> Option<IpAddr> {
        address_in_log(&self.history.told(), self.history.attempt(), ssid)
    }

    /// What the run was warned of so far; a failure of the run has it anyway.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.so_far()
    }

    /// What is known of the device and of the wanted network before the run begins.
    pub fn given(&self, name: Option<&str>, ssid: Option<&[u8]>) {
        self.attempts.given(name, ssid);
    }

    /// How long the run has taken so far.
    pub fn took(&self) -> Duration {
        self.attempts.so_far().took
    }

    /// Runs to the end, or until it is interrupted; `work` is dropped then, which releases its link.
    ///
    /// # Errors
    /// Those of `work`; [`Code::Interrupted`]; and the failure of an observer that cannot end its own work.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let result = tokio::select! {
            biased;
            // What is done already is not interrupted.
            result = work => result,
            () = self.interruption.cancelled() => Err(self.last_stage.interruption()),
        };
        let ended = self.observer.at_end().await;
        result
            .and_then(|done| ended.map(|()| done))
            .map_err(|failure| failure.warned(self.warnings()).during(self.attempts.so_far()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{self, BoxFuture};

    use super::*;
    use crate::event::Event;

    /// A trace on a disk that fills up after the run has last asked.
    struct Full;

    impl Observer for Full {
        fn observe(&self, _: &Event) {}
        fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
            Box::pin(future::ready(Err(Failure::new(Code::TraceFailed))))
        }
    }

    #[tokio::test]
    async fn a_trace_that_is_cut_short_fails_the_run() {
        let run = DeviceRun::new(None, [], CancellationToken::new());
        assert_eq!(run.run(async { Ok(7) }).await, Ok(7));
        let full: Arc<dyn Observer> = Arc::new(Full);
        let run = DeviceRun::new(None, [full], CancellationToken::new());
        assert_eq!(run.run(async { Ok(7) }).await.unwrap_err().code, Code::TraceFailed);
        let failed = run.run(async { Err::<(), _>(Failure::new(Code::LinkLost)) }).await;
        assert_eq!(failed.unwrap_err().code, Code::LinkLost);
    }
}
