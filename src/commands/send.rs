//! `espctl send`: text, hex or a file to any endpoint through the secure session; a text to be signed to the RainMaker
//! agent's console, which has no session.

use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::app::App;
use super::args::SessionArgs;
use super::device;
use super::dialect::DialectArgs;
use super::input::{hex_bytes, is_standard_input, one_reader};
use super::label;
use super::single_run::{self, log_access};
use crate::code::Code;
use crate::device::{Context, Device, DeviceFacts, Need};
use crate::event::Event;
use crate::failure::Failure;
use crate::process::input::{Extent, Input};
use crate::report::Document;
use crate::session::{Meaning, SessionErrorKind};
use crate::stage::Stage;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  espctl send custom-data 'hello' --pop abcd1234
  espctl send custom-data --hex 00ff --pop abcd1234 --json
  On the RainMaker agent's console: have the node sign a text with its key
    espctl send sign-data 'a challenge' --dialect agent --port /dev/ttyUSB0";

/// Options of `send`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The endpoint, for example custom-data; on the agent's console sign-data, whose reply is the signature
    endpoint: String,
    /// Text to send, as UTF-8
    #[arg(required_unless_present_any = ["hex", "file"], conflicts_with_all = ["hex", "file"])]
    text: Option<String>,
    /// Bytes to send, in hex
    #[arg(long, value_name = "HEX", conflicts_with = "file")]
    hex: Option<String>,
    /// Send a file; - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write the reply's bytes to standard output as they are
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    pub(super) session: SessionArgs,
}

/// No link carries more; checked again, exactly, by the link in use.
const PAYLOAD_MAX: usize = 4096;

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    let from_input = args.file.as_deref().is_some_and(is_standard_input);
    one_reader(&args.session.device, &args.session.security, &[("--file -", from_input)])?;
    let input = app.input(args.session.device.seconds(app.environment, app.files));
    let payload = payload(&args, &input).await?;
    let target = device::target(&args.session.device, args.dialect.setting(), &input, app).await?;
    let choice = target.dialect;
    let need = Need::Request(&args.endpoint);
    if let Some(dialect) = choice.dialect() {
        dialect.check_need(need, target.locator.address())?;
        dialect.check_request(&args.endpoint, &payload)?;
    }
    let plan = device::security_plan(&args.session.security, None, &input, app).await?;
    let plan = device::completed(plan, target.payload.as_ref(), app)?;
    let (device_run, person) =
        single_run::start(args.session.device.seconds(app.environment, app.files), &args.session.record, &input, app)
            .await?;
    let mut answers = person.answers();
    let context = device_run.context(target.kind);
    let work = async {
        let mut device = device_run.open((choice, need), &target.locator, &plan, &context, &mut *answers).await?;
        let reply = send(&mut *device, &args.endpoint, &payload, &context).await;
        let (facts, in_hex) = (device.facts().clone(), device.replies_in_hex(&args.endpoint));
        device.close().await;
        Ok(document(&args, reply?, &facts, in_hex))
    };
    let log = log_access(target.kind);
    let work =
        async { work.await.map_err(|failure: Failure| device_run.diagnosed(label::explained(failure, &target), &log)) };
    single_run::finish(&device_run, work).await
}

/// Sends the payload, once.
async fn send(
    device: &mut dyn Device,
    endpoint: &str,
    payload: &[u8],
    context: &Context<'_>,
) -> Result<Vec<u8>, Failure> {
    context.before(Stage::Request).await?;
    if let Some(deadline) = device.deadline(Stage::Request) {
        context.observe(&Event::Started { stage: Stage::Request, deadline });
    }
    device.send(endpoint, payload).await.map_err(|error| {
        let silent = matches!(error.kind, SessionErrorKind::Transport(_));
        let meaning = error.meaning();
        explain(Failure::from(error).at(Stage::Request), meaning, silent, endpoint)
    })
}

async fn payload(args: &Args, input: &Input) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = match (&args.text, &args.hex, &args.file) {
        (_, Some(digits), _) => Zeroizing::new(hex_bytes(digits, "--hex")?),
        (_, _, Some(path)) if is_standard_input(path) => input.standard_input(Extent::Whole, PAYLOAD_MAX).await?,
        (_, _, Some(path)) => input.file(path, Extent::Whole, PAYLOAD_MAX).await?,
        (Some(text), ..) => Zeroizing::new(text.clone().into_bytes()),
        (None, None, None) => Zeroizing::default(),
    };
    if args.endpoint.is_empty() || !args.endpoint.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::new(Code::UsageInvalid).saying("an endpoint's name is one word of printable characters"));
    }
    if bytes.is_empty() {
        return Err(
            Failure::new(Code::UsageInvalid).saying("devices refuse an empty request: there is nothing to send")
        );
    }
    if bytes.len() > PAYLOAD_MAX {
        return Err(Failure::new(Code::UsageInvalid)
            .saying(format!("a request has at most {PAYLOAD_MAX} bytes"))
            .because(format!("this one has {}", bytes.len())));
    }
    Ok(bytes)
}

/// A custom endpoint's handler refuses like everything else: by closing the link. A reply that does not open is no
/// such silence.
fn explain(failure: Failure, meaning: Meaning, silent: bool, endpoint: &str) -> Failure {
    let endpoint = text::sanitise(endpoint);
    match meaning {
        Meaning::NoEndpoint => failure.saying(format!("the device has no endpoint {endpoint}")),
        Meaning::SessionLost if silent => {
            let mut refused = Failure::new(Code::DeviceRefused)
                .at(Stage::Request)
                .saying(format!("the device refused the request to {endpoint}"))
                .hint("send what the firmware's handler of this endpoint expects: it did not accept these bytes");
            refused.causes = failure.causes;
            refused
        }
        _ => failure,
    }
}

fn document(args: &Args, reply: Vec<u8>, device: &DeviceFacts, in_hex: bool) -> Document {
    let shown = match std::str::from_utf8(&reply) {
        Ok(text) if !in_hex => text::sanitise(text.trim_end_matches(['\0', '\n'])).into_owned(),
        _ => hex::encode(&reply),
    };
    let mut body = json!({
        "endpoint": args.endpoint,
        "reply_hex": hex::encode(&reply),
        "reply_text": std::str::from_utf8(&reply).ok(),
    });
    if let Some(dialect) = device.dialect_to_name() {
        body["dialect"] = json!(dialect);
        body["node_id"] = json!(device.node_id);
    }
    Document { raw: args.raw.then_some(reply), ..Document::new("send", shown, body) }
}
