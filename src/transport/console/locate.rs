//! The console's locator, made of the parts that are known: a port, and how to open it.

use crate::code::Code;
use crate::failure::Failure;
use crate::origin::{Origin, Setting};
use crate::transport::{DeviceParts, Locator};

/// The scheme of these locators.
pub(super) const SCHEME: &str = "console";

/// The locator of a whole name, or of the parts that make one.
pub(super) fn locate(whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Result<Locator, Failure> {
    match whole {
        // How a port is opened on which only the log is heard says nothing of the device's own.
        Some(whole) if !parts.opens_port() => Ok(whole.value.clone()),
        Some(whole) => opened(whole.clone(), parts.baud.as_ref(), parts.reset.as_ref()),
        None => {
            let nothing = || Setting::new(String::new(), Origin::Default);
            // What was given for this run, before what a variable or a file says.
            let address = || parts.address.clone().filter(Setting::is_explicit);
            let port = parts.port.clone().filter(Setting::is_explicit).or_else(address).or_else(|| parts.port.clone());
            port_locator(&port.unwrap_or_else(nothing), parts.baud.as_ref(), parts.reset.as_ref())
        }
    }
}

/// A port that is named, by its name or by a locator that says how to open it too, as its locator.
///
/// # Errors
/// Where what was given for this run contradicts itself, or is not a locator.
pub fn port_locator(
    port: &Setting<String>,
    baud: Option<&Setting<u32>>,
    reset: Option<&Setting<String>>,
) -> Result<Locator, Failure> {
    let (name, scheme) = (port.value.as_str(), SCHEME);
    let is_locator = name.split_once(':').is_some_and(|(start, _)| start.eq_ignore_ascii_case(scheme));
    let locator = if is_locator {
        name.parse().map_err(|error| {
            Failure::new(Code::UsageInvalid).saying(format!("{} names no serial port", port.origin)).caused_by(&error)
        })?
    } else {
        Locator::new(scheme, name)
    };
    opened(Setting::new(locator, port.origin.clone()), baud, reset)
}

/// The locator with how to open the port. What was given for this run wins over what a variable or a file says, and may
/// not contradict what was given for this run.
fn opened(
    port: Setting<Locator>,
    baud: Option<&Setting<u32>>,
    reset: Option<&Setting<String>>,
) -> Result<Locator, Failure> {
    let baud = baud.cloned().map(|baud| baud.map(|rate| rate.to_string()));
    let options = [("baud", baud), ("reset", reset.cloned())];
    let Setting { value, origin } = port;
    options.into_iter().filter_map(|(key, option)| Some((key, option?))).try_fold(value, |locator, (key, option)| {
        match locator.parameter(key) {
            None => Ok(locator.with(key, &option.value)),
            Some(own) if own == option.value => Ok(locator),
            Some(_) if origin.is_explicit() && option.is_explicit() => Err(Failure::new(Code::UsageConflict)
                .saying(format!("--{key} and the port's own {key}= contradict each other"))
                .hint("leave out one of them")),
            Some(_) if option.origin < origin => Ok(locator.with(key, &option.value)),
            Some(_) => Ok(locator),
        }
    })
}
