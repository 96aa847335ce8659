//! A link with somebody in the middle: it alters, cuts, repeats, swaps and drops what passes, by a seed. Behind it is a
//! simulated device, which says what really became of it.

use std::future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use espctl::backend::About;
use espctl::device::{Context, DialectChoice, PromptsOff, SecurityPlan, SharedRng, WifiPlan};
use espctl::event::Silent;
use espctl::failure::Failure;
use espctl::provision::{Outcome, Plan, Verdict, provision};
use espctl::session::deadline::Budget;
use espctl::sim::{Device, DeviceOptions, Event, Refusal};
use espctl::transport::{
    BoxFuture, Evidence, Limits, Locator, Opening, Transport, TransportError, TransportKind, Unobserved,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use tokio::time::{Instant, timeout};

/// More requests than any run makes that is not caught in a circle.
const MOST_REQUESTS: usize = 5000;
/// The time of a run, and the time after which it hangs.
const BUDGET: Duration = Duration::from_mins(3);
const HANG: Duration = Duration::from_mins(10);

/// What a session came to, where nothing was wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Online, as the device says too.
    Online,
    /// Applied, and not confirmed.
    Applied,
    /// With a code.
    Failed,
}

/// One session through the proxy; its seed decides everything. On a paused clock it takes no time.
///
/// # Errors
/// What must never be: a hang, a run without an end, an "online" that is not so.
pub(crate) async fn session(seed: u64) -> Result<Ended, String> {
    let security = if seed.is_multiple_of(2) { "1" } else { "2" };
    let proxy = Proxy::new(security, seed);
    let context = Context {
        kind: &proxy,
        observer: Arc::new(Silent),
        log: Arc::new(Unobserved),
        budget: Budget::new(Some(BUDGET)),
        rng: SharedRng::new(ChaCha20Rng::seed_from_u64(seed)),
    };
    let plan = plan();
    let mut answers = PromptsOff;
    let run = provision(&plan, &context, &mut answers);
    let wrong = |what: &str| Err(format!("security {security}, seed {seed}: {what}"));
    let Ok(result) = timeout(HANG, run).await else { return wrong("it hangs") };
    let mut middle = proxy.middle();
    if middle.requests > MOST_REQUESTS {
        return wrong("it asks without an end");
    }
    let joined = middle.has_joined();
    match result {
        Ok(Outcome { verdict: Verdict::Online(_) | Verdict::AlreadyOnline(_), .. }) if joined => Ok(Ended::Online),
        Ok(Outcome { verdict: Verdict::Online(_) | Verdict::AlreadyOnline(_), .. }) => wrong("online, and it is not"),
        Ok(Outcome { verdict: Verdict::Applied { .. }, .. }) => Ok(Ended::Applied),
        Ok(other) => wrong(&format!("{other:?}")),
        Err(Failure { code, .. }) if code.word() == "internal.unexpected" => wrong("an unexpected error"),
        Err(_) => Ok(Ended::Failed),
    }
}

fn plan() -> Plan {
    Plan {
        device: Locator::new("sim", ""),
        dialect: DialectChoice::Auto,
        security: SecurityPlan { pop: Some("abcd1234".into()), ..SecurityPlan::default() },
        about: About::default(),
        backend: None,
        network: true,
        wifi: WifiPlan {
            ssid: Some(b"HomeNet".to_vec()),
            passphrase: Some("correct-horse-battery".into()),
            ..WifiPlan::default()
        },
        dataset: None,
        retry: false,
    }
}

/// The way to the device.
struct Proxy(Arc<Mutex<Middle>>);

impl Proxy {
    fn new(security: &str, seed: u64) -> Self {
        let seed_text = seed.to_string();
        let parameters = [("sec-ver", security), ("seed", &seed_text), ("join-ms", "800"), ("apply-delay-ms", "200")];
        let mut device = Device::new(DeviceOptions::from_parameters(parameters).expect("options"));
        device.open_session(Duration::ZERO);
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x5eed);
        // From a careful one, that strikes once in a while, to one that spoils every second message.
        let rate = 2 + rng.next_u32() % 60;
        // In one session of three the device goes off the air at some time.
        let last = if seed.is_multiple_of(3) { 4 + rng.next_u32() % 12 } else { u32::MAX } as usize;
        let (joined, held, replies) = (false, Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(Middle {
            device,
            booted: Instant::now(),
            rng,
            rate,
            last,
            requests: 0,
            joined,
            held,
            replies,
        })))
    }

    fn middle(&self) -> MutexGuard<'_, Middle> {
        self.0.lock().expect("no panic")
    }
}

/// What sits in the middle, and the device.
struct Middle {
    device: Device,
    booted: Instant,
    rng: ChaCha20Rng,
    /// One message in this many is spoiled.
    rate: u32,
    /// The last request that passes.
    last: usize,
    requests: usize,
    joined: bool,
    /// A reply that is late: it comes in place of the next one.
    held: Vec<u8>,
    /// Replies that passed.
    replies: Vec<Vec<u8>>,
}

/// What becomes of a request and its reply.
#[derive(Debug, Clone, Copy)]
enum Strike {
    AlterRequest,
    CutRequest,
    RepeatRequest,
    DropRequest,
    AlterReply,
    CutReply,
    OlderReply,
    LateReply,
    DropReply,
    Silence,
}

const STRIKES: [Strike; 10] = [
    Strike::AlterRequest,
    Strike::CutRequest,
    Strike::RepeatRequest,
    Strike::DropRequest,
    Strike::AlterReply,
    Strike::CutReply,
    Strike::OlderReply,
    Strike::LateReply,
    Strike::DropReply,
    Strike::Silence,
];

impl Middle {
    /// What reaches the client: a reply, a closed link, or nothing ever.
    fn pass(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, Option<TransportError>> {
        self.requests += 1;
        if self.requests > self.last.min(MOST_REQUESTS) {
            return Err(Some(closed()));
        }
        let strike = (self.below(self.rate) == 0).then(|| STRIKES[self.below(10) as usize]);
        let mut request = request.to_vec();
        match strike {
            Some(Strike::AlterRequest) => self.alter(&mut request),
            Some(Strike::CutRequest) => self.cut(&mut request),
            Some(Strike::DropRequest) => return Err(Some(closed())),
            Some(Strike::RepeatRequest) => drop(self.ask(endpoint, &request)),
            _ => {}
        }
        let mut reply = match self.ask(endpoint, &request) {
            Ok(reply) => reply,
            Err(Refusal::UnknownEndpoint) => {
                let evidence = Evidence::NoSuchEndpoint { peer: "the device".into(), endpoint: endpoint.to_owned() };
                return Err(Some(evidence.into()));
            }
            Err(Refusal::Hang) => return Err(None),
            Err(_) => return Err(Some(closed())),
        };
        match strike {
            Some(Strike::AlterReply) => self.alter(&mut reply),
            Some(Strike::CutReply) => self.cut(&mut reply),
            Some(Strike::OlderReply) if !self.replies.is_empty() => {
                let index = self.below(u32::try_from(self.replies.len()).expect("few"));
                reply = self.replies[index as usize].clone();
            }
            Some(Strike::LateReply) => std::mem::swap(&mut reply, &mut self.held),
            Some(Strike::DropReply) => return Err(Some(closed())),
            Some(Strike::Silence) => return Err(None),
            _ => {}
        }
        self.replies.push(reply.clone());
        Ok(reply)
    }

    fn ask(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, Refusal> {
        let now = self.booted.elapsed();
        let reply = self.device.handle(now, endpoint, request);
        self.note_events();
        reply.map(|reply| reply.body)
    }

    /// Whether the device has joined the network, now or at any time before.
    fn has_joined(&mut self) -> bool {
        self.device.tick(self.booted.elapsed());
        self.note_events();
        self.joined
    }

    fn note_events(&mut self) {
        self.joined |= self
            .device
            .take_events()
            .iter()
            .any(|timed| matches!(&timed.event, Event::Connected { ssid } if ssid == "HomeNet"));
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound.max(1)
    }

    /// Flips one to four bits, or replaces a few bytes.
    fn alter(&mut self, bytes: &mut [u8]) {
        let Ok(length @ 1..) = u32::try_from(bytes.len()) else { return };
        for _ in 0..=self.below(4) {
            let (at, bit) = (self.below(length) as usize, self.below(8));
            bytes[at] ^= 1 << bit;
        }
        if self.below(4) == 0 {
            let from = self.below(length) as usize;
            let to = bytes.len().min(from + 4);
            self.rng.fill_bytes(&mut bytes[from..to]);
        }
    }

    fn cut(&mut self, bytes: &mut Vec<u8>) {
        let length = self.below(u32::try_from(bytes.len()).unwrap_or(u32::MAX)) as usize;
        bytes.truncate(length);
    }
}

fn closed() -> TransportError {
    Evidence::ClosedWithoutAnswer { peer: "the device".to_owned() }.into()
}

impl TransportKind for Proxy {
    fn scheme(&self) -> &'static str {
        "sim"
    }

    fn check(&self, _: &Locator) -> Result<(), TransportError> {
        Ok(())
    }

    fn connect<'a>(&'a self, _: &'a Locator, _: Opening) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        let link: Box<dyn Transport> = Box::new(ThroughProxy(self.0.clone()));
        Box::pin(future::ready(Ok(link)))
    }
}

struct ThroughProxy(Arc<Mutex<Middle>>);

impl Transport for ThroughProxy {
    fn limits(&self) -> Limits {
        Limits { request: 4096, scan_page: 16, scan_group: 5, security2: true }
    }

    fn endpoints(&self) -> Option<&[String]> {
        None
    }

    fn peer(&self) -> String {
        "the device".to_owned()
    }

    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>> {
        let passed = self.0.lock().expect("no panic").pass(endpoint, request);
        Box::pin(async move {
            match passed {
                Ok(reply) => Ok(reply),
                Err(Some(error)) => Err(error),
                Err(None) => future::pending().await,
            }
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>> {
        Box::pin(future::ready(Ok(())))
    }
}
