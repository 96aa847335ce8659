//! What Bluetooth reports, as failures: the code, and the advice that depends on the case.

use crate::code::Code;
use crate::failure::Failure;
use crate::session::Meaning;
use crate::transport::ble::{BleError, Block, Heard, HostKind};
use crate::transport::{Candidate, CandidateKind, TransportError};

/// The code of a Bluetooth error, where it is not told by its meaning alone.
pub(super) fn code(error: &BleError, meaning: Meaning) -> Option<Code> {
    match error {
        BleError::NoBus { .. } => Some(Code::BleNoBus),
        BleError::NoBluetoothd { .. } => Some(Code::BleNoBluetoothd),
        BleError::Permission { .. } => Some(Code::BlePermission),
        BleError::AdapterAbsent { .. } => Some(Code::BleAdapterAbsent),
        BleError::AdapterOff { .. } => Some(Code::BleAdapterOff),
        BleError::NotFound { .. } => Some(Code::BleNotFound),
        BleError::Busy { .. } => Some(Code::BleBusy),
        BleError::ConnectFailed { .. } => Some(Code::BleConnectFailed),
        BleError::ServicesUnresolved { .. } => Some(Code::BleServicesUnresolved),
        BleError::PairingFailed { .. } => Some(Code::BlePairingFailed),
        BleError::NotProvisioning { .. } => Some(Code::BleNotProvisioning),
        BleError::Stack { .. } => Some(Code::BleStack),
        BleError::Refused { .. } if meaning == Meaning::NotADevice => Some(Code::BleNotProvisioning),
        BleError::Refused { .. } | BleError::Lost { .. } => None,
    }
}

/// The code where it is not clear which one is meant.
pub(super) fn several(of: CandidateKind) -> Code {
    match of {
        CandidateKind::Device => Code::BleSeveral,
        CandidateKind::Adapter => Code::BleSeveralAdapters,
    }
}

/// Adds what the case at hand tells beyond its code.
pub(super) fn advise(failure: Failure, error: &TransportError) -> Failure {
    match error {
        TransportError::Several { of, candidates } => candidates.iter().fold(failure, |failure, candidate| {
            let Candidate { locator, label, rssi } = candidate;
            let named = match (of, locator.parameters().find(|(key, _)| *key == "adapter")) {
                (CandidateKind::Adapter, Some((_, adapter))) => format!("--adapter {}", quoted(adapter)),
                _ => format!("--device {}", quoted(&locator.to_string())),
            };
            failure.because(format!("{}: {named}", heard(label, *rssi)))
        }),
        TransportError::Ble(error) => advise_ble(failure, error),
        _ => failure,
    }
}

fn advise_ble(failure: Failure, error: &BleError) -> Failure {
    match error {
        BleError::NotFound { near, heard, .. } => not_found(failure, near, *heard),
        BleError::NoBus { reason, place } => {
            let mut failure = failure;
            // The title says the rest.
            failure.causes = vec![reason.clone()];
            placed(failure, *place)
        }
        BleError::NoBluetoothd { place, .. } => placed(failure, *place),
        BleError::AdapterAbsent { present, .. } if !present.is_empty() => {
            let mut failure = failure.because(format!("this computer has {}", present.join(", ")));
            failure = failure.only_hints([match present.as_slice() {
                [_] => "leave out --adapter: this computer has one adapter".to_owned(),
                several => format!("give --adapter one of {}", several.join(", ")),
            }]);
            failure
        }
        BleError::AdapterAbsent { hidden: true, .. } => failure
            .because("the kernel has an adapter, but bluetoothd does not offer it")
            .hint("restart the service: sudo systemctl restart bluetooth; sudo dmesg may tell of missing firmware"),
        BleError::AdapterOff { block: Block::Soft, .. } => {
            failure.because("it is blocked by software (rfkill)").hint("sudo rfkill unblock bluetooth")
        }
        BleError::AdapterOff { block: Block::Hard, .. } => failure
            .because("it is blocked by a switch of the computer (rfkill)")
            .hint("turn the computer's radio switch on, or leave flight mode with its key"),
        BleError::NotProvisioning { services, .. } if !services.is_empty() => {
            failure.because(format!("its services are {}", services.join(", ")))
        }
        BleError::NotProvisioning { .. } => failure.because("it has no services at all"),
        _ => failure,
    }
}

/// What was heard in the place of the device that was looked for.
fn not_found(failure: Failure, near: &[Heard], count: usize) -> Failure {
    if !near.is_empty() {
        let failure = near
            .iter()
            .fold(failure, |failure, one| failure.because(format!("heard: {}", self::heard(&one.label, one.rssi))));
        return match near.iter().find_map(|one| one.like.as_deref()) {
            Some(name) => failure.hint(format!("if {name} is the one that is meant: --device-name {}", quoted(name))),
            None => failure,
        };
    }
    match count {
        0 => failure.because("nothing at all was heard over Bluetooth").hint(
            "nothing was heard at all: the adapter may be at fault, or switched to another antenna; try another one",
        ),
        1 => failure.because("1 other Bluetooth device was heard, and it is not in provisioning mode"),
        count => {
            failure.because(format!("{count} other Bluetooth devices were heard, none of them in provisioning mode"))
        }
    }
}

/// Where the program runs tells more than that something is missing.
fn placed(failure: Failure, place: HostKind) -> Failure {
    let (cause, hints): (_, &[&str]) = match place {
        HostKind::Computer => return failure,
        HostKind::Wsl => (
            "this is Linux on Windows (WSL), which Bluetooth does not reach",
            &["run espctl for Windows, in a Windows terminal", "--transport softap and --port do not need Bluetooth"],
        ),
        HostKind::Container => (
            "this is a container, which the system bus does not reach unless it is told to",
            &[
                "start the container with -v /run/dbus/system_bus_socket:/run/dbus/system_bus_socket, and with \
                 --security-opt apparmor=unconfined where AppArmor is on; bluetoothd runs outside",
                "or run espctl outside the container",
                "where the environment variable DBUS_SYSTEM_BUS_ADDRESS is set, it has to name the system's bus",
            ],
        ),
    };
    failure.only_hints(hints.iter().copied()).because(cause)
}

/// Quoted for a shell where it has to be: devices choose their names.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/%=".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn heard(label: &str, rssi: Option<i16>) -> String {
    rssi.map_or_else(|| label.to_owned(), |rssi| format!("{label} at {rssi} dBm"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::transport::Locator;

    fn failure(error: BleError) -> Failure {
        let code = code(&error, Meaning::Unreachable).expect("a code of its own");
        advise(Failure::new(code).caused_by(&error), &error.into())
    }

    fn not_seen(near: &[(&str, i16)], heard: usize) -> Failure {
        let near = near
            .iter()
            .map(|(label, rssi)| {
                let like = (label.len() == "PROV_A1B2".len()).then(|| (*label).to_owned());
                Heard { label: (*label).to_owned(), like, rssi: Some(*rssi) }
            })
            .collect();
        let (wanted, searched) = ("PROV_A1B2".to_owned(), Duration::from_secs(30));
        failure(BleError::NotFound { wanted, near, heard, searched })
    }

    #[test]
    fn near_misses_are_named() {
        let failure = not_seen(&[("PROV_A1B3", -58)], 4);
        assert_eq!(failure.causes, ["PROV_A1B2 was not seen in 30 s", "heard: PROV_A1B3 at -58 dBm"]);
        assert!(failure.hints()[0].contains("--device-name PROV_A1B3"), "{failure:?}");
    }

    #[test]
    fn silence_is_told_from_other_peoples_devices() {
        assert!(not_seen(&[], 0).causes[1].contains("nothing at all"));
        assert!(not_seen(&[], 12).causes[1].contains("12 other"));
    }

    #[test]
    fn a_container_and_wsl_get_their_own_advice() {
        let bus = |place| failure(BleError::NoBus { reason: "not there".to_owned(), place });
        assert!(bus(HostKind::Computer).hints()[0].contains("systemctl start dbus"));
        assert!(bus(HostKind::Container).hints()[0].contains("/run/dbus"));
        let wsl = bus(HostKind::Wsl);
        assert!(wsl.causes[1].contains("WSL") && !wsl.hints().iter().any(|hint| hint.contains("systemctl")), "{wsl:?}");
    }

    #[test]
    fn a_blocked_adapter_says_what_unblocks_it() {
        let off = |block| failure(BleError::AdapterOff { adapter: "hci0".to_owned(), block });
        assert!(off(Block::None).hints()[0].contains("bluetoothctl power on"));
        assert_eq!(off(Block::Soft).hints()[0], "sudo rfkill unblock bluetooth");
        assert!(off(Block::Hard).causes[1].contains("switch"));
    }

    #[test]
    fn what_is_chosen_from_is_listed_with_what_to_type() {
        let locator = Locator::naming("ble", "24:0A:C4:00:00:01");
        let candidates = vec![Candidate { locator, label: "PROV_1 (24:0A:C4:00:00:01)".to_owned(), rssi: Some(-40) }];
        let error = TransportError::Several { of: CandidateKind::Device, candidates };
        let failure = advise(Failure::new(several(CandidateKind::Device)), &error);
        assert_eq!(failure.causes, ["PROV_1 (24:0A:C4:00:00:01) at -40 dBm: --device ble:24:0A:C4:00:00:01"]);
    }
}
