//! SoftAP: protocomm over HTTP, to a server that takes one connection.

use super::{BoxFuture, Locator, Transport, TransportError, TransportKind};

/// The `softap:` transport.
#[derive(Debug)]
pub struct SoftAp;

impl TransportKind for SoftAp {
    fn scheme(&self) -> &'static str {
        "softap"
    }
    fn connect<'a>(&'a self, _to: &'a Locator) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        unimplemented!()
    }
}
