//! What a run is to do: checked, complete but for what a person may be asked, and without any I/O done yet.

use std::sync::Arc;

use crate::backend::{About, Backend};
use crate::device::{DialectChoice, SecurityPlan, WifiPlan};
use crate::secret::ThreadDataset;
use crate::transport::Locator;

/// One provisioning run.
#[derive(Clone)]
pub struct Plan {
    /// The device.
    pub device: Locator,
    /// What the device speaks.
    pub dialect: DialectChoice,
    /// How to secure the session.
    pub security: SecurityPlan,
    /// What is known of the device before it is reached, for the back end.
    pub about: About,
    /// Where the node is registered, if it is.
    pub backend: Option<Arc<dyn Backend>>,
    /// Whether the device is given a network at all.
    pub network: bool,
    /// The Wi-Fi network, as far as it is known.
    pub wifi: WifiPlan,
    /// For Thread devices.
    pub dataset: Option<ThreadDataset>,
    /// Whether a person may be asked to try again after a failed join.
    pub retry: bool,
}
