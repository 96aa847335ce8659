//! Devices: links that come up and go, services that resolve, and pairing.

use std::time::Duration;

use tokio::time::sleep;

use super::bus::Bus;
use super::faults::{At, Does};
use super::message::{Answer, Call, Refusal, value};
use super::nearby::Question;
use super::objects::{CHARACTERISTIC, DESCRIPTOR, DEVICE, SERVICE, texts};
use super::world::{Known, Link, World};

/// How long a link takes to come up.
pub(crate) const LINK_UP: Duration = Duration::from_millis(20);
/// How long discovering a device's services takes.
pub(crate) const RESOLVE: Duration = Duration::from_millis(20);

impl Bus {
    pub(super) async fn asked_device(&self, call: &Call) -> Answer {
        let found = self.world().device_at(&call.path);
        let device = found.ok_or_else(|| Refusal::no_object(&call.path))?;
        match call.member.as_str() {
            "Connect" => self.connect(device, call.client).await.and_then(|()| call.done()),
            "Disconnect" => self.disconnect(device).await.and_then(|()| call.done()),
            "Pair" => {
                let (paired, bonds) = {
                    let mut world = self.world();
                    (world.devices[device].paired, world.behind(device).bonds)
                };
                if paired && bonds {
                    // bluetoothd tries classic Bluetooth then.
                    return Err(Refusal::bluez("ConnectionAttemptFailed", "Page Timeout"));
                }
                self.pair(device, Some(call.client)).await.and_then(|()| call.done())
            }
            "CancelPairing" => call.done(),
            _ => Err(call.unknown()),
        }
    }

    async fn connect(&self, device: usize, client: u32) -> Result<(), Refusal> {
        let ended = self.world().devices[device].ended.clone();
        let given_up = ended.notified();
        let struck = {
            let mut world = self.world();
            let adapter = world.devices[device].adapter;
            let powered = world.adapters[adapter].powered;
            let own = &mut world.devices[device];
            if !powered {
                return Err(Refusal::bluez("NotReady", "Resource Not Ready"));
            }
            match own.link {
                Link::Up | Link::Resolved => return Ok(()),
                Link::Opening => return Err(Refusal::bluez("InProgress", "In Progress")),
                Link::Down => (own.link, own.owner) = (Link::Opening, Some(client)),
            }
            world.behind(device).strikes(&At::Connect)
        };
        let made = tokio::select! {
            made = self.make_link(device, struck) => made,
            () = given_up => Err(Refusal::bluez("Failed", "le-connection-canceled")),
        };
        if made.is_err() {
            self.world().devices[device].link = Link::Down;
        }
        made?;
        let path = {
            let mut world = self.world();
            let own = &mut world.devices[device];
            (own.link, own.known) = (Link::Up, Known::Kept);
            let path = own.path.clone();
            world.behind(device).link_changed(true);
            path
        };
        self.changed(&path, DEVICE, vec![("Connected", value(true))], &[]).await;
        self.central_appears(device).await;
        // Connect is answered when the link is up; services come after.
        tokio::spawn(self.clone().resolve(device));
        Ok(())
    }

    /// The radio's part of a connect.
    async fn make_link(&self, device: usize, struck: Option<Does>) -> Result<(), Refusal> {
        match struck {
            Some(Does::Late(by)) => sleep(by).await,
            Some(Does::Refuse(name, text)) => {
                sleep(LINK_UP).await;
                return Err(Refusal::new(name, text));
            }
            Some(Does::PowerOff) => {
                self.switch_off(device).await;
                return Err(Refusal::bluez("Failed", "le-connection-abort-by-local"));
            }
            Some(Does::Die) => return self.die_of_it().await,
            Some(Does::Storm(signals)) => drop(tokio::spawn(self.clone().storm(device, signals))),
            Some(_) => return std::future::pending().await,
            None => {}
        }
        sleep(LINK_UP).await;
        let advertises = self.world().behind(device).is_advertising();
        if !advertises {
            // The controller waits for an advertisement.
            return std::future::pending().await;
        }
        Ok(())
    }

    /// Finds out a device's attributes and tells of them.
    async fn resolve(self, device: usize) {
        let ended = self.world().devices[device].ended.clone();
        let lost = ended.notified();
        let struck = self.world().behind(device).strikes(&At::Resolve);
        let found_out = async {
            sleep(RESOLVE).await;
            match struck {
                Some(Does::Late(by)) => sleep(by).await,
                Some(Does::Hang) => std::future::pending().await,
                Some(Does::LoseLink) => self.lose_link(device).await,
                Some(Does::PowerOff) => self.switch_off(device).await,
                Some(Does::Die) => self.die().await,
                _ => {}
            }
        };
        tokio::select! {
            () = found_out => {}
            () = lost => return,
        }
        if !self.world().devices[device].is_connected() {
            return;
        }
        let (path, new, gone, uuids, renamed) = {
            let mut world = self.world();
            let nearby = world.behind(device);
            let (table, mtu) = (nearby.stale.clone().unwrap_or_else(|| nearby.table()), nearby.mtu);
            let own = &mut world.devices[device];
            let before = own.attributes(mtu);
            own.table = Some(table);
            own.link = Link::Resolved;
            let after = own.attributes(mtu);
            let path = own.path.clone();
            let new: Vec<String> = after.keys().filter(|path| !before.contains_key(*path)).cloned().collect();
            let gone: Vec<String> = before.keys().filter(|path| !after.contains_key(*path)).cloned().collect();
            let World { devices, nearby, .. } = &mut *world;
            let own = &mut devices[device];
            let nearby = &nearby[own.nearby];
            own.renamed = nearby.gap_name.is_some();
            (path, new, gone, texts(&own.uuids(nearby)), own.renamed.then(|| own.alias(nearby)))
        };
        for object in gone {
            self.removed(&object, &[SERVICE, CHARACTERISTIC, DESCRIPTOR]).await;
        }
        for object in new {
            self.added(&object).await;
        }
        self.changed(&path, DEVICE, vec![("UUIDs", value(uuids))], &[]).await;
        if let Some(name) = renamed {
            let changes = vec![("Name", value(name.as_str())), ("Alias", value(name.as_str()))];
            self.changed(&path, DEVICE, changes, &[]).await;
        }
        self.changed(&path, DEVICE, vec![("ServicesResolved", value(true))], &[]).await;
        if let Some(Does::Storm(signals)) = struck {
            self.storm(device, signals).await;
        }
    }

    async fn disconnect(&self, device: usize) -> Result<(), Refusal> {
        let (connected, struck) = {
            let mut world = self.world();
            let own = &mut world.devices[device];
            own.owner = None;
            if own.link == Link::Opening {
                own.ended.notify_waiters();
                return Ok(());
            }
            (own.is_connected(), world.behind(device).strikes(&At::Disconnect))
        };
        if !connected {
            return Ok(());
        }
        match struck {
            Some(Does::Late(by)) => sleep(by).await,
            Some(Does::Refuse(name, text)) => return Err(Refusal::new(name, text)),
            Some(_) => return std::future::pending().await,
            None => {}
        }
        self.lose_link(device).await;
        Ok(())
    }

    /// The link goes, by whoever's will.
    pub(super) async fn lose_link(&self, device: usize) {
        let (path, other, unpaired) = {
            let mut world = self.world();
            let bonds = world.behind(device).bonds;
            let own = &mut world.devices[device];
            if !own.is_connected() {
                return;
            }
            let unpaired = !bonds && std::mem::take(&mut own.paired);
            let other = own.other_end.take();
            own.link = Link::Down;
            own.busy.clear();
            own.ended.notify_waiters();
            let path = own.path.clone();
            world.behind(device).link_changed(false);
            (path, other, unpaired)
        };
        let mut gone = vec![("ServicesResolved", value(false)), ("Connected", value(false))];
        gone.extend(unpaired.then(|| ("Paired", value(false))));
        self.changed(&path, DEVICE, gone, &[]).await;
        if let Some(other) = other {
            Box::pin(self.lose_link(other)).await;
        }
    }

    /// Pairs on behalf of a client, or of bluetoothd itself, asking the agent what the device wants asked.
    pub(super) async fn pair(&self, device: usize, client: Option<u32>) -> Result<(), Refusal> {
        let failed = || Refusal::bluez("AuthenticationFailed", "Authentication Failed");
        let (path, question, struck) = {
            let mut world = self.world();
            let path = world.devices[device].path.clone();
            let nearby = world.behind(device);
            (path, nearby.question, nearby.strikes(&At::Pair))
        };
        match struck {
            Some(Does::Refuse(name, text)) => return Err(Refusal::new(name, text)),
            Some(Does::Late(by)) => sleep(by).await,
            Some(_) => return std::future::pending().await,
            None => {}
        }
        let agent = self.world().agent_for(client);
        match (question, agent) {
            (Question::Nothing, _) => {}
            (_, None) => return Err(failed()),
            (question, Some(agent)) => {
                let asked = super::pairing_agent::ask(self, &agent, &path, question).await;
                asked.map_err(|_| failed())?;
            }
        }
        {
            let mut world = self.world();
            world.devices[device].paired = true;
            let address = world.devices[device].address.clone();
            world.paired.push(address);
        }
        self.changed(&path, DEVICE, vec![("Paired", value(true))], &[]).await;
        Ok(())
    }

    /// `Adapter1.RemoveDevice`: the link, the pairing and what was kept of the attributes go.
    pub(super) async fn remove_device(&self, device: usize) {
        self.lose_link(device).await;
        let (path, attributes) = {
            let mut world = self.world();
            world.behind(device).stale = None;
            let own = &world.devices[device];
            let (path, address) = (own.path.clone(), own.address.clone());
            let attributes: Vec<String> = own.attributes(0).into_keys().collect();
            world.removed.push(address);
            (path, attributes)
        };
        self.forget(device);
        for object in attributes.iter().rev() {
            self.removed(object, &[SERVICE, CHARACTERISTIC, DESCRIPTOR]).await;
        }
        self.removed(&path, &[DEVICE]).await;
    }

    /// There is no object any more, until the device is heard again; without a word to anybody.
    pub(super) fn forget(&self, device: usize) {
        let mut world = self.world();
        let linked = world.devices[device].is_connected();
        if linked {
            world.behind(device).link_changed(false);
        }
        let own = &mut world.devices[device];
        (own.known, own.link) = (Known::No, Link::Down);
        (own.named, own.renamed, own.paired) = (false, false, false);
        (own.heard, own.table) = (None, None);
        own.busy.clear();
        own.ended.notify_waiters();
    }

    /// Signals that say nothing new.
    pub(super) async fn storm(self, device: usize, signals: usize) {
        for _ in 0..signals {
            let (path, uuids) = {
                let world = self.world();
                let own = &world.devices[device];
                (own.path.clone(), texts(&own.uuids(&world.nearby[own.nearby])))
            };
            self.changed(&path, DEVICE, vec![("UUIDs", value(uuids))], &[]).await;
            // So that it lasts while other things happen.
            tokio::task::yield_now().await;
        }
    }

    /// The adapter of this device is switched off.
    pub(super) async fn switch_off(&self, device: usize) {
        let adapter = self.world().devices[device].adapter;
        self.switch(adapter, false).await;
    }

    /// bluetoothd ends over a call, which then nobody answers.
    pub(super) async fn die_of_it<T>(&self) -> T {
        let bus = self.clone();
        tokio::spawn(async move { bus.die().await });
        std::future::pending().await
    }
}
