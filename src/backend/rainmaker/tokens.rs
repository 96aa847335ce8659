//! The login of a profile: three tokens, as its file has them. Other members of the file are left as they are.
//!
//! What a token says is `claims.rs`'s; renewing it is `account.rs`'s.

use serde_json::{Map, Value};

use super::folder::{Folder, Lock};
use super::regions::{CHINA, CHINA_URL, GLOBAL, GLOBAL_URL};
use crate::code::Code;
use crate::failure::Failure;
use crate::secret::BackendSecret;

/// The file of the login, from before there were profiles.
const LEGACY: &str = "rainmaker_config.json";
/// The members that are ours.
const KEYS: [&str; 3] = ["idtoken", "refreshtoken", "accesstoken"];

/// Three tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Says whose it is.
    pub id: BackendSecret,
    /// Gives new ones.
    pub refresh: BackendSecret,
    /// Is shown with each request.
    pub access: BackendSecret,
}

/// The file of a profile's login.
pub(super) fn file(profile: &str) -> String {
    format!("profiles/{profile}_config.json")
}

impl Tokens {
    /// The login of a profile, where somebody is logged in.
    ///
    /// # Errors
    /// [`Code::AccountFilesDamaged`] and [`Code::AccountFilesUnusable`].
    pub fn read(folder: &Folder, profile: &str) -> Result<Option<Self>, Failure> {
        let advise = |failure: Failure| match failure.code {
            Code::AccountFilesDamaged => failure.hint(format!("espctl login --profile {profile} writes it anew")),
            _ => failure,
        };
        let own = folder.object(&file(profile)).map_err(advise)?;
        if let Some(tokens) = own.as_ref().and_then(from) {
            return Ok(Some(tokens));
        }
        Ok(legacy(folder)?.filter(|(owner, _)| *owner == profile).map(|(_, tokens)| tokens))
    }

    /// Makes them the login of a profile. A damaged file is written anew.
    pub(super) fn write(&self, lock: &Lock, profile: &str) -> Result<(), Failure> {
        let name = file(profile);
        let mut object = match lock.folder().object(&name) {
            Err(failure) if failure.code != Code::AccountFilesDamaged => return Err(failure),
            object => object.unwrap_or_default().unwrap_or_default(),
        };
        for (key, token) in KEYS.into_iter().zip([&self.id, &self.refresh, &self.access]) {
            object.insert(key.to_owned(), String::from_utf8_lossy(token.expose()).into());
        }
        lock.write_object(&name, &object, false)
    }
}

/// Ends the login of a profile on this computer, also one from before there were profiles. What else is in the files stays.
pub(super) fn remove(lock: &Lock, profile: &str) -> Result<(), Failure> {
    let name = file(profile);
    match lock.folder().object(&name) {
        Err(failure) if failure.code != Code::AccountFilesDamaged => return Err(failure),
        Err(_) => lock.remove(&name)?,
        Ok(None) => {}
        Ok(Some(object)) => match without_tokens(object) {
            rest if rest.is_empty() => lock.remove(&name)?,
            rest => lock.write_object(&name, &rest, false)?,
        },
    }
    match legacy(lock.folder())? {
        Some((owner, _)) if owner == profile => {
            let object = lock.folder().object(LEGACY)?.unwrap_or_default();
            lock.write_object(LEGACY, &without_tokens(object), false)
        }
        _ => Ok(()),
    }
}

fn without_tokens(object: Map<String, Value>) -> Map<String, Value> {
    object.into_iter().filter(|(key, _)| !KEYS.contains(&key.as_str())).collect()
}

/// The login from before there were profiles, and the profile that it belongs to: the one whose address stands beside it.
/// A login at another address is nobody's.
pub(super) fn legacy(folder: &Folder) -> Result<Option<(&'static str, Tokens)>, Failure> {
    let Some(object) = folder.object(LEGACY)? else { return Ok(None) };
    let owner = match object.get("host").and_then(Value::as_str) {
        None | Some(GLOBAL_URL) => GLOBAL,
        Some(CHINA_URL) => CHINA,
        Some(_) => return Ok(None),
    };
    Ok(from(&object).map(|tokens| (owner, tokens)))
}

/// The address that the old file has.
pub(super) fn legacy_host(folder: &Folder) -> Result<Option<String>, Failure> {
    let object = folder.object(LEGACY)?;
    Ok(object.and_then(|object| object.get("host").and_then(Value::as_str).map(str::to_owned)))
}

fn from(object: &Map<String, Value>) -> Option<Tokens> {
    let token = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let or_empty = |key: &str| BackendSecret::from(token(key).unwrap_or_default());
    token(KEYS[2])?;
    Some(Tokens { id: or_empty(KEYS[0]), refresh: or_empty(KEYS[1]), access: or_empty(KEYS[2]) })
}
