//! Handing over credentials and having them applied, also where the answer is lost on the way.

use super::joined::Proof;
use super::secured::{RESET_FOR_FAILURE, Reset, STILL_JOINING, Secured, already, is_total};
use crate::device::dialect::Applied;
use crate::device::plan::Credentials;
use crate::endpoint::ReplyError;
use crate::endpoint::config::{Apply, JoinFailure, JoinState, SetThread, SetWifi};
use crate::endpoint::scan::Radio;
use crate::event::Event;
use crate::failure::Failure;
use crate::session::{Meaning, SessionError, SessionErrorKind};
use crate::stage::Stage;
use crate::wire::messages::Status;

/// Where "apply" was sent and no answer came.
const PERHAPS_APPLIED: &str = "the device may have taken the credentials all the same: look for it on the network";

impl Secured {
    /// Hands over the credentials that were set last.
    ///
    /// # Errors
    /// [`SessionError`].
    pub(super) async fn send_credentials(&mut self) -> Result<(), SessionError> {
        match self.credentials.clone() {
            Some(Credentials::Wifi { ssid, passphrase, bssid, channel }) => {
                let channel = channel.unwrap_or(0);
                let request = SetWifi { ssid: &ssid, passphrase: &passphrase, bssid, channel };
                self.call_retrying(&request).await
            }
            Some(Credentials::Thread(dataset)) => self.call_retrying(&SetThread { dataset: &dataset }).await,
            None => Ok(()),
        }
    }

    /// Has the credentials applied: from here on nothing can be taken back.
    ///
    /// # Errors
    /// At the stage apply.
    pub(super) async fn apply_credentials(&mut self) -> Result<Applied, Failure> {
        let request = self.apply_request();
        let Err(error) = self.session.call(&request).await else { return Ok(Applied::Taken) };
        match error.meaning() {
            Meaning::Refused if is_internal_error(&error) => self.apply_refused(error).await,
            Meaning::Refused | Meaning::NoEndpoint | Meaning::Invalid => Err(at_apply(error)),
            _ if is_total(&error) => Err(at_apply(error).hint(PERHAPS_APPLIED)),
            _ => self.apply_unanswered(error).await,
        }
    }

    /// No answer to "apply", or none that makes sense. Where the device can be reached again, the credentials are
    /// sent once more and applied: if the first request had arrived, the second is refused, and no harm is done.
    async fn apply_unanswered(&mut self, error: SessionError) -> Result<Applied, Failure> {
        let sent = !matches!(error.meaning(), Meaning::Unreachable | Meaning::Local);
        let cause = error.to_string();
        self.observe(&Event::LinkLost { cause: cause.clone() });
        let unsure = |failure: Failure| if sent { failure.hint(PERHAPS_APPLIED) } else { failure };
        match self.relink().await {
            Ok(true) => {}
            Ok(false) if sent => return Ok(Applied::Unconfirmed { cause }),
            Ok(false) => return Err(at_apply(error)),
            Err(total) => return Err(unsure(at_apply(total))),
        }
        let again = match self.send_credentials().await {
            Ok(()) => self.session.call(&self.apply_request()).await,
            Err(error) => Err(error),
        };
        match again {
            Ok(()) => {}
            Err(error) if sent && is_internal_error(&error) => {}
            Err(error) if is_internal_error(&error) => return self.apply_refused(error).await,
            // The radio moves to the new network a moment after "apply": the link came back only to go for good.
            Err(error) if sent && is_link_gone(&error) => {
                return Ok(Applied::Unconfirmed { cause: error.to_string() });
            }
            Err(error) => return Err(unsure(at_apply(error))),
        }
        Ok(Applied::Taken)
    }

    /// Firmware refuses "apply" outside its start state: it is connected, or its last join failed.
    async fn apply_refused(&mut self, error: SessionError) -> Result<Applied, Failure> {
        match self.session.call(&self.status()).await {
            Ok(JoinState::Joined(joined)) if self.proven(&joined) == Proof::Online => {
                let text = "the device had joined this network already; it did not take the credentials".to_owned();
                self.observe(&Event::Note { text });
                Ok(Applied::Already(joined))
            }
            Ok(JoinState::Joined(joined)) => Err(already(&joined).at(Stage::Apply)),
            // An old failure, or that of this "apply": firmware that cannot read a dataset refuses it and says so at
            // once. After a reset, another try tells.
            Ok(JoinState::Failed(reason)) => {
                let perhaps_new = reason == JoinFailure::DatasetInvalid;
                let reset = self.back_to_start().await;
                if reset && !perhaps_new {
                    self.observe(&Event::Note { text: RESET_FOR_FAILURE.to_owned() });
                }
                let applied = self.apply_anew(reset).await?;
                if reset && perhaps_new {
                    self.observe(&Event::Note { text: RESET_FOR_FAILURE.to_owned() });
                }
                Ok(applied)
            }
            // Firmware that goes on trying in the background takes a reset, one that is about to join refuses it.
            Ok(JoinState::Joining { .. }) if self.reset_outcome().await == Reset::Done => {
                self.observe(&Event::Note { text: RESET_FOR_FAILURE.to_owned() });
                self.apply_anew(true).await
            }
            Ok(JoinState::Joining { .. }) => Err(at_apply(error).hint(STILL_JOINING)),
            Ok(JoinState::Idle) | Err(_) => Err(at_apply(error)),
        }
    }

    /// Hands over the credentials once more, and has them applied; `reset` says whether the device was reset first.
    async fn apply_anew(&mut self, reset: bool) -> Result<Applied, Failure> {
        self.send_credentials().await.map_err(at_apply)?;
        let Err(error) = self.session.call(&self.apply_request()).await else { return Ok(Applied::Taken) };
        if reset
            && is_internal_error(&error)
            && let Ok(JoinState::Failed(reason)) = self.session.call(&self.status()).await
        {
            // It was reset: what it tells now is about these credentials.
            let mut failure = self.given_up(reason);
            failure.stage = Some(Stage::Apply);
            return Err(failure);
        }
        Err(at_apply(error))
    }

    fn apply_request(&self) -> Apply {
        match self.radio() {
            Radio::Wifi => Apply::Wifi,
            Radio::Thread => Apply::Thread,
        }
    }
}

fn at_apply(error: SessionError) -> Failure {
    Failure::from(error).at(Stage::Apply)
}

/// No word from the device, and time left to wait for one.
fn is_link_gone(error: &SessionError) -> bool {
    matches!(error.meaning(), Meaning::LinkLost | Meaning::Unreachable | Meaning::TimedOut) && !is_total(error)
}

fn is_internal_error(error: &SessionError) -> bool {
    let internal = i32::from(Status::InternalError);
    matches!(&error.kind, SessionErrorKind::Reply(ReplyError::Refused(status)) if *status == internal)
}
