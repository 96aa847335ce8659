//! `espctl sim --ble`: one simulated device on this computer's Bluetooth. Linux only, where programs may be
//! peripherals through bluetoothd.

use super::args::Args;
use crate::code::Code;
use crate::commands::app::App;
use crate::failure::Failure;
use crate::report::Document;
use crate::sim::DeviceOptions;

/// Runs the device until its provisioning ends, or somebody ends the program.
#[cfg(target_os = "linux")]
pub(super) async fn run(args: &Args, options: DeviceOptions, app: &App<'_>) -> Result<Document, Failure> {
    use super::args::Stack;
    use super::observer::observer;
    use super::ready::{Member, ready};
    use crate::commands::device;
    use crate::sim::ble::Host;
    use crate::sim::gatt::{self, Peripheral};

    let stack = match args.stack {
        Stack::Nimble => gatt::Stack::NimBle,
        Stack::Bluedroid => gatt::Stack::Bluedroid,
    };
    let device = crate::sim::Device::new(options.clone());
    let peripheral = Peripheral::new(device, stack, args.service_uuid)
        .map_err(|error| Failure::new(Code::UsageInvalid).saying(error.to_string()).hint("give a shorter --name"))?;
    let adapter = device::adapter(args.adapter.as_deref(), app)?;
    let interruption = app.process.interruption();
    let host = tokio::select! {
        biased;
        () = interruption.cancelled() => return Err(Failure::new(Code::Interrupted)),
        host = Host::open(adapter.as_ref().map(|adapter| adapter.value.as_str())) => host?,
    };
    let (adapter, address) = (host.adapter().name.clone(), host.adapter().address.clone());
    let mut running = host.start(peripheral, args.encrypt, observer(app)).await?;
    let place = format!("the Bluetooth adapter {adapter}, {address}");
    let qr = options.qr_payload_over(Some("ble"));
    let member = Member::new(place, locator(&options.name(), &address), qr, &options);
    let ended = match app.output.announce(&ready(&[member], app.output)) {
        Ok(()) => running.run(interruption.cancelled()).await.map(drop).map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    // bluetoothd takes back what it has of a program that is gone: a second Ctrl-C need not wait.
    tokio::select! {
        () = running.release() => {}
        () = app.process.another_signal() => {}
    }
    ended.map(|()| Document::nothing())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn run(_: &Args, _: DeviceOptions, _: &App<'_>) -> impl Future<Output = Result<Document, Failure>> {
    let without = Failure::new(Code::UsageUnsupported).saying("--ble needs bluetoothd, which only Linux has");
    std::future::ready(Err(without))
}

/// What a client on another computer names the device by: its name, unless that would be read as a pattern.
#[cfg(target_os = "linux")]
fn locator(name: &str, address: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain = name.chars().all(is_plain) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    format!("ble:{}", if plain { name } else { address })
}

#[cfg(target_os = "linux")]
impl From<crate::sim::ble::HostError> for Failure {
    fn from(error: crate::sim::ble::HostError) -> Self {
        use crate::sim::ble::HostError;
        let code = match error {
            HostError::Bluetooth(error) => return error.into(),
            HostError::SeveralAdapters { .. } => Code::BleSeveralAdapters,
            HostError::NoPeripheral { .. } => Code::BleNoPeripheral,
            HostError::AdvertisingRefused { .. } => Code::BleAdvertisingRefused,
        };
        Self::new(code).because(crate::text::sanitise(&error.to_string()).into_owned())
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_reads_as_a_pattern_is_replaced_by_the_address() {
        for (name, device) in [("PROV_d76c30", "ble:PROV_d76c30"), ("PROV_", "ble:AA:01"), ("a*b", "ble:AA:01")] {
            assert_eq!(locator(name, "AA:01"), device);
        }
    }
}
