//! Many runs of one device each in one process, at the same time: each has its own observers, time and secrets, and one
//! token ends them all.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use espctl::backend::About;
use espctl::code::Code;
use espctl::device::{DialectChoice, PromptsOff, SecurityPlan, WifiPlan};
use espctl::device_run::{DeviceRun, RedactingAnswers};
use espctl::event::{Event, Observer};
use espctl::failure::Failure;
use espctl::provision::{self, Outcome, Plan, Verdict};
use espctl::sim::memory::KIND;
use espctl::stage::Stage;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

const RUNS: usize = 50;

/// Notes the events of one run.
#[derive(Default)]
struct Notes(Mutex<Vec<Event>>);

impl Notes {
    fn count(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().expect("no panic").iter().filter(|event| is_it(event)).count()
    }
}

impl Observer for Notes {
    fn observe(&self, event: &Event) {
        self.0.lock().expect("no panic").push(event.clone());
    }
}

/// One device and the run that takes it online.
struct Station {
    notes: Arc<Notes>,
    run: DeviceRun,
    plan: Plan,
}

impl Station {
    /// The device of this number, which has a name and a PoP of its own.
    fn new(number: usize, options: &str, timeout: Duration, interruption: &CancellationToken) -> Self {
        let notes = Arc::new(Notes::default());
        let observer: Arc<dyn Observer> = notes.clone();
        let pop = pop(number);
        let plan = Plan {
            device: format!("sim:PROV_{number}?sec-ver=1&pop={pop}{options}").parse().expect("a locator"),
            dialect: DialectChoice::Auto,
            security: SecurityPlan { pop: Some(pop.as_str().into()), ..SecurityPlan::default() },
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
        };
        Self { notes, run: DeviceRun::new(Some(timeout), [observer], interruption.clone()), plan }
    }

    async fn provision(&self) -> Result<Outcome, Failure> {
        let work = async {
            self.plan.security.pop.iter().for_each(|pop| self.run.redaction.learn(pop));
            let mut answers = RedactingAnswers { answers: &mut PromptsOff, redaction: self.run.redaction.clone() };
            provision::provision(&self.plan, &self.run.context(&KIND), &mut answers).await
        };
        self.run.run(work).await
    }
}

fn pop(number: usize) -> String {
    format!("pop-of-device-{number:03}-end")
}

#[tokio::test(start_paused = true)]
async fn each_has_its_own_observer_budget_and_redaction() {
    let interruption = CancellationToken::new();
    // Every fifth device never ends its join, and its run has no time for that.
    let hasty = |number: usize| number.is_multiple_of(5);
    let stations: Vec<_> = (0..RUNS)
        .map(|number| {
            if hasty(number) {
                Station::new(number, "&fault=connecting-forever", Duration::from_secs(20), &interruption)
            } else {
                Station::new(number, "", Duration::from_mins(3), &interruption)
            }
        })
        .collect();
    let results = join_all(stations.iter().map(Station::provision)).await;
    for (number, (station, result)) in stations.iter().zip(results).enumerate() {
        match result {
            Err(failure) => assert!(hasty(number) && failure.code == Code::DeadlineTotal, "{number}: {failure:?}"),
            Ok(outcome) => {
                assert!(!hasty(number) && matches!(outcome.verdict, Verdict::Online(_)), "{number}: {outcome:?}");
                assert_eq!(outcome.device.peer, format!("sim:PROV_{number}"));
            }
        }
        let own = format!("sim:PROV_{number}");
        assert_eq!(station.notes.count(|event| matches!(event, Event::Connected { peer } if *peer == own)), 1);
        assert_eq!(station.notes.count(|event| matches!(event, Event::Connected { .. })), 1);
        assert_eq!(station.notes.count(|event| matches!(event, Event::Applied)), 1);
        let (mine, other) = (pop(number), pop((number + 1) % RUNS));
        assert!(!station.run.redaction.hide(&mine).contains(&mine));
        assert_eq!(station.run.redaction.hide(&other), other);
    }
}

#[tokio::test(start_paused = true)]
async fn one_token_interrupts_them_all() {
    let interruption = CancellationToken::new();
    let limit = Duration::from_mins(3);
    let station = |number| Station::new(number, "&fault=connecting-forever", limit, &interruption);
    let stations: Vec<_> = (0..RUNS).map(station).collect();
    let runs = join_all(stations.iter().map(Station::provision));
    let all_applied = async {
        while stations.iter().any(|station| station.notes.count(|event| matches!(event, Event::Applied)) == 0) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        interruption.cancel();
    };
    let (results, ()) = tokio::join!(runs, all_applied);
    for result in results {
        let failure = result.expect_err("it was interrupted");
        assert_eq!((failure.code, failure.stage), (Code::Interrupted, Some(Stage::AwaitNetwork)));
        assert!(failure.hints()[0].contains("goes on joining by itself"), "{failure:?}");
    }
    // What begins later does not get far.
    let late = station(RUNS).provision().await;
    assert_eq!(late.expect_err("it was interrupted").code, Code::Interrupted);
}
