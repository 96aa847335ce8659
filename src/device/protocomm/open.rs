//! The dialect: a link, the version document, and what both tell of the device.

use super::device::Identified;
use crate::device::answers::{AnswerError, Answers, Pick};
use crate::device::context::Context;
use crate::device::dialect::{Dialect, Reached};
use crate::device::link::DeviceFacts;
use crate::endpoint::scan::Radio;
use crate::event::Event;
use crate::failure::Failure;
use crate::session::deadline::limit;
use crate::session::{Link, SessionErrorKind};
use crate::stage::Stage;
use crate::text;
use crate::transport::{BoxFuture, Evidence, Locator, TransportError};
use crate::wire::version::{Break, VersionInfo};

/// The dialect's name.
const NAME: &str = "protocomm";

/// Espressif's unified provisioning.
#[derive(Debug)]
pub(in crate::device) struct Protocomm;

impl Dialect for Protocomm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> &'static str {
        "a provisioning device"
    }

    fn firmware(&self) -> &'static str {
        "Firmware with Espressif's provisioning on this link"
    }

    fn open<'a>(
        &'a self,
        to: &'a Locator,
        context: &'a Context<'_>,
        answers: &'a mut dyn Answers,
    ) -> BoxFuture<'a, Result<Box<dyn Reached>, Failure>> {
        Box::pin(async move {
            let (link, version) = identify(to, context, answers).await?;
            let facts = facts(&link, &version);
            let device: Box<dyn Reached> = Box::new(Identified { link, version, facts });
            Ok(device)
        })
    }
}

fn facts(link: &Link, version: &VersionInfo) -> DeviceFacts {
    DeviceFacts {
        dialect: NAME,
        peer: link.peer(),
        name: link.name(),
        version: Some(version.clone()),
        security: None,
        radio: if version.is_thread() { Radio::Thread } else { Radio::Wifi },
        can_scan: version.can_scan(),
        node_id: None,
        unclaimed: version.wants_claim(),
        limits: Some(link.limits()),
        endpoints: link.endpoints().map(<[String]>::to_vec),
    }
}

/// Opens a link and reads the version document.
///
/// # Errors
/// At the stages connect and identify.
async fn identify(
    device: &Locator,
    context: &Context<'_>,
    answers: &mut dyn Answers,
) -> Result<(Link, VersionInfo), Failure> {
    let mut link = connect(device, context, answers).await?;
    let observer = &context.observer;
    observer.observe(&Event::Started { stage: Stage::Identify, deadline: limit::EXCHANGE });
    let version = match link.identify().await {
        Ok(version) => version,
        Err(error) => {
            link.close().await;
            return Err(error.into());
        }
    };
    if let Some(Break { label, length }) = &version.breaks_off {
        let place = label.as_deref().map(|label| format!(" in {:?}", text::sanitise(label))).unwrap_or_default();
        let text = format!(
            "the device's version document breaks off{place} after {length} bytes; what is said of provisioning is whole"
        );
        observer.observe(&Event::Note { text });
    }
    Ok((link, version))
}

/// Opens a link. Where it is not clear which one is meant, a person chooses.
async fn connect(device: &Locator, context: &Context<'_>, answers: &mut dyn Answers) -> Result<Link, Failure> {
    let observer = &context.observer;
    let mut to = device.clone();
    loop {
        observer.observe(&Event::Started { stage: Stage::Connect, deadline: context.kind.opening_limit() });
        let (log, budget) = (context.log.clone(), context.budget.clone());
        let error = match Link::connect(context.kind, &to, observer.clone(), log, budget).await {
            Ok(link) => return Ok(link),
            Err(error) => error,
        };
        let SessionErrorKind::Transport(TransportError { evidence: Evidence::Several { of, candidates }, .. }) =
            &error.kind
        else {
            return Err(error.into());
        };
        match context.budget.paused(answers.candidate(*of, candidates)).await {
            Ok(Pick::Listed(index)) => {
                to = candidates.get(index).map_or_else(|| to.clone(), |candidate| candidate.locator.clone());
            }
            Ok(Pick::Rescan) => {}
            // Prompts are off: the list is the news, not the missing answer.
            Err(AnswerError::Missing(_)) => return Err(error.into()),
            Err(other) => return Err(Failure::from(other).at(Stage::Connect)),
        }
    }
}
