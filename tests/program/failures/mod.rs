//! Every fault and every bad input through the built binary: a table of command lines, each with the code, the stage,
//! the exit status and a word of explanation that must come of it, and a limit of time that makes a hang a failure.
//!
//! What is inside the limits of a single step (a device that joins for ever) is in `flow.rs`, on a paused clock.

mod case;
mod device;
mod faults;
mod faults_http;
mod input;
mod label;
mod output;
mod peer;
mod ports;
mod run;
mod stories;
mod strangers;
mod stuck;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use case::Case;
use espctl::code::Code;
use espctl::sim::Fault;

/// Most rows wait for a limit of time, so there are more of them at once than there are processors.
const AT_ONCE: usize = 20;

const BLUETOOTH: &str = "takes a Bluetooth stack: tests/program/ble";

const BACK_END: &str = "takes a server, and no command asks one yet: tests/library/backend";

const ACCOUNT: &str = "takes a folder of the account, and most a server: tests/program/account";

/// Codes that no row reaches, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("internal.unexpected", "a defect of the program by definition"),
    ("link.permission", "takes a firewall; src/error maps it from the operating system's word"),
    ("security.locked-out", "takes a person who tries another PoP: flow.rs"),
    ("wifi.enterprise", "takes a person who chooses such a network: flow.rs"),
    ("config.invalid", "takes a settings file: tests/program/config.rs"),
    ("output.write-failed", "there is no document on a full standard output: output.rs"),
    ("run.interrupted", "takes a signal: output.rs"),
    ("port.permission", "root may open any port: src/transport/serial"),
    ("port.busy", "takes another program: src/transport/serial"),
    ("port.unusable", "takes what is a file and no port: tests/program/console"),
    ("port.several", "takes several boards: src/transport/serial"),
    ("port.no-board", "depends on the computer's ports: src/transport/serial"),
    ("console.silent", "takes a board on a port: tests/program/console"),
    ("console.garbage", "takes a board on a port: tests/program/console"),
    ("console.no-prompt", "takes a board on a port: tests/program/console"),
    ("console.boot-loop", "takes a board on a port: tests/program/console"),
    ("console.restarted", "takes a board on a port: tests/program/console"),
    ("console.flooded", "takes a board on a port: tests/program/console"),
    ("console.not-agent", "takes a board on a port: tests/program/rainmaker_console.rs"),
    ("console.not-provisioning", "takes a board on a port: tests/program/console"),
    ("security.does-not-fit", "takes a board on a port: tests/program/console"),
    ("ble.not-found", BLUETOOTH),
    ("ble.several", BLUETOOTH),
    ("ble.adapter-absent", BLUETOOTH),
    ("ble.adapter-off", BLUETOOTH),
    ("ble.several-adapters", BLUETOOTH),
    ("ble.no-bus", BLUETOOTH),
    ("ble.no-bluetoothd", BLUETOOTH),
    ("ble.permission", BLUETOOTH),
    ("ble.busy", BLUETOOTH),
    ("ble.connect-failed", BLUETOOTH),
    ("ble.services-unresolved", BLUETOOTH),
    ("ble.pairing-failed", BLUETOOTH),
    ("ble.not-provisioning", BLUETOOTH),
    ("ble.stack", BLUETOOTH),
    ("ble.no-peripheral", "takes an adapter: tests/program/sim_ble"),
    ("ble.advertising-refused", "takes an adapter: tests/program/sim_ble"),
    ("association.unconfirmed", "no command waits for a confirmation yet: src/backend/contract.rs"),
    ("backend.misconfigured", BACK_END),
    ("backend.login-needed", BACK_END),
    ("backend.foreign-record", BACK_END),
    ("backend.unreachable", BACK_END),
    ("backend.tls", BACK_END),
    ("backend.refused", BACK_END),
    ("backend.conflict", "no command registers a device yet: src/backend/contract.rs"),
    ("backend.unavailable", BACK_END),
    ("backend.bad-reply", BACK_END),
    ("account.unknown-profile", ACCOUNT),
    ("account.not-logged-in", ACCOUNT),
    ("account.login-expired", ACCOUNT),
    ("account.password-rejected", ACCOUNT),
    ("account.code-rejected", ACCOUNT),
    ("account.files-damaged", ACCOUNT),
    ("account.files-unusable", ACCOUNT),
    ("board.port-lost", "takes a board on a port: tests/program/board"),
    ("board.silent", "takes a board on a port: tests/program/board"),
    ("board.garbled", "takes a board on a port: tests/program/board"),
    ("board.no-payload", "takes a board on a port: tests/program/board"),
    ("board.crashed", "takes a board on a port: tests/program/board"),
    ("monitor.no-match", "takes a board on a port: tests/program/board"),
];

fn table() -> Vec<&'static Case> {
    let parts =
        [faults::CASES, faults_http::CASES, input::CASES, label::CASES, ports::CASES, device::CASES, strangers::CASES];
    parts.into_iter().flatten().collect()
}

#[test]
fn every_row_ends_as_the_table_says() {
    let files = input::files();
    let rows = table();
    let next = Mutex::new(rows.iter());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().expect("no row panics").next() else { return };
                    if let Err(why) = check(case, files.path()) {
                        failed.lock().expect("no row panics").push(format!("{}: {why}", case.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no row panics");
    assert!(failed.is_empty(), "{} of {} rows:\n  {}", failed.len(), rows.len(), failed.join("\n  "));
}

fn check(case: &Case, files: &Path) -> Result<(), String> {
    run::check(case, files)
}

#[test]
fn rows_have_names_of_their_own() {
    let names: HashSet<_> = table().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), table().len());
}

#[test]
fn every_fault_is_in_the_table() {
    let covered: HashSet<_> = table().iter().flat_map(|case| case.faults()).collect();
    let missing: Vec<_> = Fault::all().iter().map(|info| info.name).filter(|name| !covered.contains(name)).collect();
    assert!(missing.is_empty(), "no row has {missing:?}");
}

#[test]
fn every_code_is_reached_or_excused() {
    let reached: HashSet<_> = table().iter().filter_map(|case| case.code()).collect();
    let excused: HashSet<_> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    for code in Code::ALL.iter().map(|code| code.word()) {
        assert!(reached.contains(code) != excused.contains(code), "{code}: reached {}", reached.contains(code));
    }
}

/// A picture of a few kilobytes that is decoded to the most that is taken. No child of these tests may use more.
#[cfg(unix)]
#[test]
fn a_small_file_of_a_large_picture_is_read_in_bounded_memory() {
    use nix::sys::resource::{UsageWho, getrusage};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.png");
    image::RgbImage::new(8000, 4000).save(&path).expect("a picture");
    assert!(fs::metadata(&path).expect("a picture").len() < 1 << 20, "it is small");
    let ran = crate::support::run(["info", "--qrcode", path.to_str().expect("a plain path"), "--json"]);
    assert_eq!(ran.json()["error"]["code"], "qr.no-code", "{ran:?}");
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN).expect("figures").max_rss();
    assert!(kibibytes < 200 << 10, "{kibibytes} KiB");
}
