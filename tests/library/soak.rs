//! Many runs in a row, each against a device with another seed: what goes wrong once in a few hundred handshakes
//! (keys, shared secrets and hashes that start with a zero byte) has its chance here.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use espctl::backend::About;
use espctl::device::{Context, DialectChoice, PromptsOff, SecurityPlan, SharedRng, WifiPlan};
use espctl::event::Silent;
use espctl::provision::{Plan, Verdict, provision};
use espctl::session::deadline::Budget;
use espctl::sim::http::serve;
use espctl::sim::{Device, DeviceOptions};
use espctl::transport::{Locator, Unobserved, softap::SoftAp};
use getrandom::SysRng;
use rand_core::{Rng, UnwrapErr};
use tokio::net::TcpListener;

const RUNS: usize = 200;

async fn run(security: &str, seed: u64) -> Result<(), String> {
    let seed = seed.to_string();
    let parameters = [
        ("sec-ver", security),
        ("seed", &seed),
        ("apply-delay-ms", "10"),
        ("join-ms", "10"),
        // Another password each time, since some make an inner hash that starts with a zero byte.
        ("pop", &seed),
    ];
    let options = DeviceOptions::from_parameters(parameters).expect("options");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move { serve(listener, Device::new(options), pending(), None).await });
    let plan = Plan {
        device: Locator::new("softap", &address.to_string()),
        dialect: DialectChoice::Auto,
        security: SecurityPlan { pop: Some(seed.as_str().into()), allow_insecure: true, ..SecurityPlan::default() },
        about: About::default(),
        backend: None,
        network: true,
        wifi: WifiPlan {
            ssid: Some("HomeNet".into()),
            passphrase: Some("correct-horse-battery".into()),
            ..WifiPlan::default()
        },
        dataset: None,
        retry: false,
    };
    let budget = Budget::new(Some(Duration::from_secs(30)));
    let context = Context {
        kind: &SoftAp,
        observer: Arc::new(Silent),
        log: Arc::new(Unobserved),
        budget,
        rng: SharedRng::new(UnwrapErr(SysRng)),
    };
    let outcome = provision(&plan, &context, &mut PromptsOff).await;
    server.abort();
    match outcome {
        Ok(outcome) if matches!(outcome.verdict, Verdict::Online(_)) => Ok(()),
        other => Err(format!("security {security}, seed {seed}: {other:?}")),
    }
}

#[tokio::test]
#[ignore = "a minute of work: cargo test --release --test library soak -- --ignored"]
async fn every_one_of_many_runs_succeeds() {
    let mut failed = Vec::new();
    for security in ["1", "2"] {
        for _ in 0..RUNS {
            failed.extend(run(security, UnwrapErr(SysRng).next_u64()).await.err());
        }
    }
    assert!(failed.is_empty(), "{} of {} runs failed: {failed:#?}", failed.len(), 2 * RUNS);
}

#[tokio::test]
async fn a_few_runs_succeed() {
    for security in ["0", "1", "2"] {
        run(security, 1).await.expect("a device that is online");
    }
}
