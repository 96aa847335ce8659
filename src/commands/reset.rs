//! `espctl reset`: make a device forget the network that it could not join or, with `--reprov`, the one that it has
//! joined, so that it can be provisioned again.

use serde_json::json;

use super::app::App;
use super::args::SessionArgs;
use super::session::with_device;
use crate::code::Code;
use crate::device::Need;
use crate::endpoint::control::Action;
use crate::event::Event;
use crate::failure::Failure;
use crate::report::Document;
use crate::session::Meaning;
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
    with_device(&args.session, app, Need::Reset, async |device, context| {
        context.before(Stage::Request).await?;
        if let Some(deadline) = device.deadline(Stage::Request) {
            context.observe(&Event::Started { stage: Stage::Request, deadline });
        }
        device.reset(action).await.map_err(|error| {
            let meaning = error.meaning();
            explain(Failure::from(error).at(Stage::Request), meaning, action)
        })?;
        let (name, line) = match action {
            Action::Reset => ("reset", "The device can be provisioned again"),
            Action::Reprovision => ("reprovision", "The device has left its network and takes new credentials"),
        };
        Ok(Document::new("reset", line, json!({ "action": name })))
    })
    .await
}

fn explain(failure: Failure, meaning: Meaning, action: Action) -> Failure {
    match (meaning, action) {
        (Meaning::Refused, Action::Reset) => failure
            .hint("firmware before network_provisioning 1.2.1 takes a reset only after a failed join")
            .hint("a device that has joined a network takes espctl reset --reprov, where its firmware allows it")
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
