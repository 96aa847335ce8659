//! The library as a client: one run with known credentials.

use std::sync::Arc;
use std::time::Duration;

use espctl::backend::About;
use espctl::device::{Context, DialectChoice, PromptsOff, SecurityPlan, SharedRng, WifiPlan};
use espctl::event::Observer;
use espctl::failure::Failure;
use espctl::provision::{Outcome, Plan, Verdict, provision};
use espctl::session::deadline::Budget;
use espctl::transport::{TransportKind, Unobserved};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio::runtime::{Builder, Runtime};

pub(crate) const SSID: &str = "HomeNet";
pub(crate) const PASSPHRASE: &str = "correct-horse-battery";
pub(crate) const POP: &str = "abcd1234";

/// The runtime of the program.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Provisions the device at `locator`.
pub(crate) async fn provision_known(
    kind: &dyn TransportKind,
    locator: &str,
    observer: Arc<dyn Observer>,
) -> Result<Outcome, Failure> {
    let plan = Plan {
        device: locator.parse().expect("a locator"),
        dialect: DialectChoice::Auto,
        security: SecurityPlan { pop: Some(POP.into()), ..SecurityPlan::default() },
        about: About::default(),
        backend: None,
        network: true,
        wifi: WifiPlan { ssid: Some(SSID.into()), passphrase: Some(PASSPHRASE.into()), ..WifiPlan::default() },
        dataset: None,
        retry: false,
    };
    let budget = Budget::new(Some(Duration::from_mins(2)));
    let context = Context { kind, observer, log: Arc::new(Unobserved), budget, rng: SharedRng::new(UnwrapErr(SysRng)) };
    provision(&plan, &context, &mut PromptsOff).await
}

/// Whether a run led to a device that says it is online.
pub(crate) fn is_online(outcome: &Result<Outcome, Failure>) -> bool {
    matches!(outcome, Ok(Outcome { verdict: Verdict::Online(_), .. }))
}
