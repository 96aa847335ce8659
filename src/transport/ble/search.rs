//! Looking for a device: listens until it is clear which one is meant, or time is up, and says then what was heard
//! instead. Ends links to it that a killed program has left up, since a device that has a link is not heard.

use std::sync::Arc;
use std::time::Duration;

use btleplug::platform::Peripheral;
use tokio::time::{Instant, sleep, sleep_until};

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
/// How often to look whether trouble has lasted too long.
const TROUBLED: Duration = Duration::from_millis(200);
/// How long to listen before links are ended to devices in provisioning mode that have another name.
const RENAMED: Duration = Duration::from_secs(2);

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
    let mut leftovers = Leftovers::find(radio, wanted).await;
    leftovers.release_fitting(radio, observer).await;
    let verdict = listen(&mut listening, wanted, &mut leftovers, (radio, observer), end).await?;
    let held = leftovers.held;
    match verdict {
        Verdict::Found(sighting, fit) => {
            if fit == Fit::Folded {
                let text = format!("no device is named exactly {}; taking {}", wanted.describe(), sighting.label());
                observer.tell(LinkEvent::Note(text));
            }
            listening.finish().await;
            let peripheral = radio.peripheral(&sighting.address).await;
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
            if let Some(trouble) = listening.trouble() {
                return Err(trouble.into());
            }
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
    leftovers: &mut Leftovers,
    (radio, observer): (&Radio, &dyn LinkObserver),
    end: Instant,
) -> Result<Verdict, BleError> {
    let began = Instant::now();
    let mut back = (began + BACK).min(end);
    let mut troubled = false;
    loop {
        let now = Instant::now();
        let trouble = listening.trouble();
        if let Some(trouble) = trouble.as_ref().filter(|trouble| !troubled && trouble.patience() > Duration::ZERO) {
            observer.tell(LinkEvent::Note(format!("{trouble}; waiting for that to pass")));
        }
        troubled = trouble.is_some();
        let over = now >= end;
        let missing = now < back
            && listening.look_patiently(|sightings| {
                let heard = |address: &String| sightings.iter().any(|sighting| sighting.address == *address);
                !leftovers.released.iter().all(heard)
            })?;
        // At the end what is there has to do.
        let judged = if over { now + matching::SETTLE } else { now };
        let verdict = listening.look_patiently(|sightings| matching::judge(wanted, sightings, judged))?;
        // What was heard before may be gone, and nothing can be connected to now.
        let verdict = if troubled { Verdict::Nothing } else { verdict };
        if verdict == Verdict::Nothing && now >= began + RENAMED && leftovers.release_renamed(radio, observer).await {
            back = (Instant::now() + BACK).min(end);
            continue;
        }
        let until = match verdict {
            Verdict::Nothing if !over && leftovers.renamed.is_empty() => end,
            Verdict::Nothing if !over => (began + RENAMED).min(end),
            Verdict::Settling(clear) if !over => clear.min(end),
            Verdict::Found(_, Fit::Exact) if !missing || now >= began + matching::TWINS => return Ok(verdict),
            Verdict::Found(_, Fit::Exact) => (began + matching::TWINS).min(back),
            _ if missing => back,
            verdict => return Ok(verdict),
        };
        tokio::select! {
            () = listening.more() => {}
            () = sleep_until(until) => {}
            // Until trouble has passed, or has lasted too long.
            () = sleep(TROUBLED), if troubled => {}
        }
    }
}

/// Links that this computer has to devices which could be meant. Such a device does not advertise, so it is not heard.
#[derive(Default)]
struct Leftovers {
    /// The name of one that a running espctl has.
    held: Option<String>,
    /// Those that fit, and that no running espctl has.
    fitting: Vec<Linked>,
    /// Those in provisioning mode under another name: over a link bluetoothd reads a device's own name, which need not be
    /// the one that it advertises.
    renamed: Vec<Linked>,
    /// The addresses of those whose link was ended.
    released: Vec<String>,
}

impl Leftovers {
    async fn find(radio: &Radio, wanted: &Wanted) -> Self {
        let mut leftovers = Self::default();
        for linked in radio.host.linked(&radio.name).await {
            let Linked { address, advertisement } = &linked;
            let provisioning = matches!(advertisement.kind(), Kind::Provisioning { .. });
            let fits = wanted.fit(advertisement.name.as_deref(), address, provisioning).is_some();
            let held = Claim::is_held(address);
            match (fits, held) {
                (true, true) => leftovers.held = Some(label(&linked)),
                (true, false) => leftovers.fitting.push(linked),
                (false, false) if provisioning && wanted.name().is_some() => leftovers.renamed.push(linked),
                (false, _) => {}
            }
        }
        leftovers
    }

    /// Ends the links to those that fit.
    async fn release_fitting(&mut self, radio: &Radio, observer: &dyn LinkObserver) {
        for linked in std::mem::take(&mut self.fitting) {
            self.release(linked, radio, observer).await;
        }
    }

    /// Ends the links to those that may fit under the name they advertise; whether there were any.
    async fn release_renamed(&mut self, radio: &Radio, observer: &dyn LinkObserver) -> bool {
        let renamed = std::mem::take(&mut self.renamed);
        // Another espctl may have taken one up since.
        let free: Vec<_> = renamed.into_iter().filter(|linked| !Claim::is_held(&linked.address)).collect();
        let any = !free.is_empty();
        for linked in free {
            self.release(linked, radio, observer).await;
        }
        any
    }

    async fn release(&mut self, linked: Linked, radio: &Radio, observer: &dyn LinkObserver) {
        let text = format!("{} still had a link to this computer; it is being ended", label(&linked));
        observer.tell(LinkEvent::Note(text));
        radio.host.disconnect(&radio.name, &linked.address).await;
        self.released.push(linked.address);
    }
}

/// What the system calls a device, sanitised.
fn label(Linked { address, advertisement }: &Linked) -> String {
    text::bounded(&text::sanitise(advertisement.name.as_deref().unwrap_or(address)), 64).into_owned()
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
