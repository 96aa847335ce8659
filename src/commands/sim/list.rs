//! `espctl sim --list`: the firmware profiles and the faults.

use serde_json::json;

use super::Args;
use crate::report::Document;
use crate::settings::nearest;
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

/// The names of the firmware profiles.
pub(in crate::commands) fn profiles() -> Vec<&'static str> {
    Profile::all().iter().map(|profile| profile.name).collect()
}

/// The names of the faults.
pub(in crate::commands) fn faults() -> Vec<&'static str> {
    Fault::all().iter().map(|fault| fault.name).collect()
}

/// The profile or the fault that was probably meant by one that there is not.
pub(super) fn meant(args: &Args) -> Option<&'static str> {
    let profile = args.profile.as_deref().filter(|name| !profiles().contains(name));
    let names = args.fault.iter().map(|fault| fault.split(['@', '=']).next().unwrap_or_default());
    let fault = names.filter(|name| !faults().contains(name)).find_map(|name| nearest(name, faults()));
    profile.and_then(|name| nearest(name, profiles())).or(fault)
}

/// A fault as it is written: `delay=MS[/ENDPOINT]`, `close[=ENDPOINT]`.
fn with_value(fault: &FaultInfo) -> String {
    match fault.value.strip_prefix('[') {
        _ if fault.value.is_empty() => fault.name.to_owned(),
        Some(optional) => format!("{}[={optional}", fault.name),
        None => format!("{}={}", fault.name, fault.value),
    }
}
