//! `espctl scan`: the networks a device hears.

use serde_json::json;

use super::App;
use super::args::SessionArgs;
use super::dialect::NeedsSession;
use super::session::in_session;
use crate::code::Code;
use crate::endpoint::scan::{Network, Radio, ThreadNetwork};
use crate::event::Event;
use crate::failure::Failure;
use crate::provision::{Context, Opened, scan};
use crate::report::{Document, answers, picker_view, records};
use crate::session::deadline::limit;
use crate::stage::Stage;
use crate::text;

/// Options of `scan`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) session: SessionArgs,
}

enum Heard {
    Wifi(Vec<Network>),
    Thread(Vec<ThreadNetwork>),
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    let heard = in_session(&args.session, app, NeedsSession::Scan, listen).await?;
    Ok(document(&heard, app))
}

async fn listen(opened: &mut Opened, context: &mut Context<'_>) -> Result<Heard, Failure> {
    context.observer.observe(&Event::Started { stage: Stage::Scan, deadline: limit::SCAN });
    if opened.version.structured && !opened.version.can_scan() {
        return Err(Failure::new(Code::ScanFailed).at(Stage::Scan).because("the device says that it cannot scan"));
    }
    let session = &mut opened.session;
    if opened.version.is_thread() {
        scan::prepare(session, context, Radio::Thread).await?;
        return scan::thread(session, &mut *context.rng).await.map(Heard::Thread);
    }
    scan::prepare(session, context, Radio::Wifi).await?;
    let networks = scan::wifi(session, &mut *context.rng).await?;
    context.observer.observe(&Event::Scanned { networks: networks.clone() });
    Ok(Heard::Wifi(networks))
}

fn document(heard: &Heard, app: &App<'_>) -> Document {
    match heard {
        Heard::Wifi(networks) if networks.is_empty() => Document::new(
            "scan",
            "The device hears no networks: it may have just started, or be out of reach of every access point",
            json!({ "radio": "wifi", "networks": [] }),
        ),
        Heard::Wifi(networks) => {
            let entries: Vec<_> = networks.iter().map(answers::entry).collect();
            let table =
                picker_view::table(&entries, app.output.columns.unwrap_or(usize::MAX), app.output.ascii).join("\n");
            let body: Vec<_> = networks.iter().map(records::network).collect();
            Document::new("scan", table, json!({ "radio": "wifi", "networks": body }))
        }
        Heard::Thread(networks) => {
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
    }
}
