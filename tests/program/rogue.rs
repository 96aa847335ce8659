//! Devices that pose as another one: those that want less security than is known of them, and those that say they are
//! online and are not. Over each link; none of them is given a secret.

use std::fs;

use serde_json::Value;

#[cfg(target_os = "linux")]
use crate::ble::run::run as over_bluetooth;
#[cfg(target_os = "linux")]
use crate::bluez::{Bluez, Nearby};
#[cfg(unix)]
use crate::console::board::simulated;
use crate::support::schemas::{Schemas, lines};
use crate::support::{NETWORK, POP, Ran, Sim, espctl, finish, run};

/// What is never to be sent.
const ACCOUNT: [&str; 4] = ["--user-id", "someone", "--secret-key", "a-secret-key"];
const NAME: &str = "PROV_d76c30";

/// A simulated device's parameters, as pairs.
type Parameters<'a> = &'a [(&'a str, &'a str)];

/// Runs a command against a device with these parameters, over one link.
type Over = fn(Parameters<'_>, &[&str]) -> Ran;

/// Every link, and whether it carries security 2.
fn links() -> Vec<(&'static str, Over, bool)> {
    let mut links: Vec<(&'static str, Over, bool)> = vec![("sim", in_memory, true), ("softap", over_http, true)];
    #[cfg(unix)]
    links.push(("console", over_a_cable, false));
    #[cfg(target_os = "linux")]
    links.push(("ble", over_radio, true));
    links
}

fn in_memory(parameters: Parameters<'_>, words: &[&str]) -> Ran {
    let pairs: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let device = format!("sim:?join-ms=50&apply-delay-ms=50&{}", pairs.join("&"));
    run([words, &["--device", &device]].concat())
}

fn over_http(parameters: Parameters<'_>, words: &[&str]) -> Ran {
    let options: Vec<_> = parameters.iter().map(|(key, _)| format!("--{key}")).collect();
    let options: Vec<&str> = options
        .iter()
        .zip(parameters)
        .flat_map(|(option, (_, value))| [option.as_str(), value].into_iter().filter(|word| !word.is_empty()))
        .collect();
    let sim = Sim::start(&options);
    run([words, &["--device", sim.device("device")]].concat())
}

#[cfg(unix)]
fn over_a_cable(parameters: Parameters<'_>, words: &[&str]) -> Ran {
    let board = simulated(&[&[("join-ms", "50"), ("apply-delay-ms", "50")], parameters].concat(), false, None);
    run([words, &["--port", &board.path]].concat())
}

#[cfg(target_os = "linux")]
fn over_radio(parameters: Parameters<'_>, words: &[&str]) -> Ran {
    let bluez = Bluez::with([Nearby::esp(NAME, parameters)]);
    over_bluetooth(&bluez, &[words, &["--transport", "ble", "--device-name", NAME]].concat())
}

/// What a device was asked for, as the trace has it.
fn asked(over: Over, parameters: Parameters<'_>, words: &[&str]) -> (Ran, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let base = ["provision", "--no-input", "--json", "--trace", trace.to_str().expect("a plain path")];
    let ran = over(parameters, &[&base, words, &NETWORK, &ACCOUNT].concat());
    let traced = lines(&fs::read_to_string(&trace).expect("a trace"));
    let endpoints = traced.iter().filter_map(|line| line["endpoint"].as_str().map(str::to_owned)).collect();
    (ran, endpoints)
}

#[track_caller]
fn assert_refused(link: &str, ran: &Ran, endpoints: &[String]) {
    let document = ran.json();
    Schemas::load().check(&document);
    let code = document["error"]["code"].as_str();
    assert_eq!((code, ran.status), (Some("security.downgrade"), 20), "{link}: {ran:?}");
    assert!(endpoints.iter().all(|endpoint| endpoint == "proto-ver"), "{link}: {endpoints:?}");
    // No hint advises to give in.
    let hints = document["error"]["hints"].to_string();
    assert!(!hints.contains("--allow-insecure") && !hints.contains("--sec-ver"), "{link}: {hints}");
}

#[test]
fn a_device_that_encrypts_nothing_is_sent_nothing_where_a_secret_is_known() {
    for (link, over, _) in links() {
        for secret in [&["--pop", POP][..], &["--sec2-password", POP], &["--min-sec", "1"], &["--min-sec", "2"]] {
            let (ran, endpoints) = asked(over, &[("sec-ver", "0")], secret);
            assert_refused(link, &ran, &endpoints);
        }
    }
}

#[test]
fn a_device_that_drops_the_pop_is_sent_nothing() {
    for (link, over, _) in links() {
        for secret in [&["--pop", POP][..], &["--pop", POP, "--sec-ver", "1"], &["--min-sec", "2"]] {
            let (ran, endpoints) = asked(over, &[("sec-ver", "1"), ("no-pop", "")], secret);
            assert_refused(link, &ran, &endpoints);
        }
    }
}

#[test]
fn a_device_of_security_2_may_not_say_1() {
    let label = format!(r#"{{"ver":"v1","name":"{NAME}","pop":"{POP}","security":2}}"#);
    for (link, over, carries_2) in links() {
        let secrets: [&[&str]; 3] =
            [&["--pop", POP, "--min-sec", "2"], &["--sec2-password", POP], &["--qrcode", &label]];
        for secret in secrets {
            // A label names the device that is meant, and the cable has no names.
            if !carries_2 && secret[0] == "--qrcode" {
                continue;
            }
            let (ran, endpoints) = asked(over, &[("sec-ver", "1")], secret);
            assert_refused(link, &ran, &endpoints);
        }
        if carries_2 {
            let (ran, _) = asked(over, &[("sec-ver", "2"), ("profile", "rainmaker-old")], &["--qrcode", &label]);
            assert_eq!(ran.status, 0, "{link}: {ran:?}");
        }
    }
}

#[test]
fn without_a_secret_security_0_has_to_be_allowed_too() {
    for (link, over, _) in links() {
        let (ran, endpoints) = asked(over, &[("sec-ver", "0")], &[]);
        let document = ran.json();
        assert_eq!(
            (document["error"]["code"].as_str(), ran.status),
            (Some("security.downgrade"), 20),
            "{link}: {ran:?}"
        );
        assert!(endpoints.iter().all(|endpoint| endpoint == "proto-ver"), "{link}: {endpoints:?}");
    }
}

#[test]
fn what_is_allowed_goes_on_with_a_warning_in_the_document() {
    let warned = |ran: &Ran| {
        let document = ran.json();
        Schemas::load().check(&document);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.stderr.contains("warning:"), "{ran:?}");
        document["warnings"][0].as_str().unwrap_or_default().to_owned()
    };
    let old = [("profile", "rainmaker-old"), ("sec-ver", "0")];
    for (link, over, _) in links() {
        for words in [
            &["--pop", POP, "--allow-insecure"][..],
            &["--allow-insecure"],
            &["--pop", POP, "--sec-ver", "0"],
            // As esp-rainmaker-cli's users have it in their scripts.
            &["--pop", POP, "--sec_ver", "0", "-q"],
        ] {
            let (ran, _) = asked(over, &old, words);
            assert!(warned(&ran).contains("nothing is encrypted"), "{link}: {ran:?}");
        }
        let no_pop = [("profile", "rainmaker-old"), ("sec-ver", "1"), ("no-pop", "")];
        let (ran, _) = asked(over, &no_pop, &["--pop", POP, "--allow-insecure"]);
        assert!(warned(&ran).contains("without a proof of possession"), "{link}: {ran:?}");
    }
}

#[test]
fn a_nonce_that_every_message_has_is_warned_of_once() {
    let ran = run(["scan", "--device", "sim:?profile=idf-5.0&scan-ms=50", "--pop", POP, "--json", "--events"]);
    let warnings: Vec<Value> = lines(&ran.stderr).into_iter().filter(|line| line["event"] == "warning").collect();
    assert_eq!((ran.status, warnings.len()), (0, 1), "{ran:?}");
    assert_eq!(ran.json()["warnings"], serde_json::json!([warnings[0]["text"]]), "{ran:?}");
    let ran = run(["scan", "--device", "sim:?scan-ms=50", "--pop", POP, "--json"]);
    assert!(ran.json().get("warnings").is_none(), "{ran:?}");
}

#[test]
fn a_failure_has_the_warnings_of_its_run_too() {
    let device = "sim:?profile=idf-5.0&fault=auth-failed&join-ms=50&apply-delay-ms=50";
    let ran = run([&["provision", "--device", device, "--pop", POP, "--json"], &NETWORK[..]].concat());
    let document = ran.json();
    Schemas::load().check(&document);
    assert_eq!(ran.status, 22, "{ran:?}");
    assert!(document["warnings"][0].as_str().is_some_and(|text| text.contains("nonce")), "{document}");
}

#[test]
fn a_lower_version_than_the_least_is_a_contradiction() {
    let line = ["scan", "--device", "sim:", "--sec-ver", "0", "--min-sec", "1", "--json"];
    let ran = run(line);
    assert_eq!((ran.status, ran.json()["error"]["code"].as_str()), (2, Some("usage.conflict")), "{ran:?}");
}

#[test]
fn connected_to_another_network_is_not_online() {
    for (link, over, _) in links() {
        let ran = provisioned(over, &[("sec-ver", "1"), ("fault", "connected-elsewhere=Trap")]);
        let error = &ran.json()["error"];
        assert_eq!((error["code"].as_str(), ran.status), (Some("wifi.other-network"), 24), "{link}: {ran:?}");
        let causes = error["causes"].to_string();
        assert!(causes.contains("HomeNet") && causes.contains("Trap"), "{link}: {causes}");
    }
}

#[test]
fn connected_without_a_name_is_applied_and_not_online() {
    // On a cable the board's own log says which address it got: another witness.
    for (link, over, _) in links().into_iter().filter(|(link, ..)| *link != "console") {
        for fault in ["connected-unnamed", "connected-without-member"] {
            let ran = provisioned(over, &[("sec-ver", "1"), ("fault", fault)]);
            let document = ran.json();
            assert_eq!((document["outcome"].as_str(), ran.status), (Some("applied"), 25), "{link} {fault}: {ran:?}");
        }
    }
}

#[test]
fn attached_to_another_thread_network_is_not_online() {
    // With the extended PAN id of the first network of the default world.
    let dataset = "0208111111112222222205100102030405060708090a0b0c0d0e0f10";
    for (fault, code, exit) in
        [("connected-elsewhere", "thread.other-network", 24), ("connected-unnamed", "provision.unconfirmed", 25)]
    {
        let device = format!("sim:?thread&join-ms=50&apply-delay-ms=50&fault={fault}");
        let line = ["provision", "--device", &device, "--pop", POP, "--thread-dataset", dataset, "--json"];
        let ran = run(line);
        assert_eq!((ran.json()["error"]["code"].as_str(), ran.status), (Some(code), exit), "{fault}: {ran:?}");
    }
}

/// A run with the PoP and no account, since the devices here have no endpoint for one.
fn provisioned(over: Over, parameters: Parameters<'_>) -> Ran {
    over(parameters, &[&["provision", "--no-input", "--json", "--pop", POP], &NETWORK[..]].concat())
}

/// A settings file may be meant for other devices: it can ask for more, and allow nothing.
#[test]
fn a_settings_file_asks_for_more_and_never_allows_less() {
    let folder = tempfile::tempdir().expect("a folder");
    let user = folder.path().join("user");
    fs::create_dir_all(user.join("espctl")).expect("a folder");
    let ended = |project: &str, users: &str, words: &[&str]| {
        fs::write(folder.path().join("espctl.toml"), project).expect("a file");
        fs::write(user.join("espctl").join("config.toml"), users).expect("a file");
        let line = [&["scan", "--device", "sim:?sec-ver=0&scan-ms=50", "--json", "--no-input"], words].concat();
        let ran = finish(espctl(line).current_dir(folder.path()).env("XDG_CONFIG_HOME", &user));
        (ran.status, ran.json()["error"]["code"].as_str().map(str::to_owned))
    };
    let refused = || (20, Some("security.downgrade".to_owned()));
    let sec_0 = "[security]\nsec-ver = 0\n";
    assert_eq!(ended(sec_0, "", &[]), refused());
    assert_eq!(ended(sec_0, "", &["--pop", POP]), refused());
    assert_eq!(ended(sec_0, "", &["--min-sec", "2"]), refused());
    assert_eq!(ended(sec_0, "[security]\nmin-sec = 2\n", &["--pop", POP]), refused());
    assert_eq!(ended("[security]\nmin-sec = 0\n", "[security]\nmin-sec = 2\n", &[]), refused());
    assert_eq!(ended("[security]\nmin-sec = 1\n", "", &[]), refused());
    assert_eq!(ended("[security]\nmin-sec = 1\n", "", &["--allow-insecure"]), (0, None));
    assert_eq!(ended("[security]\nmin-sec = 1\n", "", &["--sec-ver", "0"]), (0, None));
}
