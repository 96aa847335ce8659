//! A stand-in for bluetoothd: `org.bluez` on a message bus of its own, in the test's process, with the project's
//! simulated devices near. No Bluetooth, no bluetoothd and no dbus-daemon; one private socket.
//!
//! What it does was held against bluetoothd 5.66: `Connect` is answered when the link is up, then the attributes'
//! objects appear, then `ServicesResolved`; the objects outlive the link; one signal tells of `ServicesResolved` and
//! `Connected` going false; a link outlives the client that made it, a scan does not; a read also signals `Value`;
//! `RSSI` is there only while a scan runs. Below D-Bus there is nothing: no packets, no radio.

mod adapter;
mod application;
mod bus;
pub(crate) mod device;
mod faults;
mod gatt;
mod message;
mod nearby;
mod objects;
mod offered;
mod pairing_agent;
mod table;
mod world;

use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use bus::Bus;
pub(crate) use faults::{At, Does, Fault};
pub(crate) use nearby::{Encryption, Nearby, Question};
pub(crate) use offered::Advertised;
pub(crate) use table::{Characteristic, Table};
use world::World;
pub(crate) use world::{Asked, Daemon, Radio, Wrote};

/// The variable that tells a client where its system bus is.
pub(crate) const ADDRESS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
/// How long to wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The stand-in, for as long as this lives.
pub(crate) struct Bluez {
    bus: Bus,
    runtime: Handle,
    folder: TempDir,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bluez {
    /// One adapter, switched on, and these devices near.
    pub(crate) fn with(nearby: impl IntoIterator<Item = Nearby>) -> Self {
        Self::start(Daemon::Running, &[Radio::ON], nearby)
    }

    /// These adapters, each of which hears these devices unless they say otherwise.
    pub(crate) fn start(daemon: Daemon, radios: &[Radio], nearby: impl IntoIterator<Item = Nearby>) -> Self {
        let bus = Bus::new(World::new(daemon, radios, nearby.into_iter().collect()));
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(folder.path().join("bus")).expect("a socket")
        };
        let (end, ended) = oneshot::channel();
        let serving = bus.clone();
        let thread = thread::spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = serving.serve(listener) => {}
                    _ = ended => {}
                }
            });
        });
        Self { bus, runtime: handle, folder, end: Some(end), thread: Some(thread) }
    }

    /// Where it is, for [`ADDRESS`].
    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.folder.path().join("bus").display())
    }

    /// Makes a program's system bus this one.
    pub(crate) fn serves<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(ADDRESS, self.address())
    }

    /// A device comes near.
    pub(crate) fn add(&self, nearby: Nearby) {
        self.bus.world().add(nearby);
    }

    /// Switches an adapter on or off, as somebody else would.
    pub(crate) fn switch(&self, adapter: usize, on: bool) {
        self.carry_out(|bus| async move { bus.switch(adapter, on).await });
    }

    /// An adapter is pulled.
    pub(crate) fn unplug(&self, adapter: usize) {
        self.carry_out(|bus| async move { bus.unplug(adapter).await });
    }

    /// It is plugged in again.
    pub(crate) fn plug_in(&self, adapter: usize) {
        self.carry_out(move |bus| async move { bus.plug_in(adapter).await });
    }

    /// From now on another client scans for devices whose name or address begins so.
    pub(crate) fn another_scans_for(&self, pattern: &'static str) {
        self.carry_out(move |bus| async move { bus.scans_for(0, pattern).await });
    }

    /// bluetoothd is started again after it had ended.
    pub(crate) fn revive(&self) {
        self.carry_out(|bus| async move { bus.revive().await });
    }

    /// Whether bluetoothd runs.
    pub(crate) fn is_running(&self) -> bool {
        self.bus.world().daemon == Daemon::Running
    }

    /// bluetoothd ends.
    pub(crate) fn die(&self) {
        self.carry_out(|bus| async move { bus.die().await });
    }

    /// The next call of this member takes so much longer: as the first does where bluetoothd is started by it.
    pub(crate) fn answers_late(&self, member: &'static str, by: Duration) {
        self.bus.world().late = Some((member, by));
    }

    /// From now on the bus knows no rule that a client takes back.
    pub(crate) fn loses_match_rules(&self) {
        self.bus.world().loses_match_rules = true;
    }

    /// The scan of a client ends, as where another one leaves.
    pub(crate) fn stops_scanning(&self, adapter: usize) {
        self.carry_out(move |bus| async move { bus.scan_stops(adapter).await });
    }

    /// From now on another client always starts a scan at the same moment, and stops it at once.
    pub(crate) fn has_a_rival(&self) {
        self.bus.world().rival = true;
    }

    /// The kernel refuses to start a scan, so many times.
    pub(crate) fn refuses_scans(&self, times: u32) {
        self.bus.world().refused_scans = times;
    }

    fn carry_out<F>(&self, what: impl FnOnce(Bus) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (done, waiting) = std::sync::mpsc::channel();
        let work = what(self.bus.clone());
        self.runtime.spawn(async move {
            work.await;
            let _ = done.send(());
        });
        waiting.recv_timeout(PATIENCE).expect("the stand-in does what it is told");
    }

    /// Waits until this is so, and complains if it never is.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < PATIENCE, "it never happens: {what}; asked: {:?}", self.members());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The addresses of the devices there is a link to.
    pub(crate) fn links(&self) -> Vec<String> {
        let world = self.bus.world();
        world.devices.iter().filter(|device| device.is_connected()).map(|device| device.address.clone()).collect()
    }

    /// Whether a connect waits for its device.
    pub(crate) fn is_connecting(&self) -> bool {
        self.bus.world().devices.iter().any(|device| device.link == world::Link::Opening)
    }

    /// Whether any adapter scans.
    pub(crate) fn is_scanning(&self) -> bool {
        self.bus.world().adapters.iter().any(|adapter| adapter.since.is_some())
    }

    /// How many scans were not stopped by who started them, and how many filters not taken back: its process ended first.
    pub(crate) fn abandoned_scans(&self) -> usize {
        self.bus.world().adapters.iter().map(|adapter| adapter.abandoned).sum()
    }

    /// Whether an adapter is on.
    pub(crate) fn is_on(&self, adapter: usize) -> bool {
        self.bus.world().adapters[adapter].powered
    }

    /// How many agents there are.
    pub(crate) fn agents(&self) -> usize {
        self.bus.world().agents.len()
    }

    /// How many applications of clients there are.
    pub(crate) fn applications(&self) -> usize {
        self.bus.world().applications()
    }

    /// How many of them an adapter advertises.
    pub(crate) fn advertisements(&self, adapter: usize) -> usize {
        self.bus.world().advertisements(adapter)
    }

    /// What they have advertised, oldest first.
    pub(crate) fn advertised(&self) -> Vec<Advertised> {
        self.bus.world().advertised.clone()
    }

    /// bluetoothd takes the applications' advertisements back.
    pub(crate) fn take_back(&self) {
        self.carry_out(|bus| async move { bus.take_back(None).await });
    }

    /// An application is asked for a value by a central whose link has gone.
    pub(crate) fn reads_late(&self) {
        self.carry_out(|bus| async move { bus.reads_late().await });
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.bus.client_count()
    }

    /// What was asked of bluetoothd, oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.bus.world().asked.clone()
    }

    /// The same, by the members' names alone.
    pub(crate) fn members(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.member).collect()
    }

    /// How often something was asked.
    pub(crate) fn count(&self, member: &str) -> usize {
        self.asked().iter().filter(|asked| asked.member == member).count()
    }

    /// What was written to endpoints, oldest first.
    pub(crate) fn wrote(&self) -> Vec<Wrote> {
        self.bus.world().wrote.clone()
    }

    /// The addresses of the devices that were paired with, and of those that were removed.
    pub(crate) fn paired(&self) -> Vec<String> {
        self.bus.world().paired.clone()
    }

    /// The addresses of the devices that were removed.
    pub(crate) fn removed(&self) -> Vec<String> {
        self.bus.world().removed.clone()
    }

    /// The address of the device that was the `index`-th to be near, from 0.
    pub(crate) fn address_of(&self, index: usize) -> String {
        let world = self.bus.world();
        let device = world.devices.iter().find(|device| device.nearby == index);
        device.map(|device| device.address.clone()).expect("such a device")
    }

    /// When a device was first told of to anybody.
    pub(crate) fn first_heard(&self, address: &str) -> Option<Instant> {
        self.bus.world().first_heard.get(address).copied()
    }

    /// The addresses of the devices whose link, or whose try to make one, outlived the client that made it, without
    /// having been told to end.
    pub(crate) fn left_up(&self) -> Vec<String> {
        self.bus.world().left_up.clone()
    }

    /// Complains where a run left something behind: a link, a try to make one, a scan, an agent. Its process has to have
    /// ended. bluetoothd takes its time to end a link it was told to end; what counts is that it was told.
    pub(crate) fn assert_clean(&self) {
        self.until("the clients go", |bluez| bluez.clients() == 0);
        assert_eq!(self.left_up(), Vec::<String>::new(), "a link is left up; asked: {:?}", self.members());
        let abandoned = self.applications() + self.bus.world().abandoned;
        assert_eq!(abandoned, 0, "an application was not taken back; asked: {:?}", self.members());
        assert_eq!(self.abandoned_scans(), 0, "a scan was not stopped; asked: {:?}", self.members());
        self.until("links end", |bluez| bluez.links().is_empty() && !bluez.is_connecting());
        assert!(!self.is_scanning(), "an adapter is left scanning");
        assert_eq!(self.agents(), 0, "an agent is left registered");
    }
}

impl Drop for Bluez {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
