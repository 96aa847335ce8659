//! `espctl send`: text, hex or a file to any endpoint through the secure session; a text to be signed to the RainMaker
//! agent's console, which has no session.

use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::App;
use super::args::SessionArgs;
use super::device::{self, Target};
use super::dialect::{DialectArgs, NeedsSession, may_be_agent, neither};
use super::input::{hex_bytes, one_reader};
use super::single_run::{self, log_access};
use crate::code::Code;
use crate::device_run::DeviceRun;
use crate::endpoint::custom::Custom;
use crate::event::Event;
use crate::failure::Failure;
use crate::process::input::Input;
use crate::provision::{Context, Opened, rainmaker_console};
use crate::rainmaker_console::Command;
use crate::report::Document;
use crate::session::deadline::limit;
use crate::session::{Meaning, SessionErrorKind};
use crate::stage::Stage;
use crate::text;
use crate::transport::console::Dialect;

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

/// What the agent's console can be sent.
const SIGN: &str = "sign-data";

pub(super) async fn run(mut args: Args, app: &App<'_>) -> Result<Document, Failure> {
    args.dialect.needs_console(&mut args.session.device, app);
    let from_input = args.file.as_deref().is_some_and(|path| path.as_os_str() == "-");
    one_reader(&args.session.device, &args.session.security, &[("--file -", from_input)])?;
    let input = app.input(args.session.device.timeout);
    let payload = payload(&args, &input).await?;
    let target = device::target(&args.session.device, &input, app).await?;
    let dialect = args.dialect.choose(&target.locator)?;
    if dialect == Dialect::RainMaker {
        check_signable(&args.endpoint, &payload)?;
    }
    let plan = device::security_plan(&args.session.security, None, target.payload.as_ref(), &input, app).await?;
    let (device_run, person) =
        single_run::start(args.session.device.timeout, &args.session.record, &input, app).await?;
    let mut answers = person.answers();
    let work = async {
        if dialect == Dialect::RainMaker {
            return sign(&args, &target, &payload, &device_run).await;
        }
        let call = async |opened: &mut Opened, context: &mut Context<'_>| {
            context.before(Stage::Request).await?;
            context.observer.observe(&Event::Started { stage: Stage::Request, deadline: limit::EXCHANGE });
            let request = Custom { endpoint: &args.endpoint, payload: &payload };
            opened.session.call(&request).await.map_err(|error| {
                let silent = matches!(error.kind, SessionErrorKind::Transport(_));
                let meaning = error.meaning();
                explain(Failure::from(error).at(Stage::Request), meaning, silent, &args.endpoint)
            })
        };
        match device_run.in_session(&target.locator, target.kind, &plan, &mut *answers, call).await {
            Ok(reply) => Ok(document(&args, reply)),
            Err(failure) if args.endpoint == SIGN && may_be_agent(dialect, &failure, &*device_run.observer) => {
                sign(&args, &target, &payload, &device_run).await.map_err(|other| neither(failure, other))
            }
            Err(failure) if args.endpoint != SIGN && dialect == Dialect::Auto => {
                let needs = NeedsSession::Request(&args.endpoint);
                Err(needs.explain(failure, &target.locator, &device_run.context(target.kind)).await)
            }
            Err(failure) => Err(failure),
        }
    };
    Box::pin(
        device_run
            .run(async { work.await.map_err(|failure| device_run.diagnosed(failure, &log_access(&target.locator))) }),
    )
    .await
}

/// The agent's commands that change something are those of `provision`.
fn check_signable(endpoint: &str, payload: &[u8]) -> Result<(), Failure> {
    if endpoint != SIGN {
        return Err(Failure::new(Code::UsageUnsupported)
            .saying(format!("the RainMaker agent's console is sent {SIGN} only, not {}", text::sanitise(endpoint)))
            .hint("espctl provision gives it a network or a user; espctl info tells its node id"));
    }
    Command::sign_data(as_text(payload)?).map(drop).map_err(Failure::from)
}

fn as_text(payload: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(payload).map_err(|_| {
        Failure::new(Code::UsageInvalid).saying("the RainMaker agent's console signs text, and this is no UTF-8")
    })
}

/// Has the node sign the payload.
async fn sign(args: &Args, target: &Target, payload: &[u8], device_run: &DeviceRun) -> Result<Document, Failure> {
    check_signable(&args.endpoint, payload)?;
    let context = device_run.context(target.kind);
    let mut agent = rainmaker_console::open(&target.locator, &context).await?;
    context.before(Stage::Request).await?;
    let signature = rainmaker_console::sign(&mut agent, as_text(payload)?, &context).await?;
    let mut document = document(args, signature);
    document.text = document.json["reply_hex"].as_str().unwrap_or_default().to_owned();
    document.json["dialect"] = json!("agent");
    document.json["node_id"] = json!(rainmaker_console::node_id(&agent));
    Ok(document)
}

async fn payload(args: &Args, input: &Input) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = match (&args.text, &args.hex, &args.file) {
        (_, Some(digits), _) => Zeroizing::new(hex_bytes(digits, "--hex")?),
        (_, _, Some(path)) if path.as_os_str() == "-" => input.standard_input(PAYLOAD_MAX).await?,
        (_, _, Some(path)) => input.file(path, PAYLOAD_MAX).await?,
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
                .hint("its handler did not like the bytes");
            refused.causes = failure.causes;
            refused
        }
        _ => failure,
    }
}

fn document(args: &Args, reply: Vec<u8>) -> Document {
    let shown = match std::str::from_utf8(&reply) {
        Ok(text) => text::sanitise(text.trim_end_matches(['\0', '\n'])).into_owned(),
        Err(_) => hex::encode(&reply),
    };
    let body = json!({
        "endpoint": args.endpoint,
        "reply_hex": hex::encode(&reply),
        "reply_text": std::str::from_utf8(&reply).ok(),
    });
    Document { raw: args.raw.then_some(reply), ..Document::new("send", shown, body) }
}
