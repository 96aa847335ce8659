//! Slips of a person at the command line, and values that a program or the environment gives by mistake: each is said
//! in its own words before anything is opened, and no secret is repeated.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{NETWORK, POP, QUICK, Ran, Sim, espctl, finish, run, run_with};

#[track_caller]
fn assert_refused(ran: &Ran, code: &str, words: &[&str]) {
    assert_eq!((ran.status, ran.code()), (2, Some(code)), "{ran:?}");
    assert!(!ran.stderr.contains("Connected"), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "lacks {word:?}: {}", ran.stderr);
    }
}

/// `provision` of the quick device.
fn provision<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["provision", "--device", QUICK], options].concat()
}

#[test]
fn a_word_that_is_hardly_the_pop_is_refused() {
    let with_pop = ["--pop", "abcd", "Zu6word"];
    assert_refused(
        &run(provision(&[&with_pop[..], &NETWORK].concat())),
        "usage.conflict",
        &["the word after the value of --pop", "beside --pop", "quotation marks"],
    );
    let name = ["--ssid", "Home", "Zu6word", "--open"];
    assert_refused(&run(provision(&name)), "usage.invalid-value", &["after the value of --ssid", "--ssid 'Home Net'"]);
    let equals = ["--ssid=Home", "Zu6word", "--open"];
    assert_refused(&run(provision(&equals)), "usage.invalid-value", &["--ssid 'Home Net'"]);
    assert_refused(
        &run(provision(&["--pop", POP, "--ssid", "Home", "Zu6word", "--open"])),
        "usage.conflict",
        &["--ssid 'Home Net'"],
    );
    let first = [&["provision", "Zu6word", "--device", QUICK, "--pop", POP], &NETWORK[..]].concat();
    assert_refused(&run(first), "usage.conflict", &["the word without an option", "leave the word out"]);
    for line in [&with_pop[..], &name, &["--pop-stdin", "Zu6word"], &["--pop-file", "/none", "Zu6word"]] {
        let ran = run(provision(line));
        assert!(ran.status == 2 && !ran.stderr.contains("Zu6word"), "{line:?}: {ran:?}");
    }
}

#[test]
fn a_device_without_its_option_is_distinguished_from_a_pop() {
    for (word, option) in [
        ("sim:", "--device"),
        ("ble:PROV_d76c30", "--device"),
        ("24:0A:C4:00:00:01", "--address"),
        ("/dev/ttyUSB0", "--port"),
    ] {
        let line = [&["provision", word], &NETWORK[..]].concat();
        assert_refused(&run(line), "usage.invalid-value", &["without its option", &format!("put {option} before it")]);
    }
}

#[test]
fn a_word_that_is_taken_as_the_pop_is_said_to_be_and_not_repeated() {
    for line in [
        [&["provision", POP, "--device", QUICK], &NETWORK[..]].concat(),
        provision(&[&NETWORK[..], &[POP]].concat()),
        provision(&[&["--device-name", "PROV_1", POP], &NETWORK[..]].concat()),
    ] {
        let ran = run(&line);
        assert_eq!(ran.status, 0, "{line:?}: {ran:?}");
        let note = ran.stderr.lines().find(|line| line.starts_with("note:")).expect("a note");
        assert!(note.contains("taken as the proof of possession") && note.contains("--pop"), "{note}");
        assert!(!ran.stderr.contains(POP), "{ran:?}");
    }
    // What goes wrong before the first stage may be due to it.
    let ran = run(provision(&["--ssid", "HomeNet", "--passphrase", "correct", "Zu6word"]));
    assert_refused(&ran, "wifi.passphrase-invalid", &["the word after the value of --passphrase", "quotation marks"]);
    assert!(!ran.stderr.contains("Zu6word"), "{ran:?}");
    let ran = run(provision(&["--pop", POP, "--ssid", "HomeNet", "--passphrase", "correct-horse-battery"]));
    assert!(!ran.stderr.contains("note:"), "{ran:?}");
}

/// Runs it with an input that stays open behind these bytes.
fn run_with_open_input(input: &[u8], arguments: &[&str]) -> Ran {
    let mut command = espctl(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input).expect("room in the pipe");
    let status = child.wait().expect("it ends");
    drop(pipe);
    let read = |stream: &mut dyn std::io::Read| {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("text");
        text
    };
    Ran {
        status: status.code().expect("an exit status"),
        stdout: read(&mut child.stdout.take().expect("a pipe")),
        stderr: read(&mut child.stderr.take().expect("a pipe")),
    }
}

#[test]
fn a_secret_on_standard_input_ends_with_its_line() {
    let passphrase = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery", "--timeout", "30"];
    for (input, line) in [
        (&b"abcd1234\nmore"[..], [&["--pop-stdin"], &passphrase[..]].concat()),
        (b"abcd1234\r\n", [&["--sec2-password-stdin"], &passphrase[..]].concat()),
        (b"correct-horse-battery\n", vec!["--pop", POP, "--ssid", "HomeNet", "--passphrase-stdin", "--timeout", "30"]),
    ] {
        let ran = run_with_open_input(input, &provision(&line));
        assert_eq!(ran.status, 0, "{line:?}: {ran:?}");
    }
    let ran = run_with(&[b'x'; 5000], provision(&[&["--pop-stdin"], &passphrase[..]].concat()));
    assert_refused(&ran, "file.unreadable", &["first line of the standard input has more than 4096 bytes"]);
}

#[test]
fn an_input_that_ended_says_what_to_do() {
    for option in ["--pop-stdin", "--passphrase-stdin", "--sec2-password-stdin"] {
        let ran = run(provision(&["--ssid", "HomeNet", option]));
        assert_refused(&ran, "input.closed", &[option, "standard input is empty", "pipe one line in"]);
        assert!(!ran.stderr.contains("--no-input"), "{ran:?}");
    }
}

#[test]
fn an_empty_secret_is_refused_at_once() {
    for (line, word) in [
        (&["--sec2-username", "", "--pop", POP][..], "user name of security 2 is empty"),
        (&["--sec2-password", ""], "password of security 2 is empty"),
        (&["--pop", "", "--sec-ver", "2"], "it is the password of security 2"),
        (&["", "--sec-ver", "2"], "it is the password of security 2"),
    ] {
        assert_refused(&run(provision(&[line, &NETWORK].concat())), "usage.invalid-value", &[word]);
    }
    let ran = run_with(b"\n", provision(&[&["--sec2-password-stdin"], &NETWORK[..]].concat()));
    assert_refused(&ran, "usage.invalid-value", &["password of security 2 is empty"]);
    // A device without a proof of possession has an empty one.
    let device = format!("{QUICK}&sec-ver=1&no-pop");
    let ran = run([&["provision", "--device", &device, "--pop", ""], &NETWORK[..]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let device = format!("{QUICK}&sec-ver=1");
    let ran = run([&["provision", "--device", &device, "--pop", ""], &NETWORK[..]].concat());
    assert!(ran.status == 21 && ran.stderr.contains("an empty one was given"), "{ran:?}");
}

#[test]
fn a_variable_without_its_partner_stops_nothing_and_an_option_does() {
    for (variable, partner) in [("ESPCTL_USER_ID", "ESPCTL_SECRET_KEY"), ("ESPCTL_SECRET_KEY", "ESPCTL_USER_ID")] {
        let mut command = espctl(provision(&[&["--pop", POP], &NETWORK[..]].concat()));
        let ran = finish(command.env(variable, "Zu6value"));
        assert_eq!(ran.status, 0, "{ran:?}");
        let note = format!("note: {variable} is set without {partner}");
        assert!(ran.stderr.contains(&note) && !ran.stderr.contains("Zu6value"), "{ran:?}");
    }
    for option in ["--user-id", "--secret-key"] {
        let ran = run(provision(&[&["--pop", POP, option, "x"], &NETWORK[..]].concat()));
        assert_refused(&ran, "usage.answer-missing", &["belong together"]);
    }
    let mut command = espctl(provision(&[&["--pop", POP, "--user-id", "someone"], &NETWORK[..]].concat()));
    assert_ne!(finish(command.env("ESPCTL_SECRET_KEY", "a-key")).status, 2, "an option and a variable are partners");
    let mut command = espctl(provision(&["--pop", POP, "--no-wifi"]));
    let ran = finish(command.env("ESPCTL_USER_ID", "someone"));
    assert_refused(&ran, "usage.answer-missing", &["ESPCTL_USER_ID is set without ESPCTL_SECRET_KEY"]);
}

#[test]
fn a_files_passphrase_is_for_the_network_beside_it_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let run_with = |file: &str, line: &[&str]| {
        fs::write(folder.path().join("espctl.toml"), file).expect("a file");
        finish(espctl(line).current_dir(folder.path()))
    };
    let line = provision(&["--pop", POP, "--ssid", "HomeNet"]);
    let alone = "[network]\npassphrase = \"correct-horse-battery\"\n";
    let ran = run_with(alone, &line);
    assert_refused(&ran, "usage.answer-missing", &["network.passphrase without network.ssid beside it", "not used"]);
    assert!(!ran.stderr.contains("horse"), "{ran:?}");
    let ran = run_with(alone, &["config", "check", "--json"]);
    assert!(ran.status == 0 && ran.stdout.contains("without network.ssid"), "{ran:?}");
    let ran = run_with(&format!("{alone}ssid = \"HomeNet\"\n"), &line);
    assert_eq!(ran.status, 0, "{ran:?}");
    let ran = run_with(&format!("{alone}ssid = \"OtherNet\"\n"), &line);
    assert_eq!(ran.code(), Some("usage.answer-missing"), "{ran:?}");
    let ran = run_with("[security]\npop = \"env:MY_POP\"\n", &["scan", "--device", QUICK]);
    assert!(ran.stderr.contains("MY_POP is not set"), "{ran:?}");
    let ran = finish(espctl(["scan", "--device", QUICK]).current_dir(folder.path()).env("MY_POP", ""));
    assert!(ran.status == 3 && ran.stderr.contains("MY_POP is empty"), "{ran:?}");
}

#[test]
fn a_label_that_is_not_a_file_is_not_repeated() {
    for value in ["Zu6value", "Zu6value.1", "PROV_1|Zu6value|b", "name:PROV_1 pop:Zu6value"] {
        let ran = run(["provision", "--qrcode", value]);
        assert_refused(&ran, "qr.invalid", &["neither a payload nor the name of a file"]);
        assert!(!ran.stderr.contains("Zu6value"), "{ran:?}");
    }
    for name in ["none.png", "./none", "/no/such/label"] {
        assert_refused(&run(["provision", "--qrcode", name]), "file.unreadable", &[name]);
    }
}

#[test]
fn values_of_the_wrong_kind_are_met_with_what_is_taken() {
    let open = ["--pop", POP, "--ssid", "x", "--open"];
    assert_refused(
        &run(provision(&[&open[..], &["--bssid", "zz"]].concat())),
        "usage.invalid-value",
        &["six pairs of hex digits, like AA:BB:CC:DD:EE:FF"],
    );
    assert_refused(&run(["info", "--timeout", "-1"]), "usage.invalid-value", &["--timeout takes whole seconds"]);
    assert_refused(&run(["sim", "--noise"]), "usage.answer-missing", &["--noise needs --console"]);
    for (locator, word) in [("sim:?sec-vr=1", "the options are sec-ver, pop"), ("sim:sec-ver=1", "sim:?sec-ver=1")] {
        assert_refused(&run(["info", "--device", locator]), "usage.invalid-value", &[word, "SCHEME:ADDRESS?KEY=VALUE"]);
    }
    let ran = run(["sim", "--http", "127.0.0.1:65500", "--count", "100"]);
    assert!(ran.stderr.contains("highest port is 65535") && ran.stderr.contains("lower --count"), "{ran:?}");
}

#[test]
fn the_wrong_kind_of_network_is_said_before_the_session() {
    let thread = format!("{QUICK}&thread");
    let line = [&["provision", "--device", &thread, "--pop", "wrong"], &NETWORK[..]].concat();
    let ran = run([&line[..], &["--json"]].concat());
    assert_eq!((ran.status, ran.code()), (2, Some("usage.conflict")), "{ran:?}");
    assert_eq!(ran.json()["error"]["stage"], "identify");
}

#[test]
fn firmware_without_a_scan_is_explained_in_terms_of_a_scan() {
    let ran = run(["scan", "--device", "sim:?profile=pre-manager", "--pop", POP]);
    assert_eq!(ran.code(), Some("device.no-endpoint"), "{ran:?}");
    assert!(ran.stderr.contains("firmware cannot scan") && ran.stderr.contains("espctl provision --ssid"), "{ran:?}");
}

#[test]
fn an_exchange_says_what_was_sent_and_received() {
    let ran = run(["info", "--device", QUICK, "-v"]);
    assert!(ran.stderr.contains("proto-ver: sent ") && ran.stderr.contains(" bytes, received "), "{ran:?}");
}

#[test]
fn the_way_to_more_help_names_the_command() {
    for (line, command) in [
        (&["info", "--timeout", "0"][..], "info"),
        (&["sim", "--profile", "nothing-like-it"], "sim"),
        (&["provision", "--device", "sim:", "--ssid", "x", "--open", "--channel", "20"], "provision"),
    ] {
        let ran = run(line);
        assert_refused(&ran, "usage.invalid-value", &[&format!("espctl help {command} lists every option")]);
        assert!(!ran.stderr.contains("help COMMAND"), "{ran:?}");
    }
    assert!(run(["info", "--bogus"]).stderr.contains("usage: espctl info [OPTIONS]"));
    let help = run(["provision", "help"]);
    assert!(help.status == 0 && help.stdout.contains("Usage: espctl provision"), "{help:?}");
}

#[test]
fn the_value_that_was_meant_is_suggested() {
    for (line, near) in [
        (&["info", "--transport", "bel"][..], "did you mean ble?"),
        (&["info", "--color", "alwys"], "did you mean always?"),
        (&["sim", "--profile", "rainmakr"], "did you mean rainmaker?"),
        (&["sim", "--fault", "auth-faild@1"], "did you mean auth-failed?"),
    ] {
        assert_refused(&run(line), "usage.invalid-value", &[near]);
    }
}

#[test]
fn codes_are_found_by_status_and_by_word() {
    for (word, code) in [("22", "wifi.auth-failed"), ("wifi", "wifi.not-found"), ("BLE", "ble.not-found")] {
        let ran = run(["explain", word]);
        assert!(ran.status == 0 && ran.stdout.lines().any(|line| line.starts_with(code)), "{ran:?}");
    }
    assert!(run(["explain", "proof-rej"]).stdout.contains("What to do:"), "one that is found is explained");
    assert_eq!(run(["explain", "250"]).code(), Some("usage.unknown-code"));
}

#[test]
fn security_2_is_refused_for_a_simulated_console() {
    assert_refused(&run(["sim", "--console", "--sec-ver", "2"]), "usage.conflict", &["--sec-ver 2 does not fit"]);
}

#[test]
fn requests_that_repeat_are_named_and_folded() {
    let slow = "sim:?ap=HomeNet=correct-horse-battery&join-ms=800&apply-delay-ms=50";
    let ran = run([&["provision", "--device", slow, "--pop", POP, "-v"], &NETWORK[..]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("prov-config CmdSetWifi: sent ") && ran.stderr.contains("with the same reply"),
        "{ran:?}"
    );
    assert!(ran.stderr.matches("CmdGetWifiStatus").count() <= 4, "{ran:?}");
    let quiet = run([&["provision", "--device", QUICK, "--pop", POP], &NETWORK[..]].concat());
    assert!(!quiet.stderr.contains("user association"), "{quiet:?}");
}

/// Where nobody said how the device is reached and nothing answers, the other ways are named.
#[test]
fn a_bare_run_that_reaches_nothing_names_the_other_links() {
    let ran = run(["provision", "--pop", POP, "--ssid", "x", "--open", "--timeout", "10"]);
    if matches!(ran.code(), Some("link.unreachable" | "link.not-a-device")) {
        for word in ["--transport ble for Bluetooth", "--transport console", "espctl discover"] {
            assert!(ran.stderr.contains(word), "lacks {word:?}: {}", ran.stderr);
        }
    }
    let named = run(["provision", "--address", "127.0.0.1:9", "--pop", POP, "--ssid", "x", "--open"]);
    assert!(named.code() == Some("link.unreachable") && !named.stderr.contains("espctl discover"), "{named:?}");
}

/// A label and an option only say what a device should be called.
#[test]
fn a_name_that_nobody_saw_is_not_the_devices() {
    let sim = Sim::start(&[]);
    let (host, port) = sim.address();
    let address = format!("{host}:{port}");
    let line = [&["provision", "--device-name", "PROV_other", "--pop", POP, "--json"], &NETWORK[..]].concat();
    let ran = run(line.iter().copied().chain(["--address", &address]));
    let document = ran.json();
    assert_eq!((&document["device"]["name"], &document["device"]["peer"]), (&Value::Null, &address.into()), "{ran:?}");
    let label = r#"{"name":"PROV_other","pop":"abcd1234"}"#;
    for line in [&["info", "--device", QUICK, "--json", "--qrcode", label][..], &["info", "--device", QUICK, "--json"]]
    {
        let ran = run(line);
        assert_eq!(ran.json()["device"]["name"], "PROV_7f79c4", "{ran:?}");
    }
    let named = [&["provision", "--device", QUICK, "--qrcode", "NP:PROV_7f79c4|abcd1234|s"], &NETWORK[..]].concat();
    assert!(run(named).stdout.starts_with("Provisioned PROV_7f79c4 in "));
}

#[test]
fn the_labels_network_is_named_where_the_device_is_not_reached() {
    let label = r#"{"ver":"v1","name":"Led Wall","pop":"","transport":"softap","security":"0","password":"s3cretkey"}"#;
    for line in [
        [&["provision", "--no-input", "--address", "127.0.0.1:9", "--qrcode", label], &NETWORK[..]].concat(),
        vec!["info", "--address", "127.0.0.1:9", "--qrcode", label],
        vec!["scan", "--address", "127.0.0.1:9", "--qrcode", label],
        vec!["send", "custom-data", "x", "--address", "127.0.0.1:9", "--qrcode", label],
    ] {
        let ran = run(&line);
        assert_eq!(ran.code(), Some("link.unreachable"), "{ran:?}");
        assert!(ran.stderr.contains("join this computer to the network Led Wall: the label holds"), "{ran:?}");
        assert!(!ran.stderr.contains("s3cretkey"), "{ran:?}");
    }
}
