//! The device and the one link it has, shared between the objects that bluetoothd calls and the loop that keeps
//! time. Never locked across an await.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use zbus::zvariant::OwnedObjectPath;

use crate::sim::gatt::{Peripheral, Written};
use crate::sim::host::Observer;

/// A peripheral at work.
pub(super) struct Board {
    state: Mutex<State>,
    booted: Instant,
    name: String,
    observer: Option<Observer>,
    /// Changes when the loop has something to do, or the end of a link was noticed.
    changed: watch::Sender<()>,
}

struct State {
    peripheral: Peripheral,
    link: Option<Link>,
    links: u64,
    withdrawn: bool,
}

/// The link to a central.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Counted from 1, so that an old link is not taken for the central's next one.
    number: u64,
    /// bluetoothd's object of the central.
    pub(super) central: OwnedObjectPath,
    /// The device wants to end it.
    pub(super) closing: bool,
}

impl Link {
    /// Whether both are the same link; a later link of the same central is another one.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// Another central has the link: firmware has room for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occupied;

impl Board {
    pub(super) fn new(peripheral: Peripheral, observer: Option<Observer>) -> Arc<Self> {
        let name = peripheral.device().options().name();
        let state = Mutex::new(State { peripheral, link: None, links: 0, withdrawn: false });
        Arc::new(Self { state, booted: Instant::now(), name, observer, changed: watch::Sender::new(()) })
    }

    /// Time since the device booted.
    pub(super) fn now(&self) -> Duration {
        self.booted.elapsed()
    }

    /// The moment at which the device's clock shows `time`.
    pub(super) fn at(&self, time: Duration) -> Instant {
        self.booted + time
    }

    /// Wakes the waiting tasks when something changes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Advances the device's clock to now and reports the events of that time.
    pub(super) fn tick(&self) -> Duration {
        let now = self.now();
        let events = self.state().peripheral.tick(now);
        if let Some(observer) = &self.observer {
            for timed in &events {
                observer(&self.name, timed);
            }
        }
        now
    }

    /// Reads from the device.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Peripheral) -> T) -> T {
        look(&self.state().peripheral)
    }

    /// The link, if there is one.
    pub(super) fn link(&self) -> Option<Link> {
        self.state().link.clone()
    }

    /// A central uses an attribute. Its first use is the link's beginning: bluetoothd does not say to which role of
    /// this computer a new link belongs, and the link of a keyboard does not start a session.
    pub(super) fn used_by(&self, central: OwnedObjectPath) -> Result<(), Occupied> {
        let now = self.now();
        let mut state = self.state();
        match &state.link {
            Some(link) if link.central == central => return Ok(()),
            Some(_) => return Err(Occupied),
            None => {}
        }
        state.links += 1;
        state.link = Some(Link { number: state.links, central, closing: false });
        state.peripheral.connected(now);
        drop(state);
        self.changed.send_replace(());
        Ok(())
    }

    /// The link to this central went down.
    pub(super) fn lost(&self, central: &OwnedObjectPath) {
        self.end_link(|link| link.central == *central);
    }

    /// This link is down, or did not go down in time and counts as down.
    pub(super) fn end(&self, ended: &Link) {
        self.end_link(|link| link.is(ended));
    }

    fn end_link(&self, is_meant: impl FnOnce(&Link) -> bool) {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(is_meant) {
            state.link = None;
            state.peripheral.disconnected();
            drop(state);
            self.changed.send_replace(());
        }
    }

    /// Asks the loop to end the link, as the device wants.
    pub(super) fn close_link(&self) {
        if let Some(link) = &mut self.state().link {
            link.closing = true;
        }
        self.changed.send_replace(());
    }

    /// Notes that bluetoothd no longer advertises the device.
    pub(super) fn withdraw(&self) {
        self.state().withdrawn = true;
        self.changed.send_replace(());
    }

    /// Whether bluetoothd has stopped advertising the device.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.state().withdrawn
    }

    /// Hands a value to an endpoint.
    pub(super) fn write(&self, endpoint: &str, value: &[u8]) -> Written {
        let now = self.tick();
        let written = self.state().peripheral.write(now, endpoint, value);
        self.tick();
        self.changed.send_replace(());
        written
    }

    /// What reading an endpoint returns.
    pub(super) fn read(&self, endpoint: &str) -> Vec<u8> {
        self.with(|peripheral| peripheral.read(endpoint).to_vec())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::gatt::Stack;
    use crate::sim::{Device, DeviceOptions};

    fn central(last: u8) -> OwnedObjectPath {
        format!("/org/bluez/hci0/dev_{last:02X}").try_into().expect("a path")
    }

    #[tokio::test]
    async fn the_first_use_takes_the_link_and_another_central_waits() {
        let device = Device::new(DeviceOptions::default());
        let board = Board::new(Peripheral::new(device, Stack::NimBle, None).expect("a name that fits"), None);
        assert!(board.with(|peripheral| peripheral.is_advertising(board.now())));
        assert_eq!(board.used_by(central(1)), Ok(()));
        assert_eq!(board.used_by(central(1)), Ok(()));
        assert_eq!(board.used_by(central(2)), Err(Occupied));
        assert!(!board.with(|peripheral| peripheral.is_advertising(board.now())));
        board.lost(&central(2));
        assert!(board.link().is_some(), "somebody else's link");
        board.close_link();
        let old = board.link().expect("a link");
        assert_eq!((&old.central, old.closing), (&central(1), true));
        board.lost(&central(1));
        assert_eq!(board.link(), None);
        assert_eq!(board.used_by(central(1)), Ok(()));
        board.end(&old);
        assert!(board.link().is_some_and(|link| !link.closing), "the next link of the same central");
    }
}
