//! After "applied": ask until the device has joined, given up, or cannot be reached any more.

use std::time::Duration;

use rand_core::CryptoRng;
use tokio::time::{Instant, sleep, timeout};

use super::nearby;
use super::scan::call_retrying;
use crate::code::Code;
use crate::endpoint::config::{JoinFailure, JoinState, JoinStatus, Joined};
use crate::endpoint::control::{Action, Control};
use crate::endpoint::scan::{Network, Radio};
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::session::deadline::limit;
use crate::session::{Meaning, Session, SessionError, SessionErrorKind};
use crate::stage::Stage;
use crate::text;

/// Where the time is up while the device joins.
pub(super) const PERHAPS_JOINED: &str =
    "the device had taken the credentials: it may have joined all the same, look for it on the network";

/// What is said where a device is found in the state after a failed join, and put back to its start.
pub(super) const RESET_FOR_FAILURE: &str = "the device's last join had failed; it was reset";

/// Answers that make no sense, or a closed link in place of one, are tolerated this often in a row.
const ODD_REPLIES: usize = 3;
/// Between two tries to reach a device again.
const RELINK_PAUSE: Duration = Duration::from_millis(250);

/// How the wait ended, where that is no failure of the link.
pub(super) enum JoinEnd {
    /// The device says it has joined.
    Joined(Joined),
    /// The device says it has given up.
    Failed(JoinFailure),
    /// The link is gone and nothing was confirmed.
    Unconfirmed {
        /// On what evidence.
        cause: String,
    },
}

/// How long to wait before the next question, this long after "applied": quick while most devices join, then slower.
fn interval(elapsed: Duration) -> Duration {
    match elapsed.as_secs() {
        0..5 => Duration::from_millis(50),
        5..15 => Duration::from_millis(100),
        15..30 => Duration::from_millis(250),
        _ => Duration::from_secs(1),
    }
}

/// Waits for the device's verdict, at most [`limit::JOIN`].
pub(super) async fn wait(
    session: &mut Session,
    rng: &mut (dyn CryptoRng + Send),
    radio: Radio,
    observer: &dyn Observer,
) -> Result<JoinEnd, Failure> {
    let mut lost = None;
    if let Ok(end) = timeout(limit::JOIN, follow(session, rng, radio, observer, &mut lost)).await {
        return end;
    }
    match lost {
        Some(cause) => Ok(JoinEnd::Unconfirmed { cause }),
        None => Err(Failure::new(not_joined(radio))
            .at(Stage::AwaitNetwork)
            .because(format!("the device was still joining after {} s", limit::JOIN.as_secs()))),
    }
}

/// Asks until there is a verdict; `lost` holds the evidence while the link is gone.
async fn follow(
    session: &mut Session,
    rng: &mut (dyn CryptoRng + Send),
    radio: Radio,
    observer: &dyn Observer,
    lost: &mut Option<String>,
) -> Result<JoinEnd, Failure> {
    let request = question(radio);
    let applied = Instant::now();
    let mut odd = 0;
    let mut shown = None;
    loop {
        sleep(interval(applied.elapsed())).await;
        let error = match session.call(&request).await {
            Ok(state) => {
                odd = 0;
                if shown.as_ref() != Some(&state) {
                    observer.observe(&Event::Join { state: state.clone(), elapsed: applied.elapsed() });
                }
                match state {
                    JoinState::Joined(joined) => return Ok(JoinEnd::Joined(joined)),
                    JoinState::Failed(reason) => return Ok(JoinEnd::Failed(reason)),
                    JoinState::Joining { .. } | JoinState::Idle => shown = Some(state),
                }
                continue;
            }
            Err(error) => error,
        };
        match error.meaning() {
            Meaning::Refused | Meaning::BadReply | Meaning::SessionLost if odd < ODD_REPLIES => odd += 1,
            Meaning::Refused | Meaning::BadReply | Meaning::NoEndpoint => return Err(after_applied(error)),
            // It can be reached and closes the link on the question every time.
            Meaning::SessionLost => return Ok(JoinEnd::Unconfirmed { cause: error.to_string() }),
            _ if is_total(&error) => return Err(after_applied(error)),
            _ => {}
        }
        if !session.is_established() {
            let cause = lost.insert(error.to_string());
            observer.observe(&Event::LinkLost { cause: cause.clone() });
            if !relink(session, rng).await.map_err(after_applied)? {
                return Ok(JoinEnd::Unconfirmed { cause: cause.clone() });
            }
            *lost = None;
        }
    }
}

/// A failure after which the device may still join by itself.
fn after_applied(error: SessionError) -> Failure {
    Failure::from(error).at(Stage::AwaitNetwork).hint(PERHAPS_JOINED)
}

fn not_joined(radio: Radio) -> Code {
    match radio {
        Radio::Wifi => Code::WifiNotJoined,
        Radio::Thread => Code::ThreadNotAttached,
    }
}

/// The question for a device's state.
pub(super) fn question(radio: Radio) -> JoinStatus {
    match radio {
        Radio::Wifi => JoinStatus::Wifi,
        Radio::Thread => JoinStatus::Thread,
    }
}

/// Whether the budget of the whole run is used up, not only a step's own.
pub(super) fn is_total(error: &SessionError) -> bool {
    matches!(&error.kind, SessionErrorKind::Deadline(elapsed) if elapsed.total)
}

/// Tries to set up a session with the device again, at most [`limit::RELINK`]; whether one stands.
///
/// Who answers and refuses the handshake is not asked twice: it may be another device by now, and every wrong proof
/// brings RainMaker firmware closer to its lock.
///
/// # Errors
/// Only where the budget of the whole run is used up.
pub(super) async fn relink(session: &mut Session, rng: &mut (dyn CryptoRng + Send)) -> Result<bool, SessionError> {
    let tries = async {
        loop {
            let error = match session.reestablish(rng).await {
                Ok(()) => return Ok(true),
                Err(error) => error,
            };
            match error.meaning() {
                Meaning::ProofRejected | Meaning::DeviceUnproven | Meaning::SchemeRefused => return Ok(false),
                Meaning::TimedOut if is_total(&error) => return Err(error),
                _ => sleep(RELINK_PAUSE).await,
            }
        }
    };
    timeout(limit::RELINK, tries).await.unwrap_or(Ok(false))
}

/// Puts the device's state machine back to its start; whether it is there now.
///
/// Firmware that has reset itself already refuses, but so does a device that is joining or has joined. Its status
/// tells them apart: after a reset it reads failed until the next "apply".
pub(super) async fn reset(session: &mut Session, rng: &mut (dyn CryptoRng + Send), radio: Radio) -> bool {
    match call_retrying(session, rng, &Control { action: Action::Reset, radio }).await {
        Ok(()) => true,
        Err(error) if error.meaning() == Meaning::Refused => {
            matches!(call_retrying(session, rng, &question(radio)).await, Ok(JoinState::Failed(_)))
        }
        Err(_) => false,
    }
}

/// The failure for a device that has given up, with what the scan knows of the network.
pub(super) fn failure(reason: JoinFailure, radio: Radio, ssid: &[u8], heard: &[Network]) -> Failure {
    let code = match (radio, reason) {
        (Radio::Wifi, JoinFailure::Authentication) => Code::WifiAuthFailed,
        (Radio::Wifi, JoinFailure::NotFound) => Code::WifiNotFound,
        (Radio::Thread, JoinFailure::NotFound) => Code::ThreadNotFound,
        (Radio::Thread, JoinFailure::DatasetInvalid) => Code::ThreadDatasetRejected,
        _ => not_joined(radio),
    };
    let failure = Failure::new(code).at(Stage::AwaitNetwork).because(match reason {
        JoinFailure::Authentication => "the device reports an authentication error".to_owned(),
        JoinFailure::NotFound => "the device reports that it does not find the network".to_owned(),
        JoinFailure::DatasetInvalid => "the device reports an invalid dataset".to_owned(),
        JoinFailure::Unknown(Some(number)) => format!("the device reports reason {number}, which has no name"),
        JoinFailure::Unknown(None) => "the device gives no reason".to_owned(),
    });
    if radio == Radio::Thread {
        return failure;
    }
    nearby::hints(reason, ssid, heard).into_iter().fold(failure, Failure::hint)
}

/// The failure for a device that is connected already.
pub(super) fn already(joined: &Joined) -> Failure {
    let place = match joined {
        Joined::Wifi { ssid, ip, .. } => format!("{} with address {}", text::ssid(ssid), text::sanitise(ip)),
        Joined::Thread { name, .. } => format!("Thread network {}", text::sanitise(name)),
    };
    Failure::new(Code::AlreadyProvisioned).because(format!("the device is connected to {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_starts_quick_and_slows_down() {
        let at = |seconds| interval(Duration::from_secs(seconds));
        assert!(at(0) <= Duration::from_millis(100) && at(0) < at(10));
        assert!(at(10) < at(20) && at(20) < at(40));
        assert!(at(59) < Duration::from_secs(5));
    }
}
