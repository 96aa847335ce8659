//! From "apply" to a verdict: round trips, the rhythm of the questions, lost links, and the end of every wait.

use std::sync::Arc;
use std::time::Duration;

use espctl::backend::plain::Plain;
use espctl::code::Code;
use espctl::event::{Event, Observer};
use espctl::failure::Failure;
use espctl::provision::Verdict;
use espctl::stage::Stage;
use espctl::transport::BoxFuture;
use futures_util::future;
use tokio::time::Instant;

use crate::flow::device::{Door, Entry, Link};
use crate::flow::person::Person;
use crate::flow::scanning::Notes;
use crate::flow::{Told, home, provision, watched};

const SECOND: Duration = Duration::from_secs(1);

async fn run(door: Door) -> Told {
    provision(&door, &home(), &mut Person::default()).await
}

fn applied(told: &Told) -> &str {
    match &told.result.as_ref().expect("no failure").verdict {
        Verdict::Applied { cause } => cause,
        other => panic!("{other:?}"),
    }
}

/// When the questions for the status were asked, given that five requests came before.
fn questions(log: &[Entry]) -> Vec<Instant> {
    log[5..].iter().map(|entry| entry.at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_known_network_takes_five_round_trips_and_status() {
    let told = run(Door::to("sec-ver=1&join-ms=500")).await;
    assert!(told.result.is_ok(), "{:?}", told.result.err());
    let endpoints: Vec<_> = told.log.iter().map(|entry| entry.endpoint.as_str()).collect();
    let (before, status) = endpoints.split_at(5);
    assert_eq!(before, ["proto-ver", "prov-session", "prov-session", "prov-config", "prov-config"]);
    assert!(!status.is_empty() && status.iter().all(|endpoint| *endpoint == "prov-config"), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn a_join_is_noticed_within_150_ms() {
    for parameters in ["sec-ver=1&join-ms=500", "sec-ver=2&join-ms=500", "sec-ver=1&join-ms=4321"] {
        let told = run(Door::to(parameters)).await;
        assert!(told.result.is_ok(), "{:?}", told.result.err());
        let device: u64 = parameters.rsplit('=').next().and_then(|text| text.parse().ok()).expect("a number");
        let lag = told.took.saturating_sub(SECOND + Duration::from_millis(device));
        assert!(lag < Duration::from_millis(150), "{parameters}: {lag:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn questions_come_quickly_at_first_and_never_5_s_apart() {
    let told = run(Door::to("sec-ver=1&join-ms=50000")).await;
    let asked = questions(&told.log);
    let gaps: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let since_apply = |index: usize| asked[index] - told.log[4].at;
    for (index, gap) in gaps.iter().enumerate() {
        let most = match since_apply(index).as_secs() {
            0..4 => Duration::from_millis(51),
            4..14 => Duration::from_millis(101),
            14..29 => Duration::from_millis(251),
            _ => Duration::from_millis(1001),
        };
        assert!(*gap <= most, "{gap:?} at {:?}", since_apply(index));
    }
    assert!(gaps.first() < gaps.last(), "it never slows down");
    // 100 up to 5 s, 100 up to 15 s, 60 up to 30 s, 21 to the end.
    assert!(asked.len() < 300, "{}", asked.len());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_joins_for_ever_is_given_up_after_a_minute() {
    let told = run(Door::to("sec-ver=1&fault=connecting-forever")).await;
    assert_eq!(told.code(), "wifi.not-joined");
    assert!((60 * SECOND..62 * SECOND).contains(&told.took), "{:?}", told.took);
    let failure = told.result.expect_err("a failure");
    assert!(failure.causes[0].contains("still joining after 60 s"), "{failure:?}");
    // It refuses a reset while it is joining, so nothing is promised.
    assert!(failure.hints()[0].contains("power-cycle"), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn a_thread_device_that_attaches_for_ever_is_given_up_after_a_minute() {
    let mut plan = home();
    plan.wifi = espctl::device::WifiPlan::default();
    let dataset = hex::decode("0208111111112222222205100102030405060708090a0b0c0d0e0f10").expect("hex");
    plan.dataset = Some(espctl::secret::ThreadDataset::new(dataset));
    let door = Door::to("sec-ver=1&thread=1&fault=connecting-forever");
    let told = provision(&door, &plan, &mut Person::default()).await;
    assert_eq!(told.code(), "thread.not-attached");
}

/// Firmware that cannot read a dataset refuses it when it is applied. Its status then reads failed, as it does where an
/// earlier join has failed.
#[tokio::test(start_paused = true)]
async fn a_refused_dataset_is_distinguished_from_an_earlier_failure() {
    let mut plan = home();
    plan.wifi = espctl::device::WifiPlan::default();
    let dataset = hex::decode("0208111111112222222205100102030405060708090a0b0c0d0e0f10").expect("hex");
    plan.dataset = Some(espctl::secret::ThreadDataset::new(dataset));
    for (fault, refused) in [("auth-failed", true), ("auth-failed@1", false)] {
        let notes = Arc::new(Notes::default());
        let door = Door::to(&format!("sec-ver=1&thread=1&fault={fault}"));
        let told = watched(&door, &plan, &mut Person::default(), notes.clone()).await;
        let failure = told.result.err().map(|failure| (failure.code.word(), failure.stage));
        let wanted = refused.then_some(("thread.dataset-rejected", Some(Stage::Apply)));
        assert_eq!(failure, wanted, "{fault}");
        let said = notes.0.lock().expect("no panic").join("\n");
        assert_eq!(said.contains("last join had failed"), !refused, "{fault}: {said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_gone_after_apply_is_looked_for_8_s() {
    let told = run(Door::to("sec-ver=1&fault=drop-after-apply")).await;
    assert!(applied(&told).contains("cannot connect"));
    assert!(told.took < 9 * SECOND, "{:?}", told.took);
}

/// As where an access point vanishes: packets go nowhere, and nothing ever refuses.
#[tokio::test(start_paused = true)]
async fn attempts_to_connect_that_hang_do_not_stretch_the_wait() {
    let told = run(Door::to("sec-ver=1").with_link(|number| if number > 5 { Link::Hangs } else { Link::Passes })).await;
    assert!(applied(&told).contains("no answer within 10 s"));
    assert!(told.took < 19 * SECOND, "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_comes_back_is_used() {
    for parameters in ["sec-ver=1&fault=drop-after-apply=5000", "sec-ver=2&fault=drop-before-connected=5000"] {
        let told = run(Door::to(parameters)).await;
        assert!(matches!(told.result.expect("a success").verdict, Verdict::Online(_)), "{parameters}");
    }
}

/// The answer to "apply" is lost and the link comes back, but the radio moves before the credentials are sent again.
#[tokio::test(start_paused = true)]
async fn a_link_that_comes_back_and_goes_again_ends_as_applied() {
    let links: [fn(usize) -> Link; 3] = [
        |number| if number == 5 || number > 7 { Link::Hangs } else { Link::Passes },
        |number| match number {
            5 => Link::Hangs,
            8.. => Link::Gone,
            _ => Link::Passes,
        },
        |number| if number == 5 || number > 8 { Link::Hangs } else { Link::Passes },
    ];
    for link in links {
        let told = run(Door::to("sec-ver=1").with_link(link)).await;
        assert!(!applied(&told).is_empty());
    }
}

/// Another client of the device takes its only session; then the device refuses a proof that it took before.
#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_renewed_is_lost_and_the_pop_is_not_blamed() {
    for number in [3, 4] {
        let faults = format!("fault=close@1=prov-config&fault=close@{number}=prov-session");
        let told = run(Door::to(&format!("sec-ver=1&{faults}"))).await;
        assert_eq!(told.code(), "session.lost");
        let failure = told.result.expect_err("a failure");
        assert_eq!(failure.stage, Some(Stage::Configure), "{failure:?}");
        assert!(failure.causes.iter().any(|cause| cause.contains("could not be renewed")), "{failure:?}");
        assert!(failure.causes.iter().any(|cause| cause.contains("closed the connection")), "{failure:?}");
    }
}

/// What refuses the proof twice may be another device by now; every further one brings its lock closer.
#[tokio::test(start_paused = true)]
async fn a_refused_proof_ends_the_search() {
    let told = run(Door::to("sec-ver=1&fault=close@3-=prov-config&fault=close@4-=prov-session")).await;
    assert!(applied(&told).contains("closed the connection"));
    assert_eq!(told.count("prov-session"), 5);
}

/// Another client takes the device's only session while it joins, and is done a moment later.
#[tokio::test(start_paused = true)]
async fn a_proof_that_was_taken_before_gets_one_more_try() {
    for security in ["1", "2"] {
        let faults = "fault=close@3=prov-config&fault=close@4=prov-session";
        let told = run(Door::to(&format!("sec-ver={security}&{faults}"))).await;
        assert!(matches!(told.result.expect("a success").verdict, Verdict::Online(_)), "{security}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_apply_that_was_never_sent_is_not_applied() {
    let told = run(Door::to("sec-ver=1").with_link(|number| if number > 4 { Link::Gone } else { Link::Passes })).await;
    assert_eq!(told.code(), "link.unreachable");
    assert!(told.took < 9 * SECOND, "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn an_apply_without_an_answer_may_have_been_applied() {
    let told = run(Door::to("sec-ver=1").with_link(|number| if number > 4 { Link::Hangs } else { Link::Passes })).await;
    assert!(applied(&told).contains("no answer"));
}

#[tokio::test(start_paused = true)]
async fn answers_that_make_no_sense_after_apply_are_as_good_as_none() {
    for fault in ["connected-without-member", "connected-unnamed", "status-error", "garbage@3-=prov-config"] {
        for security in ["1", "2"] {
            let told = run(Door::to(&format!("sec-ver={security}&fault={fault}"))).await;
            assert!(!applied(&told).is_empty(), "{fault}");
        }
    }
}

/// One damaged answer is not the last word.
#[tokio::test(start_paused = true)]
async fn connected_without_a_name_is_asked_again() {
    for fault in ["connected-unnamed@1-2", "connected-elsewhere@1", "connected-without-member@1"] {
        let told = run(Door::to(&format!("sec-ver=1&fault={fault}"))).await;
        assert!(matches!(told.result.expect("a success").verdict, Verdict::Online(_)), "{fault}");
    }
}

/// An observer that cannot do its work any more, as a trace on a disk that has filled up.
pub(crate) struct Full;

impl Observer for Full {
    fn observe(&self, _: &Event) {}
    fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(future::ready(Err(Failure::new(Code::TraceFailed).at(stage))))
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_cannot_be_undone_is_sent_where_the_trace_is_full() {
    let door = Door::to("sec-ver=1");
    let told = watched(&door, &home(), &mut Person::default(), Arc::new(Full)).await;
    assert_eq!((told.code(), told.count("prov-config")), ("trace.write-failed", 1));

    let mut plan = home();
    plan.backend = Some(Arc::new(Plain::new("user", "secret".into())));
    let door = Door::to("sec-ver=1&profile=rainmaker-old");
    let told = watched(&door, &plan, &mut Person::default(), Arc::new(Full)).await;
    assert_eq!((told.code(), told.count("cloud_user_assoc")), ("trace.write-failed", 0));
}

/// Security 1 authenticates nothing, so a session that is out of step shows as garbage, whatever the request was.
#[tokio::test(start_paused = true)]
async fn a_garbled_answer_to_an_association_is_asked_for_again() {
    let mut plan = home();
    plan.backend = Some(Arc::new(Plain::new("user", "secret".into())));
    for (parameters, asked) in [("sec-ver=1", 2), ("sec-ver=0", 1)] {
        let door = Door::to(&format!("{parameters}&profile=rainmaker-old&fault=garbage@1=cloud_user_assoc"));
        let told = provision(&door, &plan, &mut Person::default()).await;
        assert_eq!((told.result.is_ok(), told.count("cloud_user_assoc")), (asked == 2, asked), "{parameters}");
    }
}
