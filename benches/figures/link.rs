//! One round trip over loopback to a server with the stock one's manners, and what a plain client pays for the same.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use espctl::transport::{Locator, Opening, Transport, TransportKind, softap::SoftAp};

use crate::client::runtime;
use crate::processes::Sim;
use crate::table::{Table, median};

const ROUND_TRIPS: usize = 500;
/// These take 40 ms each.
const PLAIN_ROUND_TRIPS: usize = 25;
/// "Get status", in the clear.
const REQUEST: [u8; 2] = [0x52, 0x00];

pub(crate) fn measure(table: &mut Table) {
    let sim = Sim::start(&["--sec-ver", "0"]);
    let locator: Locator = sim.devices[0].parse().expect("a locator");
    let own = median(runtime().block_on(own_client(&locator)));
    table.add_time("round trip, median of 500", own, Some(Duration::from_millis(2)));
    let plain = median(plain_client(locator.address()));
    table.add_time("the same by a plain blocking client", plain, None);
}

async fn own_client(locator: &Locator) -> Vec<Duration> {
    let mut link: Box<dyn Transport> = SoftAp.connect(locator, Opening::unwatched()).await.expect("a device");
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let started = Instant::now();
        link.exchange("prov-config", &REQUEST).await.expect("a reply");
        times.push(started.elapsed());
    }
    times
}

/// One write a request, and reads until the reply is whole; acknowledgements are left to the system.
fn plain_client(address: &str) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).expect("a device");
    stream.set_nodelay(true).expect("a socket");
    let mut request = b"POST /prov-config HTTP/1.1\r\nHost: device\r\nContent-Length: 2\r\n\r\n".to_vec();
    request.extend(REQUEST);
    let mut times = Vec::with_capacity(PLAIN_ROUND_TRIPS);
    for _ in 0..PLAIN_ROUND_TRIPS {
        let started = Instant::now();
        stream.write_all(&request).expect("a device that listens");
        let mut reply = Vec::new();
        while !is_whole(&reply) {
            let mut chunk = [0; 1024];
            let length = stream.read(&mut chunk).expect("a reply");
            assert!(length > 0, "the device closed the connection");
            reply.extend_from_slice(&chunk[..length]);
        }
        times.push(started.elapsed());
    }
    times
}

fn is_whole(reply: &[u8]) -> bool {
    let text = String::from_utf8_lossy(reply);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| reply.len() >= head.len() + b"\r\n\r\n".len() + length)
}
