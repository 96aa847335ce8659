//! A person chooses among several devices, or adapters.

use rustix::process::Signal;

use crate::bluez::{ADDRESS, Bluez, Daemon, Nearby, Radio};
use crate::terminal::screen::{CONTROL_C, CONTROL_D, Screen, Setup};

const WORDS: [&str; 10] = [
    "provision",
    "--transport",
    "ble",
    "--pop",
    "abcd1234",
    "--ssid",
    "HomeNet",
    "--passphrase",
    "correct-horse-battery",
    "--plain",
];

fn esp(name: &str) -> Nearby {
    Nearby::esp(name, &[("sec-ver", "1")])
}

fn start(bluez: &Bluez) -> Screen {
    Screen::start_with(&Setup::default(), &WORDS, &[(ADDRESS, &bluez.address())])
}

/// The number before the row with this text, in the list shown last.
fn row(screen: &Screen, text: &str) -> String {
    let contents = screen.contents();
    let row = contents.lines().rev().find(|line| line.contains(text)).expect("a row");
    row.split_whitespace().next().expect("a number").to_owned()
}

#[test]
fn one_of_several_devices_is_chosen() {
    let bluez = Bluez::with([esp("PROV_d76c30").rssi(-48), esp("PROV_d76c31").rssi(-71)]);
    let mut screen = start(&bluez);
    screen.expect("Select device by number (0 to rescan)");
    let contents = screen.contents();
    assert!(contents.contains("-48 dBm") && contents.contains("-71 dBm"), "{contents}");
    assert!(!bluez.is_scanning(), "nobody needs the scan while a person thinks");
    screen.send("7\r");
    screen.expect("Invalid selection");
    bluez.add(esp("PROV_d76c32").rssi(-60));
    let asked = |contents: &str| contents.matches("(0 to rescan):").count();
    screen.until("the question again", |contents| asked(contents) == 2);
    // On a machine that stands still for a second a scan may miss it: then there is another.
    while !screen.contents().contains("PROV_d76c32") {
        let before = asked(&screen.contents());
        screen.send("0\r");
        screen.until("the question once more", |contents| asked(contents) > before);
    }
    let number = row(&screen, "PROV_d76c32");
    screen.send(&format!("{number}\r"));
    screen.expect("Provisioned PROV_d76c32");
    assert_eq!(screen.finish(), 0, "{}", screen.contents());
    assert!(screen.is_restored());
    bluez.assert_clean();
}

#[test]
fn one_of_two_adapters_is_chosen() {
    let bluez = Bluez::start(Daemon::Running, &[Radio::ON, Radio::ON], [esp("PROV_d76c30").heard_by(1)]);
    let mut screen = start(&bluez);
    screen.expect("Select adapter by number");
    let number = row(&screen, "hci1");
    screen.send(&format!("{number}\r"));
    screen.expect("Provisioned PROV_d76c30");
    assert_eq!(screen.finish(), 0, "{}", screen.contents());
    bluez.assert_clean();
}

#[test]
fn a_choice_can_be_left_by_keys_and_by_signals() {
    let bluez = Bluez::with([esp("PROV_d76c30"), esp("PROV_d76c31")]);
    let signals: [fn(&mut Screen); 3] = [
        |screen| screen.signal(Signal::INT),
        |screen| screen.signal(Signal::TERM),
        |screen| screen.signal(Signal::HUP),
    ];
    let keys: [fn(&mut Screen); 2] = [|screen| screen.send(CONTROL_C), |screen| screen.send(CONTROL_D)];
    let ends = signals.into_iter().chain(keys).zip([130, 130, 130, 130, 2]);
    for (end, status) in ends {
        for plain in [true, false] {
            let words = if plain { &WORDS[..] } else { &WORDS[..WORDS.len() - 1] };
            let environment = bluez.address();
            let mut screen = Screen::start_with(&Setup::default(), words, &[(ADDRESS, &environment)]);
            screen.expect("Select device by number");
            if !plain {
                screen.until_it_reads_keys();
            }
            end(&mut screen);
            assert_eq!(screen.finish(), status, "{}", screen.contents());
            assert!(screen.is_restored());
        }
    }
    bluez.assert_clean();
}

#[test]
fn discovery_is_a_table_that_lives_and_is_gone_at_the_end() {
    let bluez = Bluez::with([esp("PROV_d76c30").rssi(-48)]);
    let words = ["discover", "--transport", "ble", "--watch"];
    let mut screen = Screen::start_with(&Setup::default(), &words, &[(ADDRESS, &bluez.address())]);
    screen.expect("PROV_d76c30");
    bluez.add(esp("PROV_d76c31").rssi(-71));
    screen.until("a row more, in the same place", |contents| {
        contents.contains("PROV_d76c31") && contents.matches("-48 dBm").count() == 1
    });
    screen.send(CONTROL_C);
    assert_eq!(screen.finish(), 0, "{}", screen.contents());
    let contents = screen.contents();
    assert_eq!(contents.matches("-48 dBm").count(), 1, "the result alone is left: {contents}");
    assert!(screen.is_restored());
    bluez.assert_clean();

    let words = ["discover", "--transport", "ble", "--watch", "--timeout", "1"];
    let mut screen = Screen::start_with(&Setup::default(), &words, &[(ADDRESS, &bluez.address())]);
    assert_eq!(screen.finish(), 0, "it ends by itself: {}", screen.contents());
    assert!(screen.is_restored());
    bluez.assert_clean();
}
