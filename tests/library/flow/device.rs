//! A door to a device that keeps a log of what passes: to a simulated device, or to one that a test scripts. Faults
//! of the link that the simulated device has not are made here.

use std::future;
use std::io;
use std::sync::{Arc, Mutex};

use espctl::sim::memory;
use espctl::transport::serial::PortError;
use espctl::transport::{BoxFuture, Evidence, Limits, Locator, Opening, Transport, TransportError, TransportKind};
use tokio::time::Instant;

/// A request that passed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) endpoint: String,
    pub(crate) request: Vec<u8>,
    pub(crate) reply: Vec<u8>,
}

/// What becomes of a request, by its number in the log, counted from 1.
#[derive(Clone, Copy)]
pub(crate) enum Link {
    /// It passes.
    Passes,
    /// Neither it nor a connection gets an answer.
    Hangs,
    /// Nothing listens any more, so it is not sent.
    Gone,
    /// The cable was pulled out of this computer.
    Unplugged,
}

type Script = dyn Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync;

/// The way to one device.
pub(crate) struct Door {
    locator: String,
    scan_page: u32,
    link: fn(usize) -> Link,
    script: Option<Arc<Script>>,
    version: Option<&'static str>,
    log: Arc<Mutex<Vec<Entry>>>,
}

impl Door {
    /// To a simulated device with these parameters.
    pub(crate) fn to(parameters: &str) -> Self {
        Self {
            locator: format!("sim:?{parameters}"),
            scan_page: 16,
            link: |_| Link::Passes,
            script: None,
            version: None,
            log: Arc::default(),
        }
    }

    /// To a device of security 0 that answers as `script` does to what is not the version or the handshake; `None`
    /// closes the link.
    pub(crate) fn scripted(script: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self { script: Some(Arc::new(script)), ..Self::to("") }
    }

    pub(crate) fn with_pages_of(mut self, scan_page: u32) -> Self {
        self.scan_page = scan_page;
        self
    }

    /// A device that says this of itself.
    pub(crate) fn with_version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    pub(crate) fn with_link(mut self, link: fn(usize) -> Link) -> Self {
        self.link = link;
        self
    }

    pub(crate) fn log(&self) -> Vec<Entry> {
        self.log.lock().expect("no panic").clone()
    }
}

impl TransportKind for Door {
    fn scheme(&self) -> &'static str {
        "sim"
    }

    fn check(&self, _: &Locator) -> Result<(), TransportError> {
        Ok(())
    }

    fn connect<'a>(
        &'a self,
        _: &'a Locator,
        opening: Opening,
    ) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            let inner = match self.script {
                Some(_) => None,
                None => Some(memory::KIND.connect(&self.locator.parse().expect("a locator"), opening).await?),
            };
            let link: Box<dyn Transport> = Box::new(Logged {
                inner,
                script: self.script.clone(),
                scan_page: self.scan_page,
                link: self.link,
                version: self.version,
                log: self.log.clone(),
            });
            Ok(link)
        })
    }
}

struct Logged {
    inner: Option<Box<dyn Transport>>,
    script: Option<Arc<Script>>,
    scan_page: u32,
    link: fn(usize) -> Link,
    version: Option<&'static str>,
    log: Arc<Mutex<Vec<Entry>>>,
}

impl Logged {
    async fn pass(&mut self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let number = {
            let mut log = self.log.lock().expect("no panic");
            let (at, endpoint) = (Instant::now(), endpoint.to_owned());
            log.push(Entry { at, endpoint, request: request.to_vec(), reply: Vec::new() });
            log.len()
        };
        match (self.link)(number) {
            Link::Passes => {}
            Link::Hangs => future::pending().await,
            Link::Gone => {
                let source = io::ErrorKind::ConnectionRefused.into();
                return Err(Evidence::Unreachable { peer: self.peer(), source }.into());
            }
            Link::Unplugged => {
                let (wanted, present) = ("/dev/ttyUSB0".to_owned(), Vec::new());
                return Err(PortError::Absent { wanted, present }.into());
            }
        }
        if let Some(version) = self.version.filter(|_| endpoint == "proto-ver") {
            return Ok(version.as_bytes().to_vec());
        }
        let reply = match &mut self.inner {
            Some(inner) => inner.exchange(endpoint, request).await?,
            None => self.by_script(endpoint, request)?,
        };
        self.log.lock().expect("no panic")[number - 1].reply.clone_from(&reply);
        Ok(reply)
    }

    fn by_script(&self, endpoint: &str, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let reply = match (endpoint, &self.script) {
            ("proto-ver", _) => Some(br#"{"prov":{"ver":"v1.1","sec_ver":0,"cap":["wifi_scan"]}}"#.to_vec()),
            ("prov-session", _) => Some(vec![0x52, 0x05, 0x08, 0x01, 0xaa, 0x01, 0x00]),
            (endpoint, script) => script.as_ref().and_then(|script| script(endpoint, request)),
        };
        reply.ok_or_else(|| TransportError::from(Evidence::ClosedWithoutAnswer { peer: self.peer() }))
    }
}

impl Transport for Logged {
    fn limits(&self) -> Limits {
        Limits { request: 4096, scan_page: self.scan_page, scan_group: 5, security2: true }
    }

    fn endpoints(&self) -> Option<&[String]> {
        None
    }

    fn peer(&self) -> String {
        "the device".to_owned()
    }

    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>> {
        Box::pin(self.pass(endpoint, request))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>> {
        Box::pin(future::ready(Ok(())))
    }
}
