//! The Thread build's half of `prov-scan` and `prov-config`. A build has either this or Wi-Fi.

use std::time::Duration;

use super::config::{self, StatusFault};
use super::device::{Device, Handled, Refusal, Staged};
use super::event::{Event, FailReason};
use super::scan::{self, Scanner};
use super::station::{Link, Outcome, Status as Reading};
use super::world::ThreadNetwork;
use crate::secret::ThreadDataset;
use crate::wire::messages::{
    ConfigMsg, RespApplyThread, RespGetThreadStatus, RespScanThreadResult, RespScanThreadStart, RespScanThreadStatus,
    RespSetThread, ScanMsg, Status, ThreadAttachFailedReason, ThreadAttached, ThreadNetworkState, ThreadScanEntry,
    config_payload, resp_get_thread_status::State, scan_payload,
};

/// Longest operational dataset, in bytes.
const DATASET_MAX: usize = 254;
/// Thread's channels, 11 to 26, one bit each.
const CHANNELS: u32 = 0x07ff_f800;
/// How long a Thread scan takes by default.
const SCAN: Duration = Duration::from_millis(1200);

/// The Thread scan's results.
pub(super) type ThreadEntries = Scanner<ThreadScanEntry>;

impl Device {
    pub(super) fn scan_thread(
        &mut self,
        now: Duration,
        msg: ScanMsg,
        payload: Option<scan_payload::Payload>,
    ) -> Handled {
        use scan_payload::Payload;
        match (msg, payload) {
            (ScanMsg::CmdThreadStart, Some(Payload::CmdThreadStart(start))) => {
                let takes = self.options.scan.unwrap_or(SCAN);
                let lists = self.observe_thread(start.channel_mask, takes);
                let mut scanner = std::mem::take(&mut self.thread_scan);
                // Unlike Wi-Fi's, a Thread scan reports to the firmware in every state.
                let after = self.start_scan(now, &mut scanner, lists, true, start.blocking);
                self.thread_scan = scanner;
                Ok((scan::reply(msg, Status::Success, Payload::RespThreadStart(RespScanThreadStart {})), after?))
            }
            (ScanMsg::CmdThreadStatus, _) => {
                let result = RespScanThreadStatus {
                    scan_finished: self.thread_scan.is_finished(now),
                    result_count: self.thread_scan.count(now),
                };
                let status = self.scan_status(now);
                Ok((scan::reply(msg, status, Payload::RespThreadStatus(result)), Duration::ZERO))
            }
            (ScanMsg::CmdThreadResult, Some(Payload::CmdThreadResult(wanted))) => {
                let page = self.thread_scan.page(now, wanted.start_index, wanted.count);
                let (status, entries) = self.in_range(page)?;
                let result = Payload::RespThreadResult(RespScanThreadResult { entries });
                Ok((scan::reply(msg, status, result), Duration::ZERO))
            }
            _ => Err(Refusal::Handler),
        }
    }

    /// The networks in the order in which they are heard, channel by channel. A mask of 0 means all channels.
    fn observe_thread(&self, mask: u32, takes: Duration) -> Vec<scan::Heard<ThreadScanEntry>> {
        let mut list = Vec::new();
        let channels = CHANNELS.count_ones();
        (0..channels)
            .map(|index| {
                let channel = CHANNELS.trailing_zeros() + index;
                let wanted = mask == 0 || mask & (1 << channel) != 0;
                let networks = self.options.world.thread_networks.iter();
                list.extend(networks.filter(|it| wanted && u32::from(it.channel) == channel).map(entry));
                list.truncate(scan::MAX_ENTRIES);
                (takes * (index + 1) / channels, list.clone())
            })
            .collect()
    }

    pub(super) fn config_thread(
        &mut self,
        now: Duration,
        msg: ConfigMsg,
        payload: Option<config_payload::Payload>,
    ) -> Handled {
        use config_payload::Payload;
        let payload = match (msg, payload) {
            (ConfigMsg::CmdGetThreadStatus, _) => Payload::RespGetThreadStatus(self.thread_status(now)),
            (ConfigMsg::CmdSetThread, Some(Payload::CmdSetThread(set))) => {
                let status = self.set_thread(now, &set.dataset).into();
                Payload::RespSetThread(RespSetThread { status })
            }
            (ConfigMsg::CmdApplyThread, _) => {
                Payload::RespApplyThread(RespApplyThread { status: self.apply(now).into() })
            }
            _ => return Err(Refusal::Handler),
        };
        Ok((config::reply(msg, payload), Duration::ZERO))
    }

    fn set_thread(&mut self, now: Duration, dataset: &[u8]) -> Status {
        let fault = self.strikes(now, super::fault::FaultKind::SetInvalidArgument, "").is_some();
        if dataset.len() > DATASET_MAX || fault {
            return Status::InvalidArgument;
        }
        self.note(now, Event::CredentialsSet { ssid: "a Thread network".into() });
        self.staged = Some(Staged::Thread(ThreadDataset::new(dataset)));
        Status::Success
    }

    /// How attaching will end, and the network's name.
    pub(super) fn plan_thread(&self, dataset: &ThreadDataset) -> (Outcome, String) {
        match self.options.world.attach(dataset.expose()) {
            Ok(network) => (Outcome::Joined(link(network)), network.name.clone()),
            Err(reason) => (Outcome::Failed(reason), "a Thread network".into()),
        }
    }

    fn thread_status(&mut self, now: Duration) -> RespGetThreadStatus {
        let status = |state: ThreadNetworkState, details| RespGetThreadStatus {
            status: Status::Success.into(),
            thread_state: state.into(),
            state: details,
        };
        match self.status_fault(now) {
            Some(StatusFault::Error) => {
                return RespGetThreadStatus { status: Status::InternalError.into(), ..Default::default() };
            }
            Some(StatusFault::Bare) => return RespGetThreadStatus::default(),
            Some(StatusFault::Disconnected) => return status(ThreadNetworkState::Detached, None),
            None => {}
        }
        match self.station.status().clone() {
            Reading::Failed(reason) => {
                let reason = match reason {
                    FailReason::Auth => ThreadAttachFailedReason::DatasetInvalid,
                    FailReason::NotFound => ThreadAttachFailedReason::NetworkNotFound,
                };
                status(ThreadNetworkState::AttachingFailed, Some(State::FailReason(reason.into())))
            }
            Reading::Connected(Link::Thread(mut attached)) => {
                self.connected_was_read(now);
                if let Some(name) = self.name_fault(now) {
                    attached.ext_pan_id = if name.is_empty() { Vec::new() } else { vec![0xee; 8] };
                    attached.name = name;
                }
                status(ThreadNetworkState::Attached, Some(State::Attached(attached)))
            }
            _ => status(ThreadNetworkState::Attaching, None),
        }
    }
}

fn entry(network: &ThreadNetwork) -> ThreadScanEntry {
    ThreadScanEntry {
        pan_id: network.pan_id.into(),
        channel: network.channel.into(),
        rssi: network.rssi.into(),
        lqi: network.lqi.into(),
        ext_addr: network.ext_addr.to_vec(),
        network_name: network.name.clone(),
        ext_pan_id: network.ext_pan_id.to_vec(),
    }
}

pub(super) fn link(network: &ThreadNetwork) -> Link {
    Link::Thread(ThreadAttached {
        pan_id: network.pan_id.into(),
        ext_pan_id: network.ext_pan_id.to_vec(),
        channel: network.channel.into(),
        name: network.name.clone(),
    })
}
