//! What a run holds between its stages, and the words it has for the observer.

use super::outcome::Verdict;
use super::plan::Plan;
use super::stages::Situation;
use crate::backend::{Pending, Ticket};
use crate::code::Code;
use crate::device::{Context, Credentials, Device, DeviceFacts, Reached};
use crate::event::Event;
use crate::failure::Failure;
use crate::stage::Stage;

/// How far the way to the device has come.
pub(super) enum Way {
    /// Nothing is open.
    Apart,
    /// It answers.
    Reached(Box<dyn Reached>),
    /// It takes requests.
    Open(Box<dyn Device>),
}

/// A run between two stages.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) context: &'a Context<'a>,
    pub(super) way: Way,
    /// What is known of the device, also after it was released.
    pub(super) device: Option<DeviceFacts>,
    pub(super) credentials: Option<Credentials>,
    /// What the back end gave beforehand, until it is used.
    pub(super) ticket: Option<Ticket>,
    /// What the back end is to be asked once the device is online.
    pub(super) pending: Option<Pending>,
    pub(super) node_id: Option<String>,
    /// Of the last try to join.
    pub(super) failure: Option<Failure>,
    pub(super) verdict: Verdict,
    pub(super) recoveries: usize,
    pub(super) situation: Situation,
}

impl<'a> Run<'a> {
    pub(super) fn new(plan: &'a Plan, context: &'a Context<'a>) -> Self {
        let situation =
            Situation { associate: plan.backend.is_some(), network_wanted: plan.network, ..Situation::default() };
        Self {
            plan,
            context,
            way: Way::Apart,
            device: None,
            credentials: None,
            ticket: None,
            pending: None,
            node_id: None,
            failure: None,
            verdict: Verdict::NoNetwork,
            recoveries: 0,
            situation,
        }
    }

    /// The device, which the stages after secure have.
    pub(super) fn device(&mut self) -> Result<&mut (dyn Device + 'static), Failure> {
        match &mut self.way {
            Way::Open(device) => Ok(&mut **device),
            Way::Apart | Way::Reached(_) => Err(Failure::new(Code::Unexpected).because("the device is not open")),
        }
    }

    /// Releases the link, if one is open.
    pub(super) async fn release(&mut self) {
        match std::mem::replace(&mut self.way, Way::Apart) {
            Way::Apart => {}
            Way::Reached(device) => device.close().await,
            Way::Open(device) => device.close().await,
        }
    }

    /// Whether a stage is a step of its own on this device.
    pub(super) fn has(&self, stage: Stage) -> bool {
        matches!(&self.way, Way::Open(device) if device.deadline(stage).is_some())
    }

    /// Announces a stage, where it is a step of its own on this device.
    pub(super) fn started(&self, stage: Stage) {
        if let Way::Open(device) = &self.way
            && let Some(deadline) = device.deadline(stage)
        {
            self.observe(&Event::Started { stage, deadline });
        }
    }

    pub(super) fn observe(&self, event: &Event) {
        self.context.observe(event);
    }

    /// The network's name, once it is known.
    pub(super) fn ssid(&self) -> Vec<u8> {
        self.credentials.as_ref().map(|credentials| credentials.ssid().to_vec()).unwrap_or_default()
    }
}
