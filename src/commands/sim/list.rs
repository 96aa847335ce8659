//! `espctl sim --list`: the firmware profiles, and the faults of devices and of the cloud.

use serde_json::json;

use super::Args;
use crate::report::Document;
use crate::settings::nearest;
use crate::sim::cloud;
use crate::sim::{Fault, Profile};

/// The document that lists them.
pub(super) fn list() -> Document {
    let mut lines = vec!["Firmware profiles (--profile):".to_owned()];
    lines.extend(Profile::all().iter().map(|profile| format!("  {:22} {}", profile.name, profile.about)));
    lines.push("\nFaults (--fault NAME[@N][=VALUE]; @N is the Nth occasion, @2-4 or @3- several):".to_owned());
    lines.extend(
        Fault::all().iter().map(|fault| format!("  {:40} {}", with_value(fault.name, fault.value), fault.about)),
    );
    lines.push("\nFaults of the cloud (with --cloud):".to_owned());
    let of_the_cloud = cloud::Fault::all().iter();
    lines.extend(of_the_cloud.map(|fault| format!("  {:40} {}", with_value(fault.name, fault.value), fault.about)));
    let profiles: Vec<_> =
        Profile::all().iter().map(|profile| json!({ "name": profile.name, "about": profile.about })).collect();
    let faults: Vec<_> = Fault::all()
        .iter()
        .map(|fault| json!({ "name": fault.name, "value": fault.value, "about": fault.about }))
        .collect();
    let cloud_faults: Vec<_> = cloud::Fault::all()
        .iter()
        .map(|fault| json!({ "name": fault.name, "value": fault.value, "about": fault.about }))
        .collect();
    let body = json!({ "profiles": profiles, "faults": faults, "cloud_faults": cloud_faults });
    Document::new("sim-list", lines.join("\n"), body)
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

/// The fault of the cloud that was probably meant by one that there is not.
pub(super) fn meant_of_the_cloud(fault: &str) -> Option<&'static str> {
    let names = || cloud::Fault::all().iter().map(|fault| fault.name);
    let name = fault.split(['@', '=']).next().unwrap_or_default();
    names().all(|own| own != name).then(|| nearest(name, names())).flatten()
}

/// A fault as it is written: `delay=MS[/ENDPOINT]`, `close[=ENDPOINT]`.
fn with_value(name: &str, value: &str) -> String {
    match value.strip_prefix('[') {
        _ if value.is_empty() => name.to_owned(),
        Some(optional) => format!("{name}[={optional}"),
        None => format!("{name}={value}"),
    }
}
