//! Attributes: what is read and written over a link.

use std::collections::HashMap;
use std::sync::Arc;

use espctl::sim::gatt::{self, Written};
use espctl::wire::gatt::VALUE_MAX;
use tokio::sync::Notify;
use tokio::time::sleep;
use zbus::zvariant::{OwnedValue, Str};

use super::application::Asks;
use super::bus::Bus;
use super::faults::{At, Does};
use super::message::{Answer, Call, Refusal, value};
use super::nearby::Encryption;
use super::table::{Attribute, Characteristic};
use super::world::Wrote;

/// A request over a link.
#[derive(Debug)]
enum Request {
    Write { to: Characteristic, value: Vec<u8> },
    Read { from: Characteristic },
    Describe { value: Vec<u8> },
}

impl Bus {
    pub(super) async fn asked_attribute(&self, call: &Call) -> Answer {
        let (device, attribute, ended) = self.attribute(&call.path)?;
        // From now on, so that a link lost in between is not missed.
        let lost = ended.notified();
        let (request, kind) = match (attribute, call.member.as_str()) {
            (Attribute::Characteristic(to), "WriteValue") => {
                let (value, options): (Vec<u8>, HashMap<String, OwnedValue>) = call.arguments()?;
                let kind = options.get("type").and_then(|kind| kind.downcast_ref::<Str<'_>>().ok());
                if kind.is_none_or(|kind| kind != "request") {
                    return Err(Refusal::bluez("NotSupported", "Operation is not supported"));
                }
                if value.len() > VALUE_MAX {
                    return Err(Refusal::bluez("InvalidArguments", "Invalid Length"));
                }
                (Request::Write { to, value }, "write")
            }
            (Attribute::Characteristic(from), "ReadValue") => (Request::Read { from }, "read"),
            (Attribute::Descriptor { value, .. }, "ReadValue") => (Request::Describe { value }, "read"),
            _ => return Err(call.unknown()),
        };
        let busy = (call.path.clone(), kind);
        {
            let under_way = &mut self.world().devices[device].busy;
            if under_way.contains(&busy) {
                return Err(Refusal::bluez("InProgress", "In Progress"));
            }
            under_way.push(busy.clone());
        }
        let outcome = tokio::select! {
            outcome = self.carry(device, &request) => outcome,
            () = lost => Err(Refusal::link_lost()),
        };
        self.world().devices[device].busy.retain(|other| *other != busy);
        match outcome? {
            Some(read) => {
                // bluetoothd tells everybody of what was read.
                self.changed(&call.path, &call.interface, vec![("Value", value(read.clone()))], &[]).await;
                call.returns(&read)
            }
            None => call.done(),
        }
    }

    /// The attribute at a path, its device's number, and what tells of the end of its link.
    fn attribute(&self, path: &str) -> Result<(usize, Attribute, Arc<Notify>), Refusal> {
        let world = self.world();
        let missing = || Refusal::no_object(path);
        let number = world.device_at(path).ok_or_else(missing)?;
        let device = &world.devices[number];
        let attribute = device.table.as_ref().and_then(|table| table.at(path.strip_prefix(&device.path)?));
        let attribute = attribute.ok_or_else(missing)?;
        if !device.is_connected() {
            return Err(Refusal::bluez("Failed", "Not connected"));
        }
        Ok((number, attribute, device.ended.clone()))
    }

    /// Carries a request to the device; what a read returns.
    async fn carry(&self, device: usize, request: &Request) -> Result<Option<Vec<u8>>, Refusal> {
        if !matches!(request, Request::Describe { .. }) {
            self.encrypt(device).await?;
        }
        let struck = self.world().behind(device).strikes(&request.place());
        match struck {
            Some(Does::Refuse(name, text)) => return Err(Refusal::new(name, text)),
            Some(Does::Att(code)) => return Err(Refusal::att(code)),
            Some(Does::Hang) => return std::future::pending().await,
            Some(Does::Say(value)) => return Ok(Some(value)),
            Some(Does::Late(by)) => sleep(by).await,
            Some(Does::LoseLink) => return self.lose_over(device).await,
            Some(Does::LoseLinkAfter) => {
                let _ = self.handle(device, request);
                return self.lose_over(device).await;
            }
            Some(Does::PowerOff) => {
                let bus = self.clone();
                tokio::spawn(async move { bus.switch_off(device).await });
                return std::future::pending().await;
            }
            Some(Does::Die) => return self.die_of_it().await,
            Some(Does::Storm(signals)) => drop(tokio::spawn(self.clone().storm(device, signals))),
            None => {}
        }
        if let Some(answer) = self.ask_application(device, request.for_application()).await {
            return answer;
        }
        let (written, read) = self.handle(device, request);
        if !written.after.is_zero() {
            sleep(written.after).await;
        }
        match written.answer {
            gatt::Answer::Done => Ok(read),
            gatt::Answer::Never if written.drops_link => self.lose_over(device).await,
            gatt::Answer::Never => std::future::pending().await,
            gatt::Answer::Refused(code) => {
                if written.drops_link {
                    // The refusal arrives, then the link goes.
                    let bus = self.clone();
                    tokio::spawn(async move { bus.lose_link(device).await });
                }
                Err(Refusal::att(code))
            }
        }
    }

    /// The device's own part.
    fn handle(&self, device: usize, request: &Request) -> (Written, Option<Vec<u8>>) {
        let done = Written { after: std::time::Duration::ZERO, answer: gatt::Answer::Done, drops_link: false };
        let mut world = self.world();
        match request {
            Request::Write { to, value } => {
                world.wrote.push(Wrote { endpoint: to.name.clone(), length: value.len() });
                (world.behind(device).write(to, value), None)
            }
            Request::Read { from } => {
                let value = world.behind(device).read(from);
                (done, Some(value))
            }
            Request::Describe { value } => (done, Some(value.clone())),
        }
    }

    /// Makes the link an encrypted one where the device wants that.
    async fn encrypt(&self, device: usize) -> Result<(), Refusal> {
        let (paired, wanted) = {
            let mut world = self.world();
            (world.devices[device].paired, world.behind(device).encryption)
        };
        match wanted {
            Encryption::Automatic if !paired && self.world().other_end(device).is_some() => {
                self.encrypt_application(device).await
            }
            Encryption::Automatic if !paired => {
                let agent = self.world().agent_for(None);
                if agent.is_none() {
                    // bluetoothd waits for an answer that nobody gives.
                    return std::future::pending().await;
                }
                self.pair(device, None).await.map_err(|_| Refusal::att(0x05))?;
                let struck = self.world().behind(device).strikes(&At::Resend);
                if struck.is_some() {
                    // It has lost the request, and waits for the device's answer.
                    return std::future::pending().await;
                }
                Ok(())
            }
            Encryption::OnRequest if !paired => Err(Refusal::att(0x0f)),
            _ => Ok(()),
        }
    }

    /// The link goes over a request, which is answered by that.
    async fn lose_over<T>(&self, device: usize) -> T {
        let bus = self.clone();
        tokio::spawn(async move { bus.lose_link(device).await });
        std::future::pending().await
    }
}

impl Request {
    /// The same, where a client's application is asked.
    fn for_application(&self) -> Asks<'_> {
        match self {
            Self::Write { to, value } => Asks::Write(&to.name, value),
            Self::Read { from } => Asks::Read(&from.name),
            Self::Describe { value } => Asks::Describe(std::str::from_utf8(value).unwrap_or_default()),
        }
    }

    /// Where a fault of this request would strike.
    fn place(&self) -> At {
        match self {
            Self::Write { to, .. } => At::Write(to.name.clone()),
            Self::Read { from } => At::Read(from.name.clone()),
            Self::Describe { .. } => At::Describe,
        }
    }
}
