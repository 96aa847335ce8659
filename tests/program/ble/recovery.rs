//! What passes by itself while a run goes on: an adapter that is switched off and on, bluetoothd that is started again,
//! other programs in the way. And what is told where it does not pass.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::ble::run::{Running, failed, online, provision, provisioning};
use crate::bluez::{At, Bluez, Daemon, Does, Fault, Nearby, Radio};
use crate::support::Ran;

const NAME: &str = "PROV_d76c30";
const BY_NAME: [&str; 2] = ["--device-name", NAME];
/// How long what had gone stays away.
const AWAY: Duration = Duration::from_millis(1500);

fn esp() -> Nearby {
    Nearby::esp(NAME, &[("sec-ver", "1")])
}

/// Something that happens around a run.
type Event = fn(&Bluez);

/// A run in which something goes, which is so then, and comes back a while later.
fn through(bluez: &Bluez, gone: fn(&Bluez) -> bool, back: Event) -> Ran {
    let run = Running::start(bluez, &provisioning(&BY_NAME, &[]));
    bluez.until("it goes", gone);
    thread::sleep(AWAY);
    back(bluez);
    run.finish()
}

/// Points of a run at which something strikes: an occasion, and which of them.
fn points() -> [(At, u32); 6] {
    let write = |endpoint, nth| (At::write(endpoint), nth);
    let exchanges =
        [write("proto-ver", 1), write("prov-session", 1), write("prov-session", 2), write("prov-config", 1)];
    let [version, first, second, credentials] = exchanges;
    [(At::Connect, 1), (At::Resolve, 1), version, first, second, credentials]
}

#[test]
fn an_adapter_that_is_switched_off_and_on_again_is_waited_for() {
    for (at, nth) in points() {
        let bluez = Bluez::with([esp().fault(Fault::nth(at.clone(), nth, Does::PowerOff))]);
        let ran = through(&bluez, |bluez| !bluez.is_on(0), |bluez| bluez.switch(0, true));
        online(&ran);
        assert!(ran.stderr.contains("waiting for that to pass"), "{at:?}: {ran:?}");
        bluez.assert_clean();
    }
}

#[test]
fn bluetoothd_that_is_started_again_is_waited_for() {
    for (at, nth) in points() {
        let bluez = Bluez::with([esp().fault(Fault::nth(at.clone(), nth, Does::Die))]);
        let ran = through(&bluez, |bluez| !bluez.is_running(), Bluez::revive);
        online(&ran);
        assert!(ran.stderr.contains("waiting for that to pass"), "{at:?}: {ran:?}");
    }
}

#[test]
fn a_search_outlives_what_passes() {
    let goes: [(Event, Event); 3] = [
        (|bluez| bluez.switch(0, false), |bluez| bluez.switch(0, true)),
        (|bluez| bluez.unplug(0), |bluez| bluez.plug_in(0)),
        (Bluez::die, Bluez::revive),
    ];
    for (go, back) in goes {
        let bluez = Bluez::with([]);
        let run = Running::start(&bluez, &provisioning(&BY_NAME, &[]));
        bluez.until("it scans", Bluez::is_scanning);
        go(&bluez);
        run.until("it waits", |said| said.contains("waiting for that to pass"));
        back(&bluez);
        bluez.add(esp());
        online(&run.finish());
        bluez.assert_clean();
    }
}

#[test]
fn an_adapter_that_is_off_is_looked_at_again_before_that_is_believed() {
    let bluez = Bluez::start(Daemon::Running, &[Radio::OFF], [esp()]);
    let run = Running::start(&bluez, &provisioning(&BY_NAME, &[]));
    bluez.until("it looks", |bluez| bluez.count("GetManagedObjects") >= 2);
    bluez.switch(0, true);
    online(&run.finish());

    // One that is off for a moment in the middle of a scan is not even told of.
    let bluez = Bluez::with([]);
    let run = Running::start(&bluez, &provisioning(&BY_NAME, &[]));
    bluez.until("it scans", Bluez::is_scanning);
    bluez.switch(0, false);
    bluez.switch(0, true);
    bluez.add(esp());
    let ran = run.finish();
    online(&ran);
    assert!(!ran.stderr.contains("is off"), "{ran:?}");
}

#[test]
fn another_programs_operation_is_waited_for() {
    let busy = Does::Refuse("org.bluez.Error.InProgress", "Operation already in progress");
    let bluez = Bluez::with([esp().fault(Fault::times(At::Connect, 6, busy))]);
    online(&provision(&bluez, &BY_NAME, &[]));
    let bluez = Bluez::with([esp()]);
    bluez.refuses_scans(7);
    online(&provision(&bluez, &BY_NAME, &[]));
}

#[test]
fn another_programs_pattern_hides_nothing() {
    let bluez = Bluez::with([esp()]);
    bluez.another_scans_for("Nobody");
    online(&Running::start(&bluez, &provisioning(&BY_NAME, &[])).finish());
}

#[test]
fn an_adapter_that_was_pulled_is_named_with_those_that_are_left() {
    let bluez = Bluez::start(Daemon::Running, &[Radio::ON, Radio::ON], []);
    let run = Running::start(&bluez, &provisioning(&BY_NAME, &["--adapter", "hci1"]));
    bluez.until("it scans", Bluez::is_scanning);
    bluez.unplug(1);
    let ran = run.finish();
    for says in ["hci1 has gone", "this computer still has hci0", "--adapter hci0"] {
        failed(&ran, "ble.adapter-absent", "connect", 12, says);
    }
    assert!(!ran.stderr.contains("is off"), "{ran:?}");
}

#[test]
fn watching_outlives_an_adapter_that_comes_back() {
    let bluez = Bluez::with([]);
    let watching = Running::start(&bluez, &["discover", "--watch", "--transport", "ble"]);
    bluez.until("it scans", Bluez::is_scanning);
    bluez.unplug(0);
    watching.until("it waits", |said| said.contains("waiting for that to pass"));
    bluez.plug_in(0);
    watching.until("it goes on", |said| said.contains("Bluetooth can be used again"));
    bluez.add(esp());
    watching.until("the device", |said| said.contains(NAME));
    watching.signal(Signal::INT);
    assert_eq!(watching.finish().status, 0);
    bluez.assert_clean();
}

#[test]
fn a_device_that_stops_advertising_after_its_first_link_is_told_as_that() {
    for (at, code, stage, exit) in
        [(At::Resolve, "ble.connect-failed", "connect", 12), (At::write("prov-config"), "ble.not-found", "secure", 10)]
    {
        let bluez = Bluez::with([esp().advertises_once().fault(Fault::once(at, Does::LoseLink))]);
        let started = Instant::now();
        let ran = provision(&bluez, &BY_NAME, &[]);
        failed(&ran, code, stage, exit, "stopped advertising after its first link");
        assert!(started.elapsed() < Duration::from_mins(1), "{ran:?}");
    }
}
