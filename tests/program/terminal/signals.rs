//! Every question is ended by every signal, and by the end of the input, and the terminal is then as it was before.

use rustix::process::Signal;

use super::screen::{CONTROL_C, CONTROL_D, Screen};
use super::{LIST, QUICK, RETRY};
use crate::support::Sim;

/// A way to a question: the command line, and what is typed after which text. The last text is the question's.
struct Way {
    words: Vec<String>,
    typed: Vec<(&'static str, &'static str)>,
    question: &'static str,
}

fn way<const N: usize>(words: &[&str], typed: [(&'static str, &'static str); N], question: &'static str) -> Way {
    let words = ["provision"].iter().chain(words).map(|word| (*word).to_owned()).collect();
    Way { words, typed: typed.to_vec(), question }
}

/// A way to each question that a simulated device comes to. `board` is a port without a scan behind it.
fn ways(board: &str) -> Vec<Way> {
    const WRONG: [&str; 4] = ["--ssid", "HomeNet", "--passphrase", "not-the-right-one"];
    let known = ["--device", QUICK, "--pop", "abcd1234"];
    let with = |more: &[&'static str]| [&known[..], more].concat();
    let user = format!("{QUICK}&sec-ver=2&username=somebody");
    let hotspot = ["--transport", "softap", "--device-name", "PROV_d76c30", "--timeout", "5"];
    vec![
        way(&known, [], LIST),
        way(&known, [(LIST, "o")], "Network name (SSID); empty to go back:"),
        way(&["--port", board], [], "Network name (SSID):"),
        way(&with(&["--plain"]), [], "Select a network (0 rescans, o other):"),
        way(&["--device", QUICK], [], "Proof of possession (PoP)"),
        way(&["--device", &user, "--sec2-username", "somebody"], [], "Password of user somebody:"),
        way(&with(&["--ssid", "HomeNet"]), [], "Passphrase for HomeNet:"),
        way(&with(&["--ssid", "HomeNet", "--plain"]), [], "Passphrase for HomeNet:"),
        way(&with(&["--ssid", "HomeNet"]), [("Passphrase for HomeNet:", "\r")], "an open network? [y/N]:"),
        way(&with(&WRONG), [], RETRY),
        way(&with(&WRONG), [(RETRY, "y\r")], "Passphrase for HomeNet:"),
        way(&with(&[&WRONG[..], &["--plain"]].concat()), [], RETRY),
        way(&["--device", "sim:?thread&join-ms=50", "--pop", "abcd1234"], [], "Thread operational dataset, in hex:"),
        way(&hotspot, [], "press Enter to continue..."),
    ]
}

/// Goes each way and ends the question by `end`; the exit status has to be `status`.
#[track_caller]
fn every_question_ends(status: i32, end: impl Fn(&mut Screen)) {
    let board = Sim::on_a_cable(&["--dialect", "agent"]);
    for way in ways(board.port()) {
        let words: Vec<_> = way.words.iter().map(String::as_str).collect();
        let mut screen = Screen::start(&words);
        for (text, keys) in &way.typed {
            screen.expect(text);
            screen.until_it_reads_keys();
            screen.send(keys);
        }
        screen.expect(way.question);
        let reads_lines = words.contains(&"--plain") && !way.question.starts_with("Passphrase");
        if !reads_lines {
            screen.until_it_reads_keys();
        }
        end(&mut screen);
        // After a failed join, the end of the input ends the run with what the join failed with.
        let failed = status == 2 && words.contains(&"not-the-right-one");
        assert_eq!(screen.finish(), if failed { 22 } else { status }, "{words:?}: {}", screen.contents());
        assert!(screen.is_restored(), "{words:?}: {}", screen.contents());
        assert!(screen.contents().contains("\nerror: "), "not on a line of its own: {}", screen.contents());
    }
}

#[test]
fn every_question_is_ended_by_control_c() {
    every_question_ends(130, |screen| screen.send(CONTROL_C));
}

#[test]
fn every_question_is_ended_by_an_interrupt_from_elsewhere() {
    every_question_ends(130, |screen| screen.signal(Signal::INT));
}

#[test]
fn every_question_is_ended_by_a_request_to_terminate() {
    every_question_ends(130, |screen| screen.signal(Signal::TERM));
}

#[test]
fn every_question_is_ended_by_a_hangup() {
    every_question_ends(130, |screen| screen.signal(Signal::HUP));
}

#[test]
fn every_question_is_ended_by_the_end_of_the_input() {
    every_question_ends(2, |screen| screen.send(CONTROL_D));
}
