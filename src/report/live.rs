//! Lines on standard error that are drawn again and again in the same place: a live table. Gone without a trace when
//! dropped.
//!
//! On a terminal only: the caller looks at [`Output::redraw`]. Lines are cut to the terminal, in both directions, so that
//! none wraps and none scrolls away.

use std::io::{self, Write};

use console::Term;

use super::Output;
use crate::text;

/// A region at the end of standard error.
#[derive(Debug)]
pub struct Live {
    output: Output,
    drawn: usize,
}

impl Live {
    /// Draws nothing yet.
    pub fn new(output: Output) -> Self {
        Self { output, drawn: 0 }
    }

    /// Draws these lines, sanitised by the caller, in place of those before.
    pub fn draw(&mut self, lines: &[String]) {
        let (height, width) = Term::stderr().size();
        let lines = fitted(lines, usize::from(width), usize::from(height), self.output.ascii);
        let mut out = self.up();
        for line in &lines {
            out.push_str("\x1b[K");
            out.push_str(&self.output.fit(line));
            out.push_str("\r\n");
        }
        out.push_str("\x1b[J");
        self.drawn = lines.len();
        // A picture that cannot be shown is not worth an error.
        let _ = io::stderr().write_all(out.as_bytes());
    }

    /// To the start of what is drawn.
    fn up(&self) -> String {
        if self.drawn == 0 { "\r".to_owned() } else { format!("\r\x1b[{}A", self.drawn) }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.drawn > 0 {
            let _ = io::stderr().write_all(format!("{}\x1b[J", self.up()).as_bytes());
        }
    }
}

/// The lines as a terminal of this size can show them, its last line and column left free.
fn fitted(lines: &[String], width: usize, height: usize, ascii: bool) -> Vec<String> {
    let cut = |line: &String, width| {
        if ascii { text::bounded_ascii(line, width).into_owned() } else { text::bounded(line, width).into_owned() }
    };
    let (room, width) = (height.saturating_sub(1).max(1), width.saturating_sub(1));
    let mut shown: Vec<_> = lines.iter().take(room).map(|line| cut(line, width)).collect();
    if lines.len() > room {
        let hidden = lines.len() - room + 1;
        shown.pop();
        shown.push(cut(&format!("  ({hidden} more lines)"), width));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_terminal() {
        let lines: Vec<_> = (0..10).map(|number| format!("line {number} {}", "x".repeat(50))).collect();
        let shown = fitted(&lines, 20, 5, true);
        assert_eq!(shown.len(), 4);
        assert!(shown.iter().all(|line| text::columns(line) <= 19), "{shown:?}");
        assert!(shown[3].contains("7 more"), "{shown:?}");
        assert_eq!(fitted(&lines, 80, 24, false), lines);
        assert_eq!(fitted(&lines, 0, 0, false).len(), 1);
    }
}
