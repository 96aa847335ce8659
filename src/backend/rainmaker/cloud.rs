//! The calls of the cloud that concern an account: login with its code, renewal, logout, the user. Each says what an answer
//! means; where tokens are kept and when they are renewed is not decided here.

use serde_json::{Value, json};

use super::tokens::Tokens;
use crate::backend::http::{Client, Method, Reply, Request, take_out};
use crate::code::Code;
use crate::failure::Failure;
use crate::secret::BackendSecret;

/// What a login leads to.
#[derive(Debug)]
pub enum LoginStep {
    /// The login is done.
    Done(Tokens),
    /// The cloud has sent the user a code, which has to come with this session.
    CodeSent(BackendSecret),
}

/// New tokens for old ones; those that the cloud did not send stay as they are.
#[derive(Debug)]
pub(super) struct Renewed {
    pub(super) id: BackendSecret,
    pub(super) access: BackendSecret,
    pub(super) refresh: Option<BackendSecret>,
}

/// Logs in with a password.
///
/// # Errors
/// [`Code::AccountPasswordRejected`], and what the way to the cloud can fail of.
pub async fn login(client: &Client, user: &str, password: &BackendSecret) -> Result<LoginStep, Failure> {
    let body = json!({ "user_name": user, "password": text(password)? });
    let reply = login2(client, body, false, &[password], Code::AccountPasswordRejected).await?;
    match member(&reply, "session") {
        Some(session) => Ok(LoginStep::CodeSent(session)),
        None => tokens(&reply).map(LoginStep::Done).ok_or_else(bad_reply),
    }
}

/// Ends a login with the code that the user was sent.
///
/// # Errors
/// [`Code::AccountCodeRejected`], and what the way to the cloud can fail of.
pub async fn login_with_code(
    client: &Client,
    user: &str,
    session: &BackendSecret,
    code: &BackendSecret,
) -> Result<Tokens, Failure> {
    let body = json!({ "user_name": user, "session": text(session)?, "verification_code": text(code)? });
    let reply = login2(client, body, false, &[session, code], Code::AccountCodeRejected).await?;
    tokens(&reply).ok_or_else(bad_reply)
}

/// Renews a login. Doing it twice does no harm.
///
/// # Errors
/// [`Code::AccountLoginExpired`], and what the way to the cloud can fail of.
pub(super) async fn renew(client: &Client, refresh: &BackendSecret) -> Result<Renewed, Failure> {
    let body = json!({ "refreshtoken": text(refresh)? });
    let reply = login2(client, body, true, &[refresh], Code::AccountLoginExpired).await?;
    match (member(&reply, "idtoken"), member(&reply, "accesstoken")) {
        (Some(id), Some(access)) => Ok(Renewed { id, access, refresh: member(&reply, "refreshtoken") }),
        _ => Err(bad_reply()),
    }
}

/// Asks who the user is.
pub(super) fn user() -> Request {
    Request::new(Method::GET, &["user"])
}

/// Ends this one login.
pub(super) fn logout() -> Request {
    Request::new(Method::POST, &["logout2"]).query("logout_all", "false").repeatable()
}

/// One call of `login2`, whose refusal has this code. No secret that was sent is in what comes back.
async fn login2(
    client: &Client,
    body: Value,
    repeatable: bool,
    secrets: &[&BackendSecret],
    refused: Code,
) -> Result<Value, Failure> {
    let request = Request::new(Method::POST, &["login2"]).json(body);
    let request = if repeatable { request.repeatable() } else { request };
    let reply = client.send(&request).await?;
    let told = |mut failure: Failure| {
        for cause in &mut failure.causes {
            *cause = secrets.iter().fold(std::mem::take(cause), |text, secret| take_out(&text, secret));
        }
        failure
    };
    let said_no = |reply: &Reply| {
        let failure = Failure::new(refused);
        reply.error_text().into_iter().fold(failure, Failure::because)
    };
    if matches!(reply.status(), 400 | 401 | 403) || (reply.status() == 404 && speaks_json(&reply)) {
        return Err(told(said_no(&reply)));
    }
    let reply = reply.accepted().map_err(|error| told(error.into()))?;
    let answer: Value = reply.json()?;
    if answer.get("status").and_then(Value::as_str) == Some("failure") {
        return Err(told(said_no(&reply)));
    }
    Ok(answer)
}

/// Whether the cloud itself said it, and not a server at the wrong address.
fn speaks_json(reply: &Reply) -> bool {
    reply.json::<Value>().is_ok_and(|answer| answer.get("status").is_some())
}

fn tokens(answer: &Value) -> Option<Tokens> {
    Some(Tokens {
        id: member(answer, "idtoken")?,
        refresh: member(answer, "refreshtoken")?,
        access: member(answer, "accesstoken")?,
    })
}

fn member(answer: &Value, name: &str) -> Option<BackendSecret> {
    answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(BackendSecret::from)
}

fn bad_reply() -> Failure {
    Failure::new(Code::BackendBadReply).because("the cloud accepted the login, but its answer holds no tokens")
}

fn text(secret: &BackendSecret) -> Result<&str, Failure> {
    std::str::from_utf8(secret.expose())
        .map_err(|_| Failure::new(Code::UsageInvalid).saying("the password, the code or a token is not UTF-8 text"))
}
