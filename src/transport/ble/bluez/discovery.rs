//! A discovery, bluetoothd's word for a scan: something that a connection to the bus has asked for. It has one of its
//! own here, so that it ends with that, whatever bluetoothd has made of the calls.
//!
//! bluetoothd (5.66, src/adapter.c) is easily confused about them. It remembers one client that waits for a discovery
//! to start or to stop: of two that do so at the same moment one gets no answer, or the other's. A client that leaves
//! the bus with a filter set while it does not scan stops the discovery of the only one that does. And whatever the
//! kernel refuses is "in progress". So processes of this program take turns, filters are taken back, and what counts is
//! whether there is discovery, not what was answered.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use zbus::zvariant::Value;

use super::bus::{Bus, Fault};
use super::objects::{ADAPTER, adapter_path};
use super::process_lock::Claim;
use crate::transport::ble::att::ErrorClass;

/// How often a discovery that does not start is tried, how long each try may take, and how long to wait between two.
const TRIES: u32 = 3;
const START: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(500);
/// How long bluetoothd may take to stop a discovery.
const STOP: Duration = Duration::from_secs(3);
/// How long the end of a connection may take to be the end of its discovery.
const END: Duration = Duration::from_millis(300);
/// How often to look whether there is discovery where the answer does not come, and how long that may take.
const LOOK: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));
/// How long to wait for one's turn, and how often to ask for it.
const TURN: (Duration, Duration) = (Duration::from_secs(3), Duration::from_millis(5));

/// A discovery that runs.
#[derive(Debug)]
pub(super) struct Discovery {
    bus: Bus,
    adapter: String,
}

impl Discovery {
    /// Starts to look for Bluetooth LE devices, over a connection that nothing else is asked over. The library would
    /// switch the adapter on, and would look for classic Bluetooth in between.
    pub(super) async fn start(bus: Bus, adapter: &str) -> Result<Self, Fault> {
        let mut discovery = Self { bus, adapter: adapter_path(adapter) };
        for _ in 1..TRIES {
            match discovery.begin().await {
                Err(fault) if is_passing(fault.trouble) => {
                    sleep(PAUSE).await;
                    discovery.bus = Bus::open().await.map_err(|_| fault)?;
                }
                begun => return begun.map(|()| discovery),
            }
        }
        discovery.begin().await.map(|()| discovery)
    }

    /// One try. Where it fails the connection is closed.
    async fn begin(&self) -> Result<(), Fault> {
        let _turn = turn(&self.bus, &self.adapter).await;
        let answer = timeout(START, self.ask()).await.unwrap_or_else(|_| Err(Fault::timed_out(START)));
        let there = match &answer {
            Ok(()) => self.is_running().await,
            Err(fault) => is_passing(fault.trouble) && self.is_running().await,
        };
        if there {
            return Ok(());
        }
        self.give_back().await;
        Err(answer.err().unwrap_or_else(Fault::undone))
    }

    /// Asks for it; what is answered, or nothing once there is one.
    async fn ask(&self) -> Result<(), Fault> {
        // Another program's pattern keeps all that does not begin so from everybody, unless a pattern fits everything.
        let pattern = ("Pattern", Value::from(""));
        let filter = HashMap::from([("Transport", Value::from("le")), ("DuplicateData", Value::from(true)), pattern]);
        self.bus.call(&self.adapter, ADAPTER, "SetDiscoveryFilter", &filter).await?;
        let starting = self.bus.call(&self.adapter, ADAPTER, "StartDiscovery", &());
        tokio::pin!(starting);
        loop {
            match timeout(LOOK.0, &mut starting).await {
                Ok(answer) => return answer.map(drop),
                Err(_) if self.is_running().await => return Ok(()),
                Err(_) => {}
            }
        }
    }

    async fn is_running(&self) -> bool {
        is_discovering(&self.bus, &self.adapter).await
    }

    /// Ends it, and waits until it has ended; `other` is a connection that stays.
    pub(super) async fn stop(self, other: &Bus) {
        let _turn = turn(&self.bus, &self.adapter).await;
        if self.give_back().await {
            return;
        }
        let ended = async {
            while is_discovering(other, &self.adapter).await {
                sleep(END / 10).await;
            }
        };
        // It may go on for others.
        let _ = timeout(END, ended).await;
    }

    /// Stops it, takes the filter back and closes the connection; whether bluetoothd has said that it has stopped.
    async fn give_back(&self) -> bool {
        let stopped = self.bus.call_within(STOP, &self.adapter, ADAPTER, "StopDiscovery", &()).await;
        // Where anything else failed there is none of this client's.
        let sure = !stopped.is_err_and(|fault| is_passing(fault.trouble));
        if sure {
            // For a client that still waits for an answer this would start another one.
            let none = HashMap::<&str, Value<'_>>::new();
            let _ = self.bus.call_within(STOP, &self.adapter, ADAPTER, "SetDiscoveryFilter", &none).await;
        }
        self.bus.close().await;
        sure
    }
}

/// Whether it is what bluetoothd answers, or does not, when it is confused.
fn is_passing(trouble: ErrorClass) -> bool {
    matches!(trouble, ErrorClass::TimedOut | ErrorClass::InProgress)
}

/// The turn to start or to stop a discovery of this adapter, among the espctl processes of this computer.
async fn turn(bus: &Bus, adapter: &str) -> Option<Claim> {
    let (limit, pause) = TURN;
    let name = format!("discovery/{}{adapter}", bus.connection().server_guid());
    let taken = async {
        loop {
            match Claim::take(&name) {
                Some(turn) => return turn,
                None => sleep(pause).await,
            }
        }
    };
    // A process that does not get it in time goes on without it.
    timeout(limit, taken).await.ok()
}

async fn is_discovering(bus: &Bus, adapter: &str) -> bool {
    let value = timeout(LOOK.1, bus.property(adapter, ADAPTER, "Discovering")).await;
    value.is_ok_and(|value| value.is_ok_and(|value| bool::try_from(value).unwrap_or(false)))
}
