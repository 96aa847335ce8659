//! The simulated device behind the transport seam: `sim:`, an in-memory link with the limits of SoftAP.
//!
//! Each connect boots a fresh device from the locator's parameters (its address, if any, is the device's name).
//! Later exchanges after a close reach the same device, as a cookie does over HTTP. Time is tokio's, so that a test
//! can pause it.

use std::future;
use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::device::{Device, Refusal, Reply, ReplyFault};
use super::options::DeviceOptions;
use crate::transport::{BoxFuture, Evidence, Limits, Locator, Opening, Transport, TransportError, TransportKind};

/// What SoftAP carries; the stock HTTP server takes 4096 bytes.
const LIMITS: Limits = Limits { request: 4096, scan_page: 16, scan_group: 5, security2: true };
/// Longest reply handed on, in bytes.
const REPLY_LIMIT: usize = 64 * 1024;

/// The `sim:` transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InMemory;

/// The `sim:` transport, for a list of transports.
pub static KIND: InMemory = InMemory;

impl TransportKind for InMemory {
    fn scheme(&self) -> &'static str {
        "sim"
    }

    fn check(&self, to: &Locator) -> Result<(), TransportError> {
        options(to).map(drop)
    }

    fn secret_parameters(&self) -> &'static [&'static str] {
        // An access point is given with its passphrase.
        &["pop", "password", "ap"]
    }

    fn connect<'a>(&'a self, to: &'a Locator, _: Opening) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            let link: Box<dyn Transport> = Box::new(MemoryLink::new(Device::new(options(to)?)));
            Ok(link)
        })
    }
}

/// A locator's parameters are the device's options, its address is the device's name.
fn options(locator: &Locator) -> Result<DeviceOptions, TransportError> {
    let mut options = DeviceOptions::from_parameters(locator.parameters()).map_err(|error| {
        TransportError::from(Evidence::BadAddress { address: locator.to_string(), reason: error.to_string() })
    })?;
    if locator.address().contains('=') {
        let reason = "the options of the simulated device follow a question mark, as in sim:?sec-ver=1".to_owned();
        return Err(Evidence::BadAddress { address: locator.to_string(), reason }.into());
    }
    if !locator.address().is_empty() {
        options.name = Some(locator.address().to_owned());
    }
    Ok(options)
}

/// A link to one device in memory.
#[derive(Debug)]
pub struct MemoryLink {
    device: Device,
    booted: Instant,
    peer: String,
}

impl MemoryLink {
    /// Boots `device` now and opens its transport session.
    pub fn new(mut device: Device) -> Self {
        device.open_session(Duration::ZERO);
        let peer = format!("sim:{}", device.options().name());
        Self { device, booted: Instant::now(), peer }
    }

    /// The device, for tests that look at its state.
    pub fn device(&mut self) -> &mut Device {
        &mut self.device
    }

    async fn call(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        if request.len() > LIMITS.request {
            return Err(Evidence::RequestTooLong { length: request.len(), limit: LIMITS.request }.into());
        }
        let now = self.booted.elapsed();
        self.device.tick(now);
        if !self.device.is_serving(now) {
            return Err(self.unreachable());
        }
        let peer = || self.peer.clone();
        match self.device.handle(now, endpoint, request) {
            Ok(reply) => {
                // The timer's smallest step is a millisecond, so a sleep of zero would cost one.
                if !reply.after.is_zero() {
                    tokio::time::sleep(reply.after).await;
                }
                self.deliver(reply)
            }
            Err(Refusal::Handler | Refusal::Restart) => Err(Evidence::ClosedWithoutAnswer { peer: peer() }.into()),
            Err(Refusal::UnknownEndpoint) => {
                Err(Evidence::NoSuchEndpoint { peer: peer(), endpoint: endpoint.to_owned() }.into())
            }
            Err(Refusal::Hang) => future::pending().await,
        }
    }

    fn deliver(&self, reply: Reply) -> Result<Vec<u8>, TransportError> {
        let peer = self.peer.clone();
        match reply.fault {
            Some(ReplyFault::Truncated) => Err(Evidence::Truncated { peer, received: reply.body.len() / 2 }.into()),
            Some(ReplyFault::Status500) => {
                Err(Evidence::NotADevice { peer, evidence: "500 Internal Server Error".into() }.into())
            }
            Some(ReplyFault::NotHttp) => Err(Evidence::NotADevice { peer, evidence: "no HTTP".into() }.into()),
            None if reply.body.len() > REPLY_LIMIT => Err(Evidence::ReplyTooLong { peer, limit: REPLY_LIMIT }.into()),
            None => Ok(reply.body),
        }
    }

    fn unreachable(&self) -> TransportError {
        TransportError::from(Evidence::Unreachable {
            peer: self.peer.clone(),
            source: io::ErrorKind::ConnectionRefused.into(),
        })
    }
}

impl Transport for MemoryLink {
    fn limits(&self) -> Limits {
        LIMITS
    }

    fn endpoints(&self) -> Option<&[String]> {
        None
    }

    fn peer(&self) -> String {
        self.peer.clone()
    }

    fn name(&self) -> Option<String> {
        Some(self.device.options().name())
    }

    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>> {
        Box::pin(self.call(endpoint, request))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>> {
        Box::pin(future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn connect(locator: &str) -> Box<dyn Transport> {
        KIND.connect(&locator.parse().expect("a locator"), Opening::unwatched()).await.expect("a device")
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_conversation_in_security_0() {
        let mut link = connect("sim:?sec-ver=0&apply-delay-ms=1000&join-ms=500").await;
        let set = hex::decode("080262200a07486f6d654e65741215636f72726563742d686f7273652d62617474657279").expect("hex");
        assert_eq!(link.exchange("prov-config", &set).await.expect("a reply"), [0x08, 0x03, 0x6a, 0x00]);
        assert_eq!(link.exchange("prov-config", &[0x08, 0x04]).await.expect("a reply"), [0x08, 0x05, 0x7a, 0x00]);
        let connecting = [0x08, 0x01, 0x5a, 0x02, 0x10, 0x01];
        assert_eq!(link.exchange("prov-config", &[0x52, 0x00]).await.expect("a reply"), connecting);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let status = link.exchange("prov-config", &[0x52, 0x00]).await.expect("a reply");
        assert!(status.starts_with(&[0x08, 0x01, 0x5a, 0x25]), "{status:02x?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let gone = link.exchange("prov-config", &[0x52, 0x00]).await.expect_err("the service stopped");
        assert!(matches!(gone, TransportError { evidence: Evidence::Unreachable { .. }, .. }), "{gone}");
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_close_and_the_device_stays() {
        let mut link = connect("sim:?sec-ver=1").await;
        let refused = link.exchange("prov-config", &[0x52, 0x00]).await.expect_err("no session");
        assert!(matches!(refused, TransportError { evidence: Evidence::ClosedWithoutAnswer { .. }, .. }), "{refused}");
        let unknown = link.exchange("nonsense", &[1]).await.expect_err("no endpoint");
        assert!(matches!(unknown, TransportError { evidence: Evidence::NoSuchEndpoint { .. }, .. }), "{unknown}");
        assert!(link.exchange("proto-ver", b"---").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn faults_of_the_link() {
        let mut link = connect("sim:?fault=truncate@1&fault=http-500@2&fault=oversize-reply@3&fault=hang@4").await;
        let mut errors = Vec::new();
        for _ in 0..3 {
            errors.push(link.exchange("proto-ver", b"---").await.expect_err("a fault"));
        }
        assert!(matches!(errors[0], TransportError { evidence: Evidence::Truncated { .. }, .. }));
        assert!(matches!(errors[1], TransportError { evidence: Evidence::NotADevice { .. }, .. }));
        assert!(matches!(errors[2], TransportError { evidence: Evidence::ReplyTooLong { .. }, .. }));
        let hanging = tokio::time::timeout(Duration::from_mins(1), link.exchange("proto-ver", b"---")).await;
        assert!(hanging.is_err());
        assert!(link.exchange("proto-ver", b"---").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reboot_ends_the_session_and_the_device_comes_back() {
        let mut link = connect("sim:?sec-ver=0&fault=reboot@2").await;
        assert!(link.exchange("proto-ver", b"---").await.is_ok());
        let cut = link.exchange("proto-ver", b"---").await.expect_err("a reboot");
        assert!(matches!(cut, TransportError { evidence: Evidence::ClosedWithoutAnswer { .. }, .. }), "{cut}");
        let off = link.exchange("proto-ver", b"---").await.expect_err("booting");
        assert!(matches!(off, TransportError { evidence: Evidence::Unreachable { .. }, .. }), "{off}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(link.exchange("proto-ver", b"---").await.is_ok());
    }

    #[tokio::test]
    async fn parameters_that_cannot_be_read_as_a_device() {
        let locator: Locator = "sim:?profile=idf-9".parse().expect("a locator");
        let error = KIND.connect(&locator, Opening::unwatched()).await.err().expect("no device");
        assert!(error.to_string().contains("netprov-1.2"), "{error}");
    }
}
