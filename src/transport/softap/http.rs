//! HTTP/1.1 as protocomm uses it, over bytes alone: one request written, one reply's header read. No socket, no
//! clock, and no more of HTTP than devices speak: no redirects, no transfer coding but chunked, no general cookies.

use zeroize::Zeroizing;

use crate::transport::{Evidence, TransportError};

/// Longest request body a stock device takes.
pub(super) const LONGEST_REQUEST: usize = 4096;
/// Longest reply body taken: far above what any device sends.
pub(super) const LONGEST_REPLY: usize = 64 * 1024;
/// Longest reply header taken.
pub(super) const LONGEST_HEADER: usize = 4096;
/// Longest endpoint name: with the longest host name the request's header stays under the 512 bytes that firmware
/// of the time of ESP-IDF v5.0 can hold.
const LONGEST_ENDPOINT: usize = 64;
const MOST_FIELDS: usize = 64;
/// How much of a peer's text is repeated in an error.
const EVIDENCE: usize = 60;

/// Refuses what a device would answer with a closed connection or take for something else.
pub(super) fn check_request(endpoint: &str, body: &[u8]) -> Result<(), TransportError> {
    let invalid = |reason: String| Err(Evidence::InvalidRequest { reason }.into());
    if !(1..=LONGEST_ENDPOINT).contains(&endpoint.len()) {
        return invalid(format!("an endpoint's name has 1 to {LONGEST_ENDPOINT} characters, not {}", endpoint.len()));
    }
    // The device takes everything after the first slash as the name, so there is no escaping either.
    if !endpoint.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#')) {
        return invalid(format!("{endpoint:?} is not a name of an endpoint"));
    }
    if body.is_empty() {
        return invalid(format!("nothing to send to {endpoint:?}; devices refuse an empty request"));
    }
    if body.len() > LONGEST_REQUEST {
        return Err(Evidence::RequestTooLong { length: body.len(), limit: LONGEST_REQUEST }.into());
    }
    Ok(())
}

/// The whole request, for one write. Under security 0 it holds a passphrase in the clear, so it wipes itself.
pub(super) fn request(host: &str, endpoint: &str, cookie: Option<&Cookie>, body: &[u8]) -> Zeroizing<Vec<u8>> {
    let cookie = cookie.map(|Cookie(digits)| format!("Cookie: session={digits}\r\n")).unwrap_or_default();
    let header = format!(
        "POST /{endpoint} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n{cookie}\r\n",
        body.len()
    );
    let mut bytes = Zeroizing::new(Vec::with_capacity(header.len() + body.len()));
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The decimal number of a device's session. Kept as it was written: the device compares text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cookie(String);

impl Cookie {
    /// Reads `session=N` out of a `Set-Cookie` value; anything else is not for us.
    fn parse(value: &[u8]) -> Option<Self> {
        let pair = value.split(|byte| *byte == b';').next()?.trim_ascii();
        let digits = std::str::from_utf8(pair.strip_prefix(b"session=")?).ok()?;
        // Ten digits hold any u32, and `session=` with more would overflow the device's buffer.
        let number = digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
        (number && digits.parse::<u32>().is_ok()).then(|| Self(digits.to_owned()))
    }
}

/// The header of a reply with status 200.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of the header; the body begins there.
    pub(super) length: usize,
    /// Where the body ends.
    pub(super) body: Body,
    /// Whether the connection takes another request.
    pub(super) keep_alive: bool,
    /// The session the device began with this reply.
    pub(super) cookie: Option<Cookie>,
}

/// Where a reply's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// After so many bytes.
    Length(usize),
    /// With the chunk that says so.
    Chunked,
    /// With the connection.
    ToEnd,
}

/// A reply that is none for us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Status 404.
    NoSuchEndpoint,
    /// Not what a device sends: what it was, in printable ASCII.
    NotADevice(String),
    /// A body of more than [`LONGEST_REPLY`] bytes.
    TooLong,
}

/// Reads the header at the front of what has arrived; `None` while it is incomplete. Interim replies, as `100 Continue`,
/// are passed over.
pub(super) fn head(received: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut at = 0;
    loop {
        match one_head(&received[at..], LONGEST_HEADER - at)? {
            Some(Part::Interim { length }) if at + length < LONGEST_HEADER => at += length,
            Some(Part::Interim { .. }) => return not_a_device(format!("a header of over {LONGEST_HEADER} bytes")),
            Some(Part::Head(head)) => return Ok(Some(Head { length: at + head.length, ..head })),
            None => return Ok(None),
        }
    }
}

/// One header.
enum Part {
    Interim { length: usize },
    Head(Head),
}

/// Reads one header of at most `longest` bytes.
fn one_head(received: &[u8], longest: usize) -> Result<Option<Part>, Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut reply = httparse::Response::new(&mut fields);
    let length = match reply.parse(&received[..received.len().min(longest)]) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if received.len() < longest => return Ok(None),
        Ok(httparse::Status::Partial) => return not_a_device(format!("a header of over {LONGEST_HEADER} bytes")),
        Err(error) => return not_a_device(format!("no HTTP ({error}): \"{}\"", printable(received))),
    };
    let status = reply.code.unwrap_or_default();
    if (100..200).contains(&status) && status != 101 {
        return Ok(Some(Part::Interim { length }));
    }
    if status == 404 {
        return Err(Refusal::NoSuchEndpoint);
    }
    if status != 200 {
        return not_a_device(unexpected_status(status, &reply));
    }
    let mut codings = values(&reply, "transfer-encoding");
    let body = match (codings.next(), codings.next()) {
        (None, _) => content_length(&reply)?.map_or(Body::ToEnd, Body::Length),
        (Some(coding), None) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => Body::Chunked,
        (Some(coding), _) => return not_a_device(format!("a reply in transfer coding \"{}\"", printable(coding))),
    };
    let closes = values(&reply, "connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
    Ok(Some(Part::Head(Head {
        length,
        body,
        keep_alive: reply.version == Some(1) && body != Body::ToEnd && !closes,
        cookie: values(&reply, "set-cookie").filter_map(Cookie::parse).last(),
    })))
}

/// What is said of an answer with neither 200 nor 404: 405 for a page that takes no POST, 3xx from a captive portal.
fn unexpected_status(status: u16, reply: &httparse::Response<'_, '_>) -> String {
    let mut evidence = format!("HTTP status {status} {}", printable(reply.reason.unwrap_or_default().as_bytes()));
    if (300..400).contains(&status) {
        evidence.push_str(", a redirect");
        if let Some(target) = values(reply, "location").next() {
            evidence.push_str(" to ");
            evidence.push_str(&printable(target));
        }
        evidence.push_str(" (a captive portal?)");
    }
    if let Some(server) = values(reply, "server").next() {
        evidence.push_str(", from server ");
        evidence.push_str(&printable(server));
    }
    evidence
}

/// The length all `Content-Length` fields agree on, if there is one.
fn content_length(reply: &httparse::Response<'_, '_>) -> Result<Option<usize>, Refusal> {
    let mut agreed = None;
    for value in values(reply, "content-length").map(<[u8]>::trim_ascii) {
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return not_a_device(format!("Content-Length \"{}\"", printable(value)));
        }
        // Digits that do not fit a number are as good as the largest one.
        let length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).unwrap_or(usize::MAX);
        if agreed.is_some_and(|other| other != length) {
            return not_a_device("two different Content-Length fields".to_owned());
        }
        agreed = Some(length);
    }
    if agreed.is_some_and(|length| length > LONGEST_REPLY) { Err(Refusal::TooLong) } else { Ok(agreed) }
}

fn values<'a>(reply: &'a httparse::Response<'_, '_>, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    reply.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

fn not_a_device<T>(evidence: String) -> Result<T, Refusal> {
    Err(Refusal::NotADevice(evidence))
}

/// A peer's bytes as a person may see them: bounded, and no byte that a terminal would act on.
fn printable(bytes: &[u8]) -> String {
    let shown = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' };
    bytes.iter().take(EVIDENCE).map(shown).collect()
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
