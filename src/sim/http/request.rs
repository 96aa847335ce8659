//! Reading a request's head as the firmware's HTTP server does: its limits, and the fields it reads.
//!
//! Bytes only; the socket is in `server.rs`.

/// Longest request target, in bytes.
const URI_LIMIT: usize = 512;
/// Room for the method and the version around the target.
const LINE_SLACK: usize = 32;
/// The methods that the firmware's parser knows. Any other word is bad syntax.
const METHODS: &[&str] = &[
    "DELETE",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PATCH",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
];
/// More headers than fit the header block of any firmware.
const HEADERS: usize = 64;

/// What the server looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) is_post: bool,
    /// The target's path without its first slash.
    pub(super) endpoint: String,
    /// Whether the target is that path and nothing else. The protocomm handler takes the whole target for the
    /// endpoint's name, so a query or a proxy's absolute form finds no endpoint.
    pub(super) verbatim: bool,
    /// `Content-Length`; `None` where it is missing, or the body is chunked.
    pub(super) content_length: Option<usize>,
    /// The `Cookie` header.
    pub(super) cookie: Option<Vec<u8>>,
    /// Bytes up to the body.
    pub(super) length: usize,
}

/// A head the server answers with an error page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadError {
    UriTooLong,
    HeadersTooLong,
    Malformed,
}

impl Head {
    /// Longest head, in bytes, that has to be kept while it is incomplete.
    pub(super) fn longest(header_limit: usize) -> usize {
        URI_LIMIT + LINE_SLACK + header_limit + b"\r\n\r\n".len()
    }

    /// Parses what has arrived; `None` while the head is incomplete. Bad syntax is found at its first byte. Lines end
    /// with a line feed, with or without a carriage return before it.
    pub(super) fn parse(bytes: &[u8], header_limit: usize) -> Result<Option<Self>, HeadError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(bytes).map_err(|error| match error {
            httparse::Error::TooManyHeaders => HeadError::HeadersTooLong,
            _ => HeadError::Malformed,
        })?;
        let length = if let httparse::Status::Complete(length) = parsed { Some(length) } else { None };
        check_limits(&bytes[..length.unwrap_or(bytes.len())], header_limit)?;
        if request.method.is_some_and(|method| !METHODS.contains(&method)) {
            return Err(HeadError::Malformed);
        }
        let target = request.path.unwrap_or_default();
        if target.len() > URI_LIMIT {
            return Err(HeadError::UriTooLong);
        }
        let Some(length) = length else { return Ok(None) };
        let header = |name: &str| {
            let mut own = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            own.next().map(|header| header.value)
        };
        let chunked = header("transfer-encoding").is_some();
        let content_length = header("content-length").map(number).transpose()?.flatten();
        let path = path_of(target);
        Ok(Some(Self {
            is_post: request.method == Some("POST"),
            endpoint: path.strip_prefix('/').unwrap_or(path).to_owned(),
            verbatim: path == target,
            content_length: content_length.filter(|_| !chunked),
            cookie: header("cookie").map(<[u8]>::to_vec),
            length,
        }))
    }
}

/// Whether the first line and the headers fit. What comes before the first line's end is that line.
fn check_limits(head: &[u8], header_limit: usize) -> Result<(), HeadError> {
    let blank = head.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let head = &head[blank..];
    let line = head.iter().position(|byte| *byte == b'\n');
    if line.unwrap_or(head.len()) > URI_LIMIT + LINE_SLACK {
        return Err(HeadError::UriTooLong);
    }
    let headers = line.map_or(0, |line| head.len() - line - 1);
    if headers > header_limit { Err(HeadError::HeadersTooLong) } else { Ok(()) }
}

/// A length in digits; `None` where the header is empty.
fn number(value: &[u8]) -> Result<Option<usize>, HeadError> {
    match value.trim_ascii() {
        [] => Ok(None),
        digits if digits.iter().all(u8::is_ascii_digit) => {
            let text = std::str::from_utf8(digits).ok();
            text.and_then(|text| text.parse().ok()).map(Some).ok_or(HeadError::Malformed)
        }
        _ => Err(HeadError::Malformed),
    }
}

/// The path of a target in origin or absolute form.
fn path_of(target: &str) -> &str {
    let origin = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |slash| &rest[slash..]),
        _ => target,
    };
    origin.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Head>, HeadError> {
        Head::parse(text.as_bytes(), 512)
    }

    #[test]
    fn a_usual_request() {
        let text =
            "POST /prov-config HTTP/1.1\r\nHost: 192.168.4.1\r\ncontent-length: 2\r\nCookie: session=7\r\n\r\nR\0";
        let head = parse(text).expect("a head").expect("complete");
        assert_eq!((head.is_post, head.endpoint.as_str(), head.verbatim), (true, "prov-config", true));
        assert_eq!((head.content_length, head.cookie.as_deref()), (Some(2), Some(&b"session=7"[..])));
        assert_eq!(&text[head.length..], "R\0");
        for cut in 0..head.length {
            assert_eq!(parse(&text[..cut]), Ok(None), "{cut}");
        }
    }

    #[test]
    fn targets_without_a_handler() {
        for target in ["/proto-ver?x=1", "http://192.168.4.1/proto-ver", "/proto-ver#x"] {
            let head = parse(&format!("POST {target} HTTP/1.1\r\n\r\n")).expect("a head").expect("complete");
            assert_eq!((head.endpoint.as_str(), head.verbatim), ("proto-ver", false), "{target}");
        }
    }

    #[test]
    fn bodies_without_a_length() {
        for header in ["", "Content-Length: \r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"] {
            let head = parse(&format!("POST /x HTTP/1.1\r\n{header}\r\n")).expect("a head").expect("complete");
            assert_eq!(head.content_length, None, "{header}");
        }
    }

    #[test]
    fn a_bad_length_is_bad_syntax() {
        for length in ["x", "-1", "+1", "0x10", "99999999999999999999999"] {
            let text = format!("POST /x HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
            assert_eq!(parse(&text), Err(HeadError::Malformed), "{length}");
        }
    }

    #[test]
    fn bad_syntax_is_found_at_its_first_byte() {
        for start in ["\u{16}\u{3}\u{1}\u{2}", "SSH-2.0-x\r\n", "FOO / HTTP", "POST / HTTQ", "POST / HTTP/1.1\r\n: x"] {
            assert_eq!(parse(start), Err(HeadError::Malformed), "{start:?}");
        }
    }

    #[test]
    fn a_line_feed_alone_ends_a_line() {
        let text = "\n\nPOST /proto-ver HTTP/1.1\nContent-Length: 1\n\n-";
        let head = parse(text).expect("a head").expect("complete");
        assert_eq!((head.endpoint.as_str(), head.content_length, &text[head.length..]), ("proto-ver", Some(1), "-"));
    }

    #[test]
    fn limits_hold_while_the_head_is_incomplete() {
        assert_eq!(parse(&format!("POST /{}", "x".repeat(600))), Err(HeadError::UriTooLong));
        assert_eq!(parse(&format!("POST /{} HTTP/1.1\r\n\r\n", "x".repeat(520))), Err(HeadError::UriTooLong));
        let long = format!("POST /x HTTP/1.1\r\nA: {}", "x".repeat(600));
        assert_eq!(parse(&long), Err(HeadError::HeadersTooLong));
        assert_eq!(parse("\0\u{1}\r\n\r\n"), Err(HeadError::Malformed));
    }
}
