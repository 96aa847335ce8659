//! The stages one device goes through. They stand in every event and every error; which comes next is decided in
//! `provision::stages`.

use serde::Serialize;

/// The stages one device goes through, in order. They are in every event and every error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// What a back end needs before the device is reached, while the internet still is.
    Prepare,
    /// Opening the link.
    Connect,
    /// Reading the version document.
    Identify,
    /// The handshake.
    Secure,
    /// Telling the node whose it is.
    Associate,
    /// Asking which networks the device hears.
    Scan,
    /// Handing over the network's credentials.
    Configure,
    /// Having them applied.
    Apply,
    /// Waiting for the device to join.
    AwaitNetwork,
    /// After a failed join: resetting the device.
    Recover,
    /// Bringing this computer back to its own network.
    Return,
    /// Asking the back end whether the node has reported to it.
    Confirm,
    /// Writing down what is known of the device now.
    Record,
    /// A request outside provisioning: `send`, `reset`.
    Request,
}

impl Stage {
    /// The stage in words, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Prepare => "asking the back end",
            Self::Connect => "connecting",
            Self::Identify => "reading the device's version",
            Self::Secure => "secure session",
            Self::Associate => "user association",
            Self::Scan => "network scan",
            Self::Configure => "sending credentials",
            Self::Apply => "applying credentials",
            Self::AwaitNetwork => "joining the network",
            Self::Recover => "resetting the device's provisioning state",
            Self::Return => "going back to this computer's network",
            Self::Confirm => "waiting for the back end to confirm",
            Self::Record => "recording the device",
            Self::Request => "request",
        }
    }
}
