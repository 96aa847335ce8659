//! Standard input and files, read before a run begins: bounded, wiped from memory, and never in the way of Ctrl-C.
//!
//! A read that is waited for cannot be taken back, so each has a plain thread of its own, and the end of the program does
//! not wait for that thread. What is read is never in an error. What is asked at the terminal is not read here; a question
//! that is asked before a run begins only waits here.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;
use crate::session::deadline::Budget;

/// What standard input is called in messages.
pub const STANDARD_INPUT: &str = "the standard input";
/// Bytes asked for at a time.
const CHUNK: usize = 8192;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Up to the end.
    Whole,
    /// Up to the end of the first line, whether or not more follows.
    FirstLine,
}

/// Reads until it is interrupted or its time is up.
#[derive(Debug, Clone)]
pub struct Input {
    interruption: CancellationToken,
    limit: Option<Duration>,
    budget: Budget,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Input {
    /// Reads until `interruption`, all of it together in at most `limit` from now on.
    pub fn new(interruption: CancellationToken, limit: Option<Duration>) -> Self {
        Self { interruption, limit, budget: Budget::new(limit), warnings: Arc::default() }
    }

    /// Notes what is to be said, once the run has begun, of something that was read.
    pub fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What is to be said of what was read so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Standard input, at most `most` bytes of it.
    ///
    /// # Errors
    /// [`Code::FileUnreadable`], also where there is more; [`Code::Interrupted`] and [`Code::DeadlineTotal`].
    pub async fn standard_input(&self, extent: Extent, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.wait_for(STANDARD_INPUT, move || bounded(unbuffered(), STANDARD_INPUT, extent, most)).await
    }

    /// A file, at most `most` bytes of it; it may be a pipe.
    ///
    /// # Errors
    /// As [`Input::standard_input`].
    pub async fn file(&self, path: &Path, extent: Extent, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let name = path.display().to_string();
        let path = path.to_owned();
        let what = name.clone();
        let read = move || bounded(File::open(path), &name, extent, most);
        self.wait_for(&what, read).await
    }

    /// Waits for a person, for whom `question` may block; the time it takes does not count.
    ///
    /// # Errors
    /// Those of `question`, and [`Code::Interrupted`].
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let untimed = Self { limit: None, budget: Budget::new(None), ..self.clone() };
        self.budget.paused(untimed.wait_for("an answer", question)).await
    }

    /// Waits for `work`, which may block or take its time, on a thread of its own; `what` it is about is said where the
    /// time is up.
    ///
    /// # Errors
    /// Those of `work`; [`Code::Interrupted`] and [`Code::DeadlineTotal`].
    pub async fn wait_for<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, outcome) = oneshot::channel();
        // Where the caller waits no longer, what was read is dropped, and so wiped.
        let spawned = thread::Builder::new().spawn(move || drop(sender.send(work())));
        spawned.map_err(|error| Failure::new(Code::Unexpected).caused_by(&error))?;
        tokio::select! {
            biased;
            () = self.interruption.cancelled() => Err(Failure::new(Code::Interrupted)),
            outcome = outcome => match outcome {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure::new(Code::Unexpected).because(format!("reading {what} broke off"))),
            },
            () = self.time_is_up() => {
                let seconds = self.limit.unwrap_or_default().as_secs_f32();
                Err(Failure::new(Code::DeadlineTotal).because(format!("{what} did not end within {seconds} s")))
            }
        }
    }

    async fn time_is_up(&self) {
        match self.budget.left() {
            Some(left) => sleep(left).await,
            None => std::future::pending().await,
        }
    }
}

/// Whether standard input is a terminal, where a person would have to type what is read.
pub fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Standard input without the buffer that Rust's has for the whole process, which is never wiped.
#[cfg(unix)]
fn unbuffered() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// A Windows console has to be read through Rust's own, which translates what is typed.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // as on Unix
fn unbuffered() -> io::Result<io::StdinLock<'static>> {
    Ok(io::stdin().lock())
}

/// The bytes, as far as they are wanted; neither they nor what holds them on the way stays in memory.
fn bounded(
    source: io::Result<impl Read>,
    name: &str,
    extent: Extent,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |error: io::Error| Failure::new(Code::FileUnreadable).because(format!("{name}: {error}"));
    let mut source = source.map_err(unreadable)?;
    let mut chunk = Zeroizing::new([0; CHUNK]);
    let mut bytes = Zeroizing::new(Vec::<u8>::with_capacity(CHUNK));
    loop {
        let count = match source.read(&mut chunk[..]) {
            Ok(0) => return Ok(bytes),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let line_end = chunk[..count].iter().position(|byte| *byte == b'\n').filter(|_| extent == Extent::FirstLine);
        let wanted = line_end.map_or(count, |at| at + 1);
        if bytes.len() + wanted > most + usize::from(line_end.is_some()) {
            let what = if extent == Extent::FirstLine { "the first line of " } else { "" };
            return Err(Failure::new(Code::FileUnreadable).because(format!("{what}{name} has more than {most} bytes")));
        }
        if bytes.capacity() - bytes.len() < wanted {
            // Growing in place could leave a copy behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * (bytes.len() + wanted)));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        bytes.extend_from_slice(&chunk[..wanted]);
        if line_end.is_some() {
            return Ok(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(limit: Option<Duration>) -> (Input, CancellationToken) {
        let interruption = CancellationToken::new();
        (Input::new(interruption.clone(), limit), interruption)
    }

    /// A read that does not end while the test runs.
    #[allow(clippy::unnecessary_wraps)] // as every read
    fn blocked() -> Result<(), Failure> {
        thread::sleep(Duration::from_mins(2));
        Ok(())
    }

    #[test]
    fn bytes_are_bounded_and_whole() {
        let long = vec![b'x'; 3 * CHUNK + 1];
        let read = |most| bounded(Ok(long.as_slice()), "a test", Extent::Whole, most);
        assert_eq!(*read(long.len()).expect("bytes"), long);
        assert_eq!(read(long.len() - 1).unwrap_err().code, Code::FileUnreadable);
        let endless = |extent| bounded(Ok(io::repeat(b'x')), "a test", extent, 4096);
        assert_eq!(endless(Extent::Whole).unwrap_err().code, Code::FileUnreadable);
        assert_eq!(endless(Extent::FirstLine).unwrap_err().code, Code::FileUnreadable);
    }

    /// A source that must not be read again once a line has ended.
    struct Once(Option<&'static [u8]>);

    impl Read for Once {
        fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
            self.0.take().expect("a read beyond the first line").read(chunk)
        }
    }

    #[test]
    fn a_line_does_not_wait_for_the_end() {
        let line = |text: &'static [u8], most| bounded(Ok(Once(Some(text))), "a test", Extent::FirstLine, most);
        assert_eq!(**line(b"one\ntwo\n", 8).expect("a line"), *b"one\n");
        assert_eq!(**line(b"\n", 8).expect("an empty line"), *b"\n");
        assert_eq!(**line(b"exactly8\n", 8).expect("a line"), *b"exactly8\n");
        assert_eq!(line(b"more th8n\n", 8).unwrap_err().code, Code::FileUnreadable);
        let unended = bounded(Ok(&b"one"[..]), "a test", Extent::FirstLine, 8);
        assert_eq!(**unended.expect("what there is"), *b"one");
    }

    #[tokio::test]
    async fn the_time_a_person_takes_does_not_count() {
        let (reads, interruption) = input(Some(Duration::from_millis(200)));
        let slow = || {
            thread::sleep(Duration::from_millis(400));
            Ok(())
        };
        assert_eq!(reads.ask(slow).await, Ok(()));
        assert_eq!(reads.wait_for("a file", || Ok(7)).await, Ok(7));
        let (result, ()) = tokio::join!(reads.ask(blocked), async { interruption.cancel() });
        assert_eq!(result.unwrap_err().code, Code::Interrupted);
    }

    #[tokio::test]
    async fn a_blocked_read_ends_with_the_token_and_with_the_time() {
        let (reads, _) = input(Some(Duration::from_millis(20)));
        let failure = reads.wait_for("the pipe", blocked).await.unwrap_err();
        assert_eq!(failure.code, Code::DeadlineTotal);
        assert!(failure.causes[0].contains("the pipe"), "{failure:?}");

        let (reads, interruption) = input(None);
        let (result, ()) = tokio::join!(reads.wait_for("the pipe", blocked), async { interruption.cancel() });
        assert_eq!(result.unwrap_err().code, Code::Interrupted);
    }
}
