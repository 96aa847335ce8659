//! Keys typed before a question: they are not shown, and answer nothing. What is typed quickly from one answer to the next
//! is kept.

use super::screen::{Screen, Setup};
use super::{LIST, give_passphrase, is_online};

const SLOW_SCAN: &str = "sim:?ap=HomeNet=correct-horse-battery&ap=OpenCafe&join-ms=50&apply-delay-ms=50&scan-ms=1500";

#[test]
fn keys_typed_while_a_run_works_are_not_shown_and_answer_nothing() {
    for plain in [&[][..], &["--plain"]] {
        let line = [&["provision", "--device", SLOW_SCAN, "--pop", "abcd1234"], plain].concat();
        let mut screen = Screen::start_on(&Setup::default(), &line);
        screen.until_it_echoes_nothing();
        screen.send("hunter2\r2\ro");
        let question = if plain.is_empty() { LIST } else { "Select a network" };
        screen.expect(question);
        assert!(!screen.raw.contains("hunter2"), "echoed: {}", screen.raw);
        if plain.is_empty() {
            screen.until_it_reads_keys();
            assert!(!screen.contents().contains("Filter:"), "{}", screen.contents());
            screen.send("/home\r");
        } else {
            screen.send("HomeNet\r");
        }
        give_passphrase(&mut screen, "correct-horse-battery");
        screen.expect("Provisioned sim:");
        assert!(!screen.raw.contains("hunter2") && !screen.contents().contains("Invalid"), "{}", screen.raw);
        is_online(screen, "HomeNet");
    }
}

#[test]
fn answers_typed_at_once_are_all_taken() {
    let mut screen = super::at_the_list(&Setup::default());
    screen.send("/home\rcorrect-horse-battery\r");
    screen.expect("Provisioned sim:");
    assert!(!screen.raw.contains("correct-horse"), "echoed: {}", screen.raw);
    is_online(screen, "HomeNet");
}
