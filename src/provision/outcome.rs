//! What a run led to, where it did not fail.

use std::net::IpAddr;
use std::time::Duration;

use crate::device::DeviceFacts;
use crate::endpoint::config::Joined;

/// What a run led to, where it did not fail.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How far the device came.
    pub verdict: Verdict,
    /// What is known of the device.
    pub device: DeviceFacts,
    /// The name of the Wi-Fi network whose credentials the device was given last; empty where there is none.
    pub ssid: Vec<u8>,
    /// The node's id, where the device was associated or has told it anyway.
    pub node_id: Option<String>,
    /// How long the run took, prompts included.
    pub took: Duration,
}

impl Outcome {
    /// The outcome where another witness has seen the device online at this address, although the device itself could
    /// not say so.
    #[must_use]
    pub fn confirmed(self, ip: IpAddr) -> Self {
        let joined = Joined::Wifi { ip: ip.to_string(), ssid: self.ssid.clone(), access_point: None };
        Self { verdict: Verdict::Online(joined), ..self }
    }
}

/// How far the device came.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It says it is connected, and where.
    Online(Joined),
    /// It had joined the wanted network before; the credentials given were not applied, so nothing is known of them.
    AlreadyOnline(Joined),
    /// It took the credentials; then the link was lost before it could confirm.
    Applied {
        /// On what evidence.
        cause: String,
    },
    /// No network was wanted (`--no-wifi`).
    NoNetwork,
}
