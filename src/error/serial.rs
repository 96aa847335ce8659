//! What serial ports and the boards on them report, as failures: the code, and the advice that depends on the case.

use crate::code::Code;
use crate::failure::Failure;
use crate::session::Meaning;
use crate::text;
use crate::transport::TransportError;
use crate::transport::console::ConsoleError;
use crate::transport::serial::{PortError, sharers};

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let failure = Self::new(port_code(&error)).caused_by(&error);
        advise_port(failure, &error)
    }
}

pub(super) fn port_code(error: &PortError) -> Code {
    match error {
        PortError::BadName { .. } => Code::UsageInvalid,
        PortError::Absent { .. } => Code::PortAbsent,
        PortError::NoBoard { .. } => Code::PortNoBoard,
        PortError::Several { .. } => Code::PortSeveral,
        PortError::Permission { .. } => Code::PortPermission,
        PortError::Unusable { .. } => Code::PortUnusable,
        PortError::Busy { .. } => Code::PortBusy,
    }
}

/// The code of a console's error, where it is not told by its meaning alone.
pub(super) fn console_code(error: &ConsoleError, meaning: Meaning) -> Option<Code> {
    match error {
        ConsoleError::Silent { .. } => Some(Code::ConsoleSilent),
        ConsoleError::Garbage { .. } => Some(Code::ConsoleGarbage),
        ConsoleError::BootLoop { .. } => Some(Code::ConsoleBootLoop),
        ConsoleError::NoPrompt { .. } => Some(Code::ConsoleNoPrompt),
        ConsoleError::Flooded { .. } => Some(Code::ConsoleFlooded),
        ConsoleError::Refused { .. } if meaning == Meaning::NotADevice => Some(Code::ConsoleNotProvisioning),
        ConsoleError::Restarted { .. }
        | ConsoleError::Refused { .. }
        | ConsoleError::Unreadable { .. }
        | ConsoleError::Gone { .. } => None,
    }
}

/// Adds what the case at hand tells beyond its code.
pub(super) fn advise(failure: Failure, error: &TransportError) -> Failure {
    let failure = advise_case(failure, error);
    match error {
        TransportError::Console(
            ConsoleError::Silent { port }
            | ConsoleError::Garbage { port, .. }
            | ConsoleError::NoPrompt { port, .. }
            | ConsoleError::Unreadable { port },
        ) => advise_shared(failure, port),
        _ => failure,
    }
}

/// Names the programs that read a board's port beside this one: they leave it pieces.
pub fn advise_shared(failure: Failure, port: &str) -> Failure {
    match shared(port) {
        Some(cause) => failure.because(cause).hint("end the other program, and try again"),
        None => failure,
    }
}

/// Who else reads a port, in words.
pub fn shared(port: &str) -> Option<String> {
    let sharers = sharers(port);
    let told = || format!("the port is also open in {}, which takes some of what the board prints", sharers.join(", "));
    (!sharers.is_empty()).then(told)
}

fn advise_case(failure: Failure, error: &TransportError) -> Failure {
    match error {
        TransportError::Port(error) => advise_port(failure, error),
        TransportError::Console(ConsoleError::Garbage { baud, .. }) => {
            failure.hint(format!("{baud} baud is not the board's rate, or this is no board"))
        }
        TransportError::Console(ConsoleError::NoPrompt { booting: true, .. }) => {
            failure.hint("the firmware runs and logs, but nothing reads its console")
        }
        TransportError::Console(ConsoleError::Gone { .. }) => instead(
            failure,
            ["check the cable and the hub", "a chip's own USB port goes away whenever the board restarts: try again"],
        ),
        TransportError::Console(ConsoleError::Unreadable { .. }) => {
            instead(failure, ["try again", "firmware that logs less leaves its console more readable"])
        }
        _ => failure,
    }
}

/// Where the catalogue's hints do not fit the case at hand.
fn instead<const N: usize>(failure: Failure, hints: [&'static str; N]) -> Failure {
    failure.only_hints(hints)
}

fn advise_port(failure: Failure, error: &PortError) -> Failure {
    match error {
        PortError::BadName { wanted } => failure.saying(format!("{} names no serial port", text::sanitise(wanted))),
        PortError::Absent { present: ports, .. } | PortError::NoBoard { others: ports } if !ports.is_empty() => {
            failure.because(format!("this computer has {}", list(ports)))
        }
        PortError::NoBoard { .. } => failure.because("this computer has no serial ports"),
        PortError::Absent { .. } => failure,
        PortError::Several { ports } => {
            ports.iter().fold(failure, |failure, port| failure.because(text::sanitise(port)))
        }
        PortError::Permission { group: Some(group), user, .. } => {
            let user = user.as_deref().unwrap_or("$USER");
            failure.because(format!("it belongs to the group {group}")).hint(format!("sudo usermod -aG {group} {user}"))
        }
        PortError::Permission { group: None, .. } => {
            instead(failure, ["no group may open it: an administrator must change that (on Linux, with a udev rule)"])
        }
        PortError::Unusable { reason, .. } => failure.because(text::sanitise(reason)),
        PortError::Busy { holders, .. } if holders.is_empty() => failure,
        PortError::Busy { holders, .. } => failure.because(format!("it is open in {}", holders.join(", "))),
    }
}

fn list(ports: &[String]) -> String {
    ports.iter().map(|port| text::sanitise(port)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_names_the_group_and_the_command() {
        let group = Some("dialout".to_owned());
        let error = PortError::Permission { path: "/dev/ttyUSB0".into(), group, user: Some("ana".into()) };
        let failure = Failure::from(error);
        assert_eq!(failure.exit() as u8, 13);
        assert_eq!(failure.hints()[0], "sudo usermod -aG dialout ana");
    }

    #[test]
    fn the_holder_is_named() {
        let error = PortError::Busy { path: "/dev/ttyUSB0".into(), holders: vec!["minicom (4711)".into()] };
        let failure = Failure::from(error);
        assert_eq!(failure.exit() as u8, 14);
        assert!(failure.causes.iter().any(|cause| cause.contains("minicom (4711)")), "{failure:?}");
    }
}
