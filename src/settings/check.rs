//! What a settings file's values mean to a link, a network or a device: checked as the commands check what is typed, by
//! the same functions.
//!
//! What depends on one run alone, the environment, is a warning of `espctl config check`, and an error of the command
//! that needs the value.

use super::file::SettingsFile;
use super::keys::{self, Key};
use super::nearest::nearest;
use super::problem::{Place, Problem};
use super::secret::Environment;
use super::target::{Kinds, resolve};
use crate::device::plan::{check_ssid, read_bssid};
use crate::failure::Failure;
use crate::origin::{Origin, Setting};
use crate::transport::{Locator, Part};

/// What is wrong with the values of a file, whatever the run. An address is one of the link that `transport` names.
pub(super) fn values(file: &SettingsFile, transport: Option<&str>, kinds: Kinds<'_>) -> Vec<Problem> {
    let plain = file.values().filter_map(|(key, value, place)| value_of(key, value, place, transport, kinds).err());
    let clear = file.secrets().filter(|(_, secret)| secret.is_clear());
    plain.chain(clear.filter_map(|(name, secret)| secret.find::<()>(&name, &|_| None).err())).collect()
}

/// What is wrong with the secrets that a file names: those in files as errors, those in variables as warnings.
pub(super) fn named_secrets(file: &SettingsFile, environment: Environment<'_>) -> (Vec<Problem>, Vec<Problem>) {
    let named = file.secrets().filter(|(_, secret)| !secret.is_clear());
    let wrong = named.filter_map(|(name, secret)| {
        let problem = secret.find::<()>(&name, environment).err()?;
        Some((problem, secret.is_variable()))
    });
    let (warnings, errors): (Vec<_>, Vec<_>) = wrong.partition(|(_, passes)| *passes);
    let problems = |all: Vec<(Problem, bool)>| all.into_iter().map(|(problem, _)| problem).collect();
    (problems(errors), problems(warnings))
}

fn value_of(
    key: &'static Key,
    value: &str,
    place: &Place,
    transport: Option<&str>,
    kinds: Kinds<'_>,
) -> Result<(), Problem> {
    let wrong = |takes: &str, why: &str| {
        let colon = if why.is_empty() { "" } else { ": " };
        place.problem(format!("{} takes {takes}{colon}{why}", key.name))
    };
    let schemes = || kinds.iter().map(|kind| kind.scheme());
    let known = |scheme: &str| schemes().any(|own| own == scheme);
    let with_near = |problem: Problem, typed: &str| match nearest(typed, schemes()) {
        Some(near) => problem.hint(format!("did you mean {near}?")),
        None => problem,
    };
    if key == &keys::SSID {
        return check_ssid(value.as_bytes())
            .map_err(|failure| wrong("a network's name of 1 to 32 bytes", &because(&failure)));
    }
    if key == &keys::BSSID {
        return read_bssid(value)
            .map(drop)
            .map_err(|why| wrong("six pairs of hex digits, like AA:BB:CC:DD:EE:FF", &why));
    }
    let names = || schemes().collect::<Vec<_>>().join(", ");
    if key == &keys::TRANSPORT {
        if known(value) {
            return Ok(());
        }
        return Err(with_near(wrong(&format!("one of {}, in quotation marks", names()), ""), value));
    }
    if key == &keys::DEVICE {
        let locator: Locator = value.parse().map_err(|error: crate::transport::LocatorError| {
            place.problem(format!("{} does not name a device: {error}", key.name))
        })?;
        if !known(locator.scheme()) {
            let why = format!("{} does not name a device: before the colon stands one of {}", key.name, names());
            return Err(with_near(place.problem(why), locator.scheme()));
        }
    }
    let scheme = |part| kinds.iter().find(|kind| kind.takes(part)).map(|kind| kind.scheme());
    let over = match key.name {
        name if name == keys::ADAPTER.name => scheme(Part::Adapter),
        name if [keys::PORT.name, keys::BAUD.name, keys::RESET.name].contains(&name) => scheme(Part::Port),
        name if name == keys::ADDRESS.name => transport.filter(|scheme| known(scheme)),
        name if name == keys::DEVICE.name => None,
        // It may be anything that its kind of value allows.
        _ => return Ok(()),
    };
    // As from a file: what is said for all runs may not fit one of them, and that is no mistake.
    let origin = || Origin::UserFile(place.path().clone());
    let find = |asked: &'static Key| match asked {
        asked if asked == key => Some(Setting::new(value.to_owned(), origin())),
        asked if asked == &keys::TRANSPORT => over.map(|scheme| Setting::new(scheme.to_owned(), origin())),
        _ => None,
    };
    let resolved = keys::device_parts(&find).and_then(|parts| resolve(&parts, kinds));
    resolved.map(drop).map_err(|failure| {
        let why = [std::slice::from_ref(&failure.message), &failure.causes].concat().join(": ");
        place.problem(format!("{}: {why}", key.name))
    })
}

/// The evidence of a failure.
fn because(failure: &Failure) -> String {
    failure.causes.join(": ")
}
