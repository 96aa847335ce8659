//! Signals at any moment around a question: the terminal is given back.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::screen::{Screen, Setup};
use super::{LIST, QUICK};

/// At a time, and all together.
const TOGETHER: usize = 10;
const SIGNALS: usize = 300;

/// One run that a signal ends: as its question appears, or while it handles keys.
fn ended_by_a_signal(number: usize) -> Result<(), String> {
    let line: &[&str] = match number % 3 {
        0 => &["provision", "--device", QUICK],
        1 => &["provision", "--device", QUICK, "--pop", "abcd1234"],
        _ => &["provision", "--device", QUICK, "--pop", "abcd1234", "--ssid", "HomeNet"],
    };
    let question = ["Proof of possession", LIST, "Passphrase for HomeNet:"][number % 3];
    let mut screen = Screen::start_on(&Setup::default(), line);
    if number.is_multiple_of(2) {
        // The moment differs from run to run, from just before the question to just after it.
        screen.until("a first line", |contents| !contents.trim().is_empty());
        thread::sleep(Duration::from_micros(number as u64 * 97 % 9000));
    } else {
        screen.expect(question);
        screen.send("abc\x1b[A");
        thread::sleep(Duration::from_micros(number as u64 * 61 % 1500));
    }
    screen.signal([Signal::INT, Signal::TERM, Signal::HUP][number % 7 % 3]);
    let status = screen.finish();
    if status == 130 && screen.is_restored() {
        return Ok(());
    }
    Err(format!("{number}: status {status}, restored {}:\n{}", screen.is_restored(), screen.contents()))
}

#[test]
fn three_hundred_signals_at_questions_leave_no_terminal_raw() {
    let failed: Vec<_> = thread::scope(|scope| {
        let worker = |first| move || (first..SIGNALS).step_by(TOGETHER).map(ended_by_a_signal).collect::<Vec<_>>();
        let workers: Vec<_> = (0..TOGETHER).map(|first| scope.spawn(worker(first))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).filter_map(Result::err).collect()
    });
    assert!(failed.is_empty(), "{} of {SIGNALS}:\n{}", failed.len(), failed.join("\n"));
}
