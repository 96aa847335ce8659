//! `--dialect`: which of the two languages a board's console may speak `provision` uses.

use clap::ValueEnum;

use super::App;
use super::args::DeviceArgs;
use crate::error::{Code, Failure};
use crate::event::Event;
use crate::provision::{self, Answers, Context, Plan, Verdict, agent};
use crate::settings::given;
use crate::wire::version::VersionInfo;

/// The scheme of the locators that a dialect is for.
const CONSOLE: &str = "console";

/// What a board's console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Dialect {
    /// protocomm where it answers, else the agent's console
    #[default]
    Auto,
    /// Firmware whose provisioning transport is the console
    Protocomm,
    /// RainMaker firmware with the agent's console, whichever its provisioning transport
    Agent,
}

/// What came of a run, in either dialect.
pub(super) struct Told {
    pub(super) verdict: Verdict,
    pub(super) peer: String,
    /// protocomm only.
    pub(super) version: Option<VersionInfo>,
    /// protocomm only.
    pub(super) security: Option<u8>,
    pub(super) node_id: Option<String>,
    pub(super) took: std::time::Duration,
}

impl Dialect {
    /// The agent is on a console, so none needs to be named besides; a label's transport does not matter to it.
    pub(super) fn needs_console(self, device: &mut DeviceArgs, app: &App<'_>) {
        let named = |flag: Option<&String>, variable| {
            flag.is_some() || given(None::<String>, "", variable, app.environment).is_some()
        };
        let said =
            named(device.transport.as_ref(), "ESPCTL_TRANSPORT") || named(device.device.as_ref(), "ESPCTL_DEVICE");
        if self == Self::Agent && !said && device.address.is_none() {
            device.transport = Some(CONSOLE.to_owned());
        }
    }

    /// Whether the plan suits the dialect, as far as that can be told before anything is sent.
    pub(super) fn check(self, plan: &Plan) -> Result<(), Failure> {
        match self {
            Self::Auto => Ok(()),
            _ if plan.device.scheme() != CONSOLE => Err(Failure::new(Code::UsageConflict)
                .saying(format!("--dialect is for a board's console, not for {}", plan.device.scheme()))
                .hint("name the board's serial port with --port")),
            Self::Protocomm => Ok(()),
            Self::Agent => agent::check(plan),
        }
    }

    /// Provisions in this dialect.
    pub(super) async fn provision(
        self,
        plan: &Plan,
        context: &mut Context<'_>,
        answers: &mut dyn Answers,
    ) -> Result<Told, Failure> {
        if self == Self::Agent {
            return over_agent(plan, context, answers).await;
        }
        let failure = match provision::provision(plan, context, answers).await {
            Ok(outcome) => return Ok(Told::over_protocomm(outcome)),
            Err(failure) => failure,
        };
        if self != Self::Auto || failure.code != Code::ConsoleNotProvisioning {
            return Err(failure);
        }
        // A prompt without proto-ver: nothing but the version was asked for so far.
        let text = "the console does not speak protocomm; asking for the RainMaker agent's".to_owned();
        context.observer.observe(&Event::Note { text });
        match over_agent(plan, context, answers).await {
            Err(other) if other.code == Code::ConsoleNotAgent => {
                Err(failure.because("nor does it answer get-node-id, as the RainMaker agent's console would"))
            }
            outcome => outcome,
        }
    }
}

async fn over_agent(plan: &Plan, context: &mut Context<'_>, answers: &mut dyn Answers) -> Result<Told, Failure> {
    if plan.wifi.bssid.is_some() || plan.wifi.channel.is_some() {
        let text = "without effect, since the agent's console has no words for them: --bssid, --channel".to_owned();
        context.observer.observe(&Event::Note { text });
    }
    let outcome = agent::provision(plan, context, answers).await?;
    Ok(Told {
        verdict: outcome.verdict,
        peer: outcome.peer,
        version: None,
        security: None,
        node_id: outcome.node_id,
        took: outcome.took,
    })
}

impl Told {
    /// Whether it came through the agent's console, which has no version document.
    pub(super) fn is_agent(&self) -> bool {
        self.version.is_none()
    }

    fn over_protocomm(outcome: provision::Outcome) -> Self {
        Self {
            verdict: outcome.verdict,
            peer: outcome.peer,
            version: Some(outcome.version),
            security: Some(outcome.security),
            node_id: outcome.node_id,
            took: outcome.took,
        }
    }
}
