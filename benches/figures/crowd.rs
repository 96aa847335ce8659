//! Listening in a crowd: what it costs to hear hundreds of devices that have nothing to do with provisioning, and how far
//! behind what is heard falls. The tests' stand-in for bluetoothd is the crowd.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bluez::{Bluez, Nearby};
use crate::processes::{ESPCTL, children_processor_time, peak_memory};
use crate::table::{Table, Target};

/// How many strangers advertise, and how often each does.
const STRANGERS: u32 = 200;
const INTERVAL: Duration = Duration::from_secs(1);
/// How long is listened, and when a device comes that is of interest.
const LISTEN: Duration = Duration::from_mins(1);
const COMES: Duration = Duration::from_secs(55);
/// How long it is listened for that device before memory is looked at.
const COMES_IN: Duration = Duration::from_secs(4);
const NAME: &str = "PROV_late00";

/// The program among strangers, for a minute.
pub(crate) fn measure(table: &mut Table) {
    let stranger = |number: u32| {
        let one = match number % 4 {
            0 => Nearby::improv(&format!("Lamp {number}")),
            _ => Nearby::nameless().manufacturer(0x004c, &[0x10, 0x05]),
        };
        one.heard_after(INTERVAL * number / STRANGERS).every(INTERVAL)
    };
    let bluez = Bluez::with((0..STRANGERS).map(stranger));
    let before = children_processor_time();
    let mut command = Command::new(ESPCTL);
    let seconds = LISTEN.as_secs().to_string();
    command.args(["discover", "--transport", "ble", "--watch", "--all", "--timeout", &seconds]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let started = Instant::now();
    let mut listening = bluez.serves(&mut command).spawn().expect("it starts");
    let stderr = listening.stderr.take().expect("a pipe");
    let told = thread::spawn(move || told_of(stderr));
    thread::sleep(COMES);
    bluez.add(Nearby::esp(NAME, &[]));
    let memory = memory_at(&listening, started + COMES + COMES_IN);
    let succeeded = listening.wait().is_ok_and(|status| status.success());
    let told = told.join().expect("no panic");
    let name = |figure: &str| format!("{STRANGERS} strangers, {} s: {figure}", LISTEN.as_secs());
    let late = bluez.address_of(STRANGERS as usize);
    match (bluez.first_heard(&late), told) {
        (Some(heard), Some(told)) if succeeded => {
            let behind = told.saturating_duration_since(heard);
            table.add_time(&name("a device that comes is told of after"), behind, Some(Duration::from_secs(1)));
        }
        _ => table.fail("a device that comes into a crowd is not told of"),
    }
    let used = children_processor_time().saturating_sub(before);
    table.add_time(&name("processor time"), used, Some(Duration::from_millis(500)));
    table.add(&name("memory"), memory, "MiB", &Target::Under(24.0));
}

/// When the device of interest is told of.
fn told_of(stderr: ChildStderr) -> Option<Instant> {
    let mut told = None;
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if line.contains(NAME) {
            told.get_or_insert_with(Instant::now);
        }
    }
    told
}

/// The most memory it has had by then, in MiB.
fn memory_at(process: &Child, then: Instant) -> f64 {
    thread::sleep(then.saturating_duration_since(Instant::now()));
    peak_memory(&process.id().to_string())
}
