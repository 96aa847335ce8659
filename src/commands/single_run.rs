//! What a command brings to the run of its one device: its observers, and the person at the terminal. The run itself is
//! `device_run`.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::args::RecordArgs;
use super::input::{is_standard_input, no_output};
use crate::code::Code;
use crate::device::{Answers, PromptsOff};
use crate::device_run::{DeviceRun, LogAccess};
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::process::input::Input;
use crate::process::load;
use crate::report::Document;
use crate::report::answers::AtTerminal;
use crate::report::progress::Progress;
use crate::report::records::{self, Records};
use crate::transport::TransportKind;

/// The terminal of the person who can be asked, if there is one.
pub(super) struct Person {
    pub(super) terminal: Option<AtTerminal>,
}

impl Person {
    /// What answers the questions.
    pub(super) fn answers(&self) -> Box<dyn Answers> {
        match &self.terminal {
            Some(terminal) => Box::new(terminal.clone()),
            None => Box::new(PromptsOff),
        }
    }
}

/// A run of at most `timeout` seconds from now on; a trace file is opened, and written to, here.
pub(super) async fn start(
    timeout: u64,
    record: &RecordArgs,
    input: &Input,
    app: &App<'_>,
) -> Result<(DeviceRun, Person), Failure> {
    if record.trace.as_deref().is_some_and(is_standard_input) {
        return Err(no_output("--trace", "a file").hint("--events writes the progress of a run to standard error"));
    }
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    let mut terminal = None;
    if record.events {
        observers.push(Arc::new(Records::new(io::stderr(), app.output.verbose > 0)));
    } else {
        let progress = Arc::new(Progress::new(app.output));
        observers.push(progress.clone());
        terminal = app.output.may_ask.then(|| AtTerminal::new(app.output, progress));
    }
    if let Some(path) = record.trace.clone() {
        // A pipe may have no reader yet.
        let open = move || {
            records::trace(&path).map_err(|error| {
                let failure = Failure::new(Code::TraceFailed).because(format!("{}: {error}", path.display()));
                match error.kind() {
                    ErrorKind::AlreadyExists => {
                        failure.only_hints(["name a file of its own, one that is not there yet"])
                    }
                    _ => failure,
                }
            })
        };
        observers.push(Arc::new(input.wait_for("opening the trace", open).await?));
    }
    let limit = Some(Duration::from_secs(timeout));
    let mut run = DeviceRun::new(limit, observers, app.process.interruption().clone());
    run.budget = run.budget.under(load::processor);
    for text in input.warnings() {
        run.observer.observe(&Event::Warning { text });
    }
    Ok((run, Person { terminal }))
}

/// Carries the run out to its result.
pub(super) async fn finish(
    run: &DeviceRun,
    work: impl Future<Output = Result<Document, Failure>>,
) -> Result<Document, Failure> {
    Ok(Box::pin(run.run(work)).await?.warned(&run.warnings()).after(run.took()))
}

/// Where the board's log is to be had in a command that has no `--listen`.
pub(super) fn log_access(kind: &dyn TransportKind) -> LogAccess {
    if kind.carries_board_log() { LogAccess::Here } else { LogAccess::Apart }
}
