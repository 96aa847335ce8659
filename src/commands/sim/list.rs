//! `espctl sim --list`: the firmware profiles and the faults.

use serde_json::json;

use crate::report::Document;
use crate::sim::fault::FaultInfo;
use crate::sim::{Fault, Profile};

/// The document that lists them.
pub(super) fn list() -> Document {
    let mut lines = vec!["Firmware profiles (--profile):".to_owned()];
    lines.extend(Profile::all().iter().map(|profile| format!("  {:22} {}", profile.name, profile.about)));
    lines.push("\nFaults (--fault NAME[@N][=VALUE]; @N is the Nth occasion, @2-4 or @3- several):".to_owned());
    lines.extend(Fault::all().iter().map(|fault| format!("  {:40} {}", with_value(fault), fault.about)));
    let profiles: Vec<_> =
        Profile::all().iter().map(|profile| json!({ "name": profile.name, "about": profile.about })).collect();
    let faults: Vec<_> = Fault::all()
        .iter()
        .map(|fault| json!({ "name": fault.name, "value": fault.value, "about": fault.about }))
        .collect();
    Document::new("sim-list", lines.join("\n"), json!({ "profiles": profiles, "faults": faults }))
}

/// A fault as it is written: `delay=MS[/ENDPOINT]`, `close[=ENDPOINT]`.
fn with_value(fault: &FaultInfo) -> String {
    match fault.value.strip_prefix('[') {
        _ if fault.value.is_empty() => fault.name.to_owned(),
        Some(optional) => format!("{}[={optional}", fault.name),
        None => format!("{}={}", fault.name, fault.value),
    }
}
