//! `prov-config`: hand over the network's credentials, have them applied, ask whether the device has joined.

use prost::Message;
use zeroize::Zeroizing;

use super::scan::AuthMode;
use super::{ReplyError, Request, accept};
use crate::secret::{Passphrase, ThreadDataset};
use crate::wire::messages::{
    CmdApplyThread, CmdApplyWifi, CmdGetThreadStatus, CmdGetWifiStatus, CmdSetThread, CmdSetWifi, ConfigMsg,
    ConfigPayload, ThreadAttachFailedReason, ThreadNetworkState, WifiConnectFailedReason, WifiStationState,
    config_payload::Payload, resp_get_thread_status, resp_get_wifi_status,
};

/// The endpoint's name.
pub const ENDPOINT: &str = "prov-config";

/// Hands over Wi-Fi credentials; nothing happens until [`Apply`].
#[derive(Debug)]
pub struct SetWifi<'a> {
    /// 1 to 32 bytes.
    pub ssid: &'a [u8],
    /// Empty for an open network, else 8 to 63 bytes.
    pub passphrase: &'a Passphrase,
    /// The access point wanted; stock firmware accepts and ignores it.
    pub bssid: Option<[u8; 6]>,
    /// The channel wanted, 0 for any; stock firmware accepts and ignores it.
    pub channel: u8,
}

impl Request for SetWifi<'_> {
    type Reply = ();

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode(
            ConfigMsg::CmdSetWifi,
            Payload::CmdSetWifi(CmdSetWifi {
                ssid: self.ssid.to_vec(),
                passphrase: self.passphrase.expose().to_vec(),
                bssid: self.bssid.map(Vec::from).unwrap_or_default(),
                channel: self.channel.into(),
            }),
        )
    }

    fn decode(&self, reply: &[u8]) -> Result<(), ReplyError> {
        match decode(reply, ConfigMsg::RespSetWifi)? {
            Some(Payload::RespSetWifi(inner)) => accept(inner.status),
            _ => Err(ReplyError::Missing("status")),
        }
    }
}

/// Hands over a Thread operational dataset, at most 254 bytes of TLVs.
#[derive(Debug)]
pub struct SetThread<'a> {
    /// The dataset.
    pub dataset: &'a ThreadDataset,
}

impl Request for SetThread<'_> {
    type Reply = ();

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let dataset = self.dataset.expose().to_vec();
        encode(ConfigMsg::CmdSetThread, Payload::CmdSetThread(CmdSetThread { dataset }))
    }

    fn decode(&self, reply: &[u8]) -> Result<(), ReplyError> {
        match decode(reply, ConfigMsg::RespSetThread)? {
            Some(Payload::RespSetThread(inner)) => accept(inner.status),
            _ => Err(ReplyError::Missing("status")),
        }
    }
}

/// Has the credentials applied: about a second later the device starts to join.
#[derive(Debug)]
pub enum Apply {
    /// Wi-Fi credentials.
    Wifi,
    /// A Thread dataset.
    Thread,
}

impl Request for Apply {
    type Reply = ();

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Wifi => encode(ConfigMsg::CmdApplyWifi, Payload::CmdApplyWifi(CmdApplyWifi {})),
            Self::Thread => encode(ConfigMsg::CmdApplyThread, Payload::CmdApplyThread(CmdApplyThread {})),
        }
    }

    fn decode(&self, reply: &[u8]) -> Result<(), ReplyError> {
        let due = match self {
            Self::Wifi => ConfigMsg::RespApplyWifi,
            Self::Thread => ConfigMsg::RespApplyThread,
        };
        match decode(reply, due)? {
            Some(Payload::RespApplyWifi(inner)) => accept(inner.status),
            Some(Payload::RespApplyThread(inner)) => accept(inner.status),
            _ => Err(ReplyError::Missing("status")),
        }
    }
}

/// Asks whether the device has joined.
///
/// The first such reply that says "connected" makes stock firmware end provisioning a second later: whatever else is
/// to be done on the session must be done before.
#[derive(Debug)]
pub enum JoinStatus {
    /// Ask for Wi-Fi.
    Wifi,
    /// Ask for Thread.
    Thread,
}

/// How far the device has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinState {
    /// Joined this network.
    Joined(Joined),
    /// Trying; also what firmware says before any credentials were applied.
    Joining {
        /// After a failed attempt: how many are left. Firmware from ESP-IDF 5.4.1 on.
        attempts_left: Option<u32>,
    },
    /// Neither connected nor trying. Stock firmware never sends it.
    Idle,
    /// Given up.
    Failed(JoinFailure),
}

/// The network that the device has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// A Wi-Fi network.
    Wifi {
        /// IPv4 address, the device's own text.
        ip: String,
        /// Network name, bytes.
        ssid: Vec<u8>,
        /// The access point; absent where it was read from a board's log, which does not print it.
        access_point: Option<JoinedAccessPoint>,
    },
    /// A Thread network.
    Thread {
        /// Network name.
        name: String,
        /// PAN id.
        pan_id: u32,
        /// Extended PAN id, hex.
        extended_pan_id: String,
        /// Channel.
        channel: u32,
    },
}

/// The access point a device has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedAccessPoint {
    /// The radio's address. Stock firmware garbles the bytes after a zero byte, so it cannot identify the radio.
    pub bssid: Vec<u8>,
    /// Channel.
    pub channel: i32,
    /// How it authenticates.
    pub auth: AuthMode,
}

/// Why the device gave up, as far as the protocol can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinFailure {
    /// The access point did not finish the handshake: wrong passphrase, or a weak signal. Also the default value, so
    /// firmware reports it too where no other reason fits.
    Authentication,
    /// The device did not find the network.
    NotFound,
    /// Thread: the dataset does not decode on the device.
    DatasetInvalid,
    /// A number this program does not know, or no reason at all.
    Unknown(Option<i32>),
}

impl Request for JoinStatus {
    type Reply = JoinState;

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Wifi => encode(ConfigMsg::CmdGetWifiStatus, Payload::CmdGetWifiStatus(CmdGetWifiStatus {})),
            Self::Thread => encode(ConfigMsg::CmdGetThreadStatus, Payload::CmdGetThreadStatus(CmdGetThreadStatus {})),
        }
    }

    fn decode(&self, reply: &[u8]) -> Result<JoinState, ReplyError> {
        match self {
            Self::Wifi => decode_wifi_state(reply),
            Self::Thread => decode_thread_state(reply),
        }
    }
}

fn decode_wifi_state(reply: &[u8]) -> Result<JoinState, ReplyError> {
    use resp_get_wifi_status::State;
    let Some(Payload::RespGetWifiStatus(inner)) = decode(reply, ConfigMsg::RespGetWifiStatus)? else {
        return Err(ReplyError::Missing("Wi-Fi status"));
    };
    accept(inner.status)?;
    match (WifiStationState::try_from(inner.sta_state), inner.state) {
        (Ok(WifiStationState::Connected), Some(State::Connected(connected))) => Ok(JoinState::Joined(Joined::Wifi {
            ip: connected.ip4_addr,
            ssid: connected.ssid,
            access_point: Some(JoinedAccessPoint {
                bssid: connected.bssid,
                channel: connected.channel,
                auth: AuthMode(connected.auth_mode),
            }),
        })),
        (Ok(WifiStationState::Connected), _) => Err(ReplyError::Missing("connected member")),
        (Ok(WifiStationState::Connecting), Some(State::AttemptFailed(failed))) => {
            Ok(JoinState::Joining { attempts_left: Some(failed.attempts_remaining) })
        }
        (Ok(WifiStationState::Connecting), _) => Ok(JoinState::Joining { attempts_left: None }),
        (Ok(WifiStationState::Disconnected), _) => Ok(JoinState::Idle),
        (Ok(WifiStationState::ConnectionFailed), Some(State::FailReason(reason))) => {
            Ok(JoinState::Failed(match WifiConnectFailedReason::try_from(reason) {
                Ok(WifiConnectFailedReason::AuthError) => JoinFailure::Authentication,
                Ok(WifiConnectFailedReason::NetworkNotFound) => JoinFailure::NotFound,
                Err(_) => JoinFailure::Unknown(Some(reason)),
            }))
        }
        (Ok(WifiStationState::ConnectionFailed), _) => Ok(JoinState::Failed(JoinFailure::Unknown(None))),
        (Err(_), _) => Err(ReplyError::Unexpected),
    }
}

fn decode_thread_state(reply: &[u8]) -> Result<JoinState, ReplyError> {
    use resp_get_thread_status::State;
    let Some(Payload::RespGetThreadStatus(inner)) = decode(reply, ConfigMsg::RespGetThreadStatus)? else {
        return Err(ReplyError::Missing("Thread status"));
    };
    accept(inner.status)?;
    match (ThreadNetworkState::try_from(inner.thread_state), inner.state) {
        (Ok(ThreadNetworkState::Attached), Some(State::Attached(attached))) => Ok(JoinState::Joined(Joined::Thread {
            name: attached.name,
            pan_id: attached.pan_id,
            extended_pan_id: hex::encode(&attached.ext_pan_id),
            channel: attached.channel,
        })),
        (Ok(ThreadNetworkState::Attached), _) => Err(ReplyError::Missing("attached member")),
        (Ok(ThreadNetworkState::Attaching), _) => Ok(JoinState::Joining { attempts_left: None }),
        (Ok(ThreadNetworkState::Detached), _) => Ok(JoinState::Idle),
        (Ok(ThreadNetworkState::AttachingFailed), Some(State::FailReason(reason))) => {
            Ok(JoinState::Failed(match ThreadAttachFailedReason::try_from(reason) {
                Ok(ThreadAttachFailedReason::DatasetInvalid) => JoinFailure::DatasetInvalid,
                Ok(ThreadAttachFailedReason::NetworkNotFound) => JoinFailure::NotFound,
                Err(_) => JoinFailure::Unknown(Some(reason)),
            }))
        }
        (Ok(ThreadNetworkState::AttachingFailed), _) => Ok(JoinState::Failed(JoinFailure::Unknown(None))),
        (Err(_), _) => Err(ReplyError::Unexpected),
    }
}

fn encode(msg: ConfigMsg, payload: Payload) -> Zeroizing<Vec<u8>> {
    let message = ConfigPayload { msg: msg.into(), payload: Some(payload) };
    Zeroizing::new(message.encode_to_vec())
}

fn decode(reply: &[u8], due: ConfigMsg) -> Result<Option<Payload>, ReplyError> {
    let message = ConfigPayload::decode(reply).map_err(|_| ReplyError::Malformed)?;
    if message.msg == i32::from(due) { Ok(message.payload) } else { Err(ReplyError::Unexpected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(reply: &str) -> Result<JoinState, ReplyError> {
        JoinStatus::Wifi.decode(&hex::decode(reply).unwrap())
    }

    #[test]
    fn set_wifi_is_the_recorded_bytes() {
        let set = |passphrase: &str| {
            let passphrase = Passphrase::from(passphrase);
            hex::encode(&*SetWifi { ssid: b"ssid", passphrase: &passphrase, bssid: None, channel: 0 }.encode())
        };
        assert_eq!(set("password"), "080262100a0473736964120870617373776f7264");
        assert_eq!(set(""), "080262060a0473736964");
        assert_eq!(hex::encode(&*JoinStatus::Wifi.encode()), "5200");
    }

    #[test]
    fn connected_is_believed_only_with_its_member() {
        // RespGetWifiStatus{} decodes as Success and Connected, both being 0.
        assert_eq!(state("08015a00"), Err(ReplyError::Missing("connected member")));
        assert_eq!(state("0801"), Err(ReplyError::Missing("Wi-Fi status")));
        assert_eq!(state(""), Err(ReplyError::Unexpected));
        // Status InternalError, state Connected (absent).
        assert_eq!(state("08015a020805"), Err(ReplyError::Refused(5)));
    }

    #[test]
    fn recorded_states_read_as_what_they_are() {
        assert_eq!(state("08015a021001"), Ok(JoinState::Joining { attempts_left: None }));
        assert_eq!(state("08015a06100162020802"), Ok(JoinState::Joining { attempts_left: Some(2) }));
        assert_eq!(state("08015a0410035000"), Ok(JoinState::Failed(JoinFailure::Authentication)));
        assert_eq!(state("08015a0410035001"), Ok(JoinState::Failed(JoinFailure::NotFound)));
        assert_eq!(state("08015a021003"), Ok(JoinState::Failed(JoinFailure::Unknown(None))));
        assert_eq!(state("08015a021009"), Err(ReplyError::Unexpected));
    }
}
