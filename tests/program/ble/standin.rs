//! The stand-in itself, by a plain D-Bus client: what the other tests rest on.

use std::collections::HashMap;
use std::time::Duration;

use espctl::wire::gatt;
use futures_util::StreamExt;
use tokio::time::timeout;
use zbus::message::Type;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, Message, MessageStream};

use crate::bluez::{At, Bluez, Daemon, Does, Encryption, Fault, Nearby, Question, Radio};

const ADAPTER: &str = "org.bluez.Adapter1";
const DEVICE: &str = "org.bluez.Device1";
const CHARACTERISTIC: &str = "org.bluez.GattCharacteristic1";
const HCI0: &str = "/org/bluez/hci0";
/// Nothing takes longer here.
const SOON: Duration = Duration::from_secs(10);

type Objects = HashMap<OwnedObjectPath, HashMap<String, HashMap<String, OwnedValue>>>;

/// A client of the bus.
struct Client(Connection);

impl Client {
    async fn of(bluez: &Bluez) -> Self {
        let built = zbus::connection::Builder::address(bluez.address().as_str()).expect("an address").build().await;
        Self(built.expect("a connection"))
    }

    async fn call<T>(&self, path: &str, interface: &str, member: &str, arguments: &T) -> zbus::Result<Message>
    where
        T: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let called = self.0.call_method(Some("org.bluez"), path, Some(interface), member, arguments);
        timeout(SOON, called).await.expect("an answer in time")
    }

    async fn objects(&self) -> Objects {
        let reply = self.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await;
        reply.expect("objects").body().deserialize().expect("objects")
    }

    /// The paths of the objects with this interface.
    async fn having(&self, interface: &str) -> Vec<String> {
        let objects = self.objects().await;
        let own = objects.iter().filter(|(_, interfaces)| interfaces.contains_key(interface));
        let mut paths: Vec<String> = own.map(|(path, _)| path.to_string()).collect();
        paths.sort();
        paths
    }

    /// Signals with this name.
    async fn signals(&self, member: &str) -> MessageStream {
        let rule = MatchRule::builder().msg_type(Type::Signal).sender("org.bluez").expect("a name");
        let rule = rule.member(member.to_owned()).expect("a name").build();
        MessageStream::for_match_rule(rule, &self.0, None).await.expect("a subscription")
    }

    /// Scans until one device is there; its path.
    async fn find(&self, filter: &[&str]) -> String {
        let mut added = self.signals("InterfacesAdded").await;
        let filter = HashMap::from([("UUIDs", Value::from(filter.to_vec()))]);
        self.call(HCI0, ADAPTER, "SetDiscoveryFilter", &(filter)).await.expect("a filter");
        self.call(HCI0, ADAPTER, "StartDiscovery", &()).await.expect("a scan");
        let heard = timeout(SOON, added.next()).await.expect("a device").expect("a signal").expect("a message");
        self.call(HCI0, ADAPTER, "StopDiscovery", &()).await.expect("the scan's end");
        let body = heard.body();
        let (path, _): (OwnedObjectPath, HashMap<String, HashMap<String, OwnedValue>>) =
            body.deserialize().expect("an object");
        path.to_string()
    }

    /// Connects and waits for the device's attributes; the path of the version's characteristic.
    async fn connect(&self, device: &str) -> String {
        let mut changed = self.signals("PropertiesChanged").await;
        self.call(device, DEVICE, "Connect", &()).await.expect("a link");
        let resolved = async {
            while let Some(Ok(message)) = changed.next().await {
                let body = message.body();
                let (_, set, _): (String, HashMap<String, OwnedValue>, Vec<String>) =
                    body.deserialize().expect("properties");
                if set.get("ServicesResolved") == Some(&OwnedValue::from(true)) {
                    return;
                }
            }
        };
        timeout(SOON, resolved).await.expect("services");
        let version = gatt::characteristic(gatt::SERVICE, 0xff53).to_string();
        let objects = self.objects().await;
        let is_version = |interfaces: &HashMap<String, HashMap<String, OwnedValue>>| {
            let uuid = interfaces.get(CHARACTERISTIC).and_then(|own| own.get("UUID"));
            uuid.is_some_and(|uuid| uuid.downcast_ref::<&str>() == Ok(&version))
        };
        let path = objects.iter().find(|(_, interfaces)| is_version(interfaces)).map(|(path, _)| path.to_string());
        path.expect("the version's characteristic")
    }

    async fn write(&self, path: &str, value: &[u8]) -> zbus::Result<Message> {
        let options = HashMap::from([("type", Value::from("request"))]);
        self.call(path, CHARACTERISTIC, "WriteValue", &(value, options)).await
    }

    async fn read(&self, path: &str) -> Vec<u8> {
        let options: HashMap<&str, Value<'_>> = HashMap::new();
        let read = self.call(path, CHARACTERISTIC, "ReadValue", &(options)).await.expect("a value");
        read.body().deserialize().expect("bytes")
    }
}

/// The name and the text of an error reply.
fn refusal<T: std::fmt::Debug>(result: zbus::Result<T>) -> (String, String) {
    match result {
        Err(zbus::Error::MethodError(name, text, _)) => (name.to_string(), text.unwrap_or_default()),
        other => panic!("no refusal: {other:?}"),
    }
}

fn service() -> String {
    gatt::SERVICE.to_string()
}

#[tokio::test]
async fn a_scan_hears_what_its_filter_lets_through() {
    let bluez = Bluez::with([Nearby::nameless(), Nearby::improv("Lamp"), Nearby::esp("PROV_d76c30", &[])]);
    let client = Client::of(&bluez).await;
    let found = client.find(&[&service()]).await;
    assert_eq!(client.having(DEVICE).await, std::slice::from_ref(&found), "the others are let through by no filter");
    assert!(!bluez.is_scanning());
    assert_eq!(bluez.abandoned_scans(), 0);
    let heard = [0, 1, 2].map(|index| bluez.first_heard(&bluez.address_of(index)).is_some());
    assert_eq!(heard, [false, false, true], "and when it was heard is on record");
    let object = client.objects().await.remove(&OwnedObjectPath::try_from(found).expect("a path")).expect("a device");
    let device = &object[DEVICE];
    assert_eq!(device["Name"].downcast_ref::<&str>(), Ok("PROV_d76c30"));
    assert!(!device.contains_key("RSSI"), "the scan has ended");
}

#[tokio::test]
async fn a_link_carries_values_and_outlives_its_client() {
    let bluez = Bluez::with([Nearby::esp("PROV_d76c30", &[])]);
    let client = Client::of(&bluez).await;
    let device = client.find(&[]).await;
    let version = client.connect(&device).await;
    client.write(&version, b"---").await.expect("a write");
    assert!(client.read(&version).await.starts_with(b"{"));
    let (name, text) = refusal(client.write(&version, &[b'-'; 513]).await);
    assert_eq!((name.as_str(), text.as_str()), ("org.bluez.Error.InvalidArguments", "Invalid Length"));
    drop(client);
    bluez.until("the client goes", |bluez| bluez.clients() == 0);
    assert_eq!(bluez.links(), [bluez.address_of(0)]);
    assert_eq!(bluez.left_up(), bluez.links());

    // The next client finds it linked, and its objects still there when the link has gone.
    let next = Client::of(&bluez).await;
    next.call(&device, DEVICE, "Disconnect", &()).await.expect("a disconnect");
    let (_, text) = refusal(next.write(&version, b"---").await);
    assert_eq!(text, "Not connected");
    assert_eq!(next.connect(&device).await, version);
}

#[tokio::test]
async fn a_scan_ends_with_its_client() {
    let bluez = Bluez::with([]);
    let client = Client::of(&bluez).await;
    client.call(HCI0, ADAPTER, "StartDiscovery", &()).await.expect("a scan");
    drop(client);
    bluez.until("the scan ends", |bluez| !bluez.is_scanning());
    assert_eq!(bluez.abandoned_scans(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_with_its_filter_stops_the_scan_of_another() {
    for (taken_back, goes_on) in [(false, false), (true, true)] {
        let bluez = Bluez::with([]);
        let (scanning, leaving) = (Client::of(&bluez).await, Client::of(&bluez).await);
        scanning.call(HCI0, ADAPTER, "StartDiscovery", &()).await.expect("a scan");
        let le = HashMap::from([("Transport", Value::from("le"))]);
        leaving.call(HCI0, ADAPTER, "SetDiscoveryFilter", &le).await.expect("a filter");
        if taken_back {
            let none = HashMap::<&str, Value<'_>>::new();
            leaving.call(HCI0, ADAPTER, "SetDiscoveryFilter", &none).await.expect("no filter");
        }
        drop(leaving);
        bluez.until("the client has gone", |bluez| bluez.clients() == 1);
        assert_eq!(bluez.is_scanning(), goes_on, "taken back: {taken_back}");
        assert_eq!(bluez.abandoned_scans(), usize::from(!taken_back));
    }
}

#[tokio::test]
async fn a_scan_whose_start_is_never_answered_ends_with_its_client_alone() {
    let bluez = Bluez::with([]);
    bluez.has_a_rival();
    let client = Client::of(&bluez).await;
    let started = client.call(HCI0, ADAPTER, "StartDiscovery", &());
    timeout(Duration::from_millis(200), started).await.expect_err("no answer");
    bluez.until("the scan begins", Bluez::is_scanning);
    let (name, _) = refusal(client.call(HCI0, ADAPTER, "StopDiscovery", &()).await);
    assert_eq!(name, "org.bluez.Error.InProgress");
    drop(client);
    bluez.until("the scan ends", |bluez| !bluez.is_scanning());
    assert_eq!(bluez.abandoned_scans(), 0, "it could not be stopped");
}

#[tokio::test]
async fn faults_strike_where_and_as_often_as_asked() {
    let abort = Does::Refuse("org.bluez.Error.Failed", "le-connection-abort-by-local");
    let device = Nearby::esp("PROV_d76c30", &[])
        .fault(Fault::times(At::Connect, 2, abort))
        .fault(Fault::nth(At::write("proto-ver"), 2, Does::Att(0x80)))
        .fault(Fault::nth(At::write("proto-ver"), 3, Does::LoseLink));
    let bluez = Bluez::with([device]);
    let client = Client::of(&bluez).await;
    let device = client.find(&[]).await;
    for _ in 0..2 {
        let (_, text) = refusal(client.call(&device, DEVICE, "Connect", &()).await);
        assert_eq!(text, "le-connection-abort-by-local");
    }
    let version = client.connect(&device).await;
    client.write(&version, b"---").await.expect("the first");
    assert_eq!(refusal(client.write(&version, b"---").await).1, "Operation failed with ATT error: 0x80");
    assert_eq!(refusal(client.write(&version, b"---").await).1, "Operation failed with ATT error: 0x0e");
    assert_eq!(bluez.links(), Vec::<String>::new());
}

#[tokio::test]
async fn a_connect_that_waits_is_given_up_by_a_disconnect() {
    let bluez = Bluez::with([Nearby::esp("PROV_d76c30", &[]).fault(Fault::always(At::Connect, Does::Hang))]);
    let client = Client::of(&bluez).await;
    let device = client.find(&[]).await;
    let waiting = client.call(&device, DEVICE, "Connect", &());
    let given_up = async {
        bluez.until("it connects", Bluez::is_connecting);
        client.call(&device, DEVICE, "Disconnect", &()).await.expect("a disconnect");
    };
    let (waited, ()) = tokio::join!(waiting, given_up);
    assert_eq!(refusal(waited).1, "le-connection-canceled");
    assert!(!bluez.is_connecting());
}

#[tokio::test]
async fn an_agent_is_asked_before_a_device_is_paired() {
    /// Agrees to everything.
    struct Agent;
    #[zbus::interface(name = "org.bluez.Agent1")]
    impl Agent {
        #[allow(clippy::unused_self, clippy::needless_pass_by_value)] // the form of a D-Bus method
        fn request_confirmation(&self, device: OwnedObjectPath, passkey: u32) {
            assert!(device.starts_with(HCI0) && passkey < 1_000_000);
        }
    }

    let device = Nearby::esp("PROV_d76c30", &[]).encrypted(Encryption::Automatic, Question::Confirmation);
    let bluez = Bluez::with([device]);
    let client = Client::of(&bluez).await;
    let device = client.find(&[]).await;
    let version = client.connect(&device).await;
    let (name, _) = refusal(client.call(&device, DEVICE, "Pair", &()).await);
    assert_eq!(name, "org.bluez.Error.AuthenticationFailed", "nobody to ask");

    client.0.object_server().at("/agent", Agent).await.expect("an object");
    let agent = ObjectPath::try_from("/agent").expect("a path");
    let manager = "org.bluez.AgentManager1";
    client.call("/org/bluez", manager, "RegisterAgent", &(&agent, "NoInputNoOutput")).await.expect("an agent");
    client.call("/org/bluez", manager, "RequestDefaultAgent", &(&agent)).await.expect("a default agent");
    client.write(&version, b"---").await.expect("bluetoothd pairs by itself");
    assert_eq!(bluez.paired(), [bluez.address_of(0)]);
    assert_eq!(bluez.agents(), 1);
    client.call("/org/bluez", manager, "UnregisterAgent", &(&agent)).await.expect("no agent");
    assert_eq!(bluez.agents(), 0);
}

#[tokio::test]
async fn a_table_kept_from_before_goes_when_the_device_is_removed() {
    let bluez = Bluez::with([Nearby::esp("PROV_d76c30", &[]).remembered_otherwise()]);
    let client = Client::of(&bluez).await;
    let device = client.find(&[]).await;
    client.call(&device, DEVICE, "Connect", &()).await.expect("a link");
    bluez.until("services", |bluez| bluez.count("Connect") == 1 && !bluez.is_connecting());
    assert_eq!(client.having(CHARACTERISTIC).await, Vec::<String>::new());
    let path = ObjectPath::try_from(device.as_str()).expect("a path");
    client.call(HCI0, ADAPTER, "RemoveDevice", &(path)).await.expect("a removal");
    assert_eq!(client.having(DEVICE).await, Vec::<String>::new());
    assert_eq!(client.find(&[]).await, device);
    client.connect(&device).await;
}

#[tokio::test]
async fn without_bluetoothd_or_permission_the_bus_says_so() {
    let cases = [
        (Daemon::Absent, "ServiceUnknown", "The name org.bluez was not provided by any .service files"),
        (Daemon::Forbidden, "AccessDenied", "Rejected send message, 2 matched rules"),
    ];
    for (daemon, name, says) in cases {
        let bluez = Bluez::start(daemon, &[Radio::ON], []);
        let client = Client::of(&bluez).await;
        let asked = client.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await;
        let (refused, text) = refusal(asked);
        assert!(refused.ends_with(name) && text.starts_with(says), "{refused}: {text}");
    }
}

#[tokio::test]
async fn a_bluetoothd_that_ends_takes_its_links_along() {
    let bluez = Bluez::with([Nearby::esp("PROV_d76c30", &[]).fault(Fault::once(At::write("proto-ver"), Does::Die))]);
    let client = Client::of(&bluez).await;
    let device = client.find(&[]).await;
    let version = client.connect(&device).await;
    assert_eq!(refusal(client.write(&version, b"---").await).0, "org.freedesktop.DBus.Error.NoReply");
    assert_eq!(refusal(client.write(&version, b"---").await).0, "org.freedesktop.DBus.Error.ServiceUnknown");
    assert_eq!(bluez.links(), Vec::<String>::new());
}

#[tokio::test]
async fn an_adapter_that_is_off_does_nothing() {
    let bluez = Bluez::start(Daemon::Running, &[Radio::BLOCKED], [Nearby::esp("PROV_d76c30", &[])]);
    let client = Client::of(&bluez).await;
    assert_eq!(refusal(client.call(HCI0, ADAPTER, "StartDiscovery", &()).await).1, "Resource Not Ready");
    let on = (ADAPTER, "Powered", Value::from(true));
    let (name, _) = refusal(client.call(HCI0, "org.freedesktop.DBus.Properties", "Set", &on).await);
    assert_eq!(name, "org.bluez.Error.Blocked");
}
