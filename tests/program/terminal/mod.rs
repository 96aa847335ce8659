//! The built binary on a terminal, with a person at the keys: the network list, hidden input, second tries, Ctrl-C.

mod ahead;
#[cfg(target_os = "linux")]
mod bluetooth;
mod restored;
mod screen;
mod secrets;
mod signals;

use crate::support::Sim;
use screen::{CONTROL_C, CONTROL_D, DOWN, ESCAPE, Screen, Setup};

const QUICK: &str = "sim:?ap=HomeNet=correct-horse-battery&ap=OpenCafe&ap=CorpNet,auth=enterprise&join-ms=50\
                     &apply-delay-ms=50&scan-ms=50";
/// Takes a minute to join.
const SLOW: &str = "sim:?ap=HomeNet=correct-horse-battery&join-ms=50000&apply-delay-ms=50&scan-ms=50";
const LIST: &str = "Esc cancel";
/// The end of the question after a failed join.
const RETRY: &str = "[y/o/N]:";

/// A provisioning run of the quick device whose list of networks is shown.
fn at_the_list(setup: &Setup) -> Screen {
    let mut screen = Screen::start_on(setup, &["provision", "--device", QUICK, "--pop", "abcd1234"]);
    screen.expect(LIST);
    screen.until_it_reads_keys();
    screen
}

/// Types a passphrase once it is asked for.
fn give_passphrase(screen: &mut Screen, passphrase: &str) {
    screen.expect("Passphrase for HomeNet:");
    screen.until_it_reads_keys();
    screen.send(passphrase);
    screen.send("\r");
}

#[track_caller]
fn is_online(mut screen: Screen, network: &str) {
    screen.expect("Provisioned sim:");
    assert_eq!(screen.finish(), 0, "{}", screen.contents());
    assert!(screen.contents().contains(&format!("Connected to {network} (")), "{}", screen.contents());
    assert!(screen.is_restored());
}

#[test]
fn a_network_is_chosen_with_the_arrows() {
    let mut screen = at_the_list(&Setup::default());
    screen.send(DOWN);
    screen.until("the mark on row 2", |contents| contents.contains("> 2  "));
    screen.send("\x1b[A\r");
    give_passphrase(&mut screen, "correct-horse-battery");
    screen.expect("Provisioned sim:");
    assert!(!screen.raw.contains("correct-horse"), "echoed: {}", screen.raw);
    assert!(screen.contents().contains("Network: HomeNet") && !screen.contents().contains(LIST));
    assert!(!screen.contents().contains("of at most"), "a spinner is left: {}", screen.contents());
    is_online(screen, "HomeNet");
}

#[test]
fn a_network_list_follows_the_window_without_a_key() {
    let setup = Setup { size: (4, 100), ..Setup::default() };
    let mut screen = Screen::start_on(&setup, &["provision", "--device", QUICK, "--pop", "abcd1234"]);
    screen.expect("> 1");
    screen.until_it_reads_keys();
    assert!(!screen.contents().contains(LIST), "{}", screen.contents());
    screen.resize(40, 100);
    screen.expect(LIST);
    screen.send(ESCAPE);
    screen.finish();
}

#[test]
fn a_network_is_chosen_by_number() {
    let mut screen = at_the_list(&Setup::default());
    let row = screen.contents().lines().find(|line| line.contains("OpenCafe")).expect("a row").trim()[..1].to_owned();
    screen.send(&row);
    screen.send("\r");
    is_online(screen, "OpenCafe");
}

#[test]
fn a_network_is_chosen_by_filter() {
    let mut screen = at_the_list(&Setup::default());
    screen.send("cafe");
    screen.expect("1 of 3 networks match");
    screen.send("\r");
    is_online(screen, "OpenCafe");
}

#[test]
fn an_enterprise_network_is_shown_and_refused() {
    let mut screen = at_the_list(&Setup { size: (24, 80), ..Setup::default() });
    assert!(screen.contents().contains("WPA2-Enterprise  not possible"), "{}", screen.contents());
    screen.send("/corp\r");
    screen.expect("not possible with this protocol");
    screen.send("\x7f\x7f\x7f\x7fhome\r");
    give_passphrase(&mut screen, "correct-horse-battery");
    is_online(screen, "HomeNet");
}

#[test]
fn zero_scans_again() {
    let mut screen = at_the_list(&Setup::default());
    screen.send("0");
    screen.until("a second scan", |contents| contents.matches("The device hears 3 networks").count() == 2);
    screen.expect(LIST);
    screen.until_it_reads_keys();
    screen.send("/open\r");
    is_online(screen, "OpenCafe");
}

#[test]
fn another_network_is_typed_and_what_cannot_be_is_asked_again() {
    let mut screen = at_the_list(&Setup::default());
    screen.send("o");
    screen.expect("Network name (SSID)");
    screen.send("\r");
    screen.expect(LIST);
    screen.send("o");
    screen.expect("Network name (SSID)");
    screen.send(&"x".repeat(33));
    screen.send("\r");
    screen.expect("it has 33 bytes");
    screen.send("HomeNet\r");
    give_passphrase(&mut screen, "7 bytes");
    screen.expect("it has 7 bytes. A passphrase has 8 to 63 bytes");
    screen.send("\r");
    screen.expect("is HomeNet an open network? [y/N]");
    screen.send("n\rcorrect-horse-battery\r");
    is_online(screen, "HomeNet");
}

#[test]
fn after_a_wrong_passphrase_the_same_network_can_be_tried_again() {
    let mut screen = at_the_list(&Setup::default());
    screen.send("/home\r");
    give_passphrase(&mut screen, "not-the-right-one");
    screen.expect(RETRY);
    assert!(screen.contents().contains("failed: the access point did not let the device in"));
    screen.until_it_reads_keys();
    screen.send("y\rcorrect-horse-battery\r");
    is_online(screen, "HomeNet");
}

#[test]
fn after_a_wrong_passphrase_another_network_can_be_chosen() {
    let mut screen = at_the_list(&Setup::default());
    screen.send("/home\r");
    give_passphrase(&mut screen, "not-the-right-one");
    screen.expect(RETRY);
    screen.until_it_reads_keys();
    assert!(screen.contents().contains("y: HomeNet, o: another network"), "{}", screen.contents());
    screen.send("o\r");
    screen.expect(LIST);
    screen.until_it_reads_keys();
    screen.send("/open\r");
    is_online(screen, "OpenCafe");
}

#[test]
fn declining_to_retry_shows_the_whole_failure_and_its_status() {
    let mut screen = at_the_list(&Setup::default());
    screen.send("/home\r");
    give_passphrase(&mut screen, "not-the-right-one");
    screen.expect(RETRY);
    screen.until_it_reads_keys();
    screen.send("\r");
    screen.expect("espctl explain wifi.auth-failed");
    assert_eq!(screen.finish(), 22);
}

/// Whoever gives up is told why the device did not join, and where: the run was not interrupted and lacks no input.
#[test]
fn giving_up_after_a_failed_join_ends_with_its_failure() {
    for keys in [&[CONTROL_D][..], &["no\r"], &["x\r1\r?\rq\rw\r"], &["y\r", CONTROL_D], &["o\r", CONTROL_D]] {
        let mut screen = at_the_list(&Setup::default());
        screen.send("/home\r");
        give_passphrase(&mut screen, "not-the-right-one");
        screen.expect(RETRY);
        screen.until_it_reads_keys();
        screen.send(keys[0]);
        if keys.len() > 1 {
            if keys[0].starts_with('y') {
                screen.until("the passphrase", |contents| contents.matches("Passphrase for HomeNet:").count() == 2);
            } else {
                screen.expect(LIST);
            }
            screen.until_it_reads_keys();
            screen.send(keys[1]);
        }
        assert_eq!(screen.finish(), 22, "{keys:?}: {}", screen.contents());
        let contents = screen.contents();
        assert!(contents.contains("code:  wifi.auth-failed"), "{keys:?}: {contents}");
        assert!(contents.contains("stage: joining the network"), "{keys:?}: {contents}");
    }
}

#[test]
fn a_missing_proof_of_possession_is_asked_for_and_a_rejected_one_asked_again() {
    for security in ["1", "2"] {
        let device = format!("{QUICK}&sec-ver={security}");
        let mut screen = Screen::start(&["provision", "--device", &device, "--ssid", "OpenCafe", "--open"]);
        screen.expect("Proof of possession (PoP), on the device's label:");
        screen.until_it_reads_keys();
        screen.send("ABCD1234\r");
        screen.expect("The device rejected that proof of possession");
        screen.send("abcd1234\r");
        screen.expect("Provisioned sim:");
        assert!(!screen.raw.contains("1234"), "echoed: {}", screen.raw);
        is_online(screen, "OpenCafe");
    }
}

#[test]
fn a_thread_dataset_is_asked_for_until_it_is_one() {
    let mut screen = Screen::start(&["provision", "--device", "sim:?thread&join-ms=50", "--pop", "abcd1234"]);
    screen.expect("Thread operational dataset, in hex:");
    screen.until_it_reads_keys();
    screen.send("no hex\r");
    screen.expect("something other than hex digits");
    screen.send("0208\r");
    screen.expect("runs past the end");
    screen.send(CONTROL_C);
    assert_eq!(screen.finish(), 130);
    assert!(screen.is_restored());
}

#[test]
fn control_c_ends_every_prompt() {
    let plain = ["provision", "--device", QUICK, "--pop", "abcd1234", "--plain"];
    let without_pop = ["provision", "--device", QUICK];
    let prompts: &[(&[&str], &str)] = &[
        (&plain[..5], LIST),
        (&plain, "Select a network"),
        (&without_pop, "Proof of possession"),
        (&[&plain[..5], &["--ssid", "HomeNet"]].concat(), "Passphrase for HomeNet:"),
        (&[&plain[..], &["--ssid", "HomeNet"]].concat(), "Passphrase for HomeNet:"),
    ];
    for (line, prompt) in prompts {
        let mut screen = Screen::start(line);
        screen.expect(prompt);
        screen.send(CONTROL_C);
        screen.until("an error on a line of its own", |contents| contents.contains("\nerror: interrupted"));
        assert_eq!(screen.finish(), 130, "{line:?}: {}", screen.contents());
        assert!(screen.is_restored(), "{line:?}");
    }
}

#[test]
fn a_scan_is_as_wide_as_the_terminal() {
    const NAME: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ 12345";
    let device = format!("{QUICK}&ap={}=12345678,auth=wpa-wpa2", NAME.replace(' ', "%2520"));
    for columns in [40, 70, 160] {
        let setup = Setup { size: (24, columns), ..Setup::default() };
        let mut screen = Screen::start_on(&setup, &["scan", "--device", &device, "--pop", "abcd1234", "--quiet"]);
        assert_eq!(screen.finish(), 0, "{}", screen.contents());
        let contents = screen.contents();
        assert_eq!(contents.lines().count(), 5, "lines are broken or missing: {contents}");
        let whole = contents.contains(NAME) && contents.contains("BSSID");
        assert_eq!(whole, columns == 160, "{contents}");
    }
}

#[test]
fn control_c_while_joining_says_that_the_device_goes_on() {
    let known = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];
    let mut screen = Screen::start(&[&["provision", "--device", SLOW, "--pop", "abcd1234"], &known[..]].concat());
    screen
        .until("the wait", |contents| contents.contains("joining the network ") && contents.contains(" s of at most"));
    screen.send(CONTROL_C);
    assert_eq!(screen.finish(), 130);
    let contents = screen.contents();
    assert!(contents.contains("\nerror: interrupted\n") && !contents.contains("of at most"), "{contents}");
    assert!(contents.contains("goes on joining by itself"), "{contents}");
    assert!(screen.is_restored());
}

/// The RainMaker agent's console cannot scan: the name is typed, and what follows is as elsewhere.
#[test]
fn over_a_cable_that_cannot_scan_the_name_is_asked_for() {
    let board = Sim::on_a_cable(&["--dialect", "agent"]);
    let line = ["provision", "--port", board.port()];
    let mut screen = Screen::start(&line);
    screen.expect("Network name (SSID):");
    screen.until_it_reads_keys();
    screen.send("\r");
    screen.expect("A network name has 1 to 32 bytes");
    screen.send("HomeNet\r");
    give_passphrase(&mut screen, "not-the-right-one");
    screen.expect(RETRY);
    screen.until_it_reads_keys();
    screen.send("y\rcorrect-horse-battery\r");
    screen.expect("Provisioned /dev/");
    assert_eq!(screen.finish(), 0, "{}", screen.contents());
    assert!(screen.is_restored() && !screen.raw.contains("horse"), "{}", screen.raw);
    for prompt in ["Network name (SSID):", "Passphrase for HomeNet:"] {
        let mut screen = Screen::start(&line);
        screen.expect("Network name (SSID):");
        if !prompt.starts_with("Network") {
            screen.until_it_reads_keys();
            screen.send("HomeNet\r");
        }
        screen.expect(prompt);
        screen.send(CONTROL_C);
        screen.until("an error on a line of its own", |contents| contents.contains("\nerror: interrupted"));
        assert_eq!(screen.finish(), 130, "{}", screen.contents());
        assert!(screen.is_restored());
    }
}

#[test]
fn escape_at_the_list_and_the_end_of_the_input_end_the_run() {
    for (keys, status) in [(ESCAPE, 130), (CONTROL_D, 2)] {
        let mut screen = at_the_list(&Setup::default());
        screen.send(keys);
        assert_eq!(screen.finish(), status, "{}", screen.contents());
        assert!(screen.is_restored());
    }
}

#[test]
fn plain_and_dumb_terminals_are_asked_line_by_line() {
    let dumb = Setup { term: "dumb", ..Setup::default() };
    let plain: &[&str] = &["--plain"];
    for (setup, more) in [(&Setup::default(), plain), (&dumb, &[])] {
        let line = [&["provision", "--device", QUICK, "--pop", "abcd1234", "--color", "never"], more].concat();
        let mut screen = Screen::start_on(setup, &line);
        screen.expect("Select a network (0 rescans, o other):");
        let row =
            screen.contents().lines().find(|line| line.contains("HomeNet")).expect("a row").trim()[..1].to_owned();
        screen.send("9\n");
        screen.expect("Invalid selection");
        screen.send(&format!("{row}\n"));
        give_passphrase(&mut screen, "correct-horse-battery");
        screen.expect("Provisioned sim:");
        assert!(!screen.raw.contains("correct-horse") && !screen.raw.contains('\x1b'), "{}", screen.raw);
        is_online(screen, "HomeNet");
    }
}

#[test]
fn where_the_locale_is_not_utf_8_everything_is_ascii() {
    let device = "sim:?ap=Caf%C3%A9=correct-horse-battery&join-ms=50&apply-delay-ms=50&scan-ms=1500";
    let setup = Setup { locale: "C", ..Setup::default() };
    let mut screen = Screen::start_on(&setup, &["provision", "--device", device, "--pop", "abcd1234"]);
    screen.expect(LIST);
    screen.until_it_reads_keys();
    screen.send("\r");
    screen.expect(r"Passphrase for Caf\u{e9}:");
    screen.until_it_reads_keys();
    screen.send("not-the-right-one\r");
    screen.expect(RETRY);
    screen.send("\r");
    assert_eq!(screen.finish(), 22);
    assert!(screen.raw.is_ascii() && screen.contents().contains("\n  stage: "), "{}", screen.raw);
}

#[test]
fn colour_follows_the_terminal_and_no_color() {
    let coloured = |more| {
        let setup = Setup { more, ..Setup::default() };
        let mut screen =
            Screen::start_on(&setup, &["provision", "--device", QUICK, "--ssid", "x", "--passphrase", "y"]);
        assert_eq!(screen.finish(), 2);
        screen.raw.contains("\x1b[1;31m")
    };
    assert!(coloured(&[]) && !coloured(&[("NO_COLOR", "1")]));
}

#[test]
fn no_question_is_asked_with_no_input() {
    let mut screen = Screen::start(&["provision", "--device", QUICK, "--pop", "abcd1234", "--no-input"]);
    screen.expect("--ssid or the environment variable ESPCTL_SSID");
    assert_eq!(screen.finish(), 2);
}

#[test]
fn a_computer_off_the_devices_network_is_asked_to_join_it_unless_an_address_was_given() {
    const HOTSPOT: &str = "Please connect to the device's WiFi hotspot (PROV_d76c30) and press Enter to continue...";
    let known = ["--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase", "correct-horse-battery"];
    let there = ["provision", "--transport", "softap", "--device-name", "PROV_d76c30", "--timeout", "5"];
    // Without credentials: should a real device be there after all, nothing is done to it.
    let mut screen = Screen::start(&there);
    screen.expect(HOTSPOT);
    screen.until_it_reads_keys();
    screen.send("\r");
    assert_ne!(screen.finish(), 0);
    let elsewhere = [&there[..], &["--address", "127.0.0.1:1"], &known].concat();
    let mut screen = Screen::start(&elsewhere);
    assert_eq!(screen.finish(), 12);
    assert!(!screen.contents().contains("hotspot ("), "{}", screen.contents());
}

#[test]
fn a_narrow_terminal_keeps_numbers_and_names() {
    let mut screen = at_the_list(&Setup { size: (16, 30), ..Setup::default() });
    assert!(screen.contents().contains("> 1  "), "{}", screen.contents());
    screen.send("/open");
    screen.expect("OpenCafe");
    screen.send("\r");
    assert_eq!(screen.finish(), 0);
}
