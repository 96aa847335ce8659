//! What `espctl sim` prints once its devices listen: where each is, its QR code, and the command that provisions it.

use std::net::{IpAddr, SocketAddr};

use fast_qr::QRBuilder;
use serde_json::{Value, json};

use crate::report::Document;
use crate::sim::DeviceOptions;
use crate::text;

/// A device that listens, and how to provision it.
pub(super) struct Member {
    name: String,
    /// Where it listens, for people.
    place: String,
    /// The locator a client on this computer takes.
    device: String,
    security: u8,
    qr: String,
    command: String,
}

impl Member {
    pub(super) fn over_http(address: SocketAddr, options: &DeviceOptions) -> Self {
        let reachable = reachable(address);
        Self::new(reachable.to_string(), format!("softap:{reachable}"), options.qr_payload(), options)
    }

    pub(super) fn new(place: String, device: String, qr: String, options: &DeviceOptions) -> Self {
        let mut words = vec![format!("espctl provision --device {device} --qrcode {}", quoted(&qr))];
        if options.thread {
            let networks = options.world.thread_networks.iter();
            words.extend(networks.take(1).map(|own| format!("--thread-dataset {}", hex::encode(own.dataset()))));
        } else if let Some(network) = options.world.access_points.iter().find(|own| !own.is_enterprise()) {
            words.push(format!("--ssid {}", quoted(&String::from_utf8_lossy(&network.ssid))));
            words.push(if network.is_open() {
                "--open".to_owned()
            } else {
                format!("--passphrase {}", quoted(&String::from_utf8_lossy(network.passphrase.expose())))
            });
        }
        let command = words.join(" ");
        Self { name: options.name(), place, device, security: options.security(), qr, command }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "device": self.device,
            "security": self.security,
            "qr": self.qr,
            "command": self.command,
        })
    }
}

/// Where a client on this computer finds a listener on every address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Quoted for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The document that says so.
pub(super) fn ready(members: &[Member], ascii: bool) -> Document {
    let body = json!({ "outcome": "ready", "devices": members.iter().map(Member::json).collect::<Vec<_>>() });
    let text = match members {
        [one] => {
            let picture = if ascii { String::new() } else { drawn(&one.qr) };
            format!(
                "{} listens on {} (security {})\nQR payload: {}\n{picture}Provision it with:\n  {}",
                text::sanitise(&one.name),
                one.place,
                one.security,
                one.qr,
                one.command
            )
        }
        many => many
            .iter()
            .map(|member| format!("{}  {}  {}", text::sanitise(&member.name), member.place, member.command))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    Document::new("sim", text, body)
}

/// The QR code in half blocks; nothing where the payload is too long for one.
fn drawn(payload: &str) -> String {
    QRBuilder::new(payload).build().map(|code| format!("{}\n", code.to_str())).unwrap_or_default()
}
