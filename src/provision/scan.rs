//! A scan as a whole: make sure the device can scan, start, wait, fetch page by page, merge, try again when empty.

use std::future::Future;
use std::time::Duration;

use rand_core::CryptoRng;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Context, join};
use crate::code::Code;
use crate::endpoint::Request;
use crate::endpoint::config::{JoinState, JoinStatus};
use crate::endpoint::scan::{self, Network, Progress, Radio, Start, ThreadNetwork, ThreadResults, WifiResults};
use crate::event::Event;
use crate::failure::Failure;
use crate::session::deadline::limit;
use crate::session::{Meaning, Session, SessionError, SessionErrorKind, Step};
use crate::stage::Stage;

/// Scans that find nothing are repeated this often: a device that has just booted may hear nothing at first.
const TRIES: u32 = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two questions for progress: quick at first, since a scan of one channel group is short.
const POLL: Duration = Duration::from_millis(200);
/// Most entries fetched; stock firmware holds 16, its setting allows 255.
const MOST: u32 = 255;

/// Scans for Wi-Fi networks: merged by name, strongest first.
///
/// # Errors
/// At the stage scan.
pub async fn wifi(session: &mut Session, rng: &mut (dyn CryptoRng + Send)) -> Result<Vec<Network>, Failure> {
    let started = Instant::now();
    for attempt in 1.. {
        let entries = in_time(started, async {
            let count = run(session, rng, Radio::Wifi).await?;
            let mut entries = Vec::new();
            for (start, count) in pages(count, session.link().limits().scan_page) {
                let page = fetch(session, rng, &WifiResults { start, count }).await?;
                if page.is_empty() {
                    break;
                }
                entries.extend(page);
            }
            Ok(entries)
        });
        let entries = entries.await?;
        // What one scan took so far, the next one will take about as long.
        let next_ends = (started.elapsed() + PAUSE) / attempt * (attempt + 1);
        if !entries.is_empty() || attempt == TRIES || next_ends > limit::SCAN {
            return Ok(scan::merge(entries));
        }
        sleep(PAUSE).await;
    }
    unreachable!("the last attempt returns")
}

/// Scans for Thread networks, strongest first.
///
/// # Errors
/// At the stage scan.
pub async fn thread(session: &mut Session, rng: &mut (dyn CryptoRng + Send)) -> Result<Vec<ThreadNetwork>, Failure> {
    let mut networks = in_time(Instant::now(), async {
        let count = run(session, rng, Radio::Thread).await?;
        let mut networks = Vec::new();
        for (start, count) in pages(count, session.link().limits().scan_page) {
            networks.extend(fetch(session, rng, &ThreadResults { start, count }).await?);
        }
        Ok(networks)
    })
    .await?;
    networks.sort_by_key(|network| std::cmp::Reverse(network.rssi));
    Ok(networks)
}

/// What is done until [`limit::SCAN`] after `started`, and not longer.
async fn in_time<T>(started: Instant, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout_at(started + limit::SCAN, work).await.unwrap_or_else(|_| {
        Err(Failure::new(Code::ScanFailed)
            .at(Stage::Scan)
            .because(format!("the scan had not finished after {} s", limit::SCAN.as_secs())))
    })
}

/// Puts a device whose last join failed back to its start: in any other state a scan never finishes.
///
/// # Errors
/// At the stage scan; [`Code::AlreadyProvisioned`] where the device is connected.
pub async fn prepare(session: &mut Session, context: &mut Context<'_>, radio: Radio) -> Result<(), Failure> {
    let status = match radio {
        Radio::Wifi => JoinStatus::Wifi,
        Radio::Thread => JoinStatus::Thread,
    };
    match session.call(&status).await {
        Ok(JoinState::Failed(_)) => {
            context.before(Stage::Scan).await?;
            if join::reset(session, &mut *context.rng, radio).await {
                context.observer.observe(&Event::Note { text: join::RESET_FOR_FAILURE.to_owned() });
            }
            Ok(())
        }
        Ok(JoinState::Joined(joined)) => Err(join::already(&joined).at(Stage::Scan)),
        // A device that cannot say is asked to scan all the same.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Starts a scan and waits for its end, however long that takes; the number of entries.
async fn run(session: &mut Session, rng: &mut (dyn CryptoRng + Send), radio: Radio) -> Result<u32, Failure> {
    let group_channels = session.link().limits().scan_group;
    fetch(session, rng, &Start { radio, group_channels }).await?;
    loop {
        let state = fetch(session, rng, &Progress { radio }).await?;
        if state.finished {
            return Ok(state.count.min(MOST));
        }
        sleep(POLL).await;
    }
}

/// A scan request, once more in a fresh session where the old one was lost.
async fn fetch<R: Request>(
    session: &mut Session,
    rng: &mut (dyn CryptoRng + Send),
    request: &R,
) -> Result<R::Reply, Failure> {
    call_retrying(session, rng, request).await.map_err(|error| match error.meaning() {
        Meaning::Refused | Meaning::BadReply | Meaning::SessionLost => {
            Failure::new(Code::ScanFailed).at(Stage::Scan).caused_by(&error)
        }
        Meaning::NoEndpoint => {
            Failure::from(error).at(Stage::Scan).hint("give the network with --ssid, which needs no scan")
        }
        _ => Failure::from(error).at(Stage::Scan),
    })
}

/// Sends a request that may be repeated; where the session is lost, a fresh one is set up silently, once.
///
/// # Errors
/// As [`Session::call`] on the second try.
pub(super) async fn call_retrying<R: Request>(
    session: &mut Session,
    rng: &mut (dyn CryptoRng + Send),
    request: &R,
) -> Result<R::Reply, SessionError> {
    if !session.is_established() {
        renew(session, rng, request).await?;
    }
    match session.call(request).await {
        Err(error) if matches!(error.meaning(), Meaning::SessionLost | Meaning::LinkLost) => {
            renew(session, rng, request).await?;
            session.call(request).await
        }
        outcome => outcome,
    }
}

/// A fresh session for `request`. The device took these credentials before: where it refuses them now, another client
/// has it, and nothing is wrong with them.
async fn renew<R: Request>(
    session: &mut Session,
    rng: &mut (dyn CryptoRng + Send),
    request: &R,
) -> Result<(), SessionError> {
    session.reestablish(rng).await.map_err(|error| match error.meaning() {
        Meaning::ProofRejected | Meaning::SchemeRefused => SessionError {
            step: Step::Request,
            endpoint: request.endpoint().to_owned(),
            security: error.security,
            kind: SessionErrorKind::Evicted(Box::new(error)),
        },
        _ => error,
    })
}

/// The pages of `count` entries, never past the count: firmware closes the link on a page that goes beyond.
fn pages(count: u32, page: u32) -> impl Iterator<Item = (u32, u32)> {
    let page = page.max(1);
    (0..count.div_ceil(page)).map(move |index| (index * page, page.min(count - index * page)))
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn pages_never_go_past_the_count() {
        assert_eq!(pages(10, 4).collect::<Vec<_>>(), [(0, 4), (4, 4), (8, 2)]);
        assert_eq!(pages(16, 16).collect::<Vec<_>>(), [(0, 16)]);
        assert_eq!(pages(0, 4).count(), 0);
        assert_eq!(pages(3, 0).count(), 3);
    }
}
