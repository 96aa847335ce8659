//! The table of figures, printed line by line as they come in.

use std::process::ExitCode;
use std::time::Duration;

/// What the figures have come to so far.
pub(crate) struct Table {
    broken: bool,
}

/// What a figure has to reach.
pub(crate) enum Target {
    /// Nothing: for information.
    None,
    /// Less than this; a miss may be the machine's fault.
    Under(f64),
    /// At most this, on any machine: a miss fails the run.
    AtMost(f64),
}

impl Table {
    pub(crate) fn begin() -> Self {
        println!("{:<58} {:>12} {:>14}", "figure", "measured", "target");
        Self { broken: false }
    }

    /// Adds a figure in a unit.
    pub(crate) fn add(&mut self, name: &str, measured: f64, unit: &str, target: &Target) {
        let (target, verdict) = match *target {
            Target::None => (String::new(), ""),
            Target::Under(bound) => (format!("< {} {unit}", short(bound)), judge(measured < bound)),
            Target::AtMost(bound) => {
                self.broken |= measured > bound;
                (format!("<= {} {unit}", short(bound)).trim_end().to_owned(), judge(measured <= bound))
            }
        };
        println!("{name:<58} {:>12} {target:>14}  {verdict}", format!("{} {unit}", short(measured)).trim_end());
    }

    /// Adds a time, in milliseconds.
    pub(crate) fn add_time(&mut self, name: &str, measured: Duration, target: Option<Duration>) {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let target = target.map_or(Target::None, |bound| Target::Under(milliseconds(bound)));
        self.add(name, milliseconds(measured), "ms", &target);
    }

    /// Notes something that must not happen, on any machine.
    pub(crate) fn fail(&mut self, what: &str) {
        println!("FAILED: {what}");
        self.broken = true;
    }

    pub(crate) fn end(self) -> ExitCode {
        ExitCode::from(u8::from(self.broken))
    }
}

fn judge(reached: bool) -> &'static str {
    if reached { "ok" } else { "MISSED" }
}

/// Three digits or so, and none where they say nothing.
fn short(number: f64) -> String {
    match number {
        number if number.fract() == 0.0 || number >= 100.0 => format!("{number:.0}"),
        number if number >= 10.0 => format!("{number:.1}"),
        number => format!("{number:.2}"),
    }
}

/// The middle of some times.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
