//! Many devices in one process, provisioned at once by this one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use espctl::event::Silent;
use espctl::transport::softap::SoftAp;
use futures_util::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::client::{is_online, provision_known, runtime};
use crate::processes::{Sim, peak_memory};
use crate::table::{Table, Target};

/// A connection each, and what a process has open anyway.
const OPEN_FILES: u64 = 500 + 64;

pub(crate) fn measure(table: &mut Table) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if soft < OPEN_FILES {
        setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, hard).expect("room for 500 connections");
    }
    let one = run(table, "1", 1);
    let some = [100, 250, 500].map(|count| (count, run(table, "1", count)));
    let (_, most) = &some[2];
    table.add("security 1: memory of a process of 1 device", one.device, "MiB", &Target::None);
    for (count, run) in &some {
        let bound = if *count == 500 { Target::Under(200.0) } else { Target::None };
        table.add(&format!("security 1: memory of a process of {count} devices"), run.device, "MiB", &bound);
    }
    let slope = |from: &(u16, Run), to: &(u16, Run)| 1024.0 * (to.1.device - from.1.device) / f64::from(to.0 - from.0);
    let (early, late) = (slope(&some[0], &some[1]), slope(&some[1], &some[2]));
    table.add("security 1: memory a device, from 100 to 250", early, "KiB", &Target::None);
    table.add("security 1: memory a device, from 250 to 500", late, "KiB", &Target::Under(1.5 * early));
    table.add("security 1: memory of this process after 500 runs", most.client, "MiB", &Target::None);
    table.add_time("security 1: one device", one.took, None);
    table.add_time("security 1: 500 devices at once", most.took, Some(3 * one.took));
    let one = run(table, "2", 1);
    let most = run(table, "2", 500);
    table.add_time("security 2: one device", one.took, None);
    table.add_time("security 2: 500 devices at once", most.took, None);
    table.add("security 2: memory of a process of 500 devices", most.device, "MiB", &Target::None);
}

struct Run {
    took: Duration,
    /// Memory of the devices' process and of this one, at most, in MiB.
    device: f64,
    client: f64,
}

/// Provisions each of `count` devices once, all at the same time.
fn run(table: &mut Table, security: &str, count: u16) -> Run {
    let sim = Sim::start(&["--sec-ver", security, "--count", &count.to_string()]);
    let started = Instant::now();
    let runs = sim.devices.iter().map(|device| provision_known(&SoftAp, device, Arc::new(Silent)));
    let outcomes = runtime().block_on(join_all(runs));
    let took = started.elapsed();
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !is_online(outcome)).collect();
    if let Some(first) = failed.first() {
        table.fail(&format!("{} of {count} devices, security {security}; the first: {first:?}", failed.len()));
    }
    Run { took, device: sim.peak_memory(), client: peak_memory("self") }
}
