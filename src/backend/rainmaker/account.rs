//! Somebody's account at one profile: its login, renewed before it ends and once where the cloud refuses it, by one process
//! at a time. What is asked of the cloud is the caller's.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::claims::Claims;
use super::cloud::{self, Renewed};
use super::folder::Folder;
use super::profiles::{CloudProfile, Profiles, migrate};
use super::tokens::{self, Tokens};
use crate::backend::http::{Auth, Client, Http, Reply, Request};
use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::text;

/// How long before its end a token is renewed, in seconds.
const MARGIN: i64 = 120;
/// By how much clocks may differ before it is said, in seconds.
const SKEW: i64 = 300;

/// An account.
pub struct Account {
    folder: Folder,
    profile: CloudProfile,
    client: Client,
    observer: Arc<dyn Observer>,
}

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The e-mail address or telephone number.
    pub name: Option<String>,
    /// The id at the cloud.
    pub id: Option<String>,
}

/// What a logout came to, beside the end of the login on this computer.
#[derive(Debug)]
pub enum LoggedOut {
    /// The cloud ended the login too.
    Everywhere,
    /// The cloud was not told, and why.
    HereOnly(Failure),
}

impl Account {
    /// The account at a profile, else at the current one. Sends nothing.
    ///
    /// # Errors
    /// [`Code::AccountUnknownProfile`], [`Code::BackendMisconfigured`], and where the files cannot be used.
    pub fn open(
        folder: Folder,
        profile: Option<&str>,
        http: &Http,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Failure> {
        let profile = Profiles::read(&folder)?.find(profile)?.clone();
        let client = http.client(&profile.base_url, Auth::none())?;
        if let Some(text) = profile.exposure() {
            observer.observe(&Event::Warning { text });
        }
        Ok(Self { folder, profile, client, observer })
    }

    /// The profile it is at.
    pub fn profile(&self) -> &CloudProfile {
        &self.profile
    }

    /// What requests before a login are sent with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Keeps a login, in place of an earlier one.
    ///
    /// # Errors
    /// Where the files cannot be used.
    pub async fn keep(&self, tokens: &Tokens) -> Result<User, Failure> {
        let lock = self.folder.lock().await?;
        migrate(&lock)?;
        tokens.write(&lock, &self.profile.name)?;
        Ok(Self::user_of(tokens))
    }

    /// Sends a request as this user.
    ///
    /// # Errors
    /// [`Code::AccountNotLoggedIn`], [`Code::AccountLoginExpired`], and what the way to the cloud can fail of. A status that
    /// refuses the request itself is in the reply.
    pub async fn send(&self, request: &Request) -> Result<Reply, Failure> {
        let tokens = self.fresh().await?;
        let reply = self.send_with(&tokens, request).await?;
        if reply.status() != 401 {
            return Ok(reply);
        }
        let tokens = self.renewed(&tokens).await?;
        let reply = self.send_with(&tokens, request).await?;
        if reply.status() == 401 {
            let failure =
                Failure::new(Code::AccountLoginExpired).because("the cloud refuses a login that was just renewed");
            return Err(reply.error_text().into_iter().fold(failure, Failure::because));
        }
        Ok(reply)
    }

    async fn send_with(&self, tokens: &Tokens, request: &Request) -> Result<Reply, Failure> {
        Ok(self.client.with_auth(Auth::raw(tokens.access.clone()))?.send(request).await?)
    }

    /// Asks the cloud who the user is, which proves the login.
    ///
    /// # Errors
    /// As [`Account::send`].
    pub async fn user(&self) -> Result<User, Failure> {
        let answer: Value = self.send(&cloud::user()).await?.accepted()?.json()?;
        let told = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let known = Tokens::read(&self.folder, &self.profile.name)?.as_ref().map(Self::user_of);
        let (name, id) = known.map(|user| (user.name, user.id)).unwrap_or_default();
        Ok(User { name: told("user_name").or(name), id: told("user_id").or(id) })
    }

    /// Ends the login: at the cloud where that can be, and on this computer in every case.
    ///
    /// # Errors
    /// [`Code::AccountNotLoggedIn`], and where the files cannot be written.
    pub async fn logout(&self) -> Result<LoggedOut, Failure> {
        let told = match self.send(&cloud::logout()).await.and_then(|reply| Ok(reply.accepted()?)) {
            Err(failure) if failure.code == Code::AccountNotLoggedIn => return Err(failure),
            // A login that the cloud no longer knows needs no end.
            Err(failure) if failure.code == Code::AccountLoginExpired => LoggedOut::Everywhere,
            Err(failure) => LoggedOut::HereOnly(failure),
            Ok(_) => LoggedOut::Everywhere,
        };
        let lock = self.folder.lock().await?;
        migrate(&lock)?;
        tokens::remove(&lock, &self.profile.name)?;
        Ok(told)
    }

    fn user_of(tokens: &Tokens) -> User {
        let claims = Claims::read(&tokens.id).unwrap_or_default();
        User { name: claims.user_name, id: claims.user_id }
    }

    /// The login, with time left.
    async fn fresh(&self) -> Result<Tokens, Failure> {
        let tokens = self.kept()?;
        let left = Self::left(&tokens);
        if left.is_some_and(|left| left > MARGIN) {
            return Ok(tokens);
        }
        match self.renewed(&tokens).await {
            // It still has a little time, and there may be another chance.
            Err(failure) if left.is_some_and(|left| left > 0) && failure.code != Code::Interrupted => Ok(tokens),
            result => result,
        }
    }

    /// The login as it is kept.
    fn kept(&self) -> Result<Tokens, Failure> {
        let name = &self.profile.name;
        Tokens::read(&self.folder, name)?.ok_or_else(|| {
            Failure::new(Code::AccountNotLoggedIn)
                .saying(format!("nobody is logged in at the profile {}", text::sanitise(name)))
        })
    }

    /// How many seconds a login has left by this computer's clock; `None` where that cannot be read.
    fn left(tokens: &Tokens) -> Option<i64> {
        Claims::read(&tokens.access)?.expires.map(|expires| expires - now())
    }

    /// The login that follows `used`: another process's, or one that is asked for here. It is kept before it is used.
    async fn renewed(&self, used: &Tokens) -> Result<Tokens, Failure> {
        let lock = self.folder.lock().await?;
        let kept = self.kept()?;
        if kept.access != used.access && Self::left(&kept).is_none_or(|left| left > 0) {
            return Ok(kept);
        }
        if kept.refresh.is_empty() {
            return Err(
                Failure::new(Code::AccountLoginExpired).because("no token is kept with which it could be renewed")
            );
        }
        let Renewed { id, access, refresh } = cloud::renew(&self.client, &kept.refresh).await?;
        let tokens = Tokens { id, access, refresh: refresh.unwrap_or(kept.refresh) };
        tokens.write(&lock, &self.profile.name)?;
        self.compare_clocks(&tokens);
        Ok(tokens)
    }

    /// Says where this computer's clock is far from the cloud's, by a token that was made just now.
    fn compare_clocks(&self, tokens: &Tokens) {
        let ahead = Claims::read(&tokens.access).and_then(|claims| claims.issued).map(|issued| now() - issued);
        if let Some(ahead) = ahead.filter(|ahead| ahead.abs() > SKEW) {
            let (minutes, way) = (ahead.abs() / 60, if ahead > 0 { "ahead of" } else { "behind" });
            let text = format!("this computer's clock is {minutes} minutes {way} the cloud's: set it");
            self.observer.observe(&Event::Warning { text });
        }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
