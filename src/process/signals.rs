//! Ctrl-C, SIGTERM and SIGHUP as one cancellation token. What is to be ended by it is not known here.
//!
//! They are waited for on a thread of their own, so that they count also while the program's thread is held by a write.

use std::thread;

use futures_util::future::{pending, select_all};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The signals of the process, counted by a thread.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) interruption: CancellationToken,
    count: watch::Receiver<u64>,
}

impl Signals {
    /// Signals count from this call on, not from the first time a command waits: a run may get far before that.
    pub(super) fn listen() -> Self {
        let interruption = CancellationToken::new();
        let (sender, count) = watch::channel(0);
        // Without a thread to spare, signals end the program by themselves.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return Self { interruption, count };
        };
        let entered = runtime.enter();
        #[cfg(unix)]
        let mut sources = {
            use tokio::signal::unix::{SignalKind, signal};
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| signal(kind).ok())
        };
        #[cfg(windows)]
        let mut sources = [tokio::signal::windows::ctrl_c().ok()];
        drop(entered);
        let cancel = interruption.clone();
        let counting = async move {
            loop {
                let waiting = sources.iter_mut().map(|source| {
                    Box::pin(async move {
                        match source {
                            Some(source) => drop(source.recv().await),
                            // The system has no such signal to give.
                            None => pending().await,
                        }
                    })
                });
                select_all(waiting).await;
                // Counted first: a command that is cancelled and then waits for another signal must not see this one again.
                sender.send_modify(|count| *count += 1);
                cancel.cancel();
            }
        };
        let _ = thread::Builder::new().spawn(move || runtime.block_on(counting));
        Self { interruption, count }
    }

    /// Waits for one signal more than have come so far.
    pub(super) async fn another(&self) {
        let mut count = self.count.clone();
        count.mark_unchanged();
        if count.changed().await.is_err() {
            // The runtime is being shut down, and with it what waits here.
            pending::<()>().await;
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};
    use tokio::time::timeout;

    use super::*;

    /// In one test, since a signal is for the whole process.
    #[tokio::test]
    async fn the_first_signal_cancels_and_the_second_is_another() {
        let signals = Signals::listen();
        assert!(!signals.interruption.is_cancelled());
        // Before anybody waits for it.
        kill_process(getpid(), Signal::HUP).expect("a signal to this process");
        let limit = Duration::from_secs(10);
        timeout(limit, signals.interruption.cancelled()).await.expect("the first signal");
        let another = signals.another();
        tokio::pin!(another);
        assert!(timeout(Duration::from_millis(50), &mut another).await.is_err(), "the first signal was counted twice");
        kill_process(getpid(), Signal::HUP).expect("a signal to this process");
        timeout(limit, another).await.expect("the second signal");
    }
}
