//! The chunked transfer coding of HTTP/1.1, over bytes alone: chunks as they arrive, one after the other. Firmware that
//! is not built on ESP-IDF's server may answer in it. Trailers are passed over.

use super::http::{LONGEST_HEADER, LONGEST_REPLY, Refusal};

/// Most trailer fields.
const MOST_FIELDS: usize = 16;

/// A body in chunks, as far as it has arrived.
#[derive(Debug)]
pub(super) struct Chunks {
    /// Where in what was received the next chunk begins.
    at: usize,
    body: Vec<u8>,
}

impl Chunks {
    /// A body that begins at this place.
    pub(super) fn new(at: usize) -> Self {
        Self { at, body: Vec::new() }
    }

    /// Takes in the chunks that are whole in `received`, which only ever grows; where the reply ends, if it has.
    pub(super) fn advance(&mut self, received: &[u8]) -> Result<Option<usize>, Refusal> {
        loop {
            let rest = received.get(self.at..).unwrap_or_default();
            // The library takes a line without a digit for 0.
            if rest.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
                return broken();
            }
            let (line, size) = match httparse::parse_chunk_size(rest) {
                Ok(httparse::Status::Complete(read)) => read,
                Ok(httparse::Status::Partial) if rest.len() < LONGEST_HEADER => return Ok(None),
                Ok(httparse::Status::Partial) | Err(_) => return broken(),
            };
            if size == 0 {
                return Ok(trailer(&rest[line..])?.map(|length| self.at + line + length));
            }
            let size = usize::try_from(size).ok().filter(|size| *size <= LONGEST_REPLY).ok_or(Refusal::TooLong)?;
            if self.body.len() + size > LONGEST_REPLY {
                return Err(Refusal::TooLong);
            }
            let Some(chunk) = rest.get(line..line + size + 2) else { return Ok(None) };
            if !chunk.ends_with(b"\r\n") {
                return broken();
            }
            self.body.extend_from_slice(&chunk[..size]);
            self.at += line + size + 2;
        }
    }

    /// The body.
    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// The length of the trailer, with the empty line that ends it; `None` while that has not arrived.
fn trailer(rest: &[u8]) -> Result<Option<usize>, Refusal> {
    match httparse::parse_headers(rest, &mut [httparse::EMPTY_HEADER; MOST_FIELDS]) {
        Ok(httparse::Status::Complete((length, _))) => Ok(Some(length)),
        Ok(httparse::Status::Partial) if rest.len() < LONGEST_HEADER => Ok(None),
        Ok(httparse::Status::Partial) | Err(_) => broken(),
    }
}

fn broken<T>() -> Result<T, Refusal> {
    Err(Refusal::NotADevice("a chunked reply whose chunks do not follow HTTP".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body and its end, where the bytes arrive one by one.
    fn read(reply: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Refusal> {
        let mut chunks = Chunks::new(0);
        for end in 0..=reply.len() {
            if let Some(length) = chunks.advance(&reply[..end])? {
                return Ok(Some((chunks.into_body(), length)));
            }
        }
        Ok(None)
    }

    #[test]
    fn chunks_make_one_body_in_whatever_pieces() {
        let reply = b"3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n";
        assert_eq!(read(reply), Ok(Some((b"abc0123456789".to_vec(), reply.len()))));
        assert_eq!(read(b"0\r\n\r\nmore"), Ok(Some((Vec::new(), 5))));
        for end in 0..reply.len() {
            assert_eq!(read(&reply[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn what_is_too_long_or_broken_is_refused() {
        for reply in [&b"x\r\n"[..], b"3\r\nabcd\r\n", b"-1\r\n", b"\r\n", b"0\r\nno field\r\n\r\n"] {
            assert!(matches!(read(reply), Err(Refusal::NotADevice(_))), "{}", reply.escape_ascii());
        }
        assert!(matches!(read(&[b"1;".as_slice(), &[b'x'; 5000]].concat()), Err(Refusal::NotADevice(_))));
        for size in ["10001", "ffffffffffffffff"] {
            assert_eq!(read(format!("{size}\r\n").as_bytes()), Err(Refusal::TooLong), "{size}");
        }
        let many = b"8000\r\n".iter().copied().chain(vec![b'x'; 0x8000]).chain(*b"\r\n").collect::<Vec<_>>().repeat(3);
        assert_eq!(Chunks::new(0).advance(&many), Err(Refusal::TooLong));
    }
}
