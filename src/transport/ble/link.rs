//! The task that owns the link to a device: it opens it, carries the exchanges, and gives it back when its handle is
//! dropped, in the middle of whatever was going on. A run that is interrupted so leaves no link up.

use std::sync::Arc;
use std::time::Duration;

use btleplug::api::{Peripheral as _, WriteType};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::address::Target;
use super::att::{self, ErrorClass};
use super::connection::{AGAIN, CONNECT, Connection, RESOLVE};
use super::error::BleError;
use super::host::HIDES_ERRORS;
use super::radio::Radio;
use super::search::search;
use super::table::Table;
use crate::transport::{Evidence, LinkEvent, LinkObserver, Locator, Opening, TransportError};
use crate::wire::gatt;

/// How long to look for a device.
const LOOK: Duration = Duration::from_secs(30);

/// How long an exchange waits for this computer's Bluetooth to come back: less than any step of a session has.
const AWAY: Duration = Duration::from_secs(6);

/// An exchange to be carried out.
pub(super) struct Order {
    pub(super) endpoint: String,
    /// Under security 0 it holds credentials.
    pub(super) request: Zeroizing<Vec<u8>>,
    /// Closed where the caller waits for it no longer.
    pub(super) reply: oneshot::Sender<Result<Vec<u8>, TransportError>>,
}

/// What is known of a link that was opened.
pub(super) struct Opened {
    pub(super) peer: String,
    pub(super) endpoints: Vec<String>,
}

/// Opens a link, says so over `ready`, and carries out orders until there can be no more.
pub(super) async fn run(
    target: Target,
    to: Locator,
    opening: Opening,
    ready: oneshot::Sender<Result<Opened, TransportError>>,
    orders: mpsc::Receiver<Order>,
) {
    let mut ready = ready;
    let mut connection = None;
    let opened = tokio::select! {
        opened = open(&mut connection, &target, &to, &opening) => Some(opened),
        () = ready.closed() => None,
    };
    match (opened, connection) {
        (Some(Ok(table)), Some(connection)) => {
            let known = Opened { peer: connection.peer.clone(), endpoints: table.names() };
            let mut link = Link { connection, table, observer: opening.observer, state: State::Fresh };
            if ready.send(Ok(known)).is_ok() {
                link.serve(orders).await;
            }
            link.connection.release().await;
        }
        (opened, connection) => {
            // Given back before it is told: hearing of the failure may end the program.
            if let Some(connection) = connection {
                connection.release().await;
            }
            if let Some(Err(error)) = opened {
                let _ = ready.send(Err(error));
            }
        }
    }
}

/// The time before a deadline at which to give up, so that there is time left to find out why, and to say it.
fn margin(within: Duration) -> Duration {
    (within / 4).min(Duration::from_secs(2))
}

async fn open(
    slot: &mut Option<Connection>,
    target: &Target,
    to: &Locator,
    opening: &Opening,
) -> Result<Table, TransportError> {
    let began = Instant::now();
    // A search that gives up before its caller does can still say why.
    let end = began + opening.within.saturating_sub(margin(opening.within));
    let radio = Radio::get(target.adapter.as_deref(), to).await?;
    let found = search(&radio, &target.wanted, to, end.min(began + LOOK), &*opening.observer).await?;
    let (name, rssi) = (found.sighting.name().map(str::to_owned), found.sighting.rssi);
    opening.observer.tell(LinkEvent::Found { name: name.unwrap_or_else(|| found.sighting.address.clone()), rssi });
    let connection = slot.insert(Connection::take(radio, found)?);
    Ok(connection.open(end, &*opening.observer).await?)
}

/// How the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Up, and nothing was answered yet.
    Fresh,
    /// Up.
    Good,
    /// The device has refused a request: some firmware ends the link then.
    Doubtful,
    /// Down, or with a request under way that the caller has dropped.
    Broken,
}

struct Link {
    connection: Connection,
    table: Table,
    observer: Arc<dyn LinkObserver>,
    state: State,
}

impl Link {
    async fn serve(&mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(Order { endpoint, request, mut reply }) = orders.recv().await {
            let outcome = tokio::select! {
                outcome = self.exchange(&endpoint, &request) => Some(outcome),
                () = reply.closed() => None,
            };
            match outcome {
                Some(outcome) => drop(reply.send(outcome)),
                None => self.state = State::Broken,
            }
        }
    }

    async fn exchange(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let before = self.state;
        if before == State::Broken || (before == State::Doubtful && !self.connection.is_up().await) {
            self.reopen().await?;
        }
        let written = match self.write(endpoint, request).await {
            // The end of the link that the refusal before had announced.
            Err(Miss::Gone(_)) if before == State::Doubtful => {
                self.reopen().await?;
                self.write(endpoint, request).await
            }
            // It was this computer that ended the link, and nothing had been asked over it that this one builds on.
            Err(Miss::Away) if before == State::Fresh => {
                self.reopen().await?;
                self.write(endpoint, request).await
            }
            // What the system remembers of the device is out of date, so that nothing has reached an endpoint.
            Err(Miss::Stale(_)) if before == State::Fresh => {
                self.renew().await?;
                self.write(endpoint, request).await
            }
            // The system leaves it to its programs, or has failed at it.
            Err(Miss::Unpaired(_)) => {
                if self.state == State::Broken {
                    self.reopen().await?;
                }
                self.connection.pair().await?;
                self.write(endpoint, request).await
            }
            written => written,
        };
        written.map_err(|miss| self.told(miss))?;
        let reply = self.read(endpoint).await.map_err(|miss| self.told(miss))?;
        self.state = State::Good;
        Ok(reply)
    }

    async fn write(&mut self, endpoint: &str, request: &[u8]) -> Result<(), Miss> {
        let characteristic = self.table.find(endpoint).ok_or_else(|| self.no_such(endpoint))?;
        let may_pair = self.state == State::Fresh && !self.connection.is_paired().await;
        let written = tokio::select! {
            written = self.connection.peripheral.write(characteristic, request, WriteType::WithResponse) => written,
            () = self.connection.lost_to_pairing(), if may_pair => {
                self.state = State::Broken;
                return Err(Miss::Unpaired("it was not sent again after pairing".to_owned()));
            }
        };
        match written {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(&error, Some(request.len())).await),
        }
    }

    /// The answer, which is there since the write was answered.
    async fn read(&mut self, endpoint: &str) -> Result<Vec<u8>, Miss> {
        let characteristic = self.table.find(endpoint).ok_or_else(|| self.no_such(endpoint))?;
        match self.connection.peripheral.read(characteristic).await {
            Ok(reply) if reply.len() > gatt::VALUE_MAX => {
                let (peer, limit) = (self.connection.peer.clone(), gatt::VALUE_MAX);
                Err(Miss::Told(TransportError::from(Evidence::ReplyTooLong { peer, limit })))
            }
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.explain(&error, None).await),
        }
    }

    fn no_such(&self, endpoint: &str) -> Miss {
        let (peer, endpoint) = (self.connection.peer.clone(), endpoint.to_owned());
        Miss::Told(TransportError::from(Evidence::NoSuchEndpoint { peer, endpoint }))
    }

    /// What a failed operation means; `written` is the length of the request, where it was one that failed.
    async fn explain(&mut self, error: &btleplug::Error, written: Option<usize>) -> Miss {
        let (peer, reason) = (self.connection.peer.clone(), att::words(error));
        let trouble = att::read(error);
        let gone = match trouble {
            ErrorClass::Unlikely | ErrorClass::TimedOut | ErrorClass::InProgress | ErrorClass::Other => {
                self.connection.goes_down().await
            }
            ErrorClass::NotConnected | ErrorClass::Unknown => true,
            _ => false,
        };
        if gone || trouble == ErrorClass::NotReady {
            // It may be this computer that ended the link.
            let end = Instant::now() + AWAY;
            match self.connection.await_ready(end, &*self.observer).await {
                Ok(false) => {}
                Ok(true) => {
                    self.state = State::Broken;
                    return Miss::Away;
                }
                Err(error) => {
                    self.state = State::Broken;
                    return Miss::Told(error.into());
                }
            }
        }
        if trouble == ErrorClass::TimedOut && !gone {
            // The system has given the device up; how long to wait for it is the caller's affair.
            std::future::pending::<()>().await;
        }
        let unpaired = trouble == ErrorClass::Encryption || may_be_unpaired(self.state, trouble, HIDES_ERRORS);
        self.state = match trouble {
            _ if gone => State::Broken,
            ErrorClass::Refused(_) | ErrorClass::Unlikely | ErrorClass::TooLong => State::Doubtful,
            ErrorClass::Stale | ErrorClass::Encryption => self.state,
            _ => State::Broken,
        };
        let told = match (trouble, written) {
            // It was there when the request was sent.
            (ErrorClass::Unlikely | ErrorClass::TimedOut | ErrorClass::InProgress | ErrorClass::Other, Some(_))
                if gone =>
            {
                return Miss::Gone(TransportError::from(Evidence::ClosedWithoutAnswer { peer }));
            }
            _ if gone => return Miss::Gone(BleError::Lost { peer, reason }.into()),
            _ if unpaired => return Miss::Unpaired(reason),
            (ErrorClass::Stale, _) => return Miss::Stale(reason),
            (ErrorClass::TooLong, Some(length)) => {
                return Miss::Told(TransportError::from(Evidence::RequestTooLong {
                    length,
                    limit: value_limit(length),
                }));
            }
            (ErrorClass::Refused(att), _) => BleError::Refused { peer, att },
            (ErrorClass::Unlikely, _) => BleError::Refused { peer, att: Some(0x0e) },
            (ErrorClass::Permission, _) => BleError::Permission { reason },
            _ => BleError::Stack { reason },
        };
        Miss::Told(told.into())
    }

    fn told(&self, miss: Miss) -> TransportError {
        match miss {
            Miss::Told(error) | Miss::Gone(error) => error,
            Miss::Away => BleError::CameBack { peer: self.connection.peer.clone() }.into(),
            Miss::Stale(reason) => BleError::ServicesUnresolved { peer: self.connection.peer.clone(), reason }.into(),
            Miss::Unpaired(reason) => BleError::PairingFailed { peer: self.connection.peer.clone(), reason }.into(),
        }
    }

    async fn reopen(&mut self) -> Result<(), TransportError> {
        self.state = State::Broken;
        let end = Instant::now() + AGAIN + CONNECT + RESOLVE;
        self.table = self.connection.reopen(end, &*self.observer).await?;
        self.state = State::Good;
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), TransportError> {
        self.connection.renew(Instant::now() + AGAIN).await;
        self.reopen().await
    }
}

/// A request that was not answered.
enum Miss {
    /// The attribute is not where the system remembers it.
    Stale(String),
    /// It takes an encrypted link.
    Unpaired(String),
    /// The link ended with it, or had ended before.
    Gone(TransportError),
    /// This computer's Bluetooth went away with it, and is back.
    Away,
    /// Anything else.
    Told(TransportError),
}

/// Whether a request may have been refused for want of an encrypted link where the system hides the error: no firmware
/// refuses the first request of a link, which asks for its version, for what is in it.
fn may_be_unpaired(before: State, trouble: ErrorClass, hidden: bool) -> bool {
    hidden && before == State::Fresh && trouble == ErrorClass::Refused(None)
}

/// The longest value of the firmware that does not take `length` bytes: the most that any takes which is less.
fn value_limit(length: usize) -> usize {
    let limits = [gatt::VALUE_MAX, gatt::VALUE_MAX_BLUEDROID_SEC2, gatt::VALUE_MAX_BLUEDROID];
    limits.into_iter().find(|limit| *limit < length).unwrap_or(length.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_a_reason_may_want_a_pairing_before_the_first_answer() {
        let hidden = |before| may_be_unpaired(before, ErrorClass::Refused(None), true);
        assert_eq!([State::Fresh, State::Good, State::Doubtful].map(hidden), [true, false, false]);
        assert!(!may_be_unpaired(State::Fresh, ErrorClass::Refused(Some(0x80)), true));
        assert!(!may_be_unpaired(State::Fresh, ErrorClass::Refused(None), false), "where errors are told");
    }

    #[test]
    fn firmware_that_refuses_a_length_is_known_by_it() {
        assert_eq!(value_limit(513), 512);
        assert_eq!(value_limit(500), 481);
        assert_eq!(value_limit(406), 257);
        assert_eq!(value_limit(100), 99);
    }
}
