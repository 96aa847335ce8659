//! Devices that answer what no device answers. A run ends, in bounded time and with a code.

use std::time::Duration;

use espctl::wire::messages::{
    RespScanWifiResult, RespScanWifiStart, RespScanWifiStatus, ScanMsg, ScanPayload, WifiScanEntry,
    scan_payload::Payload,
};
use prost::Message;

use crate::flow::Told;
use crate::flow::device::Door;
use crate::flow::person::Person;
use crate::flow::provision;
use crate::flow::scanning::{chooser, undecided};

const JOINING: &[u8] = &[0x08, 0x01, 0x5a, 0x02, 0x10, 0x01];

fn scan_reply(msg: ScanMsg, payload: Payload) -> Vec<u8> {
    ScanPayload { msg: msg.into(), payload: Some(payload), ..ScanPayload::default() }.encode_to_vec()
}

/// A device whose scan announces `count` entries and answers every page with these.
fn scanner(count: u32, entries: Vec<WifiScanEntry>) -> Door {
    Door::scripted(move |endpoint, request| {
        if endpoint == "prov-config" {
            return Some(JOINING.to_vec());
        }
        Some(match ScanPayload::decode(request).ok()?.payload {
            Some(Payload::CmdWifiStart(_)) => {
                scan_reply(ScanMsg::RespWifiStart, Payload::RespWifiStart(RespScanWifiStart {}))
            }
            Some(Payload::CmdWifiResult(_)) => {
                let entries = entries.clone();
                scan_reply(ScanMsg::RespWifiResult, Payload::RespWifiResult(RespScanWifiResult { entries }))
            }
            _ => {
                let status = RespScanWifiStatus { scan_finished: true, result_count: count };
                scan_reply(ScanMsg::RespWifiStatus, Payload::RespWifiStatus(status))
            }
        })
    })
}

async fn run(door: &Door, person: &mut Person) -> Told {
    let told = provision(door, &undecided(), person).await;
    assert!(told.took < Duration::from_secs(90), "{:?}", told.took);
    assert!(told.log.len() < 1000, "{} requests", told.log.len());
    told
}

fn entry(ssid: &[u8], bssid: &[u8]) -> WifiScanEntry {
    WifiScanEntry { ssid: ssid.to_vec(), bssid: bssid.to_vec(), channel: 6, rssi: -40, auth: 3 }
}

#[tokio::test(start_paused = true)]
async fn more_entries_than_there_can_be() {
    let mut person = chooser();
    run(&scanner(u32::MAX, vec![entry(b"one", &[2, 0, 0, 0, 0, 1])]), &mut person).await;
    assert_eq!(person.shown, [b"one"]);
}

#[tokio::test(start_paused = true)]
async fn more_entries_in_a_page_than_were_asked_for() {
    let many = (0..=255).map(|last| entry(&[b'n', last], &[2, 0, 0, 0, 0, last])).collect();
    let mut person = chooser();
    run(&scanner(4, many), &mut person).await;
    assert_eq!(person.shown.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn pages_without_an_entry() {
    let mut person = chooser();
    run(&scanner(u32::MAX, Vec::new()), &mut person).await;
    assert!(person.shown.is_empty());
}

#[tokio::test(start_paused = true)]
async fn entries_no_radio_produces() {
    let odd =
        vec![entry(&[b'x'; 33], &[2; 6]), entry(b"five", &[2; 5]), entry(&[b'x'; 1000], &[]), entry(b"good", &[])];
    let mut person = chooser();
    run(&scanner(4, odd), &mut person).await;
    assert_eq!(person.shown, [b"good"]);
}

#[tokio::test(start_paused = true)]
async fn replies_of_no_bytes() {
    let told = run(&Door::scripted(|_, _| Some(Vec::new())), &mut chooser()).await;
    assert_eq!(told.code(), "scan.failed");
}

#[tokio::test(start_paused = true)]
async fn every_request_comes_back_as_its_own_reply() {
    let told = run(&Door::scripted(|_, request| Some(request.to_vec())), &mut chooser()).await;
    assert_eq!(told.code(), "scan.failed");
}

#[tokio::test(start_paused = true)]
async fn every_request_closes_the_link() {
    let told = run(&Door::scripted(|_, _| None), &mut chooser()).await;
    assert_eq!(told.code(), "scan.failed");
}

/// It takes every request for a status question and is always about to join, so it never takes credentials.
#[tokio::test(start_paused = true)]
async fn the_same_reply_to_everything() {
    let told = run(&Door::scripted(|_, _| Some(JOINING.to_vec())), &mut chooser()).await;
    assert_eq!(told.code(), "scan.failed");
}
