//! bluetoothd's signals about the adapter and its links. A separate task reads the stream of all signals and picks
//! these out, so that many signals do not delay the device.

use futures_util::stream::{StreamExt, select_all};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zbus::message::Type;
use zbus::zvariant::OwnedObjectPath;
use zbus::{MatchRule, Message, MessageStream};

use super::bus::{BLUEZ, BUS, Bus, Fault};
use super::properties::{Properties, property};

const ADAPTER: &str = "org.bluez.Adapter1";
const DEVICE: &str = "org.bluez.Device1";

/// A change that matters to a peripheral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// The link to this central is down.
    LinkDown(OwnedObjectPath),
    /// The adapter was switched off.
    AdapterOff,
    /// The adapter is gone.
    AdapterGone,
    /// bluetoothd is gone.
    DaemonGone,
}

/// Notices as they come, until it is dropped.
pub(super) struct Watch {
    notices: mpsc::UnboundedReceiver<Notice>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Starts to listen; `adapter` is its object's path.
    pub(super) async fn start(bus: &Bus, adapter: &str) -> Result<Self, Fault> {
        let owner = bus.owner().to_owned();
        let path = OwnedObjectPath::try_from(adapter).map_err(|error| Fault::read(&error.into()))?;
        let mut streams = Vec::new();
        for rule in rules(&path).map_err(|error| Fault::read(&error))? {
            let stream = MessageStream::for_match_rule(rule, bus.connection(), None).await;
            streams.push(stream.map_err(|error| Fault::read(&error))?);
        }
        let (sender, notices) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut messages = select_all(streams);
            while let Some(message) = messages.next().await {
                let notice = message.ok().filter(|message| is_from(message, &owner)).and_then(|it| read(&it, &path));
                if notice.is_some_and(|notice| sender.send(notice).is_err()) {
                    return;
                }
            }
            // The streams end with the connection.
            let _ = sender.send(Notice::DaemonGone);
        });
        Ok(Self { notices, task })
    }

    /// The next notice. The future may be dropped and called again.
    pub(super) async fn next(&mut self) -> Notice {
        self.notices.recv().await.unwrap_or(Notice::DaemonGone)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether bluetoothd sent it, or the bus, and not another program.
fn is_from(message: &Message, owner: &str) -> bool {
    message.header().sender().is_some_and(|sender| [owner, BUS].contains(&sender.as_str()))
}

fn rules(adapter: &OwnedObjectPath) -> zbus::Result<[MatchRule<'static>; 3]> {
    let signal = |sender, interface, member| -> zbus::Result<_> {
        MatchRule::builder().msg_type(Type::Signal).sender(sender)?.interface(interface)?.member(member)
    };
    let changed = signal(BLUEZ, "org.freedesktop.DBus.Properties", "PropertiesChanged")?;
    let removed = signal(BLUEZ, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved")?;
    let owner = signal(BUS, BUS, "NameOwnerChanged")?;
    Ok([
        changed.path_namespace(adapter.clone())?.build().to_owned(),
        removed.build().to_owned(),
        owner.add_arg(BLUEZ)?.build().to_owned(),
    ])
}

fn read(message: &Message, adapter: &OwnedObjectPath) -> Option<Notice> {
    let header = message.header();
    let body = message.body();
    match header.member()?.as_str() {
        "PropertiesChanged" => {
            let (interface, changed, _): (String, Properties, Vec<String>) = body.deserialize().ok()?;
            let is_false = |name| property::<bool>(&changed, name) == Some(false);
            match interface.as_str() {
                DEVICE if is_false("Connected") => {
                    Some(Notice::LinkDown(OwnedObjectPath::from(header.path()?.to_owned())))
                }
                ADAPTER if is_false("Powered") && header.path()? == &adapter.as_ref() => Some(Notice::AdapterOff),
                _ => None,
            }
        }
        "InterfacesRemoved" => {
            let (path, interfaces): (OwnedObjectPath, Vec<String>) = body.deserialize().ok()?;
            let lost = |name: &str| interfaces.iter().any(|interface| interface == name);
            if lost(ADAPTER) && path == *adapter {
                Some(Notice::AdapterGone)
            } else {
                lost(DEVICE).then_some(Notice::LinkDown(path))
            }
        }
        "NameOwnerChanged" => {
            let (name, _, new): (String, String, String) = body.deserialize().ok()?;
            (name == BLUEZ && new.is_empty()).then_some(Notice::DaemonGone)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zbus::zvariant::Value;

    const HCI0: &str = "/org/bluez/hci0";
    const CENTRAL: &str = "/org/bluez/hci0/dev_24_00_00_00_00_01";

    fn path(text: &str) -> OwnedObjectPath {
        OwnedObjectPath::try_from(text).expect("a path")
    }

    fn heard<B>(from: &str, interface: &str, member: &str, body: &B) -> Option<Notice>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let message = Message::signal(from, interface, member).and_then(|signal| signal.build(body)).expect("a signal");
        read(&message, &path(HCI0))
    }

    fn changed(from: &str, interface: &str, name: &str, value: bool) -> Option<Notice> {
        let properties = std::collections::HashMap::from([(name, Value::from(value))]);
        let body = (interface, properties, Vec::<String>::new());
        heard(from, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body)
    }

    #[test]
    fn links_adapters_and_the_daemon_going() {
        assert_eq!(changed(CENTRAL, DEVICE, "Connected", false), Some(Notice::LinkDown(path(CENTRAL))));
        assert_eq!(changed(CENTRAL, DEVICE, "Connected", true), None);
        assert_eq!(changed(CENTRAL, DEVICE, "ServicesResolved", false), None);
        assert_eq!(changed(HCI0, ADAPTER, "Powered", false), Some(Notice::AdapterOff));
        let removed = |gone: &str, interface: &str| {
            let body = (path(gone), vec![interface]);
            heard("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", &body)
        };
        assert_eq!(removed(CENTRAL, DEVICE), Some(Notice::LinkDown(path(CENTRAL))));
        assert_eq!(removed(HCI0, ADAPTER), Some(Notice::AdapterGone));
        assert_eq!(removed("/org/bluez/hci1", ADAPTER), None);
        let owner = |new: &str| {
            heard("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", &("org.bluez", ":1.2", new))
        };
        assert_eq!((owner(""), owner(":1.9")), (Some(Notice::DaemonGone), None));
    }

    #[test]
    fn a_signal_of_another_shape_is_ignored() {
        assert_eq!(heard(CENTRAL, "org.freedesktop.DBus.Properties", "PropertiesChanged", &"odd"), None);
        assert_eq!(heard("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", &7u32), None);
    }

    #[test]
    fn other_programs_signals_do_not_count() {
        let from = |sender: &str| {
            let signal = Message::signal(CENTRAL, BUS, "Changed").and_then(|signal| signal.sender(sender.to_owned()));
            is_from(&signal.and_then(|signal| signal.build(&())).expect("a signal"), ":1.5")
        };
        assert_eq!((from(":1.5"), from(BUS), from(":1.6")), (true, true, false));
    }
}
