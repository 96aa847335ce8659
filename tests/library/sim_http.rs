//! The simulated device's HTTP host over loopback, with raw sockets: cookies, eviction, limits, silent closes.
//!
//! What is checked is what a stock device does (docs/protocol.md), so that a client that copes with this host copes with
//! a device. Nothing here measures time; deadlines only keep a broken host from hanging the tests.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use espctl::sim::host::{Ended, Observer};
use espctl::sim::http::{Fleet, serve};
use espctl::sim::{Device, DeviceOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

async fn start(parameters: &[(&str, &str)]) -> (SocketAddr, JoinHandle<Ended>) {
    let options = DeviceOptions::from_parameters(parameters.iter().copied()).expect("options");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server =
        tokio::spawn(async move { serve(listener, Device::new(options), pending(), None).await.expect("a server") });
    (address, server)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

fn request(endpoint: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST /{endpoint} HTTP/1.1\r\nHost: device\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Sends raw bytes and reads to the end of one reply; `None` where the device closed without one.
async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let _ = stream.write_all(bytes).await;
    timeout(PATIENCE, read_reply(stream)).await.expect("an answer or a close in time")
}

async fn read_reply(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).expect("a text head");
            let length = head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes[end + 4..].to_vec()));
            }
        }
        let mut chunk = [0; 512];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ if bytes.is_empty() => return None,
            _ => panic!("the reply broke off: {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}

/// Whether the device has closed this connection.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    matches!(timeout(PATIENCE, stream.read(&mut byte)).await.expect("a close in time"), Ok(0) | Err(_))
}

fn cookie(head: &str) -> Option<&str> {
    head.lines().find_map(|line| line.strip_prefix("Set-Cookie: "))
}

#[tokio::test]
async fn a_version_document_and_a_cookie() {
    let (address, _server) = start(&[]).await;
    let mut stream = connect(address).await;
    let (head, body) = exchange(&mut stream, &request("proto-ver", "", b"---")).await.expect("a reply");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "), "{head}");
    assert!(cookie(&head).is_some_and(|value| value.starts_with("session=")), "{head}");
    assert!(body.starts_with(b"{\n\t\"prov\":\t{"));
    let (head, _) = exchange(&mut stream, &request("proto-ver", "", b"---")).await.expect("a reply");
    assert_eq!(cookie(&head), None, "the same socket goes on");
}

#[tokio::test]
async fn the_cookie_decides_which_session_goes_on() {
    let (address, _server) = start(&[]).await;
    let mut first = connect(address).await;
    let (head, _) = exchange(&mut first, &request("proto-ver", "", b"-")).await.expect("a reply");
    let own = format!("Cookie: {}\r\n", cookie(&head).expect("a cookie"));

    let mut second = connect(address).await;
    let (head, _) = exchange(&mut second, &request("proto-ver", &own, b"-")).await.expect("a reply");
    assert_eq!(cookie(&head), None, "the session goes on, on a new socket");
    let (head, _) = exchange(&mut second, &request("proto-ver", "Cookie: session=1\r\n", b"-")).await.expect("a reply");
    let fresh = cookie(&head).expect("a wrong cookie opens a new session").to_owned();
    let long = format!("Cookie: {fresh}; theme=dark\r\n");
    let (head, _) = exchange(&mut second, &request("proto-ver", &long, b"-")).await.expect("a reply");
    assert_eq!(cookie(&head), None, "too long to be read: the socket counts");
    let (head, _) = exchange(&mut second, &request("proto-ver", &own, b"-")).await.expect("a reply");
    assert!(cookie(&head).is_some(), "the first session is gone");
}

#[tokio::test]
async fn firmware_without_cookies_goes_by_the_socket() {
    let (address, _server) = start(&[("profile", "idf-4.2")]).await;
    let mut stream = connect(address).await;
    let (head, _) = exchange(&mut stream, &request("proto-ver", "", b"-")).await.expect("a reply");
    assert_eq!(cookie(&head), None);
}

#[tokio::test]
async fn a_new_connection_evicts_the_old() {
    let (address, _server) = start(&[]).await;
    let mut old = connect(address).await;
    exchange(&mut old, &request("proto-ver", "", b"-")).await.expect("a reply");
    let mut new = connect(address).await;
    exchange(&mut new, &request("proto-ver", "", b"-")).await.expect("a reply");
    assert!(is_closed(&mut old).await);
}

#[tokio::test]
async fn what_a_handler_refuses_closes_without_a_word() {
    let (address, _server) = start(&[("sec-ver", "1")]).await;
    let with_head = |head: &str| [head.as_bytes(), b"\r\n\r\n"].concat();
    for (what, bytes) in [
        ("no session", request("prov-config", "", &[0x52, 0x00])),
        ("no session message", request("prov-session", "", b"rubbish")),
        ("a query", request("proto-ver?x=1", "", b"-")),
        ("an absolute target", b"POST http://device/proto-ver HTTP/1.1\r\nContent-Length: 1\r\n\r\n-".to_vec()),
        ("an empty body", request("proto-ver", "", b"")),
        ("no length", with_head("POST /proto-ver HTTP/1.1\r\nHost: device")),
        ("a chunked body", with_head("POST /proto-ver HTTP/1.1\r\nTransfer-Encoding: chunked")),
        ("a body too long", request("proto-ver", "", &[b'x'; 4097])),
    ] {
        let mut stream = connect(address).await;
        assert_eq!(exchange(&mut stream, &bytes).await, None, "{what}");
    }
    let mut stream = connect(address).await;
    let longest = request("proto-ver", "", &[b'x'; 4096]);
    assert!(exchange(&mut stream, &longest).await.is_some(), "4096 bytes are taken");
}

#[tokio::test]
async fn errors_with_a_page_close_too() {
    let (address, _server) = start(&[]).await;
    let long_header = format!("X: {}\r\n", "x".repeat(1100));
    for (bytes, status, text) in [
        (request("nonsense", "", b"-"), "404 Not Found", "Nothing matches the given URI"),
        (b"GET /proto-ver HTTP/1.1\r\n\r\n".to_vec(), "405 Method Not Allowed", "invalid"),
        (b"rubbish\r\n".to_vec(), "400 Bad Request", "Bad request syntax"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), "400 Bad Request", "Bad request syntax"),
        (b"POST /proto-ver HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_vec(), "400 Bad Request", "syntax"),
        (request("proto-ver", &long_header, b"-"), "431 Request Header Fields Too Large", "too long"),
        (request(&"x".repeat(600), "", b"-"), "414 URI Too Long", "too long"),
    ] {
        let mut stream = connect(address).await;
        let (head, body) = exchange(&mut stream, &bytes).await.expect(status);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
        assert!(String::from_utf8_lossy(&body).contains(text));
        assert!(is_closed(&mut stream).await, "{status}");
    }
}

#[tokio::test]
async fn old_firmware_takes_fewer_headers() {
    let (address, _server) = start(&[("profile", "idf-5.0")]).await;
    let header = format!("X: {}\r\n", "x".repeat(500));
    let mut stream = connect(address).await;
    let (head, _) = exchange(&mut stream, &request("proto-ver", &header, b"-")).await.expect("a page");
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
}

#[tokio::test]
async fn a_crowd_leaves_one_connection_open() {
    let (address, _server) = start(&[]).await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(connect(address).await);
    }
    let mut last = connect(address).await;
    assert!(exchange(&mut last, &request("proto-ver", "", b"-")).await.is_some());
    for mut stream in crowd {
        assert!(is_closed(&mut stream).await);
    }
}

#[tokio::test]
async fn what_never_ends_is_cut_off_and_the_device_goes_on() {
    let (address, _server) = start(&[]).await;
    for start in
        ["POST /proto-ver HTTP/1.1\r\nX: ", "POST /", "POST /proto-ver HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n"]
    {
        let mut stream = connect(address).await;
        stream.write_all(start.as_bytes()).await.expect("written");
        let endless = async { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} };
        timeout(PATIENCE, endless).await.expect("a close in time");
        assert!(exchange(&mut connect(address).await, &request("proto-ver", "", b"-")).await.is_some(), "{start}");
    }
}

/// On a clock that skips the waiting: the firmware's 5 s for the next byte of a request.
#[tokio::test(start_paused = true)]
async fn a_request_that_stalls_is_given_up() {
    let (address, _server) = start(&[]).await;
    let mut stalled = connect(address).await;
    stalled.write_all(b"POST /proto-ver HTTP/1.1\r\nX: ").await.expect("written");
    let began = tokio::time::Instant::now();
    assert!(is_closed(&mut stalled).await);
    assert!(began.elapsed() <= Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(exchange(&mut connect(address).await, &request("proto-ver", "", b"-")).await.is_some());
}

#[tokio::test]
async fn requests_may_arrive_in_pieces() {
    let (address, _server) = start(&[]).await;
    let mut stream = connect(address).await;
    for piece in request("proto-ver", "", b"---").chunks(7) {
        stream.write_all(piece).await.expect("written");
        tokio::task::yield_now().await;
    }
    assert!(timeout(PATIENCE, read_reply(&mut stream)).await.expect("in time").is_some());
}

#[tokio::test]
async fn lines_may_end_with_a_line_feed_alone() {
    let (address, _server) = start(&[]).await;
    let mut stream = connect(address).await;
    let (head, _) = exchange(&mut stream, b"POST /proto-ver HTTP/1.1\nContent-Length: 1\n\n-").await.expect("a reply");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
}

#[tokio::test]
async fn faults_of_the_link() {
    let faults = [
        ("fault", "truncate@1"),
        ("fault", "http-500@2"),
        ("fault", "http-not-http@3"),
        ("fault", "close@4=proto-ver"),
    ];
    let (address, _server) = start(&faults).await;
    let ask = request("proto-ver", "", b"-");

    let all = async |address| {
        let mut stream = connect(address).await;
        stream.write_all(&ask).await.expect("written");
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("a close in time");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let cut = all(address).await;
    assert!(cut.starts_with("HTTP/1.1 200 OK") && cut.contains("prov") && !cut.ends_with('}'), "{cut}");
    assert!(all(address).await.starts_with("HTTP/1.1 500 "));
    assert!(all(address).await.starts_with("220 "));
    assert_eq!(all(address).await, "");
    assert!(exchange(&mut connect(address).await, &ask).await.is_some());
}

#[tokio::test]
async fn a_hanging_request_does_not_hang_the_next_connection() {
    let options = DeviceOptions::from_parameters([("fault", "hang@1")]).expect("options");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (told, mut events) = tokio::sync::mpsc::unbounded_channel();
    let observer: Observer = Arc::new(move |_, timed| drop(told.send(timed.event.to_string())));
    let _server = tokio::spawn(serve(listener, Device::new(options), pending(), Some(observer)));
    let mut stuck = connect(address).await;
    stuck.write_all(&request("proto-ver", "", b"-")).await.expect("written");
    let hanging = async { while events.recv().await.expect("an event") != "fault: hang" {} };
    timeout(PATIENCE, hanging).await.expect("in time");
    let mut next = connect(address).await;
    assert!(exchange(&mut next, &request("proto-ver", "", b"-")).await.is_some());
    assert!(is_closed(&mut stuck).await);
}

#[tokio::test]
async fn the_listener_goes_with_the_service() {
    let parameters = [("sec-ver", "0"), ("fault", "already-connected")];
    let (address, server) = start(&parameters).await;
    let mut stream = connect(address).await;
    let (_, status) = exchange(&mut stream, &request("prov-config", "", &[0x52, 0x00])).await.expect("a reply");
    assert!(status.starts_with(&[0x08, 0x01, 0x5a, 0x25]));
    assert!(is_closed(&mut stream).await);
    assert_eq!(timeout(PATIENCE, server).await.expect("in time").expect("no panic"), Ended::Stopped);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_device_comes_back_after_an_outage_with_its_session() {
    let parameters = [("sec-ver", "0"), ("fault", "drop-after-apply=50"), ("join-ms", "1")];
    let (address, _server) = start(&parameters).await;
    let mut stream = connect(address).await;
    let set = hex::decode("080262200a07486f6d654e65741215636f72726563742d686f7273652d62617474657279").expect("hex");
    let (head, _) = exchange(&mut stream, &request("prov-config", "", &set)).await.expect("a reply");
    let own = format!("Cookie: {}\r\n", cookie(&head).expect("a cookie"));
    exchange(&mut stream, &request("prov-config", "", &[0x08, 0x04])).await.expect("a reply");
    assert!(is_closed(&mut stream).await);
    let status = timeout(PATIENCE, async {
        loop {
            if let Ok(mut stream) = TcpStream::connect(address).await {
                let ask = request("prov-config", &own, &[0x52, 0x00]);
                if let Some((head, body)) = exchange(&mut stream, &ask).await {
                    assert_eq!(cookie(&head), None, "the session outlived the outage");
                    return body;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(status.await.expect("in time").starts_with(&[0x08, 0x01, 0x5a]));
}

#[tokio::test]
async fn a_fleet_serves_until_it_is_ended() {
    let options = DeviceOptions::from_parameters([("sec-ver", "0")]).expect("options");
    let fleet = Fleet::bind(Ipv4Addr::LOCALHOST.into(), 0, 20, &options).await.expect("ports");
    let addresses: Vec<SocketAddr> = fleet.members().map(|(address, _)| address).collect();
    let names: std::collections::BTreeSet<String> = fleet.members().map(|(_, options)| options.name()).collect();
    assert_eq!(names.len(), 20);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let observer: Observer =
        Arc::new(move |name, timed| log.lock().expect("a lock").push(format!("{name}: {}", timed.event)));
    let running = tokio::spawn(fleet.run(async { drop(ended.await) }, Some(observer)));
    for address in &addresses {
        let mut stream = connect(*address).await;
        exchange(&mut stream, &request("proto-ver", "", b"-")).await.expect("a reply");
    }
    drop(end);
    assert_eq!(timeout(PATIENCE, running).await.expect("in time").expect("no panic").expect("no error"), 0);
    assert!(TcpStream::connect(addresses[0]).await.is_err());
    assert!(seen.lock().expect("a lock").iter().any(|line| line.contains("new transport session")));
}

/// The client holds its acknowledgement back, the server's Nagle algorithm holds the second send back: the first
/// segment arrives alone.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reply_leaves_in_several_segments() {
    let (address, _server) = start(&[]).await;
    let mut stream = connect(address).await;
    socket2::SockRef::from(&stream).set_tcp_quickack(false).expect("a Linux socket");
    stream.write_all(&request("proto-ver", "", b"-")).await.expect("written");
    let mut first = [0; 1024];
    let count = timeout(PATIENCE, stream.read(&mut first)).await.expect("in time").expect("a segment");
    let first = String::from_utf8_lossy(&first[..count]);
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && !first.contains("\r\n\r\n"), "{first}");
}
