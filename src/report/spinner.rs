//! The line that shows a running step: what it is, how long it has taken, and by when it will have ended.
//!
//! It is never as wide as the terminal, so that a `^C` the terminal echoes behind it does not wrap, and it is gone
//! without a trace once the step is over. Steps shorter than a tick show nothing. [`super::active_lines`] decides where
//! and when it is drawn.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressState, ProgressStyle};

use super::active_lines::{ActiveLine, ActiveLines, TICK};
use crate::text;

/// A running step among the active lines; taken away when dropped.
#[derive(Debug)]
pub(super) struct Spinner {
    _line: ActiveLine,
}

impl Spinner {
    /// Shows `what` until dropped; it is to end within `deadline`.
    pub(super) fn start(lines: &ActiveLines, what: &'static str, deadline: Duration, ascii: bool) -> Self {
        let surface = lines.surface().clone();
        // The template leaves all to `line`, which cuts the line as a whole.
        let style = ProgressStyle::with_template("{step}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let style = style.with_key("step", move |state: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(&line(what, state.elapsed(), deadline, surface.columns(), ascii));
        });
        let line = lines.add(style);
        line.tick();
        Self { _line: line }
    }
}

fn line(what: &str, elapsed: Duration, deadline: Duration, columns: usize, ascii: bool) -> String {
    let frames = if ascii {
        ["|", "/", "-", "\\"].as_slice()
    } else {
        ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"].as_slice()
    };
    let tick = usize::try_from(elapsed.as_millis() / TICK.as_millis()).unwrap_or_default();
    let frame = frames[tick % frames.len()];
    let line = format!("{frame} {what} {} s of at most {} s", elapsed.as_secs(), deadline.as_secs());
    if ascii { text::bounded_ascii(&line, columns).into_owned() } else { text::bounded(&line, columns).into_owned() }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::super::surface::tests::{kept, shown};
    use super::*;

    #[test]
    fn the_line_says_elapsed_time_and_deadline_and_has_its_place() {
        let line =
            |columns, ascii| line("joining", Duration::from_millis(4100), Duration::from_mins(1), columns, ascii);
        assert_eq!(line(80, false), "⠹ joining 4 s of at most 60 s");
        assert_eq!(line(80, true), "- joining 4 s of at most 60 s");
        for columns in 0..40 {
            assert!(text::columns(&line(columns, false)) <= columns);
            assert!(line(columns, true).is_ascii());
        }
    }

    #[test]
    fn two_steps_are_shown_below_each_other() {
        let (surface, output) = kept();
        let lines = ActiveLines::on(surface);
        let step = |what| Spinner::start(&lines, what, Duration::from_mins(1), true);
        let (joining, _scanning) = (step("joining"), step("scanning"));
        let until = |wanted: &[&str]| {
            let is_wanted =
                |line: &str, what: &str| line[1..].starts_with(what) && line.ends_with(" s of at most 60 s");
            let end = Instant::now() + Duration::from_secs(50);
            loop {
                let screen = shown(&output);
                let (shown, wanted) = (screen.lines(), wanted.iter());
                if shown.clone().count() == wanted.len() && shown.zip(wanted).all(|(line, what)| is_wanted(line, what))
                {
                    break;
                }
                assert!(Instant::now() < end, "{screen}");
                thread::sleep(Duration::from_millis(5));
            }
        };
        until(&[" joining ", " scanning "]);
        drop(joining);
        until(&[" scanning "]);
    }
}
