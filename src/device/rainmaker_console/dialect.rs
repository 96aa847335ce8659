//! The dialect: when it is tried, what it cannot do, and opening a board's console.

use std::time::Duration;

use super::console::RainMakerConsole;
use super::device::Board;
use super::failure::late;
use super::need;
use super::reply::NodeId;
use super::request::ConsoleRequest;
use crate::code::Code;
use crate::device::answers::Answers;
use crate::device::context::Context;
use crate::device::dialect::{Dialect, Need, Reached};
use crate::device::link::DeviceFacts;
use crate::device::plan::WifiPlan;
use crate::endpoint::scan::Radio;
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::ThreadDataset;
use crate::stage::Stage;
use crate::transport::{BoxFuture, Locator, TransportKind};

/// The dialect's name.
const NAME: &str = "agent";
/// The port, a greeting of up to 8 s, and two questions.
const OPEN: Duration = Duration::from_secs(30);

/// The RainMaker agent's own console.
#[derive(Debug)]
pub struct RainMakerDialect;

impl Dialect for RainMakerDialect {
    fn name(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> &'static str {
        "the RainMaker agent's console"
    }

    fn firmware(&self) -> &'static str {
        "RainMaker firmware with the agent's console, whichever its provisioning transport"
    }

    /// The agent has a console and nothing else.
    fn goes_over(&self, kind: &dyn TransportKind) -> bool {
        kind.carries_board_log()
    }

    /// A prompt is there that is not protocomm's, so it may be the agent's. Only the version was asked for so far.
    fn may_follow(&self, earlier: &Failure) -> bool {
        earlier.code == Code::ConsoleNotProvisioning
    }

    fn announcement(&self) -> &'static str {
        "this console has no provisioning commands; trying the RainMaker agent's"
    }

    fn neither(&self, earlier: Failure, own: Failure) -> Failure {
        if own.code == Code::ConsoleNotRainMaker {
            earlier.because("nor does it answer get-node-id, as the RainMaker agent's console would")
        } else {
            own
        }
    }

    fn check_need(&self, need: Need<'_>, port: &str) -> Result<(), Failure> {
        need::check(need, port)
    }

    fn check_request(&self, endpoint: &str, body: &[u8]) -> Result<(), Failure> {
        if let Some(request) = ConsoleRequest::read(endpoint, body)? {
            request.command()?;
        }
        Ok(())
    }

    fn check_network(&self, wifi: &WifiPlan, dataset: Option<&ThreadDataset>) -> Result<(), Failure> {
        need::check_network(wifi, dataset)
    }

    fn open<'a>(
        &'a self,
        to: &'a Locator,
        context: &'a Context<'_>,
        _: &'a mut dyn Answers,
    ) -> BoxFuture<'a, Result<Box<dyn Reached>, Failure>> {
        Box::pin(async move {
            context.observe(&Event::Started { stage: Stage::Connect, deadline: OPEN });
            let opened = context.budget.within(OPEN, RainMakerConsole::open(to, context.log.clone())).await;
            let opened = opened.map_err(|elapsed| late(elapsed).at(Stage::Connect))?;
            let agent = opened.map_err(|error| Failure::from(error).at(Stage::Connect))?;
            let facts = facts(&agent);
            context.observe(&Event::Connected { peer: facts.peer.clone() });
            let shown = facts.node_id.as_ref().map_or("a node without an id".to_owned(), |id| format!("node {id}"));
            context.observe(&Event::Note { text: format!("the RainMaker agent's console of {shown} answers") });
            let board: Box<dyn Reached> = Box::new(Board::new(agent, facts, context));
            Ok(board)
        })
    }
}

fn facts(agent: &RainMakerConsole) -> DeviceFacts {
    let node_id = match agent.node_id() {
        NodeId::Known(id) => Some(id.clone()),
        NodeId::Unclaimed => None,
    };
    DeviceFacts {
        dialect: NAME,
        peer: agent.peer().to_owned(),
        name: None,
        version: None,
        security: None,
        radio: Radio::Wifi,
        can_scan: false,
        unclaimed: node_id.is_none(),
        node_id,
        limits: None,
        endpoints: None,
    }
}
