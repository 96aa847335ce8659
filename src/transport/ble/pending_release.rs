//! What is still held outside the program: links and scans that are being given back. The program waits for them at
//! its end, also for those whose run was interrupted.

use std::sync::LazyLock;

use tokio::sync::watch;

static HELD: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::channel(0).0);

/// Something that must be given back; dropped when it is.
#[derive(Debug)]
pub(super) struct PendingRelease(());

impl PendingRelease {
    pub(super) fn begin() -> Self {
        HELD.send_modify(|count| *count += 1);
        Self(())
    }
}

impl Drop for PendingRelease {
    fn drop(&mut self) {
        HELD.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Completes when nothing is held.
pub(super) async fn released() {
    let mut held = HELD.subscribe();
    // The sender is static: waiting ends with the count alone.
    let _ = held.wait_for(|count| *count == 0).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_all_that_is_held() {
        let (first, second) = (PendingRelease::begin(), PendingRelease::begin());
        let waiting = tokio::spawn(released());
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.expect("no panic");
    }
}
