//! The stand-in cloud as a server: its routes, the faults that strike before a call is answered, and its life.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::calls;
use super::door::{Door, Reset};
use super::fault::{Fault, FaultKind, Script};
use super::login;
use super::random;
use super::reply;
use super::state::State;
use super::users::{User, Users};

/// The longest body that is read.
const BODY_MAX: usize = 64 * 1024;
/// How long answers under way may take once the cloud ends.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// Called with each call and the status it was answered with; `None` where it got no answer. A call that is not known has
/// no name, so nothing that a client sent is in it.
pub type Observer = Arc<dyn Fn(Option<&'static str>, Option<u16>) + Send + Sync>;

/// A cloud that is bound to its port and does not answer yet.
pub struct Cloud {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<State>,
}

/// A cloud that answers in the background until this is dropped.
pub struct Running {
    address: SocketAddr,
    users: Vec<User>,
    state: Arc<State>,
}

impl Cloud {
    /// Binds it. Its two users, one of which needs a code as well, have passwords of their own each time.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub async fn bind(address: SocketAddr, faults: Vec<Fault>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let user = |name: &str, code| User {
            name: name.to_owned(),
            password: hex::encode(random::bytes::<8>()),
            code,
            id: random::name(),
        };
        let users = vec![user("user@example.com", None), user("otp@example.com", Some(random::code()))];
        let users = Users::new(users, &random::bytes(), format!("http://{address}"));
        let state = Arc::new(State::new(users, Script::new(faults)));
        Ok(Self { listener, address, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its users, with what they log in with.
    pub fn users(&self) -> Vec<User> {
        self.state.users().all().to_vec()
    }

    /// Answers until `shutdown` resolves.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(self, shutdown: impl Future<Output = ()>, observer: Option<Observer>) -> io::Result<()> {
        let Self { listener, state, .. } = self;
        let ending = state.ending.clone();
        let router = router(&state, observer).into_make_service_with_connect_info::<Reset>();
        let server = axum::serve(Door::new(listener), router).with_graceful_shutdown(ending.clone().cancelled_owned());
        let over = async {
            tokio::select! {
                () = shutdown => ending.cancel(),
                () = ending.cancelled() => {}
            }
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            result = server => result,
            () = over => Ok(()),
        }
    }

    /// Answers in the background of this runtime.
    pub fn start(self) -> Running {
        let running = Running { address: self.address, users: self.users(), state: self.state.clone() };
        tokio::spawn(self.run(std::future::pending(), None));
        running
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of a profile.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1/", self.address)
    }

    /// Its users, with what they log in with.
    pub fn users(&self) -> &[User] {
        &self.users
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.ending.cancel();
    }
}

fn router(state: &Arc<State>, observer: Option<Observer>) -> Router {
    let path = |call: &str| format!("/v1/{call}");
    Router::new()
        .route(&format!("/{}", calls::VERSIONS), get(login::versions))
        .route(&path(calls::LOGIN), post(login::login))
        .route(&path(calls::LOGOUT), post(login::logout))
        .route(&path(calls::USER), get(login::user))
        .fallback(async || reply::gateway(StatusCode::NOT_FOUND, "Not Found"))
        .method_not_allowed_fallback(async || reply::gateway(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"))
        .layer(from_fn_with_state((state.clone(), observer), around))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(state.clone())
}

/// Lets a fault answer in place of a call, and tells the observer.
async fn around(
    Shared((state, observer)): Shared<(Arc<State>, Option<Observer>)>,
    ConnectInfo(reset): ConnectInfo<Reset>,
    request: Request,
    next: Next,
) -> Response {
    let call = calls::of_path(request.uri().path());
    let tell = |status| observer.iter().for_each(|observer| observer(call, status));
    let strikes = |kind| call.is_some_and(|call| state.strikes(kind, call));
    if strikes(FaultKind::Hang) {
        tell(None);
        state.ending.cancelled().await;
        reset.now();
        return reply::unavailable();
    }
    if strikes(FaultKind::ResetConnection) {
        tell(None);
        reset.now();
        return reply::unavailable();
    }
    let response = if strikes(FaultKind::TooManyRequests) {
        reply::too_many()
    } else if strikes(FaultKind::Http500) {
        reply::gateway(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    } else if strikes(FaultKind::Http503) {
        reply::unavailable()
    } else if strikes(FaultKind::CaptivePortal) {
        reply::captive_portal()
    } else if call.is_some_and(calls::needs_token) && strikes(FaultKind::RefusedToken) {
        reply::unauthorized()
    } else {
        match next.run(request).await {
            long if long.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                reply::gateway(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long")
            }
            response => response,
        }
    };
    tell(Some(response.status().as_u16()));
    response
}
