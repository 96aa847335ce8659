//! `espctl scan`: the networks a device hears.

use serde_json::json;

use super::app::App;
use super::args::SessionArgs;
use super::session::with_device;
use crate::device::{Heard, Need};
use crate::endpoint::scan::{Network, ThreadNetwork};
use crate::event::Event;
use crate::failure::Failure;
use crate::report::{Document, answers, picker_view, records};
use crate::stage::Stage;
use crate::text;

/// Options of `scan`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) session: SessionArgs,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    with_device(&args.session, app, Need::Scan, async |device, context| {
        if let Some(deadline) = device.deadline(Stage::Scan) {
            context.observe(&Event::Started { stage: Stage::Scan, deadline });
        }
        match device.scan().await? {
            Heard::Wifi(networks) => {
                context.observe(&Event::Scanned { networks: networks.clone() });
                Ok(wifi(&networks, app))
            }
            Heard::Thread(networks) => Ok(thread(&networks)),
            Heard::Refused(failure) | Heard::Cannot { failure, .. } => Err(*failure),
        }
    })
    .await
}

fn wifi(networks: &[Network], app: &App<'_>) -> Document {
    if networks.is_empty() {
        return Document::new(
            "scan",
            "The device hears no networks: it may have just started, or be out of reach of every access point",
            json!({ "radio": "wifi", "networks": [] }),
        );
    }
    let entries: Vec<_> = networks.iter().map(answers::entry).collect();
    let table = picker_view::table(&entries, app.output.columns.unwrap_or(usize::MAX), app.output.ascii).join("\n");
    let body: Vec<_> = networks.iter().map(records::network).collect();
    Document::new("scan", table, json!({ "radio": "wifi", "networks": body }))
}

fn thread(networks: &[ThreadNetwork]) -> Document {
    let mut lines = vec![format!("{:16}  {:6}  {:16}  CH  RSSI  LQI", "NETWORK", "PAN ID", "EXTENDED PAN ID")];
    lines.extend(networks.iter().map(|network| {
        format!(
            "{}  {:#06x}  {:16}  {:2}  {:4}  {:3}",
            text::padded(&text::bounded(&text::sanitise(&network.name), 16), 16),
            network.pan_id,
            network.extended_pan_id,
            network.channel,
            network.rssi,
            network.lqi
        )
    }));
    let body: Vec<_> = networks.iter().map(records::thread_network).collect();
    Document::new("scan", lines.join("\n"), json!({ "radio": "thread", "networks": body }))
}
