//! `espctl info`: what a device says of itself, be it the node id alone that the RainMaker agent's console tells. Opens
//! no secure session, so it needs no secret.

use serde_json::{Value, json};

use super::app::App;
use super::args::{DeviceArgs, RecordArgs};
use super::device;
use super::dialect::DialectArgs;
use super::label;
use super::single_run::{self, log_access};
use crate::device::{DeviceFacts, open};
use crate::endpoint::scan::Radio;
use crate::failure::Failure;
use crate::report::records::device_json;
use crate::report::{Document, human};
use crate::text;
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

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    let input = app.input(args.device.seconds(app.environment, app.files));
    let target = device::target(&args.device, args.dialect.setting(), &input, app).await?;
    let (device_run, person) =
        single_run::start(args.device.seconds(app.environment, app.files), &args.record, &input, app).await?;
    let context = device_run.context(target.kind);
    let mut answers = person.answers();
    let work = async {
        let device = open(target.dialect, &target.locator, &context, &mut *answers).await?;
        let facts = device.facts().clone();
        device.close().await;
        Ok(document(&facts))
    };
    let log = log_access(target.kind);
    let work = async { work.await.map_err(|failure| device_run.diagnosed(label::explained(failure, &target), &log)) };
    single_run::finish(&device_run, work).await
}

fn document(device: &DeviceFacts) -> Document {
    let version = device.version.as_ref();
    let (association, association_words) = association(device);
    let mut body = json!({
        "device": device_json(device.name.as_deref(), &device.peer, version),
        "security": version.map(VersionInfo::security),
        "credentials": version.and_then(credentials),
        "radio": if device.radio == Radio::Thread { "thread" } else { "wifi" },
        "scan": device.can_scan,
        "association": association,
        "endpoints": device.endpoints,
        "limits": device.limits.map(|limits| {
            json!({ "request": limits.request, "scan_page": limits.scan_page, "security2": limits.security2 })
        }),
    });
    if let Some(dialect) = device.dialect_to_name() {
        body["dialect"] = json!(dialect);
    }
    let Some(version) = version else { return without_version(device, body, association_words) };
    let mut rows = vec![("Device", text::sanitise(&device.peer).into_owned())];
    rows.extend(described(version));
    rows.push(("Association", association_words.to_owned()));
    if let Some(endpoints) = &device.endpoints {
        rows.push(("Endpoints", list(endpoints)));
    }
    if let Some(limits) = device.limits {
        rows.push(("Request limit", format!("{} bytes", limits.request)));
    }
    Document::new("info", table(&rows), body)
}

/// What has no version document tells which node it is, and no more.
fn without_version(device: &DeviceFacts, mut body: Value, association: &str) -> Document {
    body["node_id"] = json!(device.node_id);
    let rows = [
        ("Device", text::sanitise(&device.peer).into_owned()),
        ("Is", format!("a board with {}", device.speaker())),
        ("Node id", device.node_id.clone().unwrap_or_else(|| "none".to_owned())),
        ("Association", association.to_owned()),
    ];
    Document::new("info", table(&rows), body)
}

/// What a version document says.
fn described(version: &VersionInfo) -> Vec<(&'static str, String)> {
    let mut rows = vec![
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
    rows
}

fn list(values: &[String]) -> String {
    match values {
        [] => "none".to_owned(),
        values => values.iter().map(|value| text::sanitise(value)).collect::<Vec<_>>().join(", "),
    }
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

/// How the node can be tied to a user, as far as the device says: for programs, and for people.
fn association(device: &DeviceFacts) -> (Option<&'static str>, &'static str) {
    // What has no version document is of RainMaker where it has a node.
    let is_rainmaker = device.version.as_ref().map_or(device.node_id.is_some(), |version| {
        version.applications.iter().any(|application| application.name.starts_with("rmaker"))
    });
    if device.unclaimed {
        (Some("claim"), "must be claimed first")
    } else if device.has_challenge_response() {
        (Some("challenge-response"), "by challenge and response")
    } else if is_rainmaker {
        (Some("user-mapping"), "by plain user mapping")
    } else {
        (None, "not said; plain user mapping if the firmware has cloud_user_assoc")
    }
}
