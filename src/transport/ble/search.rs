//! Looking for a device: listens until it is clear which one is meant, or time is up, and says then what was heard
//! instead. Ends links to it that a killed program has left up, since a device that has a link is not heard.

use std::sync::Arc;
use std::time::Duration;

use btleplug::platform::Peripheral;
use tokio::time::{Instant, sleep_until};

use super::address::{Fit, Wanted};
use super::advice;
use super::error::BleError;
use super::host::{Claim, Linked};
use super::matching::{self, Sighting, Verdict};
use super::radio::{Listening, Radio};
use crate::text;
use crate::transport::{Candidate, CandidateKind, LinkEvent, LinkObserver, Locator, TransportError};
use crate::wire::advertisement::Kind;

/// How long a device whose link was ended may take to be heard again.
const BACK: Duration = Duration::from_secs(3);

/// A device that was found.
pub(super) struct Found {
    pub(super) sighting: Sighting,
    pub(super) peripheral: Peripheral,
}

/// Looks for the device that `to` means by `wanted`, until `end`.
///
/// # Errors
/// [`Evidence::Several`], or [`BleError`] for none.
pub(super) async fn search(
    radio: &Arc<Radio>,
    wanted: &Wanted,
    to: &Locator,
    end: Instant,
    observer: &dyn LinkObserver,
) -> Result<Found, TransportError> {
    let began = Instant::now();
    observer.tell(LinkEvent::Looking { wanted: wanted.describe(), over: "Bluetooth" });
    let mut listening = radio.listen();
    let Leftovers { held, released } = release_leftovers(radio, wanted, observer).await;
    let verdict = listen(&mut listening, wanted, &released, end).await?;
    match verdict {
        Verdict::Found(sighting, fit) => {
            if fit == Fit::Folded {
                let text = format!("no device is named exactly {}; taking {}", wanted.describe(), sighting.label());
                observer.tell(LinkEvent::Note(text));
            }
            let peripheral = listening.peripheral(&sighting.address);
            listening.finish().await;
            let peripheral = peripheral.ok_or_else(|| BleError::Stack { reason: "the device has gone".to_owned() })?;
            Ok(Found { sighting, peripheral })
        }
        Verdict::Several(sightings) => {
            // Somebody may take long to choose.
            listening.finish().await;
            Err(advice::several(
                CandidateKind::Device,
                sightings.iter().map(|sighting| candidate(sighting, to)).collect(),
            ))
        }
        Verdict::Nothing | Verdict::Settling(_) => {
            // Why nothing was heard may have come about only since.
            radio.host.ready(&radio.name).await?;
            if let Some(peer) = held {
                return Err(BleError::Busy { peer }.into());
            }
            let (near, heard) = listening.look(|sightings| (matching::near(wanted, sightings), sightings.len()))?;
            let searched = began.elapsed();
            Err(BleError::NotFound { wanted: wanted.describe(), near, heard, searched }.into())
        }
    }
}

/// Listens until it is clear what is meant. Devices whose links were ended just now could be meant as well as those
/// that are heard first: they are waited for.
async fn listen(
    listening: &mut Listening,
    wanted: &Wanted,
    released: &[String],
    end: Instant,
) -> Result<Verdict, BleError> {
    let back = (Instant::now() + BACK).min(end);
    loop {
        let now = Instant::now();
        let over = now >= end;
        let missing = now < back
            && listening.look(|sightings| {
                !released.iter().all(|address| sightings.iter().any(|sighting| sighting.address == *address))
            })?;
        // At the end what is there has to do.
        let judged = if over { now + matching::SETTLE } else { now };
        let verdict = listening.look(|sightings| matching::judge(wanted, sightings, judged))?;
        let until = match verdict {
            Verdict::Nothing if !over => end,
            Verdict::Settling(clear) if !over => clear.min(end),
            Verdict::Found(_, Fit::Exact) => return Ok(verdict),
            _ if missing => back,
            verdict => return Ok(verdict),
        };
        tokio::select! {
            () = listening.more() => {}
            () = sleep_until(until) => {}
        }
    }
}

/// Links to devices that fit.
#[derive(Default)]
struct Leftovers {
    /// The name of one that a running espctl has.
    held: Option<String>,
    /// The addresses of those that no process held.
    released: Vec<String>,
}

/// Ends links to devices that fit, where no running espctl has them.
async fn release_leftovers(radio: &Radio, wanted: &Wanted, observer: &dyn LinkObserver) -> Leftovers {
    let mut leftovers = Leftovers::default();
    for linked in radio.host.linked(&radio.name).await {
        let Linked { address, advertisement } = &linked;
        let (name, kind) = (advertisement.name.as_deref(), advertisement.kind());
        if wanted.fit(name, address, matches!(kind, Kind::Provisioning { .. })).is_none() {
            continue;
        }
        let label = text::bounded(&text::sanitise(name.unwrap_or(address)), 64).into_owned();
        if Claim::is_held(&linked.address) {
            leftovers.held = Some(label);
        } else {
            observer.tell(LinkEvent::Note(format!("{label} still had a link to this computer; it is being ended")));
            radio.host.disconnect(&radio.name, &linked.address).await;
            leftovers.released.push(linked.address);
        }
    }
    leftovers
}

/// A device as one of several to choose from.
fn candidate(sighting: &Sighting, to: &Locator) -> Candidate {
    let parameters = to.parameters();
    let locator = parameters.fold(sighting.locator(), |locator, (key, value)| locator.with(key, value));
    let label = match sighting.name() {
        Some(_) => format!("{} ({})", sighting.label(), sighting.address),
        None => sighting.address.clone(),
    };
    Candidate { locator, label, rssi: sighting.rssi }
}
