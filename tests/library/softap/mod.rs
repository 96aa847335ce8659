//! The `softap:` transport against scripted servers on the loopback interface: what it sends, byte for byte, and
//! what it makes of each thing a device, or something that is no device, can do. No test depends on a short time.

mod peer;
mod round_trip;

use espctl::transport::{Evidence, Limits, Locator, Opening, TransportError, TransportKind, softap::SoftAp};
use peer::{Peer, Step, answer, ok};

const BARE: &str = "Content-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 3\\r\\n";

/// A request for `proto-ver` as it has to arrive, escaped as [`Peer::requests`] shows it.
fn raw(peer: &Peer, cookie: &str) -> String {
    format!("POST /proto-ver HTTP/1.1\\r\\nHost: {}\\r\\n{BARE}{cookie}\\r\\n---", peer.address)
}

async fn evidence(reply: &[u8]) -> String {
    match Peer::start([answer(reply)]).await.exchange().await {
        Err(TransportError { evidence: Evidence::NotADevice { evidence, .. }, .. }) => evidence,
        other => panic!("{}: {other:?}", reply.escape_ascii()),
    }
}

#[tokio::test]
async fn one_connection_carries_all_requests_and_the_cookie() {
    let script = [
        answer(ok("Set-Cookie: session=4000000000\r\n", "{}")),
        answer(ok("", "second")),
        answer(ok("Set-Cookie: theme=dark\r\nSet-Cookie: session=7; Path=/\r\n", "")),
        answer(ok("", "fourth")),
    ];
    let peer = Peer::start([script.concat()]).await;
    let mut link = peer.connect().await;
    for body in ["{}", "second", "", "fourth"] {
        assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), body.as_bytes());
    }
    let first = "Cookie: session=4000000000\\r\\n";
    let expected = ["", first, first, "Cookie: session=7\\r\\n"].map(|cookie| (0, raw(&peer, cookie)));
    assert_eq!(peer.requests(), expected);
    link.close().await.expect("closed in order");
}

#[tokio::test]
async fn replies_in_chunks_and_after_an_interim_one_leave_the_connection_open() {
    let chunked = |body: &str| {
        let (first, second) = body.split_at(1);
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}1;x=y\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\nX: 1\r\n\r\n", second.len()).into_bytes()
    };
    let interim = [b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), ok("", "third")].concat();
    let script = [answer(chunked("first")), answer(chunked("second")), answer(interim)];
    let peer = Peer::start([script.concat()]).await;
    let mut link = peer.connect().await;
    for body in ["first", "second", "third"] {
        assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), body.as_bytes());
    }
    assert!(peer.requests().iter().all(|(connection, _)| *connection == 0), "one connection");
}

#[tokio::test]
async fn ipv6_is_written_in_brackets() {
    let peer = Peer::start_on("[::1]:0", [answer(ok("", "{}"))]).await;
    let mut link = peer.connect().await;
    assert_eq!(link.peer(), format!("[::1]:{}", peer.address.port()));
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"{}");
    assert_eq!(peer.requests(), [(0, raw(&peer, ""))]);
}

#[tokio::test]
async fn a_name_is_resolved_and_each_address_tried() {
    let peer = Peer::start([answer(ok("", "{}"))]).await;
    let locator = Locator::new("softap", &format!("localhost:{}", peer.address.port()));
    let mut link = SoftAp.connect(&locator, Opening::unwatched()).await.expect("the peer listens on one of them");
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"{}");
    assert!(peer.requests()[0].1.contains(&format!("Host: localhost:{}\\r\\n", peer.address.port())));
}

/// Setting a variable is only safe for another process, so this runs the test above in one.
#[test]
fn proxies_of_the_environment_are_ignored() {
    let mut test = std::process::Command::new(std::env::current_exe().expect("this test"));
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        test.env(variable, "http://127.0.0.1:9");
    }
    let output =
        test.args(["--exact", "softap::one_connection_carries_all_requests_and_the_cookie"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn every_byte_may_come_in_a_segment_of_its_own() {
    let reply = ok("Set-Cookie: session=1\r\n", "body");
    let peer = Peer::start([vec![Step::Read, Step::Drip(reply)]]).await;
    assert_eq!(peer.exchange().await.expect("a reply"), b"body");
}

#[tokio::test]
async fn the_session_goes_on_over_a_new_connection() {
    let closing = ok("Connection: close\r\nSet-Cookie: session=5\r\n", "{}");
    // The first asks to be closed, the second falls silent, the third is reset.
    let reset = vec![Step::Read, Step::Reset];
    let scripts = [[answer(closing), vec![Step::Hold]].concat(), vec![Step::Read], reset, answer(ok("", "on"))];
    let peer = Peer::start(scripts).await;
    let mut link = peer.connect().await;
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"{}");
    for _ in 0..2 {
        let error = link.exchange("proto-ver", b"---").await.expect_err("no answer");
        assert!(matches!(error, TransportError { evidence: Evidence::ClosedWithoutAnswer { .. }, .. }), "{error:?}");
    }
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"on");
    let cookie = "Cookie: session=5\\r\\n";
    let expected =
        [(0, ""), (1, cookie), (2, cookie), (3, cookie)].map(|(number, cookie)| (number, raw(&peer, cookie)));
    assert_eq!(peer.requests(), expected, "each request once, and none twice");
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_before_anything_is_sent() {
    for end in [vec![], vec![Step::Reset], vec![Step::Write(b"unasked".to_vec())]] {
        let mut peer = Peer::start([[answer(ok("", "{}")), end].concat(), answer(ok("", "again"))]).await;
        let mut link = peer.connect().await;
        link.exchange("proto-ver", b"---").await.expect("a reply");
        peer.closed(1).await;
        assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"again");
        assert_eq!(peer.requests(), [(0, raw(&peer, "")), (1, raw(&peer, ""))]);
    }
}

#[tokio::test]
async fn bytes_past_the_announced_length_answer_no_later_request() {
    let lie = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let peer = Peer::start([[answer(lie), vec![Step::Hold]].concat(), answer(ok("", "true"))]).await;
    let mut link = peer.connect().await;
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"{}");
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"true");
}

#[tokio::test]
async fn a_reply_that_breaks_off_says_so() {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    for end in [1, 12, 20, whole.len()] {
        let error = Peer::start([answer(&whole[..end])]).await.exchange().await.expect_err("no whole reply");
        assert!(
            matches!(error, TransportError { evidence: Evidence::Truncated { received, .. }, .. } if received == end),
            "{end}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_reply_without_a_length_ends_with_the_connection() {
    let peer = Peer::start([answer(b"HTTP/1.1 200 OK\r\n\r\nto the end"), answer(ok("", "next"))]).await;
    let mut link = peer.connect().await;
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"to the end");
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"next");
}

#[tokio::test]
async fn an_unknown_endpoint_is_named_and_the_link_goes_on() {
    let not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 33\r\n\r\nNothing matches the given URI";
    let peer = Peer::start([answer(not_found), answer(ok("", "{}"))]).await;
    let mut link = peer.connect().await;
    let error = link.exchange("rmaker_claim", b"x").await.expect_err("404");
    assert!(
        matches!(&error, TransportError { evidence: Evidence::NoSuchEndpoint { endpoint, .. }, .. } if endpoint == "rmaker_claim"),
        "{error}"
    );
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"{}");
}

#[tokio::test]
async fn what_is_not_a_device_is_recognised_by_its_answer() {
    let wrong_method = evidence(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(wrong_method, "HTTP status 405 Method Not Allowed");
    let portal = b"HTTP/1.1 302 Found\r\nLocation: http://portal/\x1b]0;x\r\nServer: mini_httpd\r\n\r\n";
    // The header parser itself refuses control bytes in a field.
    assert!(evidence(portal).await.starts_with("no HTTP (invalid header value): \"HTTP/1.1 302 Found.."));
    let portal = evidence(b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\nServer: mini_httpd\r\n\r\n").await;
    assert_eq!(
        portal,
        "HTTP status 302 Found, a redirect to http://portal/ (a captive portal?), from server mini_httpd"
    );
    assert!(evidence(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n").await.contains("gzip"));
    assert!(evidence(b"SSH-2.0-OpenSSH_9.6\r\n").await.ends_with("\"SSH-2.0-OpenSSH_9.6..\""));
    assert!(evidence(b"hi").await.ends_with("\"hi\""));
    assert!(evidence(b"HTTP/2.0 200 OK\r\n\r\n").await.starts_with("no HTTP"));
}

#[tokio::test]
async fn replies_without_end_are_cut_short() {
    let flood = |start: &[u8], byte| vec![Step::Read, Step::Write(start.to_vec()), Step::Flood(byte)];
    let peer = Peer::start([flood(b"HTTP/1.1 200 OK\r\nX: ", b'y')]).await;
    let error = peer.exchange().await.expect_err("an endless header");
    assert!(matches!(error, TransportError { evidence: Evidence::NotADevice { .. }, .. }), "{error:?}");
    for start in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"] {
        let error = Peer::start([flood(start.as_bytes(), 0)]).await.exchange().await.expect_err("an endless body");
        assert!(
            matches!(error, TransportError { evidence: Evidence::ReplyTooLong { limit: 65536, .. }, .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_a_usable_link() {
    let drip = vec![Step::Read, Step::Drip(ok("Set-Cookie: session=9\r\n", &"slow".repeat(20_000)))];
    let peer = Peer::start([drip, answer(ok("", "{}"))]).await;
    let mut link = peer.connect().await;
    tokio::select! {
        reply = link.exchange("proto-ver", b"---") => panic!("the reply takes minutes: {reply:?}"),
        () = peer.has_read(1) => {}
    }
    assert_eq!(link.exchange("proto-ver", b"---").await.expect("a reply"), b"{}");
    assert_eq!(peer.requests(), [(0, raw(&peer, "")), (1, raw(&peer, ""))]);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_connecting() {
    let peer = Peer::start([answer(ok("Connection: close\r\n", "{}"))]).await;
    let mut link = peer.connect().await;
    let Limits { request: limit, scan_page: 16, scan_group: 5, security2: true } = link.limits() else {
        panic!("{:?}", link.limits());
    };
    assert!(link.endpoints().is_none());
    link.exchange("proto-ver", &vec![0; limit]).await.expect("the longest request");
    // Nobody listens any more: an error of the connection would say that it was tried.
    let error = link.exchange("proto-ver", &vec![0; limit + 1]).await.expect_err("too long");
    assert!(
        matches!(error, TransportError { evidence: Evidence::RequestTooLong { length: 4097, limit: 4096 }, .. }),
        "{error:?}"
    );
    for (endpoint, request) in [("proto-ver", &b""[..]), ("", b"x"), ("a\r\nCookie: x", b"x"), ("a?b", b"x")] {
        let error = link.exchange(endpoint, request).await.expect_err("not sendable");
        assert!(
            matches!(error, TransportError { evidence: Evidence::InvalidRequest { .. }, .. }),
            "{endpoint:?}: {error:?}"
        );
    }
    let error = link.exchange("proto-ver", b"---").await.expect_err("nobody listens");
    assert!(matches!(error, TransportError { evidence: Evidence::Unreachable { .. }, .. }), "{error:?}");
    link.close().await.expect("nothing to close");
}

#[tokio::test]
async fn a_wrong_address_is_known_without_connecting() {
    for text in ["softap:http://192.0.2.1/x", "softap:192.0.2.1:0", "softap:192.0.2.1?baud=115200"] {
        let locator: Locator = text.parse().expect("a locator");
        let error = SoftAp.connect(&locator, Opening::unwatched()).await.err().expect("no address");
        assert!(matches!(error, TransportError { evidence: Evidence::BadAddress { .. }, .. }), "{text}: {error:?}");
    }
}
