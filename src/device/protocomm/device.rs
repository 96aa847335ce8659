//! A device that speaks protocomm, behind the traits that the stages use.

use std::time::Duration;

use zeroize::Zeroizing;

use super::secure;
use super::secured::Secured;
use crate::code::{Code, Fact};
use crate::device::answers::Answers;
use crate::device::context::Context;
use crate::device::dialect::{Applied, Device, Heard, JoinEnd, Reached};
use crate::device::link::{DeviceFacts, DeviceLink, ReplyCheck};
use crate::device::plan::{Credentials, SecurityPlan, WifiPlan};
use crate::endpoint::control::{Action, Control};
use crate::endpoint::custom::Custom;
use crate::endpoint::scan::Radio;
use crate::endpoint::{ReplyError, Request};
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::ThreadDataset;
use crate::session::deadline::limit;
use crate::session::{Link, SessionError, VERSION_ENDPOINT};
use crate::stage::Stage;
use crate::transport::BoxFuture;
use crate::wire::version::VersionInfo;

/// A device that has said what it is.
pub(super) struct Identified {
    pub(super) link: Link,
    pub(super) version: VersionInfo,
    pub(super) facts: DeviceFacts,
}

impl Reached for Identified {
    fn facts(&self) -> &DeviceFacts {
        &self.facts
    }

    /// A device takes either Wi-Fi or Thread credentials; giving it the other kind alone is said before anything is
    /// sent. Where both are there, as in an environment for devices of both kinds, it takes its own.
    fn check_network(&self, wifi: &WifiPlan, dataset: Option<&ThreadDataset>) -> Result<(), Failure> {
        let mismatch = |message: &str| Err(Failure::new(Code::UsageConflict).at(Stage::Identify).saying(message));
        match self.facts.radio {
            Radio::Thread if wifi.ssid.is_some() && dataset.is_none() => {
                mismatch("the device is a Thread device: it takes --thread-dataset, not --ssid")
            }
            Radio::Wifi if dataset.is_some() && wifi.ssid.is_none() => {
                mismatch("the device is a Wi-Fi device: it takes --ssid, not --thread-dataset")
            }
            _ => Ok(()),
        }
    }

    fn secure<'a>(
        self: Box<Self>,
        plan: &'a SecurityPlan,
        context: &'a Context<'_>,
        answers: &'a mut dyn Answers,
    ) -> BoxFuture<'a, Result<Box<dyn Device>, Failure>> {
        Box::pin(async move {
            let Self { link, version, mut facts } = *self;
            let session = secure::establish(link, &version, plan, context, answers).await?;
            facts.security = Some(session.security());
            let device: Box<dyn Device> = Box::new(Secured {
                session,
                facts,
                observer: context.observer.clone(),
                rng: context.rng.clone(),
                credentials: None,
                heard: Vec::new(),
            });
            Ok(device)
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(self.link.close())
    }
}

impl DeviceLink for Secured {
    fn facts(&self) -> &DeviceFacts {
        &self.facts
    }

    fn request<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        Box::pin(async move { self.call_retrying(&Custom { endpoint, payload: body }).await })
    }

    fn request_checked<'a>(
        &'a mut self,
        endpoint: &'a str,
        body: &'a [u8],
        check: &'a ReplyCheck<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        Box::pin(async move { self.call_retrying(&Checked { endpoint, body, check }).await })
    }
}

/// A request whose reply the caller can tell from garbage.
struct Checked<'a> {
    endpoint: &'a str,
    body: &'a [u8],
    check: &'a ReplyCheck<'a>,
}

impl Request for Checked<'_> {
    type Reply = Vec<u8>;

    fn endpoint(&self) -> &str {
        self.endpoint
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.body.to_vec())
    }

    fn decode(&self, reply: &[u8]) -> Result<Vec<u8>, ReplyError> {
        (self.check)(reply)?;
        Ok(reply.to_vec())
    }
}

impl Device for Secured {
    fn deadline(&self, stage: Stage) -> Option<Duration> {
        match stage {
            Stage::Associate | Stage::Configure | Stage::Apply | Stage::Recover | Stage::Request => {
                Some(limit::EXCHANGE)
            }
            Stage::Scan => Some(limit::SCAN),
            Stage::AwaitNetwork => Some(limit::JOIN),
            _ => None,
        }
    }

    fn send<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        Box::pin(async move {
            if endpoint == VERSION_ENDPOINT {
                return self.session.ask_version(body).await;
            }
            self.session.call(&Custom { endpoint, payload: body }).await
        })
    }

    fn reset(&mut self, action: Action) -> BoxFuture<'_, Result<(), SessionError>> {
        let request = Control { action, radio: self.radio() };
        Box::pin(async move { self.session.call(&request).await })
    }

    /// Old firmware says nothing of scans; it may have no endpoint for them.
    fn scan(&mut self) -> BoxFuture<'_, Result<Heard, Failure>> {
        Box::pin(async move {
            let says_no = self.facts.version.as_ref().is_some_and(|version| version.structured && !version.can_scan());
            if says_no {
                let failure = Failure::new(Code::ScanFailed).at(Stage::Scan);
                return Ok(cannot(failure.because("the device says that it cannot scan")));
            }
            self.prepare_scan().await?;
            let heard = match self.radio() {
                Radio::Wifi => self.wifi_networks().await.map(Heard::Wifi),
                Radio::Thread => self.thread_networks().await.map(Heard::Thread),
            };
            match heard {
                Ok(heard) => {
                    if let Heard::Wifi(networks) = &heard {
                        self.heard.clone_from(networks);
                    }
                    Ok(heard)
                }
                Err(failure) if failure.code == Code::DeviceNoEndpoint => Ok(cannot(failure)),
                Err(failure) if failure.knows(Fact::ScanRefused) => Ok(Heard::Refused(Box::new(failure))),
                Err(failure) => Err(failure),
            }
        })
    }

    fn configure<'a>(&'a mut self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.credentials = Some(credentials.clone());
            self.send_credentials().await.map_err(|error| Failure::from(error).at(Stage::Configure))?;
            self.observe(&Event::Configured { ssid: credentials.ssid().to_vec() });
            Ok(())
        })
    }

    fn apply(&mut self) -> BoxFuture<'_, Result<Applied, Failure>> {
        Box::pin(self.apply_credentials())
    }

    fn join(&mut self) -> BoxFuture<'_, Result<JoinEnd, Failure>> {
        Box::pin(self.await_verdict())
    }

    fn recover<'a>(&'a mut self, failure: &'a mut Failure) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let back = self.back_to_start().await;
            if back {
                self.observe(&Event::Reset);
                *failure = failure.clone().knowing(Fact::DeviceReset);
            } else {
                let hint = "the device could not be reset: power-cycle it before the next try";
                *failure = failure.clone().hint(hint);
            }
            back
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(self.session.close())
    }
}

fn cannot(failure: Failure) -> Heard {
    let reason = "the device's firmware cannot scan; the network's name has to be typed";
    Heard::Cannot { reason, failure: Box::new(failure) }
}
