//! Options about the board on the cable, and what a run does with it: take the device's name and PoP from its boot
//! log (`--from-serial`), hear its log beside the session (`--listen`).

use clap::Args;

use super::app::App;
use super::port::{self, Heard};
use crate::board::{self, Listener, LogReader, Patience};
use crate::code::Code;
use crate::device_run::{DeviceRun, LogAccess, learn_given};
use crate::event::Event;
use crate::failure::Failure;
use crate::provision::Plan;
use crate::settings::{Origin, Setting};
use crate::transport::serial::{self, Reset};
use crate::transport::{BoardPort, DeviceParts, LogPort, TransportKind};
use crate::wire::qr::Payload;

/// The board on the cable.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Board")]
pub(super) struct BoardArgs {
    /// Take name, PoP, user name and transport from what the board on this serial port prints at boot (PORT as for
    /// --port, which may name it instead); its log is heard to the end of the run, as with --listen
    #[arg(long, alias = "from_serial", value_name = "PORT", num_args = 0..=1, default_missing_value = "",
        conflicts_with_all = ["qrcode", "listen"])]
    from_serial: Option<String>,
    /// Hear the board's log on this serial port during the run: in the trace, with -v on the terminal, and as evidence
    /// when something fails
    #[arg(long, value_name = "PORT")]
    listen: Option<String>,
}

impl BoardArgs {
    /// Whether the board is to say which device it is.
    pub(super) fn names_device(&self) -> bool {
        self.from_serial.is_some()
    }

    /// Whether the board's log is heard, and so `--baud` and `--reset` are about that.
    pub(super) fn hears(&self) -> bool {
        self.from_serial.is_some() || self.listen.is_some()
    }

    /// Whether `--baud` and `--reset` may be about the board's log, for the resolver.
    pub(super) fn log(&self) -> LogPort {
        if self.hears() { LogPort::Heard } else { LogPort::Offered }
    }

    /// Takes the port that is the board's out of the parts of the device's name: one named besides `--from-serial` is
    /// where the board says which device it is, and says nothing of how the device is reached then.
    pub(super) fn take_port(&self, parts: &mut DeviceParts) -> Option<Setting<String>> {
        let named = |port: &mut Setting<String>| port.is_explicit() && !port.value.is_empty();
        match self.from_serial.as_deref() {
            Some("") => parts.port.take_if(named).map(|port| Setting::new(port.value, Origin::Option("--from-serial"))),
            port => Setting::option(port.map(str::to_owned), "--from-serial"),
        }
    }

    /// Gets ready to hear the board, on this port where it says which device it is; opens nothing yet. `patient` where
    /// the run's time was given, and the board may take all of it to print its payload.
    pub(super) fn attend(
        &self,
        port: Option<Setting<String>>,
        device: &DeviceParts,
        patient: bool,
        app: &App<'_>,
    ) -> Result<BoardWatch, Failure> {
        if self.listen.as_deref() == Some("") {
            return Err(Failure::new(Code::UsageInvalid)
                .saying("--listen is empty")
                .hint("name the board's serial port"));
        }
        let named = self.names_device();
        let port = match &self.from_serial {
            Some(_) => port.or_else(|| port::or_variable(None, "--from-serial", app)),
            None => Setting::option(self.listen.clone(), "--listen"),
        };
        let heard = || Heard::read(port, device.baud.as_ref(), device.reset.as_ref());
        let port = self.hears().then(heard).transpose()?;
        let unless_told = if named { Reset::Auto } else { Reset::Never };
        Ok(BoardWatch {
            reset: port.as_ref().and_then(|port| port.reset).unwrap_or(unless_told),
            port,
            named,
            patient,
            reader: None,
            listener: None,
            log: LogAccess::Offered,
        })
    }
}

/// The board of one run, if it is heard at all.
pub(super) struct BoardWatch {
    port: Option<Heard>,
    named: bool,
    patient: bool,
    reset: Reset,
    reader: Option<LogReader>,
    listener: Option<Listener>,
    log: LogAccess,
}

impl BoardWatch {
    /// Opens the port; the payload, where the board is to say which device it is.
    pub(super) async fn listen(&mut self, device_run: &DeviceRun) -> Result<Option<Payload>, Failure> {
        let Some(port) = &self.port else { return Ok(None) };
        let port = port.find(if self.named { "--from-serial PORT" } else { "--listen PORT" }).await?;
        let mut reader = LogReader::new(board::open(&port).await?, device_run.redaction.clone());
        let mut payload = None;
        if self.named {
            let text = "waiting for the board to print its onboarding payload; press its reset button if it does not";
            device_run.observer.observe(&Event::Note { text: text.to_owned() });
            let patience = Patience { reset: self.reset, limit: device_run.budget.left(), to_the_limit: self.patient };
            payload = Some(Box::pin(board::wait_for_payload(&mut reader, patience, &*device_run.observer)).await?);
        } else if self.reset == Reset::Boot {
            reader.restart_board().await?;
        }
        self.reader = Some(reader);
        Ok(payload)
    }

    /// The port on which the board printed its payload.
    pub(super) fn printed_on(&self) -> Option<BoardPort> {
        let path = self.reader.as_ref()?.path().to_owned();
        Some(BoardPort { path, baud: self.port.as_ref()?.baud })
    }

    /// The run begins: its secrets are known now, and the board is heard in the background.
    pub(super) async fn begin(&mut self, plan: &Plan, kind: &dyn TransportKind, device_run: &DeviceRun) {
        let Plan { security, wifi, dataset, .. } = plan;
        learn_given(&device_run.redaction, security, wifi, dataset.as_ref());
        let mut reader = self.reader.take();
        if kind.carries_board_log() {
            self.log = LogAccess::Here;
            // The link needs its port for itself, and hears the board on it.
            if let Some(own) = &reader
                && serial::is_same(own.path(), plan.device.address()).await
            {
                reader = None;
            }
        }
        if let Some(reader) = &reader {
            self.log = LogAccess::Heard(reader.path().to_owned());
        }
        self.listener = reader.map(|reader| Listener::start(reader, device_run.observer.clone()));
    }

    /// A failure with what the board said about it.
    pub(super) async fn explain(&self, failure: Failure, device_run: &DeviceRun) -> Failure {
        if let Some(listener) = &self.listener {
            listener.settle().await;
        }
        device_run.diagnosed(failure, &self.log)
    }
}
