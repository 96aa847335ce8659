//! Options about the board on the cable, and what a run does with it: take the device's name and PoP from its boot
//! log (`--from-serial`), hear its log beside the session (`--listen`).

use clap::Args;

use super::App;
use super::args::DeviceArgs;
use super::device::CONSOLE;
use super::port::{self, Heard};
use crate::board::{self, Listener, LogReader};
use crate::code::Code;
use crate::device_run::{DeviceRun, LogAccess, learn_given};
use crate::event::Event;
use crate::failure::Failure;
use crate::provision::Plan;
use crate::settings::{Origin, Setting, given};
use crate::transport::serial::{self, Reset};
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

    /// A port named besides is the one on which the board says which device it is, and says nothing of how the device
    /// is reached then.
    pub(super) fn take_port(&mut self, device: &mut DeviceArgs) {
        if self.from_serial.as_deref() == Some("") && device.port.as_deref() != Some("") {
            self.from_serial = device.port.take().or(self.from_serial.take());
        }
    }

    /// Gets ready to hear the board; opens nothing yet.
    pub(super) fn attend(&self, device: &DeviceArgs, app: &App<'_>) -> Result<BoardWatch, Failure> {
        if self.listen.as_deref() == Some("") {
            return Err(Failure::new(Code::UsageInvalid)
                .saying("--listen is empty")
                .hint("name the board's serial port"));
        }
        let named = self.names_device();
        let port = match &self.from_serial {
            Some(port) => port::or_variable(Some(port.clone()).filter(|port| !port.is_empty()), "--from-serial", app),
            None => self.listen.clone().map(|value| Setting { value, origin: Origin::Flag("--listen") }),
        };
        let heard = || Heard::read(port, device.baud, device.reset.as_deref());
        let port = self.hears().then(heard).transpose()?;
        let unless_told = if named { Reset::Auto } else { Reset::Never };
        Ok(BoardWatch {
            reset: port.as_ref().and_then(|port| port.reset).unwrap_or(unless_told),
            port,
            named,
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
            let left = device_run.budget.left();
            let waited = board::wait_for_payload(&mut reader, self.reset, left, &*device_run.observer).await;
            payload = Some(waited.map_err(|failure| port::restarted(failure, self.reset))?);
        } else if self.reset == Reset::Boot {
            reader.restart_board().await?;
        }
        self.reader = Some(reader);
        Ok(payload)
    }

    /// A board that prints no transport is provisioned where it prints: its label has no word for the console. So is
    /// one that is to be provisioned over a console of no name. What was said of the device, on the command line or in
    /// the environment, wins.
    pub(super) fn name_console(&self, payload: Option<&Payload>, device: &mut DeviceArgs, app: &App<'_>) {
        let said = |flag: &Option<String>, name, variable| given(flag.clone(), name, variable, app.environment);
        let transport = said(&device.transport, "--transport", "ESPCTL_TRANSPORT").map(|said| said.value);
        let told = said(&device.device, "--device", "ESPCTL_DEVICE").is_some() || device.address.is_some();
        let here = match transport {
            Some(transport) => transport == CONSOLE,
            None => payload.is_some_and(|payload| payload.transport.is_none()),
        };
        if !told && device.port.is_none() && here {
            device.port = self.reader.as_ref().map(|reader| reader.path().to_owned());
            device.baud = self.port.as_ref().map(|port| port.baud);
        }
    }

    /// The run begins: its secrets are known now, and the board is heard in the background.
    pub(super) async fn begin(&mut self, plan: &Plan, device_run: &DeviceRun) {
        let Plan { security, wifi, dataset, .. } = plan;
        learn_given(&device_run.redaction, security, wifi, dataset.as_ref());
        let mut reader = self.reader.take();
        if plan.device.scheme() == CONSOLE {
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
