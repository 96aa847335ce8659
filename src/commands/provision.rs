//! `espctl provision`: take one device through to "online". Takes what `esp-rainmaker-cli provision` takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::args::{DeviceArgs, RecordArgs, SecurityArgs};
use super::board::BoardArgs;
use super::device;
use super::dialect::{self, DialectArgs};
use super::input::{SecretSource, hex_bytes, one_reader};
use super::provision_document::document;
use super::rainmaker::RainMakerArgs;
use super::single_run::{self, Person};
use crate::backend::Backend;
use crate::backend::plain::Plain;
use crate::code::{Code, Fact};
use crate::device::plan::{check_dataset, check_passphrase, check_ssid};
use crate::device::{AnswerError, DialectChoice, Question, SecurityPlan, WifiPlan};
use crate::device_run::{DeviceRun, RedactingAnswers, learn_given};
use crate::endpoint::Request;
use crate::endpoint::associate::SetUserMapping;
use crate::event::{Event, Silent};
use crate::failure::Failure;
use crate::process::input::Input;
use crate::provision::{self, Plan};
use crate::report::{Document, error_json};
use crate::secret::{MappingKey, Passphrase, ThreadDataset};
use crate::session::Link;
use crate::settings::target::{Target, resolve};
use crate::settings::{find, given, keys};
use crate::text;
use crate::transport::{DeviceParts, Unobserved};

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
    /// Proof of possession, esp-rainmaker-cli's old way
    #[arg(value_name = "POP", hide = true, conflicts_with_all = ["pop_file", "pop_stdin"])]
    positional_pop: Option<String>,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    board: BoardArgs,
    #[command(flatten)]
    security: SecurityArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    association: AssociationArgs,
    #[command(flatten)]
    rainmaker: RainMakerArgs,
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    pub(super) record: RecordArgs,
}

/// Which network the device is to join.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
#[allow(clippy::struct_excessive_bools)] // switches, as typed
struct NetworkArgs {
    /// The network's name; without it, the device scans and you choose [env: ESPCTL_SSID]
    #[arg(long, value_name = "NAME", conflicts_with = "ssid_hex")]
    ssid: Option<String>,
    /// The network's name in hex, for names that are no UTF-8
    #[arg(long, alias = "ssid_hex", value_name = "HEX")]
    ssid_hex: Option<String>,
    /// The network has no passphrase
    #[arg(long, conflicts_with_all = ["passphrase", "passphrase_file", "passphrase_stdin"])]
    open: bool,
    /// One access point of the network, AA:BB:CC:DD:EE:FF (most firmware ignores it)
    #[arg(long, value_name = "ADDRESS")]
    bssid: Option<String>,
    /// The network's channel (most firmware ignores it)
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=196))]
    channel: Option<u8>,
    /// The network's passphrase, 8 to 63 bytes [env: ESPCTL_PASSPHRASE]
    #[arg(long, value_name = "TEXT")]
    passphrase: Option<String>,
    /// Read the passphrase from a file
    #[arg(long, alias = "passphrase_file", value_name = "FILE", conflicts_with_all = ["passphrase", "passphrase_stdin"])]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from standard input
    #[arg(long, alias = "passphrase_stdin", conflicts_with_all = ["passphrase", "pop_stdin", "sec2_password_stdin"])]
    passphrase_stdin: bool,
    /// Only tell the device whose it is; give it no network
    #[arg(long, alias = "no_wifi", conflicts_with_all = ["ssid", "ssid_hex", "open", "thread_dataset"])]
    no_wifi: bool,
    /// Thread devices: the operational dataset in hex [env: ESPCTL_THREAD_DATASET]
    #[arg(long, alias = "thread_dataset", value_name = "HEX", conflicts_with_all = ["ssid", "ssid_hex"])]
    thread_dataset: Option<String>,
    /// Do not offer another try after a failed join
    #[arg(long, alias = "no_retry")]
    no_retry: bool,
}

/// Whose the node is to be.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "User association")]
struct AssociationArgs {
    /// The user's id at the back end; with --secret-key, the node is told whose it is [env: ESPCTL_USER_ID]
    #[arg(long, alias = "user_id", value_name = "ID")]
    user_id: Option<String>,
    /// The key that proves to the cloud account whose the device is [env: ESPCTL_SECRET_KEY]
    #[arg(long, alias = "secret_key", value_name = "KEY")]
    secret_key: Option<String>,
    /// Read the secret key from a file
    #[arg(long, alias = "secret_key_file", value_name = "FILE", conflicts_with = "secret_key")]
    secret_key_file: Option<PathBuf>,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    args.rainmaker.check()?;
    one_reader(&args.device, &args.security, &[("--passphrase-stdin", args.network.passphrase_stdin)])?;
    let input = app.input(args.device.seconds(app.environment, app.files));
    let label = device::label(&args.device, &input).await?;
    let parts = args.rainmaker.with_host(device::parts(&args.device, app.environment, app.files)?);
    let mut parts = DeviceParts { label, dialect: args.dialect.wish(), log: args.board.log(), ..parts };
    let board_port = args.board.take_port(&mut parts);
    let target = resolve(&parts, app.kinds)?;
    let notes = target.notes.clone();
    let wanted = wanted(&args, &input, app).await?;
    let secret_key = wanted.association.as_ref().map(|mapping| mapping.secret_key.clone());
    // Where the board itself is to say which device it is, the plan waits for that; what is wrong with what was given
    // is said before.
    let (planned, mut waiting) =
        if args.board.names_device() { (None, Some(wanted)) } else { (Some(plan(&args, wanted, target, app)?), None) };
    let (device_run, person) =
        single_run::start(args.device.seconds(app.environment, app.files), &args.record, &input, app).await?;
    if let Some(key) = &secret_key {
        device_run.redaction.learn(key);
    }
    if let Some(Wanted { security, wifi, dataset, .. }) = &waiting {
        // The board may print any of it while its payload is waited for.
        learn_given(&device_run.redaction, security, wifi, dataset.as_ref());
    }
    let mut board = args.board.attend(board_port, &parts, app)?;
    for text in notes.iter().cloned().chain(args.rainmaker.note()) {
        device_run.observer.observe(&Event::Note { text });
    }
    let mut answers = person.answers();
    let work = async {
        let payload = board.listen(&device_run).await?;
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
        board.begin(&plan, target.kind, &device_run).await;
        offer_hotspot(&target, &person, &device_run).await?;
        let context = device_run.context(target.kind);
        let mut answers = RedactingAnswers { answers: &mut *answers, redaction: device_run.redaction.clone() };
        let outcome = provision::provision(&plan, &context, &mut answers).await;
        let document = match outcome {
            Ok(outcome) => document(&outcome, target.name.as_deref()),
            Err(failure) => {
                let failure = ruled_out(failure, plan.dialect);
                return Err(without_passphrase(board.explain(failure, &device_run).await, &args.network));
            }
        };
        Ok(match document.caveat {
            Some(caveat) => {
                let caveat = board.explain(caveat, &device_run).await;
                let mut document = Document { caveat: None, ..document };
                document.json["error"] = error_json(&caveat);
                Document { caveat: Some(caveat), ..document }
            }
            None => document,
        })
    };
    device_run.run(work).await
}

/// A plain user mapping.
struct UserMapping {
    /// The user's id at the back end.
    user_id: String,
    /// The key the back end matches.
    secret_key: MappingKey,
}

/// What was given: the session's secrets, and what the device is to get.
#[derive(Default)]
struct Wanted {
    security: SecurityPlan,
    association: Option<UserMapping>,
    wifi: WifiPlan,
    dataset: Option<ThreadDataset>,
}

async fn wanted(args: &Args, input: &Input, app: &App<'_>) -> Result<Wanted, Failure> {
    let security = device::security_plan(&args.security, args.positional_pop.clone(), input, app).await?;
    let association = association(&args.association, input, app).await?;
    let wifi = wifi(&args.network, input, app).await?;
    let dataset = dataset(&args.network, app)?;
    if args.network.no_wifi && association.is_none() {
        return Err(Failure::new(Code::UsageMissing)
            .saying("--no-wifi only associates a user, and no user was given")
            .hint("give --user-id and --secret-key, or leave out --no-wifi"));
    }
    if wifi.ssid.is_none() && dataset.is_none() && !args.network.no_wifi && !app.output.may_ask {
        return Err(missing_network(args.device.qrcode.is_some()));
    }
    // With a dataset beside the name, the device decides which it takes.
    if wifi.ssid.is_some() && wifi.passphrase.is_none() && dataset.is_none() && !app.output.may_ask {
        return Err(AnswerError::Missing(Question::Passphrase).into());
    }
    Ok(Wanted { security, association, wifi, dataset })
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
    let Wanted { security, association, wifi, dataset } = wanted;
    let dialect = dialect::of(&target.locator);
    if let Some(dialect) = dialect.dialect() {
        dialect.check_network(&wifi, dataset.as_ref())?;
        if let Some(UserMapping { user_id, secret_key }) = &association {
            let request = SetUserMapping { user_id, secret_key };
            dialect.check_request(request.endpoint(), &request.encode())?;
        }
    }
    let plan = Plan {
        device: target.locator.clone(),
        dialect,
        security: device::completed(security, target.payload.as_ref(), app)?,
        backend: association
            .map(|mapping| Arc::new(Plain::new(mapping.user_id, mapping.secret_key)) as Arc<dyn Backend>),
        network: !args.network.no_wifi,
        wifi,
        dataset,
        retry: !args.network.no_retry,
    };
    Ok((plan, target))
}

fn missing_network(qr: bool) -> Failure {
    let failure = Failure::from(AnswerError::Missing(Question::Network))
        .last_hint("a Thread device takes --thread-dataset instead");
    if qr { failure.because("a device's QR code does not hold the network it is to join") } else { failure }
}

async fn association(args: &AssociationArgs, input: &Input, app: &App<'_>) -> Result<Option<UserMapping>, Failure> {
    let user_id = given(args.user_id.clone(), "--user-id", "ESPCTL_USER_ID", app.environment);
    let key = SecretSource {
        flag: args.secret_key.clone(),
        flag_name: "--secret-key",
        file: args.secret_key_file.as_deref(),
        stdin: false,
        variable: "ESPCTL_SECRET_KEY",
    };
    let key: Option<MappingKey> = key.read(app.environment, input).await?;
    if key.as_ref().is_some_and(|key| std::str::from_utf8(key.expose()).is_err()) {
        return Err(Failure::new(Code::UsageInvalid).saying("the secret key is no UTF-8 text"));
    }
    match (user_id, key) {
        (Some(user_id), Some(secret_key)) if !user_id.value.is_empty() && !secret_key.is_empty() => {
            Ok(Some(UserMapping { user_id: user_id.value, secret_key }))
        }
        (None, None) => Ok(None),
        _ => Err(Failure::new(Code::UsageMissing)
            .saying("--user-id and --secret-key belong together, and neither may be empty")
            .hint("either may also come from the environment: ESPCTL_USER_ID, ESPCTL_SECRET_KEY")),
    }
}

async fn wifi(args: &NetworkArgs, input: &Input, app: &App<'_>) -> Result<WifiPlan, Failure> {
    let ssid = match &args.ssid_hex {
        Some(digits) => Some(hex_bytes(digits, "--ssid-hex")?),
        None if args.thread_dataset.is_some() || args.no_wifi => None,
        None => find(&keys::SSID, args.ssid.clone(), app.environment, app.files).map(|ssid| ssid.value.into_bytes()),
    };
    if let Some(ssid) = &ssid {
        check_ssid(ssid)?;
    }
    let source = SecretSource {
        flag: args.passphrase.clone(),
        flag_name: "--passphrase",
        file: args.passphrase_file.as_deref(),
        stdin: args.passphrase_stdin,
        variable: "ESPCTL_PASSPHRASE",
    };
    // A settings file's passphrase belongs to its network.
    let own = app.files.value(&keys::SSID);
    let files = Some(app.files).filter(|_| own.is_none_or(|own| ssid.as_deref() == Some(own.value.as_bytes())));
    let passphrase = match (args.open, source.read(app.environment, input).await?) {
        (true, _) => Some(Passphrase::new([])),
        (false, None) => {
            files.map(|files| files.read_secret(&keys::PASSPHRASE, app.environment)).transpose()?.flatten()
        }
        (false, given) => given,
    };
    if let Some(passphrase) = &passphrase {
        check_passphrase(passphrase)?;
        if passphrase.is_empty() && !args.open {
            return Err(Failure::new(Code::WifiPassphraseInvalid).because("it is empty"));
        }
    }
    let in_file = |key| Some(files?.value(key)?.value);
    let bssid = args.bssid.clone().or_else(|| in_file(&keys::BSSID)).as_deref().map(bssid).transpose()?;
    let channel = args.channel.or_else(|| in_file(&keys::CHANNEL)?.parse().ok());
    Ok(WifiPlan { ssid, passphrase, bssid, channel })
}

fn bssid(text: &str) -> Result<[u8; 6], Failure> {
    let bytes = hex_bytes(text, "--bssid")?;
    bytes.as_slice().try_into().map_err(|_| {
        Failure::new(Code::UsageInvalid)
            .saying("--bssid takes six bytes in hex, AA:BB:CC:DD:EE:FF")
            .because(format!("it has {} bytes", bytes.len()))
    })
}

fn dataset(args: &NetworkArgs, app: &App<'_>) -> Result<Option<ThreadDataset>, Failure> {
    let digits = given(args.thread_dataset.clone(), "--thread-dataset", "ESPCTL_THREAD_DATASET", app.environment);
    let has_wifi = args.ssid.is_some() || args.ssid_hex.is_some() || args.no_wifi;
    let Some(digits) = digits.filter(|_| !has_wifi) else { return Ok(None) };
    let dataset = ThreadDataset::new(hex_bytes(&digits.value, "--thread-dataset")?);
    check_dataset(&dataset)?;
    Ok(Some(dataset))
}

/// Somebody at a terminal who is not on the device's network yet is told to join it, as esp-rainmaker-cli does; who
/// is there already is not asked. Another network's router may have the same address, so an open port is not enough.
async fn offer_hotspot(target: &Target, person: &Person, device_run: &DeviceRun) -> Result<(), Failure> {
    const PROBE: Duration = Duration::from_secs(2);
    let Some(terminal) = &person.terminal else { return Ok(()) };
    if target.explicit || !target.kind.needs_device_network() {
        return Ok(());
    }
    let probe = async {
        let (silent, budget) = (Arc::new(Silent), device_run.budget.clone());
        let mut link = Link::connect(target.kind, &target.locator, silent, Arc::new(Unobserved), budget).await.ok()?;
        let version = link.identify().await;
        link.close().await;
        version.ok()
    };
    if matches!(tokio::time::timeout(PROBE, probe).await, Ok(Some(_))) {
        return Ok(());
    }
    let name = target.name.as_deref().map_or("PROV_XXXXXX".into(), text::sanitise);
    let words = format!("Please connect to the device's WiFi hotspot ({name}) and press Enter to continue...");
    Ok(device_run.budget.paused(terminal.enter(words)).await?)
}
