//! A central on the first adapter: a plain D-Bus client that shares no code with the program's own Bluetooth.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Message};

use crate::bluez::Bluez;

const ADAPTER: &str = "org.bluez.Adapter1";
const DEVICE: &str = "org.bluez.Device1";
const CHARACTERISTIC: &str = "org.bluez.GattCharacteristic1";
const DESCRIPTOR: &str = "org.bluez.GattDescriptor1";
const HCI0: &str = "/org/bluez/hci0";
/// Longer than any answer takes.
const SOON: Duration = Duration::from_secs(20);

type Objects = HashMap<OwnedObjectPath, HashMap<String, HashMap<String, OwnedValue>>>;

/// A client of bluetoothd.
pub(crate) struct Central(Connection);

/// A device as the central found it.
pub(crate) struct Device<'a> {
    central: &'a Central,
    pub(crate) path: String,
    /// Characteristics by the names in their user descriptions.
    endpoints: BTreeMap<String, String>,
}

impl Central {
    pub(crate) async fn of(bluez: &Bluez) -> Self {
        let built = zbus::connection::Builder::address(bluez.address().as_str()).expect("an address").build().await;
        Self(built.expect("a connection"))
    }

    async fn call<T>(&self, path: &str, interface: &str, member: &str, arguments: &T) -> Result<Message, String>
    where
        T: serde::Serialize + DynamicType,
    {
        let called = self.0.call_method(Some("org.bluez"), path, Some(interface), member, arguments);
        match timeout(SOON, called).await.expect("an answer in time") {
            Ok(reply) => Ok(reply),
            Err(zbus::Error::MethodError(_, text, _)) => Err(text.unwrap_or_default()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn objects(&self) -> Objects {
        let reply = self.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await;
        reply.expect("objects").body().deserialize().expect("objects")
    }

    async fn property(&self, path: &str, interface: &str, name: &str) -> Option<OwnedValue> {
        let objects = self.objects().await;
        let (_, own) = objects.into_iter().find(|(own, _)| own.as_str() == path)?;
        own.get(interface)?.get(name).cloned()
    }

    /// Scans until a device of this name is heard; its path.
    pub(crate) async fn find(&self, name: &str) -> String {
        self.call(HCI0, ADAPTER, "StartDiscovery", &()).await.expect("a scan");
        let found = self.until(async || {
            let objects = self.objects().await;
            objects.into_iter().find_map(|(path, own)| {
                let own = own.get(DEVICE)?;
                let named = own.get("Name")?.downcast_ref::<&str>() == Ok(name);
                // Heard in this scan, not remembered.
                (named && own.contains_key("RSSI")).then(|| path.to_string())
            })
        });
        let found = found.await;
        self.call(HCI0, ADAPTER, "StopDiscovery", &()).await.expect("the scan's end");
        found
    }

    /// Whether a scan still hears a device.
    pub(crate) async fn hears(&self, path: &str) -> bool {
        self.call(HCI0, ADAPTER, "StartDiscovery", &()).await.expect("a scan");
        // Two of firmware's intervals.
        sleep(Duration::from_millis(320)).await;
        let heard = self.property(path, DEVICE, "RSSI").await.is_some();
        self.call(HCI0, ADAPTER, "StopDiscovery", &()).await.expect("the scan's end");
        heard
    }

    /// Finds a device, connects, and reads the names of its endpoints.
    pub(crate) async fn connect(&self, name: &str) -> Device<'_> {
        let path = self.find(name).await;
        self.connect_to(path).await
    }

    /// The same for a device that was found already.
    pub(crate) async fn connect_to(&self, path: String) -> Device<'_> {
        self.call(&path, DEVICE, "Connect", &()).await.expect("a link");
        self.until(async || {
            let resolved = self.property(&path, DEVICE, "ServicesResolved").await;
            (resolved == Some(OwnedValue::from(true))).then_some(())
        })
        .await;
        let mut endpoints = BTreeMap::new();
        for (descriptor, own) in self.objects().await {
            if descriptor.starts_with(&path) && own.contains_key(DESCRIPTOR) {
                let read = self.read_at(&descriptor, DESCRIPTOR).await.expect("a user description");
                let of = descriptor.rsplit_once('/').expect("a path").0.to_owned();
                endpoints.insert(String::from_utf8(read).expect("a name"), of);
            }
        }
        Device { central: self, path, endpoints }
    }

    async fn read_at(&self, path: &str, interface: &str) -> Result<Vec<u8>, String> {
        let read = self.call(path, interface, "ReadValue", &HashMap::<&str, Value<'_>>::new()).await;
        read.map(|reply| reply.body().deserialize().expect("bytes"))
    }

    async fn until<T>(&self, look: impl AsyncFn() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(started.elapsed() < SOON, "it never comes");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Device<'_> {
    /// The names of its endpoints.
    pub(crate) fn endpoints(&self) -> Vec<&str> {
        self.endpoints.keys().map(String::as_str).collect()
    }

    /// An endpoint's characteristic.
    pub(crate) async fn uuid(&self, endpoint: &str) -> String {
        let uuid = self.central.property(&self.endpoints[endpoint], CHARACTERISTIC, "UUID").await;
        uuid.expect("a property").try_into().expect("a text")
    }

    /// Writes a value; the text of the error where it is refused.
    pub(crate) async fn write(&self, endpoint: &str, value: &[u8]) -> Result<(), String> {
        let options = HashMap::from([("type", Value::from("request"))]);
        let path = &self.endpoints[endpoint];
        self.central.call(path, CHARACTERISTIC, "WriteValue", &(value, options)).await.map(drop)
    }

    /// Reads a value.
    pub(crate) async fn read(&self, endpoint: &str) -> Result<Vec<u8>, String> {
        self.central.read_at(&self.endpoints[endpoint], CHARACTERISTIC).await
    }

    /// A request and its answer.
    pub(crate) async fn exchange(&self, endpoint: &str, request: &[u8]) -> Vec<u8> {
        self.write(endpoint, request).await.expect("a write response");
        self.read(endpoint).await.expect("a value")
    }

    pub(crate) async fn is_connected(&self) -> bool {
        self.central.property(&self.path, DEVICE, "Connected").await == Some(OwnedValue::from(true))
    }

    /// Waits until the device has ended the link.
    pub(crate) async fn dropped(&self) {
        self.central.until(async || (!self.is_connected().await).then_some(())).await;
    }

    pub(crate) async fn disconnect(&self) {
        self.central.call(&self.path, DEVICE, "Disconnect", &()).await.expect("the link's end");
    }
}
