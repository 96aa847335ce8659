//! The device itself: bytes to a named endpoint in, bytes out, at a time given by its host.
//!
//! No I/O and no clock. Randomness comes from the options' seed, so that a conversation can be repeated. Endpoints
//! are routed here; each family's handler is in a separate file.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::event::{Event, Timed};
use super::fault::{FaultKind, Script};
use super::options::DeviceOptions;
use super::profile::Association;
use super::rainmaker::Challenges;
use super::scan::Scanner;
use super::service::Service;
use super::session::Secure;
use super::station::{Link, Station};
use super::thread::ThreadEntries;
use crate::wire::messages::WifiScanEntry;

/// Events kept for a host that does not drain them.
const EVENTS_KEPT: usize = 256;
/// How long a restart takes.
pub(super) const BOOT_TIME: Duration = Duration::from_millis(300);
/// Length of an oversize reply, in bytes.
const OVERSIZE: usize = 1 << 20;

/// What the ESP-IDF example's custom endpoint answers, its terminating zero included.
const CUSTOM_REPLY: &[u8] = b"SUCCESS\0";

/// A simulated device, booted.
pub struct Device {
    pub(super) options: DeviceOptions,
    pub(super) script: Script,
    pub(super) rng: ChaCha20Rng,
    pub(super) secure: Secure,
    pub(super) station: Station,
    pub(super) staged: Option<Staged>,
    pub(super) wifi_scan: Scanner<WifiScanEntry>,
    pub(super) thread_scan: ThreadEntries,
    pub(super) challenges: Challenges,
    pub(super) wrong_proofs: u32,
    /// A blocking scan in the wrong state: the handler never returns, so no request is answered any more.
    pub(super) stuck: bool,
    pub(super) service: Service,
    events: VecDeque<Timed>,
}

/// Credentials set, not applied.
pub(super) enum Staged {
    Wifi { ssid: Vec<u8>, passphrase: crate::secret::Passphrase },
    Thread(crate::secret::ThreadDataset),
}

/// A reply, and how long the device takes to make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The bytes.
    pub body: Vec<u8>,
    /// How long the handler takes, e.g. for a blocking scan.
    pub after: Duration,
    /// What happens to the reply on the link.
    pub fault: Option<ReplyFault>,
}

/// What a fault does to a reply on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyFault {
    /// It breaks off in the middle.
    Truncated,
    /// An HTTP server answers with status 500 instead.
    Status500,
    /// Bytes that are not HTTP arrive instead.
    NotHttp,
}

/// Why a request got no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such endpoint on this device.
    UnknownEndpoint,
    /// The handler failed; the host closes the link without an answer.
    Handler,
    /// The handler never returns.
    Hang,
    /// The device restarts: whatever the link was doing ends, and a console shows it.
    Restart,
}

/// A handler's plain reply, and how long it takes.
pub(super) type Handled = Result<(Vec<u8>, Duration), Refusal>;

impl Device {
    /// Boots a device.
    pub fn new(options: DeviceOptions) -> Self {
        let script = Script::new(&options.faults);
        let mut device = Self {
            rng: ChaCha20Rng::seed_from_u64(options.seed),
            script,
            secure: Secure::None,
            station: Station::new(),
            staged: None,
            wifi_scan: Scanner::default(),
            thread_scan: ThreadEntries::default(),
            challenges: Challenges::default(),
            wrong_proofs: 0,
            stuck: false,
            service: Service::default(),
            events: VecDeque::new(),
            options,
        };
        if let Some(link) = device.already_connected() {
            device.station = Station::connected(link);
        }
        device
    }

    /// The options it was booted with.
    pub fn options(&self) -> &DeviceOptions {
        &self.options
    }

    /// Hands `request` to `endpoint`, `now` after boot. Times must not run backwards.
    pub fn handle(&mut self, now: Duration, endpoint: &str, request: &[u8]) -> Result<Reply, Refusal> {
        self.tick(now);
        if !self.is_serving(now) {
            return Err(Refusal::Handler);
        }
        if !self.has_endpoint(endpoint) {
            self.note(now, Event::RequestRefused { endpoint: endpoint.to_owned() });
            return Err(Refusal::UnknownEndpoint);
        }
        if self.stuck || self.strikes(now, FaultKind::Hang, endpoint).is_some() {
            return Err(Refusal::Hang);
        }
        if self.strikes(now, FaultKind::Reboot, endpoint).is_some() {
            self.restart(now);
            return Err(Refusal::Restart);
        }
        let handled = self.route(now, endpoint, request);
        if handled == Err(Refusal::Handler) && endpoint != "prov-session" {
            self.note(now, Event::RequestRefused { endpoint: endpoint.to_owned() });
        }
        let (body, after) = handled?;
        Ok(self.spoil(now, endpoint, Reply { body, after, fault: None }))
    }

    /// Replaces the transport session: the secure session of the old one is gone.
    pub fn open_session(&mut self, now: Duration) {
        self.secure = Secure::None;
        self.note(now, Event::TransportSession);
    }

    /// The transport session is over, and its secure session with it.
    pub fn close_session(&mut self) {
        self.secure = Secure::None;
    }

    /// Restarts: sessions, staged credentials and the count of wrong proofs are lost, and the link is down meanwhile.
    pub(super) fn restart(&mut self, now: Duration) {
        self.secure = Secure::None;
        self.staged = None;
        self.wifi_scan = Scanner::default();
        self.thread_scan = ThreadEntries::default();
        self.challenges = Challenges::default();
        self.wrong_proofs = 0;
        self.vanish(now, Some(BOOT_TIME));
    }

    /// The device's endpoints, in the order in which the firmware creates them.
    pub fn endpoints(&self) -> Vec<&'static str> {
        let profile = &self.options.profile;
        let association = |wanted| profile.association == wanted;
        let all = [
            ("prov-ctrl", profile.control),
            ("prov-scan", profile.scan),
            ("prov-session", self.script.has(FaultKind::NoSessionEndpoint).is_none()),
            ("prov-config", true),
            ("proto-ver", true),
            ("cloud_user_assoc", association(Association::Mapping)),
            ("ch_resp", association(Association::ChallengeResponse)),
            ("custom-data", profile.custom_data),
        ];
        all.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect()
    }

    /// Whether the device has this endpoint.
    pub fn has_endpoint(&self, endpoint: &str) -> bool {
        self.endpoints().contains(&endpoint)
    }

    /// Takes the events since the last call, oldest first.
    pub fn take_events(&mut self) -> Vec<Timed> {
        self.events.drain(..).collect()
    }

    /// A random number for the host's own needs: its session ids.
    pub fn draw(&mut self) -> u32 {
        self.rng.next_u32()
    }

    fn route(&mut self, now: Duration, endpoint: &str, request: &[u8]) -> Handled {
        if request.is_empty() {
            return Err(Refusal::Handler);
        }
        let plain_endpoint = matches!(endpoint, "proto-ver" | "prov-session");
        if plain_endpoint && self.strikes(now, FaultKind::Close, endpoint).is_some() {
            return Err(Refusal::Handler);
        }
        match endpoint {
            "proto-ver" => Ok((self.version_document().into_bytes(), Duration::ZERO)),
            "prov-session" => self.handshake(now, request).map(|reply| (reply, Duration::ZERO)),
            _ => self.application(now, endpoint, request),
        }
    }

    /// A request inside the secure session. Where the handler fails after decryption, the request has advanced the
    /// cipher and there is no answer that would, as on the firmware.
    fn application(&mut self, now: Duration, endpoint: &str, request: &[u8]) -> Handled {
        let lost = self.strikes(now, FaultKind::LostSession, endpoint).is_some();
        if lost {
            self.secure = Secure::None;
        }
        // Security 0 works without its greeting.
        let open = self.options.security() == 0;
        let plain = if open && !lost { Some(request.to_vec()) } else { self.secure.open(request) };
        let plain = plain.ok_or(Refusal::Handler)?;
        if self.strikes(now, FaultKind::Close, endpoint).is_some() {
            return Err(Refusal::Handler);
        }
        let (reply, after) = match endpoint {
            "prov-scan" => self.scan(now, &plain),
            "prov-config" => self.config(now, &plain),
            "prov-ctrl" => self.control(now, &plain),
            "cloud_user_assoc" => self.map_user(now, &plain),
            "ch_resp" => self.challenge(now, &plain),
            _ => Ok((CUSTOM_REPLY.to_vec(), Duration::ZERO)),
        }?;
        let sealed = if open { Some(reply) } else { self.secure.seal(&reply) };
        Ok((sealed.ok_or(Refusal::Handler)?, after))
    }

    fn version_document(&self) -> String {
        let options = &self.options;
        options.profile.document(options.security(), options.pop.is_none(), options.thread)
    }

    /// Applies faults to a finished reply.
    fn spoil(&mut self, now: Duration, endpoint: &str, mut reply: Reply) -> Reply {
        if let Some(fault) = self.strikes(now, FaultKind::Delay, endpoint) {
            reply.after += fault.span().unwrap_or_default();
        }
        if self.strikes(now, FaultKind::Garbage, endpoint).is_some() {
            self.rng.fill_bytes(&mut reply.body);
        }
        if self.strikes(now, FaultKind::EmptyReply, endpoint).is_some() {
            reply.body.clear();
        }
        if self.strikes(now, FaultKind::OversizeReply, endpoint).is_some() {
            reply.body = vec![b' '; OVERSIZE];
        }
        let on_the_link = [
            (FaultKind::Truncate, ReplyFault::Truncated),
            (FaultKind::Http500, ReplyFault::Status500),
            (FaultKind::HttpNotHttp, ReplyFault::NotHttp),
        ];
        for (kind, fault) in on_the_link {
            if self.strikes(now, kind, endpoint).is_some() {
                reply.fault = Some(fault);
            }
        }
        reply
    }

    /// Counts an occasion for a fault, and returns the fault if it strikes.
    pub(super) fn strikes(&mut self, now: Duration, kind: FaultKind, endpoint: &str) -> Option<super::fault::Fault> {
        let fault = self.script.strikes(kind, endpoint)?;
        self.note(now, Event::Fault { name: fault.name() });
        Some(fault)
    }

    pub(super) fn note(&mut self, at: Duration, event: Event) {
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back(Timed { at, event });
    }

    fn already_connected(&mut self) -> Option<Link> {
        let fault = self.script.has(FaultKind::AlreadyConnected)?;
        let world = &self.options.world;
        if self.options.thread {
            return world.thread_networks.first().map(super::thread::link);
        }
        let ap = match fault.value() {
            Some(ssid) => world.strongest(ssid.as_bytes()),
            None => world.access_points.first(),
        };
        let ap = ap?.clone();
        Some(Link::Wifi(self.wifi_link(&ap)))
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("name", &self.options.name())
            .field("station", &self.station)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(parameters: &[(&str, &str)]) -> Device {
        Device::new(DeviceOptions::from_parameters(parameters.iter().copied()).expect("options"))
    }

    #[test]
    fn endpoints_are_those_of_the_firmware() {
        let old = device(&[("profile", "pre-manager")]);
        assert!(old.has_endpoint("prov-config") && !old.has_endpoint("prov-scan") && !old.has_endpoint("prov-ctrl"));
        let rainmaker = device(&[("profile", "rainmaker")]);
        assert!(rainmaker.has_endpoint("ch_resp") && !rainmaker.has_endpoint("cloud_user_assoc"));
        assert!(!device(&[("fault", "no-session-endpoint")]).has_endpoint("prov-session"));
    }

    #[test]
    fn the_version_document_takes_a_body_and_no_session() {
        let mut device = device(&[("profile", "pre-manager")]);
        assert_eq!(device.handle(Duration::ZERO, "proto-ver", b""), Err(Refusal::Handler));
        assert_eq!(device.handle(Duration::ZERO, "proto-ver", b"-").map(|reply| reply.body), Ok(b"V0.1".to_vec()));
    }
}
