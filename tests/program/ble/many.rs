//! Several devices at once: by processes of their own, and in one process.

use std::env;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use espctl::backend::About;
use espctl::device::{Context, DialectChoice, PromptsOff, SecurityPlan, SharedRng, WifiPlan};
use espctl::event::Silent;
use espctl::provision::{Plan, Verdict, provision};
use espctl::session::deadline::Budget;
use espctl::transport::{self, TransportKind, Unobserved};
use futures_util::future::join_all;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::ble::run::{Running, online, provisioning};
use crate::bluez::{Bluez, Nearby};

const NAMES: [&str; 3] = ["PROV_000001", "PROV_000002", "PROV_000003"];
/// Set for a process that runs the test below.
const INSIDE: &str = "BLE_TEST_INSIDE";

fn three() -> Bluez {
    Bluez::with(NAMES.map(|name| Nearby::esp(name, &[("sec-ver", "2"), ("join-ms", "500")])))
}

#[test]
fn three_processes_at_once() {
    let bluez = three();
    let runs = NAMES.map(|name| Running::start(&bluez, &provisioning(&["--device-name", name], &[])));
    for run in runs {
        online(&run.finish());
    }
    bluez.assert_clean();
}

#[test]
fn three_runs_in_one_process() {
    let bluez = three();
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", "ble::many::inside", "--ignored", "--nocapture"]).env(INSIDE, "1").stdin(Stdio::null());
    let output = bluez.serves(&mut command).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("three are online"), "{said}");
    bluez.assert_clean();
    assert_eq!(bluez.count("Connect"), 3);
}

/// Not a test of its own: [`three_runs_in_one_process`] starts it in a process that has the stand-in for its system bus.
#[test]
#[ignore = "needs the stand-in's address in its environment"]
fn inside() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    let kinds = transport::KINDS.iter().copied();
    let kind = kinds.into_iter().find(|kind| kind.scheme() == "ble").expect("Bluetooth");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let verdicts = runtime.block_on(async {
        let verdicts = join_all(NAMES.map(|name| one(kind, name))).await;
        timeout(Duration::from_secs(10), kind.released()).await.expect("nothing is held any more");
        verdicts
    });
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Online(_))), "{verdicts:?}");
    println!("three are online");
}

async fn one(kind: &dyn TransportKind, name: &str) -> Verdict {
    let wifi = WifiPlan {
        ssid: Some("HomeNet".into()),
        passphrase: Some("correct-horse-battery".into()),
        ..WifiPlan::default()
    };
    let plan = Plan {
        device: format!("ble:{name}").parse().expect("a locator"),
        dialect: DialectChoice::Auto,
        security: SecurityPlan { pop: Some("abcd1234".into()), ..SecurityPlan::default() },
        about: About::default(),
        backend: None,
        network: true,
        wifi,
        dataset: None,
        retry: false,
    };
    let budget = Budget::new(Some(Duration::from_mins(2)));
    let (observer, log) = (Arc::new(Silent), Arc::new(Unobserved));
    let context = Context { kind, observer, log, budget, rng: SharedRng::new(UnwrapErr(SysRng)) };
    let outcome = provision(&plan, &context, &mut PromptsOff).await;
    outcome.unwrap_or_else(|failure| panic!("{name}: {failure:?}")).verdict
}
