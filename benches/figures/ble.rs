//! Provisioning over Bluetooth: the program against the tests' stand-in for bluetoothd, in this process, with simulated
//! devices behind it. The stand-in's radio takes no time of its own but for a link's coming up.

use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use espctl::event::Silent;
use espctl::transport;
use futures_util::future::join_all;

use crate::bluez::device::{LINK_UP, RESOLVE};
use crate::bluez::{Bluez, Nearby};
use crate::client::{PASSPHRASE, POP, SSID, is_online, provision_known, runtime};
use crate::processes::ESPCTL;
use crate::table::{Table, Target, median};

const RUNS: u64 = 5;
/// What the device waits after "applied", as firmware does.
const APPLY_DELAY: Duration = Duration::from_secs(1);
/// Three devices at once, and how long each takes to join.
const NAMES: [&str; 3] = ["PROV_000001", "PROV_000002", "PROV_000003"];
const JOIN: Duration = Duration::from_millis(500);
/// How many others advertise in a crowd.
const CROWD: u32 = 200;
/// Set for a copy of this program that is to provision these devices at once, and to do nothing else.
const INSIDE: &str = "FIGURES_BLE_NAMES";

/// The program against one device, then against three.
pub(crate) fn measure(table: &mut Table) {
    for security in ["0", "1", "2"] {
        one_device(table, security);
    }
    for after in [Duration::from_millis(500), Duration::from_secs(4)] {
        in_a_crowd(table, after);
    }
    let alone = median((0..RUNS).map(|_| at_once(table, 1, processes)).collect());
    let three = median((0..RUNS).map(|_| at_once(table, 3, processes)).collect());
    let inside = median((0..RUNS).map(|_| at_once(table, 3, in_one_process)).collect());
    table.add_time("security 2: one device, whole, median", alone, None);
    for (how, took) in [("in three processes", three), ("in one process", inside)] {
        let ratio = took.as_secs_f64() / alone.as_secs_f64();
        table.add(&format!("security 2: three devices at once {how}, of one"), ratio, "", &Target::Under(1.3));
    }
}

/// What a run takes beyond the device's own time, and how soon its scan ends. The device is named by its address: after a
/// name the search goes on a little, for a second device of that name.
fn one_device(table: &mut Table, security: &str) {
    let (mut over, mut scanned) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        // Joins of different lengths end at different points between two status polls.
        let join = Duration::from_millis(310 + 20 * run);
        let bluez = Bluez::with([device(NAMES[0], security, join)]);
        let succeeded = provision(&bluez, &["--address", &bluez.address_of(0)]).wait().expect("its end").success();
        let ended = Instant::now();
        if !succeeded {
            table.fail(&format!("provisioning over Bluetooth under security {security}"));
        }
        let heard = bluez.first_heard(&bluez.address_of(0)).unwrap_or(ended);
        scanned.push(scanned_for(&bluez, 0).unwrap_or_default());
        over.push((ended - heard).saturating_sub(LINK_UP + RESOLVE + APPLY_DELAY + join));
    }
    let name = |figure: &str| format!("security {security}: {figure} of {RUNS} runs");
    let bound = Some(Duration::from_millis(300));
    let worst = |times: &[Duration]| times.iter().max().copied().unwrap_or_default();
    table.add_time(&name("first heard to end, beyond own, worst"), worst(&over), bound);
    table.add_time(&name("the same, median"), median(over), bound);
    table.add_time(&name("first heard to scan stopped, worst"), worst(&scanned), Some(Duration::from_millis(100)));
}

/// How soon the scan ends where many others advertise, most of which never say a name: all are first heard in the scan's
/// first second.
fn in_a_crowd(table: &mut Table, after: Duration) {
    let took = (0..RUNS).map(|_| {
        let stranger = |number: u32| match number % 4 {
            0 => Nearby::improv(&format!("Lamp {number}")),
            _ => Nearby::nameless().manufacturer(0x004c, &[0x10, 0x05]),
        };
        let crowd = (0..CROWD).map(|number| stranger(number).heard_after(Duration::from_secs(1) * number / CROWD));
        let wanted = device(NAMES[0], "1", Duration::ZERO).heard_after(after);
        let bluez = Bluez::with([wanted].into_iter().chain(crowd));
        if !provision(&bluez, &["--address", &bluez.address_of(0)]).wait().expect("its end").success() {
            table.fail("provisioning over Bluetooth in a crowd");
        }
        scanned_for(&bluez, 0).unwrap_or(Duration::MAX)
    });
    let took = median(took.collect());
    let name = format!("{CROWD} others, {} ms into the scan: the same, median", after.as_millis());
    table.add_time(&name, took, Some(Duration::from_millis(100)));
}

/// From when a device was first heard to the end of the scan.
fn scanned_for(bluez: &Bluez, device: usize) -> Option<Duration> {
    let stopped = bluez.asked().into_iter().find(|asked| asked.member == "StopDiscovery")?;
    Some(stopped.at - bluez.first_heard(&bluez.address_of(device))?)
}

fn device(name: &str, security: &str, join: Duration) -> Nearby {
    let (join, delay) = (join.as_millis().to_string(), APPLY_DELAY.as_millis().to_string());
    Nearby::esp(name, &[("sec-ver", security), ("join-ms", &join), ("apply-delay-ms", &delay)])
}

fn provision(bluez: &Bluez, device: &[&str]) -> Child {
    let mut command = Command::new(ESPCTL);
    command.args(["provision", "--transport", "ble", "--pop", POP]).args(device);
    command.args(["--ssid", SSID, "--passphrase", PASSPHRASE, "--no-input"]);
    quietly(bluez, command)
}

fn quietly(bluez: &Bluez, mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    bluez.serves(&mut command).spawn().expect("it starts")
}

/// Provisions so many devices at once; how long all of them took.
fn at_once(table: &mut Table, count: usize, how: fn(&Bluez, &[&str]) -> bool) -> Duration {
    let names = &NAMES[..count];
    let bluez = Bluez::with(names.iter().map(|name| device(name, "2", JOIN)));
    let started = Instant::now();
    if !how(&bluez, names) {
        table.fail(&format!("{count} devices at once over Bluetooth"));
    }
    started.elapsed()
}

/// Each by a process of its own.
fn processes(bluez: &Bluez, names: &[&str]) -> bool {
    let runs: Vec<Child> = names.iter().map(|name| provision(bluez, &["--device-name", name])).collect();
    runs.into_iter().all(|mut run| run.wait().is_ok_and(|status| status.success()))
}

/// All by one process: a copy of this one, since a process has one system bus, told in its environment.
fn in_one_process(bluez: &Bluez, names: &[&str]) -> bool {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(INSIDE, names.join(","));
    quietly(bluez, command).wait().is_ok_and(|status| status.success())
}

/// In such a copy: whether all are online now.
pub(crate) fn inside() -> Option<bool> {
    let names = env::var(INSIDE).ok()?;
    let kind = transport::KINDS.iter().find(|kind| kind.scheme() == "ble").expect("Bluetooth");
    let locators: Vec<String> = names.split(',').map(|name| format!("ble:{name}")).collect();
    let outcomes = runtime().block_on(async {
        let runs = locators.iter().map(|locator| provision_known(*kind, locator, Arc::new(Silent)));
        let outcomes = join_all(runs).await;
        kind.released().await;
        outcomes
    });
    Some(outcomes.iter().all(is_online))
}
