//! Provisioning over the console: the program against a simulated board on a pseudo-terminal that logs between and
//! inside everything else it prints.

use std::thread;
use std::time::{Duration, Instant};

use crate::processes::Sim;
use crate::table::{Table, median};

const RUNS: u64 = 5;
/// What the device waits after "applied", as firmware does.
const APPLY_DELAY: Duration = Duration::from_secs(1);
/// What a board takes to boot, and some more: it is at its prompt then.
const BOOTED: Duration = Duration::from_millis(800);
/// What may be spent beyond the device's own time and the wire's.
const BEYOND: Duration = Duration::from_millis(300);

pub(crate) fn measure(table: &mut Table) {
    for security in ["0", "1"] {
        let name = |figure: &str| format!("security {security}, console: {figure} of {RUNS} runs");
        let over = runs(table, security, &[]);
        let worst = over.iter().max().copied().unwrap_or_default();
        table.add_time(&name("time beyond its own, median"), median(over), Some(BEYOND));
        table.add_time(&name("the same, worst"), worst, None);
        // How much the board logs meanwhile is chance, and so is what the wire takes.
        let slow = median(runs(table, security, &["--slow-baud", "115200"]));
        table.add_time(&format!("security {security}, console: and the wire's, at 115200 baud"), slow, None);
    }
}

/// How long each run takes beyond the device's own time.
fn runs(table: &mut Table, security: &str, rate: &[&str]) -> Vec<Duration> {
    let mut over = Vec::new();
    for run in 0..RUNS {
        // Joins of different lengths end at different points between two status polls.
        let join = Duration::from_millis(310 + 20 * run);
        let (milliseconds, seed) = (join.as_millis().to_string(), run.to_string());
        let fixed = ["--noise", "--sec-ver", security, "--join-ms", &milliseconds, "--seed", &seed];
        let sim = Sim::start_on(&["--console"], &[&fixed[..], rate].concat());
        thread::sleep(BOOTED);
        let started = Instant::now();
        let status = sim.provision();
        over.push(started.elapsed().saturating_sub(APPLY_DELAY + join));
        if !status.success() {
            table.fail(&format!("provisioning over the console under security {security}: {status}"));
        }
    }
    over
}
