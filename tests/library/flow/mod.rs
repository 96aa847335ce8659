//! The flow of one provisioning in this process, on a paused clock and with fixed randomness: which requests are
//! made, when, how often, and how long it takes for a run to end that cannot succeed.
//!
//! Times are the clock's, not the machine's: a slow machine changes nothing.

mod device;
mod hostile;
mod joining;
mod person;
mod registering;
mod scanning;

use std::sync::Arc;
use std::time::Duration;

use espctl::backend::About;
use espctl::device::{Context, DialectChoice, SecurityPlan, SharedRng, WifiPlan};
use espctl::event::{Observer, Silent};
use espctl::failure::Failure;
use espctl::provision::{Outcome, Plan};
use espctl::session::deadline::Budget;
use espctl::transport::Unobserved;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::time::Instant;

use device::{Door, Entry};
use person::Person;

/// What a run came to.
struct Told {
    result: Result<Outcome, Failure>,
    log: Vec<Entry>,
    took: Duration,
}

impl Told {
    fn code(&self) -> &'static str {
        self.result.as_ref().expect_err("a failure").code.word()
    }

    /// How many requests went to this endpoint.
    fn count(&self, endpoint: &str) -> usize {
        self.log.iter().filter(|entry| entry.endpoint == endpoint).count()
    }
}

/// Credentials for the simulated world's own network.
fn home() -> Plan {
    Plan {
        device: "sim:".parse().expect("a locator"),
        dialect: DialectChoice::Auto,
        // What is refused as too little security is tested elsewhere.
        security: SecurityPlan { pop: Some("abcd1234".into()), allow_insecure: true, ..SecurityPlan::default() },
        about: About::default(),
        backend: None,
        network: true,
        wifi: WifiPlan {
            ssid: Some(b"HomeNet".to_vec()),
            passphrase: Some("correct-horse-battery".into()),
            ..WifiPlan::default()
        },
        dataset: None,
        retry: true,
    }
}

/// Provisions the device behind `door`.
async fn provision(door: &Door, plan: &Plan, person: &mut Person) -> Told {
    watched(door, plan, person, Arc::new(Silent)).await
}

async fn watched(door: &Door, plan: &Plan, person: &mut Person, observer: Arc<dyn Observer>) -> Told {
    bounded(door, plan, person, observer, Budget::new(None)).await
}

async fn bounded(door: &Door, plan: &Plan, person: &mut Person, observer: Arc<dyn Observer>, budget: Budget) -> Told {
    let rng = SharedRng::new(ChaCha20Rng::seed_from_u64(7));
    let context = Context { kind: door, observer, log: Arc::new(Unobserved), budget, rng };
    let started = Instant::now();
    let result = espctl::provision::provision(plan, &context, person).await;
    Told { result, log: door.log(), took: started.elapsed() }
}
