//! A scan as a whole: make sure the device can scan, start, wait, fetch page by page, merge, try again when empty.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::secured::{RESET_FOR_FAILURE, Reset, Secured, already};
use crate::code::{Code, Fact};
use crate::endpoint::Request;
use crate::endpoint::config::{JoinState, Joined};
use crate::endpoint::scan::{self, Network, Progress, Radio, Start, ThreadNetwork, ThreadResults, WifiResults};
use crate::event::Event;
use crate::failure::Failure;
use crate::session::Meaning;
use crate::session::deadline::limit;
use crate::stage::Stage;

/// Scans that find nothing are repeated this often: a device that has just booted may hear nothing at first.
const TRIES: u32 = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two questions for progress: quick at first, since a scan of one channel group is short.
const POLL: Duration = Duration::from_millis(200);
/// Most entries fetched; stock firmware holds 16, its setting allows 255.
const MOST: u32 = 255;

impl Secured {
    /// Scans for Wi-Fi networks: merged by name, strongest first.
    ///
    /// # Errors
    /// At the stage scan.
    pub(super) async fn wifi_networks(&mut self) -> Result<Vec<Network>, Failure> {
        let started = Instant::now();
        for attempt in 1.. {
            let entries = in_time(started, async {
                let count = self.scan_to_end(Radio::Wifi).await?;
                let mut entries = Vec::new();
                for (start, count) in pages(count, self.session.link().limits().scan_page) {
                    let page = self.fetch(&WifiResults { start, count }).await?;
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
    pub(super) async fn thread_networks(&mut self) -> Result<Vec<ThreadNetwork>, Failure> {
        let mut networks = in_time(Instant::now(), async {
            let count = self.scan_to_end(Radio::Thread).await?;
            let mut networks = Vec::new();
            for (start, count) in pages(count, self.session.link().limits().scan_page) {
                networks.extend(self.fetch(&ThreadResults { start, count }).await?);
            }
            Ok(networks)
        })
        .await?;
        networks.sort_by_key(|network| std::cmp::Reverse(network.rssi));
        Ok(networks)
    }

    /// Resets a device whose last join failed: in that state a scan never finishes.
    ///
    /// # Errors
    /// At the stage scan; [`Code::AlreadyProvisioned`] where the device is connected.
    pub(super) async fn prepare_scan(&mut self) -> Result<(), Failure> {
        let status = self.status();
        match self.session.call(&status).await {
            Ok(JoinState::Failed(_)) => {
                self.observer.before(Stage::Scan).await?;
                match self.reset_outcome().await {
                    Reset::Done => self.observe(&Event::Note { text: RESET_FOR_FAILURE.to_owned() }),
                    Reset::Absent => return Err(stuck()),
                    Reset::Refused => {}
                }
                Ok(())
            }
            // After "reset --reprov" firmware says "connected" without a network, until the next "apply".
            Ok(JoinState::Joined(Joined::Wifi { ssid, .. })) if ssid.is_empty() => Ok(()),
            // Where the firmware has been sent back to its start and still tells of its network, a reset is accepted; a
            // device that is connected refuses it.
            Ok(JoinState::Joined(joined)) => match self.reset_outcome().await {
                Reset::Done => Ok(()),
                Reset::Refused => Err(already(&joined).at(Stage::Scan)),
                Reset::Absent => Err(already(&joined).at(Stage::Scan).only_hints([
                    "power-cycle the device, if it is still to be provisioned",
                    "else erase its Wi-Fi settings: this firmware takes no request for that",
                ])),
            },
            // A device that cannot say is asked to scan all the same.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Starts a scan and waits for its end, however long that takes; the number of entries.
    async fn scan_to_end(&mut self, radio: Radio) -> Result<u32, Failure> {
        let group_channels = self.session.link().limits().scan_group;
        self.fetch(&Start { radio, group_channels }).await?;
        loop {
            let state = self.fetch(&Progress { radio }).await?;
            if state.finished {
                return Ok(state.count.min(MOST));
            }
            sleep(POLL).await;
        }
    }

    /// A scan request, once more in a fresh session where the old one was lost.
    async fn fetch<R: Request>(&mut self, request: &R) -> Result<R::Reply, Failure> {
        self.call_retrying(request).await.map_err(|error| match error.meaning() {
            Meaning::Refused => {
                Failure::new(Code::ScanFailed).at(Stage::Scan).caused_by(&error).knowing(Fact::ScanRefused)
            }
            Meaning::BadReply | Meaning::SessionLost => {
                Failure::new(Code::ScanFailed).at(Stage::Scan).caused_by(&error)
            }
            Meaning::NoEndpoint => Failure::from(error)
                .at(Stage::Scan)
                .saying("the device's firmware cannot scan for networks")
                .hint("espctl provision --ssid NAME needs no scan"),
            _ => Failure::from(error).at(Stage::Scan),
        })
    }
}

/// A device whose last join has failed, and that no request can put back to its start: a scan would never end.
fn stuck() -> Failure {
    Failure::new(Code::ScanFailed)
        .at(Stage::Scan)
        .because("the device's last join has failed, and its firmware cannot be reset by a request")
        .only_hints(["power-cycle the device, then scan", "or give the network with --ssid, which needs no scan"])
}

/// What is done until [`limit::SCAN`] after `started`, and not longer.
async fn in_time<T>(started: Instant, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout_at(started + limit::SCAN, work).await.unwrap_or_else(|_| {
        Err(Failure::new(Code::ScanFailed)
            .at(Stage::Scan)
            .because(format!("the scan had not finished after {} s", limit::SCAN.as_secs())))
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
