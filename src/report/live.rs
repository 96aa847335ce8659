//! Lines on standard error that are drawn again and again in the same place: a live table. Gone without a trace when
//! dropped.
//!
//! On a terminal only: the caller looks at [`Output::redraw`]. Lines are cut to the terminal, in both directions, so that
//! none wraps and none scrolls away. They are drawn through `active_lines`, like the steps that run.

use indicatif::ProgressStyle;

use super::Output;
use super::active_lines::{ActiveLine, ActiveLines};
use crate::text;

/// A table among the active lines of standard error.
#[derive(Debug)]
pub struct Live {
    output: Output,
    lines: ActiveLines,
    line: ActiveLine,
}

impl Live {
    /// Draws nothing yet.
    pub fn new(output: Output) -> Self {
        let lines = ActiveLines::stderr();
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let line = lines.add(style);
        Self { output, lines, line }
    }

    /// Draws these lines, sanitised by the caller, in place of those before.
    pub fn draw(&mut self, lines: &[String]) {
        let surface = self.lines.surface();
        self.line.show(fitted(lines, surface.columns(), surface.rows(), self.output.ascii).join("\n"));
    }
}

/// The lines as a terminal with room for this many rows and columns can show them.
fn fitted(lines: &[String], columns: usize, rows: usize, ascii: bool) -> Vec<String> {
    let cut = |line: &str| {
        if ascii { text::bounded_ascii(line, columns).into_owned() } else { text::bounded(line, columns).into_owned() }
    };
    let mut shown: Vec<_> = lines.iter().take(rows).map(|line| cut(line)).collect();
    if lines.len() > rows {
        let hidden = lines.len() - rows + 1;
        shown.pop();
        shown.push(cut(&format!("  ({hidden} more lines)")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_terminal() {
        let lines: Vec<_> = (0..10).map(|number| format!("line {number} {}", "x".repeat(50))).collect();
        let shown = fitted(&lines, 19, 4, true);
        assert_eq!(shown.len(), 4);
        assert!(shown.iter().all(|line| text::columns(line) <= 19), "{shown:?}");
        assert!(shown[3].contains("7 more"), "{shown:?}");
        assert_eq!(fitted(&lines, 79, 23, false), lines);
        assert_eq!(fitted(&lines, 0, 1, false).len(), 1);
    }
}
