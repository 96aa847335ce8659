//! What could be meant where it is not clear which device or adapter is.

use super::locator::Locator;

/// One of several that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What opens this one and no other.
    pub locator: Locator,
    /// What it is called, for people.
    pub label: String,
    /// How strongly it is heard, in dBm.
    pub rssi: Option<i16>,
}

/// What there are several of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateKind {
    /// Devices that match.
    Device,
    /// Adapters of this computer.
    Adapter,
}
