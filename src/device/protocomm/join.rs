//! After "applied": ask until the device has joined, given up, or cannot be reached any more.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::joined::{Proof, elsewhere, proof};
use super::nearby;
use super::secured::{Secured, is_total};
use crate::code::Code;
use crate::device::dialect::JoinEnd;
use crate::device::plan::{Credentials, PERHAPS_JOINED};
use crate::endpoint::config::{JoinFailure, JoinState, Joined};
use crate::endpoint::scan::{Network, Radio};
use crate::event::Event;
use crate::failure::Failure;
use crate::session::deadline::limit;
use crate::session::{Meaning, SessionError};
use crate::stage::Stage;

/// Answers that make no sense, or a closed link in place of one, are tolerated this often in a row. So is "connected"
/// where it does not fit what was sent: over security 1 an answer may be damaged unseen.
const ODD_REPLIES: usize = 3;

/// How the questions ended, where that is not a failure of the link.
enum Verdict {
    /// The device says it has joined.
    Joined(Joined),
    /// The device says it has given up.
    Failed(JoinFailure),
    /// The link is gone and nothing was confirmed.
    Unconfirmed { cause: String },
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

impl Secured {
    /// Waits for the device's verdict, at most [`limit::JOIN`].
    ///
    /// # Errors
    /// At the stage await-network.
    pub(super) async fn await_verdict(&mut self) -> Result<JoinEnd, Failure> {
        let mut lost = None;
        let verdict = match timeout(limit::JOIN, self.follow(&mut lost)).await {
            Ok(verdict) => verdict?,
            Err(_) => match lost {
                Some(cause) => Verdict::Unconfirmed { cause },
                None => {
                    return Err(Failure::new(not_joined(self.radio()))
                        .at(Stage::AwaitNetwork)
                        .because(format!("the device was still joining after {} s", limit::JOIN.as_secs())));
                }
            },
        };
        match verdict {
            Verdict::Joined(joined) => Ok(JoinEnd::Joined(joined)),
            Verdict::Unconfirmed { cause } => Ok(JoinEnd::Unconfirmed { cause }),
            Verdict::Failed(reason) => Err(self.join_failure(reason).await),
        }
    }

    /// Asks until there is a verdict; `lost` holds the evidence while the link is gone.
    async fn follow(&mut self, lost: &mut Option<String>) -> Result<Verdict, Failure> {
        let request = self.status();
        let applied = Instant::now();
        let mut odd = 0;
        let mut shown = None;
        loop {
            sleep(interval(applied.elapsed())).await;
            let error = match self.session.call(&request).await {
                Ok(state) => {
                    if let JoinState::Joined(joined) = &state {
                        match self.proven(joined) {
                            Proof::Online => {}
                            _ if odd < ODD_REPLIES => {
                                odd += 1;
                                continue;
                            }
                            Proof::Incomplete(missing) => {
                                return Ok(Verdict::Unconfirmed { cause: missing.to_owned() });
                            }
                            Proof::Elsewhere { wanted, found } => return Err(elsewhere(joined, &wanted, &found)),
                        }
                    }
                    odd = 0;
                    if shown.as_ref() != Some(&state) {
                        self.observe(&Event::Join { state: state.clone(), elapsed: applied.elapsed() });
                    }
                    match state {
                        JoinState::Joined(joined) => return Ok(Verdict::Joined(joined)),
                        JoinState::Failed(reason) => return Ok(Verdict::Failed(reason)),
                        JoinState::Joining { .. } | JoinState::Idle => shown = Some(state),
                    }
                    continue;
                }
                Err(error) => error,
            };
            match error.meaning() {
                Meaning::Refused | Meaning::BadReply | Meaning::SessionLost if odd < ODD_REPLIES => odd += 1,
                // It can be reached, and no answer makes sense: as little is known as of a device that is silent.
                Meaning::Refused | Meaning::BadReply | Meaning::SessionLost | Meaning::NoEndpoint => {
                    return Ok(Verdict::Unconfirmed { cause: error.to_string() });
                }
                _ if is_total(&error) => return Err(after_applied(error)),
                _ => {}
            }
            if !self.session.is_established() {
                let cause = lost.insert(error.to_string());
                self.observe(&Event::LinkLost { cause: cause.clone() });
                if !self.relink().await.map_err(after_applied)? {
                    return Ok(Verdict::Unconfirmed { cause: cause.clone() });
                }
                *lost = None;
            }
        }
    }

    /// Whether "connected" is where the device was sent.
    pub(super) fn proven(&self, joined: &Joined) -> Proof {
        let nothing = Proof::Incomplete("the device says that it is connected, and was given no network");
        self.credentials.as_ref().map_or(nothing, |wanted| proof(joined, wanted))
    }

    /// The failure of a device that has given up, as far as its reason tells.
    pub(super) fn given_up(&self, reason: JoinFailure) -> Failure {
        let ssid = self.credentials.as_ref().map_or(&[][..], Credentials::ssid);
        failure(reason, self.radio(), ssid, &self.heard)
    }

    /// Resets, and where the network was not found asks the device what it hears instead.
    async fn join_failure(&mut self, reason: JoinFailure) -> Failure {
        let ask = reason == JoinFailure::NotFound && self.radio() == Radio::Wifi && self.facts.can_scan;
        if ask
            && self.back_to_start().await
            && let Ok(heard) = self.wifi_networks().await
        {
            self.heard = heard;
        }
        self.given_up(reason)
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

/// The failure for a device that has given up, with what the scan knows of the network.
fn failure(reason: JoinFailure, radio: Radio, ssid: &[u8], heard: &[Network]) -> Failure {
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
