//! After "applied": ask until the device has joined, given up, or cannot be reached any more.

use std::time::Duration;

use rand_core::CryptoRng;
use tokio::time::{Instant, sleep};

use super::nearby;
use super::scan::steady;
use crate::endpoint::ReplyError;
use crate::endpoint::config::{JoinFailure, JoinState, JoinStatus, Joined};
use crate::endpoint::control::{Action, Control};
use crate::endpoint::scan::{Network, Radio};
use crate::error::{Code, Failure};
use crate::event::{Event, Observer, Stage};
use crate::session::patience::limit;
use crate::session::{Meaning, Session, SessionErrorKind};
use crate::text;

/// Answers that make no sense are tolerated this often in a row.
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
        0..15 => Duration::from_millis(100),
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
    let request = match radio {
        Radio::Wifi => JoinStatus::Wifi,
        Radio::Thread => JoinStatus::Thread,
    };
    let applied = Instant::now();
    let mut odd = 0;
    let mut last = None;
    while applied.elapsed() < limit::JOIN {
        sleep(interval(applied.elapsed())).await;
        match session.call(&request).await {
            Ok(state) => {
                odd = 0;
                if last.as_ref() != Some(&state) {
                    observer.observe(&Event::Join { state: state.clone(), elapsed: applied.elapsed() });
                }
                match state {
                    JoinState::Joined(joined) => return Ok(JoinEnd::Joined(joined)),
                    JoinState::Failed(reason) => return Ok(JoinEnd::Failed(reason)),
                    JoinState::Joining { .. } | JoinState::Idle => last = Some(state),
                }
            }
            Err(error) => match error.meaning() {
                Meaning::Refused | Meaning::BadReply if odd < ODD_REPLIES => {
                    odd += 1;
                    if !session.is_established()
                        && let Some(end) = relink(session, rng, observer, &error.to_string()).await?
                    {
                        return Ok(end);
                    }
                }
                Meaning::Refused | Meaning::BadReply | Meaning::NoEndpoint => {
                    return Err(Failure::from(error).at(Stage::AwaitNetwork));
                }
                Meaning::TimedOut if is_total(&error.kind) => {
                    return Err(Failure::from(error).at(Stage::AwaitNetwork));
                }
                _ => {
                    if let Some(end) = relink(session, rng, observer, &error.to_string()).await? {
                        return Ok(end);
                    }
                }
            },
        }
    }
    Err(Failure::new(Code::WifiNotJoined)
        .at(Stage::AwaitNetwork)
        .because(format!("the device was still joining after {} s", limit::JOIN.as_secs())))
}

fn is_total(kind: &SessionErrorKind) -> bool {
    matches!(kind, SessionErrorKind::Deadline(elapsed) if elapsed.total)
}

/// Tries to reach the device again, for a while. `None` once a session stands; else the wait is over, unconfirmed.
async fn relink(
    session: &mut Session,
    rng: &mut (dyn CryptoRng + Send),
    observer: &dyn Observer,
    cause: &str,
) -> Result<Option<JoinEnd>, Failure> {
    observer.observe(&Event::LinkLost { cause: cause.to_owned() });
    let lost = Instant::now();
    loop {
        match session.reestablish(rng).await {
            Ok(()) => return Ok(None),
            Err(error) if is_total(&error.kind) => return Err(Failure::from(error).at(Stage::AwaitNetwork)),
            Err(_) if lost.elapsed() >= limit::RELINK => {
                return Ok(Some(JoinEnd::Unconfirmed { cause: cause.to_owned() }));
            }
            Err(_) => sleep(RELINK_PAUSE).await,
        }
    }
}

/// Puts the device's state machine back to its start; whether it is there now.
///
/// Firmware that has reset itself already answers InternalError: for this purpose that is as good.
pub(super) async fn reset(session: &mut Session, rng: &mut (dyn CryptoRng + Send), radio: Radio) -> bool {
    match steady(session, rng, &Control { action: Action::Reset, radio }).await {
        Ok(()) => true,
        Err(error) => matches!(error.kind, SessionErrorKind::Reply(ReplyError::Refused(_))),
    }
}

/// The failure for a device that has given up, with what the scan knows of the network.
pub(super) fn failure(reason: JoinFailure, radio: Radio, ssid: &[u8], heard: &[Network]) -> Failure {
    let code = match (radio, reason) {
        (Radio::Wifi, JoinFailure::Authentication) => Code::WifiAuthFailed,
        (Radio::Wifi, JoinFailure::NotFound) => Code::WifiNotFound,
        (Radio::Wifi, _) => Code::WifiNotJoined,
        (Radio::Thread, JoinFailure::NotFound) => Code::ThreadNotFound,
        (Radio::Thread, JoinFailure::DatasetInvalid) => Code::ThreadDatasetInvalid,
        (Radio::Thread, _) => Code::ThreadNotAttached,
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
        assert!(at(0) <= Duration::from_millis(100));
        assert!(at(0) < at(20) && at(20) < at(40));
        assert!(at(59) < Duration::from_secs(5));
    }
}
