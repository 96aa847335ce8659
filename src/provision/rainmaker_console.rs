//! One board through the agent's console: fewer stages than over protocomm, since there is no session and no scan,
//! and the same outcomes.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::answers::{AnswerError, Answers, Retry};
use super::join::PERHAPS_JOINED;
use super::plan::{self, Plan};
use super::run::RETRIES;
use super::{Context, Verdict};
use crate::code::Code;
use crate::endpoint::config::{JoinFailure, JoinState, Joined};
use crate::event::{Event, Exchange};
use crate::failure::Failure;
use crate::rainmaker_console::{Command, JoinEnd, NodeId, RainMakerConsole, RainMakerConsoleError};
use crate::secret::Passphrase;
use crate::session::deadline::Elapsed;
use crate::stage::Stage;
use crate::transport::Locator;

/// The port, a greeting of up to 8 s, and two questions.
const OPEN: Duration = Duration::from_secs(30);
/// A command: a greeting of up to 5 s where the board is not at its prompt, and the agent's own wait of 8 s.
const COMMAND: Duration = Duration::from_secs(15);
/// The log ends its wait by itself before this.
const JOIN: Duration = Duration::from_secs(70);

/// What a run led to, where it did not fail.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How far the device came.
    pub verdict: Verdict,
    /// The port.
    pub peer: String,
    /// The node's id, where it has one.
    pub node_id: Option<String>,
    /// How long the run took, prompts included.
    pub took: Duration,
}

/// Checks that a plan can be carried out on the agent's console, as far as its values are known. Sends nothing.
///
/// # Errors
/// [`Code::UsageConflict`] and [`Code::UsageInvalid`].
pub fn check(plan: &Plan) -> Result<(), Failure> {
    if plan.dataset.is_some() && plan.wifi.ssid.is_none() {
        return Err(Failure::new(Code::UsageConflict)
            .saying("the agent's console takes --ssid, not --thread-dataset: it knows no Thread"));
    }
    if let Some(mapping) = &plan.association {
        Command::add_user(&mapping.user_id, &mapping.secret_key)?;
    }
    if let Some(ssid) = &plan.wifi.ssid {
        let none = Passphrase::new([]);
        Command::wifi_prov(ssid, plan.wifi.passphrase.as_ref().unwrap_or(&none))?;
    }
    Ok(())
}

/// Provisions one board.
///
/// # Errors
/// A [`Failure`] with the stage it happened at; the port is closed on every way out.
pub async fn provision(plan: &Plan, context: &mut Context<'_>, answers: &mut dyn Answers) -> Result<Outcome, Failure> {
    let started = Instant::now();
    // First of all whether it is one: that it cannot carry out the plan is nothing to tell of another console.
    let agent = open(&plan.device, context).await?;
    check(plan)?;
    let (peer, node_id) = (agent.peer().to_owned(), node_id(&agent));
    let mut run = Run { plan, context, agent };
    run.associate(node_id.as_deref()).await?;
    let verdict = if plan.network { run.network(answers).await? } else { Verdict::NoNetwork };
    Ok(Outcome { verdict, peer, node_id, took: started.elapsed() })
}

/// Opens the port and makes sure that the agent's console answers.
///
/// # Errors
/// At the stage connect.
pub async fn open(device: &Locator, context: &Context<'_>) -> Result<RainMakerConsole, Failure> {
    started_event(context, Stage::Connect, OPEN);
    let opening = Box::pin(RainMakerConsole::open(device, context.log.clone()));
    let agent = within(context, Stage::Connect, OPEN, opening).await?;
    context.observer.observe(&Event::Connected { peer: agent.peer().to_owned() });
    let shown = node_id(&agent).map_or("of a node without an id".to_owned(), |id| format!("of node {id}"));
    context.observer.observe(&Event::Note { text: format!("the RainMaker agent's console {shown} answers") });
    Ok(agent)
}

/// The id of the node; none where it was not claimed.
pub fn node_id(agent: &RainMakerConsole) -> Option<String> {
    match agent.node_id() {
        NodeId::Known(id) => Some(id.clone()),
        NodeId::Unclaimed => None,
    }
}

/// Has the node sign a text with its own key; the signature's bytes.
///
/// # Errors
/// At the stage request.
pub async fn sign(agent: &mut RainMakerConsole, data: &str, context: &Context<'_>) -> Result<Vec<u8>, Failure> {
    started_event(context, Stage::Request, COMMAND);
    let command = Command::sign_data(data).map_err(|error| Failure::from(error).at(Stage::Request))?;
    let began = Instant::now();
    let signed = context.budget.within(COMMAND, agent.sign_data(data)).await;
    let signed = signed.map_err(|elapsed| late(elapsed, Stage::Request))?;
    let reply = signed.as_ref().map(|signature| format!("a signature of {} bytes", signature.len()));
    trace(context, &command, began, reply.map_err(ToString::to_string));
    signed.map_err(|error| Failure::from(error).at(Stage::Request))
}

struct Run<'a, 'c> {
    plan: &'a Plan,
    context: &'a mut Context<'c>,
    agent: RainMakerConsole,
}

impl Run<'_, '_> {
    async fn associate(&mut self, node_id: Option<&str>) -> Result<(), Failure> {
        let Some(mapping) = &self.plan.association else {
            let reason = "no --user-id and --secret-key were given".to_owned();
            self.observe(&Event::Skipped { stage: Stage::Associate, reason });
            return Ok(());
        };
        started_event(self.context, Stage::Associate, COMMAND);
        let Some(node_id) = node_id else {
            return Err(Failure::new(Code::DeviceUnclaimed).at(Stage::Associate));
        };
        self.context.before(Stage::Associate).await?;
        let command = Command::add_user(&mapping.user_id, &mapping.secret_key)?;
        let began = Instant::now();
        let told = self.agent.add_user(&mapping.user_id, &mapping.secret_key);
        let told = self.context.budget.within(COMMAND, told).await;
        let told = told.map_err(|elapsed| late(elapsed, Stage::Associate))?;
        trace(self.context, &command, began, taken(&told));
        told.map_err(|error| match error {
            RainMakerConsoleError::Refused { .. } => {
                Failure::new(Code::AssociationRefused).caused_by(&error).at(Stage::Associate)
            }
            error => Failure::from(error).at(Stage::Associate),
        })?;
        self.observe(&Event::Associated { node_id: node_id.to_owned() });
        Ok(())
    }

    /// Credentials, join, and another try where a person wants one.
    async fn network(&mut self, answers: &mut dyn Answers) -> Result<Verdict, Failure> {
        let mut ssid = self.plan.wifi.ssid.clone();
        let mut passphrase = self.plan.wifi.passphrase.clone();
        let mut tries = 0;
        loop {
            let name = match ssid.take() {
                Some(name) => name,
                None => self.ask_network(answers).await?,
            };
            let secret = match passphrase.take() {
                Some(secret) => secret,
                None => self.ask_passphrase(answers, &name).await?,
            };
            let failure = match self.join(&name, &secret).await {
                Ok(verdict) => return Ok(verdict),
                Err(failure) => failure,
            };
            tries += 1;
            if !self.plan.retry || tries > RETRIES || !recoverable(failure.code) {
                return Err(failure);
            }
            let asked = self.context.budget.paused(answers.retry(&failure, &name)).await;
            match asked.map_err(|error| Failure::from(error).at(Stage::Recover))? {
                Retry::Stop => return Err(failure),
                Retry::SameNetwork => ssid = Some(name),
                Retry::AnotherNetwork => {}
            }
        }
    }

    /// The console cannot scan, so the name has to be typed.
    async fn ask_network(&self, answers: &mut dyn Answers) -> Result<Vec<u8>, Failure> {
        let reason = "the agent's console cannot scan; type the network's name".to_owned();
        self.observe(&Event::Skipped { stage: Stage::Scan, reason });
        let asked = self.context.budget.paused(answers.network_name()).await;
        let ssid = asked.map_err(at_configure)?;
        plan::check_ssid(&ssid).map_err(|failure| failure.at(Stage::Configure))?;
        Ok(ssid)
    }

    async fn ask_passphrase(&self, answers: &mut dyn Answers, ssid: &[u8]) -> Result<Passphrase, Failure> {
        let asked = self.context.budget.paused(answers.passphrase(ssid)).await;
        let passphrase = asked.map_err(at_configure)?;
        plan::check_passphrase(&passphrase).map_err(|failure| failure.at(Stage::Configure))?;
        Ok(passphrase)
    }

    /// Hands over the credentials, which the board applies at once, and reads in its log what becomes of them.
    async fn join(&mut self, ssid: &[u8], passphrase: &Passphrase) -> Result<Verdict, Failure> {
        let command =
            Command::wifi_prov(ssid, passphrase).map_err(|error| Failure::from(error).at(Stage::Configure))?;
        started_event(self.context, Stage::Apply, COMMAND);
        self.context.before(Stage::Apply).await?;
        let began = Instant::now();
        let told = self.context.budget.within(COMMAND, self.agent.wifi_prov(ssid, passphrase)).await;
        let told = told.map_err(|elapsed| {
            let failure = late(elapsed, Stage::Apply);
            if self.agent.has_sent() { failure.hint(PERHAPS_JOINED) } else { failure }
        })?;
        trace(self.context, &command, began, taken(&told));
        match told {
            Ok(()) => {}
            // The line was sent whole: the board may well have taken it.
            Err(error @ (RainMakerConsoleError::Transport(_) | RainMakerConsoleError::NoAnswer { .. }))
                if self.agent.has_sent() =>
            {
                return Ok(Verdict::Applied { cause: error.to_string() });
            }
            Err(error) => return Err(Failure::from(error).at(Stage::Apply)),
        }
        self.observe(&Event::Configured { ssid: ssid.to_vec() });
        self.observe(&Event::Applied);
        self.await_network(ssid).await
    }

    async fn await_network(&mut self, ssid: &[u8]) -> Result<Verdict, Failure> {
        started_event(self.context, Stage::AwaitNetwork, JOIN);
        let began = Instant::now();
        let observer = self.context.observer.clone();
        let trying = JoinState::Joining { attempts_left: None };
        observer.observe(&Event::Join { state: trying.clone(), elapsed: Duration::ZERO });
        let failed = |elapsed| observer.observe(&Event::Join { state: trying.clone(), elapsed });
        let end = self.context.budget.within(JOIN, self.agent.await_join(failed)).await;
        let end = match end.map_err(|elapsed| late(elapsed, Stage::AwaitNetwork).hint(PERHAPS_JOINED))? {
            Ok(end) => end,
            Err(error) => return Ok(Verdict::Applied { cause: error.to_string() }),
        };
        let elapsed = began.elapsed();
        let state = |state| observer.observe(&Event::Join { state, elapsed });
        match end {
            JoinEnd::Joined { ip } => {
                let ip = ip.map(|ip| ip.to_string()).unwrap_or_default();
                // The log tells neither which radio nor how it authenticates.
                let joined = Joined::Wifi { ip, ssid: ssid.to_vec(), access_point: None };
                state(JoinState::Joined(joined.clone()));
                Ok(Verdict::Online(joined))
            }
            JoinEnd::Failed(cause) => {
                let failure = Failure::of_join(cause).at(Stage::AwaitNetwork);
                state(JoinState::Failed(match failure.code {
                    Code::WifiAuthFailed => JoinFailure::Authentication,
                    Code::WifiNotFound => JoinFailure::NotFound,
                    _ => JoinFailure::Unknown(None),
                }));
                Err(failure)
            }
            JoinEnd::Taken => Err(Failure::new(Code::DeviceRefused)
                .at(Stage::AwaitNetwork)
                .because("the board logged that it still works with credentials it got before")
                .hint("restart the board and try again: --reset boot")),
            JoinEnd::Undecided => Err(Failure::new(Code::WifiNotJoined)
                .at(Stage::AwaitNetwork)
                .because(format!("the board's log tells no end of the join after {} s", elapsed.as_secs()))),
            JoinEnd::Nothing => {
                let cause = format!("the board logged nothing of a join in {} s", elapsed.as_secs());
                Ok(Verdict::Applied { cause })
            }
        }
    }

    fn observe(&self, event: &Event) {
        self.context.observer.observe(event);
    }
}

/// A command for the trace, secrets replaced.
fn trace(context: &Context<'_>, command: &Command, began: Instant, reply: Result<String, String>) {
    context.observer.observe(&Event::Exchange(Exchange {
        endpoint: command.name().to_owned(),
        request: command.shown().to_owned(),
        request_len: command.line().len(),
        reply,
        reply_len: 0,
        took: began.elapsed(),
    }));
}

/// Of an answer that repeats the command only whether it was one.
fn taken(told: &Result<(), RainMakerConsoleError>) -> Result<String, String> {
    told.as_ref().map(|()| "taken".to_owned()).map_err(ToString::to_string)
}

fn started_event(context: &Context<'_>, stage: Stage, deadline: Duration) {
    context.observer.observe(&Event::Started { stage, deadline });
}

async fn within<T>(
    context: &Context<'_>,
    stage: Stage,
    limit: Duration,
    work: impl Future<Output = Result<T, RainMakerConsoleError>>,
) -> Result<T, Failure> {
    let done = context.budget.within(limit, work).await;
    let done = done.map_err(|elapsed| late(elapsed, stage))?;
    done.map_err(|error| Failure::from(error).at(stage))
}

fn late(elapsed: Elapsed, stage: Stage) -> Failure {
    let code = if elapsed.total { Code::DeadlineTotal } else { Code::DeadlineStep };
    Failure::new(code).at(stage).because(elapsed.to_string())
}

fn recoverable(code: Code) -> bool {
    matches!(code, Code::DeviceRefused | Code::WifiAuthFailed | Code::WifiNotFound | Code::WifiNotJoined)
}

fn at_configure(error: AnswerError) -> Failure {
    Failure::from(error).at(Stage::Configure)
}
