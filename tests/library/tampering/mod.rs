//! Sessions through somebody in the middle. Whatever becomes of the messages, nothing panics or hangs, and a device is
//! called online only where it is. `cargo bench -- tampering` runs two thousand.

mod proxy;

use proxy::{Ended, session};

#[tokio::test(start_paused = true)]
async fn no_session_hangs_or_ends_online_where_the_device_is_not() {
    let mut ended = Vec::new();
    let mut wrong = Vec::new();
    for seed in 0..200 {
        match session(seed).await {
            Ok(end) => ended.push(end),
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The proxy is neither so mild nor so harsh that there would be nothing to see.
    for end in [Ended::Online, Ended::Applied, Ended::Failed] {
        let count = ended.iter().filter(|own| **own == end).count();
        assert!(count > 5, "{end:?}: {count}");
    }
}
