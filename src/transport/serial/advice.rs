//! What errors of serial ports mean: the code, and the advice that depends on the case.

use super::error::PortError;
use super::sharers;
use crate::code::Code;
use crate::failure::Failure;
use crate::text;
use crate::transport::error::Advice;
use crate::transport::{Evidence, TransportError};

impl From<PortError> for TransportError {
    fn from(error: PortError) -> Self {
        let (code, advice) = (code(&error), advise(&error));
        Self::told_by(error, Evidence::Local).called(code).advising(advice)
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        TransportError::from(error).into()
    }
}

fn code(error: &PortError) -> Code {
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

/// Names the programs that read a board's port beside this one: they leave it pieces.
pub fn advise_shared(failure: Failure, port: &str) -> Failure {
    match shared(port) {
        Some(cause) => failure.because(cause).hint("end the other program, and try again"),
        None => failure,
    }
}

/// The other programs that read a port, in words.
pub fn shared(port: &str) -> Option<String> {
    let sharers = sharers(port);
    let told = || format!("the port is also open in {}, which takes some of what the board prints", sharers.join(", "));
    (!sharers.is_empty()).then(told)
}

fn advise(error: &PortError) -> Advice {
    let advice = Advice::default();
    match error {
        PortError::BadName { wanted } => advice.saying(format!("{} names no serial port", text::sanitise(wanted))),
        PortError::Absent { present: ports, .. } | PortError::NoBoard { others: ports } if !ports.is_empty() => {
            advice.because(format!("this computer has {}", list(ports)))
        }
        PortError::NoBoard { .. } => advice.because("this computer has no serial ports"),
        PortError::Absent { .. } => advice,
        PortError::Several { ports } => ports.iter().fold(advice, |advice, port| advice.because(text::sanitise(port))),
        PortError::Permission { group: Some(group), user, .. } => {
            let user = user.as_deref().unwrap_or("$USER");
            advice.because(format!("it belongs to the group {group}")).hint(format!("sudo usermod -aG {group} {user}"))
        }
        PortError::Permission { group: None, .. } => {
            advice.only_hints(["no group may open it: an administrator must change that (on Linux, with a udev rule)"])
        }
        PortError::Unusable { reason, .. } => advice.because(text::sanitise(reason)),
        PortError::Busy { holders, .. } if holders.is_empty() => advice,
        PortError::Busy { holders, .. } => advice.because(format!("it is open in {}", holders.join(", "))),
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
