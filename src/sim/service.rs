//! When the provisioning service comes and goes: after success, by lockout, by its window, by a link that vanishes.
//!
//! As the firmware does it (docs/protocol.md, life cycle). Everything is computed from times that the host
//! gives. How a join ends is in `station.rs`.

use std::ops::Range;
use std::time::Duration;

use super::device::Device;
use super::event::{Event, StopReason};

/// The service stops this long after the status Connected was read.
const CLEANUP_DELAY: Duration = Duration::from_secs(1);
/// The service stops this long after the device joined, if no client reads its status.
const AUTO_STOP: Duration = Duration::from_secs(30);
/// How long a link that is about to go still works, so that the answer under way arrives.
const LAST_WORDS: Duration = Duration::from_millis(20);

/// The service's known ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Service {
    stop: Option<(Duration, StopReason)>,
    stop_noted: bool,
    /// Off the air for a while.
    outage: Option<Range<Duration>>,
}

impl Device {
    /// Whether the provisioning service is up at `now`.
    pub fn is_serving(&self, now: Duration) -> bool {
        self.stops_at().is_none_or(|at| now < at)
            && !self.service.outage.as_ref().is_some_and(|outage| outage.contains(&now))
    }

    /// When the service ends for good, as far as is known at the last tick.
    pub fn stops_at(&self) -> Option<Duration> {
        let auto_stop = self.station.connects_at().filter(|_| self.options.auto_stop).map(|at| at + AUTO_STOP);
        let window = self.options.profile.window.filter(|_| !self.station.is_connected());
        self.service.stop.map(|(at, _)| at).into_iter().chain(auto_stop).chain(window).min()
    }

    /// When the device changes next without a request: an event falls due, or the service stops or comes back. A host
    /// sleeps until then and calls [`Self::tick`].
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let outage =
            self.service.outage.as_ref().map(|outage| if now < outage.start { outage.start } else { outage.end });
        let due = [self.station.next_change(), self.stops_at(), outage];
        due.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Advances the device's clock: everything up to `now` becomes events.
    pub fn tick(&mut self, now: Duration) {
        let happened = self.station.settle(now, self.options.profile.manners());
        for timed in happened {
            if self.options.auto_stop && matches!(timed.event, Event::Connected { .. }) {
                self.stop(timed.at + AUTO_STOP, StopReason::AutoStop);
            }
            self.note(timed.at, timed.event);
        }
        if let Some(at) = self.stops_at().filter(|at| *at <= now && !self.service.stop_noted) {
            self.service.stop_noted = true;
            let reason =
                self.service.stop.filter(|(due, _)| *due == at).map_or(StopReason::WindowClosed, |(_, reason)| reason);
            self.note(at, Event::Stopped { reason });
        }
    }

    /// Ends the service at `at`, unless it ends earlier anyway.
    pub(super) fn stop(&mut self, at: Duration, reason: StopReason) {
        if self.service.stop.is_none_or(|(due, _)| at < due) {
            self.service.stop = Some((at, reason));
        }
    }

    /// The client has read the status Connected.
    pub(super) fn connected_was_read(&mut self, now: Duration) {
        if self.options.auto_stop && self.service.stop.is_none_or(|(_, reason)| reason != StopReason::Provisioned) {
            self.note(now, Event::ConnectedRead);
            self.stop(now + CLEANUP_DELAY, StopReason::Provisioned);
        }
    }

    /// Takes the link off the air at `at` (plus the time an answer needs), for a while or for good.
    pub(super) fn vanish(&mut self, at: Duration, span: Option<Duration>) {
        match span {
            Some(span) => self.service.outage = Some(at..at + span),
            None => self.stop(at, StopReason::Vanished),
        }
    }

    /// As [`Self::vanish`], once the answer being made is out.
    pub(super) fn vanish_after_answer(&mut self, now: Duration, span: Option<Duration>) {
        self.vanish(now + LAST_WORDS, span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{DeviceOptions, Timed};

    fn device(parameters: &[(&str, &str)]) -> Device {
        Device::new(DeviceOptions::from_parameters(parameters.iter().copied()).expect("options"))
    }

    #[test]
    fn a_window_closes_without_success() {
        let mut device = device(&[("profile", "rainmaker")]);
        let end = device.stops_at().expect("a window");
        assert_eq!(device.next_change(Duration::ZERO), Some(end));
        device.tick(end);
        assert!(!device.is_serving(end));
        let stopped = Event::Stopped { reason: StopReason::WindowClosed };
        assert_eq!(device.take_events(), [Timed { at: end, event: stopped }]);
    }

    #[test]
    fn an_outage_ends() {
        let mut device = device(&[]);
        device.vanish(Duration::from_secs(2), Some(Duration::from_secs(3)));
        let serving: Vec<bool> = (1..6).map(|at| device.is_serving(Duration::from_secs(at))).collect();
        assert_eq!(serving, [true, false, false, false, true]);
        assert_eq!(device.next_change(Duration::from_secs(1)), Some(Duration::from_secs(2)));
        assert_eq!(device.next_change(Duration::from_secs(3)), Some(Duration::from_secs(5)));
    }
}
