//! What is advised after a failure, by whether the board's log was to be had.

use std::time::Duration;

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

/// Over SoftAP the link often breaks before the device can say that it has joined.
#[test]
fn the_boards_log_confirms_a_join_that_the_device_could_not() {
    let device = "sim:?sec-ver=1&fault=drop-after-apply&apply-delay-ms=10";
    for (log, outcome, status) in [
        (
            &b"I (8) wifi:connected with HomeNet, aid = 1\r\nI (9) esp_netif_handlers: sta ip: 10.0.0.7, mask\r\n"[..],
            "online",
            0,
        ),
        (b"I (9) esp_netif_handlers: sta ip: 10.0.0.7, mask\r\n", "online", 0),
        (
            b"I (8) wifi:connected with Other, aid = 1\r\nI (9) esp_netif_handlers: sta ip: 10.0.0.7, mask\r\n",
            "applied",
            25,
        ),
        (b"I (9) wifi_prov_mgr: STA Got IP\r\n", "applied", 25),
    ] {
        let board = Board::printing_each(log, Duration::from_millis(200));
        let ended = ran(&provision(device, &["--pop", "abcd1234", "--listen", &board.path]));
        let document = ended.ends_with(status).json();
        assert_eq!(document["outcome"], outcome, "{document}");
        assert_eq!(document["network"]["ip"] == "10.0.0.7", outcome == "online", "{document}");
    }
}
