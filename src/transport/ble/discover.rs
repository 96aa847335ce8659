//! Bluetooth devices in reach, as rows: what each is, how well it is heard, and the command to type next.
//!
//! A list of what was heard and its three looks: a table, lines, JSON. Listening itself is `nearby.rs`.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::matching::Sighting;
use crate::text;
use crate::transport::{Listing, Row};
use crate::wire::advertisement::{ImprovState, Kind, rainmaker_type};

/// Columns of a name before it is shortened.
const NAME: usize = 29;
/// Most devices that are told of one by one: addresses change, and a place can be busy.
const TOLD: usize = 10_000;
/// How long a device without a name is not told of: most say theirs a moment after their service.
const NAMELESS: Duration = Duration::from_secs(1);

/// What is in reach.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    devices: Vec<Device>,
    /// The addresses of those that were told of, and whether by a name.
    told: HashMap<String, bool>,
    prefix: String,
    all: bool,
    /// The adapter that was named, as it has to be named again.
    adapter: Option<String>,
}

/// A device.
#[derive(Debug)]
struct Device {
    sighting: Sighting,
    kind: Kind,
}

impl Neighbours {
    /// None yet. Only those whose name begins with `prefix`, case ignored, are shown; and those this program knows
    /// nothing of only where `all` are wanted.
    pub(super) fn new(prefix: &str, all: bool, adapter: Option<&str>) -> Self {
        Self {
            prefix: prefix.to_lowercase(),
            all,
            adapter: adapter.map(|name| format!(" --adapter {name}")),
            ..Self::default()
        }
    }

    /// This is in reach now.
    pub(super) fn update(&mut self, sightings: Vec<Sighting>) {
        let device = |sighting: Sighting| Device { kind: sighting.advertisement.kind(), sighting };
        self.devices = sightings.into_iter().map(device).collect();
    }

    /// A line for each of those to be shown that is told of for the first time, at `now`, or for the first time by a name.
    pub(super) fn news(&mut self, now: Instant) -> Vec<String> {
        let room = TOLD.saturating_sub(self.told.len());
        let is_new = |row: &&&Device| match (self.told.get(&row.sighting.address), row.name()) {
            (None, None) => now.saturating_duration_since(row.sighting.first) >= NAMELESS,
            (None, Some(_)) => true,
            (Some(named), name) => !named && name.is_some(),
        };
        let shown = self.shown();
        let new: Vec<_> = shown
            .iter()
            .filter(is_new)
            .take(room)
            .map(|row| (row.sighting.address.clone(), row.name().is_some(), row.line()))
            .collect();
        let told = |(address, named, line)| {
            self.told.insert(address, named);
            line
        };
        new.into_iter().map(told).collect()
    }

    fn shows(&self, row: &Device) -> bool {
        let known = self.all || row.kind != Kind::Other;
        known && (self.prefix.is_empty() || row.name().unwrap_or_default().to_lowercase().starts_with(&self.prefix))
    }

    /// Those to be shown: what can be provisioned first, the best heard first.
    fn shown(&self) -> Vec<&Device> {
        let mut rows: Vec<_> = self.devices.iter().filter(|row| self.shows(row)).collect();
        rows.sort_by_key(|row| (row.rank(), std::cmp::Reverse(row.sighting.rssi), &row.sighting.address));
        rows
    }

    /// What the next command has to say of the adapter.
    fn adapter(&self) -> &str {
        self.adapter.as_deref().unwrap_or_default()
    }

    /// How many were heard and are not shown.
    fn others(&self) -> usize {
        self.devices.len() - self.shown().len()
    }

    /// The rows, at `now`.
    pub(super) fn listing(&self, now: Instant) -> Listing {
        let shown = self.shown();
        let others = self.others();
        let after = match (shown.is_empty(), others) {
            (true, 0) => Some("Nothing was heard.".to_owned()),
            (true, _) if self.prefix.is_empty() => {
                Some(format!("Nothing to provision among {others} devices heard; --all lists them."))
            }
            (true, _) => Some(format!("No name of {others} devices heard begins with the --prefix.")),
            (false, 0) => None,
            (false, _) => Some(format!("and {others} other {}", if others == 1 { "device" } else { "devices" })),
        };
        let row = |device: &&Device| Row {
            cells: device.cells(now).into(),
            next: device.next(&shown, self.adapter()),
            json: device.json(&shown, self.adapter(), now),
            obstacle: None,
        };
        let titles = &["NAME", "ADDRESS", "SIGNAL", "HEARD", "WHAT IT IS"];
        Listing { heading: "Bluetooth".to_owned(), titles, rows: shown.iter().map(row).collect(), after }
    }
}

impl Device {
    /// Provisionable, otherwise known, unknown.
    fn rank(&self) -> u8 {
        match self.kind {
            Kind::Provisioning { .. } => 0,
            Kind::Improv(_) | Kind::Matter(_) | Kind::BluFi | Kind::Espressif => 1,
            Kind::Other => 2,
        }
    }

    fn name(&self) -> Option<&str> {
        self.sighting.advertisement.name.as_deref().filter(|name| !name.is_empty())
    }

    fn cells(&self, now: Instant) -> [String; 5] {
        let name = self.name().map_or("(no name)".into(), text::sanitise);
        let signal = self.sighting.rssi.map_or_else(|| "-".to_owned(), |rssi| format!("{rssi} dBm"));
        let ago = format!("{} s ago", now.saturating_duration_since(self.sighting.last).as_secs());
        let ago = if self.sighting.connected { "-".to_owned() } else { ago };
        let address = text::sanitise(&self.sighting.address).into_owned();
        [text::bounded(&name, NAME).into_owned(), address, signal, ago, self.what()]
    }

    /// In one line.
    fn line(&self) -> String {
        let [name, address, signal, _, what] = self.cells(self.sighting.last);
        format!("{name}  {address}  {signal}  {what}")
    }

    /// What it is, in words.
    fn what(&self) -> String {
        let what = match self.kind {
            Kind::Provisioning { device_type: None } => "provisioning".to_owned(),
            Kind::Provisioning { device_type: Some(number) } => match rainmaker_type(number) {
                Some(word) => format!("provisioning (RainMaker {word})"),
                None => format!("provisioning (RainMaker type {number:#06x})"),
            },
            Kind::Improv(state) => match state {
                Some(ImprovState::AwaitsAuthorization) => "Improv Wi-Fi, waits for its button",
                Some(ImprovState::Authorized) => "Improv Wi-Fi, takes credentials",
                Some(ImprovState::Provisioning) => "Improv Wi-Fi, is joining",
                Some(ImprovState::Provisioned) => "Improv Wi-Fi, has joined",
                None => "Improv Wi-Fi",
            }
            .to_owned(),
            Kind::Matter(told) => format!("Matter, discriminator {}", told.discriminator),
            Kind::BluFi => "BluFi".to_owned(),
            Kind::Espressif => "an Espressif device".to_owned(),
            Kind::Other => "unknown".to_owned(),
        };
        if self.sighting.connected { format!("{what}; has a link to this computer") } else { what }
    }

    /// The command to type next, or what else takes this device.
    fn next(&self, shown: &[&Self], adapter: &str) -> Option<String> {
        match self.kind {
            Kind::Provisioning { .. } => Some(self.command(shown, adapter)),
            Kind::Improv(_) => Some("another protocol than espctl's: use an Improv client".to_owned()),
            Kind::Matter(_) => Some("another protocol than espctl's: use a Matter controller".to_owned()),
            Kind::BluFi => Some("another protocol than espctl's: use a BluFi client".to_owned()),
            Kind::Espressif | Kind::Other => None,
        }
    }

    /// By name where that names one device and stands in a shell as it is, else by address: so too while it has a link,
    /// since the system may have another name for it by then than it advertises.
    fn command(&self, shown: &[&Self], adapter: &str) -> String {
        let plain = |name: &&str| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) && !name.ends_with(['_', '-'])
        };
        let alone = |name: &&str| shown.iter().filter(|row| row.name() == Some(name)).count() == 1;
        match self.name().filter(|_| !self.sighting.connected).filter(plain).filter(alone) {
            Some(name) => format!("espctl provision --transport ble --device-name {name}{adapter}"),
            None => format!("espctl provision --device {}{adapter}", self.sighting.locator()),
        }
    }

    fn json(&self, shown: &[&Self], adapter: &str, now: Instant) -> Value {
        let (kind, detail) = match self.kind {
            Kind::Provisioning { device_type } => ("provisioning", json!({ "rainmaker_type": device_type })),
            Kind::Improv(state) => ("improv", json!({ "state": state.map(improv_word) })),
            Kind::Matter(told) => (
                "matter",
                json!({ "discriminator": told.discriminator, "vendor": told.vendor, "product": told.product }),
            ),
            Kind::BluFi => ("blufi", Value::Null),
            Kind::Espressif => ("espressif", Value::Null),
            Kind::Other => ("other", Value::Null),
        };
        let provisionable = matches!(self.kind, Kind::Provisioning { .. });
        json!({
            "device": self.sighting.locator().to_string(),
            "name": self.name(),
            "address": self.sighting.address,
            "rssi": self.sighting.rssi,
            "kind": kind,
            "detail": detail,
            "services": self.sighting.advertisement.services.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "connected": self.sighting.connected,
            "heard_ms_ago": u64::try_from(now.saturating_duration_since(self.sighting.last).as_millis()).unwrap_or(u64::MAX),
            "command": provisionable.then(|| self.command(shown, adapter)),
        })
    }
}

fn improv_word(state: ImprovState) -> &'static str {
    match state {
        ImprovState::AwaitsAuthorization => "awaits-authorization",
        ImprovState::Authorized => "authorized",
        ImprovState::Provisioning => "provisioning",
        ImprovState::Provisioned => "provisioned",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::advertisement::Advertisement;
    use crate::wire::gatt;

    fn sighting(name: &str, last: u8, rssi: i16, heard: Instant) -> Sighting {
        let advertisement = Advertisement {
            name: (!name.is_empty()).then(|| name.to_owned()),
            services: vec![gatt::SERVICE],
            ..Advertisement::default()
        };
        let address = format!("24:0A:C4:00:00:{last:02X}");
        Sighting { address, advertisement, rssi: Some(rssi), connected: false, first: heard, last: heard }
    }

    fn heard(list: Vec<Sighting>) -> Neighbours {
        let mut neighbours = Neighbours::new("", false, None);
        neighbours.update(list);
        neighbours
    }

    fn table(all: &Neighbours, now: Instant) -> Vec<String> {
        let Listing { heading, rows, after, .. } = all.listing(now);
        let rows = rows.into_iter().flat_map(|row| {
            let next = row.next.map(|next| format!("    {next}"));
            [Some(row.cells.join("  ")), next].into_iter().flatten()
        });
        [heading].into_iter().chain(rows).chain(after).collect()
    }

    #[test]
    fn the_best_heard_comes_first_with_the_command_to_type() {
        let now = Instant::now();
        let mut all = heard(vec![sighting("PROV_FAR", 1, -80, now), sighting("PROV_NEAR", 2, -40, now)]);
        let table = table(&all, now + Duration::from_secs(3));
        let near = table.iter().position(|line| line.contains("PROV_NEAR")).expect("a row");
        assert!(table[near].contains("-40 dBm") && table[near].contains("3 s ago"), "{table:#?}");
        assert_eq!(table[near + 1], "    espctl provision --transport ble --device-name PROV_NEAR");
        assert!(table[near + 2].contains("PROV_FAR"), "{table:#?}");
        assert_eq!(all.news(now).len(), 2);
        assert!(all.news(now).is_empty(), "each is told of once");
    }

    #[test]
    fn a_device_is_announced_by_its_name_where_that_comes_in_time() {
        let now = Instant::now();
        let later = now + NAMELESS;
        let mut soon = heard(vec![sighting("", 1, -50, now)]);
        assert_eq!(soon.news(now), Vec::<String>::new());
        soon.update(vec![sighting("PROV_1", 1, -50, now)]);
        assert!(matches!(&soon.news(now)[..], [line] if line.contains("PROV_1")));
        let mut late = heard(vec![sighting("", 1, -50, now)]);
        assert!(matches!(&late.news(later)[..], [line] if line.contains("(no name)")));
        assert_eq!(late.news(later), Vec::<String>::new());
        late.update(vec![sighting("PROV_1", 1, -50, now)]);
        assert!(matches!(&late.news(later)[..], [line] if line.contains("PROV_1")));
        assert_eq!(late.news(later), Vec::<String>::new());
    }

    #[test]
    fn an_ambiguous_or_odd_name_gives_way_to_the_address() {
        let now = Instant::now();
        let names = [("PROV_1", 1), ("PROV_1", 2), ("my lamp; rm -rf", 3), ("\x1b[31mred", 4), ("", 5), ("PROV_", 6)];
        let text = table(&heard(names.map(|(name, last)| sighting(name, last, -50, now)).into()), now).join("\n");
        for last in 1..=6 {
            assert!(text.contains(&format!("espctl provision --device ble:24:0A:C4:00:00:{last:02X}")), "{text}");
        }
        assert!(!text.contains('\x1b'), "{text:?}");
    }

    #[test]
    fn what_is_not_asked_for_is_counted() {
        let now = Instant::now();
        let mut stranger = sighting("Headphones", 9, -30, now);
        stranger.advertisement.services.clear();
        let mut some = Neighbours::new("prov_", false, None);
        some.update(vec![stranger.clone(), sighting("LAMP_1", 1, -40, now)]);
        assert!(table(&some, now)[1].contains("No name of 2 devices"), "{:?}", table(&some, now));
        some.update(vec![stranger, sighting("LAMP_1", 1, -40, now), sighting("PROV_1", 2, -40, now)]);
        assert!(table(&some, now).last().is_some_and(|line| line.contains("and 2 other")), "{:?}", table(&some, now));
    }

    #[test]
    fn others_are_named_as_what_they_are_and_get_no_command() {
        let now = Instant::now();
        let mut matter = sighting("MATTER-3840", 1, -40, now);
        matter.advertisement.services.clear();
        let uuid = uuid::Uuid::from_u128(0x0000_fff6_0000_1000_8000_0080_5f9b_34fb);
        matter.advertisement.service_data.insert(uuid, vec![0, 0, 0xf, 0xf1, 0xff, 0, 0x80, 0]);
        let mut linked = sighting("PROV_1", 2, -40, now);
        (linked.connected, linked.rssi) = (true, None);
        let all = heard(vec![matter, linked]);
        let text = table(&all, now).join("\n");
        assert!(text.contains("Matter, discriminator 3840") && text.contains("a Matter controller"), "{text}");
        assert!(text.contains("provisioning; has a link to this computer"), "{text}");
        let rows: Vec<_> = all.listing(now).rows.into_iter().map(|row| row.json).collect();
        assert_eq!((&rows[0]["kind"], &rows[1]["kind"]), (&json!("provisioning"), &json!("matter")));
        assert_eq!((&rows[1]["command"], &rows[1]["detail"]["vendor"]), (&Value::Null, &json!(0xfff1)));
    }
}
