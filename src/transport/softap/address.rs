//! What may follow `softap:`, and the addresses it stands for. Checking one does no I/O; only [`Address::resolve`]
//! may ask a name server.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::transport::{Evidence, TransportError};

/// The device's own address on the access point it opens.
pub(super) const DEVICE: Ipv4Addr = Ipv4Addr::new(192, 168, 4, 1);
const HTTP_PORT: u16 = 80;

/// Host and port of a device. Prints as `host:port`, IPv6 in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

/// Reads the address of a `softap:` locator, without any I/O.
///
/// Empty is `192.168.4.1:80`. Otherwise a host name, an IPv4 address or an IPv6 address (bare, or in brackets), and
/// a port, 80 if left out; `http://host:port/` is taken for what it means.
///
/// Anything else is [`Evidence::BadAddress`].
pub fn check_address(text: &str) -> Result<Address, TransportError> {
    parse(text).map_err(|reason| {
        TransportError::from(Evidence::BadAddress { address: text.to_owned(), reason: reason.to_owned() })
    })
}

impl Address {
    /// The socket addresses to try, in order: one for an IP address, those of the name service for a name.
    pub(super) async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.host {
            Host::Ip(ip) => Ok(vec![SocketAddr::new(*ip, self.port)]),
            Host::Name(name) => Ok(tokio::net::lookup_host((name.as_str(), self.port)).await?.collect()),
        }
    }

    /// The value of the `Host` header: without the port where it is the usual one.
    pub(super) fn host_header(&self) -> String {
        if self.port == HTTP_PORT { self.host.to_string() } else { self.to_string() }
    }
}

impl Default for Address {
    fn default() -> Self {
        Self { host: Host::Ip(IpAddr::V4(DEVICE)), port: HTTP_PORT }
    }
}

impl FromStr for Address {
    type Err = TransportError;

    fn from_str(text: &str) -> Result<Self, TransportError> {
        check_address(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn parse(text: &str) -> Result<Address, &'static str> {
    if text.is_empty() {
        return Ok(Address::default());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("it contains white space or a control character");
    }
    let authority = authority(text)?;
    // Two colons or more outside brackets can only be an IPv6 address, and then there is no room for a port.
    if !authority.starts_with('[') && authority.matches(':').count() > 1 {
        let ip = authority.parse::<Ipv6Addr>().map_err(|_| "an IPv6 address with a port is written [::1]:80")?;
        return Ok(Address { host: Host::Ip(IpAddr::V6(ip)), port: HTTP_PORT });
    }
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or("the closing bracket is missing")?;
        let ip = inside.parse::<Ipv6Addr>().map_err(|_| "there is no IPv6 address in the brackets")?;
        let port = match after {
            "" => None,
            _ => Some(after.strip_prefix(':').ok_or("only :port may follow the closing bracket")?),
        };
        (Host::Ip(IpAddr::V6(ip)), port)
    } else {
        let (name, port) = match authority.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        };
        (host(name)?, port)
    };
    let port = port.map_or(Ok(HTTP_PORT), self::port)?;
    Ok(Address { host, port })
}

/// Takes the host and port out of an `http://` URL; text that is no URL is returned as it is.
fn authority(text: &str) -> Result<&str, &'static str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return only_authority(text);
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => only_authority(rest.strip_suffix('/').unwrap_or(rest)),
        "https" => Err("a device speaks plain http, not https"),
        _ => Err("only http:// may stand before the host"),
    }
}

fn only_authority(authority: &str) -> Result<&str, &'static str> {
    if authority.contains(['/', '\\', '?', '#']) {
        return Err("a device has a host and a port, but no path or query");
    }
    if authority.contains('@') {
        return Err("a device has a host and a port, but no user name");
    }
    if authority.is_empty() { Err(NO_HOST) } else { Ok(authority) }
}

const NO_HOST: &str = "the host is missing";

fn host(name: &str) -> Result<Host, &'static str> {
    if let Ok(ip) = name.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(IpAddr::V4(ip)));
    }
    if name.is_empty() {
        return Err(NO_HOST);
    }
    let mut labels = name.strip_suffix('.').unwrap_or(name).split('.');
    if !labels.clone().all(|label| (1..=63).contains(&label.len())) || name.len() > 253 {
        return Err("a host name has dotted parts of 1 to 63 characters, 253 in all");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err("a host name has letters, digits, hyphens and dots");
    }
    // A resolver would read 192.168.4 as 192.168.0.4, so what ends in a number has to be a whole address.
    if labels.next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("an IPv4 address has four numbers from 0 to 255");
    }
    Ok(Host::Name(name.to_owned()))
}

fn port(text: &str) -> Result<u16, &'static str> {
    const RANGE: &str = "a port is a number from 1 to 65535";
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RANGE);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or(RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_printed_in_full() {
        for (text, printed, header) in [
            ("", "192.168.4.1:80", "192.168.4.1"),
            ("10.0.0.7", "10.0.0.7:80", "10.0.0.7"),
            ("127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"),
            ("::1", "[::1]:80", "[::1]"),
            ("[::1]", "[::1]:80", "[::1]"),
            ("[fe80:0:0::1]:8080", "[fe80::1]:8080", "[fe80::1]:8080"),
            ("localhost", "localhost:80", "localhost"),
            ("my_device-1.local:65535", "my_device-1.local:65535", "my_device-1.local:65535"),
            ("device.lan.", "device.lan.:80", "device.lan."),
            ("http://192.168.4.1", "192.168.4.1:80", "192.168.4.1"),
            ("HTTP://192.168.4.1:8080/", "192.168.4.1:8080", "192.168.4.1:8080"),
            ("http://[::1]:81/", "[::1]:81", "[::1]:81"),
        ] {
            let address = check_address(text).expect(text);
            assert_eq!((address.to_string().as_str(), address.host_header().as_str()), (printed, header), "{text}");
            assert_eq!(check_address(printed).ok(), Some(address), "{text} does not round-trip");
        }
    }

    #[test]
    fn a_bad_address_is_refused_with_the_reason() {
        for (text, reason) in [
            ("192.168.4.1:", RANGE),
            ("host:0", RANGE),
            ("host:65536", RANGE),
            ("host:+80", RANGE),
            ("[::1]:http", RANGE),
            (":80", NO_HOST),
            ("http://", NO_HOST),
            ("http:///", NO_HOST),
            ("http://:80/", NO_HOST),
            (" 192.168.4.1", "white space"),
            ("my device", "white space"),
            ("host\r\nX: y", "white space"),
            ("https://192.168.4.1/", "plain http"),
            ("ftp://192.168.4.1", "only http://"),
            ("http://192.168.4.1/prov-scan", "no path"),
            ("http://192.168.4.1//", "no path"),
            ("http://192.168.4.1/?x=1", "no path"),
            ("192.168.4.1/", "no path"),
            ("host#x", "no path"),
            ("user@host", "no user name"),
            ("::1:x", "[::1]:80"),
            ("1:2:3", "[::1]:80"),
            ("[::1", "closing bracket"),
            ("[::1]8080", "closing bracket"),
            ("[]", "no IPv6 address"),
            ("[127.0.0.1]", "no IPv6 address"),
            ("[fe80::1%wlan0]", "no IPv6 address"),
            ("192.168.4", "four numbers"),
            ("192.168.4.256", "four numbers"),
            ("1234", "four numbers"),
            ("a..b", "dotted parts"),
            (".", "dotted parts"),
            ("caf\u{e9}.local", "letters, digits"),
        ] {
            match check_address(text) {
                Err(TransportError { evidence: Evidence::BadAddress { address, reason: given }, .. }) => {
                    assert_eq!(address, text);
                    assert!(given.contains(reason), "{text}: {given}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    const RANGE: &str = "from 1 to 65535";
}
