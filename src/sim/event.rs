//! What happened on a simulated device, as data for its host to show. Never holds a secret.
//!
//! Nothing here prints: a host drains [`Event`]s with their time since boot and renders them as it likes.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::wire::wifi_reason::described;

/// One thing that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timed {
    /// Time since the device booted.
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Something a device did. Network names are made printable (lossy UTF-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A new transport session began; the secure session of the old one is gone.
    TransportSession,
    /// A secure session was established.
    SessionUp {
        /// The security version.
        security: u8,
    },
    /// The client's proof was wrong: a credentials mismatch.
    ProofRejected {
        /// Wrong proofs since boot, this one included.
        count: u32,
    },
    /// A handshake message was refused for another reason than a wrong proof.
    HandshakeRefused {
        /// The reason, in the scheme's words.
        reason: String,
    },
    /// A request was refused: no such endpoint, no session, no such message, not decryptable.
    RequestRefused {
        /// The endpoint asked for.
        endpoint: String,
    },
    /// A scan began.
    ScanStarted {
        /// What it will have found when it ends.
        networks: usize,
    },
    /// Credentials were taken over, not yet applied.
    CredentialsSet {
        /// The network's name.
        ssid: String,
    },
    /// Credentials were applied; the radio starts a little later.
    Joining {
        /// The network's name.
        ssid: String,
    },
    /// One attempt to join failed.
    JoinFailed {
        /// What the radio says.
        reason: FailReason,
        /// Attempts left before the device gives up.
        remaining: u32,
    },
    /// One attempt to join failed for a reason that the protocol cannot express; the firmware tries again.
    JoinRetried {
        /// The Wi-Fi disconnect reason.
        reason: u16,
    },
    /// The last attempt to join failed for a reason that the protocol cannot express.
    JoinGivenUp {
        /// The Wi-Fi disconnect reason.
        reason: u16,
    },
    /// The device is on its network.
    Connected {
        /// The network's name.
        ssid: String,
    },
    /// The client read the status Connected: the service ends shortly.
    ConnectedRead,
    /// The client reset the state machine after a failure.
    Reset,
    /// The client asked for another provisioning.
    Reprovision,
    /// A user mapping was received.
    UserMapped {
        /// The user's id.
        user_id: String,
    },
    /// A challenge was answered.
    ChallengeAnswered,
    /// Challenge-response was switched off until the next boot.
    ChallengeDisabled,
    /// A scripted fault struck.
    Fault {
        /// Its name.
        name: &'static str,
    },
    /// The provisioning service stopped.
    Stopped {
        /// Why.
        reason: StopReason,
    },
}

/// Why a join failed, as far as the protocol can express it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailReason {
    /// Wrong passphrase, or a handshake the access point did not finish. On Thread: an invalid dataset.
    Auth,
    /// The radio does not find the network.
    NotFound,
}

/// Why the provisioning service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The client read the status Connected.
    Provisioned,
    /// Connected, but no client read that status in time.
    AutoStop,
    /// Too many wrong proofs; only a reboot brings the service back.
    Lockout,
    /// The firmware's window for provisioning ran out.
    WindowClosed,
    /// A scripted fault took the link away.
    Vanished,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TransportSession => f.write_str("new transport session"),
            Self::SessionUp { security } => write!(f, "secure session up (security {security})"),
            Self::ProofRejected { count } => write!(f, "proof rejected ({count} since boot)"),
            Self::HandshakeRefused { reason } => write!(f, "handshake refused: {reason}"),
            Self::RequestRefused { endpoint } => write!(f, "request to {} refused", endpoint.escape_debug()),
            Self::ScanStarted { networks } => write!(f, "scanning ({networks} networks in range)"),
            Self::CredentialsSet { ssid } => write!(f, "credentials set for {ssid}"),
            Self::Joining { ssid } => write!(f, "credentials applied, joining {ssid}"),
            Self::JoinFailed { reason, remaining } => {
                let reason = match reason {
                    FailReason::Auth => "authentication failed",
                    FailReason::NotFound => "network not found",
                };
                write!(f, "join failed: {reason} ({remaining} attempts left)")
            }
            Self::JoinRetried { reason } => write!(f, "join failed: disconnect {}; trying again", described(*reason)),
            Self::JoinGivenUp { reason } => {
                write!(f, "join failed: disconnect {} (0 attempts left)", described(*reason))
            }
            Self::Connected { ssid } => write!(f, "connected to {ssid}"),
            Self::ConnectedRead => f.write_str("status connected was read"),
            Self::Reset => f.write_str("state machine reset"),
            Self::Reprovision => f.write_str("ready for another provisioning"),
            Self::UserMapped { user_id } => write!(f, "mapped to user {}", user_id.escape_debug()),
            Self::ChallengeAnswered => f.write_str("challenge answered"),
            Self::ChallengeDisabled => f.write_str("challenge-response disabled"),
            Self::Fault { name } => write!(f, "fault: {name}"),
            Self::Stopped { reason } => f.write_str(match reason {
                StopReason::Provisioned => "service stopped: provisioned",
                StopReason::AutoStop => "service stopped: connected, and no client read the status",
                StopReason::Lockout => "service stopped: too many wrong proofs",
                StopReason::WindowClosed => "service stopped: the provisioning window closed",
                StopReason::Vanished => "service stopped: the link vanished",
            }),
        }
    }
}

/// A network name for people: lossy UTF-8, control characters escaped.
pub(super) fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_sentences_and_as_data() {
        let timed =
            Timed { at: Duration::from_millis(1500), event: Event::Connected { ssid: printable(b"Home\x1bNet") } };
        assert_eq!(timed.event.to_string(), r"connected to Home\u{1b}Net");
        let json = serde_json::to_value(&timed).expect("events serialise");
        assert_eq!(json["event"], "connected");
    }
}
