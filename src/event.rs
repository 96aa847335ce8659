//! Progress as data: what happens while a device is provisioned, pushed to an observer and never printed from below.
//!
//! Events carry no secrets. Texts that came from a device are raw here; the code that shows them sanitises them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, BoxFuture};

use crate::endpoint::config::JoinState;
use crate::endpoint::scan::Network;
use crate::failure::Failure;
use crate::stage::Stage;
use crate::wire::log::Line;
use crate::wire::qr::Transport;
use crate::wire::version::VersionInfo;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A stage begins; it ends with the next event of its own or another stage's start.
    Started {
        /// Which.
        stage: Stage,
        /// How long its own work may take. What a lost session or a failed join brings along, a handshake or a scan,
        /// comes on top.
        deadline: Duration,
    },
    /// The device is being looked for.
    Looking {
        /// What for.
        wanted: String,
        /// Over which radio.
        over: &'static str,
    },
    /// The device is in reach; connecting to it begins.
    Found {
        /// Its name, as it said, else its address.
        name: String,
        /// How strongly it is heard, in dBm.
        rssi: Option<i16>,
    },
    /// A try to open the link failed; another follows.
    Retrying {
        /// On what evidence.
        cause: String,
        /// The number of the try that follows.
        attempt: u32,
        /// The most tries.
        of: u32,
    },
    /// The link stands.
    Connected {
        /// The other end.
        peer: String,
    },
    /// The device has said what it is.
    Identified {
        /// Its version document.
        version: VersionInfo,
        /// The security version that will be used.
        security: u8,
    },
    /// The secure session stands.
    Secured {
        /// Security version.
        security: u8,
        /// Whether it replaces one that was lost.
        again: bool,
    },
    /// The node knows its user.
    Associated {
        /// The node's id, as it said.
        node_id: String,
    },
    /// A stage is left out, and why.
    Skipped {
        /// Which.
        stage: Stage,
        /// Why.
        reason: String,
    },
    /// What the device hears.
    Scanned {
        /// Merged, strongest first.
        networks: Vec<Network>,
    },
    /// The device holds the credentials.
    Configured {
        /// For this network; empty for Thread.
        ssid: Vec<u8>,
    },
    /// The device has accepted them and will start to join.
    Applied,
    /// How far the device has come, whenever that changes.
    Join {
        /// The state.
        state: JoinState,
        /// Since the credentials were applied.
        elapsed: Duration,
    },
    /// The link broke, which is not a failure yet; what is being done about it.
    LinkLost {
        /// On what evidence.
        cause: String,
    },
    /// The device was reset and takes new credentials.
    Reset,
    /// The board has printed its onboarding payload.
    Named {
        /// The device's name.
        name: String,
        /// The link it names.
        transport: Option<Transport>,
    },
    /// A line the board printed on its serial port, its secrets replaced.
    Board {
        /// The line.
        line: Line,
    },
    /// Something to know that is not a failure.
    Note {
        /// The text.
        text: String,
    },
    /// Something that puts secrets or the result at risk. It is part of the result as well.
    Warning {
        /// The text.
        text: String,
    },
    /// One exchange with the device, decoded, with secrets replaced: for traces.
    Exchange(Exchange),
}

/// One request and what came of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The endpoint.
    pub endpoint: String,
    /// The request, decoded, secrets replaced.
    pub request: String,
    /// Length of the request on the wire, in bytes.
    pub request_len: usize,
    /// The reply, decoded likewise, or the error.
    pub reply: Result<String, String>,
    /// Length of the reply on the wire, in bytes.
    pub reply_len: usize,
    /// How long it took.
    pub took: Duration,
}

/// Where events go.
pub trait Observer: Send + Sync {
    /// Takes note of an event. Must not block.
    fn observe(&self, event: &Event);

    /// Awaited before each step that cannot be undone. What must be on disk first is written now; an observer that can
    /// no longer do its work, such as a trace on a full disk, ends the run here.
    ///
    /// # Errors
    /// The failure that the run ends with, at this stage.
    fn before(&self, _stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(future::ready(Ok(())))
    }

    /// Awaited once the run is over, however it ended: what is still to be written or shown is done now.
    ///
    /// # Errors
    /// The failure that a run ends with although it did all of its work: a disk may have filled up since the last
    /// [`Observer::before`]. A run that has failed keeps its own failure.
    fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(future::ready(Ok(())))
    }
}

/// Several observers as one: hands each event to all of them, in order.
pub struct FanOut(pub Vec<Arc<dyn Observer>>);

impl Observer for FanOut {
    fn observe(&self, event: &Event) {
        self.0.iter().for_each(|observer| observer.observe(event));
    }

    /// The first that refuses ends the run; those after it are not asked.
    fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            for observer in &self.0 {
                observer.before(stage).await?;
            }
            Ok(())
        })
    }

    /// All are asked, since each may have something to finish; the first failure is the answer.
    fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let mut result = Ok(());
            for observer in &self.0 {
                let ended = observer.at_end().await;
                result = result.and(ended);
            }
            result
        })
    }
}

/// Observes nothing.
#[derive(Debug)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Event) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::code::Code;

    /// Writes down what it is asked, and refuses what it is told to.
    struct Asked {
        name: &'static str,
        refuses: bool,
        seen: Arc<Mutex<Vec<String>>>,
    }

    impl Asked {
        fn answer(&self, question: &str) -> BoxFuture<'_, Result<(), Failure>> {
            let question = format!("{} {question}", self.name);
            Box::pin(async move {
                tokio::task::yield_now().await;
                self.seen.lock().expect("no panic").push(question);
                if self.refuses { Err(Failure::new(Code::TraceFailed).saying(self.name)) } else { Ok(()) }
            })
        }
    }

    impl Observer for Asked {
        fn observe(&self, _: &Event) {}
        fn before(&self, _: Stage) -> BoxFuture<'_, Result<(), Failure>> {
            self.answer("before")
        }
        fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
            self.answer("at_end")
        }
    }

    #[tokio::test]
    async fn observers_are_awaited_in_order_until_one_refuses() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let observer = |name, refuses| -> Arc<dyn Observer> { Arc::new(Asked { name, refuses, seen: seen.clone() }) };
        let fan_out = FanOut(vec![observer("first", false), observer("second", true), observer("third", false)]);
        assert_eq!(fan_out.before(Stage::Apply).await.unwrap_err().message, "second");
        assert_eq!(fan_out.at_end().await.unwrap_err().message, "second");
        let seen = seen.lock().expect("no panic").join(", ");
        assert_eq!(seen, "first before, second before, first at_end, second at_end, third at_end");
    }
}
