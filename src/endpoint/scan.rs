//! `prov-scan`: start a scan, ask whether it is done, fetch its entries. What an entry says is in `network.rs`.
//!
//! - `network.rs`: access points, merged into networks by name

mod network;

use prost::Message;
use zeroize::Zeroizing;

pub use network::{AccessPoint, AuthMode, Network, SSID_MAX, ThreadNetwork, merge};

use super::{ReplyError, Request, accept};
use crate::wire::messages::{
    CmdScanThreadResult, CmdScanThreadStart, CmdScanWifiResult, CmdScanWifiStart, ScanMsg, ScanPayload,
    scan_payload::Payload,
};

/// The endpoint's name.
pub const ENDPOINT: &str = "prov-scan";
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
mod tests {
    use super::*;

    #[test]
    fn requests_are_the_recorded_bytes() {
        // The start is non-blocking, so it lacks the recorded client's field 1.
        assert_eq!(*Progress { radio: Radio::Wifi }.encode(), hex::decode("0802").unwrap());
        assert_eq!(*WifiResults { start: 4, count: 4 }.encode(), hex::decode("0804720408041004").unwrap());
        assert_eq!(*Start { radio: Radio::Wifi, group_channels: 5 }.encode(), hex::decode("520418052078").unwrap());
    }
}
