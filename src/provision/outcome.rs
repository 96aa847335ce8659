//! What a run led to, where it did not fail.

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
    /// The node's id, where the device was associated or has told it anyway.
    pub node_id: Option<String>,
    /// How long the run took, prompts included.
    pub took: Duration,
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
