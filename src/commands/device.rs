//! What every command that talks to a device does first: name the device, gather the secrets, set up who watches and
//! who answers, and listen for Ctrl-C.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use getrandom::SysRng;
use rand_core::UnwrapErr;

use super::App;
use super::args::{DeviceArgs, SecurityArgs};
use super::input::{self, SecretSource};
use crate::error::{Code, Failure};
use crate::event::{Event, Observer, Stage};
use crate::provision::{Answers, Context, NobodyToAsk, SecurityPlan};
use crate::report::answers::AtTerminal;
use crate::report::progress::Progress;
use crate::report::records::{self, Records};
use crate::report::watch::Watchers;
use crate::session::patience::Patience;
use crate::settings::{given, or_qr};
use crate::transport::{Locator, TransportError, TransportKind};
use crate::wire::qr::Payload;

/// The device a command is about.
pub(super) struct Target {
    pub(super) locator: Locator,
    pub(super) kind: &'static dyn TransportKind,
    /// The QR payload, if one was given.
    pub(super) payload: Option<Payload>,
    /// The device's name, as given or as the QR payload has it.
    pub(super) name: Option<String>,
    /// Whether the address was given, not assumed.
    pub(super) explicit: bool,
}

/// Transports that Espressif's tools have and this version has not.
const ELSEWHERE: [&str; 3] = ["ble", "console", "on-network"];

/// Works out which device is meant. No I/O but reading the QR payload.
pub(super) fn target(args: &DeviceArgs, app: &App<'_>) -> Result<Target, Failure> {
    let payload = args.qrcode.as_deref().map(input::qr_payload).transpose()?;
    let name = args.device_name.clone().or_else(|| payload.as_ref().map(|payload| payload.name.clone()));
    let transport = given(args.transport.clone(), "--transport", "ESPCTL_TRANSPORT", app.environment);
    let said = transport.is_some() || args.address.is_some();
    let device = given(args.device.clone(), "--device", "ESPCTL_DEVICE", app.environment).filter(|_| !said);

    let (locator, origin) = if let Some(device) = device {
        let locator = device.value.parse::<Locator>().map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(format!("{} names no device", device.origin)).caused_by(&error)
        })?;
        (locator, Some(device.origin))
    } else {
        let from_payload = payload.as_ref().and_then(|payload| payload.transport);
        let scheme = or_qr(transport, from_payload.map(|transport| transport.scheme().to_owned()));
        let origin = scheme.as_ref().map(|scheme| scheme.origin);
        let scheme = scheme.map_or_else(|| "softap".to_owned(), |scheme| scheme.value);
        (Locator::new(&scheme, args.address.as_deref().unwrap_or_default()), origin)
    };

    let kind = app.kinds.iter().copied().find(|kind| kind.scheme() == locator.scheme()).ok_or_else(|| {
        let have: Vec<_> = app.kinds.iter().map(|kind| kind.scheme()).collect();
        let wanted = locator.scheme();
        let known = ELSEWHERE.contains(&wanted);
        let code = if known { Code::UsageUnsupported } else { Code::UsageInvalid };
        let failure = Failure::new(code)
            .saying(format!("this version has no transport {wanted:?}"))
            .hint(format!("it has {}: choose one with --transport", have.join(" and ")));
        match origin {
            Some(origin) => failure.because(format!("it was named by {origin}")),
            None => failure,
        }
    })?;
    kind.check(&locator).map_err(|error| {
        let failure = Failure::new(Code::UsageInvalid).saying("the device's address makes no sense");
        match error {
            TransportError::BadAddress { .. } => failure.caused_by(&error),
            other => failure.because(other.to_string()),
        }
    })?;
    let explicit = !locator.address().is_empty();
    Ok(Target { locator, kind, payload, name, explicit })
}

/// Gathers what is known of the session's secrets; `positional` is esp-rainmaker-cli's old way to give the PoP.
pub(super) fn security_plan(
    args: &SecurityArgs,
    positional: Option<String>,
    payload: Option<&Payload>,
    app: &App<'_>,
) -> Result<SecurityPlan, Failure> {
    let pop = SecretSource {
        flag: args.pop.clone().or(positional),
        flag_name: "--pop",
        file: args.pop_file.as_deref(),
        stdin: args.pop_stdin,
        variable: "ESPCTL_POP",
    };
    let password = SecretSource {
        flag: args.sec2_password.clone(),
        flag_name: "--sec2-password",
        file: args.sec2_password_file.as_deref(),
        stdin: args.sec2_password_stdin,
        variable: "ESPCTL_SEC2_PASSWORD",
    };
    let username = given(args.sec2_username.clone(), "--sec2-username", "ESPCTL_SEC2_USERNAME", app.environment);
    let username = or_qr(username, payload.and_then(|payload| payload.username.clone()));
    Ok(SecurityPlan {
        version: args.sec_ver,
        pop: pop.read(app.environment)?.or_else(|| payload.and_then(|payload| payload.pop.clone())),
        username: username.map(|username| username.value),
        password: password.read(app.environment)?,
    })
}

/// Who watches a run and who answers its questions.
pub(super) struct Desk {
    pub(super) observer: Arc<dyn Observer>,
    pub(super) answers: Box<dyn Answers>,
    pub(super) patience: Patience,
    /// The terminal, where somebody can be asked.
    pub(super) terminal: Option<AtTerminal>,
    progress: Option<Arc<Progress>>,
    last: Arc<LastStage>,
}

/// Sets up observers and answers; a trace file is opened, and written to, here.
pub(super) fn desk(args: &DeviceArgs, app: &App<'_>) -> Result<Desk, Failure> {
    let last = Arc::new(LastStage::default());
    let mut watchers: Vec<Arc<dyn Observer>> = vec![last.clone()];
    let mut progress = None;
    if args.events {
        watchers.push(Arc::new(Records::new(io::stderr(), app.talk.verbose > 0)));
    } else {
        let shown = Arc::new(Progress::new(app.talk));
        watchers.push(shown.clone());
        progress = Some(shown);
    }
    if let Some(path) = &args.trace {
        let records = records::trace(path)
            .map_err(|error| Failure::new(Code::TraceFailed).because(format!("{}: {error}", path.display())))?;
        watchers.push(Arc::new(records));
    }
    let asks = progress.as_ref().filter(|_| app.talk.may_ask);
    let terminal = asks.map(|progress| AtTerminal::new(app.talk, progress.clone()));
    let answers: Box<dyn Answers> = match asks {
        Some(progress) => Box::new(AtTerminal::new(app.talk, progress.clone())),
        None => Box::new(NobodyToAsk),
    };
    Ok(Desk {
        observer: Arc::new(Watchers(watchers)),
        answers,
        patience: Patience::new(Some(Duration::from_secs(args.timeout))),
        terminal,
        progress,
        last,
    })
}

impl Desk {
    /// What a run works with.
    pub(super) fn context(&self, kind: &'static dyn TransportKind) -> Context<'static> {
        Context {
            kind,
            observer: self.observer.clone(),
            patience: self.patience.clone(),
            rng: Box::new(UnwrapErr(SysRng)),
        }
    }

    /// Runs to the end, or until Ctrl-C or SIGTERM; the run's future is dropped then, which releases its link.
    pub(super) async fn interruptible<T>(
        progress: Option<&Arc<Progress>>,
        last: &LastStage,
        run: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let result = tokio::select! {
            result = run => result,
            () = interrupted() => Err(last.interruption()),
        };
        if let Some(progress) = progress {
            progress.pause();
        }
        result
    }

    /// The parts [`Desk::interruptible`] needs, apart from what the run itself borrows.
    pub(super) fn watch(&self) -> (Option<Arc<Progress>>, Arc<LastStage>) {
        (self.progress.clone(), self.last.clone())
    }
}

/// Completes on Ctrl-C or, on Unix, SIGTERM or SIGHUP.
pub(super) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).ok();
        let (terminate, hang_up) = (listen(SignalKind::terminate()), listen(SignalKind::hangup()));
        let wait = |signal: Option<tokio::signal::unix::Signal>| async move {
            match signal {
                Some(mut signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = wait(terminate) => {}
            () = wait(hang_up) => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}

/// Remembers where a run is, for the message after an interruption.
#[derive(Default)]
pub(super) struct LastStage {
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
