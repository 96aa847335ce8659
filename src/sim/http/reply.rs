//! Replies as the firmware's HTTP server sends them: in how many segments, and in which words.
//!
//! Bytes only; the socket is in `server.rs`.

/// An error page; the connection closes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    UriTooLong,
    HeadersTooLong,
    InternalError,
}

impl Page {
    /// The whole page, sent at once.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let (status, text) = match self {
            Self::BadRequest => ("400 Bad Request", "Bad request syntax"),
            Self::NotFound => ("404 Not Found", "Nothing matches the given URI"),
            Self::MethodNotAllowed => ("405 Method Not Allowed", "Specified method is invalid for this resource"),
            Self::UriTooLong => ("414 URI Too Long", "URI is too long"),
            Self::HeadersTooLong => ("431 Request Header Fields Too Large", "Header fields are too long"),
            Self::InternalError => ("500 Internal Server Error", "Server has encountered an unexpected error"),
        };
        [&head(status, text.len())[..], b"\r\n", text.as_bytes()].concat()
    }
}

/// A good reply, one item a send: 3 of them, 7 with a cookie. The firmware leaves Nagle's algorithm on, so that all
/// but the first wait for the client's acknowledgement.
pub(super) fn segments(body: Vec<u8>, cookie: Option<String>) -> Vec<Vec<u8>> {
    let mut segments = vec![head("200 OK", body.len())];
    if let Some(cookie) = cookie {
        segments.extend([b"Set-Cookie".to_vec(), b": ".to_vec(), cookie.into_bytes(), b"\r\n".to_vec()]);
    }
    segments.push(b"\r\n".to_vec());
    segments.push(body);
    segments
}

/// What a fault answers instead of HTTP: the banner of another service.
pub(super) const NOT_HTTP: &[u8] = b"220 mail.example ESMTP ready\r\n";

fn head(status: &str, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_leaves_in_3_or_7_sends() {
        assert_eq!(segments(b"x".to_vec(), None).len(), 3);
        let segments = segments(b"x".to_vec(), Some("session=7".into()));
        assert_eq!(segments.len(), 7);
        assert_eq!(
            String::from_utf8(segments.concat()).expect("text"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\nSet-Cookie: session=7\r\n\r\nx"
        );
    }
}
