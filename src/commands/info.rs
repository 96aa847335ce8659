//! `espctl info`: what a device says of itself, be it the node id alone that the RainMaker agent's console tells. Opens
//! no secure session, so it needs no secret.

use serde_json::json;

use super::App;
use super::args::{DeviceArgs, RecordArgs};
use super::device::{self, Target};
use super::dialect::{DialectArgs, may_be_agent, neither};
use super::single_run::{self, log_access};
use crate::failure::Failure;
use crate::provision::secure::identify;
use crate::provision::{Answers, Context, rainmaker_console};
use crate::report::records::device_json;
use crate::report::{Document, human};
use crate::text;
use crate::transport::Limits;
use crate::transport::console::Dialect;
use crate::wire::version::VersionInfo;

/// Options of `info`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    pub(super) record: RecordArgs,
}

pub(super) async fn run(mut args: Args, app: &App<'_>) -> Result<Document, Failure> {
    args.dialect.needs_console(&mut args.device, app);
    let input = app.input(args.device.timeout);
    let target = device::target(&args.device, &input, app).await?;
    let dialect = args.dialect.choose(&target.locator)?;
    let (device_run, person) = single_run::start(args.device.timeout, &args.record, &input, app).await?;
    let context = device_run.context(target.kind);
    let mut answers = person.answers();
    let work = async {
        if dialect == Dialect::RainMaker {
            return over_agent(&target, &context).await;
        }
        match over_protocomm(&target, &context, &mut *answers).await {
            Err(failure) if may_be_agent(dialect, &failure, &*device_run.observer) => {
                over_agent(&target, &context).await.map_err(|other| neither(failure, other))
            }
            outcome => outcome,
        }
    };
    let log = log_access(&target.locator);
    Box::pin(device_run.run(async { work.await.map_err(|failure| device_run.diagnosed(failure, &log)) })).await
}

/// The agent's console tells which node it is, and no more.
async fn over_agent(target: &Target, context: &Context<'_>) -> Result<Document, Failure> {
    let agent = rainmaker_console::open(&target.locator, context).await?;
    let (peer, node_id) = (agent.peer(), rainmaker_console::node_id(&agent));
    let (association, words) = match node_id {
        Some(_) => ("user-mapping", "by plain user mapping"),
        None => ("claim", "must be claimed first"),
    };
    let rows = [
        ("Device", text::sanitise(peer).into_owned()),
        ("Is", "a board with the RainMaker agent's console".to_owned()),
        ("Node id", node_id.clone().unwrap_or_else(|| "none".to_owned())),
        ("Association", words.to_owned()),
    ];
    let body = json!({
        "device": device_json(target.name.as_deref(), peer, None),
        "dialect": "agent",
        "node_id": node_id,
        "security": null,
        "credentials": null,
        "radio": "wifi",
        "scan": false,
        "association": association,
        "endpoints": null,
        "limits": null,
    });
    Ok(Document::new("info", table(&rows), body))
}

async fn over_protocomm(
    target: &Target,
    context: &Context<'_>,
    answers: &mut dyn Answers,
) -> Result<Document, Failure> {
    let (link, version) = identify(&target.locator, context, answers).await?;
    let (peer, limits) = (link.peer(), link.limits());
    let endpoints = link.endpoints().map(<[String]>::to_vec);
    link.close().await;
    let text = text(&peer, limits, endpoints.as_deref(), &version);
    let body = json!({
        "device": device_json(target.name.as_deref(), &peer, Some(&version)),
        "security": version.security(),
        "credentials": credentials(&version),
        "radio": if version.is_thread() { "thread" } else { "wifi" },
        "scan": version.can_scan(),
        "association": association(&version).0,
        "endpoints": endpoints,
        "limits": { "request": limits.request, "scan_page": limits.scan_page, "security2": limits.security2 },
    });
    Ok(Document::new("info", text, body))
}

fn text(peer: &str, limits: Limits, endpoints: Option<&[String]>, version: &VersionInfo) -> String {
    let list = |values: &[String]| match values {
        [] => "none".to_owned(),
        values => values.iter().map(|value| text::sanitise(value)).collect::<Vec<_>>().join(", "),
    };
    let mut rows = vec![
        ("Device", text::sanitise(peer).into_owned()),
        ("Is", human::device(version, version.security())),
        ("Version", text::sanitise(version.version.as_deref().unwrap_or("not said")).into_owned()),
        ("Security", security(version)),
        ("Capabilities", list(&version.capabilities)),
    ];
    for application in &version.applications {
        let name = text::sanitise(&application.name);
        let number = application.version.as_deref().map(text::sanitise).unwrap_or_default();
        rows.push(("Application", format!("{name} {number}: {}", list(&application.capabilities))));
    }
    rows.push(("Association", association(version).1.to_owned()));
    if let Some(endpoints) = endpoints {
        rows.push(("Endpoints", list(endpoints)));
    }
    rows.push(("Request limit", format!("{} bytes", limits.request)));
    table(&rows)
}

fn table(rows: &[(&str, String)]) -> String {
    rows.iter().map(|(name, value)| format!("{name:14} {value}")).collect::<Vec<_>>().join("\n")
}

fn security(version: &VersionInfo) -> String {
    let from = if version.sec_ver.is_some() { "" } else { " (read from its capabilities; the device does not say)" };
    match version.security() {
        0 => format!("0: nothing is encrypted{from}"),
        1 if version.wants_pop() => format!("1: X25519 and AES-CTR, with a proof of possession{from}"),
        1 => format!("1: X25519 and AES-CTR, without a proof of possession{from}"),
        2 => format!(
            "2: SRP6a and AES-GCM, patch {}, with a user name and password{from}",
            version.sec_patch_ver.unwrap_or(0)
        ),
        other => format!("{other}: unknown to this version"),
    }
}

/// What a session needs, for programs.
fn credentials(version: &VersionInfo) -> Option<&'static str> {
    match version.security() {
        1 if version.wants_pop() => Some("proof-of-possession"),
        0 | 1 => Some("none"),
        2 => Some("username-and-password"),
        _ => None,
    }
}

/// How the node can be tied to a user, as far as its version document says: for programs, and for people.
fn association(version: &VersionInfo) -> (Option<&'static str>, &'static str) {
    if version.wants_claim() {
        (Some("claim"), "must be claimed first")
    } else if version.has_challenge_response() {
        (Some("challenge-response"), "by challenge and response")
    } else if version.applications.iter().any(|application| application.name.starts_with("rmaker")) {
        (Some("user-mapping"), "by plain user mapping")
    } else {
        (None, "not said; plain user mapping if the firmware has cloud_user_assoc")
    }
}
