//! Secrets that are typed at the terminal: those asked for in place of standard input, and how questions for them end.

use rustix::process::Signal;

use super::screen::{CONTROL_C, CONTROL_D, Screen, Setup};
use super::{QUICK, RETRY, at_the_list, give_passphrase, is_online};

#[test]
fn control_c_ends_the_run_after_a_rejected_proof_too() {
    for security in ["1", "2"] {
        for plain in [&[][..], &["--plain"]] {
            let device = format!("{QUICK}&sec-ver={security}");
            let line = [&["provision", "--device", &device, "--pop", "wrong", "--ssid", "OpenCafe", "--open"], plain];
            let mut screen = Screen::start(&line.concat());
            screen.expect("The device rejected that proof of possession");
            screen.expect("on the device's label:");
            screen.until_it_reads_keys();
            screen.send(CONTROL_C);
            assert_eq!(screen.finish(), 130, "{}", screen.contents());
            assert!(
                screen.is_restored() && screen.contents().contains("\nerror: interrupted"),
                "{}",
                screen.contents()
            );
        }
    }
    // Who types nothing more is told of the rejection.
    let mut screen = Screen::start(&["scan", "--device", QUICK, "--pop", "wrong"]);
    screen.expect("on the device's label:");
    screen.until_it_reads_keys();
    screen.send(CONTROL_D);
    assert_eq!(screen.finish(), 21, "{}", screen.contents());
}

#[test]
fn control_c_ends_the_questions_after_a_failed_join() {
    for questions in [1, 2] {
        let mut screen = at_the_list(&Setup::default());
        screen.send("/home\r");
        give_passphrase(&mut screen, "not-the-right-one");
        screen.expect(RETRY);
        screen.until_it_reads_keys();
        if questions > 1 {
            screen.send("y\r");
            screen.until("a second passphrase", |contents| contents.matches("Passphrase for HomeNet:").count() == 2);
        }
        screen.send(CONTROL_C);
        assert_eq!(screen.finish(), 130, "{questions}: {}", screen.contents());
        assert!(screen.is_restored());
    }
}

#[test]
fn a_secret_from_standard_input_is_asked_for_at_a_terminal() {
    let line = ["provision", "--device", QUICK, "--ssid", "HomeNet", "--passphrase"];
    for (option, question, secret) in [
        ("--pop-stdin", "Proof of possession (PoP):", "abcd1234"),
        ("--sec2-password-stdin", "Password of security 2:", "abcd1234"),
    ] {
        let mut screen = Screen::start(&[&line[..], &["correct-horse-battery", option]].concat());
        screen.expect(question);
        screen.until_it_reads_keys();
        screen.send(secret);
        screen.send("\r");
        screen.expect("Provisioned sim:");
        assert!(!screen.raw.contains(secret), "echoed: {}", screen.raw);
        is_online(screen, "HomeNet");
    }
    let passphrase = ["provision", "--device", QUICK, "--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase-stdin"];
    for (key, status) in [(CONTROL_C, 130), (CONTROL_D, 2), ("\r", 2)] {
        let mut screen = Screen::start(&passphrase);
        screen.expect("Passphrase:");
        screen.until_it_reads_keys();
        screen.send(key);
        assert_eq!(screen.finish(), status, "{}", screen.contents());
        assert!(screen.is_restored());
    }
    let mut screen = Screen::start(&passphrase);
    screen.expect("Passphrase:");
    screen.until_it_reads_keys();
    screen.signal(Signal::TERM);
    screen.until("an error on a line of its own", |contents| contents.contains("\nerror: interrupted"));
    assert_eq!(screen.finish(), 130, "{}", screen.contents());
    assert!(screen.is_restored());
    let mut screen = Screen::start(&[&passphrase[..], &["--no-input"]].concat());
    screen.expect("which is a terminal, and prompting is off");
    assert_eq!(screen.finish(), 2);
    let mut screen = Screen::start(&["provision", "--device", QUICK, "--ssid", "OpenCafe", "--open", "--qrcode", "-"]);
    screen.expect("Text of the QR code:");
    screen.until_it_reads_keys();
    screen.send("NP:PROV_d76c30|abcd1234|s\r");
    screen.expect("Provisioned sim:");
    assert_eq!(screen.finish(), 0);
    assert!(!screen.raw.contains("abcd1234"), "echoed: {}", screen.raw);
}
