//! The objects bluetoothd is given: the service, a characteristic and its user description for each endpoint, and
//! the advertisement. They answer calls; `host.rs` registers them.
//!
//! bluetoothd lets an application answer with few of the ATT errors that firmware uses: those with a D-Bus error, and
//! 0x80 to 0x9f as a number. The nearest one stands for the others.
// D-Bus fixes the shape of an interface: constant values are properties, and arguments are passed by value.
#![allow(clippy::unused_self, clippy::needless_pass_by_value)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use zbus::fdo::{self, ObjectManager};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, DBusError, interface};

use super::board::{Board, Occupied};
use super::properties::{Properties, property};
use crate::sim::gatt::{Advertisement, Answer, Endpoint};
use crate::wire::gatt::USER_DESCRIPTION;

/// Below it is everything that is registered.
pub(super) const APPLICATION: &str = "/espctl/sim";
/// The advertisement, apart from the application: bluetoothd would take it for a broken attribute.
pub(super) const ADVERTISEMENT: &str = "/espctl/advertisement";
/// How often firmware advertises, in milliseconds.
const INTERVAL: u32 = 160;
/// The application's range of ATT errors.
const OWN_ERRORS: std::ops::RangeInclusive<u8> = 0x80..=0x9f;
const INVALID_VALUE_LENGTH: u8 = 0x0d;

/// The D-Bus error that refuses a value.
#[derive(Debug, PartialEq, DBusError)]
#[zbus(prefix = "org.bluez.Error")]
pub(super) enum Refused {
    #[zbus(error)]
    ZBus(zbus::Error),
    /// ATT 0x80, or the one in its text.
    Failed(String),
    /// ATT 0x0d.
    InvalidValueLength(String),
    /// ATT 0x07.
    InvalidOffset(String),
    /// ATT 0x08.
    NotAuthorized(String),
}

impl Refused {
    fn with(code: u8) -> Self {
        match code {
            INVALID_VALUE_LENGTH => Self::InvalidValueLength("longer than the firmware takes".into()),
            // The whole text must be the number.
            code if OWN_ERRORS.contains(&code) => Self::Failed(format!("{code:#04x}")),
            code => Self::Failed(format!("ATT error {code:#04x}")),
        }
    }
}

impl From<Occupied> for Refused {
    fn from(_: Occupied) -> Self {
        Self::NotAuthorized("another central has the link".into())
    }
}

/// Puts the application's objects on the connection.
pub(super) async fn place(connection: &Connection, board: &Arc<Board>, encrypt: bool) -> zbus::Result<()> {
    let server = connection.object_server();
    let (service, endpoints) = board.with(|peripheral| (peripheral.service(), peripheral.endpoints().to_vec()));
    let service_path = path(format!("{APPLICATION}/service0"))?;
    server.at(&service_path, Service { uuid: service.to_string() }).await?;
    for (index, endpoint) in endpoints.into_iter().enumerate() {
        let own = path(format!("{}/char{index}", service_path.as_str()))?;
        let description = Description { endpoint, characteristic: own.clone(), board: board.clone() };
        server.at(format!("{}/desc0", own.as_str()), description).await?;
        let service = service_path.clone();
        server.at(&own, Characteristic { endpoint, service, encrypt, board: board.clone() }).await?;
    }
    server.at(APPLICATION, ObjectManager).await?;
    let advertisement = board.with(|peripheral| Advertised { what: peripheral.advertisement(), board: board.clone() });
    server.at(ADVERTISEMENT, advertisement).await?;
    Ok(())
}

fn path(text: String) -> zbus::Result<OwnedObjectPath> {
    Ok(OwnedObjectPath::try_from(text)?)
}

struct Service {
    uuid: String,
}

#[interface(name = "org.bluez.GattService1")]
impl Service {
    #[zbus(property(emits_changed_signal = "const"), name = "UUID")]
    fn uuid(&self) -> &str {
        &self.uuid
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn primary(&self) -> bool {
        true
    }
}

struct Characteristic {
    endpoint: Endpoint,
    service: OwnedObjectPath,
    encrypt: bool,
    board: Arc<Board>,
}

#[interface(name = "org.bluez.GattCharacteristic1")]
impl Characteristic {
    #[zbus(property(emits_changed_signal = "const"), name = "UUID")]
    fn uuid(&self) -> String {
        self.endpoint.uuid.to_string()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn service(&self) -> ObjectPath<'_> {
        self.service.as_ref()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn flags(&self) -> Vec<&'static str> {
        if self.encrypt { vec!["encrypt-read", "encrypt-write"] } else { vec!["read", "write"] }
    }

    fn read_value(&self, options: Properties) -> Result<Vec<u8>, Refused> {
        use_by(&self.board, &options)?;
        part(&self.board.read(self.endpoint.name), &options)
    }

    async fn write_value(&self, value: Vec<u8>, options: Properties) -> Result<(), Refused> {
        use_by(&self.board, &options)?;
        let written = self.board.write(self.endpoint.name, &value);
        pause(written.after).await;
        if written.drops_link {
            self.board.close_link();
        }
        match written.answer {
            Answer::Done => Ok(()),
            Answer::Refused(code) => Err(Refused::with(code)),
            Answer::Never => {
                let mut changes = self.board.changes();
                while self.board.link().is_some() && changes.changed().await.is_ok() {}
                Err(Refused::Failed("the link is down".into()))
            }
        }
    }
}

struct Description {
    endpoint: Endpoint,
    characteristic: OwnedObjectPath,
    board: Arc<Board>,
}

#[interface(name = "org.bluez.GattDescriptor1")]
impl Description {
    #[zbus(property(emits_changed_signal = "const"), name = "UUID")]
    fn uuid(&self) -> String {
        USER_DESCRIPTION.to_string()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn characteristic(&self) -> ObjectPath<'_> {
        self.characteristic.as_ref()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn flags(&self) -> Vec<&'static str> {
        vec!["read"]
    }

    fn read_value(&self, options: Properties) -> Result<Vec<u8>, Refused> {
        use_by(&self.board, &options)?;
        part(self.endpoint.name.as_bytes(), &options)
    }
}

struct Advertised {
    what: Advertisement,
    board: Arc<Board>,
}

#[interface(name = "org.bluez.LEAdvertisement1")]
impl Advertised {
    #[zbus(property(emits_changed_signal = "const"), name = "Type")]
    fn kind(&self) -> &'static str {
        "peripheral"
    }

    #[zbus(property(emits_changed_signal = "const"), name = "ServiceUUIDs")]
    fn service_uuids(&self) -> Vec<String> {
        vec![self.what.service.to_string()]
    }

    /// bluetoothd puts it into the scan response, where firmware has it.
    #[zbus(property(emits_changed_signal = "const"))]
    fn local_name(&self) -> &str {
        &self.what.name
    }

    /// General discoverable, whatever the adapter is otherwise.
    #[zbus(property(emits_changed_signal = "const"))]
    fn discoverable(&self) -> bool {
        true
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn min_interval(&self) -> u32 {
        INTERVAL
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn max_interval(&self) -> u32 {
        INTERVAL
    }

    /// Experimental in bluetoothd: others leave it out. The advertisement itself has no room for it.
    #[zbus(property(emits_changed_signal = "const"))]
    fn scan_response_manufacturer_data(&self) -> fdo::Result<HashMap<u16, OwnedValue>> {
        let entry = |(company, data): (u16, [u8; 10])| Ok((company, OwnedValue::try_from(Value::from(data.to_vec()))?));
        self.what
            .manufacturer
            .into_iter()
            .map(entry)
            .collect::<zbus::zvariant::Result<_>>()
            .map_err(zbus::Error::from)
            .map_err(Into::into)
    }

    /// bluetoothd withdrew the advertisement.
    fn release(&self) {
        self.board.withdraw();
    }
}

/// Gives the link to the central that bluetoothd calls for, or refuses the call.
fn use_by(board: &Board, options: &Properties) -> Result<(), Refused> {
    let central = property(options, "device").ok_or_else(|| Refused::Failed("for which device?".into()))?;
    Ok(board.used_by(central)?)
}

/// The part of a value from the offset on that bluetoothd asks for; it cuts that to the link's length itself.
fn part(value: &[u8], options: &Properties) -> Result<Vec<u8>, Refused> {
    let offset = usize::from(property::<u16>(options, "offset").unwrap_or(0));
    value.get(offset..).map(<[u8]>::to_vec).ok_or_else(|| Refused::InvalidOffset("past the value's end".into()))
}

/// The timer's smallest step is a millisecond, so a sleep of zero would cost one.
async fn pause(span: Duration) {
    if !span.is_zero() {
        sleep(span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_error_bluetoothd_lets_through() {
        assert_eq!(Refused::with(0x85), Refused::Failed("0x85".into()));
        assert_eq!(Refused::with(0x04), Refused::Failed("ATT error 0x04".into()), "0x80, as any text but a number");
        assert!(matches!(Refused::with(0x0d), Refused::InvalidValueLength(_)));
    }

    #[test]
    fn a_long_read_goes_on_at_its_offset() {
        let at = |offset: u16| Properties::from([("offset".into(), OwnedValue::from(offset))]);
        assert_eq!(part(b"abc", &Properties::new()), Ok(b"abc".to_vec()));
        assert_eq!(part(b"abc", &at(2)), Ok(b"c".to_vec()));
        assert_eq!(part(b"abc", &at(3)), Ok(Vec::new()), "one more part after a full one");
        assert!(matches!(part(b"abc", &at(4)), Err(Refused::InvalidOffset(_))));
    }
}
