//! The run of a command that talks to a device: who watches it, who answers its questions, how long it may take, and
//! what ends it early.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future;
use getrandom::SysRng;
use rand_core::UnwrapErr;

use super::App;
use super::args::{RecordArgs, SessionArgs};
use super::board::{RedactingAnswers, learn};
use super::device::{self, CONSOLE, Target};
use super::dialect::NeedsSession;
use super::input::one_reader;
use crate::board::{LinkLog, LogHistory, Redaction, diagnose};
use crate::code::{Code, UNHEARD};
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::provision::{Answers, Context, Opened, PromptsOff, SecurityPlan, open};
use crate::report::answers::AtTerminal;
use crate::report::fan_out::FanOut;
use crate::report::progress::Progress;
use crate::report::records::{self, Records};
use crate::session::deadline::Budget;
use crate::stage::Stage;
use crate::text;
use crate::transport::{Locator, TransportKind};

/// Who watches a run and who answers its questions.
pub(super) struct DeviceRun {
    pub(super) observer: Arc<dyn Observer>,
    pub(super) budget: Budget,
    /// The terminal, where somebody can be asked.
    pub(super) terminal: Option<AtTerminal>,
    /// What is taken out of whatever a board prints.
    pub(super) redaction: Redaction,
    /// What a board printed, with the stage the run was in.
    memory: Arc<LogHistory>,
    progress: Option<Arc<Progress>>,
    last: Arc<LastStage>,
}

/// Opens a session with the device, carries out `work` in it, and closes it on every way out but an interruption, which
/// drops it.
///
/// `needs` is what the work is for a board with the agent's console alone.
pub(super) async fn in_session<T>(
    args: &SessionArgs,
    app: &App<'_>,
    needs: NeedsSession<'_>,
    work: impl AsyncFnOnce(&mut Opened, &mut Context<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    one_reader(&args.device, &args.security, &[])?;
    let target = device::target(&args.device, app)?;
    needs.check(&target.locator)?;
    let plan = device::security_plan(&args.security, None, target.payload.as_ref(), app)?;
    let device_run = DeviceRun::new(args.device.timeout, &args.record, app)?;
    let run = async {
        match device_run.in_session(&target, &plan, work).await {
            Ok(done) => Ok(done),
            Err(failure) => {
                Err(Box::pin(needs.explain(failure, &target.locator, &device_run.context(target.kind))).await)
            }
        }
    };
    let log = Log::of(&target.locator);
    Box::pin(device_run.run(async { run.await.map_err(|failure| device_run.diagnosed(failure, &log)) })).await
}

/// Where the board's log is to be had during a run, for the advice after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Log {
    /// Nowhere in this command.
    Apart,
    /// On the link itself.
    Here,
    /// With `--listen`, which was not given.
    Offered,
    /// On this port, where it was heard.
    Heard(String),
}

impl Log {
    /// For a command that has no `--listen`.
    pub(super) fn of(device: &Locator) -> Self {
        if device.scheme() == CONSOLE { Self::Here } else { Self::Apart }
    }
}

impl DeviceRun {
    /// Sets up observers and answers, for a run of at most `timeout` seconds; a trace file is opened, and written to, here.
    pub(super) fn new(timeout: u64, record: &RecordArgs, app: &App<'_>) -> Result<Self, Failure> {
        let last = Arc::new(LastStage::default());
        let memory = Arc::new(LogHistory::default());
        let mut watchers: Vec<Arc<dyn Observer>> = vec![last.clone(), memory.clone()];
        let mut progress = None;
        if record.events {
            watchers.push(Arc::new(Records::new(io::stderr(), app.output.verbose > 0)));
        } else {
            let shown = Arc::new(Progress::new(app.output));
            watchers.push(shown.clone());
            progress = Some(shown);
        }
        if let Some(path) = &record.trace {
            let records = records::trace(path)
                .map_err(|error| Failure::new(Code::TraceFailed).because(format!("{}: {error}", path.display())))?;
            watchers.push(Arc::new(records));
        }
        let asks = progress.clone().filter(|_| app.output.may_ask);
        Ok(Self {
            observer: Arc::new(FanOut(watchers)),
            budget: Budget::new(Some(Duration::from_secs(timeout))),
            terminal: asks.map(|progress| AtTerminal::new(app.output, progress)),
            redaction: Redaction::default(),
            memory,
            progress,
            last,
        })
    }

    /// Who answers.
    pub(super) fn answers(&self) -> Box<dyn Answers> {
        match &self.terminal {
            Some(terminal) => Box::new(terminal.clone()),
            None => Box::new(PromptsOff),
        }
    }

    /// What a run works with.
    pub(super) fn context(&self, kind: &'static dyn TransportKind) -> Context<'static> {
        Context {
            kind,
            observer: self.observer.clone(),
            log: Arc::new(LinkLog::new(self.observer.clone(), self.redaction.clone())),
            budget: self.budget.clone(),
            rng: Box::new(UnwrapErr(SysRng)),
        }
    }

    /// Opens a session, carries out `work` in it, and closes it on every way out but an interruption.
    pub(super) async fn in_session<T>(
        &self,
        target: &Target,
        plan: &SecurityPlan,
        work: impl AsyncFnOnce(&mut Opened, &mut Context<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        learn(&self.redaction, plan);
        let mut context = self.context(target.kind);
        let mut answers = self.answers();
        let mut answers = RedactingAnswers { answers: &mut *answers, redaction: self.redaction.clone() };
        let mut opened = open(&target.locator, plan, &mut context, &mut answers).await?;
        let result = work(&mut opened, &mut context).await;
        opened.session.close().await;
        result
    }

    /// A failure with what the board said about it, where it was heard, and else how to hear it.
    pub(super) fn diagnosed(&self, mut failure: Failure, log: &Log) -> Failure {
        if failure.code == Code::ConsoleNoPrompt {
            // It quotes the board, which may have printed what it was given.
            failure.causes.iter_mut().for_each(|cause| *cause = self.redaction.hide(cause));
        }
        let told = self.memory.told();
        let mut failure = diagnose(&told, self.memory.attempt(), failure);
        let unheard = |hint: &String| UNHEARD.contains(&hint.as_str());
        let instead = match log {
            Log::Offered => return failure,
            Log::Apart => "the device's own log says more: run espctl monitor in another terminal".to_owned(),
            Log::Heard(port) if told.is_empty() => format!(
                "the board printed nothing on {} meanwhile: check that it is the board's console port, and --baud",
                text::sanitise(port)
            ),
            Log::Heard(_) | Log::Here => {
                failure.hints.retain(|hint| !unheard(hint));
                return failure;
            }
        };
        let waited = failure.stage == Some(Stage::AwaitNetwork) && matches!(log, Log::Heard(_));
        if waited && !failure.hints.iter().any(unheard) {
            // A board that joins logs it, and whoever listens expects to be told why it does not.
            failure.hints.push(instead);
            return failure;
        }
        failure.hints.iter_mut().filter(|hint| unheard(hint)).for_each(|hint| instead.clone_into(hint));
        failure
    }

    /// Runs to the end, or until Ctrl-C or SIGTERM; the run's future is dropped then, which releases its link.
    pub(super) async fn run<T>(&self, run: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let result = tokio::select! {
            result = run => result,
            () = interrupted() => Err(self.last.interruption()),
        };
        let result = match result {
            Ok(done) => self.observer.at_end().await.map(|()| done),
            Err(failure) => Err(failure),
        };
        if let Some(progress) = &self.progress {
            progress.finish();
        }
        result
    }
}

/// Completes on Ctrl-C or, on Unix, SIGTERM or SIGHUP. What comes from the call on counts, not from the first poll on: a
/// run may get far before that.
pub(super) fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| signal(kind).ok())
    };
    #[cfg(windows)]
    let signals = [tokio::signal::windows::ctrl_c().ok()];
    async move {
        let waiting = signals.map(|signal| {
            Box::pin(async move {
                match signal {
                    Some(mut signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            })
        });
        future::select_all(waiting).await;
    }
}

/// Remembers where a run is, for the message after an interruption.
#[derive(Default)]
struct LastStage {
    state: Mutex<(Option<Stage>, bool)>,
}

impl LastStage {
    fn interruption(&self) -> Failure {
        let (stage, applied) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failure = Failure::new(Code::Interrupted);
        failure.stage = stage;
        if applied {
            failure = failure.hint("the device had taken the credentials and goes on joining by itself");
        }
        failure
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Output, Paint};
    use crate::transport::BoxFuture;

    /// A trace on a disk that fills up after the run has last asked.
    struct Full;

    impl Observer for Full {
        fn observe(&self, _: &Event) {}
        fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
            Box::pin(future::ready(Err(Failure::new(Code::TraceFailed))))
        }
    }

    #[tokio::test]
    async fn a_trace_that_is_cut_short_is_no_success() {
        let off = Paint { enabled: false };
        let output = Output {
            json: false,
            events: false,
            quiet: true,
            verbose: 0,
            may_ask: false,
            plain: true,
            redraw: false,
            ascii: true,
            width: None,
            columns: None,
            stdout: off,
            stderr: off,
        };
        let app = App { kinds: &[], environment: &|_| None, output };
        let device_run = DeviceRun::new(10, &RecordArgs { events: false, trace: None }, &app).expect("a run");
        assert_eq!(device_run.run(async { Ok(7) }).await, Ok(7));
        let device_run = DeviceRun { observer: Arc::new(Full), ..device_run };
        assert_eq!(device_run.run(async { Ok(7) }).await.unwrap_err().code, Code::TraceFailed);
        let failed = device_run.run(async { Err::<(), _>(Failure::new(Code::LinkLost)) }).await;
        assert_eq!(failed.unwrap_err().code, Code::LinkLost);
    }
}
