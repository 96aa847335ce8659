//! A board with the agent's console, behind the traits that the stages use: it has neither a session nor a scan.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::command::Command;
use super::console::{RainMakerConsole, RainMakerConsoleError};
use super::failure::{late, of_join, of_request};
use super::join::LogEnd;
use super::need;
use super::request::{ConsoleRequest, associated};
use crate::code::Code;
use crate::device::answers::Answers;
use crate::device::context::Context;
use crate::device::dialect::{Applied, Device, Heard, JoinEnd, Need, Reached};
use crate::device::link::{DeviceFacts, DeviceLink};
use crate::device::plan::{Credentials, PERHAPS_JOINED, SecurityPlan, WifiPlan};
use crate::endpoint::config::{JoinFailure, JoinState, Joined};
use crate::endpoint::control::{self, Action};
use crate::event::{Event, Exchange, Observer};
use crate::failure::Failure;
use crate::origin::Origin;
use crate::secret::{Passphrase, ThreadDataset};
use crate::session::deadline::Budget;
use crate::session::{Meaning, SessionError, SessionErrorKind, Step};
use crate::stage::Stage;
use crate::transport::{BoxFuture, Evidence};

/// A command: a greeting of up to 5 s where the board is not at its prompt, and the agent's own wait of 8 s.
const COMMAND: Duration = Duration::from_secs(15);
/// The log ends its wait by itself before this.
const JOIN: Duration = Duration::from_secs(70);

/// A board whose agent answers.
pub(super) struct Board {
    agent: RainMakerConsole,
    facts: DeviceFacts,
    observer: Arc<dyn Observer>,
    budget: Budget,
    /// Kept until they are applied.
    wifi: Option<(Vec<u8>, Passphrase)>,
}

impl Board {
    pub(super) fn new(agent: RainMakerConsole, facts: DeviceFacts, context: &Context<'_>) -> Self {
        let (observer, budget) = (context.observer.clone(), context.budget.clone());
        Self { agent, facts, observer, budget, wifi: None }
    }

    /// A command for the trace, secrets replaced.
    fn trace(&self, command: &Command, began: Instant, reply: Result<String, String>) {
        self.observer.observe(&Event::Exchange(Exchange {
            endpoint: command.name().to_owned(),
            request: command.shown().to_owned(),
            request_len: command.line().len(),
            reply,
            reply_len: 0,
            took: began.elapsed(),
        }));
    }

    /// Has the command for a request carried out; the reply that a device with the endpoint would give.
    async fn carry_out(&mut self, endpoint: &str, body: &[u8]) -> Result<Vec<u8>, SessionError> {
        let invalid = |failure| of_request(endpoint, Meaning::Invalid, failure);
        let Some(request) = ConsoleRequest::read(endpoint, body).map_err(invalid)? else {
            return Err(self.no_endpoint(endpoint));
        };
        let command = request.command().map_err(|error| invalid(error.into()))?;
        let began = Instant::now();
        let work = async {
            match &request {
                ConsoleRequest::AddUser { user_id, secret_key } => {
                    let told = self.agent.add_user(user_id, secret_key).await;
                    (taken(&told), told.map(|()| associated(self.facts.node_id.as_deref().unwrap_or_default())))
                }
                ConsoleRequest::Sign(text) => {
                    let signed = self.agent.sign_data(text).await;
                    let reply = signed.as_ref().map(|signature| format!("a signature of {} bytes", signature.len()));
                    (reply.map_err(ToString::to_string), signed)
                }
            }
        };
        let done = self.budget.within(COMMAND, work).await;
        let (reply, outcome) = done.map_err(|elapsed| of_request(endpoint, Meaning::TimedOut, late(elapsed)))?;
        self.trace(&command, began, reply);
        outcome.map_err(|error| of_request(endpoint, error.meaning(), error.into()))
    }

    fn no_endpoint(&self, endpoint: &str) -> SessionError {
        let (peer, endpoint) = (self.facts.peer.clone(), endpoint.to_owned());
        let kind = SessionErrorKind::Transport(Evidence::NoSuchEndpoint { peer, endpoint: endpoint.clone() }.into());
        SessionError { step: Step::Request, endpoint, security: None, kind }
    }

    /// Types the credentials, which the board applies at once.
    async fn type_credentials(&mut self) -> Result<Applied, Failure> {
        let Some((ssid, passphrase)) = self.wifi.take() else {
            return Err(Failure::new(Code::Unexpected).at(Stage::Apply));
        };
        let command = Command::wifi_prov(&ssid, &passphrase).map_err(|error| Failure::from(error).at(Stage::Apply))?;
        let began = Instant::now();
        let told = self.budget.within(COMMAND, self.agent.wifi_prov(&ssid, &passphrase)).await;
        let told = told.map_err(|elapsed| {
            let failure = late(elapsed).at(Stage::Apply);
            if self.agent.has_sent() { failure.hint(PERHAPS_JOINED) } else { failure }
        })?;
        self.trace(&command, began, taken(&told));
        match told {
            Ok(()) => {}
            // The line was sent whole: the board may well have taken it.
            Err(error @ (RainMakerConsoleError::Transport(_) | RainMakerConsoleError::NoAnswer { .. }))
                if self.agent.has_sent() =>
            {
                return Ok(Applied::Unconfirmed { cause: error.to_string() });
            }
            Err(error) => return Err(Failure::from(error).at(Stage::Apply)),
        }
        self.observer.observe(&Event::Configured { ssid: ssid.clone() });
        self.wifi = Some((ssid, passphrase));
        Ok(Applied::Taken)
    }

    /// Reads in the board's log what becomes of the credentials.
    async fn read_log(&mut self) -> Result<JoinEnd, Failure> {
        let began = Instant::now();
        let observer = self.observer.clone();
        let trying = JoinState::Joining { attempts_left: None };
        observer.observe(&Event::Join { state: trying.clone(), elapsed: Duration::ZERO });
        let failed = |elapsed| observer.observe(&Event::Join { state: trying.clone(), elapsed });
        let end = self.budget.within(JOIN, self.agent.await_join(failed)).await;
        let end = match end.map_err(|elapsed| late(elapsed).at(Stage::AwaitNetwork).hint(PERHAPS_JOINED))? {
            Ok(end) => end,
            Err(error) => return Ok(JoinEnd::Unconfirmed { cause: error.to_string() }),
        };
        let elapsed = began.elapsed();
        let state = |state| observer.observe(&Event::Join { state, elapsed });
        match end {
            LogEnd::Joined { ip } => {
                let ip = ip.map(|ip| ip.to_string()).unwrap_or_default();
                let ssid = self.wifi.as_ref().map(|(ssid, _)| ssid.clone()).unwrap_or_default();
                // The log tells neither which radio nor how it authenticates.
                let joined = Joined::Wifi { ip, ssid, access_point: None };
                state(JoinState::Joined(joined.clone()));
                Ok(JoinEnd::Joined(joined))
            }
            LogEnd::Failed(cause) => {
                let failure = of_join(cause).at(Stage::AwaitNetwork);
                state(JoinState::Failed(match failure.code {
                    Code::WifiAuthFailed => JoinFailure::Authentication,
                    Code::WifiNotFound => JoinFailure::NotFound,
                    _ => JoinFailure::Unknown(None),
                }));
                Err(failure)
            }
            LogEnd::Taken => Err(Failure::new(Code::DeviceRefused)
                .at(Stage::AwaitNetwork)
                .because("the board logged that it still works with credentials it got before")
                .hint("restart the board and try again: --reset boot")),
            LogEnd::Undecided => Err(Failure::new(Code::WifiNotJoined)
                .at(Stage::AwaitNetwork)
                .because(format!("the board's log tells no end of the join after {} s", elapsed.as_secs()))),
            LogEnd::Nothing => {
                let cause = format!("the board logged nothing of a join in {} s", elapsed.as_secs());
                Ok(JoinEnd::Unconfirmed { cause })
            }
        }
    }
}

impl Reached for Board {
    fn facts(&self) -> &DeviceFacts {
        &self.facts
    }

    fn lacks(&self, need: Need<'_>) -> Option<Failure> {
        need::lacks(need, &self.facts)
    }

    fn check_network(&self, wifi: &WifiPlan, dataset: Option<&ThreadDataset>) -> Result<(), Failure> {
        need::check_network(wifi, dataset)
    }

    /// There is nothing to secure: whoever has the cable has the board. Where at least some security was asked for, that
    /// is not enough; what a label says holds for the board's other links.
    fn secure<'a>(
        self: Box<Self>,
        plan: &'a SecurityPlan,
        context: &'a Context<'_>,
        _: &'a mut dyn Answers,
    ) -> BoxFuture<'a, Result<Box<dyn Device>, Failure>> {
        Box::pin(async move {
            let asked = plan.minimum.as_ref().filter(|least| least.value > 0 && least.origin != Origin::QrPayload);
            if let Some(least) = asked.filter(|_| !plan.allow_insecure) {
                return Err(Failure::new(Code::SecurityDowngrade)
                    .at(Stage::Secure)
                    .because(format!("{} asks for at least security {}", least.origin, least.value))
                    .because("the agent's console has no encryption: what is typed goes over the cable as it is"));
            }
            if plan.pop.as_ref().is_some_and(|pop| !pop.is_empty()) {
                let text = "the agent's console has no encryption and asks for no proof of possession: what is sent goes \
                            over the cable as it is";
                context.observe(&Event::Warning { text: text.to_owned() });
            }
            let device: Box<dyn Device> = self;
            Ok(device)
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { drop(self) })
    }
}

impl DeviceLink for Board {
    fn facts(&self) -> &DeviceFacts {
        &self.facts
    }

    fn request<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        Box::pin(self.carry_out(endpoint, body))
    }
}

impl Device for Board {
    /// The credentials are applied with the command that hands them over, and no reset is needed.
    fn deadline(&self, stage: Stage) -> Option<Duration> {
        match stage {
            Stage::Associate | Stage::Apply | Stage::Request => Some(COMMAND),
            Stage::AwaitNetwork => Some(JOIN),
            _ => None,
        }
    }

    fn send<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        Box::pin(self.carry_out(endpoint, body))
    }

    /// All that the agent replies with is a signature.
    fn replies_in_hex(&self, _: &str) -> bool {
        true
    }

    fn reset(&mut self, _: Action) -> BoxFuture<'_, Result<(), SessionError>> {
        Box::pin(async move { Err(self.no_endpoint(control::ENDPOINT)) })
    }

    fn scan(&mut self) -> BoxFuture<'_, Result<Heard, Failure>> {
        let reason = "the agent's console cannot scan; type the network's name";
        let failure = Box::new(Failure::new(Code::ScanFailed).at(Stage::Scan).because(reason));
        Box::pin(async move { Ok(Heard::Cannot { reason, failure }) })
    }

    fn configure<'a>(&'a mut self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let Credentials::Wifi { ssid, passphrase, bssid, channel } = credentials else {
                return Err(Failure::new(Code::UsageConflict).at(Stage::Configure).saying(need::NO_THREAD));
            };
            Command::wifi_prov(ssid, passphrase).map_err(|error| Failure::from(error).at(Stage::Configure))?;
            if (bssid.is_some() || channel.is_some()) && !self.agent.has_sent() {
                let text = "without effect, since the agent's console has no words for them: --bssid, --channel";
                self.observer.observe(&Event::Note { text: text.to_owned() });
            }
            self.wifi = Some((ssid.clone(), passphrase.clone()));
            Ok(())
        })
    }

    fn apply(&mut self) -> BoxFuture<'_, Result<Applied, Failure>> {
        Box::pin(self.type_credentials())
    }

    fn join(&mut self) -> BoxFuture<'_, Result<JoinEnd, Failure>> {
        Box::pin(self.read_log())
    }

    fn recover<'a>(&'a mut self, _: &'a mut Failure) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { drop(self) })
    }
}

/// Of an answer that repeats the command only whether it was one.
fn taken(told: &Result<(), RainMakerConsoleError>) -> Result<String, String> {
    told.as_ref().map(|()| "taken".to_owned()).map_err(ToString::to_string)
}
