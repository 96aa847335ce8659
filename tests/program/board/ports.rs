//! How the port of a board is named: by option, by variable, as a console's locator that says how to open it.

use super::{Board, LOG, Ran, espctl, provision, ran, read};

const LABEL: &[u8] = b"I (9) app: NP:PROV_1|abcd1234|s\r\n";

fn with_port(port: &str, args: &[&str]) -> Ran {
    read(espctl(args).env("ESPCTL_PORT", port).output().expect("the program"))
}

fn rate(board: &Board) -> u32 {
    rustix::termios::tcgetattr(&board.far_end).expect("a mode").output_speed()
}

#[test]
fn monitor_finds_its_port_in_every_place() {
    let board = Board::printing(LOG);
    let until = ["--until", "ready"];
    ran(&[&["monitor", "--port", &board.path][..], &until].concat()).ends_with(0);
    with_port(&board.path, &[&["monitor"][..], &until].concat()).ends_with(0);
    with_port("/dev/no-such-port", &[&["monitor", &board.path][..], &until].concat()).ends_with(0);
    let twice = ran(&["monitor", &board.path, "--port", &board.path, "--json"]);
    assert_eq!(twice.ends_with(2).json()["error"]["code"], "usage.conflict");
    let absent = with_port("/dev/no-such-port", &["monitor", "--json"]).ends_with(10).json();
    assert!(absent["error"]["causes"].to_string().contains("ESPCTL_PORT"), "{absent}");
}

#[test]
fn a_locator_says_how_the_port_is_opened() {
    let board = Board::printing(LOG);
    let locator = format!("console:{}?baud=9600&reset=never", board.path);
    ran(&["monitor", &locator, "--until", "ready"]).ends_with(0);
    assert_eq!(rate(&board), 9600);
    with_port(&locator, &["monitor", "--until", "ready", "--baud", "57600"]).ends_with(0);
    assert_eq!(rate(&board), 57600, "an option wins over a variable");
    let label = Board::printing(LABEL);
    let locator = format!("CONSOLE:{}?baud=19200", label.path);
    ran(&provision("sim:?join-ms=10&apply-delay-ms=10", &["--from-serial", &locator])).ends_with(0);
    assert_eq!(rate(&label), 19200);
    ran(&provision("sim:?join-ms=10&apply-delay-ms=10", &["--pop", "abcd1234", "--listen", &locator])).ends_with(0);
}

#[test]
fn what_a_heard_port_does_not_take_is_named() {
    let board = Board::printing(LOG);
    for (query, option, code, word) in [
        ("dialect=agent", "--level=v", "usage.invalid-value", "dialect"),
        ("speed=1", "--level=v", "usage.invalid-value", "speed"),
        ("baud=fast", "--level=v", "usage.invalid-value", "fast"),
        ("baud=9600", "--baud=115200", "usage.conflict", "--baud"),
        ("reset=never", "--reset=boot", "usage.conflict", "--reset"),
        ("", "--baud=0", "usage.invalid-value", "baud"),
        ("", "--reset=always", "usage.invalid-value", "never, boot or auto"),
    ] {
        let mark = if query.is_empty() { "" } else { "?" };
        let refused = ran(&["monitor", &format!("console:{}{mark}{query}", board.path), option, "--json"]);
        let error = refused.ends_with(2).json()["error"].clone();
        assert!(error["code"] == code && error["message"].to_string().contains(word), "{query} {option}: {error}");
    }
}

/// The port that is named besides is the board's, and the label says how the device is reached.
#[test]
fn the_label_is_heard_on_the_port_that_is_named_besides() {
    let board = Board::printing(LABEL);
    let network = ["--ssid", "HomeNet", "--passphrase", "correct-horse-battery", "--json"];
    let device = [("ESPCTL_DEVICE", "sim:?join-ms=10&apply-delay-ms=10")];
    let begun = ["provision", "--from-serial"];
    let beside = [&begun[..], &["--port", &board.path], &network].concat();
    read(espctl(&beside).envs(device).output().expect("the program")).ends_with(0);
    let variable = [&begun[..], &network].concat();
    read(espctl(&variable).envs(device).env("ESPCTL_PORT", &board.path).output().expect("the program")).ends_with(0);
}
