//! One device: a link, then a secure session over it.
//!
//! [`Link`] carries plain exchanges (the version document, the handshake); [`Session`] carries typed requests through
//! the cipher. The cipher is taken out before each await and put back after a good reply, so an error, a timeout or
//! a dropped future leaves the session broken, never out of step.
//!
//! - `error.rs`: what an error means at the step where it came
//! - `failure.rs`: its code, stage and hints
//! - `deadline.rs`: how long a step and the whole run may take

pub mod deadline;
mod error;
mod failure;

use std::sync::Arc;
use std::time::Duration;

use deadline::{Budget, limit};
pub use error::{Meaning, SessionError, SessionErrorKind, Step};
use rand_core::CryptoRng;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::endpoint::{ReplyError, Request};
use crate::event::{Event, Exchange, Observer};
use crate::security::{Cipher, Credentials, Handshake, Next, Scheme, Turn};
use crate::transport::{
    Evidence, Limits, LinkEvent, LinkObserver, Locator, LogSink, Opening, Transport, TransportError, TransportKind,
};
use crate::wire::describe::{Direction, describe};
use crate::wire::version::{VersionError, VersionInfo};

/// The endpoint of the version document; neither its requests nor its replies are ever encrypted.
pub const VERSION_ENDPOINT: &str = "proto-ver";
const SESSION_ENDPOINT: &str = "prov-session";
/// The version request's body: its content is ignored, but it must not be empty.
const VERSION_REQUEST: &[u8] = b"---";

/// Makes events of what a link tells.
struct Told(Arc<dyn Observer>);

impl LinkObserver for Told {
    fn tell(&self, news: LinkEvent) {
        self.0.observe(&match news {
            LinkEvent::Looking { wanted, over } => Event::Looking { wanted, over },
            LinkEvent::Found { name, rssi } => Event::Found { name, rssi },
            LinkEvent::Retrying { cause, attempt, of } => Event::Retrying { cause, attempt, of },
            LinkEvent::Note(text) => Event::Note { text },
        });
    }
}

/// An open link without a session.
pub struct Link {
    transport: Box<dyn Transport>,
    observer: Arc<dyn Observer>,
    budget: Budget,
}

impl Link {
    /// Opens a link. Events go to `observer`, what a board prints on the link itself to `log`.
    ///
    /// # Errors
    /// [`SessionError`] at [`Step::Connect`].
    pub async fn connect(
        kind: &dyn TransportKind,
        to: &Locator,
        observer: Arc<dyn Observer>,
        log: Arc<dyn LogSink>,
        budget: Budget,
    ) -> Result<Self, SessionError> {
        let at_connect = |kind| SessionError { step: Step::Connect, endpoint: String::new(), security: None, kind };
        let limit = kind.opening_limit();
        let within = budget.left().map_or(limit, |left| left.min(limit));
        let opening = Opening { within, observer: Arc::new(Told(observer.clone())), log };
        let transport = budget
            .patiently(limit, kind.connect(to, opening))
            .await
            .map_err(|elapsed| at_connect(SessionErrorKind::Deadline(elapsed)))?
            .map_err(|error| at_connect(error.into()))?;
        observer.observe(&Event::Connected { peer: transport.peer() });
        Ok(Self { transport, observer, budget })
    }

    /// Asks the device what it is.
    ///
    /// # Errors
    /// [`SessionError`] at [`Step::Version`].
    pub async fn identify(&mut self) -> Result<VersionInfo, SessionError> {
        let at = Point { step: Step::Version, endpoint: VERSION_ENDPOINT, security: None };
        let reply = self.exchange(at, limit::EXCHANGE, VERSION_REQUEST, VERSION_REQUEST).await?;
        self.trace(&at, VERSION_REQUEST, &reply.bytes, &reply, VERSION_REQUEST.len());
        VersionInfo::parse(&reply.bytes).map_err(|error| match error {
            VersionError::CutOff { .. } => at.error(ReplyError::Version(error).into()),
            VersionError::NoProv | VersionError::Other => {
                let evidence = error.to_string();
                at.error(TransportError::from(Evidence::NotADevice { peer: self.peer(), evidence }).into())
            }
        })
    }

    /// What the link can carry.
    pub fn limits(&self) -> Limits {
        self.transport.limits()
    }

    /// The endpoints the device offers, where the link can list them.
    pub fn endpoints(&self) -> Option<&[String]> {
        self.transport.endpoints()
    }

    /// The other end, for people.
    pub fn peer(&self) -> String {
        self.transport.peer()
    }

    /// The device's own name, where the link has seen it.
    pub fn name(&self) -> Option<String> {
        self.transport.name()
    }

    /// Releases the link; one that is broken already is released all the same.
    pub async fn close(self) {
        let _ = self.budget.within(Duration::from_secs(1), self.transport.close()).await;
    }

    /// Runs a handshake to its end.
    async fn handshake(
        &mut self,
        scheme: &dyn Scheme,
        credentials: &Credentials,
        reading: usize,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<Box<dyn Cipher>, SessionError> {
        let version = Some(scheme.version());
        let mut at = Point { step: Step::Handshake(0), endpoint: SESSION_ENDPOINT, security: version };
        let mut turn = scheme.initiate(credentials, reading, rng).map_err(|error| at.error(error.into()))?;
        let mut number = 0;
        loop {
            let (send, waiting): (Vec<u8>, Box<dyn Handshake>) = match turn {
                Turn { next: Next::Established(cipher), .. } => return Ok(cipher),
                Turn { send: Some(send), next: Next::Await(waiting) } => (send, waiting),
                Turn { send: None, next: Next::Await(_) } => return Err(at.error(SessionErrorKind::Broken)),
            };
            number += 1;
            at.step = Step::Handshake(number);
            let reply = self.exchange(at, limit::HANDSHAKE, &send, &send).await?;
            self.trace(&at, &send, &reply.bytes, &reply, send.len());
            turn = waiting.advance(&reply.bytes).map_err(|error| at.error(error.into()))?;
        }
    }

    /// One exchange within its limit. `plain` is what a failed exchange is traced as; the caller traces a good one,
    /// since only it can open the reply.
    async fn exchange(
        &mut self,
        at: Point<'_>,
        limit: Duration,
        wire: &[u8],
        plain: &[u8],
    ) -> Result<Reply, SessionError> {
        let started = Instant::now();
        let outcome = self.budget.patiently(limit, self.transport.exchange(at.endpoint, wire)).await;
        let took = started.elapsed();
        let kind = match outcome {
            Ok(Ok(bytes)) => return Ok(Reply { bytes, took }),
            Ok(Err(error)) => SessionErrorKind::Transport(error),
            Err(elapsed) => SessionErrorKind::Deadline(elapsed),
        };
        self.observer.observe(&Event::Exchange(Exchange {
            endpoint: at.endpoint.to_owned(),
            request: describe(at.endpoint, Direction::Request, plain),
            request_len: wire.len(),
            reply: Err(kind.to_string()),
            reply_len: 0,
            took,
        }));
        Err(at.error(kind))
    }

    fn trace(&self, at: &Point<'_>, plain: &[u8], opened: &[u8], reply: &Reply, request_len: usize) {
        self.observer.observe(&Event::Exchange(Exchange {
            endpoint: at.endpoint.to_owned(),
            request: describe(at.endpoint, Direction::Request, plain),
            request_len,
            reply: Ok(describe(at.endpoint, Direction::Reply, opened)),
            reply_len: reply.bytes.len(),
            took: reply.took,
        }));
    }
}

/// Where an exchange stands; turns a kind of failure into an error with its place.
#[derive(Clone, Copy)]
struct Point<'a> {
    step: Step,
    endpoint: &'a str,
    security: Option<u8>,
}

impl Point<'_> {
    fn error(&self, kind: SessionErrorKind) -> SessionError {
        SessionError { step: self.step, endpoint: self.endpoint.to_owned(), security: self.security, kind }
    }
}

struct Reply {
    bytes: Vec<u8>,
    took: Duration,
}

/// A secure session with a device.
pub struct Session {
    link: Link,
    scheme: &'static dyn Scheme,
    credentials: Credentials,
    /// Which reading of the credentials the device took.
    reading: usize,
    cipher: Option<Box<dyn Cipher>>,
}

impl Session {
    /// Runs the handshake. Where the credentials can be read in two ways (security 2's Q1) and the device rejects
    /// the proof of the first, the second is tried, once. It also begins anew, once, where this computer's part of the
    /// link went away in the middle and is back.
    ///
    /// # Errors
    /// The link, for another try, and what went wrong.
    pub async fn establish(
        mut link: Link,
        scheme: &'static dyn Scheme,
        credentials: Credentials,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<Self, (Link, SessionError)> {
        let readings = scheme.readings(&credentials);
        let mut reading = 0;
        let mut rejected = None;
        let mut again = false;
        loop {
            match link.handshake(scheme, &credentials, reading, rng).await {
                Ok(cipher) => {
                    link.observer.observe(&Event::Secured { security: scheme.version(), again: false });
                    return Ok(Self { link, scheme, credentials, reading, cipher: Some(cipher) });
                }
                Err(error) if error.meaning() == Meaning::ProofRejected && reading + 1 < readings => {
                    reading += 1;
                    rejected = Some(error);
                }
                Err(error) if error.came_back() && !again => again = true,
                // The second reading may meet a lock that the first one set off: the rejection is the news.
                Err(error) => return Err((link, rejected.unwrap_or(error))),
            }
        }
    }

    /// Sends a request through the session and reads its reply.
    ///
    /// # Errors
    /// [`SessionError`] at [`Step::Request`]. After any but a refusal the session is broken and wants
    /// [`Session::reestablish`].
    pub async fn call<R: Request>(&mut self, request: &R) -> Result<R::Reply, SessionError> {
        let at = Point { step: Step::Request, endpoint: request.endpoint(), security: Some(self.scheme.version()) };
        let mut cipher = self.cipher.take().ok_or_else(|| at.error(SessionErrorKind::Broken))?;
        let plain = request.encode();
        // Security 0 seals nothing.
        let sealed = Zeroizing::new(cipher.seal(&plain).map_err(|error| at.error(error.into()))?);
        let reply = self.link.exchange(at, limit::EXCHANGE, &sealed, &plain).await?;
        let opened = cipher.open(&reply.bytes).map_err(|error| at.error(error.into()))?;
        self.link.trace(&at, &plain, &opened, &reply, sealed.len());
        let decoded = request.decode(&opened);
        if matches!(decoded, Ok(_) | Err(crate::endpoint::ReplyError::Refused(_))) {
            self.cipher = Some(cipher);
        }
        decoded.map_err(|error| at.error(error.into()))
    }

    /// Sends a request to the version endpoint, which takes none through the session, and reads its reply as it is.
    ///
    /// # Errors
    /// [`SessionError`] at [`Step::Request`].
    pub async fn ask_version(&mut self, body: &[u8]) -> Result<Vec<u8>, SessionError> {
        let at = Point { step: Step::Request, endpoint: VERSION_ENDPOINT, security: Some(self.scheme.version()) };
        let reply = self.link.exchange(at, limit::EXCHANGE, body, body).await?;
        self.link.trace(&at, body, &reply.bytes, &reply, body.len());
        Ok(reply.bytes)
    }

    /// Whether the session can carry a request.
    pub fn is_established(&self) -> bool {
        self.cipher.is_some()
    }

    /// Runs a new handshake with the credentials that worked before.
    ///
    /// # Errors
    /// As [`Session::establish`]; the session stays broken.
    pub async fn reestablish(&mut self, rng: &mut (dyn CryptoRng + Send)) -> Result<(), SessionError> {
        self.cipher = None;
        let cipher = self.link.handshake(self.scheme, &self.credentials, self.reading, rng).await?;
        self.cipher = Some(cipher);
        self.link.observer.observe(&Event::Secured { security: self.scheme.version(), again: true });
        Ok(())
    }

    /// The security version in use.
    pub fn security(&self) -> u8 {
        self.scheme.version()
    }

    /// Whether every message is encrypted with the same nonce.
    pub fn reuses_nonce(&self) -> bool {
        self.cipher.as_ref().is_some_and(|cipher| cipher.reuses_nonce())
    }

    /// The link underneath.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Ends the session and releases the link.
    pub async fn close(self) {
        self.link.close().await;
    }
}
