//! Open files for a fleet of simulated devices: the shell's usual limit is 1024, and each device takes two.
//!
//! Without enough of them a device would accept no connection and not say why, so it is settled before any listens.

use crate::code::Code;
use crate::failure::Failure;

/// A device's listener and its one connection.
const EACH: u64 = 2;
/// Standard streams, the runtime, and connections that are just being replaced.
const BESIDES: u64 = 64;

/// Raises this process's own limit as far as `devices` need it and the system lets it.
///
/// # Errors
/// [`Code::LinkUnreachable`] where that is not far enough.
pub(super) fn make_room(devices: u16) -> Result<(), Failure> {
    let needed = EACH * u64::from(devices) + BESIDES;
    match raise(needed) {
        Some(limit) if limit < needed => {
            // The catalogue's hints are about reaching a device, not about being one.
            Err(Failure::new(Code::LinkUnreachable)
                .saying(format!("{devices} devices need {needed} open files, and the limit is {limit}"))
                .only_hints([format!("raise the limit (ulimit -n {needed}), or start fewer devices")]))
        }
        _ => Ok(()),
    }
}

/// The limit as it is after an attempt to raise it; `None` where there is none.
#[cfg(unix)]
fn raise(needed: u64) -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    if current < needed {
        limit.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        // Where this is refused the old limit stands.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn raise(_: u64) -> Option<u64> {
    None
}
