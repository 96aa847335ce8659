//! What goes wrong between this computer and a device: a table of faults, what each must come to, and what it must not
//! leave behind.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use espctl::sim::gatt::Stack;
use espctl::wire::gatt;
use uuid::Uuid;

use crate::ble::run::{failed, online, provision};
use crate::bluez::{At, Bluez, Characteristic, Does, Fault, Nearby, Table};
use crate::support::Ran;

const NAME: &str = "PROV_d76c30";
/// A service that no provisioning device has.
const IMPROV: Uuid = Uuid::from_u128(0x0046_7768_6228_2272_4663_2774_7826_8000);
/// How many rows are run at once for each processor: many wait for a limit of time, and the others must not make the
/// program miss one.
const AT_ONCE: usize = 2;

/// One fault, and what must come of it.
struct Row {
    name: &'static str,
    device: fn() -> Nearby,
    comes_to: End,
}

/// How a run ends.
enum End {
    /// Online.
    Online,
    /// Online, after so many tries to connect, each failed one of which was told of.
    Retried(usize),
    /// The credentials are applied, nothing more is known.
    Applied,
    /// Code, stage, exit status, a telling word.
    Failed(&'static str, &'static str, i32, &'static str),
}

use End::{Applied, Failed, Online, Retried};

fn esp() -> Nearby {
    Nearby::esp(NAME, &[("sec-ver", "1")])
}

fn with(fault: Fault) -> Nearby {
    esp().fault(fault)
}

const ABORT: Does = Does::Refuse("org.bluez.Error.Failed", "le-connection-abort-by-local");
const IN_PROGRESS: Does = Does::Refuse("org.bluez.Error.InProgress", "In Progress");

const ROWS: &[Row] = &[
    Row {
        name: "two connects are aborted",
        device: || with(Fault::times(At::Connect, 2, ABORT)),
        comes_to: Retried(3),
    },
    Row {
        name: "every connect is aborted",
        device: || with(Fault::always(At::Connect, ABORT)),
        comes_to: Failed("ble.connect-failed", "connect", 12, "le-connection-abort-by-local"),
    },
    Row { name: "a connect hangs once", device: || with(Fault::once(At::Connect, Does::Hang)), comes_to: Retried(2) },
    Row {
        name: "every connect hangs",
        device: || with(Fault::always(At::Connect, Does::Hang)),
        comes_to: Failed("ble.connect-failed", "connect", 12, NAME),
    },
    Row {
        name: "bluetoothd is busy connecting",
        device: || with(Fault::once(At::Connect, IN_PROGRESS)),
        comes_to: Retried(2),
    },
    Row {
        name: "services never resolve",
        device: || with(Fault::always(At::Resolve, Does::Hang)),
        comes_to: Failed("ble.services-unresolved", "connect", 12, NAME),
    },
    Row {
        name: "services do not resolve once",
        device: || with(Fault::once(At::Resolve, Does::Hang)),
        comes_to: Retried(2),
    },
    Row {
        name: "services resolve late",
        device: || with(Fault::always(At::Resolve, Does::Late(Duration::from_secs(3)))),
        comes_to: Online,
    },
    Row {
        name: "the link is lost while services resolve",
        device: || with(Fault::once(At::Resolve, Does::LoseLink)),
        comes_to: Retried(2),
    },
    Row {
        name: "the link is lost whenever services resolve",
        device: || with(Fault::always(At::Resolve, Does::LoseLink)),
        comes_to: Failed("ble.connect-failed", "connect", 12, NAME),
    },
    Row {
        name: "signals come in a storm",
        device: || with(Fault::always(At::Resolve, Does::Storm(200))),
        comes_to: Online,
    },
    Row {
        name: "signals come in a storm during a request",
        device: || with(Fault::always(At::write("prov-config"), Does::Storm(200))),
        comes_to: Online,
    },
    Row {
        name: "the link is lost while endpoints are named",
        device: || with(Fault::once(At::Describe, Does::LoseLink)),
        comes_to: Retried(2),
    },
    Row {
        name: "the link is lost at the version",
        device: || with(Fault::always(At::write("proto-ver"), Does::LoseLink)),
        comes_to: Failed("link.lost", "identify", 12, NAME),
    },
    Row {
        name: "the version is refused",
        device: || with(Fault::always(At::write("proto-ver"), Does::Att(0x80))),
        comes_to: Failed("ble.not-provisioning", "identify", 10, "0x80"),
    },
    Row {
        name: "the link is lost at the first message of the handshake",
        // Some firmware ends the link before its refusal is out.
        device: || with(Fault::always(At::write("prov-session"), Does::LoseLink)),
        comes_to: Failed("security.mismatch", "secure", 20, NAME),
    },
    Row {
        name: "the link is lost at the second message of the handshake",
        device: || with(Fault::nth(At::write("prov-session"), 2, Does::LoseLink)),
        comes_to: Failed("security.proof-rejected", "secure", 21, NAME),
    },
    Row {
        name: "the link is lost once in a request that can be repeated",
        device: || with(Fault::once(At::write("prov-config"), Does::LoseLink)),
        comes_to: Online,
    },
    Row {
        name: "the answer to a request that can be repeated is lost",
        device: || with(Fault::once(At::read("prov-config"), Does::LoseLink)),
        comes_to: Online,
    },
    Row {
        name: "the link is lost before the credentials are applied",
        device: || with(Fault::nth(At::write("prov-config"), 2, Does::LoseLink)),
        comes_to: Online,
    },
    Row {
        name: "the link is lost once the credentials are applied",
        device: || with(Fault::nth(At::write("prov-config"), 2, Does::LoseLinkAfter)),
        comes_to: Online,
    },
    Row {
        name: "the link is lost in every poll",
        device: || Nearby::esp(NAME, &[("sec-ver", "1"), ("fault", "drop-before-connected"), ("join-ms", "300")]),
        comes_to: Applied,
    },
    Row {
        name: "a request is refused with an ATT error",
        device: || with(Fault::always(At::write("prov-config"), Does::Att(0x80))),
        comes_to: Failed("session.lost", "configure", 26, "0x80"),
    },
    Row {
        name: "the version is empty",
        device: || with(Fault::always(At::read("proto-ver"), Does::Say(Vec::new()))),
        // Firmware from before the version document has as little to say.
        comes_to: Online,
    },
    Row {
        name: "the version is longer than any attribute",
        device: || with(Fault::always(At::read("proto-ver"), Does::Say(vec![b' '; 100_000]))),
        comes_to: Failed("link.not-a-device", "identify", 10, "512"),
    },
    Row {
        name: "an answer of the handshake is noise",
        device: || with(Fault::always(At::read("prov-session"), Does::Say(vec![0xff; 64]))),
        comes_to: Failed("security.handshake-failed", "secure", 20, "handshake message 1"),
    },
    Row {
        name: "an answer of the handshake is empty",
        device: || with(Fault::always(At::read("prov-session"), Does::Say(Vec::new()))),
        comes_to: Failed("security.handshake-failed", "secure", 20, "handshake message 1"),
    },
    Row {
        name: "a handshake is never answered",
        device: || with(Fault::always(At::write("prov-session"), Does::Hang)),
        comes_to: Failed("deadline.step", "secure", 124, "no answer"),
    },
    Row {
        name: "the adapter is switched off during a connect",
        device: || with(Fault::always(At::Connect, Does::PowerOff)),
        comes_to: Failed("ble.adapter-off", "connect", 12, "hci0"),
    },
    Row {
        name: "the adapter is switched off while services resolve",
        device: || with(Fault::always(At::Resolve, Does::PowerOff)),
        comes_to: Failed("ble.adapter-off", "connect", 12, "hci0"),
    },
    Row {
        name: "the adapter is switched off during the handshake",
        device: || with(Fault::always(At::write("prov-session"), Does::PowerOff)),
        comes_to: Failed("ble.adapter-off", "secure", 12, "hci0"),
    },
    Row {
        name: "bluetoothd ends during a connect",
        device: || with(Fault::always(At::Connect, Does::Die)),
        comes_to: Failed("ble.no-bluetoothd", "connect", 12, "bluetoothd"),
    },
    Row {
        name: "bluetoothd ends during the handshake",
        device: || with(Fault::always(At::write("prov-session"), Does::Die)),
        comes_to: Failed("ble.no-bluetoothd", "secure", 12, "bluetoothd"),
    },
    Row {
        name: "a disconnect takes its time",
        device: || with(Fault::always(At::Disconnect, Does::Late(Duration::from_secs(2)))),
        comes_to: Online,
    },
    Row { name: "a table is out of date", device: || esp().remembered_otherwise(), comes_to: Online },
    Row { name: "a run that was killed has left the device linked", device: || esp().linked(), comes_to: Online },
    Row {
        name: "Bluedroid refuses the handshake and ends the link",
        device: || {
            let wrong = [("sec-ver", "1"), ("pop", "another")];
            Nearby::esp_on(Stack::Bluedroid, None, NAME, &wrong)
        },
        comes_to: Failed("security.proof-rejected", "secure", 21, "PoP"),
    },
];

#[test]
fn each_fault_comes_to_its_end_and_leaves_nothing_behind() {
    let next = Mutex::new(ROWS.iter());
    let failed = Mutex::new(Vec::new());
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE * processors {
            scope.spawn(|| {
                loop {
                    let row = next.lock().expect("nobody panics with it").next();
                    let Some(row) = row else { return };
                    // A panic is a row that failed; the others go on.
                    if thread::scope(|alone| alone.spawn(|| check(row)).join()).is_err() {
                        failed.lock().expect("nobody panics with it").push(row.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("nobody panics with it");
    assert!(failed.is_empty(), "{} of {} rows failed: {failed:#?}", failed.len(), ROWS.len());
}

fn check(row: &Row) {
    let bluez = Bluez::with([(row.device)()]);
    eprintln!("row: {}", row.name);
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    match row.comes_to {
        Online => drop(online(&ran)),
        Retried(tries) => {
            online(&ran);
            let told = ran.stderr.lines().filter(|line| line.contains("try ")).count();
            assert_eq!(bluez.count("Connect"), tries, "{}: {:?}", row.name, bluez.members());
            assert_eq!(told, tries - 1, "{}: {ran:?}", row.name);
        }
        Applied => unconfirmed(&ran),
        Failed(code, stage, exit, says) => failed(&ran, code, stage, exit, says),
    }
}

fn unconfirmed(ran: &Ran) {
    assert_eq!((ran.status, ran.json()["outcome"].as_str()), (25, Some("applied")), "{ran:?}");
}

#[test]
fn an_adapter_that_was_switched_off_is_not_switched_on_again() {
    let bluez = Bluez::with([with(Fault::always(At::write("prov-config"), Does::PowerOff))]);
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    failed(&ran, "ble.adapter-off", "configure", 12, "hci0");
    assert!(!bluez.is_on(0), "{:?}", bluez.members());
}

#[test]
fn bluetoothds_words_are_shown_escaped_and_cut() {
    let words = Does::Refuse("org.bluez.Error.Failed", concat!("\u{1b}[2J", "\u{202e}", "no\nhint: yes"));
    let bluez = Bluez::with([with(Fault::always(At::Connect, words))]);
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    failed(&ran, "ble.connect-failed", "connect", 12, "no");
    let forged = ran.stderr.lines().any(|line| line.starts_with("hint: yes"));
    assert!(!forged && !ran.stderr.contains(['\u{1b}', '\u{202e}']), "{ran:?}");
}

#[test]
fn a_device_that_offers_very_much() {
    let name = |number: u16| match number % 3 {
        0 => vec![0x1b; 512],
        1 => b"prov-session".to_vec(),
        _ => vec![b'x'; 100],
    };
    let characteristic = |number: u16| Characteristic {
        uuid: gatt::characteristic(gatt::SERVICE_OF_MANAGER, number),
        name: String::new(),
        description: Some(name(number)),
    };
    let bluez = Bluez::with([Nearby::offering(NAME, Table::of(IMPROV, (0..300).map(characteristic).collect()))]);
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    assert_ne!(ran.status, 0, "{ran:?}");
    assert!(ran.stderr.len() < 4000 && !ran.stderr.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn a_device_that_was_linked_is_released_and_taken_anew() {
    let bluez = Bluez::with([esp().linked()]);
    online(&provision(&bluez, &["--device-name", NAME], &[]));
    let members = bluez.members();
    let first = |member: &str| members.iter().position(|own| own == member);
    assert!(first("Disconnect") < first("Connect"), "{members:?}");
}

#[test]
fn an_outdated_table_goes_with_the_device_and_once_only() {
    let bluez = Bluez::with([esp().remembered_otherwise()]);
    online(&provision(&bluez, &["--device-name", NAME], &[]));
    assert_eq!(bluez.removed(), [bluez.address_of(0)]);

    // A device that has no provisioning is not removed again and again.
    let bluez = Bluez::with([Nearby::other(Some(NAME), &[])]);
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    failed(&ran, "ble.not-provisioning", "connect", 10, NAME);
    assert!(bluez.removed().len() <= 1, "{:?}", bluez.removed());
}

#[test]
fn a_disconnect_that_is_never_answered_does_not_hold_up_the_end() {
    let bluez = Bluez::with([with(Fault::always(At::Disconnect, Does::Hang))]);
    let words = crate::ble::run::provisioning(&["--device-name", NAME], &[]);
    online(&crate::ble::run::Running::start(&bluez, &words).finish());
}

#[test]
fn a_scan_whose_start_is_never_answered_is_used_and_ends() {
    let bluez = Bluez::with([esp()]);
    bluez.has_a_rival();
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    online(&ran);
    assert_eq!(bluez.count("StopDiscovery"), 1, "{:?}", bluez.members());
    assert!(!bluez.is_scanning());
}

#[test]
fn a_scan_that_another_program_stopped_is_started_again() {
    let bluez = Bluez::with([esp().heard_after(Duration::from_secs(5))]);
    let running =
        crate::ble::run::Running::start(&bluez, &crate::ble::run::provisioning(&["--device-name", NAME], &[]));
    bluez.until("it scans", Bluez::is_scanning);
    bluez.stops_scanning(0);
    online(&running.finish());
    assert!(bluez.count("StartDiscovery") >= 2, "{:?}", bluez.members());
    bluez.assert_clean();
}

#[test]
fn a_scan_that_the_kernel_refuses_to_start_is_tried_again() {
    let bluez = Bluez::with([esp()]);
    bluez.refuses_scans(2);
    online(&provision(&bluez, &["--device-name", NAME], &[]));
    assert!(bluez.count("StartDiscovery") >= 3, "{:?}", bluez.members());

    let bluez = Bluez::with([esp()]);
    bluez.refuses_scans(u32::MAX);
    failed(&provision(&bluez, &["--device-name", NAME], &[]), "ble.stack", "connect", 12, "in progress");
}

#[test]
fn the_librarys_panics_are_not_shown() {
    // Its streams panic where their match rule is gone when they are dropped, which happens by a race in any connect.
    let bluez = Bluez::with([esp()]);
    bluez.loses_match_rules();
    let ran = provision(&bluez, &["--device-name", NAME], &[]);
    online(&ran);
    assert!(!ran.stderr.contains("bluez-async") && !ran.stderr.contains("No match"), "{ran:?}");
}
