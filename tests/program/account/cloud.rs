//! A small cloud on loopback: login with and without a code, renewal, logout, the user; and the ways in which it can fail.

use std::collections::{HashSet, VecDeque};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(crate) const USER: &str = "ana@example.com";
pub(crate) const PASSWORD: &str = "Zp1-the-account-password";
pub(crate) const CODE: &str = "Zc2-913377";
/// In each token, so that one in any output is found.
pub(crate) const MARK: &str = "Zt3-token";

/// What the cloud remembers.
#[derive(Default)]
pub(crate) struct State {
    /// Access tokens that it takes.
    pub(crate) accepted: HashSet<String>,
    /// Refresh tokens that it takes.
    pub(crate) refreshable: HashSet<String>,
    /// Whether a login takes a code.
    pub(crate) wants_code: bool,
    /// How long a new token lives, in seconds.
    pub(crate) life: i64,
    /// By how much its clock is ahead of ours, in seconds.
    pub(crate) clock: i64,
    /// Whether it gives a new refresh token with each renewal, and takes each only once.
    pub(crate) rotates: bool,
    /// Answers that come first, whole and raw; an empty one closes the connection.
    pub(crate) first: VecDeque<String>,
    /// How long a renewal takes.
    pub(crate) delay: Duration,
    /// How often it renewed.
    pub(crate) renewals: usize,
    /// Which calls came.
    pub(crate) calls: Vec<String>,
    tokens: usize,
}

pub(crate) struct Cloud {
    pub(crate) address: String,
    pub(crate) state: Arc<Mutex<State>>,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { life: 3600, ..State::default() }));
        let own = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = own.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("no panic"))
    }

    /// Tokens as after a login, the access token with this many seconds left.
    pub(crate) fn login(&self, left: i64) -> Value {
        self.with(|state| {
            let life = std::mem::replace(&mut state.life, left);
            let tokens = state.tokens();
            state.life = life;
            tokens
        })
    }
}

impl State {
    fn token(&mut self, life: i64) -> String {
        self.tokens += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
        let now = i64::try_from(now).expect("a time") + self.clock;
        let claims =
            json!({ "iat": now, "exp": now + life, "n": self.tokens, "email": USER, "custom:user_id": "user-7" });
        format!("eyJhbGciOiJub25lIn0.{}.{MARK}-{}", URL_SAFE_NO_PAD.encode(claims.to_string()), self.tokens)
    }

    /// New tokens that it takes.
    fn tokens(&mut self) -> Value {
        let (id, access) = (self.token(self.life), self.token(self.life));
        self.tokens += 1;
        let refresh = format!("{MARK}-refresh-{}", self.tokens);
        self.accepted.insert(access.clone());
        self.refreshable.insert(refresh.clone());
        json!({ "status": "success", "idtoken": id, "accesstoken": access, "refreshtoken": refresh })
    }

    fn answer(&mut self, call: &str, authorization: &str, body: &Value) -> (u16, Value) {
        let failure = |status, description: &str| {
            (status, json!({ "status": "failure", "description": description, "error_code": 101_007 }))
        };
        match call {
            "POST /v1/login2" if body["refreshtoken"].is_string() => {
                let refresh = body["refreshtoken"].as_str().expect("text").to_owned();
                if !self.refreshable.contains(&refresh) {
                    return failure(401, &format!("the refresh token {refresh} is not valid"));
                }
                self.renewals += 1;
                let mut tokens = self.tokens();
                if self.rotates {
                    self.refreshable.remove(&refresh);
                } else {
                    tokens.as_object_mut().expect("an object").remove("refreshtoken");
                }
                (200, tokens)
            }
            "POST /v1/login2" if body["verification_code"].is_string() => {
                if body["session"] == "Zs4-session" && body["verification_code"] == CODE {
                    (200, self.tokens())
                } else {
                    failure(400, &format!("code {} of session {}", body["verification_code"], body["session"]))
                }
            }
            "POST /v1/login2" if body["user_name"] != USER || body["password"] != PASSWORD => {
                failure(401, &format!("no user {} with password {}", body["user_name"], body["password"]))
            }
            "POST /v1/login2" if self.wants_code => (200, json!({ "status": "success", "session": "Zs4-session" })),
            "POST /v1/login2" => (200, self.tokens()),
            _ if !self.accepted.contains(authorization) => failure(401, &format!("Unauthorized: {authorization}")),
            "GET /v1/user" => (200, json!({ "user_id": "user-7", "user_name": USER })),
            "POST /v1/logout2?logout_all=false" => {
                self.accepted.remove(authorization);
                (200, json!({ "status": "success" }))
            }
            _ => failure(404, "no such call"),
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        if body.len() >= header("content-length: ").and_then(|length| length.parse().ok()).unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let call: Vec<_> = head.lines().next().unwrap_or_default().split(' ').take(2).collect();
    let call = call.join(" ");
    let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let mut state = state.lock().expect("no panic");
    state.calls.push(call.clone());
    let answer = state.first.pop_front().unwrap_or_else(|| {
        if body["refreshtoken"].is_string() {
            std::thread::sleep(state.delay);
        }
        let (status, body) = state.answer(&call, authorization, &body);
        whole(status, &body.to_string())
    });
    drop(state);
    let _ = stream.write_all(answer.as_bytes());
}

/// A whole answer.
pub(crate) fn whole(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Any\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
