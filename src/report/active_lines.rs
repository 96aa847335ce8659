//! The lines that are drawn again in place: running steps and live tables of the whole process, in one `MultiProgress`.
//!
//! Standard error is one for the process, and so are these lines, however many runs share it. What is printed while they
//! are shown goes above them, through [`ActiveLines::above`]; a question makes them step aside, through
//! [`ActiveLines::pause`]. What the lines say is decided in [`super::spinner`] and [`super::live`].

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::surface::Surface;

/// Between two drawings of the steps that run.
pub(super) const TICK: Duration = Duration::from_millis(120);
/// Drawings a second at most, however many steps run.
const DRAWINGS: u8 = 20;

static STDERR: OnceLock<ActiveLines> = OnceLock::new();

/// The lines of one terminal; clones are the same ones.
#[derive(Debug, Clone)]
pub(super) struct ActiveLines {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    multi: MultiProgress,
    surface: Surface,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The steps that run.
    steps: Vec<ProgressBar>,
    /// Whether there is a thread that draws them.
    drawn: bool,
    /// Questions that are being asked.
    questions: usize,
}

impl ActiveLines {
    /// Those on standard error. Only for where that is a terminal that can be redrawn.
    pub(super) fn stderr() -> Self {
        STDERR.get_or_init(|| Self::on(Surface::stderr())).clone()
    }

    /// Those on this surface.
    pub(super) fn on(surface: Surface) -> Self {
        let multi = MultiProgress::with_draw_target(target(&surface));
        Self { shared: Arc::new(Shared { multi, surface, state: Mutex::default() }) }
    }

    /// Where they are drawn.
    pub(super) fn surface(&self) -> &Surface {
        &self.shared.surface
    }

    /// Adds a line, or several, that show nothing yet.
    pub(super) fn add(&self, style: ProgressStyle) -> ActiveLine {
        let bar = self.shared.multi.add(ProgressBar::new_spinner().with_style(style));
        ActiveLine { lines: self.clone(), bar }
    }

    /// Runs `write`, which writes whole lines to the terminal, with the lines out of the way.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.shared.multi.suspend(write)
    }

    /// Takes all lines away until the value is dropped: a question is being asked.
    pub(super) fn pause(&self) -> Pause {
        let mut state = self.shared.state();
        state.questions += 1;
        if state.questions == 1 {
            // The surface knows no errors.
            let _ = self.shared.multi.clear();
            self.shared.multi.set_draw_target(ProgressDrawTarget::hidden());
        }
        Pause { lines: self.clone() }
    }
}

/// Runs `write`, which writes whole lines to standard error, with its lines, if there are any, out of the way.
pub(super) fn above_stderr<T>(write: impl FnOnce() -> T) -> T {
    match STDERR.get() {
        Some(lines) => lines.above(write),
        None => write(),
    }
}

fn target(surface: &Surface) -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(surface.clone()), DRAWINGS)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Draws the steps again and again, as long as there are any.
fn draw(shared: &Weak<Shared>) {
    loop {
        thread::sleep(TICK);
        let Some(shared) = shared.upgrade() else { return };
        let mut state = shared.state();
        if state.steps.is_empty() {
            state.drawn = false;
            return;
        }
        if state.questions == 0 {
            state.steps.iter().filter(|bar| bar.elapsed() >= TICK).for_each(ProgressBar::tick);
        }
    }
}

/// A line, or several, among the others; taken away when dropped.
#[derive(Debug)]
pub(super) struct ActiveLine {
    lines: ActiveLines,
    bar: ProgressBar,
}

impl ActiveLine {
    /// Draws it at every tick from now on, but not before it is a tick old.
    pub(super) fn tick(&self) {
        let shared = &self.lines.shared;
        let mut state = shared.state();
        state.steps.push(self.bar.clone());
        if !state.drawn {
            let shared = Arc::downgrade(shared);
            // A system without a thread to spare has no spinner either.
            state.drawn = thread::Builder::new().spawn(move || draw(&shared)).is_ok();
        }
    }

    /// Draws this text, of one line or several, now.
    pub(super) fn show(&self, text: String) {
        self.bar.set_message(text);
        self.bar.force_draw();
    }
}

impl Drop for ActiveLine {
    fn drop(&mut self) {
        let shared = &self.lines.shared;
        let mut state = shared.state();
        self.bar.finish_and_clear();
        shared.multi.remove(&self.bar);
        state.steps.retain(|bar| !bar.is_finished());
    }
}

/// No line is shown while this lives.
#[derive(Debug)]
pub(super) struct Pause {
    lines: ActiveLines,
}

impl Drop for Pause {
    fn drop(&mut self) {
        let shared = &self.lines.shared;
        let mut state = shared.state();
        state.questions -= 1;
        if state.questions == 0 {
            shared.multi.set_draw_target(target(&shared.surface));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::surface::tests::{kept, shown};
    use super::*;

    fn plain() -> ProgressStyle {
        ProgressStyle::with_template("{msg}").expect("a template")
    }

    #[test]
    fn two_lines_run_below_what_is_printed_and_go_one_by_one() {
        let (surface, output) = kept();
        let lines = ActiveLines::on(surface);
        let (first, second) = (lines.add(plain()), lines.add(plain()));
        first.show("first".to_owned());
        second.show("second".to_owned());
        assert_eq!(shown(&output), "first\nsecond");
        let write = |text: &str| lines.above(|| output.lock().expect("the output").extend_from_slice(text.as_bytes()));
        write("note: it is printed\r\n");
        assert_eq!(shown(&output), "note: it is printed\nfirst\nsecond");
        first.show("first, later".to_owned());
        assert_eq!(shown(&output), "note: it is printed\nfirst, later\nsecond");
        drop(first);
        assert_eq!(shown(&output), "note: it is printed\nsecond");
        write("and more\r\n");
        drop(second);
        assert_eq!(shown(&output), "note: it is printed\nand more");
    }

    #[test]
    fn a_question_makes_all_lines_step_aside() {
        let (surface, output) = kept();
        let lines = ActiveLines::on(surface);
        let line = lines.add(plain());
        line.show("running".to_owned());
        let (pause, another) = (lines.pause(), lines.pause());
        assert_eq!(shown(&output), "");
        line.show("still running".to_owned());
        drop(pause);
        line.show("another question".to_owned());
        assert_eq!(shown(&output), "");
        drop(another);
        line.show("running again".to_owned());
        assert_eq!(shown(&output), "running again");
        let pause = lines.pause();
        drop(line);
        drop(pause);
        assert_eq!(shown(&output), "");
    }

    #[test]
    fn a_line_is_drawn_at_every_tick_but_not_before_the_first_one() {
        let (surface, output) = kept();
        let lines = ActiveLines::on(surface);
        drop(lines.add(plain()));
        let short = lines.add(plain());
        short.tick();
        drop(short);
        assert!(output.lock().expect("the output").is_empty());
        let written = |output: &Mutex<Vec<u8>>| output.lock().expect("the output").len();
        let (line, started) = (lines.add(ProgressStyle::with_template("running").expect("a template")), Instant::now());
        line.tick();
        let until_longer_than = |length| {
            while written(&output) <= length {
                assert!(started.elapsed() < Duration::from_mins(1), "nothing is drawn");
                thread::sleep(Duration::from_millis(5));
            }
        };
        until_longer_than(0);
        assert!(started.elapsed() >= TICK);
        until_longer_than(written(&output));
        assert_eq!(shown(&output), "running");
        drop(line);
        assert_eq!(shown(&output), "");
    }
}
