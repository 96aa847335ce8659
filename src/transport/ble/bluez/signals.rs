//! What bluetoothd tells of an adapter and of the devices below it. Its signals hold all there is to know of a device,
//! so nothing is asked for any of them: the library asks for each, and falls behind in a crowd.

use std::collections::{BTreeMap, HashMap, VecDeque};

use futures_util::StreamExt as _;
use uuid::Uuid;
use zbus::message::Type;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{MatchRule, Message, MessageStream};

use super::bus::{BLUEZ, Bus, Fault};
use super::objects::{ADAPTER, DEVICE, adapter_path, device_address, uuids};
use crate::transport::ble::error::BleError;
use crate::transport::ble::news::News;
use crate::wire::advertisement::Advertisement;

/// The bus itself, and what its signals are about.
const BUS: &str = "org.freedesktop.DBus";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const OBJECTS: &str = "org.freedesktop.DBus.ObjectManager";
/// Most devices whose advertisement is remembered. bluetoothd forgets those that were only heard half a minute after.
const KNOWN_MAX: usize = 2048;

/// Some members of an object.
type Members<'a> = HashMap<&'a str, Value<'a>>;

/// What is told, as it comes. It has a connection of its own: what waits to be read here holds up no answer.
pub(in crate::transport::ble) struct Signals {
    bus: Bus,
    messages: MessageStream,
    told: Told,
}

/// What was told so far.
struct Told {
    /// The adapter's path.
    adapter: String,
    /// bluetoothd, by its own name on the bus.
    owner: Option<String>,
    /// Devices, by their paths.
    known: HashMap<String, Known>,
    news: VecDeque<News>,
}

/// A device.
#[derive(Debug, Default)]
struct Known {
    advertisement: Advertisement,
    /// How strongly it is heard; nothing where it is remembered and not heard.
    rssi: Option<i16>,
}

impl Signals {
    pub(super) async fn start(adapter: &str) -> Result<Self, BleError> {
        let bus = Bus::open().await?;
        // One stream for all, so that they come in the order in which they were sent.
        let messages = MessageStream::from(bus.connection());
        let told = Told { adapter: adapter_path(adapter), owner: None, known: HashMap::new(), news: VecDeque::new() };
        let mut signals = Self { bus, messages, told };
        signals.subscribe().await.map_err(Fault::of_daemon)?;
        Ok(signals)
    }

    /// Has the bus pass the signals on, and takes in what is known already.
    async fn subscribe(&mut self) -> Result<(), Fault> {
        for rule in rules(&self.told.adapter).map_err(|error| Fault::read(&error))? {
            self.bus.call_bus("AddMatch", &rule.to_string()).await?;
        }
        let owner = self.bus.call_bus("GetNameOwner", &BLUEZ).await?;
        self.told.owner = owner.body().deserialize().ok();
        for (path, interfaces) in self.bus.objects().await? {
            let Some(members) = interfaces.get(DEVICE) else { continue };
            let member = |(name, value)| Some((String::as_str(name), OwnedValue::try_clone(value).ok()?.into()));
            self.told.device(&path, members.iter().filter_map(member).collect(), &[]);
        }
        Ok(())
    }

    /// The next that is told; `None` where nothing more will be. May be dropped and called again.
    pub(in crate::transport::ble) async fn next(&mut self) -> Option<News> {
        loop {
            if let Some(news) = self.told.news.pop_front() {
                return Some(news);
            }
            let message = self.messages.next().await?.ok()?;
            self.told.take(&message);
        }
    }
}

fn rules(adapter: &str) -> zbus::Result<[MatchRule<'_>; 4]> {
    let signal = |sender, interface, member| -> zbus::Result<_> {
        MatchRule::builder().msg_type(Type::Signal).sender(sender)?.interface(interface)?.member(member)
    };
    Ok([
        signal(BLUEZ, PROPERTIES, "PropertiesChanged")?.path_namespace(adapter)?.build(),
        signal(BLUEZ, OBJECTS, "InterfacesAdded")?.build(),
        signal(BLUEZ, OBJECTS, "InterfacesRemoved")?.build(),
        signal(BUS, BUS, "NameOwnerChanged")?.add_arg(BLUEZ)?.build(),
    ])
}

impl Told {
    /// Takes in a message, where it is a signal of bluetoothd or of the bus.
    fn take(&mut self, message: &Message) {
        let header = message.header();
        let (Some(sender), Some(member)) = (header.sender(), header.member()) else { return };
        if message.message_type() != Type::Signal {
            return;
        }
        let body = message.body();
        if sender.as_str() == BUS {
            let owner = body.deserialize::<(&str, &str, &str)>();
            if let (Ok((BLUEZ, _, owner)), "NameOwnerChanged") = (owner, member.as_str()) {
                self.owner = Some(owner.to_owned()).filter(|owner| !owner.is_empty());
                self.known.clear();
                self.news.push_back(News::Changed);
            }
            return;
        }
        // Any program can send a signal to this one.
        if self.owner.as_deref() != Some(sender.as_str()) {
            return;
        }
        match (member.as_str(), header.path()) {
            ("PropertiesChanged", Some(path)) => {
                let Ok((interface, changed, gone)) = body.deserialize::<(&str, Members<'_>, Vec<&str>)>() else {
                    return;
                };
                match interface {
                    DEVICE => self.device(path.as_str(), changed, &gone),
                    ADAPTER if path.as_str() == self.adapter && changed.contains_key("Powered") => {
                        self.news.push_back(News::Changed);
                    }
                    _ => {}
                }
            }
            ("InterfacesAdded", _) => {
                let added = body.deserialize::<(OwnedObjectPath, HashMap<&str, Members<'_>>)>();
                let Ok((path, mut interfaces)) = added else { return };
                match interfaces.remove(DEVICE) {
                    Some(members) => self.device(&path, members, &[]),
                    None if path.as_str() == self.adapter => self.news.push_back(News::Changed),
                    None => {}
                }
            }
            ("InterfacesRemoved", _) => {
                let Ok((path, interfaces)) = body.deserialize::<(OwnedObjectPath, Vec<&str>)>() else { return };
                if interfaces.contains(&DEVICE) {
                    self.known.remove(path.as_str());
                } else if interfaces.contains(&ADAPTER) && path.as_str() == self.adapter {
                    self.news.push_back(News::Changed);
                }
            }
            _ => {}
        }
    }

    /// Takes in what is told of a device.
    fn device(&mut self, path: &str, changed: Members<'_>, gone: &[&str]) {
        let below = path.strip_prefix(&self.adapter).is_some_and(|rest| rest.starts_with('/'));
        let Some(address) = device_address(path).filter(|_| below) else { return };
        if let Some(Value::Bool(up)) = changed.get("Connected") {
            self.news.push_back(News::Link { address: address.clone(), up: *up });
        }
        let is_new = !self.known.contains_key(path);
        if is_new {
            self.make_room();
        }
        let known = self.known.entry(path.to_owned()).or_default();
        let was_heard = known.rssi.is_some();
        if gone.contains(&"RSSI") {
            known.rssi = None;
        }
        let rssi = changed.get("RSSI").and_then(|value| i16::try_from(value).ok());
        known.rssi = rssi.or(known.rssi);
        let told = !changed.is_empty();
        let news = known.advertises(changed);
        // Without a signal strength it is not heard, but remembered, or it has a link.
        if told && known.rssi.is_some() {
            let advertisement = (news || !was_heard).then(|| known.advertisement.clone());
            self.news.push_back(News::Heard { address, advertisement, rssi });
        }
    }

    /// Where too many devices are known, those that are not heard are forgotten, and then all.
    fn make_room(&mut self) {
        if self.known.len() >= KNOWN_MAX {
            self.known.retain(|_, known| known.rssi.is_some());
        }
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
    }
}

impl Known {
    /// Takes in what it advertises; whether that is anything new.
    fn advertises(&mut self, changed: Members<'_>) -> bool {
        let mut new = false;
        for (name, value) in changed {
            let own = &mut self.advertisement;
            new |= match name {
                "Name" => replace(&mut own.name, String::try_from(value).ok()),
                "UUIDs" => replace(&mut own.services, uuids(&value)),
                "ManufacturerData" => replace(&mut own.manufacturer_data, data::<u16, _>(value, Some)),
                "ServiceData" => {
                    let uuid = |text: String| Uuid::parse_str(&text).ok();
                    replace(&mut own.service_data, data::<String, _>(value, uuid))
                }
                _ => false,
            };
        }
        new
    }
}

fn replace<T: PartialEq>(old: &mut T, new: T) -> bool {
    let differs = *old != new;
    *old = new;
    differs
}

/// Data of an advertisement, by whatever it is told apart.
fn data<'a, K, T: Ord>(value: Value<'a>, key: impl Fn(K) -> Option<T>) -> BTreeMap<T, Vec<u8>>
where
    HashMap<K, Value<'a>>: TryFrom<Value<'a>>,
{
    let told = HashMap::<K, Value<'a>>::try_from(value).ok().into_iter().flatten();
    told.filter_map(|(name, bytes)| Some((key(name)?, Vec::<u8>::try_from(bytes).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::gatt;

    const PATH: &str = "/org/bluez/hci0/dev_24_0A_C4_00_00_01";
    const ADDRESS: &str = "24:0A:C4:00:00:01";

    fn told() -> Told {
        let (adapter, owner) = ("/org/bluez/hci0".to_owned(), Some(":1.5".to_owned()));
        Told { adapter, owner, known: HashMap::new(), news: VecDeque::new() }
    }

    fn signal<B>(from: &str, path: &str, interface: &str, member: &str, body: &B) -> Message
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let signal = Message::signal(path, interface, member).and_then(|signal| signal.sender(from));
        signal.and_then(|signal| signal.build(body)).expect("a signal")
    }

    fn changed(from: &str, path: &str, members: Members<'_>, gone: &[&str]) -> Message {
        signal(from, path, PROPERTIES, "PropertiesChanged", &(DEVICE, members, gone))
    }

    /// The news of some messages.
    fn news(told: &mut Told, messages: &[Message]) -> Vec<News> {
        for message in messages {
            told.take(message);
        }
        told.news.drain(..).collect()
    }

    fn heard(advertisement: Option<Advertisement>, rssi: Option<i16>) -> News {
        News::Heard { address: ADDRESS.to_owned(), advertisement, rssi }
    }

    #[test]
    fn a_device_is_told_whole_once_and_then_as_it_changes() {
        let mut told = told();
        let services = vec![gatt::SERVICE.to_string()];
        let data = HashMap::from([(0x02e5_u16, Value::from(vec![1_u8, 2]))]);
        let members = || HashMap::from([("UUIDs", Value::from(services.clone())), ("RSSI", Value::from(-50_i16))]);
        let path = OwnedObjectPath::try_from(PATH).expect("a path");
        let added = signal(":1.5", "/", OBJECTS, "InterfacesAdded", &(path, HashMap::from([(DEVICE, members())])));
        let again = changed(":1.5", PATH, HashMap::from([("RSSI", Value::from(-60_i16))]), &[]);
        let named = changed(":1.5", PATH, HashMap::from([("Name", Value::from("PROV_1"))]), &[]);
        let with = || changed(":1.5", PATH, HashMap::from([("ManufacturerData", Value::from(data.clone()))]), &[]);
        let mut all = Advertisement { services: vec![gatt::SERVICE], ..Advertisement::default() };
        let first = heard(Some(all.clone()), Some(-50));
        all.name = Some("PROV_1".to_owned());
        let second = heard(Some(all.clone()), None);
        all.manufacturer_data.insert(0x02e5, vec![1, 2]);
        let third = heard(Some(all), None);
        let expected = [first, heard(None, Some(-60)), second, third, heard(None, None)];
        assert_eq!(news(&mut told, &[added, again, named, with(), with()]), expected);
    }

    #[test]
    fn what_is_remembered_or_has_a_link_is_not_heard() {
        let mut told = told();
        let named = || changed(":1.5", PATH, HashMap::from([("Name", Value::from("PROV_1"))]), &[]);
        assert_eq!(news(&mut told, &[named()]), []);
        let strength = changed(":1.5", PATH, HashMap::from([("RSSI", Value::from(-50_i16))]), &[]);
        assert!(
            matches!(&news(&mut told, &[strength])[..], [News::Heard { advertisement: Some(all), .. }] if all.name.is_some())
        );
        let silent = changed(":1.5", PATH, HashMap::new(), &["RSSI"]);
        assert_eq!(news(&mut told, &[silent, named()]), []);
        let up = changed(":1.5", PATH, HashMap::from([("Connected", Value::from(true))]), &[]);
        assert_eq!(news(&mut told, &[up]), [News::Link { address: ADDRESS.to_owned(), up: true }]);
    }

    #[test]
    fn only_bluetoothd_is_listened_to_and_only_below_the_adapter() {
        let mut told = told();
        let strength = |from, path| changed(from, path, HashMap::from([("RSSI", Value::from(-50_i16))]), &[]);
        let other = "/org/bluez/hci01/dev_24_0A_C4_00_00_01";
        assert_eq!(news(&mut told, &[strength(":1.9", PATH), strength(":1.5", other)]), []);
        let owner = signal(BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", &(BLUEZ, ":1.5", ":1.9"));
        assert_eq!(news(&mut told, &[owner]), [News::Changed]);
        assert_eq!(news(&mut told, &[strength(":1.9", PATH)]).len(), 1);
    }

    #[test]
    fn a_flood_of_devices_is_bounded() {
        let mut told = told();
        for number in 0..3 * KNOWN_MAX {
            let path = format!("/org/bluez/hci0/dev_24_0A_C4_00_{:02X}_{:02X}", number / 256, number % 256);
            told.device(&path, HashMap::from([("RSSI", Value::from(-50_i16))]), &[]);
            told.news.clear();
        }
        assert!(told.known.len() <= KNOWN_MAX);
    }
}
