//! A scripted TCP server: each connection it takes has a list of steps, and every byte it was sent is kept. It knows
//! no HTTP beyond where a request ends, so that it cannot share a mistake with the client.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use espctl::transport::{Locator, Opening, Transport, TransportError, TransportKind, softap::SoftAp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the server does next on a connection. After the last step it closes.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Takes one request and keeps it.
    Read,
    /// Sends these bytes.
    Write(Vec<u8>),
    /// Sends these bytes each in a segment of its own, a moment apart.
    Drip(Vec<u8>),
    /// Sends this byte until the client has had enough.
    Flood(u8),
    /// Closes so that the client gets a reset.
    Reset,
    /// Does nothing until the client closes.
    Hold,
}

/// A connection that takes a request and answers with `reply`.
pub(crate) fn answer(reply: impl AsRef<[u8]>) -> Vec<Step> {
    vec![Step::Read, Step::Write(reply.as_ref().to_vec())]
}

/// A reply as a stock device sends it, with `fields` added, each ended by CR LF.
pub(crate) fn ok(fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n{fields}\r\n{body}").into_bytes()
}

/// Each request, with the number of the connection it came over.
type Requests = Arc<Mutex<Vec<(usize, Vec<u8>)>>>;

/// The running server.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    requests: Requests,
    read: watch::Receiver<usize>,
    closed: watch::Receiver<usize>,
}

impl Peer {
    /// Serves one connection per script on 127.0.0.1, then none.
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self::start_on("127.0.0.1:0", scripts).await
    }

    /// The same on another address.
    pub(crate) async fn start_on(address: &str, scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let (closed_sender, closed) = watch::channel(0);
        let (read_sender, read) = watch::channel(0);
        let peer = Self { address: listener.local_addr().expect("bound"), requests: Arc::default(), read, closed };
        let (requests, scripts) = (Arc::clone(&peer.requests), scripts.into_iter().collect::<Vec<_>>());
        tokio::spawn(async move {
            for (number, script) in scripts.into_iter().enumerate() {
                let (stream, _) = listener.accept().await.expect("a connection");
                let keep = |request| {
                    requests.lock().expect("unpoisoned").push((number, request));
                    read_sender.send_modify(|read| *read += 1);
                };
                play(stream, script, keep).await;
                closed_sender.send_replace(number + 1);
            }
        });
        peer
    }

    /// A link to the server.
    pub(crate) async fn connect(&self) -> Box<dyn Transport> {
        SoftAp
            .connect(&Locator::new("softap", &self.address.to_string()), Opening::unwatched())
            .await
            .expect("the peer listens")
    }

    /// What one exchange on a fresh link comes to.
    pub(crate) async fn exchange(&self) -> Result<Vec<u8>, TransportError> {
        self.connect().await.exchange("proto-ver", b"---").await
    }

    /// The requests so far, each with the number of the connection it came over.
    pub(crate) fn requests(&self) -> Vec<(usize, String)> {
        let requests = self.requests.lock().expect("unpoisoned");
        requests.iter().map(|(connection, bytes)| (*connection, bytes.escape_ascii().to_string())).collect()
    }

    /// Waits until so many requests were read.
    pub(crate) async fn has_read(&self, requests: usize) {
        self.read.clone().wait_for(|read| *read >= requests).await.expect("the server runs");
    }

    /// Waits until so many connections are closed from this side.
    pub(crate) async fn closed(&mut self, connections: usize) {
        self.closed.wait_for(|closed| *closed >= connections).await.expect("the server runs");
    }
}

async fn play(mut stream: TcpStream, script: Vec<Step>, mut keep: impl FnMut(Vec<u8>)) {
    // A failing write means that the client gave up, which ends the script as well.
    for step in script {
        let gone = match step {
            Step::Read => match read_request(&mut stream).await {
                Some(request) => {
                    keep(request);
                    false
                }
                None => true,
            },
            Step::Write(bytes) => stream.write_all(&bytes).await.is_err(),
            Step::Drip(bytes) => drip(&mut stream, &bytes).await.is_err(),
            Step::Flood(byte) => {
                while stream.write_all(&[byte; 1024]).await.is_ok() {}
                true
            }
            Step::Reset => {
                stream.set_zero_linger().expect("a TCP socket");
                true
            }
            Step::Hold => stream.read(&mut [0; 64]).await.is_ok(),
        };
        if gone {
            return;
        }
    }
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request);
        let Some((header, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = header.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
        if body.len() >= length.parse().expect("a number") {
            return Some(request);
        }
    }
}
