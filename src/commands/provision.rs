//! `espctl provision`: take one device through to "online". Takes what `esp-rainmaker-cli provision` takes.
//!
//! - `positional.rs`: the word without an option
//! - `network.rs`: which network the device is to join
//! - `backend.rs`: where the node is registered
//! - `document.rs`: what a run came to

mod backend;
mod document;
mod network;
mod positional;

use std::sync::Arc;
use std::time::Duration;

use self::backend::{BackendArgs, Chosen};
use self::document::document as provision_document;
use self::network::{NetworkArgs, dataset, missing_network, wifi};
use self::positional::PositionalPop;
use super::app::App;
use super::args::{DeviceArgs, RecordArgs, SecurityArgs};
use super::board::BoardArgs;
use super::device;
use super::dialect::DialectArgs;
use super::input::one_reader;
use super::label;
use super::rainmaker::RainMakerArgs;
use super::single_run::{self, Person};
use crate::backend::About;
use crate::code::{Code, Fact};
use crate::device::{AnswerError, Context, DialectChoice, PromptsOff, Question, SecurityPlan, WifiPlan, open};
use crate::device_run::{DeviceRun, RedactingAnswers, learn_given};
use crate::event::{Event, Silent};
use crate::failure::Failure;
use crate::process::input::Input;
use crate::provision::{self, Plan};
use crate::report::{Document, error_json};
use crate::secret::ThreadDataset;
use crate::settings::target::{Target, resolve};
use crate::text;
use crate::transport::{DeviceParts, KINDS, Unobserved};

const EXAMPLES: &str = "\
Examples:
  On the device's own Wi-Fi network; it scans, and you choose:
    espctl provision --pop abcd1234
  Over Bluetooth:
    espctl provision --pop abcd1234 --transport ble --device-name PROV_d76c30
  Without a question, everything from the label and the environment:
    ESPCTL_PASSPHRASE=... espctl provision --qrcode label.png --ssid HomeNet
  Without a device:
    espctl provision --device sim: --pop abcd1234";

/// Options of `provision`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    positional: PositionalPop,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    board: BoardArgs,
    #[command(flatten)]
    security: SecurityArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    backend: BackendArgs,
    #[command(flatten)]
    rainmaker: RainMakerArgs,
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    pub(super) record: RecordArgs,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    args.rainmaker.check()?;
    args.positional.check(&args.security, app.kinds)?;
    let note = args.positional.note();
    // Before the first stage nothing has been said of the word yet, and it may be what is wrong.
    let explain = |failure: Failure| match note {
        Some(note) if failure.stage.is_none() => failure.hint(note),
        _ => failure,
    };
    carry_out(args, app).await.map_err(explain)
}

async fn carry_out(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    let [passphrase, in_file] = args.network.readers();
    one_reader(&args.device, &args.security, &[passphrase, in_file, args.backend.reader()])?;
    let input = app.input(args.device.seconds(app.environment, app.files));
    let label = device::label(&args.device, app.output, &input).await?;
    let parts = args.rainmaker.with_host(device::parts(&args.device, app.environment, app.files)?);
    let dialect = args.dialect.setting().or_else(|| parts.dialect.clone());
    let mut parts = DeviceParts { label, dialect, log: args.board.log(), ..parts };
    let board_port = args.board.take_port(&mut parts);
    let target = resolve(&parts, app.kinds)?;
    let assumed = parts.transport.is_none() && !target.explicit && target.kind.is_default();
    let notes = target.notes.clone();
    let (mut wanted, alone) = wanted(&args, &input, app).await?;
    let backend = wanted.backend.take();
    // Where the board itself is to say which device it is, the plan waits for that; what is wrong with what was given
    // is said before.
    let (planned, mut waiting) =
        if args.board.names_device() { (None, Some(wanted)) } else { (Some(plan(&args, wanted, target, app)?), None) };
    let (device_run, person) =
        single_run::start(args.device.seconds(app.environment, app.files), &args.record, &input, app).await?;
    backend.iter().flat_map(Chosen::secrets).for_each(|secret| device_run.redaction.learn(secret));
    if let Some(Wanted { security, wifi, dataset, .. }) = &waiting {
        // The board may print any of it while its payload is waited for.
        learn_given(&device_run.redaction, security, wifi, dataset.as_ref());
    }
    let patient = args.device.given_seconds(app.environment, app.files).is_some();
    let mut board = args.board.attend(board_port, &parts, patient, app)?;
    for text in notes.iter().cloned().chain(args.positional.note()).chain(args.rainmaker.note()).chain(alone) {
        device_run.observer.observe(&Event::Note { text });
    }
    let mut answers = person.answers();
    let work = async {
        let payload = board.listen(&device_run).await?;
        let printed_name = payload.as_ref().map(|payload| payload.name.clone());
        let (plan, target) = if let Some(planned) = planned {
            planned
        } else {
            let board = board.printed_on().filter(|_| payload.is_some());
            let target = resolve(&DeviceParts { label: payload, board, ..parts }, app.kinds)?;
            for text in target.notes.iter().filter(|note| !notes.contains(note)).cloned() {
                device_run.observer.observe(&Event::Note { text });
            }
            plan(&args, waiting.take().unwrap_or_default(), target, app)?
        };
        device_run.given(target.name.as_deref(), plan.wifi.ssid.as_deref());
        let backend = backend.as_ref().map(|chosen| chosen.connect(device_run.observer.clone(), app)).transpose()?;
        let plan = Plan { backend, ..plan };
        check_requests(&plan)?;
        board.begin(&plan, target.kind, &device_run).await;
        offer_hotspot(&target, &person, &device_run).await?;
        let context = device_run.context(target.kind);
        let mut answers = RedactingAnswers { answers: &mut *answers, redaction: device_run.redaction.clone() };
        let outcome = provision::provision(&plan, &context, &mut answers).await;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(failure) => {
                let failure = ruled_out(failure, plan.dialect);
                let failure = if assumed { elsewhere(failure, app) } else { failure };
                let failure = label::explained(failure, &target);
                return Err(without_passphrase(board.explain(failure, &device_run).await, &args.network));
            }
        };
        // A board that has printed its name was heard by it; a label and an option only say what it should be.
        let own_name = printed_name.or_else(|| outcome.device.name.clone());
        let document = provision_document(&outcome, own_name.as_deref(), target.name.as_deref());
        Ok(match document.caveat {
            Some(caveat) => {
                let caveat = board.explain(caveat, &device_run).await;
                if let Some(ip) = device_run.address_in_log(&outcome.ssid) {
                    let text = "the device could not confirm that it has joined; its own log does".to_owned();
                    device_run.observer.observe(&Event::Note { text });
                    return Ok(provision_document(&outcome.confirmed(ip), own_name.as_deref(), target.name.as_deref()));
                }
                let mut document = Document { caveat: None, ..document };
                document.json["error"] = error_json(&caveat);
                Document { caveat: Some(caveat), ..document }
            }
            None => document,
        })
    };
    single_run::finish(&device_run, work).await
}

/// What was given: the session's secrets, and what the device is to get.
#[derive(Default)]
struct Wanted {
    security: SecurityPlan,
    backend: Option<Chosen>,
    wifi: WifiPlan,
    dataset: Option<ThreadDataset>,
}

/// What was given; and what is to be said of a variable without its partner.
async fn wanted(args: &Args, input: &Input, app: &App<'_>) -> Result<(Wanted, Option<String>), Failure> {
    let security = device::security_plan(&args.security, args.positional.pop(), input, app).await?;
    let (backend, alone) = backend::choose(&args.backend, input, app).await?;
    let wifi = wifi(&args.network, input, app).await?;
    let dataset = dataset(&args.network, app)?;
    if args.network.no_wifi && backend.is_none() {
        let failure = Failure::new(Code::UsageMissing)
            .saying("--no-wifi only associates a user, and no user was given")
            .hint("give --user-id and --secret-key, or a --backend, or leave out --no-wifi");
        return Err(alone.into_iter().fold(failure, Failure::because));
    }
    if wifi.ssid.is_none() && dataset.is_none() && !args.network.no_wifi && !app.output.may_ask {
        return Err(missing_network(args.device.qrcode.is_some()));
    }
    // With a dataset beside the name, the device decides which it takes.
    if wifi.ssid.is_some() && wifi.passphrase.is_none() && dataset.is_none() && !app.output.may_ask {
        return Err(AnswerError::Missing(Question::Passphrase).into());
    }
    Ok((Wanted { security, backend, wifi, dataset }, alone))
}

/// Where nobody said how the device is reached and nothing answered on the link that was assumed: the other links.
fn elsewhere(failure: Failure, app: &App<'_>) -> Failure {
    if !matches!(failure.code, Code::LinkUnreachable | Code::LinkNotADevice) {
        return failure;
    }
    let others =
        KINDS.iter().filter(|kind| !kind.is_default() && app.kinds.iter().any(|own| own.scheme() == kind.scheme()));
    let others: Vec<_> =
        others.map(|kind| format!("--transport {} for {}", kind.scheme(), kind.words().title)).collect();
    failure.hint(format!(
        "nothing said how to reach the device: give {}; espctl discover lists what is in reach",
        others.join(", ")
    ))
}

/// Where a dialect was chosen and another one might have been answered.
fn ruled_out(failure: Failure, choice: DialectChoice) -> Failure {
    match (choice, choice.ruled_out(&failure)) {
        (DialectChoice::Named(name), Some(other)) => {
            failure.hint(format!("leave out --dialect {name} to have {} tried as well", other.describe()))
        }
        _ => failure,
    }
}

/// Where the network was said to be open, no passphrase was mistyped.
fn without_passphrase(failure: Failure, network: &NetworkArgs) -> Failure {
    if network.open { failure.knowing(Fact::OpenNetwork) } else { failure }
}

/// Args made real: every value checked, nothing sent yet.
fn plan(args: &Args, wanted: Wanted, target: Target, app: &App<'_>) -> Result<(Plan, Target), Failure> {
    let Wanted { security, wifi, dataset, .. } = wanted;
    if let Some(dialect) = target.dialect.dialect() {
        dialect.check_network(&wifi, dataset.as_ref())?;
    }
    let plan = Plan {
        device: target.locator.clone(),
        dialect: target.dialect,
        security: device::completed(security, target.payload.as_ref(), app)?,
        about: About { name: target.name.clone(), id: None },
        backend: None,
        network: !args.network.no_wifi,
        wifi,
        dataset,
        retry: !args.network.no_retry,
    };
    Ok((plan, target))
}

/// What the back end will send to the device, where the dialect that was chosen cannot carry it.
fn check_requests(plan: &Plan) -> Result<(), Failure> {
    let Some(dialect) = plan.dialect.dialect() else { return Ok(()) };
    let requests = plan.backend.iter().flat_map(|backend| backend.foreseen());
    requests.into_iter().try_for_each(|(endpoint, body)| dialect.check_request(endpoint, &body))
}

/// Asks a person at a terminal to join the device's network, as esp-rainmaker-cli does, unless the device answers
/// already. Another network's router may have the same address, so an open port is not enough.
async fn offer_hotspot(target: &Target, person: &Person, device_run: &DeviceRun) -> Result<(), Failure> {
    const PROBE: Duration = Duration::from_secs(2);
    let Some(terminal) = &person.terminal else { return Ok(()) };
    if target.explicit || !target.kind.needs_device_network() {
        return Ok(());
    }
    let quiet = Context { observer: Arc::new(Silent), log: Arc::new(Unobserved), ..device_run.context(target.kind) };
    let probe = async {
        let device = open(target.dialect, &target.locator, &quiet, &mut PromptsOff).await.ok()?;
        device.close().await;
        Some(())
    };
    if matches!(tokio::time::timeout(PROBE, probe).await, Ok(Some(()))) {
        return Ok(());
    }
    let name = target.name.as_deref().map_or("PROV_XXXXXX".into(), text::sanitise);
    if let Some(text) = label::note(target.payload.as_ref()) {
        device_run.observer.observe(&Event::Note { text });
    }
    let words = format!("Please connect to the device's WiFi hotspot ({name}) and press Enter to continue...");
    Ok(device_run.budget.paused(terminal.enter(words)).await?)
}
