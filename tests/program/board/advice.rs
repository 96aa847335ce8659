//! What is advised after a failure, by whether the board's log was to be had.

use super::{Board, LOG, provision, ran};

const REFUSES: &str = "sim:?fault=set-invalid-argument";

#[test]
fn no_hint_says_listen_where_the_log_was_heard() {
    let pop = ["--pop", "abcd1234"];
    let hints = |more: &[&str]| {
        let document = ran(&provision(REFUSES, &[&pop, more].concat())).ends_with(26).json();
        document["error"]["hints"].to_string()
    };
    assert!(hints(&[]).contains("--listen hears it"));
    let silent = Board::printing(b"");
    let heard = hints(&["--listen", &silent.path]);
    let nothing = format!("the board printed nothing on {} meanwhile", silent.path);
    assert!(heard.contains(&nothing) && !heard.contains("--listen hears it"), "{heard}");
    let talking = Board::printing(LOG);
    let heard = hints(&["--listen", &talking.path]);
    assert!(!heard.contains("printed nothing") && !heard.contains("--listen hears it"), "{heard}");
}

#[test]
fn a_silent_log_is_mentioned_where_a_join_fails() {
    let silent = Board::printing(b"");
    let failed = ran(&provision("sim:?fault=auth-failed", &["--pop", "abcd1234", "--listen", &silent.path]));
    let document = failed.ends_with(22).json();
    assert!(document["error"]["hints"].to_string().contains("the board printed nothing on"), "{document}");
}
