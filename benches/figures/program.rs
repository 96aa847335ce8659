//! The program itself: how soon it is there, and how large it is.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::processes::ESPCTL;
use crate::table::{Table, Target, median};

const RUNS: usize = 20;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(crate) fn measure(table: &mut Table) {
    let times = (0..RUNS).map(|_| {
        let started = Instant::now();
        let status = Command::new(ESPCTL).arg("--help").stdout(Stdio::null()).status().expect("espctl starts");
        assert!(status.success(), "espctl --help");
        started.elapsed()
    });
    table.add_time("espctl --help, median of 20", median(times.collect()), Some(Duration::from_millis(10)));
    #[allow(clippy::cast_precision_loss)] // the size of a program
    let size = fs::metadata(ESPCTL).expect("the program").len() as f64;
    table.add("size of the program, stripped", size / MEBIBYTE, "MiB", &Target::AtMost(12.0));
}
