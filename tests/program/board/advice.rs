//! What is advised after a failure, by whether the board's log was to be had.

use super::{Board, LOG, provision, ran};

const REFUSES: &str = "sim:?fault=set-invalid-argument";

#[test]
fn nobody_who_listens_is_told_to_listen() {
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
fn whoever_listens_in_vain_is_told_so_where_a_join_fails() {
    let silent = Board::printing(b"");
    let failed = ran(&provision("sim:?fault=auth-failed", &["--pop", "abcd1234", "--listen", &silent.path]));
    let document = failed.ends_with(22).json();
    assert!(document["error"]["hints"].to_string().contains("the board printed nothing on"), "{document}");
}
