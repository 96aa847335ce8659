//! What a device's label says, where a failure turns on it: the device's own network, and whose password is on it.
//! Nothing that is secret is repeated.

use crate::code::Code;
use crate::failure::Failure;
use crate::settings::target::Target;
use crate::text;
use crate::wire::qr::{Payload, Transport};

/// How to read what is on a label and is not printed here.
const SHOWN_BY: &str = "as \"password\" in the text of its QR code, which any QR reader shows";

/// The failure with what the label says of it.
pub(super) fn explained(failure: Failure, target: &Target) -> Failure {
    let Some(label) = &target.payload else { return failure };
    match failure.code {
        Code::LinkUnreachable | Code::LinkNotADevice if target.kind.needs_device_network() => match network(label) {
            Some(hint) => failure.hint(hint),
            None => failure,
        },
        Code::UsageMissing | Code::ProofRejected if label.password.is_some() && label.pop.is_none() => failure.hint(
            "the label's \"password\" is that of the device's own Wi-Fi network, and is not used for the session: give \
             the proof of possession with --pop",
        ),
        _ => failure,
    }
}

/// The network that has to be joined to reach the device, as its label has it.
fn network(label: &Payload) -> Option<String> {
    if label.transport == Some(Transport::Ble) {
        return None;
    }
    let name = text::sanitise(&label.name);
    Some(match label.password {
        Some(_) => format!("join this computer to the network {name}: the label holds its password, {SHOWN_BY}"),
        None => format!("join this computer to the network {name}, which the label names"),
    })
}

/// What is to be said, before a person joins the device's network, of its password.
pub(super) fn note(label: Option<&Payload>) -> Option<String> {
    let label = label.filter(|label| label.password.is_some())?;
    Some(format!("the label holds the password of the network {}, {SHOWN_BY}", text::sanitise(&label.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::target::resolve;
    use crate::transport::{DeviceParts, KINDS};

    fn hint(payload: &str, code: Code) -> String {
        let label = Some(Payload::parse(payload).expect("a label"));
        let target = resolve(&DeviceParts { label, ..DeviceParts::default() }, KINDS).expect("a device");
        explained(Failure::new(code).only_hints([""; 0]), &target).hints().join("\n")
    }

    #[test]
    fn the_labels_network_is_named_and_its_password_is_not() {
        let led = r#"{"name":"Led Wall","transport":"softap","password":"s3cretkey"}"#;
        let said = hint(led, Code::LinkUnreachable);
        assert!(
            said.contains("the network Led Wall: the label holds its password") && !said.contains("s3cret"),
            "{said}"
        );
        assert!(hint("NP:PROV_1|abcd|s", Code::LinkUnreachable).ends_with("PROV_1, which the label names"));
        assert_eq!(hint(led, Code::WifiAuthFailed), "");
        assert_eq!(hint("NP:PROV_1|abcd|b", Code::LinkUnreachable), "");
    }

    #[test]
    fn the_labels_password_is_never_the_sessions() {
        let led = r#"{"name":"Led Wall","transport":"softap","security":"2","password":"s3cretkey"}"#;
        for code in [Code::UsageMissing, Code::ProofRejected] {
            let said = hint(led, code);
            assert!(said.contains("not used for the session") && !said.contains("s3cret"), "{said}");
        }
        assert_eq!(hint("NP:PROV_1|abcd|s", Code::ProofRejected), "");
    }
}
