//! Every command that talks to a device, over Bluetooth, and what it prints held against its schema.

use crate::ble::run::{online, provision, run};
use crate::bluez::{Bluez, Nearby};
use crate::support::schemas::{Schemas, lines};
use crate::support::{NETWORK, POP};

const NAME: &str = "PROV_d76c30";
const BY_NAME: [&str; 4] = ["--transport", "ble", "--device-name", NAME];

fn esp() -> Bluez {
    Bluez::with([Nearby::esp(NAME, &[("sec-ver", "2")])])
}

#[test]
fn commands_to_a_device() {
    let schemas = Schemas::load();
    let of = |command: &[&'static str]| [command, &BY_NAME[..], &["--pop", POP, "--json"]].concat();
    let info = [&["info"], &BY_NAME[..], &["--json"]].concat();
    let words = [info, of(&["scan"]), of(&["reset"]), of(&["send", "custom-data", "hello"])];
    for words in words {
        let bluez = esp();
        let ran = run(&bluez, &words);
        assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (0, "done"), "{words:?}: {ran:?}");
    }
}

#[test]
fn endpoints_are_those_the_device_offers() {
    let bluez = esp();
    let ran = run(&bluez, &["info", "--transport", "ble", "--device-name", NAME, "--json"]);
    let document = ran.json();
    let endpoints = document["endpoints"].to_string();
    for endpoint in ["prov-session", "prov-config", "prov-scan", "prov-ctrl", "proto-ver", "custom-data"] {
        assert!(endpoints.contains(endpoint), "{ran:?}");
    }
    let words = ["send", "no-such-endpoint", "x", "--transport", "ble", "--device-name", NAME, "--pop", POP, "--json"];
    assert_eq!(run(&bluez, &words).json()["error"]["code"], "device.no-endpoint");
}

#[test]
fn documents_events_and_traces_are_those_of_their_schemas() {
    let schemas = Schemas::load();
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let abort = crate::bluez::Does::Refuse("org.bluez.Error.Failed", "le-connection-abort-by-local");
    let fault = crate::bluez::Fault::once(crate::bluez::At::Connect, abort);
    let bluez = Bluez::with([Nearby::esp(NAME, &[("sec-ver", "2")]).rssi(-52).fault(fault)]);
    let ran =
        provision(&bluez, &["--device-name", NAME], &["--events", "-v", "--trace", trace.to_str().expect("a path")]);
    assert_eq!(schemas.check(&online(&ran)), "online");
    let told = lines(&ran.stderr);
    let traced = lines(&std::fs::read_to_string(&trace).expect("a trace"));
    for event in told.iter().chain(&traced) {
        schemas.check(event);
    }
    let found = told.iter().find(|event| event["event"] == "found").expect("a found device");
    assert_eq!((&found["name"], found["rssi"].as_i64()), (&NAME.into(), Some(-52)));
    assert!(told.iter().any(|event| event["event"] == "retrying"), "{}", ran.stderr);
}

#[test]
fn failures_are_documents_of_their_schema() {
    let schemas = Schemas::load();
    let bluez = Bluez::with([Nearby::esp("PROV_000001", &[]), Nearby::esp("PROV_000002", &[])]);
    let several = provision(&bluez, &[], &["--events"]);
    let bluez = Bluez::with([]);
    let none = provision(&bluez, &["--device-name", NAME], &["--timeout", "8", "--events"]);
    for (ran, status) in [(several, 11), (none, 10)] {
        assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (status, "failed"), "{ran:?}");
        for event in lines(&ran.stderr) {
            schemas.check(&event);
        }
    }
}

#[test]
fn a_label_whose_transport_is_bluetooth() {
    let label = format!(r#"{{"ver":"v1","name":"{NAME}","username":"wifiprov","pop":"{POP}","transport":"ble"}}"#);
    let bluez = Bluez::with([Nearby::esp(NAME, &[("sec-ver", "2")]), Nearby::esp("PROV_000001", &[])]);
    let ran = run(&bluez, &[&["provision", "--qrcode", &label, "--json"], &NETWORK[..]].concat());
    assert!(online(&ran)["device"]["peer"].as_str().is_some_and(|peer| peer.contains(NAME)), "{ran:?}");
}

#[test]
fn no_secret_is_shown() {
    let bluez = esp();
    let ran = provision(&bluez, &["--device-name", NAME], &["-vv"]);
    online(&ran);
    for secret in ["correct-horse-battery", POP] {
        assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret), "{secret}: {ran:?}");
    }
}
