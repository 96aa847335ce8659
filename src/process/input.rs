//! Standard input and files, read before a run begins: bounded, wiped from memory, and never in the way of Ctrl-C.
//!
//! A read that is waited for cannot be taken back, so each has a plain thread of its own, and the end of the program does not wait for that
//! thread at the end. What is read is never in an error. Questions at the terminal do not go through here: they read keys
//! or lines themselves, and are asked only where standard input is a terminal, which a person has ended with Ctrl-D by
//! then if a secret was read from it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;

/// What standard input is called in messages.
const STANDARD_INPUT: &str = "the standard input";
/// Bytes asked for at a time.
const CHUNK: usize = 8192;

/// Reads until it is interrupted or its time is up.
#[derive(Debug, Clone)]
pub struct Input {
    interruption: CancellationToken,
    limit: Option<(Duration, Instant)>,
}

impl Input {
    /// Reads until `interruption`, all of it together in at most `limit` from now on.
    pub fn new(interruption: CancellationToken, limit: Option<Duration>) -> Self {
        let limit = limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?)));
        Self { interruption, limit }
    }

    /// Standard input to its end, at most `most` bytes.
    ///
    /// # Errors
    /// [`Code::FileUnreadable`], also where there is more; [`Code::Interrupted`] and [`Code::DeadlineTotal`].
    pub async fn standard_input(&self, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.wait_for(STANDARD_INPUT, move || bounded(unbuffered(), STANDARD_INPUT, most)).await
    }

    /// A file to its end, at most `most` bytes; it may be a pipe.
    ///
    /// # Errors
    /// As [`Input::standard_input`].
    pub async fn file(&self, path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let name = path.display().to_string();
        let path = path.to_owned();
        let what = name.clone();
        let read = move || bounded(File::open(path), &name, most);
        self.wait_for(&what, read).await
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
        let (limit, end) = self.limit.unzip();
        tokio::select! {
            biased;
            () = self.interruption.cancelled() => Err(Failure::new(Code::Interrupted)),
            outcome = outcome => match outcome {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure::new(Code::Unexpected).because(format!("reading {what} broke off"))),
            },
            () = until(end) => {
                let seconds = limit.unwrap_or_default().as_secs_f32();
                Err(Failure::new(Code::DeadlineTotal).because(format!("{what} did not end within {seconds} s")))
            }
        }
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
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

/// The bytes to the end; neither they nor what holds them on the way stays in memory.
fn bounded(source: io::Result<impl Read>, name: &str, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
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
        if bytes.len() + count > most {
            return Err(Failure::new(Code::FileUnreadable).because(format!("{name} has more than {most} bytes")));
        }
        if bytes.capacity() - bytes.len() < count {
            // Growing in place could leave a copy behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * (bytes.len() + count)));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        bytes.extend_from_slice(&chunk[..count]);
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
        let read = |most| bounded(Ok(long.as_slice()), "a test", most);
        assert_eq!(*read(long.len()).expect("bytes"), long);
        assert_eq!(read(long.len() - 1).unwrap_err().code, Code::FileUnreadable);
        assert_eq!(bounded(Ok(io::repeat(b'x')), "a test", 4096).unwrap_err().code, Code::FileUnreadable);
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
