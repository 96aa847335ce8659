//! Pairing on Windows, which the library leaves out and the system does not bring about by itself: "just works" alone,
//! which asks nobody anything. The calls; what is paired when, and for how long, is said by `connection.rs`.

use btleplug::api::BDAddr;
use windows::Devices::Bluetooth::BluetoothLEDevice;
use windows::Devices::Enumeration::{
    DeviceInformationCustomPairing, DeviceInformationPairing, DevicePairingKinds, DevicePairingRequestedEventArgs,
    DevicePairingResultStatus, DeviceUnpairingResultStatus,
};
use windows::Foundation::TypedEventHandler;
use windows::core::Result;

use super::att;

/// Whether the device with this address is paired; `None` where the system does not tell.
pub(super) async fn is_paired(address: &str) -> Option<bool> {
    pairing(address).await?.IsPaired().ok()
}

/// Pairs with it; why that failed, or `None` where it is paired now.
pub(super) async fn pair(address: &str) -> Option<String> {
    let Some(pairing) = pairing(address).await else { return Some("the system does not know the device".to_owned()) };
    match just_works(&pairing).await {
        Ok(DevicePairingResultStatus::Paired | DevicePairingResultStatus::AlreadyPaired) => None,
        Ok(status) => Some(format!("{status:?}")),
        Err(error) => Some(att::shown(&error.to_string())),
    }
}

/// Ends its pairing; whether there was one, and it ended.
pub(super) async fn unpair(address: &str) -> bool {
    let Some(pairing) = pairing(address).await else { return false };
    let ended = async { pairing.UnpairAsync()?.await?.Status() }.await;
    ended.is_ok_and(|status| status == DeviceUnpairingResultStatus::Unpaired)
}

async fn just_works(pairing: &DeviceInformationPairing) -> Result<DevicePairingResultStatus> {
    let agreeing = Agreeing::with(pairing.Custom()?)?;
    // No other way to pair is offered, so that a device which wants a number compared or typed in is refused.
    agreeing.custom.PairAsync(DevicePairingKinds::ConfirmOnly)?.await?.Status()
}

/// The pairing of a device as it is now: what the system hands out is not kept up to date.
async fn pairing(address: &str) -> Option<DeviceInformationPairing> {
    let address = u64::from(address.parse::<BDAddr>().ok()?);
    let device = BluetoothLEDevice::FromBluetoothAddressAsync(address).ok()?.await.ok()?;
    device.DeviceInformation().ok()?.Pairing().ok()
}

/// Agrees where the system asks whether to pair; no longer when it is dropped, as where nobody waits any more.
struct Agreeing {
    custom: DeviceInformationCustomPairing,
    token: i64,
}

impl Agreeing {
    fn with(custom: DeviceInformationCustomPairing) -> Result<Self> {
        type Handler = TypedEventHandler<DeviceInformationCustomPairing, DevicePairingRequestedEventArgs>;
        let token = custom.PairingRequested(&Handler::new(|_, asked| {
            let asked = asked.ok()?;
            if asked.PairingKind()? == DevicePairingKinds::ConfirmOnly { asked.Accept() } else { Ok(()) }
        }))?;
        Ok(Self { custom, token })
    }
}

impl Drop for Agreeing {
    fn drop(&mut self) {
        // Where that fails it answers for nobody: no other pairing has this object.
        let _ = self.custom.RemovePairingRequested(self.token);
    }
}
