//! SoftAP: protocomm over HTTP, to a server that takes one connection and keeps one session.
//!
//! The session is named by a cookie and outlives the connection, so a link that broke reconnects at the next
//! exchange and goes on with the cookie. Nothing is ever sent twice: a request that got no answer may have moved the
//! device's cipher on, and only the session above can know what that means. No proxy, no redirect, no second
//! connection.
//!
//! - `address.rs`: what may follow `softap:`
//! - `locate.rs`: a locator, made of the parts that are known
//! - `http.rs`: the bytes of a request and a reply, pure
//! - `chunked.rs`: a reply in chunks, pure
//! - `connection.rs`: the TCP connection
//! - `http_tests.rs`: those bytes, one by one

mod address;
mod chunked;
mod connection;
mod http;
mod locate;

pub use address::{Address, check_address};

use self::connection::Connection;
use self::http::Cookie;
use super::{
    BoxFuture, DeviceParts, Evidence, Limits, Locator, Opening, Part, Transport, TransportError, TransportKind, Words,
};
use crate::failure::Failure;
use crate::origin::Setting;

/// What the firmware's HTTP server and its list of scan results hold; the group is what Espressif's own clients ask
/// for, so that the radio comes back to the link in time.
const LIMITS: Limits = Limits { request: http::LONGEST_REQUEST, scan_page: 16, scan_group: 5, security2: true };

/// The `softap:` transport. Its locators have an address as [`check_address`] takes it, and no parameters.
#[derive(Debug)]
pub struct SoftAp;

impl TransportKind for SoftAp {
    fn scheme(&self) -> &'static str {
        locate::SCHEME
    }

    fn words(&self) -> Words {
        Words {
            title: "SoftAP",
            locators: &["softap:", "softap:HOST:PORT"],
            addresses: Some("over SoftAP HOST, HOST:PORT or [IPV6]:PORT, default 192.168.4.1:80"),
            default_address: Some("192.168.4.1:80"),
        }
    }

    fn check(&self, to: &Locator) -> Result<(), TransportError> {
        address_of(to).map(drop)
    }

    fn locate(&self, whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Result<Locator, Failure> {
        Ok(locate::locate(whole, parts))
    }

    fn takes(&self, part: Part) -> bool {
        part == Part::Host
    }

    fn is_default(&self) -> bool {
        true
    }

    fn needs_device_network(&self) -> bool {
        true
    }

    fn connect<'a>(&'a self, to: &'a Locator, _: Opening) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            let address = address_of(to)?;
            let idle = Some(Connection::open(&address).await?);
            let link: Box<dyn Transport> = Box::new(Link { address, cookie: None, idle });
            Ok(link)
        })
    }
}

fn address_of(locator: &Locator) -> Result<Address, TransportError> {
    if let Some((key, _)) = locator.parameters().next() {
        let reason = format!("softap takes no parameters, and so no {key:?}");
        return Err(Evidence::BadAddress { address: locator.to_string(), reason }.into());
    }
    check_address(locator.address())
}

/// A link to one device.
#[derive(Debug)]
struct Link {
    address: Address,
    /// The device's session; outlives the connection.
    cookie: Option<Cookie>,
    /// The connection, while no request is under way on it. An exchange takes it out and puts it back after a
    /// complete reply, so that an error or a dropped future leaves none behind that is half read.
    idle: Option<Connection>,
}

impl Link {
    async fn exchange(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        http::check_request(endpoint, request)?;
        let mut connection = match self.idle.take().filter(Connection::is_idle) {
            Some(connection) => connection,
            None => Connection::open(&self.address).await?,
        };
        let request = http::request(&self.address.host_header(), endpoint, self.cookie.as_ref(), request);
        let reply = connection.exchange(endpoint, &request).await?;
        if reply.cookie.is_some() {
            self.cookie = reply.cookie;
        }
        if reply.keep_alive {
            self.idle = Some(connection);
        }
        Ok(reply.body)
    }
}

impl Transport for Link {
    fn limits(&self) -> Limits {
        LIMITS
    }

    fn endpoints(&self) -> Option<&[String]> {
        None
    }

    fn peer(&self) -> String {
        self.address.to_string()
    }

    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>> {
        Box::pin(self.exchange(endpoint, request))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>> {
        Box::pin(async move {
            match self.idle {
                Some(connection) => connection.close().await,
                None => Ok(()),
            }
        })
    }
}
