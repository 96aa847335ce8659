//! What Bluetooth's errors mean: the evidence and the code, and the advice that depends on the case.

use super::error::{Alike, BleError, Block, Heard, HostKind};
use crate::code::Code;
use crate::transport::error::Advice;
use crate::transport::{Candidate, CandidateKind, Evidence, TransportError};

impl From<BleError> for TransportError {
    fn from(error: BleError) -> Self {
        let (evidence, code) = class(&error);
        let advice = advise(&error);
        let told = Self::told_by(error, evidence).advising(advice);
        match code {
            Some(code) => told.called(code),
            None if matches!(told.evidence, Evidence::Refused) => told.called_at_version(Code::BleNotProvisioning),
            None => told,
        }
    }
}

/// What an error shows, and its code where that does not depend on the step.
fn class(error: &BleError) -> (Evidence, Option<Code>) {
    match error {
        BleError::NoBus { .. } => (Evidence::Local, Some(Code::BleNoBus)),
        BleError::NoBluetoothd { .. } => (Evidence::Local, Some(Code::BleNoBluetoothd)),
        BleError::Permission { .. } => (Evidence::Local, Some(Code::BlePermission)),
        BleError::AdapterAbsent { .. } | BleError::AdapterGone { .. } => {
            (Evidence::Local, Some(Code::BleAdapterAbsent))
        }
        BleError::AdapterOff { .. } => (Evidence::Local, Some(Code::BleAdapterOff)),
        BleError::Busy { .. } => (Evidence::Local, Some(Code::BleBusy)),
        BleError::Stack { .. } => (Evidence::SystemFailed, Some(Code::BleStack)),
        BleError::NotFound { .. } | BleError::Silent { opening: false, .. } => {
            (Evidence::NoContact, Some(Code::BleNotFound))
        }
        BleError::ConnectFailed { .. } | BleError::Silent { opening: true, .. } => {
            (Evidence::NoContact, Some(Code::BleConnectFailed))
        }
        BleError::ServicesUnresolved { .. } => (Evidence::NoContact, Some(Code::BleServicesUnresolved)),
        BleError::PairingFailed { .. } => (Evidence::NoContact, Some(Code::BlePairingFailed)),
        BleError::NotProvisioning { .. } => (Evidence::NotProvisioning, Some(Code::BleNotProvisioning)),
        BleError::Refused { .. } => (Evidence::Refused, None),
        BleError::Lost { .. } => (Evidence::Lost, None),
        BleError::CameBack { .. } => (Evidence::CameBack, None),
    }
}

/// It is not clear which one is meant.
pub(super) fn several(of: CandidateKind, candidates: Vec<Candidate>) -> TransportError {
    let code = match of {
        CandidateKind::Device => Code::BleSeveral,
        CandidateKind::Adapter => Code::BleSeveralAdapters,
    };
    let advice = candidates.iter().fold(Advice::default(), |advice, Candidate { locator, label, rssi }| {
        let named = match (of, locator.parameters().find(|(key, _)| *key == "adapter")) {
            (CandidateKind::Adapter, Some((_, adapter))) => format!("--adapter {}", quoted(adapter)),
            _ => format!("--device {}", quoted(&locator.to_string())),
        };
        advice.because(format!("{}: {named}", heard(label, *rssi)))
    });
    TransportError::from(Evidence::Several { of, candidates }).called(code).advising(advice)
}

/// What the case at hand tells beyond its code.
fn advise(error: &BleError) -> Advice {
    let advice = Advice::default();
    match error {
        BleError::NotFound { near, heard, .. } => not_found(advice, near, *heard),
        BleError::NoBus { reason, place } => {
            // The title says the rest.
            placed(advice.instead_of_words(reason.as_str()), *place)
        }
        // The bus was reached: a container that sees it has to do no more for that.
        BleError::NoBluetoothd { place: HostKind::Container, .. } => advice
            .because("this is a container; it reaches the system bus, and bluetoothd, which runs outside, is not on it")
            .only_hints([
                "start bluetoothd outside the container: sudo systemctl enable --now bluetooth".to_owned(),
                "install it there if it is missing: sudo apt install bluez".to_owned(),
            ]),
        BleError::NoBluetoothd { place, .. } => placed(advice, *place),
        BleError::AdapterGone { left, .. } if !left.is_empty() => advice
            .because(format!("this computer still has {}", left.join(", ")))
            .only_hints(["plug it in again".to_owned(), format!("or use another one: --adapter {}", quoted(&left[0]))]),
        BleError::AdapterGone { .. } => advice.only_hints(["plug it in again".to_owned()]),
        BleError::Silent { .. } => advice.only_hints([
            "power-cycle the device, or reset it: some firmware advertises only until its first link ends".to_owned(),
            "move closer to the device: it may be there, and not heard".to_owned(),
        ]),
        BleError::AdapterAbsent { present, .. } if !present.is_empty() => {
            advice.because(format!("this computer has {}", present.join(", "))).only_hints([match present.as_slice() {
                [_] => "leave out --adapter: this computer has one adapter".to_owned(),
                several => format!("give --adapter one of {}", several.join(", ")),
            }])
        }
        BleError::AdapterAbsent { hidden: true, .. } => advice
            .because("the kernel has an adapter, but bluetoothd does not offer it")
            .hint("restart the service: sudo systemctl restart bluetooth; sudo dmesg may tell of missing firmware"),
        BleError::AdapterOff { block: Block::Soft, .. } => {
            advice.because("it is blocked by software (rfkill)").hint("sudo rfkill unblock bluetooth")
        }
        BleError::AdapterOff { block: Block::Hard, .. } => advice
            .because("it is blocked by a switch of the computer (rfkill)")
            .hint("turn the computer's radio switch on, or leave flight mode with its key"),
        BleError::NotProvisioning { services, .. } if !services.is_empty() => {
            advice.because(format!("its services are {}", services.join(", ")))
        }
        BleError::NotProvisioning { .. } => advice.because("it has no services at all"),
        _ => advice,
    }
}

/// What was heard in the place of the device that was looked for.
fn not_found(advice: Advice, near: &[Heard], count: usize) -> Advice {
    if !near.is_empty() {
        let advice = near
            .iter()
            .fold(advice, |advice, one| advice.because(format!("heard: {}", self::heard(&one.label, one.rssi))));
        return match near.iter().find_map(|one| one.alike.as_ref()) {
            Some(Alike::Name(name)) => {
                advice.hint(format!("if {name} is the one that is meant: --device-name {}", quoted(name)))
            }
            Some(Alike::CutShort { name, address }) => {
                advice.hint(format!("is it {name}? An advertisement can cut a name short: --device ble:{address}"))
            }
            Some(Alike::Nameless(address)) => advice.hint(format!(
                "is it {address}? It is in provisioning mode and advertises no name: --device ble:{address}"
            )),
            None => advice,
        };
    }
    match count {
        0 => advice.because("nothing at all was heard over Bluetooth").hint(
            "nothing was heard at all: the adapter may be at fault, or switched to another antenna; try another one",
        ),
        1 => advice.because("1 other Bluetooth device was heard, and it is not in provisioning mode"),
        count => {
            advice.because(format!("{count} other Bluetooth devices were heard, none of them in provisioning mode"))
        }
    }
}

/// Where the program runs tells more than that something is missing.
fn placed(advice: Advice, place: HostKind) -> Advice {
    let (cause, hints): (_, &[&str]) = match place {
        HostKind::Computer => return advice,
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
    advice.only_hints(hints.iter().copied()).because(cause)
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
    use crate::failure::Failure;
    use crate::transport::Locator;

    fn failure(error: BleError) -> Failure {
        TransportError::from(error).into()
    }

    fn not_seen(near: &[(&str, i16)], heard: usize) -> Failure {
        let near = near
            .iter()
            .map(|(label, rssi)| {
                let alike = (label.len() == "PROV_A1B2".len()).then(|| Alike::Name((*label).to_owned()));
                Heard { label: (*label).to_owned(), alike, rssi: Some(*rssi) }
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
    fn silence_is_distinguished_from_other_peoples_devices() {
        assert!(not_seen(&[], 0).causes[1].contains("nothing at all"));
        assert!(not_seen(&[], 12).causes[1].contains("12 other"));
    }

    #[test]
    fn a_container_and_wsl_get_their_own_advice() {
        let bus = |place| failure(BleError::NoBus { reason: "not there".to_owned(), place });
        assert!(bus(HostKind::Computer).hints()[0].contains("systemctl start dbus"));
        assert!(bus(HostKind::Container).hints()[0].contains("/run/dbus"));
        let ended = BleError::NoBluetoothd { reason: "it ended".to_owned(), place: HostKind::Container };
        let ended = failure(ended);
        assert!(ended.hints()[0].contains("start bluetoothd outside"), "{ended:?}");
        assert!(!ended.hints().iter().any(|hint| hint.contains("/run/dbus")), "the bus was reached: {ended:?}");
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
        let failure = Failure::from(several(CandidateKind::Device, candidates));
        assert_eq!(failure.code, Code::BleSeveral);
        assert_eq!(failure.causes[1..], ["PROV_1 (24:0A:C4:00:00:01) at -40 dBm: --device ble:24:0A:C4:00:00:01"]);
    }
}
