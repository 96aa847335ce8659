//! `espctl reset`: put a device's provisioning back to its start, after a failed join or (`--reprov`) a good one.

use serde_json::json;

use super::App;
use super::args::SessionArgs;
use super::dialect::NeedsSession;
use super::session::in_session;
use crate::code::Code;
use crate::endpoint::control::{Action, Control};
use crate::endpoint::scan::Radio;
use crate::event::Event;
use crate::failure::Failure;
use crate::report::Document;
use crate::session::Meaning;
use crate::session::deadline::limit;
use crate::stage::Stage;

/// Options of `reset`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Have a connected device leave its network and take new credentials (only firmware without automatic stop)
    #[arg(long)]
    reprov: bool,
    #[command(flatten)]
    pub(super) session: SessionArgs,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    let action = if args.reprov { Action::Reprovision } else { Action::Reset };
    in_session(&args.session, app, NeedsSession::Reset, async |opened, context| {
        context.before(Stage::Request).await?;
        context.observer.observe(&Event::Started { stage: Stage::Request, deadline: limit::EXCHANGE });
        let radio = if opened.version.is_thread() { Radio::Thread } else { Radio::Wifi };
        opened.session.call(&Control { action, radio }).await.map_err(|error| {
            let meaning = error.meaning();
            explain(Failure::from(error).at(Stage::Request), meaning, action)
        })
    })
    .await?;
    let (name, line) = match action {
        Action::Reset => ("reset", "The device's provisioning is back at its start"),
        Action::Reprovision => ("reprovision", "The device has left its network and takes new credentials"),
    };
    Ok(Document::new("reset", line, json!({ "action": name })))
}

fn explain(failure: Failure, meaning: Meaning, action: Action) -> Failure {
    match (meaning, action) {
        (Meaning::Refused, Action::Reset) => failure
            .hint("firmware before network_provisioning 1.2.1 takes a reset only after a failed join")
            .saying("the device refused the reset: there may be nothing to reset"),
        (Meaning::Refused, Action::Reprovision) => failure
            .hint("only firmware that keeps provisioning running (no automatic stop) can be reprovisioned")
            .saying("the device refused to be reprovisioned"),
        (Meaning::NoEndpoint, _) => {
            let mut failure = failure.hint("prov-ctrl came with ESP-IDF 5.1: older firmware must be power-cycled");
            failure.code = Code::DeviceNoEndpoint;
            failure
        }
        _ => failure,
    }
}
