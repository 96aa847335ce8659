//! `prov-scan`: the networks the radio heard, in pages.
//!
//! As the firmware does it (docs/protocol.md, scan): at most 16 entries, merged channel by channel, where a full list drops
//! its tail for every later entry, even a weaker one. Thread's half is in `thread.rs`.

use std::time::Duration;

use prost::Message;

use super::device::{Device, Handled, Refusal};
use super::event::Event;
use super::fault::FaultKind;
use super::other_radio;
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

/// A list of networks, and the time from which on it is the scan's.
pub(super) type Heard<E> = (Duration, Vec<E>);

/// A scan and its results.
#[derive(Debug, Clone)]
pub(super) struct Scanner<E> {
    /// The list as it grows, oldest first. The last one is whole.
    lists: Vec<Heard<E>>,
    end: End,
}

/// How a scan ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    At(Duration),
    /// Never, and no other can be started: the firmware did not listen when it ended.
    Missed,
    /// Never, by a fault. Another one can be started.
    Fault,
}

impl<E> Default for Scanner<E> {
    /// Before any scan, the firmware reads "finished, nothing found".
    fn default() -> Self {
        Self { lists: Vec::new(), end: End::At(Duration::ZERO) }
    }
}

impl<E: Clone> Scanner<E> {
    pub(super) fn is_finished(&self, now: Duration) -> bool {
        matches!(self.end, End::At(end) if end <= now)
    }

    /// The networks heard so far.
    fn list(&self, now: Duration) -> &[E] {
        self.lists.iter().rev().find(|(from, _)| *from <= now).map_or(&[], |(_, list)| list)
    }

    /// Entries that can be asked for; a running scan has some already.
    pub(super) fn count(&self, now: Duration) -> u32 {
        u32::try_from(self.list(now).len()).unwrap_or(0)
    }

    /// A page, or `None` out of range.
    pub(super) fn page(&self, now: Duration, start: u32, count: u32) -> Option<Vec<E>> {
        let end = start.checked_add(count)?;
        let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
        self.list(now).get(range).map(<[E]>::to_vec)
    }

    /// The firmware stops listening: a scan that runs now never ends, and a reset does not change that.
    pub(super) fn miss_the_end(&mut self, now: Duration) {
        if matches!(self.end, End::At(end) if now < end) {
            self.lists.retain(|(from, _)| *from <= now);
            self.end = End::Missed;
        }
    }
}

impl Device {
    pub(super) fn scan(&mut self, now: Duration, plain: &[u8]) -> Handled {
        let request = ScanPayload::decode(plain).map_err(|_| Refusal::Handler)?;
        let msg = ScanMsg::try_from(request.msg).map_err(|_| Refusal::Handler)?;
        if other_radio::is_for_thread(msg) != self.options.thread {
            let answer = other_radio::scan(msg, request.payload.as_ref()).filter(|_| self.options.knows_both_radios());
            let answer = answer.ok_or(Refusal::Handler)?;
            return Ok((reply(msg, Status::InvalidArgument, answer), Duration::ZERO));
        }
        if self.options.thread {
            return self.scan_thread(now, msg, request.payload);
        }
        match (msg, request.payload) {
            (ScanMsg::CmdWifiStart, Some(Payload::CmdWifiStart(start))) => {
                let lists = observe(&self.options.world, start.group_channels, self.options.scan);
                let mut scanner = std::mem::take(&mut self.wifi_scan);
                let heard = self.station.hears_scans();
                let after = self.start_scan(now, &mut scanner, lists, heard, start.blocking);
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

    /// Starts a scan, and returns how long the answer takes: a blocking scan waits for the end, in whole steps. Where
    /// one runs, the answer comes at once, and that one goes on. `lists` count from the start; `heard` says whether the
    /// firmware will notice the end.
    pub(super) fn start_scan<E: Clone>(
        &mut self,
        now: Duration,
        scanner: &mut Scanner<E>,
        mut lists: Vec<Heard<E>>,
        heard: bool,
        blocking: bool,
    ) -> Result<Duration, Refusal> {
        if !scanner.is_finished(now) && scanner.end != End::Fault {
            return Ok(Duration::ZERO);
        }
        if self.strikes(now, FaultKind::ScanEmpty, "").is_some() {
            for (_, list) in &mut lists {
                list.clear();
            }
        }
        let never = self.strikes(now, FaultKind::ScanNeverFinishes, "").is_some();
        let (takes, networks) = lists.last().map_or((Duration::ZERO, 0), |(takes, list)| (*takes, list.len()));
        self.note(now, Event::ScanStarted { networks });
        for (from, _) in &mut lists {
            *from += now;
        }
        *scanner = match (heard, never) {
            (true, false) => Scanner { lists, end: End::At(now + takes) },
            (false, _) => Scanner { lists: Vec::new(), end: End::Missed },
            (true, true) => Scanner { lists: Vec::new(), end: End::Fault },
        };
        // In the wrong state the firmware's handler never returns; a fault only keeps the scan from ending.
        self.stuck = !heard && blocking;
        match (blocking, scanner.end) {
            (true, End::Missed | End::Fault) => Err(Refusal::Hang),
            (true, End::At(_)) => Ok(in_steps(takes)),
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

/// When a channel has been scanned, in steps: one for each, and a pause before each new group for the SoftAP to beacon.
fn steps(channel: u8, group: u32) -> u32 {
    let pauses = (2..=u32::from(channel)).filter(|channel| group > 0 && channel % group == 0).count();
    u32::from(channel) + u32::try_from(pauses).unwrap_or(0)
}

fn in_steps(span: Duration) -> Duration {
    let steps = span.as_millis().div_ceil(STEP.as_millis());
    STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

/// The list of networks as the firmware builds it: channel by channel where there are groups, else all at the end.
fn observe(world: &World, group: u32, takes: Option<Duration>) -> Vec<Heard<WifiScanEntry>> {
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
    let all = steps(CHANNELS, group);
    let takes = takes.unwrap_or(STEP * all);
    if group == 0 {
        return vec![(takes, heard(None))];
    }
    let mut list = Vec::new();
    (1..=CHANNELS)
        .map(|channel| {
            let new = heard(Some(channel));
            list.truncate(MAX_ENTRIES - new.len());
            list.extend(new);
            list.sort_by_key(|entry: &WifiScanEntry| -entry.rssi);
            (takes * steps(channel, group) / all, list.clone())
        })
        .collect()
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

    fn whole(world: &World, group: u32) -> Heard<WifiScanEntry> {
        observe(world, group, None).pop().expect("a list")
    }

    #[test]
    fn a_full_list_drops_its_tail_even_for_a_weaker_entry() {
        let (_, entries) = whole(&crowd(), 5);
        assert_eq!(entries.len(), MAX_ENTRIES);
        assert_eq!(entries.last().map(|entry| &entry.ssid[..]), Some(&b"weak"[..]));
        assert!(!entries.iter().any(|entry| entry.ssid == b"strong-16"));
        let (_, entries) = whole(&crowd(), 0);
        assert!(!entries.iter().any(|entry| entry.ssid == b"weak"), "one scan of all channels keeps the strongest");
    }

    #[test]
    fn hidden_networks_are_not_reported_and_duplicates_are() {
        let (_, entries) = whole(&World::default(), 5);
        assert!(!entries.iter().any(|entry| entry.ssid == b"HiddenNet"));
        assert_eq!(entries.iter().filter(|entry| entry.ssid == b"HomeNet").count(), 2);
        assert!(entries.is_sorted_by(|one, two| one.rssi >= two.rssi));
    }

    #[test]
    fn scans_take_their_time() {
        assert_eq!(whole(&World::default(), 0).0, Duration::from_millis(13 * 120));
        assert_eq!(whole(&World::default(), 5).0, Duration::from_millis(15 * 120));
        assert_eq!(in_steps(Duration::from_millis(121)), Duration::from_millis(240));
    }

    #[test]
    fn a_scan_by_channels_grows() {
        let lists = observe(&crowd(), 5, Some(Duration::from_millis(1500)));
        let counts: Vec<_> = lists.iter().map(|(from, list)| (from.as_millis(), list.len())).collect();
        // The second group begins after a pause.
        assert_eq!(counts[..5], [(100, 16), (200, 16), (300, 16), (400, 16), (600, 16)]);
        assert_eq!(counts.last(), Some(&(1500, 16)));
        let grown = observe(&World::default(), 5, None);
        assert!(grown.is_sorted_by(|one, two| one.1.len() <= two.1.len()) && grown[0].1.len() == 2);
    }

    #[test]
    fn pages_stay_in_range() {
        let scanner = Scanner { lists: vec![(Duration::ZERO, vec![1, 2, 3])], end: End::At(Duration::ZERO) };
        assert_eq!(scanner.page(Duration::ZERO, 1, 2), Some(vec![2, 3]));
        assert_eq!(scanner.page(Duration::ZERO, 2, 2), None);
        assert_eq!(scanner.page(Duration::ZERO, u32::MAX, 2), None);
    }
}
