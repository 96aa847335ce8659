//! Sends requests to one back end, within the limits of its policy.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use backon::Retryable;
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Method, Url, redirect};

use super::auth::Auth;
use super::base::Base;
use super::failure::classify;
use super::proxies::Proxies;
use super::reply::Reply;
use super::request::{Body, Request};
use super::retry::{Again, Attempt, Policy, is_temporary, retry_after};
use super::tls;
use crate::backend::error::BackendError;
use crate::code::Code;
use crate::event::{Event, Observer};
use crate::text;

/// How this program names itself.
const USER_AGENT: &str = concat!("espctl/", env!("CARGO_PKG_VERSION"));
/// Most redirects that are followed for one request.
const REDIRECTS_MAX: usize = 3;

/// What all clients of a run share. Making one costs nothing; only [`Http::client`] looks at the system.
#[derive(Clone)]
pub struct Http {
    proxies: Proxies,
    observer: Arc<dyn Observer>,
    policy: Policy,
}

impl Http {
    /// With these proxies. Repeated tries are told to `observer`.
    pub fn new(proxies: Proxies, observer: Arc<dyn Observer>) -> Self {
        Self { proxies, observer, policy: Policy::default() }
    }

    /// With other limits than the default ones.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// A client for the back end at `address`.
    ///
    /// # Errors
    /// [`Code::BackendMisconfigured`]: the address, the proof or a proxy's address cannot be used.
    pub fn client(&self, address: &str, auth: Auth) -> Result<Client, BackendError> {
        let base = Base::parse(address)?;
        auth.check()?;
        if auth.is_some() && base.is_exposed() {
            self.note(format!("{}: over plain HTTP, others on the way can read the token or key", base.name()));
        }
        let (config, bundled) = tls::config().map_err(|error| BackendError::new(Code::Unexpected).over(error))?;
        if bundled {
            self.note(
                "this computer has no list of trusted certificates; the one built into espctl is used".to_owned(),
            );
        }
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .tls_backend_preconfigured(config)
            .redirect(redirect::Policy::none())
            .connect_timeout(self.policy.connect)
            .timeout(self.policy.one);
        let inner = self.proxies.apply(client)?.build();
        let inner = inner.map_err(|error| BackendError::new(Code::Unexpected).over(error.without_url()))?;
        Ok(Client { inner, base, auth, http: self.clone() })
    }

    fn note(&self, text: String) {
        self.observer.observe(&Event::Note { text });
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("proxies", &self.proxies).field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// A client for one back end. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    base: Base,
    auth: Auth,
    http: Http,
}

impl Client {
    /// The same client with another proof, after a login or with a renewed token.
    ///
    /// # Errors
    /// [`Code::BackendMisconfigured`]: it cannot stand in a header.
    pub fn with_auth(&self, auth: Auth) -> Result<Self, BackendError> {
        auth.check()?;
        Ok(Self { auth, ..self.clone() })
    }

    /// Sends a request and reads the answer, whatever its status. What may be repeated is, by the policy.
    ///
    /// A redirect is followed for a GET that stays with the same server; every other one is the answer.
    ///
    /// # Errors
    /// [`Code::BackendUnreachable`] and [`Code::BackendTls`] where no answer came, [`Code::BackendBadReply`] for one
    /// that is too long, [`Code::BackendMisconfigured`] for a path that cannot be an address.
    pub async fn send(&self, request: &Request) -> Result<Reply, BackendError> {
        let mut url = self.base.join(&request.segments)?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let policy = &self.http.policy;
        let (last, mut number) = (Mutex::new(None), 1);
        let tries = (|| self.attempt(&url, request))
            .retry(policy.waits())
            .sleep(tokio::time::sleep)
            .when(|attempt| attempt.may_repeat(request.repeatable))
            .adjust(|attempt, planned| policy.wait(attempt, planned))
            .notify(|attempt, wait| {
                number += 1;
                let cause = attempt.cause();
                let of = policy.repeats + 1;
                self.http.note(format!("{cause}; trying again in {:.1} s ({number} of {of})", wait.as_secs_f32()));
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
            });
        match tokio::time::timeout(policy.all, tries).await {
            Ok(Ok(reply) | Err(Attempt::Answered(reply))) => Ok(reply),
            Ok(Err(Attempt::Failed { error, .. })) => Err(error),
            Err(_) => {
                let cause = format!("{}: no answer within {:.0} s", self.base.name(), policy.all.as_secs_f32());
                let error = BackendError::new(Code::BackendUnreachable).because(cause);
                let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
                Err(last.into_iter().fold(error, BackendError::because))
            }
        }
    }

    /// One try, redirects included.
    async fn attempt(&self, url: &Url, request: &Request) -> Result<Reply, Attempt> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let response = self.exchange(&url, request).await?;
            let Some(target) = redirect_target(&response) else { return self.read(response, None).await };
            let stays = target.origin() == url.origin() && request.method == Method::GET;
            if !stays {
                let elsewhere = text::sanitise(&target.origin().ascii_serialization()).into_owned();
                return self.read(response, Some(elsewhere)).await;
            }
            url = target;
        }
        let cause = format!("{}: more than {REDIRECTS_MAX} redirects in a row", self.base.name());
        Err(Attempt::Failed { error: BackendError::new(Code::BackendBadReply).because(cause), again: Again::Never })
    }

    async fn exchange(&self, url: &Url, request: &Request) -> Result<reqwest::Response, Attempt> {
        let mut sent = self.auth.apply(self.inner.request(request.method.clone(), url.clone()));
        sent = match &request.body {
            Body::Empty => sent,
            Body::Json(value) => sent.json(value),
            Body::Form(fields) => sent.form(fields),
        };
        sent.send().await.map_err(|error| classify(error, self.base.name()))
    }

    /// Reads the body as far as the policy allows.
    async fn read(&self, mut response: reqwest::Response, elsewhere: Option<String>) -> Result<Reply, Attempt> {
        let status = response.status().as_u16();
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after(asked);
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| classify(error, self.base.name()))? {
            if body.len() + part.len() > self.http.policy.body {
                let cause = format!("{}: more than {} bytes", self.base.name(), self.http.policy.body);
                let error = BackendError::new(Code::BackendBadReply).because(cause);
                return Err(Attempt::Failed { error, again: Again::Never });
            }
            body.extend_from_slice(&part);
        }
        let server = self.base.name().to_owned();
        let reply = Reply { server, status, body, elsewhere, retry_after, auth: self.auth.clone() };
        if is_temporary(status) { Err(Attempt::Answered(reply)) } else { Ok(reply) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).field("auth", &self.auth).finish_non_exhaustive()
    }
}

/// Where a redirect leads.
fn redirect_target(response: &reqwest::Response) -> Option<Url> {
    if !response.status().is_redirection() {
        return None;
    }
    let target = response.headers().get(LOCATION)?.to_str().ok()?;
    response.url().join(target).ok()
}
