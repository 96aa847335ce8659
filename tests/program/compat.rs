//! Scripts written for `esp-rainmaker-cli provision`, run with this program: its options in both spellings, its
//! abbreviations, its positional proof of possession, and where a value comes from when several places have it.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use crate::support::{NETWORK, NO_BLUETOOTH, POP, QUICK, Ran, Sim, commands, espctl, finish, run, run_with};
use image::{GrayImage, ImageFormat, Luma};

const JSON: &str = r#"{"ver":"v1","name":"PROV_d76c30","pop":"abcd1234","transport":"softap"}"#;
const COMPACT: &str = "NP:PROV_d76c30|abcd1234|s";

/// `provision` with these options; the simulated device and its network are given unless they are among them.
fn provision(options: &[&str]) -> Ran {
    run(line(options))
}

fn line<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["provision", "--device", QUICK], options, &NETWORK].concat()
}

#[track_caller]
fn is_online(ran: &Ran) {
    assert!(ran.status == 0 && ran.stdout.contains("Provisioned"), "{ran:?}");
}

#[test]
fn a_script_for_the_other_tool_runs_unchanged() {
    let sim = Sim::start(&["--sec-ver", "1"]);
    let (host, port) = sim.address();
    let script = format!(
        "provision {POP} --transport softap --sec_ver 1 --device_name PROV_d76c30 --ssid HomeNet \
         --passphrase correct-horse-battery --no-retry --discovery-timeout 5.0 --tags room:kitchen,floor:1 \
         --profile default --disable-chal-resp --device-ip {host} --device-port {port}"
    );
    let ran = run(script.split_whitespace().chain(["--metadata", r#"{"batch": 7}"#]));
    is_online(&ran);
    // That name was given, not seen.
    assert!(ran.stdout.contains(&format!("Provisioned {host}:{port} in ")), "{ran:?}");
    let note = ran.stderr.lines().find(|line| line.starts_with("note: without effect")).expect("a note");
    for option in ["--discovery-timeout", "--tags", "--metadata", "--profile", "--disable-chal-resp"] {
        assert!(note.contains(option), "{note}");
    }
}

#[test]
fn every_option_is_known_in_both_spellings() {
    let user = ["--sec2_username", "wifiprov", "--sec2_password", POP];
    let lines: &[&[&str]] = &[
        &["--pop", POP],
        &["--pop=abcd1234"],
        &[POP],
        &["--pop", "wrong", "--pop", POP],
        &["--sec_ver", "2", "--pop", POP],
        &["--sec-ver", "2", "--pop", POP],
        &user,
        &["--sec2-username", "wifiprov", "--sec2-password", POP],
        &["--device_name", "PROV_x", "--pop", POP],
        &["--device-name", "PROV_x", "--pop", POP],
        &["--no-retry", "--pop", POP],
        &["--no_retry", "--pop", POP],
        &["--discovery-timeout", "2.5", "--pop", POP],
        &["--discovery_timeout", "2.5", "--pop", POP],
        &["--disable-chal-resp", "--pop", POP],
        &["--disable_chal_resp", "--no_disable_chal_resp", "--pop", POP],
        &["--no-disable-chal-resp", "--pop", POP],
        &["--tags", "a:b", "--metadata", "{}", "--profile", "p", "--pop", POP],
    ];
    for options in lines {
        is_online(&provision(options));
    }
}

#[test]
fn a_prefix_is_enough_where_it_was_there() {
    for options in [&["--sec_v", "2", "--po", POP][..], &["--device_n", "x", "--po", POP, "--no-r"], &["--sec2_p", POP]]
    {
        is_online(&provision(options));
    }
    let short = ["provision", "--device", QUICK, "--po", POP, "--ss", "HomeNet", "--pass", "correct-horse-battery"];
    is_online(&run(short));
    // Ambiguous there: an error there and here.
    assert_eq!(provision(&["--p", POP]).status, 2);
}

#[test]
fn device_ip_host_and_port_reach_a_device_in_both_spellings() {
    for names in
        [["--device-ip", "--device-port"], ["--device_ip", "--device_port"], ["--device-host", "--device_port"]]
    {
        let sim = Sim::start(&[]);
        let (host, port) = sim.address();
        let line = [&["provision", names[0], host, names[1], port, "--pop", POP], &NETWORK[..]].concat();
        is_online(&run(line));
    }
}

#[test]
fn a_port_beside_a_whole_address_is_said_to_be_without_effect() {
    let sim = Sim::start(&[]);
    let (host, port) = sim.address();
    let address = format!("{host}:{port}");
    let ran = run([&["provision", "--address", &address, "--device-port", "1", "--pop", POP], &NETWORK[..]].concat());
    is_online(&ran);
    assert!(ran.stderr.contains("without effect") && ran.stderr.contains("--device-port"), "{ran:?}");
    let beside = provision(&["--device-port", "1", "--pop", POP]);
    is_online(&beside);
    assert!(beside.stderr.contains("--device-port"), "{beside:?}");
}

#[test]
fn transports_of_the_other_tool_are_named_as_missing() {
    let ran = run([&["provision", "--transport", "on-network", "--pop", POP], &NETWORK[..]].concat());
    assert_eq!((ran.status, ran.code()), (2, Some("usage.unsupported")), "{ran:?}");
    assert!(ran.stderr.contains("option --transport"), "{ran:?}");
    let ran = run([&["provision", "--transport", "carrier-pigeon", "--pop", POP], &NETWORK[..]].concat());
    assert_eq!((ran.status, ran.code()), (2, Some("usage.invalid-value")), "{ran:?}");
}

/// There is no Bluetooth here; that it is missed shows that it was chosen.
#[test]
fn bluetooth_is_chosen_by_option_environment_and_label() {
    let label = "NP:PROV_d76c30|abcd1234|b";
    is_online(&provision(&["--qrcode", label]));
    let missed = |options: &[&str], variables: &[(&str, &str)]| {
        let mut command = espctl([&["provision"], options, &["--pop", POP], &NETWORK].concat());
        let ran = finish(command.envs(NO_BLUETOOTH).envs(variables.iter().copied()));
        assert!(ran.status == 12 && ran.code().is_some_and(|code| code.starts_with("ble.")), "{ran:?}");
    };
    missed(&["--transport", "ble", "--device_name", "PROV_d76c30"], &[]);
    missed(&["--transport", "ble"], &[]);
    // What is for SoftAP means nothing over Bluetooth, there or here.
    missed(&["--transport", "ble", "--device_name", "PROV_d76c30", "--device-port", "80"], &[]);
    missed(&["--qrcode", label, "--device_ip", "192.168.4.1"], &[]);
    missed(&["--qrcode", label], &[]);
    missed(&[], &[("ESPCTL_TRANSPORT", "ble")]);
    missed(&[], &[("ESPCTL_DEVICE", "ble:PROV_d76c30")]);
}

#[test]
fn no_wifi_without_a_user_says_what_is_missing() {
    for spelling in ["--no-wifi", "--no_wifi"] {
        let ran = run(["provision", "--device", QUICK, "--pop", POP, spelling]);
        assert_eq!((ran.status, ran.code()), (2, Some("usage.answer-missing")), "{ran:?}");
        let user = ["--user_id", "someone", "--secret_key", "a-key"];
        let device = "sim:?profile=rainmaker-old";
        let ran = run([&["provision", "--device", device, "--pop", POP, spelling, "--json"], &user[..]].concat());
        assert_eq!((ran.status, ran.json()["outcome"].as_str()), (0, Some("associated")), "{ran:?}");
    }
}

#[test]
fn metadata_that_is_not_json_is_refused_before_anything_is_sent() {
    let ran = provision(&["--pop", POP, "--metadata", "{"]);
    assert_eq!((ran.status, ran.code()), (2, Some("usage.invalid-value")), "{ran:?}");
    assert!(!ran.stderr.contains("Connected"), "{ran:?}");
}

#[test]
fn the_qr_payload_is_taken_in_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path
    };
    let files = [
        file("label.json", JSON.as_bytes()),
        file("label.txt", format!("{COMPACT}\n").as_bytes()),
        file("label.png", &picture(JSON, ImageFormat::Png)),
        file("label.jpg", &picture(COMPACT, ImageFormat::Jpeg)),
    ];
    let page = format!("https://rainmaker.espressif.com/qrcode.html?data={JSON}");
    let texts = [JSON, COMPACT, &page];
    for argument in texts.into_iter().chain(files.iter().map(|path| path.to_str().expect("a plain path"))) {
        let ran = provision(&["--qrcode", argument]);
        is_online(&ran);
        assert!(ran.stdout.contains("Provisioned sim:PROV_7f79c4 in "), "{argument}: {ran:?}");
    }
    for input in [JSON.as_bytes(), &picture(JSON, ImageFormat::Png)] {
        is_online(&run_with(input, line(&["--qrcode", "-"])));
    }
}

#[test]
fn a_qr_payload_that_cannot_be_used_has_a_code_for_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let blank = folder.path().join("blank.png");
    GrayImage::from_pixel(64, 64, Luma([255])).save(&blank).expect("a picture");
    let cases = [
        ("{\"ver\":", "qr.invalid"),
        ("NP:one-field", "qr.invalid"),
        ("https://example.com/", "qr.invalid"),
        (blank.to_str().expect("a plain path"), "qr.no-code"),
        ("/no/such/file", "file.unreadable"),
    ];
    for (argument, code) in cases {
        let ran = provision(&["--qrcode", argument]);
        assert_eq!((ran.status, ran.code()), (2, Some(code)), "{argument}: {ran:?}");
    }
    let ran = run_with(b"", line(&["--qrcode", "-"]));
    assert_eq!((ran.status, ran.code()), (2, Some("input.closed")), "{ran:?}");
}

/// The onboarding label, as a phone would photograph it on a good day.
fn picture(text: &str, format: ImageFormat) -> Vec<u8> {
    const MODULE: u32 = 6;
    const QUIET: u32 = 4;
    let code = fast_qr::QRBuilder::new(text).build().expect("a text that fits");
    let modules = u32::try_from(code.size).expect("at most 177");
    let side = (modules + 2 * QUIET) * MODULE;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let at = |at: u32| (at / MODULE).checked_sub(QUIET).filter(|&at| at < modules).map(|at| at as usize);
        let dark = at(y).zip(at(x)).is_some_and(|(row, column)| code[row][column].value());
        Luma([if dark { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

#[test]
fn a_flag_beats_the_environment_and_that_the_qr_payload() {
    let wrong_qr = COMPACT.replace(POP, "wrong-one");
    let with = |variable: Option<&str>, options: &[&str]| {
        let mut command = espctl(line(options));
        if let Some(value) = variable {
            command.env("ESPCTL_POP", value);
        }
        finish(&mut command).status
    };
    assert_eq!(with(None, &["--qrcode", &wrong_qr]), 21);
    assert_eq!(with(Some(POP), &["--qrcode", &wrong_qr]), 0);
    assert_eq!(with(Some("wrong-two"), &["--qrcode", COMPACT]), 21);
    assert_eq!(with(Some("wrong-two"), &["--qrcode", &wrong_qr, "--pop", POP]), 0);
    assert_eq!(with(Some("wrong-two"), &["--qrcode", &wrong_qr, POP]), 0);
    assert_eq!(with(Some(""), &["--qrcode", COMPACT]), 0, "an empty variable counts as unset");
}

#[test]
fn the_environment_gives_what_options_would() {
    let mut command = espctl(["provision"]);
    let variables = [
        ("ESPCTL_DEVICE", QUICK),
        ("ESPCTL_SEC2_USERNAME", "wifiprov"),
        ("ESPCTL_SEC2_PASSWORD", POP),
        ("ESPCTL_SSID", "HomeNet"),
        ("ESPCTL_PASSPHRASE", "correct-horse-battery"),
    ];
    is_online(&finish(command.envs(variables)));
    let ran = finish(espctl(["info"]).env("ESPCTL_TRANSPORT", "on-network"));
    assert_eq!((ran.status, ran.code()), (2, Some("usage.unsupported")), "{ran:?}");
    assert!(ran.stderr.contains("environment variable ESPCTL_TRANSPORT"), "{ran:?}");
}

#[test]
fn secrets_come_from_files_and_standard_input_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain path").to_owned()
    };
    let (pop, passphrase) = (file("pop", "abcd1234\n"), file("passphrase", "correct-horse-battery\r\n"));
    let device = ["provision", "--device", QUICK, "--ssid", "HomeNet"];
    is_online(&run([&device[..], &["--pop-file", &pop, "--passphrase_file", &passphrase]].concat()));
    is_online(&run([&device[..], &["--sec2-password-file", &pop, "--passphrase-file", &passphrase]].concat()));
    let from_stdin = [&device[..], &["--pop", POP, "--passphrase-stdin"]].concat();
    is_online(&run_with(b"correct-horse-battery\n", from_stdin.clone()));
    is_online(&run_with(b"abcd1234", [&device[..], &["--pop-stdin", "--passphrase-file", &passphrase]].concat()));
    let ran = run_with(b"", from_stdin);
    assert_eq!((ran.status, ran.code()), (2, Some("input.closed")), "{ran:?}");
    let two = run_with(b"x", [&device[..], &["--pop-stdin", "--passphrase-stdin"]].concat());
    assert_eq!(two.status, 2, "one secret only can be on standard input: {two:?}");
}

#[test]
fn help_lists_nothing_that_does_nothing() {
    let help = run(["provision", "--help"]).stdout;
    for hidden in ["--tags", "--metadata", "--profile", "chal-resp", "--device-ip", "--discovery-timeout", "_"] {
        let options = help.lines().filter(|line| line.trim_start().starts_with('-'));
        assert!(
            options.clone().count() > 20 && options.into_iter().all(|line| !names(line).contains(hidden)),
            "{hidden}"
        );
    }
    for command in commands() {
        let help = run([&command, "--help"]).stdout;
        // A command with neither a device nor a login asks nothing, so it shows neither how to ask.
        let asks = help.contains("--no-input");
        assert_eq!((help.contains("--plain"), help.contains("--verbose")), (asks, asks), "{help}");
        let has_run = help.contains("--timeout") || help.contains("--password-stdin");
        assert!(!asks || has_run, "{command} has no run: args::without_questions()\n{help}");
        assert_eq!(run([&command, "--no-input", "-v", "--help"]).status, 0, "{command}: hidden, but taken");
    }
}

/// The part of a help line that names options.
fn names(line: &str) -> &str {
    line.split('<').next().unwrap_or_default().split("  ").find(|part| part.contains('-')).unwrap_or_default()
}
