//! The message bus: clients, whom a signal reaches, and which part answers a call. A bus with one service on it,
//! bluetoothd; what that does is in the other files.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde::Serialize;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use zbus::message::Type;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue};
use zbus::{Connection, Guid, MatchRule, Message, MessageStream, OwnedMatchRule};

use super::faults::{At, Does};
use super::message::{Answer, BUS, Call, DAEMON, Refusal};
use super::objects::Interfaces;
use super::world::{Asked, Daemon, World};

/// bluetoothd's name.
const BLUEZ: &str = "org.bluez";
/// How long bluetoothd waits for a client it asks: libdbus's default.
const ASKED: Duration = Duration::from_secs(25);
/// How often it is looked whether devices have dropped their links.
const LOOK: Duration = Duration::from_millis(5);

/// The bus and what is on it.
#[derive(Clone)]
pub(super) struct Bus(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    clients: Mutex<BTreeMap<u32, Client>>,
    /// Told when bluetoothd ends.
    died: Notify,
}

/// A client.
struct Client {
    connection: Connection,
    rules: Vec<OwnedMatchRule>,
}

impl Bus {
    pub(super) fn new(world: World) -> Self {
        let (clients, died) = (Mutex::default(), Notify::new());
        Self(Arc::new(Shared { world: Mutex::new(world), clients, died }))
    }

    /// What bluetoothd knows. Not to be held while anything is waited for.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().expect("no part of the stand-in panics")
    }

    fn clients(&self) -> MutexGuard<'_, BTreeMap<u32, Client>> {
        self.0.clients.lock().expect("no part of the stand-in panics")
    }

    /// How many clients there are.
    pub(super) fn client_count(&self) -> usize {
        self.clients().len()
    }

    /// Takes clients for ever.
    pub(super) async fn serve(self, listener: UnixListener) {
        tokio::spawn(self.clone().watch_links());
        let guid = Guid::generate();
        for id in 1u32.. {
            let Ok((socket, _)) = listener.accept().await else { return };
            let (bus, guid) = (self.clone(), guid.clone());
            tokio::spawn(async move {
                // A client that is killed while it introduces itself is none.
                if let Ok(stream) = introduce(socket, guid.into()).await {
                    bus.attend(id, stream).await;
                }
            });
        }
    }

    /// Devices end links by themselves when provisioning ends.
    async fn watch_links(self) {
        loop {
            sleep(LOOK).await;
            let dropped: Vec<usize> = {
                let mut world = self.world();
                let up: Vec<usize> =
                    (0..world.devices.len()).filter(|device| world.devices[*device].is_connected()).collect();
                up.into_iter().filter(|device| !world.behind(*device).keeps_link()).collect()
            };
            for device in dropped {
                self.lose_link(device).await;
            }
        }
    }

    /// Answers one client's calls until it goes.
    async fn attend(self, id: u32, mut stream: MessageStream) {
        let connection = Connection::from(&stream);
        self.clients().insert(id, Client { connection: connection.clone(), rules: Vec::new() });
        while let Some(Ok(message)) = stream.next().await {
            if message.message_type() != Type::MethodCall {
                continue;
            }
            let call = Call::new(id, message);
            // What is asked of the bus itself holds for what comes after it.
            if call.destination == BUS {
                let answer = self.asked_bus(&call);
                respond(&connection, &call, answer).await;
                continue;
            }
            // A slow Connect must not hold up the rest.
            let (bus, connection) = (self.clone(), connection.clone());
            tokio::spawn(async move {
                let answer = bus.asked_daemon(&call).await;
                respond(&connection, &call, answer).await;
            });
        }
        // Only who left nothing unlooked at is gone: a test waits for that, on another thread.
        self.client_left(id).await;
        self.clients().remove(&id);
    }

    /// What is asked of the message bus itself.
    fn asked_bus(&self, call: &Call) -> Answer {
        let running = self.world().daemon != Daemon::Absent;
        let unknown_name =
            |name: &str| Refusal::dbus("NameHasNoOwner", format!("Could not get owner of name '{name}'"));
        match call.member.as_str() {
            "Hello" => call.returns(&format!(":1.{}", call.client)),
            "AddMatch" => {
                let rule = match_rule(call)?;
                if let Some(client) = self.clients().get_mut(&call.client) {
                    client.rules.push(rule);
                }
                call.done()
            }
            "RemoveMatch" => {
                let rule = match_rule(call)?;
                let mut clients = self.clients();
                let client = clients.get_mut(&call.client);
                let known = client.and_then(|client| {
                    let at = client.rules.iter().position(|own| *own == rule)?;
                    Some(client.rules.swap_remove(at))
                });
                let missing = || Refusal::dbus("MatchRuleNotFound", "The given match rule wasn't found");
                let known = known.filter(|_| !self.world().loses_match_rules);
                known.map(drop).ok_or_else(missing)?;
                call.done()
            }
            "GetNameOwner" => match call.arguments::<String>()?.as_str() {
                BLUEZ if running => call.returns(&DAEMON),
                BUS => call.returns(&BUS),
                name => Err(unknown_name(name)),
            },
            "NameHasOwner" => {
                let name = call.arguments::<String>()?;
                call.returns(&(name == BUS || (name == BLUEZ && running)))
            }
            "ListNames" => {
                let own = self.clients().keys().map(|id| format!(":1.{id}")).collect::<Vec<_>>();
                let bluez = [BLUEZ, DAEMON].into_iter().filter(|_| running);
                call.returns(&[BUS].into_iter().chain(bluez).map(str::to_owned).chain(own).collect::<Vec<_>>())
            }
            "ListActivatableNames" => call.returns(&vec![BUS]),
            // Already running.
            "StartServiceByName" if running => call.returns(&2u32),
            "StartServiceByName" => Err(nobody_provides(BLUEZ)),
            "RequestName" => call.returns(&1u32),
            "GetId" => call.returns(&"0123456789abcdef0123456789abcdef"),
            _ => Err(call.unknown()),
        }
    }

    /// What is asked of bluetoothd, or of nobody.
    async fn asked_daemon(&self, call: &Call) -> Answer {
        if ![BLUEZ, DAEMON].contains(&call.destination.as_str()) {
            return Err(nobody_provides(&call.destination));
        }
        // From now on: what ends in between must not be missed.
        let died = self.0.died.notified();
        let daemon = self.world().daemon;
        match daemon {
            Daemon::Running => {}
            Daemon::Absent => return Err(nobody_provides(BLUEZ)),
            Daemon::Forbidden => return Err(forbidden(call)),
            Daemon::Silent => std::future::pending().await,
        }
        self.note(call);
        let late = self.world().late.take_if(|(member, _)| *member == call.member);
        if let Some((_, by)) = late {
            sleep(by).await;
        }
        tokio::select! {
            // What its links did when it ended is told to nobody.
            biased;
            () = died => Err(Refusal::dbus("NoReply", "Message recipient disconnected from message bus without replying")),
            answer = self.route(call) => answer,
        }
    }

    /// Keeps a record of what is asked.
    fn note(&self, call: &Call) {
        let asked =
            Asked { at: Instant::now(), client: call.client, path: call.path.clone(), member: call.member.clone() };
        self.world().asked.push(asked);
    }

    async fn route(&self, call: &Call) -> Answer {
        match (call.interface.as_str(), call.member.as_str()) {
            ("org.freedesktop.DBus.Peer", "Ping") => call.done(),
            ("org.freedesktop.DBus.Introspectable", "Introspect") => {
                let described = self.world().introspect(&call.path);
                call.returns(&described)
            }
            ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects") => {
                let objects: HashMap<OwnedObjectPath, Interfaces> =
                    self.world().objects().into_iter().map(|(path, interfaces)| (object(&path), interfaces)).collect();
                call.returns(&objects)
            }
            ("org.freedesktop.DBus.Properties", "GetAll") => {
                let interface: String = call.arguments()?;
                let found = self.world().object(&call.path).and_then(|mut all| all.remove(&interface));
                call.returns(&found.ok_or_else(|| Refusal::no_object(&call.path))?)
            }
            ("org.freedesktop.DBus.Properties", "Get") => {
                let (interface, property): (String, String) = call.arguments()?;
                let device = self.world().device_at(&call.path).filter(|_| property == "Paired");
                let struck = device.and_then(|device| self.world().behind(device).strikes(&At::IsPaired));
                if let Some(Does::Refuse(name, text)) = struck {
                    return Err(Refusal::new(name, text));
                }
                let object = self.world().object(&call.path).and_then(|mut all| all.remove(&interface));
                let mut object = object.ok_or_else(|| Refusal::no_object(&call.path))?;
                let missing = || Refusal::dbus("InvalidArgs", format!("No such property '{property}'"));
                let found = object.remove(&property).ok_or_else(missing)?;
                call.returns(&zbus::zvariant::Value::from(found))
            }
            ("org.freedesktop.DBus.Properties", "Set") => self.set_property(call).await,
            ("org.bluez.AgentManager1", _) => self.asked_agents(call),
            (super::application::GATT_MANAGER, _) => self.asked_gatt_manager(call).await,
            (super::application::ADVERTISING_MANAGER, _) => self.asked_advertising_manager(call).await,
            (super::objects::ADAPTER, _) => self.asked_adapter(call).await,
            (super::objects::DEVICE, _) => self.asked_device(call).await,
            (super::objects::CHARACTERISTIC | super::objects::DESCRIPTOR, _) => self.asked_attribute(call).await,
            _ => Err(call.unknown()),
        }
    }

    /// bluetoothd ends, as by a crash: its links go with it, and whoever waits for it hears so.
    pub(super) async fn die(&self) {
        self.take_back(None).await;
        let up: Vec<usize> = {
            let world = self.world();
            (0..world.devices.len()).filter(|device| world.devices[*device].is_known()).collect()
        };
        for device in up {
            self.forget(device);
        }
        {
            let mut world = self.world();
            world.daemon = Daemon::Absent;
            world.applications_end(None);
            (world.agents, world.default_agent) = (Vec::new(), None);
            for adapter in &mut world.adapters {
                adapter.forget_clients();
                adapter.since = None;
            }
        }
        self.0.died.notify_waiters();
        self.send(BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", &(BLUEZ, DAEMON, "")).await;
    }

    /// bluetoothd is started again.
    pub(super) async fn revive(&self) {
        self.world().daemon = Daemon::Running;
        self.send(BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", &(BLUEZ, "", DAEMON)).await;
    }

    /// Asks a client's object, as bluetoothd asks an agent.
    pub(super) async fn ask<T: Serialize + DynamicType>(
        &self,
        client: u32,
        path: &str,
        interface: &str,
        member: &str,
        arguments: &T,
    ) -> Result<Message, Refusal> {
        let connection = self.clients().get(&client).map(|client| client.connection.clone());
        let gone = || Refusal::dbus("NoReply", "the client has gone");
        let connection = connection.ok_or_else(gone)?;
        let asked = connection.call_method(None::<&str>, path, Some(interface), member, arguments);
        match timeout(ASKED, asked).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(zbus::Error::MethodError(name, text, _))) => {
                Err(Refusal::new(name.as_str(), text.unwrap_or_default()))
            }
            _ => Err(gone()),
        }
    }

    /// Tells of properties with new values, and of such that have none any more.
    pub(super) async fn changed(&self, path: &str, interface: &str, set: Vec<(&str, OwnedValue)>, gone: &[&str]) {
        let set: BTreeMap<&str, OwnedValue> = set.into_iter().collect();
        self.tell(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", &(interface, set, gone)).await;
    }

    /// Tells of an object that is there now.
    pub(super) async fn added(&self, path: &str) {
        let interfaces = self.world().object(path);
        let Some(interfaces) = interfaces else { return };
        self.tell("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", &(object(path), interfaces)).await;
    }

    /// Tells of an object that is gone.
    pub(super) async fn removed(&self, path: &str, interfaces: &[&str]) {
        self.tell("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", &(object(path), interfaces)).await;
    }

    /// A signal of bluetoothd's.
    async fn tell<T: Serialize + DynamicType>(&self, path: &str, interface: &str, member: &str, body: &T) {
        let running = self.world().daemon == Daemon::Running;
        if running {
            self.send(DAEMON, path, interface, member, body).await;
        }
    }

    /// Sends a signal to every client with a rule that wants it.
    async fn send<T: Serialize + DynamicType>(&self, from: &str, path: &str, interface: &str, member: &str, body: &T) {
        let built = Message::signal(path, interface, member)
            .and_then(|message| message.sender(from))
            .and_then(|message| message.build(body));
        let message = built.expect("a signal");
        let wanting: Vec<Connection> = {
            let clients = self.clients();
            let wants = |client: &&Client| client.rules.iter().any(|rule| covers(rule, from, &message));
            clients.values().filter(wants).map(|client| client.connection.clone()).collect()
        };
        for connection in wanting {
            // A client that has gone is taken off the list elsewhere.
            let _ = connection.send(&message).await;
        }
    }
}

/// The first words between a client and the bus.
async fn introduce(socket: UnixStream, guid: zbus::OwnedGuid) -> zbus::Result<MessageStream> {
    let stream = zbus::connection::Builder::unix_stream(socket).server(guid)?.p2p().build_message_stream().await?;
    // What bluetoothd asks of a client comes from bluetoothd.
    Connection::from(&stream).set_unique_name(DAEMON)?;
    Ok(stream)
}

async fn respond(connection: &Connection, call: &Call, answer: Answer) {
    if !call.wants_answer() {
        return;
    }
    let message = answer.or_else(|refusal| call.refused(&refusal));
    // Whoever asked may have gone meanwhile.
    let _ = connection.send(&message.expect("an answer that can be written")).await;
}

/// Whether a rule wants a signal. A rule names its sender as it likes; on this bus each name has one owner.
fn covers(rule: &MatchRule<'_>, from: &str, message: &Message) -> bool {
    let sender = rule.sender().is_none_or(|sender| {
        let owner = if sender.as_str() == BLUEZ { DAEMON } else { sender.as_str() };
        owner == from
    });
    sender && rule.matches(message).unwrap_or(false)
}

fn match_rule(call: &Call) -> Result<OwnedMatchRule, Refusal> {
    let text: String = call.arguments()?;
    OwnedMatchRule::try_from(text.as_str()).map_err(|error| Refusal::dbus("MatchRuleInvalid", error.to_string()))
}

fn nobody_provides(name: &str) -> Refusal {
    Refusal::dbus("ServiceUnknown", format!("The name {name} was not provided by any .service files"))
}

/// What dbus-daemon says where its policy forbids a message.
fn forbidden(call: &Call) -> Refusal {
    let Call { client, interface, member, .. } = call;
    let text = format!(
        "Rejected send message, 2 matched rules; type=\"method_call\", sender=\":1.{client}\" (uid=1000 pid=4242 \
         comm=\"espctl\") interface=\"{interface}\" member=\"{member}\" error name=\"(unset)\" requested_reply=\"0\" \
         destination=\"org.bluez\" (uid=0 pid=321 comm=\"/usr/libexec/bluetooth/bluetoothd\")"
    );
    Refusal::dbus("AccessDenied", text)
}

/// An object's path.
pub(super) fn object(path: &str) -> OwnedObjectPath {
    ObjectPath::try_from(path).expect("an object path").into()
}
