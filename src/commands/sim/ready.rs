//! What `espctl sim` prints once its devices listen: where each is, its QR code, and the command that provisions it.

use std::net::{IpAddr, SocketAddr};

use fast_qr::QRBuilder;
use serde_json::{Value, json};

use crate::report::{Document, Output};
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
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
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

/// The document that says so. A picture of the code is left out where only ASCII is understood, and where somebody
/// listens or wants little: `--plain`, `--quiet`.
pub(super) fn ready(members: &[Member], output: Output) -> Document {
    let body = json!({ "outcome": "ready", "devices": members.iter().map(Member::json).collect::<Vec<_>>() });
    let text = match members {
        [one] => {
            let with_picture = !(output.ascii || output.plain || output.quiet);
            let picture = if with_picture { drawn(&one.qr, output.stdout.enabled) } else { String::new() };
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

/// The QR code in half blocks, with the margin that scanners need; nothing where the payload is too long for one. In
/// colour it is dark on light whatever the terminal's colours are; without, the blocks are the light parts.
fn drawn(payload: &str, colour: bool) -> String {
    const QUIET: usize = 4;
    let Ok(code) = QRBuilder::new(payload).build() else { return String::new() };
    let is_dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.size);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| code[y][x].value())
    };
    let edge = code.size + 2 * QUIET;
    let block = |x: usize, y: usize| match (is_dark(x, y) == colour, is_dark(x, y + 1) == colour) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    let line = |y: usize| {
        let blocks: String = (0..edge).map(|x| block(x, y)).collect();
        if colour { format!("\x1b[30;107m{blocks}\x1b[0m\n") } else { format!("{blocks}\n") }
    };
    (0..edge).step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"{"ver":"v1","name":"PROV_d76c30","pop":"abcd1234","transport":"softap"}"#;

    /// What a scanner sees: dark or light, on a terminal that is dark itself.
    fn seen(picture: &str, colour: bool) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in picture.lines() {
            let line = line.trim_start_matches("\x1b[30;107m").trim_end_matches("\x1b[0m");
            let row = |wanted: [char; 2]| line.chars().map(|c| wanted.contains(&c) == colour).collect::<Vec<_>>();
            rows.extend([row(['█', '▀']), row(['█', '▄'])]);
        }
        rows
    }

    #[test]
    fn a_drawn_code_has_its_margin_and_both_colours() {
        let rows = seen(&drawn(PAYLOAD, true), true);
        assert_eq!(rows, seen(&drawn(PAYLOAD, false), false));
        let edge = rows[0].len();
        let is_margin = |at: usize| at < 4 || at >= edge - 4;
        for (y, row) in rows.iter().take(edge).enumerate() {
            for (x, dark) in row.iter().enumerate() {
                assert!(!(is_margin(x) || is_margin(y)) || !dark, "{x}, {y}");
            }
        }
        assert!(rows[4][4] && rows[4][10] && rows[10][4] && !rows[5][5], "the corner of a code");
        let coloured = drawn(PAYLOAD, true);
        assert!(coloured.lines().all(|line| line.starts_with("\x1b[30;107m") && line.ends_with("\x1b[0m")));
        assert!(!drawn(PAYLOAD, false).contains('\x1b'));
    }
}
