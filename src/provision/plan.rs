//! What a run is to do: checked, complete but for what a person may be asked, and without any I/O done yet.

use crate::device::{DialectChoice, SecurityPlan, WifiPlan};
use crate::secret::{MappingKey, ThreadDataset};
use crate::transport::Locator;

/// One provisioning run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The device.
    pub device: Locator,
    /// What the device speaks.
    pub dialect: DialectChoice,
    /// How to secure the session.
    pub security: SecurityPlan,
    /// Whose the node is to be, if it is told.
    pub association: Option<UserMapping>,
    /// Whether the device is given a network at all.
    pub network: bool,
    /// The Wi-Fi network, as far as it is known.
    pub wifi: WifiPlan,
    /// For Thread devices.
    pub dataset: Option<ThreadDataset>,
    /// Whether a person may be asked to try again after a failed join.
    pub retry: bool,
}

/// A plain user mapping.
#[derive(Debug, Clone)]
pub struct UserMapping {
    /// The user's id at the back end.
    pub user_id: String,
    /// The key the back end matches.
    pub secret_key: MappingKey,
}
