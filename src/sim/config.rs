//! `prov-config` and `prov-ctrl`: set, apply, status, reset. Validation and guards are the firmware's.
//!
//! The state machine is in `station.rs`, Thread's half in `thread.rs`, messages of the other radio in `other_radio.rs`.

use std::time::Duration;

use prost::Message;
use rand_core::Rng;

use super::access_point::AccessPoint;
use super::device::{Device, Handled, Refusal, Staged};
use super::event::{Event, FailReason, printable};
use super::fault::FaultKind;
use super::other_radio;
use super::station::{Join, Link, Outcome, Status as Reading};
use super::world::Joined;
use crate::secret::Passphrase;
use crate::wire::messages::{
    CmdSetWifi, ConfigMsg, ConfigPayload, ControlEmpty, ControlMsg, ControlPayload, RespApplyWifi, RespGetWifiStatus,
    RespSetWifi, Status, WifiAttemptFailed, WifiConnectFailedReason, WifiConnected, WifiStationState,
    config_payload::Payload, control_payload, resp_get_wifi_status::State,
};

const SSID_MAX: usize = 32;
const PASSPHRASE_MAX: usize = 63;
/// A reason for a failed join that the firmware's manager does not translate.
const CONNECTION_FAIL: u16 = 205;
/// The address that the network gives the device; the one of the recorded conversations.
pub(super) const ADDRESS: &str = "192.168.1.77";

impl Device {
    pub(super) fn config(&mut self, now: Duration, plain: &[u8]) -> Handled {
        let request = ConfigPayload::decode(plain).map_err(|_| Refusal::Handler)?;
        let msg = ConfigMsg::try_from(request.msg).map_err(|_| Refusal::Handler)?;
        if other_radio::is_for_thread(msg) != self.options.thread {
            let answer = other_radio::config(msg, request.payload.as_ref());
            let answer = answer.filter(|_| self.options.knows_both_radios()).ok_or(Refusal::Handler)?;
            return Ok((reply(msg, answer), Duration::ZERO));
        }
        if self.options.thread {
            return self.config_thread(now, msg, request.payload);
        }
        // Status and apply need not carry their member; set must.
        let payload = match (msg, request.payload) {
            (ConfigMsg::CmdGetWifiStatus, _) => Payload::RespGetWifiStatus(self.wifi_status(now)),
            (ConfigMsg::CmdSetWifi, Some(Payload::CmdSetWifi(set))) => {
                let status = self.set_wifi(now, &set).into();
                Payload::RespSetWifi(RespSetWifi { status })
            }
            (ConfigMsg::CmdApplyWifi, _) => Payload::RespApplyWifi(RespApplyWifi { status: self.apply(now).into() }),
            _ => return Err(Refusal::Handler),
        };
        Ok((reply(msg, payload), Duration::ZERO))
    }

    fn set_wifi(&mut self, now: Duration, set: &CmdSetWifi) -> Status {
        let bssid_fits = matches!(set.bssid.len(), 0 | 6);
        if set.ssid.len() > SSID_MAX || set.passphrase.len() > PASSPHRASE_MAX || !bssid_fits {
            return Status::InvalidArgument;
        }
        if self.strikes(now, FaultKind::SetInvalidArgument, "").is_some() {
            return Status::InvalidArgument;
        }
        // The firmware keeps C strings; it accepts bssid and channel and ignores them.
        let ssid = until_zero(&set.ssid).to_vec();
        self.note(now, Event::CredentialsSet { ssid: printable(&ssid) });
        self.staged = Some(Staged::Wifi { ssid, passphrase: Passphrase::new(until_zero(&set.passphrase)) });
        Status::Success
    }

    /// The Wi-Fi credentials that were set and not yet applied.
    pub(super) fn staged_wifi(&self) -> Option<(&[u8], &Passphrase)> {
        match &self.staged {
            Some(Staged::Wifi { ssid, passphrase }) => Some((ssid, passphrase)),
            _ => None,
        }
    }

    /// Credentials from the agent's console: taken and applied at once, unless the firmware is using others. A device
    /// that has joined already leaves its network for the new one.
    pub(super) fn join_at_once(&mut self, now: Duration, ssid: &[u8], passphrase: &[u8]) -> bool {
        if self.station.is_connected() {
            self.station.start_over();
        }
        let (ssid, passphrase) = (ssid.to_vec(), passphrase.to_vec());
        let set = CmdSetWifi { ssid, passphrase, bssid: Vec::new(), channel: 0 };
        self.set_wifi(now, &set) == Status::Success && self.apply(now) == Status::Success
    }

    /// Applies what was set, of either kind.
    pub(super) fn apply(&mut self, now: Duration) -> Status {
        let Some(staged) = self.staged.take() else { return Status::InternalError };
        if self.station.is_applied() || self.strikes(now, FaultKind::ApplyInternalError, "").is_some() {
            return Status::InternalError;
        }
        let (network, planned, each) = match &staged {
            Staged::Wifi { ssid, passphrase } => {
                let (outcome, each) = self.plan_wifi(ssid, passphrase);
                (printable(ssid), outcome, each)
            }
            Staged::Thread(dataset) => {
                let (outcome, name) = self.plan_thread(dataset);
                (name, outcome, None)
            }
        };
        let outcome = self.fail_by_script(now).unwrap_or(planned);
        let manners = self.options.profile.manners();
        // The firmware reads a dataset when it is applied; one that is not a dataset fails right there.
        if self.options.thread && matches!(outcome, Outcome::Failed(FailReason::Auth)) {
            self.station.refuse(FailReason::Auth, manners);
            self.note(now, Event::JoinFailed { reason: FailReason::Auth, remaining: 0 });
            return Status::InternalError;
        }
        let starts = now + self.options.apply_delay;
        let each = each.unwrap_or(self.options.join);
        let drops = matches!(outcome, Outcome::Joined(_)).then_some(starts + each);
        let attempts = self.options.attempts.unwrap_or(self.options.profile.attempts);
        self.note(now, Event::Joining { ssid: network.clone() });
        self.station.apply(Join { network, starts, each, attempts, outcome, failed: 0 });
        self.wifi_scan.miss_the_end(now);
        if let Some(fault) = self.strikes(now, FaultKind::DropAfterApply, "") {
            self.vanish_after_answer(now, fault.span());
        }
        if let Some(at) = drops
            && let Some(fault) = self.strikes(now, FaultKind::DropBeforeConnected, "")
        {
            self.vanish(at, fault.span());
        }
        Status::Success
    }

    fn plan_wifi(&mut self, ssid: &[u8], passphrase: &Passphrase) -> (Outcome, Option<Duration>) {
        let heard = self.options.world.strongest(ssid).and_then(|ap| ap.join);
        let outcome = match self.options.world.join(ssid, passphrase) {
            Joined::Yes(ap) => {
                let ap = ap.clone();
                Outcome::Joined(Link::Wifi(self.wifi_link(&ap)))
            }
            Joined::No(reason) => Outcome::Failed(reason),
            Joined::Never => Outcome::Never,
        };
        (outcome, heard)
    }

    fn fail_by_script(&mut self, now: Duration) -> Option<Outcome> {
        let faults = [
            (FaultKind::ConnectingForever, Outcome::Never),
            (FaultKind::AuthFailed, Outcome::Failed(FailReason::Auth)),
            (FaultKind::NotFound, Outcome::Failed(FailReason::NotFound)),
        ];
        let mut striking = None;
        for (kind, outcome) in faults {
            if self.strikes(now, kind, "").is_some() {
                striking = striking.or(Some(outcome));
            }
        }
        if let Some(fault) = self.strikes(now, FaultKind::OtherReason, "") {
            let reason = fault.value().and_then(|value| value.parse().ok()).unwrap_or(CONNECTION_FAIL);
            // Disconnect reasons are Wi-Fi's; on Thread the device never attaches.
            let outcome = if self.options.thread { Outcome::Never } else { Outcome::Unnamed(reason) };
            striking = striking.or(Some(outcome));
        }
        striking
    }

    pub(super) fn wifi_link(&mut self, ap: &AccessPoint) -> WifiConnected {
        let mut bssid = ap.bssid;
        // The firmware copies the address as if it were text: what follows a zero byte is garbage.
        if let Some(zero) = bssid.iter().position(|byte| *byte == 0) {
            self.rng.fill_bytes(&mut bssid[zero + 1..]);
        }
        WifiConnected {
            ip4_addr: ADDRESS.to_owned(),
            auth_mode: ap.auth.into(),
            ssid: ap.ssid.clone(),
            bssid: bssid.to_vec(),
            channel: ap.channel.into(),
        }
    }

    /// The faults of a status request: a whole reply's status, or a state.
    pub(super) fn status_fault(&mut self, now: Duration) -> Option<StatusFault> {
        if self.strikes(now, FaultKind::StatusError, "").is_some() {
            return Some(StatusFault::Error);
        }
        if !self.station.is_applied() {
            return None;
        }
        if self.strikes(now, FaultKind::ConnectedWithoutMember, "").is_some() {
            return Some(StatusFault::Bare);
        }
        self.strikes(now, FaultKind::DisconnectedOnce, "").map(|_| StatusFault::Disconnected)
    }

    /// The name that a fault has the device tell in place of its network's.
    pub(super) fn name_fault(&mut self, now: Duration) -> Option<String> {
        if let Some(fault) = self.strikes(now, FaultKind::ConnectedElsewhere, "") {
            return Some(fault.value().unwrap_or("Elsewhere").to_owned());
        }
        self.strikes(now, FaultKind::ConnectedUnnamed, "").map(|_| String::new())
    }

    fn wifi_status(&mut self, now: Duration) -> RespGetWifiStatus {
        match self.status_fault(now) {
            Some(StatusFault::Error) => {
                return RespGetWifiStatus { status: Status::InternalError.into(), ..Default::default() };
            }
            Some(StatusFault::Bare) => return RespGetWifiStatus::default(),
            Some(StatusFault::Disconnected) => return station(WifiStationState::Disconnected, None),
            None => {}
        }
        match self.station.status().clone() {
            Reading::AttemptFailed { remaining } => {
                let failed = WifiAttemptFailed { attempts_remaining: remaining };
                station(WifiStationState::Connecting, Some(State::AttemptFailed(failed)))
            }
            Reading::Failed(reason) => {
                let reason = match reason {
                    FailReason::Auth => WifiConnectFailedReason::AuthError,
                    FailReason::NotFound => WifiConnectFailedReason::NetworkNotFound,
                };
                station(WifiStationState::ConnectionFailed, Some(State::FailReason(reason.into())))
            }
            Reading::Connected(Link::Wifi(mut details)) => {
                self.connected_was_read(now);
                if !self.station.is_connected() {
                    details = self.no_access_point();
                }
                if let Some(name) = self.name_fault(now) {
                    details.ssid = name.into_bytes();
                }
                station(WifiStationState::Connected, Some(State::Connected(details)))
            }
            Reading::Connecting | Reading::Connected(Link::Thread(_)) => station(WifiStationState::Connecting, None),
        }
    }

    /// What the firmware reads of its access point where it has none: no name, and bytes that happened to be there.
    fn no_access_point(&mut self) -> WifiConnected {
        let mut bssid = vec![0; 6];
        self.rng.fill_bytes(&mut bssid);
        WifiConnected { ip4_addr: "0.0.0.0".to_owned(), bssid, ..Default::default() }
    }

    pub(super) fn control(&mut self, now: Duration, plain: &[u8]) -> Handled {
        use control_payload::Payload;
        let request = ControlPayload::decode(plain).map_err(|_| Refusal::Handler)?;
        let msg = ControlMsg::try_from(request.msg).map_err(|_| Refusal::Handler)?;
        let done = |allowed| if allowed { Status::Success } else { Status::InternalError };
        let (status, payload) = match (msg, self.options.thread) {
            (ControlMsg::CmdWifiReset, false) => (done(self.reset(now)), Payload::RespWifiReset(ControlEmpty {})),
            (ControlMsg::CmdThreadReset, true) => (done(self.reset(now)), Payload::RespThreadReset(ControlEmpty {})),
            (ControlMsg::CmdWifiReprov, false) => {
                (done(self.reprovision(now)), Payload::RespWifiReprov(ControlEmpty {}))
            }
            (ControlMsg::CmdThreadReprov, true) => {
                (done(self.reprovision(now)), Payload::RespThreadReprov(ControlEmpty {}))
            }
            _ => {
                let answer = other_radio::control(msg).filter(|_| self.options.knows_both_radios());
                (Status::InvalidArgument, answer.ok_or(Refusal::Handler)?)
            }
        };
        let reply = ControlPayload { msg: msg as i32 + 1, status: status.into(), payload: Some(payload) };
        Ok((reply.encode_to_vec(), Duration::ZERO))
    }

    fn reset(&mut self, now: Duration) -> bool {
        let allowed = self.strikes(now, FaultKind::ResetInternalError, "").is_none()
            && self.station.reset(self.options.profile.idempotent_reset);
        if allowed {
            self.note(now, Event::Reset);
        }
        allowed
    }

    /// Only where the service does not stop by itself. The status goes on reading connected until the next apply.
    fn reprovision(&mut self, now: Duration) -> bool {
        let fault = self.strikes(now, FaultKind::ResetInternalError, "").is_some();
        let allowed = !fault && !self.options.auto_stop;
        if allowed {
            self.station.start_over();
            self.note(now, Event::Reprovision);
        }
        allowed
    }
}

/// How a fault changes a status reply.
pub(super) enum StatusFault {
    /// The inner status InternalError and nothing else.
    Error,
    /// State 0 without its member.
    Bare,
    /// A state that stock firmware never sends.
    Disconnected,
}

/// The answer's number is the request's plus one; its status is inside.
pub(super) fn reply(request: ConfigMsg, payload: Payload) -> Vec<u8> {
    ConfigPayload { msg: request as i32 + 1, payload: Some(payload) }.encode_to_vec()
}

fn station(state: WifiStationState, details: Option<State>) -> RespGetWifiStatus {
    RespGetWifiStatus { status: Status::Success.into(), sta_state: state.into(), state: details }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DeviceOptions;

    fn device() -> Device {
        Device::new(DeviceOptions { security: Some(0), ..DeviceOptions::default() })
    }

    fn set(device: &mut Device, ssid: &[u8]) -> Status {
        let passphrase = b"correct-horse-battery".to_vec();
        let set = CmdSetWifi { ssid: ssid.to_vec(), passphrase, bssid: Vec::new(), channel: 0 };
        device.set_wifi(Duration::ZERO, &set)
    }

    #[test]
    fn an_embedded_zero_ends_the_name() {
        let mut device = device();
        assert_eq!(set(&mut device, b"HomeNet\0rest"), Status::Success);
        assert_eq!(device.apply(Duration::ZERO), Status::Success);
        assert!(device.station.connects_at().is_some());
    }

    #[test]
    fn apply_forgets_what_was_set() {
        let mut device = device();
        assert_eq!(device.apply(Duration::ZERO), Status::InternalError);
        set(&mut device, b"Nowhere");
        assert_eq!(device.apply(Duration::ZERO), Status::Success);
        device.tick(Duration::from_secs(2));
        assert!(device.reset(Duration::from_secs(2)));
        assert_eq!(device.apply(Duration::from_secs(2)), Status::InternalError);
    }
}
