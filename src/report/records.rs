//! Events for programs: JSON Lines on standard error (`--events`) and in a file (`--trace`).

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{self, BoxFuture};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::trace_file;
use crate::code::Code;
use crate::endpoint::config::{JoinFailure, JoinState, Joined};
use crate::endpoint::scan::{AccessPoint, Network, ThreadNetwork};
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::stage::Stage;
use crate::text;
use crate::wire::log::Line;
use crate::wire::version::VersionInfo;

/// Writes each event as a line of JSON.
pub struct Records<W> {
    started: Instant,
    exchanges: bool,
    /// Whether a failed write stops the run.
    vital: bool,
    sink: Mutex<Sink<W>>,
}

struct Sink<W> {
    out: W,
    failed: Option<io::Error>,
}

impl<W: Write + Send> Records<W> {
    /// Times count from now; `exchanges` includes each request with its reply, and what the board prints. A reader
    /// that went away does not stop the run.
    pub fn new(out: W, exchanges: bool) -> Self {
        Self { started: Instant::now(), exchanges, vital: false, sink: Mutex::new(Sink { out, failed: None }) }
    }

    fn write(&self, record: &Value) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        if sink.failed.is_none() {
            let written = writeln!(sink.out, "{}", super::json::line(record)).and_then(|()| sink.out.flush());
            sink.failed = written.err();
        }
    }

    /// The failure that stops the run after a failed write.
    fn check(&self) -> Result<(), Failure> {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        match &sink.failed {
            Some(error) if self.vital => Err(Failure::new(Code::TraceFailed).because(error.to_string())),
            _ => Ok(()),
        }
    }
}

/// Opens a trace (see `trace_file.rs`). It takes its first line at once, so that a full disk is known before the run
/// begins.
///
/// # Errors
/// The operating system's, and what there is at `path` that a trace does not replace.
pub fn trace(path: &Path) -> io::Result<Records<File>> {
    let mut file = trace_file::open(path)?;
    let header = json!({ "schema": "espctl/trace/1", "program": "espctl", "version": env!("CARGO_PKG_VERSION") });
    writeln!(file, "{}", super::json::line(&header))?;
    file.flush()?;
    Ok(Records { vital: true, ..Records::new(file, true) })
}

impl<W: Write + Send> Observer for Records<W> {
    fn observe(&self, event: &Event) {
        if matches!(event, Event::Exchange(_) | Event::Board { .. }) && !self.exchanges {
            return;
        }
        let mut line = Map::new();
        line.insert("schema".to_owned(), json!("espctl/event/1"));
        line.insert("t_ms".to_owned(), json!(self.started.elapsed().as_millis()));
        if let Value::Object(members) = record(event) {
            line.extend(members);
        }
        self.write(&Value::Object(line));
    }

    fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(future::ready(self.check().map_err(|failure| failure.at(stage))))
    }

    fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let cut_short =
            |failure: Failure| failure.saying("all was done, but the trace could not be written to its end");
        Box::pin(future::ready(self.check().map_err(cut_short)))
    }
}

/// An event as one object; `event` names it.
fn record(event: &Event) -> Value {
    match event {
        Event::Started { stage, deadline } => {
            json!({ "event": "started", "stage": stage, "deadline_ms": deadline.as_millis() })
        }
        Event::Looking { wanted, over } => json!({ "event": "looking", "wanted": wanted, "over": over }),
        Event::Found { name, rssi } => json!({ "event": "found", "name": name, "rssi": rssi }),
        Event::Retrying { cause, attempt, of } => {
            json!({ "event": "retrying", "cause": cause, "attempt": attempt, "of": of })
        }
        Event::Connected { peer } => json!({ "event": "connected", "peer": peer }),
        Event::Identified { version, security } => {
            json!({ "event": "identified", "version": version, "security": security })
        }
        Event::Secured { security, again } => json!({ "event": "secured", "security": security, "again": again }),
        Event::Associated { node_id } => json!({ "event": "associated", "node_id": node_id }),
        Event::Skipped { stage, reason } => json!({ "event": "skipped", "stage": stage, "reason": reason }),
        Event::Scanned { networks } => {
            json!({ "event": "scanned", "networks": networks.iter().map(network).collect::<Vec<_>>() })
        }
        Event::Configured { ssid } => {
            let network = if ssid.is_empty() { json!({ "radio": "thread" }) } else { wifi_members(ssid) };
            json!({ "event": "configured", "network": network })
        }
        Event::Applied => json!({ "event": "applied" }),
        Event::Join { state, elapsed } => {
            let mut record = json!({ "event": "join", "elapsed_ms": elapsed.as_millis() });
            let (state, member, value) = join_state(state);
            record["state"] = json!(state);
            if let Some(member) = member {
                record[member] = value;
            }
            record
        }
        Event::LinkLost { cause } => json!({ "event": "link-lost", "cause": cause }),
        Event::Reset => json!({ "event": "reset" }),
        Event::Note { text } => json!({ "event": "note", "text": text }),
        Event::Warning { text } => json!({ "event": "warning", "text": text }),
        Event::Named { name, transport } => json!({ "event": "named", "name": name, "transport": transport }),
        Event::Board { line } => {
            let mut record = board_line(line);
            record["event"] = json!("board");
            record
        }
        Event::Exchange(exchange) => {
            let mut record = json!({
                "event": "exchange",
                "endpoint": exchange.endpoint,
                "request": exchange.request,
                "request_bytes": exchange.request_len,
                "reply_bytes": exchange.reply_len,
                "took_us": exchange.took.as_micros(),
            });
            match &exchange.reply {
                Ok(reply) => record["reply"] = json!(reply),
                Err(error) => record["error"] = json!(error),
            }
            record
        }
    }
}

/// A state's word, and the member that says more of it.
fn join_state(state: &JoinState) -> (&'static str, Option<&'static str>, Value) {
    match state {
        JoinState::Joined(joined) => ("joined", Some("network"), joined_json(joined)),
        JoinState::Joining { attempts_left } => ("joining", Some("attempts_left"), json!(attempts_left)),
        JoinState::Idle => ("idle", None, Value::Null),
        JoinState::Failed(reason) => {
            let word = match reason {
                JoinFailure::Authentication => "authentication",
                JoinFailure::NotFound => "not-found",
                JoinFailure::DatasetInvalid => "dataset-invalid",
                JoinFailure::Unknown(_) => "unknown",
            };
            ("failed", Some("reason"), json!(word))
        }
    }
}

/// A Wi-Fi network's name twice: as text for people, and the exact bytes in hex.
pub(super) fn wifi_members(ssid: &[u8]) -> Value {
    json!({ "radio": "wifi", "ssid": text::ssid(ssid), "ssid_hex": hex::encode(ssid) })
}

/// A line of the board's log; `at_ms` is the board's own time.
pub fn board_line(line: &Line) -> Value {
    let tag = line.tag.as_deref().map(text::sanitise);
    json!({ "level": line.level, "tag": tag, "at_ms": line.at_ms, "text": text::sanitise(&line.text.replace('\t', "    ")) })
}

/// Where a device has joined.
pub fn joined_json(joined: &Joined) -> Value {
    match joined {
        Joined::Wifi { ip, ssid, access_point } => {
            let mut network = wifi_members(ssid);
            network["ip"] = json!(ip);
            network["bssid"] = json!(access_point.as_ref().map(|own| mac(&own.bssid)));
            network["channel"] = json!(access_point.as_ref().map(|own| own.channel));
            network["auth"] = json!(access_point.as_ref().map(|own| own.auth));
            network
        }
        Joined::Thread { name, pan_id, extended_pan_id, channel } => {
            json!({ "radio": "thread", "name": name, "pan_id": pan_id, "extended_pan_id": extended_pan_id, "channel": channel })
        }
    }
}

/// A network from a scan: the members of its strongest access point, then all of them.
pub fn network(network: &Network) -> Value {
    let strongest = network.strongest();
    let mut record = wifi_members(network.ssid());
    record["bssid"] = json!(mac(&strongest.bssid));
    record["channel"] = json!(strongest.channel);
    record["rssi"] = json!(strongest.rssi);
    record["auth"] = json!(strongest.auth);
    let access_point = |radio: &AccessPoint| json!({ "bssid": mac(&radio.bssid), "channel": radio.channel, "rssi": radio.rssi, "auth": radio.auth });
    record["access_points"] = network.radios().iter().map(access_point).collect();
    record
}

/// A Thread network from a scan.
pub fn thread_network(network: &ThreadNetwork) -> Value {
    let ThreadNetwork { name, pan_id, extended_pan_id, channel, rssi, lqi } = network;
    json!({
        "radio": "thread",
        "name": name,
        "pan_id": pan_id,
        "extended_pan_id": extended_pan_id,
        "channel": channel,
        "rssi": rssi,
        "lqi": lqi,
    })
}

/// A device: its name where one was given, the other end of the link, and what it says of itself.
pub fn device_json(name: Option<&str>, peer: &str, version: Option<&VersionInfo>) -> Value {
    json!({ "name": name, "peer": peer, "version": version })
}

/// A hardware address with colons.
pub fn mac(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::config::JoinedAccessPoint;
    use crate::endpoint::scan::AuthMode;
    use crate::report::human;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_reported_when_asked() {
        let records = Records { vital: true, ..Records::new(Full, true) };
        assert_eq!(records.before(Stage::Apply).await, Ok(()));
        records.observe(&Event::Applied);
        let failure = records.before(Stage::Apply).await.unwrap_err();
        assert_eq!((failure.code, failure.stage), (Code::TraceFailed, Some(Stage::Apply)));
        let failure = records.at_end().await.unwrap_err();
        assert_eq!((failure.code, failure.stage), (Code::TraceFailed, None));
        assert!(failure.message.contains("all was done"), "{failure}");
    }

    #[test]
    fn an_access_point_without_an_address_keeps_the_rest() {
        let access_point = JoinedAccessPoint { bssid: Vec::new(), channel: 6, auth: AuthMode(3) };
        let joined = |access_point| {
            let joined = Joined::Wifi { ip: "192.168.1.77".to_owned(), ssid: b"HomeNet".to_vec(), access_point };
            (joined_json(&joined), human::place(&joined))
        };
        let (json, words) = joined(Some(access_point));
        assert_eq!((&json["bssid"], &json["channel"], &json["auth"]), (&json!(""), &json!(6), &json!("WPA2")));
        assert_eq!(words, "HomeNet (192.168.1.77, channel 6, WPA2)");
        let (json, words) = joined(None);
        assert_eq!((&json["bssid"], &json["channel"], &json["auth"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(words, "HomeNet (192.168.1.77)");
    }

    #[tokio::test]
    async fn a_reader_that_went_away_stops_nothing() {
        let records = Records::new(Full, true);
        records.observe(&Event::Applied);
        assert_eq!(records.before(Stage::Apply).await, Ok(()));
        assert_eq!(records.at_end().await, Ok(()));
    }
}
