//! One device, known credentials: what `espctl provision` costs beyond the device's own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use espctl::event::{Event, Observer};
use espctl::sim::memory;
use tokio::runtime::Builder;

use crate::client::{is_online, provision_known};
use crate::processes::{Sim, children_peak_memory, children_processor_time};
use crate::table::{Table, Target, median};

const RUNS: u64 = 5;
/// What the device waits after "applied", as firmware does.
const APPLY_DELAY: Duration = Duration::from_secs(1);

/// The program against simulated devices in processes of their own, over HTTP on loopback.
pub(crate) fn measure(table: &mut Table) {
    // The devices end last: what they used is not the client's.
    let mut sims = Vec::new();
    for security in ["0", "1", "2"] {
        let mut over = Vec::new();
        let mut processor = Vec::new();
        for run in 0..RUNS {
            // Joins of different lengths end at different points between two status polls.
            let join = Duration::from_millis(310 + 20 * run);
            let sim = Sim::start(&["--sec-ver", security, "--join-ms", &join.as_millis().to_string()]);
            let before = children_processor_time();
            let started = Instant::now();
            let status = sim.provision();
            over.push(started.elapsed().saturating_sub(APPLY_DELAY + join));
            processor.push(children_processor_time().saturating_sub(before));
            if !status.success() {
                table.fail(&format!("provisioning under security {security}: {status}"));
            }
            sims.push(sim);
        }
        let worst = over.iter().max().copied().unwrap_or_default();
        let name = |figure: &str| format!("security {security}: {figure} of {RUNS} runs");
        let bound = Some(Duration::from_millis(150));
        table.add_time(&name("time beyond the device's own, median"), median(over), bound);
        table.add_time(&name("the same, worst"), worst, None);
        let bound = Some(Duration::from_millis(50));
        table.add_time(&name("processor time, median"), median(processor), bound);
    }
    table.add("resident memory, the most of all runs", children_peak_memory(), "MiB", &Target::Under(15.0));
}

/// Counts exchanges, and those among them that ask how far the device has come.
#[derive(Default)]
struct Counter {
    all: AtomicUsize,
    polls: AtomicUsize,
    applied: AtomicBool,
}

impl Observer for Counter {
    fn observe(&self, event: &Event) {
        match event {
            Event::Applied => self.applied.store(true, Ordering::Relaxed),
            Event::Exchange(_) => {
                self.all.fetch_add(1, Ordering::Relaxed);
                self.polls.fetch_add(self.applied.load(Ordering::Relaxed).into(), Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// Exchanges of one run with a device in memory, on a clock that skips the waiting.
pub(crate) fn count_round_trips(table: &mut Table) {
    for (security, bound) in [(0, Target::None), (1, Target::AtMost(6.0)), (2, Target::None)] {
        let counter = Arc::new(Counter::default());
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        let locator = format!("sim:?sec-ver={security}");
        let outcome = runtime.block_on(provision_known(&memory::KIND, &locator, counter.clone()));
        if !is_online(&outcome) {
            table.fail(&format!("provisioning in memory under security {security}"));
        }
        let polls = counter.polls.load(Ordering::Relaxed);
        // The last status is one of the six.
        let needed = counter.all.load(Ordering::Relaxed) - polls + 1;
        table.add(&format!("security {security}: round trips, one status included"), count(needed), "", &bound);
        table.add(&format!("security {security}: further status polls"), count(polls - 1), "", &Target::None);
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
