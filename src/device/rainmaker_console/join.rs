//! What the board's log says of a join. Pure: bytes and their time in, a verdict out.
//!
//! Only lines that begin as ESP-IDF's log does count, so an echoed network name cannot pass for one, and of each only
//! numbers and addresses are taken over. The provisioning manager's words are those of `wifi_prov_mgr` and
//! `network_prov_mgr`; the address is also logged by the application and by `esp_netif`.

use std::net::IpAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::wire::console::strip_escapes;
use crate::wire::log;

/// Longest line that is read; the rest of a longer one is dropped.
const LINE_MAX: usize = 1024;
/// With an address announced but not yet printed, how long to wait for it.
const ADDRESS_WAIT: Duration = Duration::from_secs(2);
/// Attempts after which a failure is believed: `RainMaker` firmware makes as many.
const ATTEMPTS: u32 = 3;
/// A board that logs no further attempt for this long after a failed one has given up.
const GIVEN_UP: Duration = Duration::from_secs(6);
/// Where nothing of a join is logged, how long to wait for it.
const NOTHING: Duration = Duration::from_secs(30);
/// The longest wait of all.
const DEADLINE: Duration = Duration::from_mins(1);
/// The reason for leaving a network on purpose: the firmware does so before it takes another.
const LEFT: u16 = 8;

/// Why an attempt to join failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The access point did not finish the handshake; with the driver's reason where it was logged.
    Authentication(Option<u16>),
    /// The network was not found; with the driver's reason where it was logged.
    NotFound(Option<u16>),
    /// Another of the driver's reasons.
    Reason(u16),
}

/// How the wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEnd {
    /// The board has an address.
    Joined {
        /// The address, where it was logged.
        ip: Option<IpAddr>,
    },
    /// The board's attempts failed.
    Failed(Cause),
    /// The firmware refused the credentials: it is busy with others it got before.
    Taken,
    /// Something was logged, but no end of it.
    Undecided,
    /// Nothing of a join was logged.
    Nothing,
}

/// Reads a board's log after the credentials were sent.
#[derive(Debug, Default)]
pub struct JoinWatch {
    /// The line that has not ended yet; it may hold an echo.
    partial: Zeroizing<Vec<u8>>,
    ip: Option<IpAddr>,
    /// When the station was said to have an address.
    announced: Option<Duration>,
    taken: bool,
    disconnects: u32,
    cause: Option<Cause>,
    last_failure: Option<Duration>,
    heard: bool,
}

impl JoinWatch {
    /// Takes what the board printed, `at` this long after the credentials were sent; whether an attempt failed in it.
    pub fn hear(&mut self, at: Duration, bytes: &[u8]) -> bool {
        let before = self.disconnects;
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.partial);
                self.read(at, &line);
            } else if self.partial.len() < LINE_MAX {
                self.partial.push(*byte);
            }
        }
        self.disconnects > before
    }

    /// The end of the wait, once there is one.
    pub fn verdict(&self, at: Duration) -> Option<LogEnd> {
        if self.ip.is_some() {
            return Some(LogEnd::Joined { ip: self.ip });
        }
        if let Some(announced) = self.announced {
            return (at >= announced + ADDRESS_WAIT).then_some(LogEnd::Joined { ip: None });
        }
        if self.taken {
            return Some(LogEnd::Taken);
        }
        if let (Some(cause), Some(last)) = (self.cause, self.last_failure)
            && (self.disconnects >= ATTEMPTS || at >= (last + GIVEN_UP).min(DEADLINE))
        {
            return Some(LogEnd::Failed(cause));
        }
        match self.heard {
            false if at >= NOTHING => Some(LogEnd::Nothing),
            true if at >= DEADLINE => Some(LogEnd::Undecided),
            _ => None,
        }
    }

    fn read(&mut self, at: Duration, line: &[u8]) {
        let text = Zeroizing::new(strip_escapes(line));
        let Some((tag, message)) = log_line(&text) else { return };
        match tag {
            "wifi_prov_mgr" | "network_prov_mgr" => self.manager(at, message),
            "esp_netif_handlers" => self.address(message.strip_prefix("sta ip: ")),
            _ => self.address(message.strip_prefix("Connected with IP Address:")),
        }
        self.heard |= tag == "wifi" && message.starts_with("state:");
    }

    fn manager(&mut self, at: Duration, message: &str) {
        let number = |text: &str| text.trim().parse::<u16>().ok();
        if message.starts_with("STA Got IP") {
            self.announced.get_or_insert(at);
        } else if message.contains("credentials already received") {
            self.taken = true;
        } else if message.starts_with("STA Disconnected") {
            (self.disconnects, self.heard) = (self.disconnects + 1, true);
        } else if let Some(reason) = message.strip_prefix("Disconnect reason : ").and_then(number) {
            match reason {
                LEFT => self.disconnects = self.disconnects.saturating_sub(1),
                // Handshake and key failures, as the firmware's manager groups them.
                14 | 15 | 202 | 204 => self.failed(at, Cause::Authentication(Some(reason))),
                201 => self.failed(at, Cause::NotFound(Some(reason))),
                reason => self.failed(at, Cause::Reason(reason)),
            }
        } else if message.starts_with("STA Auth Error") {
            self.failed(at, Cause::Authentication(self.reason()));
        } else if message.starts_with("STA AP Not found") {
            self.failed(at, Cause::NotFound(self.reason()));
        }
    }

    /// The reason of the last disconnect, which the manager's word for it follows.
    fn reason(&self) -> Option<u16> {
        match self.cause? {
            Cause::Authentication(reason) | Cause::NotFound(reason) => reason,
            Cause::Reason(reason) => Some(reason),
        }
    }

    fn failed(&mut self, at: Duration, cause: Cause) {
        (self.cause, self.last_failure, self.heard) = (Some(cause), Some(at), true);
    }

    fn address(&mut self, text: Option<&str>) {
        let address = |text: &str| text.split([',', ' ']).next()?.parse().ok();
        if let Some(ip) = text.and_then(|text| address(text.trim_start())).filter(|ip: &IpAddr| !ip.is_unspecified()) {
            self.ip = Some(ip);
        }
    }
}

/// Tag and message of a log line; a prompt may stand before it.
fn log_line(line: &str) -> Option<(&str, &str)> {
    let mut line = line.trim();
    while let Some(rest) = line.strip_prefix(">>") {
        line = rest.trim_start();
    }
    if !log::begins(line.as_bytes()) {
        return None;
    }
    let (_, rest) = line.split_once(") ")?;
    let (tag, message) = rest.split_once(':')?;
    Some((tag, message.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn heard(lines: &[&str]) -> JoinWatch {
        let mut watch = JoinWatch::default();
        for line in lines {
            watch.hear(SECOND, format!("\x1b[0;31m{line}\x1b[0m\r\n").as_bytes());
        }
        watch
    }

    #[test]
    fn an_address_is_success() {
        let ip = Some("192.168.1.23".parse().expect("an address"));
        for line in [
            "I (5000) app_network: Connected with IP Address:192.168.1.23",
            "I (5000) app_wifi: Connected with IP Address:192.168.1.23",
            "I (00:00:05.000) app_wifi: Connected with IP Address:192.168.1.23",
            ">> I (5000) esp_netif_handlers: sta ip: 192.168.1.23, mask: 255.255.255.0, gw: 192.168.1.1",
        ] {
            assert_eq!(heard(&[line]).verdict(SECOND), Some(LogEnd::Joined { ip }), "{line}");
        }
        let announced = heard(&["I (5000) wifi_prov_mgr: STA Got IP"]);
        assert_eq!(announced.verdict(SECOND), None);
        assert_eq!(announced.verdict(4 * SECOND), Some(LogEnd::Joined { ip: None }));
    }

    #[test]
    fn failures_count_once_they_last() {
        let attempt = |reason: &str, word: &str| {
            [
                "E (1) network_prov_mgr: STA Disconnected".to_owned(),
                format!("E (1) network_prov_mgr: Disconnect reason : {reason}"),
                format!("E (1) network_prov_mgr: {word}"),
            ]
        };
        for (reason, word, cause) in [
            ("15", "STA Auth Error", Cause::Authentication(Some(15))),
            ("2", "STA Auth Error", Cause::Authentication(Some(2))),
            ("201", "STA AP Not found", Cause::NotFound(Some(201))),
            ("205", "", Cause::Reason(205)),
        ] {
            let lines = attempt(reason, word);
            let once: Vec<_> = lines.iter().map(String::as_str).collect();
            let watch = heard(&once);
            assert_eq!(watch.verdict(2 * SECOND), None);
            assert_eq!(watch.verdict(8 * SECOND), Some(LogEnd::Failed(cause)));
            assert_eq!(heard(&once.repeat(3)).verdict(SECOND), Some(LogEnd::Failed(cause)));
            let mut later = watch;
            later.hear(3 * SECOND, b"I (9) esp_netif_handlers: sta ip: 10.0.0.2, mask: x\n");
            assert!(matches!(later.verdict(9 * SECOND), Some(LogEnd::Joined { ip: Some(_) })));
        }
    }

    #[test]
    fn leaving_the_old_network_is_not_a_failure() {
        let left = heard(&["E (1) wifi_prov_mgr: STA Disconnected", "E (1) wifi_prov_mgr: Disconnect reason : 8"]);
        assert_eq!(left.verdict(10 * SECOND), None);
        let taken = heard(&["E (1) wifi_prov_mgr: Wi-Fi credentials already received by provisioning app"]);
        assert_eq!(taken.verdict(SECOND), Some(LogEnd::Taken));
    }

    #[test]
    fn silence_is_distinguished_from_a_join_without_an_end() {
        let silent = heard(&["I (1) main: tick"]);
        assert_eq!((silent.verdict(29 * SECOND), silent.verdict(30 * SECOND)), (None, Some(LogEnd::Nothing)));
        let trying = heard(&["I (1) wifi:state: init -> auth (0xb0)"]);
        assert_eq!((trying.verdict(59 * SECOND), trying.verdict(60 * SECOND)), (None, Some(LogEnd::Undecided)));
    }

    #[test]
    fn an_echo_cannot_pass_for_a_log_line() {
        let echo = "wifi-prov \"I (1) wifi_prov_mgr: STA Got IP\" \"I (1) esp_netif_handlers: sta ip: 1.2.3.4\"";
        assert_eq!(heard(&[echo]).verdict(10 * SECOND), None);
        assert_eq!(heard(&["\x1b[0;32mI (1) app: x: sta ip: 1.2.3.4"]).verdict(SECOND), None);
        let mut flood = JoinWatch::default();
        for _ in 0..4096 {
            flood.hear(SECOND, &[b'x'; 1024]);
        }
        assert!(flood.partial.len() <= LINE_MAX);
    }
}
