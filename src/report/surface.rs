//! Where indicatif draws: standard error, with a margin at the right, a whole frame in one write, and no error.
//!
//! indicatif fills each line with spaces up to the last column and lets the terminal wrap. A `^C` that the terminal
//! echoes there would wrap too, and the line above it would stay. And it panics where a terminal that is gone cannot be
//! written. Neither happens through this surface. It knows nothing of what is drawn.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::Term;
use indicatif::TermLike;

use crate::text;

/// Columns left free at the right: a `^C`, and the last one, in which some terminals wrap.
const MARGIN: u16 = 3;

/// A terminal to draw on; clones are the same one.
#[derive(Clone)]
pub(super) struct Surface {
    /// Rows and columns, as they are now.
    size: fn() -> (u16, u16),
    pen: Arc<Mutex<Pen>>,
}

struct Pen {
    out: Box<dyn Write + Send>,
    /// What the next write consists of.
    frame: String,
    /// Columns taken in the current line, the spaces that are left out among them.
    column: usize,
    /// Columns of a line of this frame.
    width: usize,
}

impl Surface {
    /// Standard error.
    pub(super) fn stderr() -> Self {
        Self::new(|| Term::stderr().size(), Box::new(io::stderr()))
    }

    /// Draws on `out`, a terminal of `size()` rows and columns.
    pub(super) fn new(size: fn() -> (u16, u16), out: Box<dyn Write + Send>) -> Self {
        Self { size, pen: Arc::new(Mutex::new(Pen { out, frame: String::new(), column: 0, width: 1 })) }
    }

    /// Columns a line may have; 0 where the terminal is narrower than the margin.
    pub(super) fn columns(&self) -> usize {
        (self.size)().1.saturating_sub(MARGIN).into()
    }

    /// Lines that can be drawn; the last line of the terminal stays free.
    pub(super) fn rows(&self) -> usize {
        (self.size)().0.saturating_sub(1).max(1).into()
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the cursor `lines` up (`A`) or down (`B`), or `columns` right (`C`) or left (`D`).
    #[allow(clippy::unnecessary_wraps)] // as TermLike has it
    fn move_cursor(&self, by: usize, direction: char) -> io::Result<()> {
        if by > 0 {
            let _ = write!(self.pen().frame, "\x1b[{by}{direction}"); // a String takes everything
        }
        Ok(())
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surface").finish_non_exhaustive()
    }
}

impl TermLike for Surface {
    fn width(&self) -> u16 {
        let width = (self.size)().1.saturating_sub(MARGIN).max(1);
        self.pen().width = width.into();
        width
    }

    fn height(&self) -> u16 {
        self.rows().try_into().unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.move_cursor(lines, 'A')
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.move_cursor(lines, 'B')
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.move_cursor(columns, 'C')
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.move_cursor(columns, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        let mut pen = self.pen();
        pen.frame.push_str("\r\n");
        pen.column = 0;
        Ok(())
    }

    /// A line, or the spaces after it: these are counted, and left out. A full line is ended by what follows it.
    fn write_str(&self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut pen = self.pen();
        if pen.column >= pen.width {
            pen.frame.push_str("\r\n");
            pen.column = 0;
        }
        pen.column += text::columns(text);
        if text.bytes().any(|byte| byte != b' ') {
            pen.frame.push_str(text);
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut pen = self.pen();
        pen.frame.push_str("\r\x1b[K");
        pen.column = 0;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut pen = self.pen();
        let frame = std::mem::take(&mut pen.frame);
        pen.column = 0;
        if !frame.is_empty() {
            // A picture that cannot be shown is not worth an error.
            let _ = pen.out.write_all(frame.as_bytes()).and_then(|()| pen.out.flush());
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A surface of 10 rows and 40 columns whose output is kept, and what was written to it.
    pub(in crate::report) fn kept() -> (Surface, Arc<Mutex<Vec<u8>>>) {
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("the output").write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let output = Arc::new(Mutex::new(Vec::new()));
        (Surface::new(|| (10, 40), Box::new(Kept(output.clone()))), output)
    }

    /// What a terminal of that size shows of it.
    pub(in crate::report) fn shown(output: &Mutex<Vec<u8>>) -> String {
        let size = |value: u16| value.try_into().expect("not zero");
        let mut emulator = vt100::Parser::new(size(10), size(40), 0);
        emulator.process(&output.lock().expect("the output"));
        emulator.screen().contents()
    }

    #[test]
    fn the_spaces_after_a_line_are_left_out_and_each_line_is_one_of_the_terminal() {
        let (surface, output) = kept();
        assert_eq!((surface.width(), surface.height(), surface.columns()), (37, 9, 37));
        for line in ["one", "", "three"] {
            surface.write_str(line).expect("no error");
            surface.write_str(&" ".repeat(37 - line.len())).expect("no error");
        }
        assert!(output.lock().expect("the output").is_empty(), "a frame is one write");
        surface.flush().expect("no error");
        assert_eq!(*output.lock().expect("the output"), b"one\r\n\r\nthree");
    }

    #[test]
    fn a_terminal_that_is_gone_causes_no_error() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let surface = Surface::new(|| (0, 0), Box::new(Gone));
        assert_eq!((surface.width(), surface.height(), surface.columns()), (1, 1, 0));
        surface.write_line("text").expect("no error");
        surface.flush().expect("no error");
    }
}
