//! Registering a node at a back end that a test scripts: what it is asked, when, and what each answer comes to.

use std::collections::VecDeque;
use std::future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use espctl::backend::{About, Association, Backend, BackendError, Pending, Registered, Registration, Ticket};
use espctl::code::Code;
use espctl::device::DeviceLink;
use espctl::event::{Event, Observer};
use espctl::provision::Plan;
use espctl::session::deadline::Budget;
use espctl::stage::Stage;
use espctl::transport::BoxFuture;

use crate::flow::device::Door;
use crate::flow::person::Person;
use crate::flow::{Told, bounded, home};

const KIND: &str = "scripted";

/// What becomes of an association.
#[derive(Clone, Copy)]
enum Way {
    NotNeeded,
    Confirmed,
    Pending,
    Refused,
}

/// A back end that answers as it was told to, and notes what it was asked.
struct Scripted {
    way: Way,
    /// Answers to `confirm`, the last one for ever.
    answers: Mutex<VecDeque<Registered>>,
    /// Whether `prepare` and `confirm` never answer.
    hangs: bool,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(way: Way, answers: impl IntoIterator<Item = Registered>) -> Arc<Self> {
        Arc::new(Self {
            way,
            answers: Mutex::new(answers.into_iter().collect()),
            hangs: false,
            asked: Mutex::default(),
        })
    }

    fn note(&self, question: impl Into<String>) {
        self.asked.lock().expect("no panic").push(question.into());
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn node(registered: Registered) -> Registration {
    Registration { id: Some("node-7".to_owned()), registered }
}

impl Backend for Scripted {
    fn prepare<'a>(&'a self, about: &'a About) -> BoxFuture<'a, Result<Option<Ticket>, BackendError>> {
        self.note(format!("prepare {}", about.name.as_deref().unwrap_or("nameless")));
        if self.hangs {
            return Box::pin(future::pending());
        }
        Box::pin(future::ready(Ok(Some(Ticket::new(KIND, 1).with("challenge", "c1")))))
    }

    fn associate<'a>(
        &'a self,
        ticket: Option<&'a Ticket>,
        device: &'a mut dyn DeviceLink,
    ) -> BoxFuture<'a, Result<Association, BackendError>> {
        let challenge = ticket.and_then(|ticket| ticket.text("challenge").ok());
        self.note(format!("associate {} over {}", challenge.unwrap_or("nothing"), device.facts().dialect));
        Box::pin(future::ready(match self.way {
            Way::NotNeeded => Ok(Association::NotNeeded),
            Way::Confirmed => Ok(Association::Confirmed(node(Registered::AlreadyOurs))),
            Way::Pending => Ok(Association::Pending(Pending::new(KIND, 1).with("request", "r1"))),
            Way::Refused => Err(BackendError::new(Code::BackendRefused)),
        }))
    }

    fn confirm<'a>(&'a self, pending: &'a Pending) -> BoxFuture<'a, Result<Registration, BackendError>> {
        self.note(format!("confirm {}", pending.text("request").unwrap_or("nothing")));
        let mut answers = self.answers.lock().expect("no panic");
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(future::ready(Ok(node(answer.expect("an answer")))))
    }

    fn cancel<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Result<(), BackendError>> {
        self.note(format!("cancel {}", ticket.text("challenge").unwrap_or("nothing")));
        Box::pin(future::ready(Ok(())))
    }
}

/// Notes which stages begin, which are said to be skipped, and whether a node was associated.
#[derive(Default)]
struct Stages(Mutex<Vec<String>>);

impl Observer for Stages {
    fn observe(&self, event: &Event) {
        let line = match event {
            Event::Started { stage, .. } => format!("{stage:?}"),
            Event::Skipped { stage, .. } => format!("skipped {stage:?}"),
            Event::Associated { node_id } => format!("associated {node_id}"),
            _ => return,
        };
        self.0.lock().expect("no panic").push(line);
    }
}

async fn run(parameters: &str, backend: Option<Arc<Scripted>>, budget: Option<Duration>) -> (Told, Vec<String>) {
    let about = About { name: Some("PROV_1".to_owned()), id: None };
    let plan = Plan { backend: backend.map(|backend| backend as Arc<dyn Backend>), about, ..home() };
    let stages = Arc::new(Stages::default());
    let door = Door::to(parameters);
    let told = bounded(&door, &plan, &mut Person::default(), stages.clone(), Budget::new(budget)).await;
    let stages = stages.0.lock().expect("no panic").clone();
    (told, stages)
}

fn failure(told: &Told) -> (&'static str, Option<Stage>) {
    (told.code(), told.result.as_ref().expect_err("a failure").stage)
}

/// What the stages of a device without a back end begin with.
const DEVICE: [&str; 6] = ["Connect", "Identify", "Secure", "Configure", "Apply", "AwaitNetwork"];

#[tokio::test(start_paused = true)]
async fn a_ticket_leads_to_an_association_and_a_pending_one_is_asked_for_until_it_is_settled() {
    let backend = Scripted::new(Way::Pending, [Registered::Waiting, Registered::Unavailable, Registered::Created]);
    let (told, stages) = run("sec-ver=1", Some(backend.clone()), None).await;
    assert_eq!(told.result.expect("no failure").node_id.as_deref(), Some("node-7"));
    let asked = ["prepare PROV_1", "associate c1 over protocomm", "confirm r1", "confirm r1", "confirm r1"];
    assert_eq!(backend.asked(), asked);
    let mut expected = DEVICE.to_vec();
    expected.insert(3, "Associate");
    expected.extend(["Confirm", "associated node-7"]);
    assert_eq!(stages, expected);
}

#[tokio::test(start_paused = true)]
async fn stages_without_work_make_no_event() {
    let (told, stages) = run("sec-ver=1", None, None).await;
    assert!(told.result.is_ok());
    let mut expected = DEVICE.to_vec();
    expected.insert(3, "skipped Associate");
    assert_eq!(stages, expected);
    for (way, event) in [(Way::NotNeeded, None), (Way::Confirmed, Some("associated node-7"))] {
        let backend = Scripted::new(way, []);
        let (told, stages) = run("sec-ver=1", Some(backend.clone()), None).await;
        assert!(told.result.is_ok());
        let mut expected = DEVICE[..3].to_vec();
        expected.push("Associate");
        expected.extend(event);
        expected.extend(&DEVICE[3..]);
        assert_eq!(stages, expected);
        assert_eq!(backend.asked(), ["prepare PROV_1", "associate c1 over protocomm"]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_end_of_a_confirmation_has_its_code() {
    for (answer, code) in [
        (Registered::Refused, "backend.refused"),
        (Registered::Conflict { with: "somebody".to_owned() }, "backend.conflict"),
        (Registered::Waiting, "association.unconfirmed"),
        (Registered::Unavailable, "backend.unavailable"),
    ] {
        let backend = Scripted::new(Way::Pending, [answer.clone()]);
        let (told, _) = run("sec-ver=1", Some(backend.clone()), None).await;
        assert_eq!(failure(&told), (code, Some(Stage::Confirm)));
        let waits = matches!(answer, Registered::Waiting | Registered::Unavailable);
        assert_eq!(backend.asked().len() > 30, waits, "{code}: {} questions", backend.asked().len());
        assert_eq!(told.took > Duration::from_mins(1), waits, "{code}: {:?}", told.took);
        assert!(told.took < Duration::from_mins(3), "{code}: {:?}", told.took);
    }
    let backend = Scripted::new(Way::Refused, []);
    let (told, _) = run("sec-ver=1", Some(backend), None).await;
    assert_eq!(failure(&told), ("backend.refused", Some(Stage::Associate)));
    assert_eq!(told.count("prov-config"), 0, "the device is given no network that it would join for nobody");
}

#[tokio::test(start_paused = true)]
async fn the_runs_budget_ends_a_wait_for_the_back_end() {
    let budget = Duration::from_secs(30);
    let backend = Scripted::new(Way::Pending, [Registered::Waiting]);
    let (told, _) = run("sec-ver=1", Some(backend), Some(budget)).await;
    assert_eq!(failure(&told), ("deadline.total", Some(Stage::Confirm)));
    assert!(told.took >= budget && told.took < budget + Duration::from_secs(1), "{:?}", told.took);
    for (budget, code) in [(Some(budget), "deadline.total"), (None, "deadline.step")] {
        let backend = Arc::new(Scripted { hangs: true, ..Arc::into_inner(Scripted::new(Way::Confirmed, [])).unwrap() });
        let (told, stages) = run("sec-ver=1", Some(backend), budget).await;
        assert_eq!((failure(&told), stages.len()), ((code, Some(Stage::Prepare)), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_not_used_is_given_back() {
    let backend = Scripted::new(Way::Confirmed, []);
    let (told, _) = run("sec-ver=1&pop=another", Some(backend.clone()), None).await;
    assert_eq!(failure(&told), ("security.proof-rejected", Some(Stage::Secure)));
    assert_eq!(backend.asked(), ["prepare PROV_1", "cancel c1"]);
}
