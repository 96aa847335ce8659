//! `espctl send`: text, hex or a file to any endpoint through the secure session.

use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::App;
use super::args::SessionArgs;
use super::desk::in_session;
use super::input;
use crate::endpoint::custom::Custom;
use crate::error::{Code, Failure};
use crate::event::{Event, Stage};
use crate::report::Document;
use crate::session::Meaning;
use crate::session::patience::limit;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  espctl send custom-data 'hello' --pop abcd1234
  espctl send custom-data --hex 00ff --pop abcd1234 --json";

/// Options of `send`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The endpoint, for example custom-data
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
    pub(super) session: SessionArgs,
}

/// No link carries more; checked again, exactly, by the link in use.
const PAYLOAD_MAX: u64 = 4096;

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    let payload = payload(&args)?;
    let reply = in_session(&args.session, app, async |opened, context| {
        context.ready(Stage::Request)?;
        context.observer.observe(&Event::Started { stage: Stage::Request, deadline: limit::EXCHANGE });
        let request = Custom { endpoint: &args.endpoint, payload: &payload };
        opened.session.call(&request).await.map_err(|error| {
            let meaning = error.meaning();
            explain(Failure::from(error).at(Stage::Request), meaning, &args.endpoint)
        })
    })
    .await?;
    Ok(document(&args, reply))
}

fn payload(args: &Args) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = match (&args.text, &args.hex, &args.file) {
        (_, Some(digits), _) => Zeroizing::new(input::hex_bytes(digits, "--hex")?),
        (_, _, Some(path)) if path.as_os_str() == "-" => input::stdin(PAYLOAD_MAX)?,
        (_, _, Some(path)) => input::file(path, PAYLOAD_MAX)?,
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
    if bytes.len() as u64 > PAYLOAD_MAX {
        return Err(Failure::new(Code::UsageInvalid)
            .saying(format!("a request has at most {PAYLOAD_MAX} bytes"))
            .because(format!("this one has {}", bytes.len())));
    }
    Ok(bytes)
}

/// A custom endpoint's handler refuses like everything else: by closing the link.
fn explain(failure: Failure, meaning: Meaning, endpoint: &str) -> Failure {
    let endpoint = text::sanitise(endpoint);
    match meaning {
        Meaning::NoEndpoint => failure.saying(format!("the device has no endpoint {endpoint}")),
        Meaning::SessionLost => {
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
