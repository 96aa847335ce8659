//! `--dialect`: which of the two languages a board's console may speak a command uses. `provision` in both is here; what
//! else the agent's console can do is with its command.

use clap::{Args, ValueEnum};

use super::App;
use super::args::DeviceArgs;
use super::device::CONSOLE;
use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::provision::{self, Answers, Context, Plan, Verdict, rainmaker_console};
use crate::settings::given;
use crate::text;
use crate::transport::Locator;
use crate::transport::console::{ConsoleSettings, Dialect};
use crate::wire::version::VersionInfo;

/// The option.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct DialectArgs {
    /// What the board's console speaks: protocomm, the RainMaker agent's own commands, or auto for whichever answers;
    /// default: auto
    #[arg(long, value_name = "DIALECT", help_heading = "Board")]
    dialect: Option<Choice>,
}

/// As typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// protocomm where it answers, else the agent's console
    Auto,
    /// Firmware whose provisioning transport is the console
    Protocomm,
    /// RainMaker firmware with the agent's console, whichever its provisioning transport
    #[value(name = "agent")]
    RainMaker,
}

/// What came of provisioning, in either dialect.
pub(super) struct ProvisionOutcome {
    pub(super) verdict: Verdict,
    pub(super) peer: String,
    /// protocomm only.
    pub(super) version: Option<VersionInfo>,
    /// protocomm only.
    pub(super) security: Option<u8>,
    pub(super) node_id: Option<String>,
    pub(super) took: std::time::Duration,
}

impl DialectArgs {
    fn said(&self) -> Option<Dialect> {
        self.dialect.map(|choice| match choice {
            Choice::Auto => Dialect::Auto,
            Choice::Protocomm => Dialect::Protocomm,
            Choice::RainMaker => Dialect::RainMaker,
        })
    }

    /// The agent is on a console, so none needs to be named besides; a label's transport does not matter to it.
    pub(super) fn needs_console(&self, device: &mut DeviceArgs, app: &App<'_>) {
        let named = |flag: Option<&String>, variable| {
            flag.is_some() || given(None::<String>, "", variable, app.environment).is_some()
        };
        let said =
            named(device.transport.as_ref(), "ESPCTL_TRANSPORT") || named(device.device.as_ref(), "ESPCTL_DEVICE");
        if self.said() == Some(Dialect::RainMaker) && !said && device.address.is_none() {
            device.transport = Some(CONSOLE.to_owned());
        }
    }

    /// The dialect for a device: what the option or the device's locator says.
    pub(super) fn choose(&self, device: &Locator) -> Result<Dialect, Failure> {
        let located = located(device);
        match (self.said(), located) {
            (Some(Dialect::Protocomm | Dialect::RainMaker), _) if device.scheme() != CONSOLE => {
                Err(Failure::new(Code::UsageConflict)
                    .saying(format!("--dialect is for a board's console, not for {}", device.scheme()))
                    .hint("name the board's serial port with --port"))
            }
            (Some(said), Some(located)) if said != located => Err(Failure::new(Code::UsageConflict)
                .saying("--dialect and the device's own dialect= contradict each other")),
            (said, located) => Ok(said.or(located).unwrap_or_default()),
        }
    }
}

/// What a locator says of the dialect.
fn located(device: &Locator) -> Option<Dialect> {
    if device.scheme() == CONSOLE { ConsoleSettings::read(device).ok()?.dialect } else { None }
}

/// What takes a secure session, which the agent's console has not.
#[derive(Debug, Clone, Copy)]
pub(super) enum NeedsSession<'a> {
    Scan,
    Reset,
    /// A request to this endpoint.
    Request(&'a str),
}

impl NeedsSession<'_> {
    /// Refuses what a locator's dialect rules out.
    pub(super) fn check(self, device: &Locator) -> Result<(), Failure> {
        if located(device) != Some(Dialect::RainMaker) {
            return Ok(());
        }
        let cannot = format!("the RainMaker agent's console cannot {}", self.word());
        Err(self.advise(Failure::new(Code::UsageConflict).saying(cannot), device.address()))
    }

    /// A failure that leaves open what the console speaks, once the agent's has been asked for.
    pub(super) async fn explain(self, failure: Failure, device: &Locator, context: &Context<'_>) -> Failure {
        let dialect = located(device).unwrap_or_default();
        if !may_be_agent(dialect, &failure, &*context.observer) {
            return failure;
        }
        let agent = match rainmaker_console::open(device, context).await {
            Ok(agent) => agent,
            Err(other) => return neither(failure, other),
        };
        let path = text::sanitise(agent.peer()).into_owned();
        let node =
            rainmaker_console::node_id(&agent).map_or("a node without an id".to_owned(), |id| format!("node {id}"));
        let failure = Failure { hints: Vec::new(), causes: Vec::new(), ..failure }
            .saying(format!("the board has only the RainMaker agent's console, which cannot {}", self.word()))
            .because(format!("the console on {path} answers as {node}"));
        self.advise(failure, &path)
    }

    fn word(self) -> String {
        match self {
            Self::Scan => "scan".to_owned(),
            Self::Reset => "reset".to_owned(),
            Self::Request(endpoint) => format!("reach {}", text::sanitise(endpoint)),
        }
    }

    fn advise(self, failure: Failure, port: &str) -> Failure {
        let here = match port {
            "" => "--transport console".to_owned(),
            port => format!("--port {}", text::sanitise(port)),
        };
        match self {
            Self::Scan => failure
                .hint("or scan over the radio its firmware provisions with: --transport ble or --transport softap")
                .hint(format!("give the network by name: espctl provision {here} --ssid NAME")),
            Self::Reset => failure.hint("restart the board, or reset it over --transport ble or --transport softap"),
            Self::Request(_) => failure
                .hint("the endpoint is reached over the radio its firmware provisions with: --transport ble or softap"),
        }
    }
}

/// Whether a failure means that a prompt is there and not protocomm's, so that it may be the agent's. Nothing but the
/// version was asked for so far. That the agent's is tried now is said.
pub(super) fn may_be_agent(dialect: Dialect, failure: &Failure, observer: &dyn Observer) -> bool {
    let may = dialect == Dialect::Auto && failure.code == Code::ConsoleNotProvisioning;
    if may {
        let text = "this console has no provisioning commands; trying the RainMaker agent's".to_owned();
        observer.observe(&Event::Note { text });
    }
    may
}

/// The failure where neither dialect was answered.
pub(super) fn neither(protocomm: Failure, agent: Failure) -> Failure {
    if agent.code == Code::ConsoleNotRainMaker {
        protocomm.because("nor does it answer get-node-id, as the RainMaker agent's console would")
    } else {
        agent
    }
}

/// Whether the plan suits the dialect, as far as that can be told before anything is sent.
pub(super) fn check(dialect: Dialect, plan: &Plan) -> Result<(), Failure> {
    if dialect == Dialect::RainMaker { rainmaker_console::check(plan) } else { Ok(()) }
}

/// Provisions in this dialect.
pub(super) async fn provision(
    dialect: Dialect,
    plan: &Plan,
    context: &mut Context<'_>,
    answers: &mut dyn Answers,
) -> Result<ProvisionOutcome, Failure> {
    if dialect == Dialect::RainMaker {
        return over_agent(plan, context, answers).await;
    }
    let failure = match provision::provision(plan, context, answers).await {
        Ok(outcome) => return Ok(ProvisionOutcome::over_protocomm(outcome)),
        Err(failure) => failure,
    };
    if !may_be_agent(dialect, &failure, &*context.observer) {
        let ruled_out = dialect == Dialect::Protocomm && failure.code == Code::ConsoleNotProvisioning;
        let hint = "leave out --dialect protocomm to have the RainMaker agent's console tried as well";
        return Err(if ruled_out { failure.hint(hint) } else { failure });
    }
    over_agent(plan, context, answers).await.map_err(|other| neither(failure, other))
}

async fn over_agent(
    plan: &Plan,
    context: &mut Context<'_>,
    answers: &mut dyn Answers,
) -> Result<ProvisionOutcome, Failure> {
    if plan.wifi.bssid.is_some() || plan.wifi.channel.is_some() {
        let text = "without effect, since the agent's console has no words for them: --bssid, --channel".to_owned();
        context.observer.observe(&Event::Note { text });
    }
    let outcome = rainmaker_console::provision(plan, context, answers).await?;
    Ok(ProvisionOutcome {
        verdict: outcome.verdict,
        peer: outcome.peer,
        version: None,
        security: None,
        node_id: outcome.node_id,
        took: outcome.took,
    })
}

impl ProvisionOutcome {
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
