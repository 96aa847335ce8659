//! What `http.rs` writes and reads, byte for byte. The socket's side of it is in `tests/library/softap`.

use super::*;

fn evidence(reply: &[u8]) -> String {
    match head(reply) {
        Err(Refusal::NotADevice(evidence)) => evidence,
        other => panic!("{}: {other:?}", reply.escape_ascii()),
    }
}

fn with(fields: &str) -> Result<Option<Head>, Refusal> {
    head(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes())
}

#[test]
fn the_largest_header_fits_old_firmware() {
    let host = format!("{}:65535", "h".repeat(253));
    let cookie = Cookie::parse(b"session=4294967295");
    let bytes = request(&host, &"e".repeat(LONGEST_ENDPOINT), cookie.as_ref(), &[0; LONGEST_REQUEST]);
    assert!(bytes.len() - LONGEST_REQUEST < 512, "{}", bytes.len() - LONGEST_REQUEST);
}

#[test]
fn requests_no_device_takes_are_refused() {
    for endpoint in ["", "a b", "a\r\nX: y", "prov?x", "prov#x", "caf\u{e9}", "\u{7f}", &"e".repeat(65)] {
        let refused = check_request(endpoint, b"x");
        assert!(
            matches!(refused, Err(TransportError { evidence: Evidence::InvalidRequest { .. }, .. })),
            "{endpoint:?}: {refused:?}"
        );
    }
    assert!(matches!(
        check_request("prov-scan", b""),
        Err(TransportError { evidence: Evidence::InvalidRequest { .. }, .. })
    ));
    let refused = check_request("prov-scan", &[0; 4097]);
    assert!(
        matches!(refused, Err(TransportError { evidence: Evidence::RequestTooLong { length: 4097, limit: 4096 }, .. })),
        "{refused:?}"
    );
    for endpoint in ["prov-scan", "esp_local_ctrl/control", "a%20b", &"e".repeat(64)] {
        check_request(endpoint, &[0; 4096]).expect(endpoint);
    }
}

#[test]
fn only_the_session_number_is_kept_of_a_cookie() {
    for (value, digits) in [
        ("session=1", Some("1")),
        ("session=4294967295; Path=/; HttpOnly", Some("4294967295")),
        (" session=007 ;x", Some("007")),
        ("session=4294967296", None),
        ("session=00000000001", None),
        ("session=", None),
        ("session=+1", None),
        ("session=1 2", None),
        ("session=1\u{660}", None),
        ("sessionid=1", None),
        ("id=1; session=2", None),
        ("", None),
    ] {
        assert_eq!(Cookie::parse(value.as_bytes()), digits.map(|digits| Cookie(digits.to_owned())), "{value}");
    }
}

#[test]
fn a_header_is_read_once_it_is_complete() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nSet-Cookie: id=3\r\n\
                  Set-Cookie: session=42\r\n\r\nhello";
    let length = reply.len() - 5;
    for end in 0..length {
        assert_eq!(head(&reply[..end]), Ok(None), "{end}");
    }
    let expected = Head { length, body: Body::Length(5), keep_alive: true, cookie: Some(Cookie("42".to_owned())) };
    assert_eq!(head(reply), Ok(Some(expected)));
}

#[test]
fn a_connection_is_kept_only_where_the_reply_says_its_end() {
    for (reply, keep_alive) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x, Close\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false),
    ] {
        let head = head(reply.as_bytes()).ok().flatten().expect(reply);
        assert_eq!(head.keep_alive, keep_alive, "{reply}");
    }
}

#[test]
fn a_body_may_come_in_chunks() {
    for coding in ["Transfer-Encoding: chunked\r\n", "transfer-encoding:Chunked \r\nContent-Length: 3\r\n"] {
        let head = with(coding).ok().flatten().expect(coding);
        assert_eq!((head.body, head.keep_alive), (Body::Chunked, true), "{coding}");
    }
    let twice = with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
    assert!(matches!(twice, Err(Refusal::NotADevice(_))), "{twice:?}");
}

#[test]
fn interim_replies_are_passed_over() {
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
    for before in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 100 Go\r\n\r\n"] {
        let whole = format!("{before}{reply}");
        let head = head(whole.as_bytes()).ok().flatten().expect(before);
        assert_eq!((head.length, head.body), (whole.len(), Body::Length(1)), "{before}");
        assert_eq!(super::head(before.as_bytes()), Ok(None));
    }
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(500);
    assert!(evidence(endless.as_bytes()).starts_with("a header of over"));
}

#[test]
fn lengths_must_be_one_plain_bounded_number() {
    let length = |fields: &str| with(fields).map(|head| head.expect("a whole header").body);
    assert_eq!(length(""), Ok(Body::ToEnd));
    assert_eq!(length("Content-Length: 0\r\n"), Ok(Body::Length(0)));
    assert_eq!(length("Content-Length: 65536\r\n"), Ok(Body::Length(65536)));
    assert_eq!(length("Content-Length: 3\r\ncontent-length: 3\r\n"), Ok(Body::Length(3)));
    assert_eq!(length("Content-Length: 65537\r\n"), Err(Refusal::TooLong));
    assert_eq!(length("Content-Length: 99999999999999999999999\r\n"), Err(Refusal::TooLong));
    for lie in ["Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n"] {
        assert!(matches!(length(lie), Err(Refusal::NotADevice(_))), "{lie}");
    }
    for lie in ["Content-Length:\r\n", "Content-Length: 0x10\r\n", "Content-Length: 3, 3\r\n"] {
        assert!(matches!(length(lie), Err(Refusal::NotADevice(_))), "{lie}");
    }
}

#[test]
fn other_servers_are_recognised_by_what_they_say() {
    assert_eq!(head(b"HTTP/1.1 404 Not Found\r\n\r\n"), Err(Refusal::NoSuchEndpoint));
    assert_eq!(evidence(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n"), "HTTP status 405 Method Not Allowed");
    assert_eq!(
        evidence(b"HTTP/1.1 403 Forbidden\r\nServer: ngi\x80nx\r\n\r\n"),
        "HTTP status 403 Forbidden, from server ngi.nx"
    );
    assert_eq!(
        evidence(b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n"),
        "HTTP status 302 Found, a redirect to http://login.example/ (a captive portal?)"
    );
    assert_eq!(
        evidence(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        "a reply in transfer coding \"gzip, chunked\""
    );
    assert!(evidence(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").starts_with("HTTP status 101"));
}

#[test]
fn what_is_not_http_is_quoted_without_control_bytes() {
    assert!(evidence(b"SSH-2.0-\x1b[31mx\r\n").ends_with("\"SSH-2.0-.[31mx..\""));
    assert!(evidence(b"\x00\xff").ends_with("\"..\""));
    assert!(evidence(&[b'A'; 500]).len() < 120);
}

#[test]
fn a_header_without_end_is_given_up() {
    let endless: Vec<u8> = b"HTTP/1.1 200 OK\r\n".iter().chain(b"X: ".iter()).copied().chain([b'y'; 5000]).collect();
    assert_eq!(head(&endless[..LONGEST_HEADER - 1]), Ok(None));
    assert_eq!(evidence(&endless), "a header of over 4096 bytes");
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(65));
    assert!(evidence(many.as_bytes()).starts_with("no HTTP (too many headers)"));
}
