//! What a back end sees of a device: what is known of it, and requests to its endpoints.
//!
//! Nothing here opens a device or gives it a network.

use crate::endpoint::scan::Radio;
use crate::endpoint::{ReplyError, Request};
use crate::session::{SessionError, SessionErrorKind, Step};
use crate::transport::{BoxFuture, Limits};
use crate::wire::version::VersionInfo;

/// What is known of a device that answers.
#[derive(Debug, Clone)]
pub struct DeviceFacts {
    /// The dialect it speaks, as `--dialect` names it.
    pub dialect: &'static str,
    /// The other end of the link, for people. Text of the device's own in it is raw.
    pub peer: String,
    /// Its own name, raw, where the link has seen it.
    pub name: Option<String>,
    /// Its version document; `None` where its dialect has none.
    pub version: Option<VersionInfo>,
    /// The security version in use; `None` before a session stands, and where the dialect has no session.
    pub security: Option<u8>,
    /// Which kind of network it joins.
    pub radio: Radio,
    /// Whether it can say which networks it hears.
    pub can_scan: bool,
    /// The id of its node, where it has told it without being asked for an association.
    pub node_id: Option<String>,
    /// Whether its node has no id yet: it has to be claimed before it can belong to anybody.
    pub unclaimed: bool,
    /// What the link carries; `None` where the dialect has no such limits.
    pub limits: Option<Limits>,
    /// The endpoints the device offers, where the link lists them.
    pub endpoints: Option<Vec<String>>,
}

impl DeviceFacts {
    /// Whether the device is associated by challenge and response, and not by plain user mapping.
    pub fn has_challenge_response(&self) -> bool {
        self.version.as_ref().is_some_and(VersionInfo::has_challenge_response)
    }
}

/// A device as a back end sees it.
pub trait DeviceLink: Send {
    /// What is known of the device.
    fn facts(&self) -> &DeviceFacts;

    /// Sends `body` to `endpoint`, and returns the reply's plain bytes. The request must be one that may arrive twice:
    /// where the secure session was lost, a new one is set up and the request is sent again, once.
    ///
    /// A dialect without endpoints translates those it can: bytes in and out are the same as on a device that has them.
    ///
    /// # Errors
    /// [`SessionError`]; its meaning is [`NoEndpoint`](crate::session::Meaning::NoEndpoint) where the device, or its
    /// dialect, has no such endpoint.
    fn request<'a>(&'a mut self, endpoint: &'a str, body: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SessionError>>;

    /// The same, where `check` knows a reply to this request: a session of a scheme that authenticates nothing shows as
    /// garbage when it is lost, and only the reader of a reply can tell. The request may be sent again, once.
    ///
    /// # Errors
    /// As [`request`](Self::request), and for a reply that `check` does not take.
    fn request_checked<'a>(
        &'a mut self,
        endpoint: &'a str,
        body: &'a [u8],
        check: &'a ReplyCheck<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, SessionError>> {
        Box::pin(async move {
            let reply = self.request(endpoint, body).await?;
            check(&reply).map_err(|error| SessionError {
                step: Step::Request,
                endpoint: endpoint.to_owned(),
                security: self.facts().security,
                kind: SessionErrorKind::Reply(error),
            })?;
            Ok(reply)
        })
    }
}

/// Whether plain bytes answer a request.
pub type ReplyCheck<'a> = dyn Fn(&[u8]) -> Result<(), ReplyError> + Send + Sync + 'a;

/// Sends a typed request with [`DeviceLink::request_checked`], and reads its reply.
///
/// # Errors
/// As [`DeviceLink::request_checked`]: also for a reply that refuses the request or does not answer it.
pub async fn call<R: Request + Sync>(device: &mut dyn DeviceLink, request: &R) -> Result<R::Reply, SessionError> {
    let body = request.encode();
    let check = |reply: &[u8]| request.decode(reply).map(drop);
    let reply = device.request_checked(request.endpoint(), &body, &check).await?;
    request.decode(&reply).map_err(|error| SessionError {
        step: Step::Request,
        endpoint: request.endpoint().to_owned(),
        security: device.facts().security,
        kind: SessionErrorKind::Reply(error),
    })
}
