//! Small servers that are no device, or a device that answers by rote. Each is a listener on loopback of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// How a peer answers.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// These bytes to whatever is asked, then it closes.
    Bytes(&'static [u8]),
    /// Accepts and says nothing.
    Nothing,
    /// Closes as soon as it has accepted.
    Closes,
    /// A header that never ends, a byte at a time.
    Drips,
    /// A page that never ends, as fast as it is taken.
    Floods,
    /// Security 0 by rote: a body for each endpoint, the last one for whatever comes later.
    Rote(&'static [(&'static str, &'static [u8])]),
}

/// A listening peer. Its thread ends with the test process.
pub(crate) struct Peer {
    pub(crate) locator: String,
}

impl Peer {
    pub(crate) fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let locator = format!("softap:{}", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            let mut given = Vec::new();
            for stream in listener.incoming().flatten() {
                // Whatever the client does to the connection is the client's affair.
                let _ = serve(stream, answers, &mut given);
            }
        });
        Self { locator }
    }
}

fn serve(mut stream: TcpStream, answers: Answers, given: &mut Vec<usize>) -> std::io::Result<()> {
    match answers {
        Answers::Closes => Ok(()),
        Answers::Nothing => loop {
            if stream.read(&mut [0; 512])? == 0 {
                return Ok(());
            }
        },
        Answers::Bytes(bytes) => {
            request(&mut stream)?;
            stream.write_all(bytes)
        }
        Answers::Drips => {
            request(&mut stream)?;
            stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
            loop {
                stream.write_all(b"x")?;
                thread::sleep(Duration::from_millis(100));
            }
        }
        Answers::Floods => {
            request(&mut stream)?;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 4096])?;
            }
        }
        Answers::Rote(bodies) => loop {
            let endpoint = request(&mut stream)?;
            let mut due = bodies.iter().enumerate().filter(|(_, (name, _))| *name == endpoint);
            let next = due.clone().find(|(index, _)| !given.contains(index)).or_else(|| due.next_back());
            let Some((index, (_, body))) = next else {
                return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            };
            given.push(index);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), body].concat())?;
        },
    }
}

/// Reads one request; its endpoint.
fn request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&chunk[..count]),
        }
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        if bytes.len() >= head.len() + 4 + length.unwrap_or(0) {
            return Ok(head.split(['/', ' ']).nth(2).unwrap_or_default().to_owned());
        }
    }
}
