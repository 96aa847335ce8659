//! `prov-scan`: the networks the radio heard, in pages.
//!
//! As the firmware does it (docs/protocol.md, scan): at most 16 entries, merged channel by channel, where a full list drops
//! its tail for every later entry, even a weaker one. Thread's half is in `thread.rs`.

use std::time::Duration;

use prost::Message;

use super::device::{Device, Handled, Refusal};
use super::event::Event;
use super::fault::FaultKind;
use super::world::World;
use crate::wire::messages::{
    RespScanWifiResult, RespScanWifiStart, RespScanWifiStatus, ScanMsg, ScanPayload, Status, WifiScanEntry,
    scan_payload::Payload,
};

/// Most entries the firmware keeps.
pub(super) const MAX_ENTRIES: usize = 16;
const CHANNELS: u8 = 13;
/// Time on one channel, the pause between groups of them, and the step a blocking scan waits in.
const STEP: Duration = Duration::from_millis(120);

/// A scan and its results.
#[derive(Debug, Clone)]
pub(super) struct Scanner<E> {
    entries: Vec<E>,
    ends: Duration,
    never: bool,
}

impl<E> Default for Scanner<E> {
    /// Before any scan, the firmware reads "finished, nothing found".
    fn default() -> Self {
        Self { entries: Vec::new(), ends: Duration::ZERO, never: false }
    }
}

impl<E: Clone> Scanner<E> {
    pub(super) fn is_finished(&self, now: Duration) -> bool {
        now >= self.ends && !self.never
    }

    /// Entries that can be asked for.
    pub(super) fn count(&self, now: Duration) -> u32 {
        if self.is_finished(now) { u32::try_from(self.entries.len()).unwrap_or(0) } else { 0 }
    }

    /// A page, or `None` out of range.
    pub(super) fn page(&self, now: Duration, start: u32, count: u32) -> Option<Vec<E>> {
        let end = start.checked_add(count).filter(|end| *end <= self.count(now))?;
        let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
        self.entries.get(range).map(<[E]>::to_vec)
    }
}

impl Device {
    pub(super) fn scan(&mut self, now: Duration, plain: &[u8]) -> Handled {
        let request = ScanPayload::decode(plain).map_err(|_| Refusal::Handler)?;
        let msg = ScanMsg::try_from(request.msg).map_err(|_| Refusal::Handler)?;
        if self.options.thread {
            return self.scan_thread(now, msg, request.payload);
        }
        match (msg, request.payload) {
            (ScanMsg::CmdWifiStart, Some(Payload::CmdWifiStart(start))) => {
                let takes = self.options.scan.unwrap_or_else(|| duration(start.group_channels));
                let entries = observe(&self.options.world, start.group_channels > 0);
                let mut scanner = std::mem::take(&mut self.wifi_scan);
                let after = self.start_scan(now, &mut scanner, entries, takes, start.blocking);
                self.wifi_scan = scanner;
                Ok((reply(msg, Status::Success, Payload::RespWifiStart(RespScanWifiStart {})), after?))
            }
            (ScanMsg::CmdWifiStatus, _) => {
                let result = RespScanWifiStatus {
                    scan_finished: self.wifi_scan.is_finished(now),
                    result_count: self.wifi_scan.count(now),
                };
                let status = self.scan_status(now);
                Ok((reply(msg, status, Payload::RespWifiStatus(result)), Duration::ZERO))
            }
            (ScanMsg::CmdWifiResult, Some(Payload::CmdWifiResult(wanted))) => {
                let page = self.wifi_scan.page(now, wanted.start_index, wanted.count);
                let (status, entries) = self.in_range(page)?;
                Ok((reply(msg, status, Payload::RespWifiResult(RespScanWifiResult { entries })), Duration::ZERO))
            }
            _ => Err(Refusal::Handler),
        }
    }

    /// Starts a scan, unless one runs, and returns how long the answer takes: a blocking scan waits for the end, in
    /// whole steps.
    pub(super) fn start_scan<E: Clone>(
        &mut self,
        now: Duration,
        scanner: &mut Scanner<E>,
        entries: Vec<E>,
        takes: Duration,
        blocking: bool,
    ) -> Result<Duration, Refusal> {
        if scanner.is_finished(now) || scanner.never {
            let empty = self.strikes(now, FaultKind::ScanEmpty, "").is_some();
            let fault = self.strikes(now, FaultKind::ScanNeverFinishes, "").is_some();
            let deaf = !self.station.can_scan();
            let entries = if empty { Vec::new() } else { entries };
            self.note(now, Event::ScanStarted { networks: entries.len() });
            *scanner = Scanner { entries, ends: now + takes, never: fault || deaf };
            // In the wrong state the firmware's handler never returns; a fault only keeps the scan from ending.
            self.stuck = deaf && blocking;
        }
        match (blocking, scanner.never) {
            (true, true) => Err(Refusal::Hang),
            (true, false) => Ok(in_steps(scanner.ends.saturating_sub(now))),
            (false, _) => Ok(Duration::ZERO),
        }
    }

    pub(super) fn scan_status(&mut self, now: Duration) -> Status {
        let error = self.strikes(now, FaultKind::ScanStatusError, "").is_some();
        if error { Status::InternalError } else { Status::Success }
    }

    /// A page out of range closes the link on current firmware and is an error on older.
    pub(super) fn in_range<E>(&self, page: Option<Vec<E>>) -> Result<(Status, Vec<E>), Refusal> {
        match page {
            Some(entries) => Ok((Status::Success, entries)),
            None if self.options.profile.strict_range => Err(Refusal::Handler),
            None => Ok((Status::InternalError, Vec::new())),
        }
    }
}

/// The answer's number is the request's plus one; its status is the outer one.
pub(super) fn reply(request: ScanMsg, status: Status, payload: Payload) -> Vec<u8> {
    ScanPayload { msg: request as i32 + 1, status: status.into(), payload: Some(payload) }.encode_to_vec()
}

/// How long a scan takes: every channel, and a pause after each group of them for the SoftAP to beacon.
fn duration(group: u32) -> Duration {
    let pauses = u32::from(CHANNELS - 1).checked_div(group).unwrap_or(0);
    STEP * (u32::from(CHANNELS) + pauses)
}

fn in_steps(span: Duration) -> Duration {
    let steps = span.as_millis().div_ceil(STEP.as_millis());
    STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

/// The list of networks as the firmware builds it.
fn observe(world: &World, by_channel: bool) -> Vec<WifiScanEntry> {
    let heard = |channel: Option<u8>| {
        let visible = world.access_points.iter().filter(|ap| !ap.hidden && channel.is_none_or(|own| own == ap.channel));
        let mut heard: Vec<_> = visible
            .map(|ap| WifiScanEntry {
                ssid: ap.ssid.clone(),
                channel: ap.channel.into(),
                rssi: ap.rssi.into(),
                bssid: ap.bssid.to_vec(),
                auth: ap.auth.into(),
            })
            .collect();
        heard.sort_by_key(|entry| -entry.rssi);
        heard.truncate(MAX_ENTRIES);
        heard
    };
    if !by_channel {
        return heard(None);
    }
    let mut list = Vec::new();
    for channel in 1..=CHANNELS {
        let new = heard(Some(channel));
        list.truncate(MAX_ENTRIES - new.len());
        list.extend(new);
        list.sort_by_key(|entry: &WifiScanEntry| -entry.rssi);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::AccessPoint;

    fn crowd() -> World {
        let mut access_points: Vec<_> =
            (1..=16).map(|n| AccessPoint::new(&format!("strong-{n}"), "").on(1, -30 - n)).collect();
        access_points.push(AccessPoint::new("weak", "").on(9, -90));
        World { access_points, ..World::default() }
    }

    #[test]
    fn a_full_list_drops_its_tail_even_for_a_weaker_entry() {
        let entries = observe(&crowd(), true);
        assert_eq!(entries.len(), MAX_ENTRIES);
        assert_eq!(entries.last().map(|entry| &entry.ssid[..]), Some(&b"weak"[..]));
        assert!(!entries.iter().any(|entry| entry.ssid == b"strong-16"));
        let entries = observe(&crowd(), false);
        assert!(!entries.iter().any(|entry| entry.ssid == b"weak"), "one scan of all channels keeps the strongest");
    }

    #[test]
    fn hidden_networks_are_not_reported_and_duplicates_are() {
        let entries = observe(&World::default(), true);
        assert!(!entries.iter().any(|entry| entry.ssid == b"HiddenNet"));
        assert_eq!(entries.iter().filter(|entry| entry.ssid == b"HomeNet").count(), 2);
        assert!(entries.is_sorted_by(|one, two| one.rssi >= two.rssi));
    }

    #[test]
    fn scans_take_their_time() {
        assert_eq!(duration(0), Duration::from_millis(13 * 120));
        assert_eq!(duration(5), Duration::from_millis(15 * 120));
        assert_eq!(in_steps(Duration::from_millis(121)), Duration::from_millis(240));
    }

    #[test]
    fn pages_stay_in_range() {
        let scanner = Scanner { entries: vec![1, 2, 3], ends: Duration::ZERO, never: false };
        assert_eq!(scanner.page(Duration::ZERO, 1, 2), Some(vec![2, 3]));
        assert_eq!(scanner.page(Duration::ZERO, 2, 2), None);
        assert_eq!(scanner.page(Duration::ZERO, u32::MAX, 2), None);
    }
}
