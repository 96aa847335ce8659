//! Any endpoint the application registered: bytes in, bytes out, through the session.

use zeroize::Zeroizing;

use super::{ReplyError, Request};

/// A request to an endpoint for which this program has no typed request.
#[derive(Debug)]
pub struct Custom<'a> {
    /// The endpoint's name.
    pub endpoint: &'a str,
    /// Plain bytes; devices refuse an empty request.
    pub payload: &'a [u8],
}

impl Request for Custom<'_> {
    type Reply = Vec<u8>;

    fn endpoint(&self) -> &str {
        self.endpoint
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.payload.to_vec())
    }

    fn decode(&self, reply: &[u8]) -> Result<Vec<u8>, ReplyError> {
        Ok(reply.to_vec())
    }
}
