//! The scan: pages, empty scans, scans that do not end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use espctl::device::{Selection, WifiPlan};
use espctl::endpoint::scan::Network;
use espctl::event::{Event, Observer};
use espctl::provision::Plan;
use espctl::wire::messages::{ScanPayload, scan_payload::Payload};
use prost::Message;

use crate::flow::device::{Door, Entry};
use crate::flow::joining::Full;
use crate::flow::person::Person;
use crate::flow::{home, provision, watched};

/// No network is known: somebody has to choose.
pub(crate) fn undecided() -> Plan {
    Plan { wifi: WifiPlan::default(), ..home() }
}

/// Chooses the simulated world's own network.
pub(crate) fn chooser() -> Person {
    let choose = |_: &[Network]| Selection::Other(b"HomeNet".to_vec());
    Person { network: Some(choose), passphrases: ["correct-horse-battery"].into(), ..Person::default() }
}

/// The pages asked for, as start and count.
fn pages(log: &[Entry]) -> Vec<(u32, u32)> {
    let scans = log.iter().filter(|entry| entry.endpoint == "prov-scan");
    let payloads = scans.filter_map(|entry| ScanPayload::decode(&entry.request[..]).ok()?.payload);
    let page = |payload| match payload {
        Payload::CmdWifiResult(page) => Some((page.start_index, page.count)),
        _ => None,
    };
    payloads.filter_map(page).collect()
}

/// The count that the device announced.
fn announced(log: &[Entry]) -> u32 {
    let replies = log.iter().filter_map(|entry| ScanPayload::decode(&entry.reply[..]).ok()?.payload);
    let mut counts = replies.filter_map(|payload| match payload {
        Payload::RespWifiStatus(status) if status.scan_finished => Some(status.result_count),
        _ => None,
    });
    counts.next_back().expect("a finished scan")
}

#[tokio::test(start_paused = true)]
async fn pages_follow_the_link_and_never_go_past_the_count() {
    for most in [4, 16] {
        let door = Door::to("sec-ver=0").with_pages_of(most);
        let mut person = chooser();
        let told = provision(&door, &undecided(), &mut person).await;
        assert!(told.result.is_ok(), "{:?}", told.result.err());
        let (pages, count) = (pages(&told.log), announced(&told.log));
        assert!(pages.iter().all(|(start, length)| *length <= most && start + length <= count), "{pages:?} of {count}");
        assert_eq!(pages.iter().map(|(_, length)| length).sum::<u32>(), count, "{pages:?}");
        let homes = person.shown.iter().filter(|ssid| *ssid == b"HomeNet").count();
        assert_eq!(homes, 1, "two radios are one network");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_scan_is_tried_again() {
    let mut person = chooser();
    let told = provision(&Door::to("sec-ver=0&fault=scan-empty@1"), &undecided(), &mut person).await;
    assert!(told.result.is_ok() && !person.shown.is_empty(), "{:?}", told.result.err());
    let mut person = chooser();
    let told = provision(&Door::to("sec-ver=0&fault=scan-empty"), &undecided(), &mut person).await;
    assert!(told.result.is_ok() && person.shown.is_empty(), "{:?}", told.result.err());
}

/// Three scans of 8 s would take longer than any scan may.
#[tokio::test(start_paused = true)]
async fn empty_scans_are_not_tried_beyond_the_limit() {
    let mut person = Person::default();
    let told = provision(&Door::to("sec-ver=0&fault=scan-empty&scan-ms=8000"), &undecided(), &mut person).await;
    assert_eq!(told.code(), "usage.answer-missing");
    assert!(told.took <= Duration::from_secs(20), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_never_ends_is_given_up_after_20_s() {
    let told = provision(&Door::to("sec-ver=1&fault=scan-never-finishes"), &undecided(), &mut chooser()).await;
    assert_eq!(told.code(), "scan.failed");
    assert!((20..22).contains(&told.took.as_secs()), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn where_the_device_cannot_scan_the_name_is_asked_for() {
    let door = Door::to("sec-ver=1").with_version(r#"{"prov":{"ver":"v1.1","sec_ver":1,"cap":["wifi_prov"]}}"#);
    let mut person =
        Person { names: ["HomeNet"].into(), passphrases: ["correct-horse-battery"].into(), ..Person::default() };
    let told = provision(&door, &undecided(), &mut person).await;
    assert!(told.result.is_ok(), "{:?}", told.result.err());
    assert!(door.log().iter().all(|entry| entry.endpoint != "prov-scan"));
}

/// Firmware older than the manager does not say what it can.
#[tokio::test(start_paused = true)]
async fn where_there_is_no_endpoint_for_a_scan_the_name_is_asked_for() {
    let door = Door::to("profile=pre-manager");
    let mut person =
        Person { names: ["HomeNet"].into(), passphrases: ["correct-horse-battery"].into(), ..Person::default() };
    let told = provision(&door, &undecided(), &mut person).await;
    assert!(told.result.is_ok(), "{:?}", told.result.err());
    let told = provision(&Door::to("profile=pre-manager"), &undecided(), &mut Person::default()).await;
    assert_eq!(told.code(), "usage.answer-missing");
}

/// A device whose last join failed, which does nothing else.
fn failed_before() -> Door {
    Door::scripted(|endpoint, _| match endpoint {
        "prov-config" => Some(vec![0x08, 0x01, 0x5a, 0x04, 0x10, 0x03, 0x50, 0x00]),
        "prov-ctrl" => Some(vec![0x08, 0x02, 0x62, 0x00]),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn a_reset_before_a_scan_is_said_and_not_done_where_the_trace_is_full() {
    let door = failed_before();
    let notes = Arc::new(Notes::default());
    let told = watched(&door, &undecided(), &mut chooser(), notes.clone()).await;
    assert_eq!((told.code(), told.count("prov-ctrl")), ("scan.failed", 1));
    let said = notes.0.lock().expect("no panic").join("\n");
    assert!(said.contains("it was reset"), "{said:?}");

    let told = watched(&failed_before(), &undecided(), &mut chooser(), Arc::new(Full)).await;
    assert_eq!((told.code(), told.count("prov-ctrl")), ("trace.write-failed", 0));
}

/// Keeps what is noted.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<String>>);

impl Observer for Notes {
    fn observe(&self, event: &Event) {
        if let Event::Note { text } = event {
            self.0.lock().expect("no panic").push(text.clone());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_the_device_refuses_lets_a_person_type_the_name() {
    let door = Door::to("sec-ver=0&fault=scan-status-error");
    let told = provision(&door, &undecided(), &mut chooser()).await;
    assert!(told.result.is_ok(), "{:?}", told.result.err());
    // Where no question can be asked, the refusal is the news.
    let door = Door::to("sec-ver=0&fault=scan-status-error");
    let told = provision(&door, &undecided(), &mut Person::default()).await;
    assert_eq!(told.code(), "scan.failed");
}
