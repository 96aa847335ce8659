//! Every JSON document the program prints, on success and on failure, against its schema in `docs/schema`.

use std::fs;

use crate::support::schemas::{Schemas, lines};
use crate::support::{NETWORK, POP, QUICK, Sim, commands, espctl, finish, run};
use serde_json::Value;

/// A command line on the quick device.
fn quick<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[command, "--device", QUICK, "--pop", POP, "--json"], more].concat()
}

#[test]
fn every_document_is_what_its_schema_says() {
    let schemas = Schemas::load();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().to_str().expect("a plain path");
    let custom = ["send", "prov-scan", "--hex", "08026200", "--device", QUICK, "--pop", POP, "--json"];
    let lines: &[(&str, &[&str])] = &[
        ("online", &quick("provision", &NETWORK)),
        (
            "online",
            &["provision", "--device", "sim:?thread&join-ms=50", "--pop", POP, "--thread-dataset", DATASET, "--json"],
        ),
        ("done", &["info", "--device", "sim:", "--json"]),
        ("done", &["info", "--device", "sim:?profile=idf-4.4&no-pop", "--json"]),
        ("done", &["info", "--device", "sim:?profile=rainmaker-old", "--json"]),
        ("done", &["info", "--device", "sim:?profile=claim-wanted", "--json"]),
        ("done", &["info", "--device", "sim:?profile=pre-manager", "--json"]),
        ("done", &["scan", "--device", "sim:?scan-ms=100", "--pop", POP, "--json"]),
        ("done", &["scan", "--device", "sim:?thread&scan-ms=100", "--pop", POP, "--json"]),
        ("done", &custom),
        ("done", &quick("reset", &[])),
        ("done", &["explain", "security.proof-rejected", "--json"]),
        ("done", &["explain", "--json"]),
        ("done", &["sim", "--list", "--json"]),
        ("done", &["completions", "bash", "--json"]),
        ("done", &["man", "provision", "--json"]),
        ("done", &["man", "--out", folder, "--json"]),
        ("done", &["discover", "--json"]),
        ("done", &["config", "show", "--origin", "--json"]),
        ("done", &["config", "path", "--json"]),
        ("done", &["config", "check", "--json"]),
        ("done", &["profile", "list", "--json"]),
        ("done", &["profile", "current", "--json"]),
        ("done", &["profile", "show", "china", "--json"]),
        ("done", &["profile", "add", "lab", "--base-url", "http://127.0.0.1:8090", "--json"]),
        ("done", &["profile", "switch", "lab", "--json"]),
        ("done", &["profile", "remove", "lab", "--json"]),
        ("done", &["--version", "--json"]),
    ];
    for (outcome, line) in lines {
        let ran = finish(espctl(*line).env("RM_USER_CONFIG_DIR", folder));
        assert_eq!(schemas.check(&ran.json()), *outcome, "{line:?}: {ran:?}");
        assert_eq!(ran.status, 0, "{line:?}: {ran:?}");
    }
    // A monitor needs a board: `a_monitor_gives_the_lines_of_a_board`; a login needs a cloud: `account/login.rs`.
    let elsewhere = ["monitor", "login", "logout", "whoami"];
    let shown = |command: &str| elsewhere.contains(&command) || lines.iter().any(|(_, line)| line[0] == command);
    for command in commands() {
        assert!(shown(&command), "espctl {command}: add a line here whose document is checked");
    }
    let sim = Sim::start(&["--count", "2"]);
    assert_eq!(schemas.check(&sim.ready), "ready");
    assert_eq!(sim.ready["devices"].as_array().map(Vec::len), Some(2));
    let cloud = Sim::cloud();
    assert_eq!(schemas.check(&cloud.ready), "ready");
    assert_eq!(cloud.ready["users"].as_array().map(Vec::len), Some(2));
}

#[cfg(unix)]
#[test]
fn the_agents_console_has_the_same_documents() {
    let schemas = Schemas::load();
    let sim = Sim::on_a_cable(&["--dialect", "agent", "--join-ms", "50"]);
    let device = format!("console:{}?dialect=agent", sim.port());
    for (outcome, line) in [
        ("done", &["info"][..]),
        ("done", &["send", "sign-data", "a challenge"]),
        ("online", &[&["provision"], &NETWORK[..]].concat()),
    ] {
        let ran = run([line, &["--device", &device, "--json"]].concat());
        assert_eq!(schemas.check(&ran.json()), outcome, "{line:?}: {ran:?}");
    }
}

/// A dataset with a network key, for the first Thread network of the default world.
const DATASET: &str = "02081111111122222222051000112233445566778899aabbccddeeff";

#[test]
fn a_failure_is_one_document_whose_exit_is_the_programs() {
    let schemas = Schemas::load();
    let lines: &[(i32, &[&str])] = &[
        (21, &["provision", "--device", QUICK, "--pop", "wrong", "--ssid", "HomeNet", "--open", "--json"]),
        (22, &quick("provision", &["--ssid", "HomeNet", "--passphrase", "not-the-right-one"])),
        (23, &quick("provision", &["--ssid", "NoSuchNet", "--passphrase", "not-the-right-one"])),
        (2, &quick("provision", &["--ssid", "HomeNet", "--passphrase", "short"])),
        (2, &quick("provision", &[])),
        (2, &quick("provision", &["--ssid", "HomeNet"])),
        (12, &["info", "--address", "127.0.0.1:1", "--json"]),
        (2, &["explain", "no.such-code", "--json"]),
        (2, &["man", "no-such-command", "--json"]),
        (2, &["provision", "--no-such-option", "--json"]),
        (2, &["provision", "--channel", "many", "--json"]),
        (2, &["send", "--json"]),
        (2, &["no-such-command", "--json"]),
        (2, &["--json"]),
    ];
    for (status, line) in lines {
        let ran = run(*line);
        let document = ran.json();
        assert_eq!(schemas.check(&document), "failed", "{line:?}: {ran:?}");
        assert_eq!(
            (ran.status, document["error"]["exit"].as_i64()),
            (*status, Some(i64::from(*status))),
            "{line:?}: {ran:?}"
        );
    }
}

#[test]
fn a_line_that_does_not_parse_ends_with_the_error_among_the_events() {
    let schemas = Schemas::load();
    for line in [&["provision", "--events", "--no-such-option"][..], &["monitor", "--events", "--level", "loud"]] {
        let ran = run(line);
        let error = serde_json::from_str(&ran.stderr).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!((ran.status, schemas.check(&error).as_str()), (2, "failed"), "{ran:?}");
        assert!(ran.stdout.is_empty(), "{ran:?}");
    }
}

#[test]
fn applied_but_not_confirmed_is_an_outcome_with_an_error() {
    let device = format!("{QUICK}&fault=drop-after-apply");
    let line = [&["provision", "--device", &device, "--pop", POP, "--json"], &NETWORK[..]].concat();
    let ran = run(line);
    let document = ran.json();
    assert_eq!(Schemas::load().check(&document), "applied");
    assert_eq!((ran.status, document["error"]["code"].as_str()), (25, Some("provision.unconfirmed")));
}

#[test]
fn events_and_traces_are_lines_of_their_schema() {
    let schemas = Schemas::load();
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let device = "sim:?sec-ver=1&profile=rainmaker-old&join-ms=50&apply-delay-ms=50";
    let line = ["provision", "--device", device, "--pop", POP, "--json", "--events", "-v", "--tags", "a:b"];
    let user = ["--user-id", "someone", "--secret-key", "a-secret-key", "--trace", trace.to_str().unwrap()];
    let ran = run([&line, &user[..], &NETWORK].concat());
    assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (0, "online"), "{ran:?}");
    let events = lines(&ran.stderr);
    let traced = lines(&fs::read_to_string(&trace).expect("a trace"));
    for event in events.iter().chain(&traced) {
        schemas.check(event);
    }
    for name in ["started", "connected", "secured", "associated", "configured", "applied", "join", "note", "exchange"] {
        assert!(events.iter().any(|event| event["event"] == name), "{name}: {}", ran.stderr);
    }
    assert_eq!(traced[0]["schema"], "espctl/trace/1");
    assert!(traced[1..].iter().all(|event| event["schema"] == "espctl/event/1"));
}

#[test]
#[cfg(unix)]
fn a_monitor_gives_the_lines_of_a_board() {
    let schemas = Schemas::load();
    let until = ["--until", "provisioning STARTED", "--json", "--timeout", "20"];
    let board = Sim::on_a_cable(&[]);
    assert_eq!(schemas.check(&board.ready), "ready");
    let ran = run([&["monitor", board.port()], &until[..]].concat());
    let document = ran.json();
    assert_eq!((ran.status, schemas.check(&document).as_str()), (0, "matched"), "{ran:?}");
    let told = |line: &Value| line["meaning"].as_str().is_some_and(|meaning| meaning.contains("power on"));
    assert!(document["lines"].as_array().is_some_and(|lines| lines.iter().any(told)), "{document}");
    // Its boot log is read now, and nothing follows.
    let ran = run(["monitor", board.port(), "--json", "--timeout", "1"]);
    assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (0, "ended"), "{ran:?}");
    let ran = run(["monitor", board.port(), "--json", "--timeout", "1", "--until", "never printed"]);
    assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (124, "failed"), "{ran:?}");
    let board = Sim::on_a_cable(&[]);
    let ran = run([&["monitor", board.port(), "--events"], &until[..]].concat());
    assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (0, "matched"), "{ran:?}");
    let events = lines(&ran.stderr);
    assert!(events.len() > 1 && events.iter().all(|event| event["event"] == "board"), "{ran:?}");
    for event in &events {
        schemas.check(event);
    }
}

#[test]
#[cfg(unix)]
fn what_a_board_says_during_a_run_is_in_events_and_trace() {
    let schemas = Schemas::load();
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    // The one names the device and is provisioned over the same cable; the other is heard beside a run.
    for (option, names) in [("--from-serial", true), ("--listen", false)] {
        let board = Sim::on_a_cable(&[]);
        let device = ["--device", "sim:?join-ms=1500&apply-delay-ms=50", "--pop", POP];
        let device = if names { &[][..] } else { &device[..] };
        let record = ["--json", "--events", "-v", "--trace", trace.to_str().expect("a path")];
        let ran = run([&["provision", option, board.port()], device, &record[..], &NETWORK[..]].concat());
        assert_eq!((ran.status, schemas.check(&ran.json()).as_str()), (0, "online"), "{ran:?}");
        let traced = fs::read_to_string(&trace).expect("a trace");
        for told in [lines(&ran.stderr), lines(&traced)] {
            for event in &told {
                schemas.check(event);
            }
            let has = |name: &str| told.iter().any(|event| event["event"] == name);
            assert!(has("board") && has("exchange") && has("named") == names, "{option}: {told:#?}");
        }
    }
}

#[test]
fn a_failed_run_with_events_ends_with_the_error_on_both() {
    let schemas = Schemas::load();
    let ran = run(quick("provision", &["--events", "--ssid", "HomeNet", "--passphrase", "not-the-right-one"]));
    let events = lines(&ran.stderr);
    for event in &events {
        schemas.check(event);
    }
    assert_eq!(events.last(), Some(&ran.json()));
    assert!(events.iter().any(|event| event["state"] == "failed" && event["reason"] == "authentication"));
    let failed = ran.json();
    assert!(failed["took_ms"].is_u64() && failed["device"]["peer"].is_string(), "{failed}");
    assert!(failed["device"]["version"].is_object() && failed["network"]["ssid"] == "HomeNet", "{failed}");
}

#[test]
fn a_run_that_succeeds_ends_its_events_with_one_that_says_so() {
    let schemas = Schemas::load();
    let scan = ["scan", "--device", "sim:?scan-ms=50", "--pop", POP, "--json"];
    for line in [quick("provision", &NETWORK), scan.to_vec(), vec!["info", "--device", "sim:", "--json"]] {
        let ran = run([&line[..], &["--events"]].concat());
        let events = lines(&ran.stderr);
        for event in &events {
            schemas.check(event);
        }
        let ended: Vec<_> = events.iter().filter(|event| event["event"] == "ended").collect();
        assert_eq!((ended.len(), events.last()), (1, ended.first().copied()), "{line:?}: {ran:?}");
        assert_eq!(ended[0]["outcome"], ran.json()["outcome"], "{line:?}");
    }
}

#[test]
fn a_scan_lists_each_network_once_with_its_access_points() {
    let document = run(["scan", "--device", "sim:?scan-ms=100", "--pop", POP, "--json"]).json();
    let networks = document["networks"].as_array().expect("networks");
    let home: Vec<_> = networks.iter().filter(|network| network["ssid"] == "HomeNet").collect();
    assert_eq!(home.len(), 1);
    assert_eq!(home[0]["bssid"], home[0]["access_points"][0]["bssid"]);
    assert!(home[0]["access_points"].as_array().is_some_and(|own| own.len() > 1));
}
