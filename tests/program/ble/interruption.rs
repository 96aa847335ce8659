//! Runs that are ended from outside: nothing is left up, and where nothing could be done about it, the next run copes.

use std::time::Duration;

use rustix::process::Signal;

use crate::ble::run::{Running, online, provision, provisioning};
use crate::bluez::{At, Bluez, Does, Fault, Nearby};

const NAME: &str = "PROV_d76c30";
const BY_NAME: [&str; 2] = ["--device-name", NAME];

/// Where a run is when it is ended.
struct Moment {
    name: &'static str,
    device: fn() -> Nearby,
    reached: fn(&Bluez) -> bool,
}

fn esp() -> Nearby {
    Nearby::esp(NAME, &[("sec-ver", "1")])
}

/// The version has been asked for, and the handshake's first message is on its way.
fn in_the_handshake(bluez: &Bluez) -> bool {
    bluez.count("WriteValue") == 2
}

const MOMENTS: [Moment; 5] = [
    Moment {
        name: "while it scans",
        device: || esp().heard_after(Duration::from_hours(1)),
        reached: Bluez::is_scanning,
    },
    Moment {
        name: "while it connects",
        device: || esp().fault(Fault::always(At::Connect, Does::Hang)),
        reached: Bluez::is_connecting,
    },
    Moment {
        name: "while services resolve",
        device: || esp().fault(Fault::always(At::Resolve, Does::Hang)),
        reached: |bluez| !bluez.links().is_empty(),
    },
    Moment {
        name: "in an exchange",
        device: || esp().fault(Fault::always(At::write("prov-session"), Does::Hang)),
        reached: in_the_handshake,
    },
    Moment {
        name: "while the device joins",
        device: || Nearby::esp(NAME, &[("sec-ver", "1"), ("fault", "connecting-forever")]),
        reached: |bluez| bluez.wrote().iter().filter(|wrote| wrote.endpoint == "prov-config").count() > 3,
    },
];

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    for signal in [Signal::INT, Signal::TERM] {
        for moment in &MOMENTS {
            let bluez = Bluez::with([(moment.device)()]);
            let run = Running::start(&bluez, &provisioning(&BY_NAME, &[]));
            bluez.until(moment.name, moment.reached);
            run.signal(signal);
            let ran = run.finish();
            assert_eq!(ran.status, 130, "{} {signal:?}: {ran:?}", moment.name);
            bluez.assert_clean();
        }
    }
}

#[test]
fn the_run_after_one_that_was_killed_goes_through() {
    for moment in &MOMENTS {
        let bluez = Bluez::with([(moment.device)(), Nearby::esp("PROV_next", &[("sec-ver", "1")])]);
        let run = Running::start(&bluez, &provisioning(&BY_NAME, &[]));
        bluez.until(moment.name, moment.reached);
        run.kill();
        bluez.until("the client goes", |bluez| bluez.clients() == 0);
        let ran = Running::start(&bluez, &provisioning(&["--device-name", "PROV_next"], &[])).finish();
        online(&ran);
    }
    // And of the very device whose link was left up.
    let bluez = Bluez::with([esp().fault(Fault::once(At::write("prov-session"), Does::Hang))]);
    let run = Running::start(&bluez, &provisioning(&BY_NAME, &[]));
    // It is this run that the fault strikes.
    bluez.until("the handshake", in_the_handshake);
    run.kill();
    bluez.until("the client goes", |bluez| bluez.clients() == 0);
    assert_eq!(bluez.links().len(), 1, "nobody could end the link");
    let before = (bluez.left_up(), bluez.abandoned_scans());
    online(&Running::start(&bluez, &provisioning(&BY_NAME, &[])).finish());
    bluez.until("the client goes", |bluez| bluez.clients() == 0);
    bluez.until("the link ends", |bluez| bluez.links().is_empty());
    assert_eq!((bluez.left_up(), bluez.abandoned_scans()), before);
}

#[test]
fn a_deadline_leaves_nothing_behind() {
    let bluez = Bluez::with([esp().fault(Fault::always(At::Connect, Does::Hang))]);
    let ran = provision(&bluez, &BY_NAME, &["--timeout", "3"]);
    assert!([12, 124].contains(&ran.status), "{ran:?}");
}
