//! One TCP connection to a device, one request and its reply at a time. It never sends a request twice, keeps no
//! time, and is fit for another request only if its last [`Reply`] says so.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;

use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::address::Address;
use super::chunked::Chunks;
use super::http::{self, Body, Cookie, Head, LONGEST_REPLY, Refusal};
use crate::transport::{Evidence, TransportError};

/// What the system is asked for in one read: a stock device's longest replies fit.
const READ: usize = 4096;

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    peer: String,
}

/// A complete reply with status 200.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) body: Vec<u8>,
    pub(super) cookie: Option<Cookie>,
    /// Whether the connection takes another request.
    pub(super) keep_alive: bool,
}

impl Connection {
    /// Connects to the first of the host's addresses that answers.
    pub(super) async fn open(address: &Address) -> Result<Self, TransportError> {
        let peer = address.to_string();
        match connect(address).await {
            Ok(stream) => Ok(Self { stream, peer }),
            Err(source) => Err(Evidence::Unreachable { peer, source }.into()),
        }
    }

    /// Whether the peer has kept the idle connection open and silent. One that it closed is of no use, and one with
    /// bytes that answer no request would answer the next request with them.
    pub(super) fn is_idle(&self) -> bool {
        // Asked of the socket itself: the runtime may not have noticed the end yet.
        let peeked = SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]);
        peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends `request`, whole, and reads the reply. After an error, or if the future is dropped, the connection is
    /// in an unknown state and must not be used again.
    pub(super) async fn exchange(&mut self, endpoint: &str, request: &[u8]) -> Result<Reply, TransportError> {
        let mut received = Vec::new();
        self.stream.write_all(request).await.map_err(|error| self.broken(0, error))?;
        let head = loop {
            match http::head(&received).map_err(|refusal| self.refused(endpoint, refusal))? {
                Some(head) => break head,
                None if self.read(&mut received).await? == 0 => return Err(self.ended(received.len())),
                None => {}
            }
        };
        match head.body {
            Body::Length(length) => self.read_exactly(head, length, received).await,
            Body::Chunked => self.read_chunks(endpoint, head, received).await,
            Body::ToEnd => self.read_to_end(head, received).await,
        }
    }

    /// Ends the connection in order.
    pub(super) async fn close(mut self) -> Result<(), TransportError> {
        match self.stream.shutdown().await {
            Err(source) if !is_closed(&source) => Err(Evidence::Io { peer: self.peer, source }.into()),
            _ => Ok(()),
        }
    }

    async fn read_exactly(&self, head: Head, length: usize, mut received: Vec<u8>) -> Result<Reply, TransportError> {
        let end = head.length + length;
        while received.len() < end {
            if self.read(&mut received).await? == 0 {
                return Err(self.ended(received.len()));
            }
        }
        // Bytes past the announced end belong to no request of ours.
        let keep_alive = head.keep_alive && received.len() == end;
        let body = received[head.length..end].to_vec();
        Ok(Reply { body, cookie: head.cookie, keep_alive })
    }

    async fn read_chunks(&self, endpoint: &str, head: Head, mut received: Vec<u8>) -> Result<Reply, TransportError> {
        let mut chunks = Chunks::new(head.length);
        loop {
            let end = chunks.advance(&received).map_err(|refusal| self.refused(endpoint, refusal))?;
            if let Some(end) = end {
                // Bytes past the end belong to no request of ours.
                let keep_alive = head.keep_alive && received.len() == end;
                return Ok(Reply { body: chunks.into_body(), cookie: head.cookie, keep_alive });
            }
            if self.read(&mut received).await? == 0 {
                return Err(self.ended(received.len()));
            }
        }
    }

    async fn read_to_end(&self, head: Head, mut received: Vec<u8>) -> Result<Reply, TransportError> {
        loop {
            if received.len() > head.length + LONGEST_REPLY {
                return Err(Evidence::ReplyTooLong { peer: self.peer.clone(), limit: LONGEST_REPLY }.into());
            }
            if self.read(&mut received).await? == 0 {
                let body = received.split_off(head.length);
                return Ok(Reply { body, cookie: head.cookie, keep_alive: false });
            }
        }
    }

    /// Appends what has arrived and returns how much; 0 at the end.
    async fn read(&self, received: &mut Vec<u8>) -> Result<usize, TransportError> {
        received.reserve(READ);
        loop {
            acknowledge_at_once(&self.stream);
            let read = match self.stream.readable().await {
                Ok(()) => self.stream.try_read_buf(received),
                Err(error) => Err(error),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read.map_err(|error| self.broken(received.len(), error)),
            }
        }
    }

    fn refused(&self, endpoint: &str, refusal: Refusal) -> TransportError {
        let peer = self.peer.clone();
        match refusal {
            Refusal::NoSuchEndpoint => {
                TransportError::from(Evidence::NoSuchEndpoint { peer, endpoint: endpoint.to_owned() })
            }
            Refusal::NotADevice(evidence) => TransportError::from(Evidence::NotADevice { peer, evidence }),
            Refusal::TooLong => TransportError::from(Evidence::ReplyTooLong { peer, limit: LONGEST_REPLY }),
        }
    }

    /// The peer closed after `received` bytes of a reply.
    fn ended(&self, received: usize) -> TransportError {
        let peer = self.peer.clone();
        match received {
            0 => TransportError::from(Evidence::ClosedWithoutAnswer { peer }),
            _ => TransportError::from(Evidence::Truncated { peer, received }),
        }
    }

    /// The system reports a failure after `received` bytes of a reply. A device that closes before it has read the
    /// whole request resets the connection, which means the same as closing it.
    fn broken(&self, received: usize, source: io::Error) -> TransportError {
        if is_closed(&source) {
            self.ended(received)
        } else {
            TransportError::from(Evidence::Io { peer: self.peer.clone(), source })
        }
    }
}

fn is_closed(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected)
}

/// Tries each address in turn; if none answers, the first one's error is the one that tells most.
async fn connect(address: &Address) -> io::Result<TcpStream> {
    let mut first_error = None;
    for socket_address in address.resolve().await? {
        match TcpStream::connect(socket_address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "the name has no address")))
}

/// A device sends its header in several small segments, each held back until the one before is acknowledged, and a
/// delayed acknowledgement costs 40 ms. The system forgets the wish, so it is renewed before every read.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn acknowledge_at_once(stream: &TcpStream) {
    // Failing costs time, nothing else.
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn acknowledge_at_once(_: &TcpStream) {}
