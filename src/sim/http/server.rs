//! The server's one loop: accept, read a request, hand it to the device, send the reply, close or keep.
//!
//! Parsing is in `request.rs`, wording in `reply.rs`, sessions in `cookie.rs`. Like the firmware's server it does one
//! thing at a time: while a handler runs, no other connection is accepted.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::cookie::{Belongs, Sessions};
use super::reply::{self, Page};
use super::request::{Head, HeadError};
use crate::sim::device::{Device, Refusal, Reply, ReplyFault};
use crate::sim::event::Event;
use crate::sim::host::{Ended, Observer};

/// Longest request body, in bytes.
const BODY_LIMIT: usize = 4096;
/// How long the firmware waits within a request. Between requests it waits without limit.
const IO_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes read at a time.
const CHUNK: usize = 1024;
/// Rest after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// How long, and how many bytes of, a refused request are still taken in, so that closing does not reset the
/// connection under the error page.
const LINGER: (Duration, usize) = (Duration::from_millis(500), 256 * 1024);

/// Serves one device on one listener until the device stops or `shutdown` resolves. The device boots now.
///
/// # Errors
/// Where the listener has no address, or cannot be bound again after an outage.
pub async fn serve(
    listener: TcpListener,
    device: Device,
    shutdown: impl Future<Output = ()>,
    observer: Option<Observer>,
) -> io::Result<Ended> {
    let address = listener.local_addr()?;
    let mut server = Server {
        sessions: Sessions::new(device.options().profile.cookies),
        name: device.options().name(),
        device,
        booted: Instant::now(),
        observer,
        sockets: 0,
    };
    tokio::select! {
        () = shutdown => Ok(Ended::Shutdown),
        result = server.run(listener, address) => result.map(|()| Ended::Stopped),
    }
}

struct Server {
    device: Device,
    sessions: Sessions,
    name: String,
    booted: Instant,
    observer: Option<Observer>,
    sockets: u64,
}

/// The one open connection.
struct Connection {
    stream: TcpStream,
    socket: u64,
    /// What arrived and was not used yet.
    buffer: Vec<u8>,
    /// The last request called a handler that never returns.
    hangs: bool,
}

/// Whether a connection goes on after a request.
enum Fate {
    Keep,
    Close,
    Hang,
}

impl Server {
    async fn run(&mut self, listener: TcpListener, address: SocketAddr) -> io::Result<()> {
        let mut listener = Some(listener);
        let mut connection: Option<Connection> = None;
        loop {
            let now = self.tick();
            let wake = self.device.next_change(now).map(|at| self.booted + at);
            if !self.device.is_serving(now) {
                (listener, connection) = (None, None);
                let gone = self.device.stops_at().is_some_and(|at| at <= now);
                match wake.filter(|_| !gone) {
                    Some(wake) => sleep_until(wake).await,
                    None => return Ok(()),
                }
                continue;
            }
            let open = match &mut listener {
                Some(open) => open,
                none => none.insert(TcpListener::bind(address).await?),
            };
            tokio::select! {
                // As on the firmware: the open connection first, then new ones.
                biased;
                alive = wait_for_request(connection.as_mut()) => {
                    let fate = match connection.as_mut().filter(|_| alive) {
                        Some(connection) => self.request(connection).await.unwrap_or(Fate::Close),
                        None => Fate::Close,
                    };
                    match (fate, &mut connection) {
                        (Fate::Hang, Some(connection)) => connection.hangs = true,
                        (Fate::Keep, _) => {}
                        _ => connection = None,
                    }
                }
                // The older connection goes when a new one comes.
                accepted = open.accept() => match accepted {
                    Ok((stream, _)) => connection = Some(self.welcome(stream)),
                    // The client has gone already, or descriptors have run out: the device goes on in both cases.
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    /// Advances the device's clock and reports the events of that time.
    fn tick(&mut self) -> Duration {
        let now = self.booted.elapsed();
        self.device.tick(now);
        let events = self.device.take_events();
        if let Some(observer) = &self.observer {
            for timed in &events {
                observer(&self.name, timed);
            }
        }
        now
    }

    fn welcome(&mut self, stream: TcpStream) -> Connection {
        // TCP_NODELAY stays off, as on the firmware; the delay this costs is the client's to deal with.
        self.sockets += 1;
        Connection { stream, socket: self.sockets, buffer: Vec::new(), hangs: false }
    }

    /// One request and its reply. An error is a broken connection.
    async fn request(&mut self, connection: &mut Connection) -> io::Result<Fate> {
        let limit = self.device.options().profile.header_limit;
        let head = match connection.read_head(limit).await? {
            Ok(head) => head,
            Err(HeadError::UriTooLong) => return connection.refuse(Page::UriTooLong).await,
            Err(HeadError::HeadersTooLong) => return connection.refuse(Page::HeadersTooLong).await,
            Err(HeadError::Malformed) => return connection.refuse(Page::BadRequest).await,
        };
        if !self.device.has_endpoint(&head.endpoint) {
            let now = self.tick();
            self.device.note(now, Event::RequestRefused { endpoint: head.endpoint });
            return connection.refuse(Page::NotFound).await;
        }
        if !head.is_post {
            return connection.refuse(Page::MethodNotAllowed).await;
        }
        let cookie = match self.sessions.place(head.cookie.as_deref(), connection.socket) {
            Belongs::Same => None,
            Belongs::New => {
                let now = self.tick();
                self.device.open_session(now);
                let id = self.device.draw();
                self.sessions.begin(id, connection.socket)
            }
        };
        let Some(length) = head.content_length.filter(|length| (1..=BODY_LIMIT).contains(length)) else {
            return Ok(Fate::Close);
        };
        let body = connection.read_body(head.length, length).await?;
        if !head.verbatim {
            return Ok(Fate::Close);
        }
        let now = self.tick();
        match self.device.handle(now, &head.endpoint, &body) {
            Ok(reply) => {
                self.tick();
                // The timer's smallest step is a millisecond, so a sleep of zero would cost one.
                if !reply.after.is_zero() {
                    sleep(reply.after).await;
                }
                connection.send(reply, cookie).await
            }
            Err(Refusal::Hang) => Ok(Fate::Hang),
            Err(Refusal::Handler | Refusal::UnknownEndpoint | Refusal::Restart) => Ok(Fate::Close),
        }
    }
}

/// Waits until a request begins; false where the client went away. Never returns without a connection.
async fn wait_for_request(connection: Option<&mut Connection>) -> bool {
    let Some(connection) = connection else { return std::future::pending().await };
    if connection.hangs {
        let mut ignored = [0; 64];
        while connection.stream.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
        return false;
    }
    !connection.buffer.is_empty() || connection.fill().await.is_ok()
}

impl Connection {
    /// Reads some more; an error where the client closed.
    async fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        match self.stream.read(&mut chunk).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(())
            }
        }
    }

    async fn fill_in_time(&mut self) -> io::Result<()> {
        timeout(IO_TIMEOUT, self.fill()).await?
    }

    async fn read_head(&mut self, header_limit: usize) -> io::Result<Result<Head, HeadError>> {
        loop {
            match Head::parse(&self.buffer, header_limit) {
                Ok(Some(head)) => return Ok(Ok(head)),
                Err(error) => return Ok(Err(error)),
                Ok(None) if self.buffer.len() > Head::longest(header_limit) => return Ok(Err(HeadError::Malformed)),
                Ok(None) => self.fill_in_time().await?,
            }
        }
    }

    /// Takes the request out of the buffer.
    async fn read_body(&mut self, start: usize, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < start + length {
            self.fill_in_time().await?;
        }
        let rest = self.buffer.split_off(start + length);
        let body = self.buffer.split_off(start);
        self.buffer = rest;
        Ok(body)
    }

    async fn send(&mut self, reply: Reply, cookie: Option<String>) -> io::Result<Fate> {
        match reply.fault {
            Some(ReplyFault::Status500) => return self.refuse(Page::InternalError).await,
            Some(ReplyFault::NotHttp) => {
                self.write_in_time(reply::NOT_HTTP).await?;
                return Ok(Fate::Close);
            }
            Some(ReplyFault::Truncated) | None => {}
        }
        let mut segments = reply::segments(reply.body, cookie);
        let cut = reply.fault == Some(ReplyFault::Truncated);
        if let Some(body) = segments.last_mut().filter(|_| cut) {
            body.truncate(body.len() / 2);
        }
        for segment in &segments {
            self.write_in_time(segment).await?;
        }
        Ok(if cut { Fate::Close } else { Fate::Keep })
    }

    async fn write_in_time(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(IO_TIMEOUT, self.stream.write_all(bytes)).await?
    }

    /// Sends an error page and closes in order.
    async fn refuse(&mut self, page: Page) -> io::Result<Fate> {
        self.write_in_time(&page.to_bytes()).await?;
        self.stream.shutdown().await?;
        let (span, most) = LINGER;
        let drain = async {
            let mut ignored = [0; CHUNK];
            let mut taken = 0;
            while taken < most {
                match self.stream.read(&mut ignored).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => taken += count,
                }
            }
        };
        let _ = timeout(span, drain).await;
        Ok(Fate::Close)
    }
}
