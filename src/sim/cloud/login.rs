//! The calls about the account: login, its second step, refresh, logout, the account, and the versions of the interface.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::calls;
use super::fault::FaultKind;
use super::random;
use super::reply;
use super::state::State;
use super::users::{Login, Tokens};

/// Error code of a refused login.
const REFUSED: u32 = 101_015;

/// A body of `login2`: one of three sets of members.
#[derive(Deserialize)]
struct LoginBody {
    user_name: Option<String>,
    password: Option<String>,
    session: Option<String>,
    verification_code: Option<String>,
    refreshtoken: Option<String>,
}

pub(super) async fn versions() -> Response {
    reply::done(&json!({ "supported_versions": ["v1"] }))
}

pub(super) async fn login(Shared(state): Shared<Arc<State>>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<LoginBody>(&body) else { return reply::bad_request() };
    if let Some(refresh) = body.refreshtoken {
        return refreshed(&state, &refresh);
    }
    let defect = state.defect();
    let now = state.now();
    let login = match (&body.user_name, &body.password, &body.session, &body.verification_code) {
        (Some(name), Some(password), None, None) => state.users().log_in(name, password, random::name(), now, defect),
        (Some(name), None, Some(session), Some(code)) => state.users().enter_code(name, session, code, now, defect),
        _ => return reply::bad_request(),
    };
    match login {
        Login::Done(tokens) => given(&tokens, "Login successful"),
        Login::NeedsCode { session } => {
            let description = "Verification code is sent";
            reply::done(&json!({ "status": "success", "description": description, "session": session }))
        }
        Login::Refused if body.session.is_some() => {
            reply::failure(StatusCode::UNAUTHORIZED, REFUSED, "Invalid verification code")
        }
        Login::Refused => reply::failure(StatusCode::UNAUTHORIZED, REFUSED, "Incorrect user name or password"),
    }
}

pub(super) async fn logout(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response {
    let now = state.now();
    let ended = token(&headers).is_some_and(|token| state.users().log_out(token, now));
    if !ended {
        return reply::unauthorized();
    }
    reply::done(&json!({ "status": "success", "description": "Logged out" }))
}

pub(super) async fn user(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response {
    let now = state.now();
    let users = state.users();
    let Some(user) = token(&headers).and_then(|token| users.of_token(token, now)) else { return reply::unauthorized() };
    reply::done(&json!({ "user_id": user.id, "user_name": user.name, "super_admin": false }))
}

fn refreshed(state: &State, refresh: &str) -> Response {
    let refused = || reply::failure(StatusCode::UNAUTHORIZED, REFUSED, "Refresh token is invalid or has been revoked");
    if state.strikes(FaultKind::RefusedRefresh, calls::LOGIN) {
        return refused();
    }
    let tokens = state.users().refresh(refresh, state.now(), state.defect());
    tokens.map_or_else(refused, |tokens| {
        let body = json!({ "status": "success", "idtoken": tokens.id, "accesstoken": tokens.access });
        reply::done(&body)
    })
}

fn given(tokens: &Tokens, description: &str) -> Response {
    reply::done(&json!({
        "status": "success",
        "description": description,
        "idtoken": tokens.id,
        "accesstoken": tokens.access,
        "refreshtoken": tokens.refresh,
    }))
}

/// The access token of a request: the bare value, without `Bearer`.
fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}
