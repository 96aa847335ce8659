//! The seams of this folder: a dialect, a device that answers in it, and one that takes requests.
//!
//! To add a dialect: a file or folder beside this one, its `mod` line, one entry in
//! [`DIALECTS`](super::open::DIALECTS).

use std::time::Duration;

use super::answers::Answers;
use super::context::Context;
use super::link::{DeviceFacts, DeviceLink};
use super::plan::{Credentials, SecurityPlan, WifiPlan};
use crate::endpoint::config::Joined;
use crate::endpoint::control::Action;
use crate::endpoint::scan::{Network, ThreadNetwork};
use crate::failure::Failure;
use crate::secret::ThreadDataset;
use crate::session::SessionError;
use crate::stage::Stage;
use crate::transport::{BoxFuture, Locator, TransportKind};

/// A language that a device may speak. Stateless.
pub trait Dialect: Sync {
    /// Its name, as `--dialect` and a locator's `dialect=` have it.
    fn name(&self) -> &'static str;

    /// What speaks it, in words: `a board with …`.
    fn describe(&self) -> &'static str;

    /// Which firmware speaks it: one line for the help of `--dialect`.
    fn firmware(&self) -> &'static str;

    /// Whether devices on this kind of link may speak it.
    fn goes_over(&self, _kind: &dyn TransportKind) -> bool {
        true
    }

    /// Whether it may be tried after a dialect before it has failed like this.
    fn may_follow(&self, _earlier: &Failure) -> bool {
        false
    }

    /// What is said when it is tried after another one.
    fn announcement(&self) -> &'static str {
        ""
    }

    /// The failure to report where a dialect before it and then this one have failed.
    fn neither(&self, _earlier: Failure, own: Failure) -> Failure {
        own
    }

    /// Checks before anything is opened whether its devices can be asked for something. `port` is the locator's address.
    ///
    /// # Errors
    /// [`Code::UsageConflict`](crate::code::Code::UsageConflict) or
    /// [`Code::UsageUnsupported`](crate::code::Code::UsageUnsupported).
    fn check_need(&self, _need: Need<'_>, _port: &str) -> Result<(), Failure> {
        Ok(())
    }

    /// Checks before anything is opened whether this request can be sent.
    ///
    /// # Errors
    /// [`Code::UsageInvalid`](crate::code::Code::UsageInvalid).
    fn check_request(&self, _endpoint: &str, _body: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    /// Checks before anything is opened whether these credentials can be handed over.
    ///
    /// # Errors
    /// [`Code::UsageConflict`](crate::code::Code::UsageConflict) or
    /// [`Code::UsageInvalid`](crate::code::Code::UsageInvalid).
    fn check_network(&self, _wifi: &WifiPlan, _dataset: Option<&ThreadDataset>) -> Result<(), Failure> {
        Ok(())
    }

    /// Opens the link and finds out whether what is there speaks this dialect. Makes the events of the stages connect
    /// and identify.
    ///
    /// # Errors
    /// At the stages connect and identify.
    fn open<'a>(
        &'a self,
        to: &'a Locator,
        context: &'a Context<'_>,
        answers: &'a mut dyn Answers,
    ) -> BoxFuture<'a, Result<Box<dyn Reached>, Failure>>;
}

/// What a command needs a device for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need<'a> {
    /// A scan.
    Scan,
    /// Resetting its provisioning.
    Reset,
    /// A request to this endpoint.
    Request(&'a str),
}

/// A device that answers and has said what it is. Nothing secret was exchanged.
pub trait Reached: Send {
    /// What is known of it.
    fn facts(&self) -> &DeviceFacts;

    /// Why it cannot be asked for something, which is known here already.
    fn lacks(&self, _need: Need<'_>) -> Option<Failure> {
        None
    }

    /// Checks whether credentials like these suit the device. Sends nothing.
    ///
    /// # Errors
    /// [`Code::UsageConflict`](crate::code::Code::UsageConflict) or
    /// [`Code::UsageInvalid`](crate::code::Code::UsageInvalid).
    fn check_network(&self, wifi: &WifiPlan, dataset: Option<&ThreadDataset>) -> Result<(), Failure>;

    /// Sets up the secure session, where the dialect has one. Makes the events of the stage secure.
    ///
    /// # Errors
    /// At the stage secure. The link is released.
    fn secure<'a>(
        self: Box<Self>,
        plan: &'a SecurityPlan,
        context: &'a Context<'_>,
        answers: &'a mut dyn Answers,
    ) -> BoxFuture<'a, Result<Box<dyn Device>, Failure>>;

    /// Releases the link.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// What a scan came to.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Wi-Fi networks, merged by name, strongest first.
    Wifi(Vec<Network>),
    /// Thread networks, strongest first.
    Thread(Vec<ThreadNetwork>),
    /// The device refused a scan; it answers, and may do one the next time.
    Refused(Box<Failure>),
    /// The device cannot scan.
    Cannot {
        /// Why a person is asked for the network's name instead.
        reason: &'static str,
        /// The failure where only a scan would do.
        failure: Box<Failure>,
    },
}

/// What came of "apply", where it did not fail.
#[derive(Debug, Clone)]
pub enum Applied {
    /// The device has taken the credentials and begins to join.
    Taken,
    /// The device had joined the wanted network before; it did not take the credentials.
    Already(Joined),
    /// The device may have taken the credentials; it cannot be reached any more.
    Unconfirmed {
        /// On what evidence.
        cause: String,
    },
}

/// How the wait for the network ended, where it did not fail.
#[derive(Debug, Clone)]
pub enum JoinEnd {
    /// The device says that it has joined.
    Joined(Joined),
    /// The link is gone and nothing was confirmed.
    Unconfirmed {
        /// On what evidence.
        cause: String,
    },
}

/// A device that takes requests: over protocomm, one whose secure session stands.
pub trait Device: DeviceLink {
    /// How long the device's own work at a stage may take; `None` where the stage is no step of its own in its dialect,
    /// and so is not announced.
    fn deadline(&self, stage: Stage) -> Option<Duration>;

    /// Sends `body` to `endpoint` once, whatever comes of it; the reply's plain bytes.
    ///
    /// # Errors
    /// [`SessionError`].
    fn send<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>>;

    /// Whether the reply of this endpoint is never text, so that it is shown in hex whatever its bytes are.
    fn replies_in_hex(&self, _endpoint: &str) -> bool {
        false
    }

    /// Resets the device's provisioning because a person asks for that.
    ///
    /// # Errors
    /// [`SessionError`].
    fn reset(&mut self, action: Action) -> BoxFuture<'_, Result<(), SessionError>>;

    /// Asks which networks the device hears.
    ///
    /// # Errors
    /// At the stage scan.
    fn scan(&mut self) -> BoxFuture<'_, Result<Heard, Failure>>;

    /// Hands over credentials. Where the dialect applies them in one step with that, they are kept until then.
    ///
    /// # Errors
    /// At the stage configure.
    fn configure<'a>(&'a mut self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), Failure>>;

    /// Has the credentials applied: from here on nothing can be taken back.
    ///
    /// # Errors
    /// At the stage apply.
    fn apply(&mut self) -> BoxFuture<'_, Result<Applied, Failure>>;

    /// Waits for the device to join.
    ///
    /// # Errors
    /// At the stage await-network.
    fn join(&mut self) -> BoxFuture<'_, Result<JoinEnd, Failure>>;

    /// Resets a device that answers after this failure, where that is necessary, and adds to the failure
    /// what is known then; whether it can be tried again.
    fn recover<'a>(&'a mut self, failure: &'a mut Failure) -> BoxFuture<'a, bool>;

    /// Releases the link.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}
