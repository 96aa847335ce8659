//! `prov-scan`: start a scan, ask whether it is done, fetch its entries, merge them into networks.

use prost::Message;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{ReplyError, Request, accept};
use crate::wire::messages::{
    CmdScanThreadResult, CmdScanThreadStart, CmdScanWifiResult, CmdScanWifiStart, ScanMsg, ScanPayload,
    ThreadScanEntry, WifiScanEntry, scan_payload::Payload,
};

/// The endpoint's name.
pub const ENDPOINT: &str = "prov-scan";
/// An SSID's longest form, in bytes (IEEE 802.11).
pub const SSID_MAX: usize = 32;
/// How long the device listens on a channel, in ms: the reference client's value.
const PERIOD_MS: u32 = 120;

/// The kinds of network a device can scan for; its build decides which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Radio {
    /// IEEE 802.11.
    Wifi,
    /// IEEE 802.15.4 with Thread.
    Thread,
}

/// Starts a scan in the background. A blocking scan is never asked for: outside its start state the firmware's
/// handler would then never return.
#[derive(Debug)]
pub struct Start {
    /// What to scan for.
    pub radio: Radio,
    /// Channels to scan before returning to the link's own channel; 0 scans all in one go. Wi-Fi only.
    pub group_channels: u32,
}

impl Request for Start {
    type Reply = ();

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self.radio {
            Radio::Wifi => encode(
                ScanMsg::CmdWifiStart,
                Some(Payload::CmdWifiStart(CmdScanWifiStart {
                    blocking: false,
                    passive: false,
                    group_channels: self.group_channels,
                    period_ms: PERIOD_MS,
                })),
            ),
            Radio::Thread => encode(
                ScanMsg::CmdThreadStart,
                Some(Payload::CmdThreadStart(CmdScanThreadStart { blocking: false, channel_mask: 0 })),
            ),
        }
    }

    fn decode(&self, reply: &[u8]) -> Result<(), ReplyError> {
        let due = match self.radio {
            Radio::Wifi => ScanMsg::RespWifiStart,
            Radio::Thread => ScanMsg::RespThreadStart,
        };
        decode(reply, due).map(drop)
    }
}

/// Asks how far the scan is.
#[derive(Debug)]
pub struct Progress {
    /// What is being scanned for.
    pub radio: Radio,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanState {
    /// Whether the scan is over.
    pub finished: bool,
    /// How many entries it found.
    pub count: u32,
}

impl Request for Progress {
    type Reply = ScanState;

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self.radio {
            Radio::Wifi => encode(ScanMsg::CmdWifiStatus, None),
            Radio::Thread => encode(ScanMsg::CmdThreadStatus, None),
        }
    }

    fn decode(&self, reply: &[u8]) -> Result<ScanState, ReplyError> {
        match self.radio {
            Radio::Wifi => match decode(reply, ScanMsg::RespWifiStatus)? {
                Some(Payload::RespWifiStatus(status)) => {
                    Ok(ScanState { finished: status.scan_finished, count: status.result_count })
                }
                _ => Err(ReplyError::Missing("scan status")),
            },
            Radio::Thread => match decode(reply, ScanMsg::RespThreadStatus)? {
                Some(Payload::RespThreadStatus(status)) => {
                    Ok(ScanState { finished: status.scan_finished, count: status.result_count })
                }
                _ => Err(ReplyError::Missing("scan status")),
            },
        }
    }
}

/// Fetches Wi-Fi entries `start .. start + count`; never ask beyond the count the device reported.
#[derive(Debug)]
pub struct WifiResults {
    /// Index of the first entry.
    pub start: u32,
    /// How many entries.
    pub count: u32,
}

impl Request for WifiResults {
    type Reply = Vec<AccessPoint>;

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode(
            ScanMsg::CmdWifiResult,
            Some(Payload::CmdWifiResult(CmdScanWifiResult { start_index: self.start, count: self.count })),
        )
    }

    fn decode(&self, reply: &[u8]) -> Result<Vec<AccessPoint>, ReplyError> {
        match decode(reply, ScanMsg::RespWifiResult)? {
            Some(Payload::RespWifiResult(results)) => {
                Ok(results.entries.into_iter().take(self.count as usize).filter_map(AccessPoint::read).collect())
            }
            _ => Err(ReplyError::Missing("scan entries")),
        }
    }
}

/// Fetches Thread entries `start .. start + count`.
#[derive(Debug)]
pub struct ThreadResults {
    /// Index of the first entry.
    pub start: u32,
    /// How many entries.
    pub count: u32,
}

impl Request for ThreadResults {
    type Reply = Vec<ThreadNetwork>;

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode(
            ScanMsg::CmdThreadResult,
            Some(Payload::CmdThreadResult(CmdScanThreadResult { start_index: self.start, count: self.count })),
        )
    }

    fn decode(&self, reply: &[u8]) -> Result<Vec<ThreadNetwork>, ReplyError> {
        match decode(reply, ScanMsg::RespThreadResult)? {
            Some(Payload::RespThreadResult(results)) => {
                Ok(results.entries.into_iter().take(self.count as usize).map(ThreadNetwork::read).collect())
            }
            _ => Err(ReplyError::Missing("scan entries")),
        }
    }
}

/// How a Wi-Fi network authenticates: the driver's own number, which grows with the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuthMode(pub i32);

impl AuthMode {
    /// No passphrase.
    pub const OPEN: Self = Self(0);

    /// The name people know; `None` for numbers this program has no name for.
    pub fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 17] = [
            "Open",
            "WEP",
            "WPA",
            "WPA2",
            "WPA/WPA2",
            "WPA2-Enterprise",
            "WPA3",
            "WPA2/WPA3",
            "WAPI",
            "OWE",
            "WPA3-Enterprise-192",
            "WPA3",
            "WPA2/WPA3",
            "DPP",
            "WPA3-Enterprise",
            "WPA2/WPA3-Enterprise",
            "WPA-Enterprise",
        ];
        usize::try_from(self.0).ok().and_then(|index| NAMES.get(index)).copied()
    }

    /// Enterprise networks take a user name or a certificate, which this protocol cannot carry.
    pub fn is_enterprise(self) -> bool {
        self.name().is_some_and(|name| name.contains("Enterprise"))
    }

    /// Whether joining takes no passphrase (open, or opportunistically encrypted).
    pub fn is_open(self) -> bool {
        matches!(self.0, 0 | 9)
    }
}

impl std::fmt::Display for AuthMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("type {}", self.0)),
        }
    }
}

impl Serialize for AuthMode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One radio of a network, as the device heard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPoint {
    /// The network's name: 0 to 32 bytes of any kind; empty where hidden.
    pub ssid: Vec<u8>,
    /// The radio's address.
    pub bssid: [u8; 6],
    /// Wi-Fi channel.
    pub channel: u32,
    /// Signal strength, in dBm.
    pub rssi: i32,
    /// How it authenticates.
    pub auth: AuthMode,
}

impl AccessPoint {
    /// Reads an entry; `None` for one whose lengths no radio produces.
    fn read(entry: WifiScanEntry) -> Option<Self> {
        let bssid = match entry.bssid.len() {
            0 => [0; 6],
            _ => entry.bssid.as_slice().try_into().ok()?,
        };
        (entry.ssid.len() <= SSID_MAX).then_some(Self {
            ssid: entry.ssid,
            bssid,
            channel: entry.channel,
            rssi: entry.rssi,
            auth: AuthMode(entry.auth),
        })
    }
}

/// A network: all radios of one name, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The radios, strongest first; never empty.
    radios: Vec<AccessPoint>,
}

impl Network {
    /// The name, as bytes; empty for hidden ones.
    pub fn ssid(&self) -> &[u8] {
        &self.strongest().ssid
    }

    /// The radio the device hears best.
    pub fn strongest(&self) -> &AccessPoint {
        &self.radios[0]
    }

    /// All radios, strongest first.
    pub fn radios(&self) -> &[AccessPoint] {
        &self.radios
    }
}

/// Merges entries by name, radios and networks each strongest first. Hidden entries stay one each: an empty name
/// says nothing about belonging together.
pub fn merge(mut entries: Vec<AccessPoint>) -> Vec<Network> {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.rssi));
    let mut networks: Vec<Network> = Vec::new();
    for entry in entries {
        let same = |network: &&mut Network| !entry.ssid.is_empty() && network.ssid() == entry.ssid;
        match networks.iter_mut().find(same) {
            Some(network) if network.radios.iter().any(|radio| radio.bssid == entry.bssid) => {}
            Some(network) => network.radios.push(entry),
            None => networks.push(Network { radios: vec![entry] }),
        }
    }
    networks
}

/// A Thread network in reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadNetwork {
    /// Network name.
    pub name: String,
    /// PAN id, 16 bits.
    pub pan_id: u32,
    /// Extended PAN id, 8 bytes, as hex.
    pub extended_pan_id: String,
    /// Channel, 11 to 26.
    pub channel: u32,
    /// Signal strength, in dBm.
    pub rssi: i32,
    /// Link quality, 0 to 255.
    pub lqi: u32,
}

impl ThreadNetwork {
    fn read(entry: ThreadScanEntry) -> Self {
        Self {
            name: entry.network_name,
            pan_id: entry.pan_id,
            extended_pan_id: hex::encode(entry.ext_pan_id.get(..8).unwrap_or(&entry.ext_pan_id)),
            channel: entry.channel,
            rssi: entry.rssi,
            lqi: entry.lqi,
        }
    }
}

fn encode(msg: ScanMsg, payload: Option<Payload>) -> Zeroizing<Vec<u8>> {
    let message = ScanPayload { msg: msg.into(), payload, ..Default::default() };
    Zeroizing::new(message.encode_to_vec())
}

fn decode(reply: &[u8], due: ScanMsg) -> Result<Option<Payload>, ReplyError> {
    let message = ScanPayload::decode(reply).map_err(|_| ReplyError::Malformed)?;
    if message.msg != i32::from(due) {
        return Err(ReplyError::Unexpected);
    }
    accept(message.status)?;
    Ok(message.payload)
}

#[cfg(test)]
mod tests;
