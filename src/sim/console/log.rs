//! The firmware's log on the simulated board: the lines that its parts print for each event. Pure.
//!
//! Worded after ESP-IDF's provisioning manager, its example application and esp_netif. Like them, it prints passphrases
//! in clear.

use std::time::Duration;

use crate::secret::Passphrase;
use crate::sim::config::ADDRESS;
use crate::sim::event::{Event, FailReason, Timed};

const MANAGER: &str = "network_prov_mgr";

/// What is to be printed.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: Vec<u8>,
}

impl Log {
    /// Logs what happened on the device.
    pub(super) fn note(&mut self, events: &[Timed]) {
        for Timed { at, event } in events {
            match event {
                Event::ProofRejected { .. } => self.entry(*at, 'E', "security1", "Key mismatch. Close connection"),
                Event::Joining { .. } => self.entry(*at, 'I', "wifi", "state: init -> auth (0xb0)"),
                Event::JoinFailed { reason, .. } => {
                    let (number, word) = match reason {
                        FailReason::Auth => (15, "STA Auth Error"),
                        FailReason::NotFound => (201, "STA AP Not found"),
                    };
                    self.disconnected(*at, number);
                    self.entry(*at, 'E', MANAGER, word);
                }
                Event::JoinRetried { reason } | Event::JoinGivenUp { reason } => self.disconnected(*at, *reason),
                Event::Connected { .. } => {
                    let text = format!("sta ip: {ADDRESS}, mask: 255.255.255.0, gw: 192.168.1.1");
                    self.entry(*at, 'I', MANAGER, "STA Got IP");
                    self.entry(*at, 'I', "esp_netif_handlers", &text);
                    self.entry(*at, 'I', "app_network", &format!("Connected with IP Address:{ADDRESS}"));
                }
                _ => {}
            }
        }
    }

    /// Logs credentials, as applications do.
    pub(super) fn credentials(&mut self, at: Duration, ssid: &[u8], passphrase: &Passphrase) {
        let (ssid, key) = (String::from_utf8_lossy(ssid), String::from_utf8_lossy(passphrase.expose()));
        let text = format!("Received Wi-Fi credentials\r\n\tSSID     : {ssid}\r\n\tPassword : {key}");
        self.entry(at, 'I', "app_network", &text);
    }

    /// One entry.
    pub(super) fn entry(&mut self, at: Duration, level: char, tag: &str, text: &str) {
        let line = format!("\x1b[0;32m{level} ({}) {tag}: {text}\x1b[0m\r\n", at.as_millis());
        self.lines.extend_from_slice(line.as_bytes());
    }

    /// What is to be printed, if anything.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        Some(std::mem::take(&mut self.lines)).filter(|lines| !lines.is_empty())
    }

    fn disconnected(&mut self, at: Duration, reason: u16) {
        self.entry(at, 'E', MANAGER, "STA Disconnected");
        self.entry(at, 'E', MANAGER, &format!("Disconnect reason : {reason}"));
    }
}
