//! What the agent's console cannot be asked for, and what to do instead.

use super::command::Command;
use super::request::SIGN;
use crate::code::Code;
use crate::device::dialect::Need;
use crate::device::link::DeviceFacts;
use crate::device::plan::WifiPlan;
use crate::failure::Failure;
use crate::secret::{Passphrase, ThreadDataset};
use crate::stage::Stage;
use crate::text;

/// What is said of a Thread dataset.
pub(super) const NO_THREAD: &str = "the agent's console takes --ssid, not --thread-dataset: it knows no Thread";

/// Checks before anything is opened; `port` is what the locator names.
pub(super) fn check(need: Need<'_>, port: &str) -> Result<(), Failure> {
    match need {
        Need::Request(SIGN) => Ok(()),
        // The agent's commands that change something are those of `provision`.
        Need::Request(endpoint) => Err(Failure::new(Code::UsageUnsupported)
            .saying(format!("the RainMaker agent's console is sent {SIGN} only, not {}", text::sanitise(endpoint)))
            .hint("espctl provision gives it a network or a user; espctl info tells its node id")),
        Need::Scan | Need::Reset => {
            let cannot = format!("the RainMaker agent's console cannot {}", describe(need));
            Err(advise(Failure::new(Code::UsageConflict).saying(cannot), need, port))
        }
    }
}

/// Checks credentials before anything is sent, as far as they are known.
pub(super) fn check_network(wifi: &WifiPlan, dataset: Option<&ThreadDataset>) -> Result<(), Failure> {
    if dataset.is_some() && wifi.ssid.is_none() {
        return Err(Failure::new(Code::UsageConflict).saying(NO_THREAD));
    }
    if let Some(ssid) = &wifi.ssid {
        let none = Passphrase::new([]);
        Command::wifi_prov(ssid, wifi.passphrase.as_ref().unwrap_or(&none))?;
    }
    Ok(())
}

/// The failure where the agent's console is all that answers.
pub(super) fn lacks(need: Need<'_>, facts: &DeviceFacts) -> Option<Failure> {
    check(need, "").err()?;
    let path = text::sanitise(&facts.peer);
    let node = facts.node_id.as_ref().map_or("a node without an id".to_owned(), |id| format!("node {id}"));
    let failure = Failure::new(Code::ConsoleNotProvisioning)
        .only_hints(None::<String>)
        .at(Stage::Identify)
        .saying(format!("the board has only the RainMaker agent's console, which cannot {}", describe(need)))
        .because(format!("the console on {path} answers as {node}"));
    Some(advise(failure, need, &path))
}

fn describe(need: Need<'_>) -> String {
    match need {
        Need::Scan => "scan".to_owned(),
        Need::Reset => "reset".to_owned(),
        Need::Request(endpoint) => format!("reach {}", text::sanitise(endpoint)),
    }
}

fn advise(failure: Failure, need: Need<'_>, port: &str) -> Failure {
    let here = match port {
        "" => "--transport console".to_owned(),
        port => format!("--port {}", text::sanitise(port)),
    };
    match need {
        Need::Scan => failure
            .hint("or scan over the radio its firmware provisions with: --transport ble or --transport softap")
            .hint(format!("give the network by name: espctl provision {here} --ssid NAME")),
        Need::Reset => failure.hint("restart the board, or reset it over --transport ble or --transport softap"),
        Need::Request(_) => failure
            .hint("the endpoint is reached over the radio its firmware provisions with: --transport ble or softap"),
    }
}
