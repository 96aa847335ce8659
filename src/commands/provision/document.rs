//! What `espctl provision` came to, as a document.

use serde_json::{Value, json};

use crate::code::Code;
use crate::failure::Failure;
use crate::provision::{Outcome, Verdict};
use crate::report::records::{device_json, joined_json};
use crate::report::{Document, error_json, human};
use crate::stage::Stage;
use crate::text;

/// The outcome as a document; `name` is the device's own, where it was seen, and `asked` the one that was asked for. Only
/// where they are the same is the device called by it in words: they may be two.
pub(super) fn document(outcome: &Outcome, name: Option<&str>, asked: Option<&str>) -> Document {
    let shown = text::sanitise(name.filter(|name| asked == Some(*name)).unwrap_or(&outcome.device.peer));
    let seconds = outcome.took.as_secs_f32();
    let (word, network, line) = match &outcome.verdict {
        Verdict::Online(joined) => {
            ("online", joined_json(joined), format!("Provisioned {shown} in {seconds:.1} s: {}", human::place(joined)))
        }
        Verdict::AlreadyOnline(joined) => {
            let place = human::place(joined);
            ("already-online", joined_json(joined), format!("{shown} was online already: {place}; nothing was changed"))
        }
        Verdict::Applied { .. } => {
            ("applied", Value::Null, format!("Applied credentials to {shown} in {seconds:.1} s; not confirmed"))
        }
        Verdict::NoNetwork => ("associated", Value::Null, format!("Associated {shown} in {seconds:.1} s")),
    };
    let mut body = json!({
        "outcome": word,
        "device": device_json(name, &outcome.device.peer, outcome.device.version.as_ref()),
        "security": outcome.device.security,
        "network": network,
        "node_id": outcome.node_id,
        "took_ms": outcome.took.as_millis(),
    });
    if let Some(dialect) = outcome.device.dialect_to_name() {
        body["dialect"] = json!(dialect);
    }
    let caveat = match &outcome.verdict {
        Verdict::Applied { cause } => {
            Some(Failure::new(Code::Unconfirmed).at(Stage::AwaitNetwork).because(cause.clone()))
        }
        _ => None,
    };
    if let Some(failure) = &caveat {
        body["error"] = error_json(failure);
    }
    Document { caveat, ..Document::new("provision", line, body) }
}
