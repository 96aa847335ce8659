//! Events in words: one line each, device text sanitised.

use crate::endpoint::config::{JoinState, Joined, JoinedAccessPoint};
use crate::event::{Event, Exchange};
use crate::text;
use crate::wire::log::Line;
use crate::wire::version::VersionInfo;

/// The line for an event, where it has one.
pub fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Looking { wanted, over } => format!("Looking for {} over {over}", text::sanitise(wanted)),
        Event::Found { name, rssi } => {
            let heard = rssi.map(|rssi| format!(" ({rssi} dBm)"));
            format!("Found {}{}", text::sanitise(name), heard.unwrap_or_default())
        }
        Event::Retrying { cause, attempt, of } => {
            format!("Could not connect ({}); try {attempt} of {of}", text::sanitise(cause))
        }
        // What the device says, not what it is asked for; firmware without a document says nothing.
        Event::Identified { version, security } => {
            format!("Connected: {}", device(version, if version.structured { version.security() } else { *security }))
        }
        Event::Secured { again: true, .. } => "Secure session renewed".to_owned(),
        Event::Secured { security: 0, .. } => "Session established (security 0: nothing is encrypted)".to_owned(),
        Event::Secured { .. } => "Secure session established".to_owned(),
        Event::Associated { node_id } => format!("Sent user association to node {}", text::sanitise(node_id)),
        Event::Skipped { stage, reason } => format!("Skipped {}: {}", stage.describe(), text::sanitise(reason)),
        Event::Scanned { networks } => match networks.len() {
            1 => "The device hears 1 network".to_owned(),
            count => format!("The device hears {count} networks"),
        },
        Event::Configured { ssid } if ssid.is_empty() => "Dataset accepted".to_owned(),
        Event::Configured { ssid } => format!("Credentials for {} accepted", text::ssid(ssid)),
        Event::Applied => "Credentials applied; the device is joining".to_owned(),
        Event::Join { state: JoinState::Joined(joined), elapsed } => {
            format!("Connected to {} in {:.1} s", place(joined), elapsed.as_secs_f32())
        }
        Event::Join { state: JoinState::Joining { attempts_left: Some(left) }, .. } => match left {
            1 => "An attempt to join failed; 1 attempt left".to_owned(),
            left => format!("An attempt to join failed; {left} attempts left"),
        },
        Event::Join { state: JoinState::Failed(_), elapsed } => {
            format!("The device gave up after {:.1} s", elapsed.as_secs_f32())
        }
        Event::LinkLost { cause } => {
            format!("Lost the connection to the device ({}); opening a new session", text::sanitise(cause))
        }
        Event::Reset => "The device was reset and accepts new credentials".to_owned(),
        Event::Named { name, transport } => {
            let over = transport.map(|transport| format!(", provisioned over {}", transport.scheme()));
            format!("The board says it is {}{}", text::sanitise(name), over.unwrap_or_default())
        }
        Event::Started { .. }
        | Event::Board { .. }
        | Event::Connected { .. }
        | Event::Join { .. }
        | Event::Note { .. }
        | Event::Warning { .. }
        | Event::Exchange(_) => return None,
    })
}

/// What a device is, in a few words: `RainMaker 1.0, security 2 (patch 1), Wi-Fi scan`.
pub fn device(version: &VersionInfo, security: u8) -> String {
    let application = version.applications.iter().find(|application| application.name == "rmaker_extra");
    let rainmaker = application.or_else(|| version.applications.iter().find(|own| own.name == "rmaker"));
    let mut parts = vec![match (rainmaker, &version.version) {
        (Some(own), _) => {
            format!("RainMaker {}", text::sanitise(own.version.as_deref().unwrap_or(""))).trim().to_owned()
        }
        (None, Some(version)) => format!("firmware {}", text::bounded(&text::sanitise(version), 32)),
        (None, None) => "firmware of an unknown version".to_owned(),
    }];
    parts.push(match (security, version.sec_patch_ver) {
        (2, Some(patch)) => format!("security 2 (patch {patch})"),
        (security, _) => format!("security {security}"),
    });
    if security == 1 && !version.wants_pop() {
        parts.push("no proof of possession".to_owned());
    }
    let radio = if version.is_thread() { "Thread" } else { "Wi-Fi" };
    parts.push(if version.can_scan() { format!("{radio} scan") } else { format!("{radio}, no scan") });
    parts.join(", ")
}

/// Where a device has joined.
pub fn place(joined: &Joined) -> String {
    match joined {
        Joined::Wifi { ip, ssid, access_point: None } => {
            let ip = if ip.is_empty() { "address unknown" } else { ip };
            format!("{} ({})", text::ssid(ssid), text::bounded(&text::sanitise(ip), 45))
        }
        Joined::Wifi { ip, ssid, access_point: Some(JoinedAccessPoint { channel, auth, .. }) } => {
            format!("{} ({}, channel {channel}, {auth})", text::ssid(ssid), text::bounded(&text::sanitise(ip), 45))
        }
        Joined::Thread { name, pan_id, channel, .. } => {
            format!("Thread network {} (PAN id {pan_id:#06x}, channel {channel})", text::sanitise(name))
        }
    }
}

/// A line of the board's log.
pub fn board(line: &Line) -> String {
    text::sanitise(&line.to_string().replace('\t', "    ")).into_owned()
}

/// The name of the message that a decoded request is: `CmdGetWifiStatus`.
fn message(request: &str) -> Option<&str> {
    let name = request.split_once("msg: ")?.1;
    name.split(|c: char| !c.is_ascii_alphanumeric()).next().filter(|name| !name.is_empty())
}

/// One exchange, in a line.
pub fn exchange(exchange: &Exchange, content: bool) -> String {
    let Exchange { endpoint, request_len, reply_len, took, .. } = exchange;
    let message = message(&exchange.request).map(|name| format!(" {}", text::sanitise(name))).unwrap_or_default();
    let endpoint = format!("{}{message}", text::sanitise(endpoint));
    let took = format!("{:.1} ms", took.as_secs_f64() * 1000.0);
    let mut lines = vec![match &exchange.reply {
        Ok(_) => format!("  {endpoint}: sent {request_len} bytes, received {reply_len} bytes after {took}"),
        Err(error) => format!("  {endpoint}: sent {request_len} bytes, failed after {took}: {}", text::sanitise(error)),
    }];
    if content {
        lines.push(format!("    > {}", text::sanitise(&exchange.request)));
        lines.extend(exchange.reply.iter().map(|reply| format!("    < {}", text::sanitise(reply))));
    }
    lines.join("\n")
}
