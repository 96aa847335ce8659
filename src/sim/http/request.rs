//! Reading a request's head as the firmware's HTTP server does: its limits, and the fields it reads.
//!
//! Bytes only; the socket is in `server.rs`.

/// Longest request target, in bytes.
const URI_LIMIT: usize = 512;
/// Room for the method and the version around the target.
const LINE_SLACK: usize = 32;
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
    /// `Content-Length`; `None` where it is missing, unreadable, or the body is chunked.
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

    /// Parses what has arrived; `None` while the head is incomplete.
    pub(super) fn parse(bytes: &[u8], header_limit: usize) -> Result<Option<Self>, HeadError> {
        let Some(line) = find(bytes, b"\r\n") else {
            return if bytes.len() > URI_LIMIT + LINE_SLACK { Err(HeadError::UriTooLong) } else { Ok(None) };
        };
        if line > URI_LIMIT + LINE_SLACK {
            return Err(HeadError::UriTooLong);
        }
        let blank = find(&bytes[line..], b"\r\n\r\n");
        let block = blank.unwrap_or(bytes.len() - line);
        if block > header_limit {
            return Err(HeadError::HeadersTooLong);
        }
        let Some(blank) = blank else { return Ok(None) };
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        request.parse(&bytes[..line + blank + 4]).map_err(|error| match error {
            httparse::Error::TooManyHeaders => HeadError::HeadersTooLong,
            _ => HeadError::Malformed,
        })?;
        let target = request.path.unwrap_or_default();
        if target.len() > URI_LIMIT {
            return Err(HeadError::UriTooLong);
        }
        let header = |name: &str| {
            let mut own = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            own.next().map(|header| header.value)
        };
        let chunked = header("transfer-encoding").is_some();
        let number = |value: &[u8]| std::str::from_utf8(value).ok()?.trim().parse().ok();
        let path = path_of(target);
        Ok(Some(Self {
            is_post: request.method == Some("POST"),
            endpoint: path.strip_prefix('/').unwrap_or(path).to_owned(),
            verbatim: path == target,
            content_length: header("content-length").filter(|_| !chunked).and_then(number),
            cookie: header("cookie").map(<[u8]>::to_vec),
            length: line + blank + 4,
        }))
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

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
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
    fn lengths_that_cannot_be_read() {
        for header in ["", "Content-Length: x\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"] {
            let head = parse(&format!("POST /x HTTP/1.1\r\n{header}\r\n")).expect("a head").expect("complete");
            assert_eq!(head.content_length, None, "{header}");
        }
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
