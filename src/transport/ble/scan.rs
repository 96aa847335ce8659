//! The task of an adapter that scans: it starts and stops the scan as that is wanted, also when a search is dropped
//! half-way, writes down what is told, and looks again where the adapter or its service has gone. Nothing is asked of
//! anybody for what is told: in a crowd that is hundreds of times a second.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use btleplug::platform::Adapter;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};

use super::error::BleError;
use super::heard::ScanState;
use super::host::{Host, Signals};
use super::news::News;
use super::pending_release::PendingRelease;

/// How long nothing may be heard before the scan itself is looked at.
const CHECK: Duration = Duration::from_secs(2);
/// How long to wait before it is looked at after news of the adapter: what was switched off may be on again by then.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// How long to wait before a scan that could not be started is started again.
const START_AGAIN: Duration = Duration::from_millis(700);

/// A link came up or went down.
#[derive(Debug, Clone)]
pub(super) struct LinkEvent {
    /// The device's address, or what stands for it.
    pub(super) address: String,
    pub(super) up: bool,
}

/// The task.
pub(super) struct Scan {
    pub(super) host: Arc<Host>,
    pub(super) name: String,
    pub(super) adapter: Adapter,
    /// How many want it.
    pub(super) seekers: watch::Receiver<usize>,
    pub(super) sky: Arc<watch::Sender<ScanState>>,
    pub(super) links: broadcast::Sender<LinkEvent>,
}

impl Scan {
    /// Scans while that is wanted, as long as the runtime lives.
    pub(super) async fn tend(mut self) {
        let mut signals: Option<Signals> = None;
        let mut hold = None;
        let mut check = Instant::now();
        loop {
            let wanted = *self.seekers.borrow_and_update() > 0;
            if wanted && hold.is_none() {
                hold = Some(PendingRelease::begin());
                check = Instant::now() + self.keep_up(&mut signals, false).await;
            } else if !wanted && hold.is_some() {
                self.host.stop_scan(&self.name, &self.adapter).await;
                self.sky.send_modify(|sky| sky.scanning = false);
                hold = None;
            }
            tokio::select! {
                _ = self.seekers.changed() => {}
                news = next(&mut signals) => match news {
                    Some(News::Link { address, up }) => drop(self.links.send(LinkEvent { address, up })),
                    Some(News::Heard { address, advertisement, rssi }) if hold.is_some() => {
                        let now = Instant::now();
                        self.sky.send_modify(|sky| sky.remember(address, advertisement, rssi, now));
                        check = now + CHECK;
                    }
                    Some(News::Heard { .. }) => {}
                    Some(News::Changed) => check = check.min(Instant::now() + LOOK_AGAIN),
                    None => {
                        signals = None;
                        check = check.min(Instant::now() + LOOK_AGAIN);
                    }
                },
                () = sleep_until(check), if hold.is_some() => {
                    check = Instant::now() + self.keep_up(&mut signals, true).await;
                }
            }
        }
    }

    /// Has the scan run, which may have `begun` before; how long to wait until that is looked at again.
    async fn keep_up(&self, signals: &mut Option<Signals>, begun: bool) -> Duration {
        let runs = self.start(signals, begun).await;
        let pause = if runs.is_ok() { CHECK } else { START_AGAIN };
        self.sky.send_modify(|sky| sky.runs(runs, Instant::now()));
        pause
    }

    async fn start(&self, signals: &mut Option<Signals>, begun: bool) -> Result<(), BleError> {
        // A scan can end without a word: the adapter was switched off and on, or bluetoothd was started anew.
        let scanning = self.host.is_scanning(&self.name).await?;
        if signals.is_none() {
            *signals = Some(self.host.signals(&self.name, &self.adapter).await?);
        }
        if begun && scanning { Ok(()) } else { self.host.start_scan(&self.name, &self.adapter).await }
    }
}

async fn next(signals: &mut Option<Signals>) -> Option<News> {
    match signals {
        Some(signals) => signals.next().await,
        None => future::pending().await,
    }
}
