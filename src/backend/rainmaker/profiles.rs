//! The profiles, each a cloud with an account, and which of them is current; read and written as esp-rainmaker-cli does.
//! Whether somebody is logged in at one is `tokens.rs`'s.

use serde_json::{Map, Value, json};

use super::folder::{Folder, Lock};
use super::regions::{self, CHINA, CHINA_URL, GLOBAL};
use super::tokens;
use crate::backend::http::{check_address, is_exposed};
use crate::code::Code;
use crate::failure::Failure;
use crate::text;

/// The file of all profiles.
const FILE: &str = "profiles/profiles.json";
/// The file with the current one's name.
const CURRENT: &str = "profiles/current_profile";
/// The version of the interface, with which every base URL ends.
const VERSION: &str = "v1/";
/// Longest name of a profile.
const NAME_MAX: usize = 50;

/// A cloud, and the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudProfile {
    /// Its name, by which it is chosen.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Below which address its interface is; ends in `/v1/`.
    pub base_url: String,
    /// Whether it is one of ESP RainMaker's own regions.
    pub builtin: bool,
}

impl CloudProfile {
    /// What to warn of before a password or a token goes to a cloud whose address is not encrypted.
    pub fn exposure(&self) -> Option<String> {
        is_exposed(&self.base_url).then(|| {
            let name = text::sanitise(&self.name);
            format!("profile {name} is not encrypted (http://): passwords and logins can be read on the way")
        })
    }
}

/// All profiles, as the files have them.
#[derive(Debug, Clone)]
pub struct Profiles {
    all: Vec<CloudProfile>,
    current: String,
}

impl Profiles {
    /// Reads them. Nothing is written, also where esp-rainmaker-cli would.
    ///
    /// # Errors
    /// [`Code::AccountFilesDamaged`] and [`Code::AccountFilesUnusable`].
    pub fn read(folder: &Folder) -> Result<Self, Failure> {
        let file = load(folder)?;
        let section = |name: &str| file.get(name).and_then(Value::as_object).into_iter().flatten();
        let text = |profile: &Value, member: &str| profile.get(member).and_then(Value::as_str).map(str::to_owned);
        let builtin = section("profiles").map(|member| (member, true));
        let custom = section("custom_profiles").map(|member| (member, false));
        let all = builtin.chain(custom).filter_map(|((name, profile), builtin)| {
            Some(CloudProfile {
                name: name.clone(),
                description: text(profile, "description").unwrap_or_default(),
                base_url: text(profile, "host")?,
                builtin,
            })
        });
        Ok(Self { all: all.collect(), current: current(folder)? })
    }

    /// All of them, those built in first.
    pub fn all(&self) -> &[CloudProfile] {
        &self.all
    }

    /// The current one's name.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The profile of this name, else the current one.
    ///
    /// # Errors
    /// [`Code::AccountUnknownProfile`].
    pub fn find(&self, name: Option<&str>) -> Result<&CloudProfile, Failure> {
        let wanted = name.unwrap_or(&self.current);
        self.all.iter().find(|profile| profile.name == wanted).ok_or_else(|| {
            let names: Vec<_> = self.all.iter().map(|profile| profile.name.as_str()).collect();
            let failure = Failure::new(Code::AccountUnknownProfile)
                .saying(format!("there is no profile {:?}", text::sanitise(wanted)));
            let failure = if name.is_none() { failure.because(format!("{CURRENT} names it")) } else { failure };
            failure.because(format!("there are: {}", names.join(", ")))
        })
    }
}

/// Makes this profile the current one.
///
/// # Errors
/// [`Code::AccountUnknownProfile`], and where the files cannot be used.
pub fn switch(lock: &Lock, name: &str) -> Result<CloudProfile, Failure> {
    migrate(lock)?;
    let profiles = Profiles::read(lock.folder())?;
    let profile = profiles.find(Some(name))?;
    lock.write(CURRENT, name)?;
    Ok(profile.clone())
}

/// What is said of a new profile.
#[derive(Debug)]
pub struct NewProfile<'a> {
    /// Its name.
    pub name: &'a str,
    /// The address of its cloud, with or without the version at its end.
    pub base_url: &'a str,
    /// What it is, for people.
    pub description: Option<&'a str>,
    /// Whether esp-rainmaker-cli is to keep what it learns of nodes.
    pub node_cache: bool,
}

/// Adds a profile.
///
/// # Errors
/// [`Code::UsageInvalid`]: the name or the address cannot be used, or the name is taken; and where the files cannot be.
pub fn add(lock: &Lock, new: &NewProfile<'_>) -> Result<CloudProfile, Failure> {
    check_name(new.name)?;
    let base_url = normalised(new.base_url)?;
    migrate(lock)?;
    if Profiles::read(lock.folder())?.find(Some(new.name)).is_ok() {
        return Err(Failure::new(Code::UsageInvalid)
            .saying(format!("there is a profile {:?} already", new.name))
            .hint(format!("espctl profile remove {} removes one that was added, with its login", new.name)));
    }
    let description = new.description.map_or_else(|| format!("Custom profile: {}", new.name), str::to_owned);
    let profile = CloudProfile { name: new.name.to_owned(), description, base_url, builtin: false };
    let member = json!({
        "name": profile.name,
        "description": profile.description,
        "host": profile.base_url,
        "builtin": false,
        "ui_login_supported": false,
        "node_cache_enabled": new.node_cache,
    });
    let mut file = load(lock.folder())?;
    let custom = file.entry("custom_profiles").or_insert_with(|| json!({}));
    let Some(custom) = custom.as_object_mut() else {
        return Err(lock.folder().damaged(FILE, "its member custom_profiles is not an object"));
    };
    custom.insert(profile.name.clone(), member);
    lock.write_object(FILE, &file, true)?;
    Ok(profile)
}

/// Removes a profile that was added, and its login. Where it was current, `global` is then.
///
/// # Errors
/// [`Code::AccountUnknownProfile`]; [`Code::UsageInvalid`] for one that is built in; and where the files cannot be used.
pub fn remove(lock: &Lock, name: &str) -> Result<CloudProfile, Failure> {
    migrate(lock)?;
    let profiles = Profiles::read(lock.folder())?;
    let profile = profiles.find(Some(name))?;
    if profile.builtin {
        return Err(Failure::new(Code::UsageInvalid)
            .saying(format!("the profile {name} is built in and cannot be removed"))
            .hint(format!("espctl logout --profile {name} removes its login")));
    }
    let mut file = load(lock.folder())?;
    if let Some(Value::Object(custom)) = file.get_mut("custom_profiles") {
        custom.remove(name);
    }
    // In this order a run that is killed leaves no current profile that does not exist.
    if profiles.current == name {
        lock.write(CURRENT, GLOBAL)?;
    }
    lock.remove(&tokens::file(name))?;
    lock.write_object(FILE, &file, true)?;
    Ok(profile.clone())
}

/// Carries over what esp-rainmaker-cli kept before it had profiles, as it does itself: once, before the first write.
///
/// # Errors
/// Where the files cannot be used.
pub(super) fn migrate(lock: &Lock) -> Result<(), Failure> {
    let folder = lock.folder();
    if folder.has(FILE) {
        return Ok(());
    }
    let name = current(folder)?;
    let legacy = tokens::legacy(folder)?;
    if let Some((owner, tokens)) = legacy.filter(|(owner, _)| !folder.has(&tokens::file(owner))) {
        tokens.write(lock, owner)?;
    }
    lock.write(CURRENT, &name)?;
    // Last: its presence says that all of this is done.
    lock.write_object(FILE, &load(folder)?, true)
}

/// The file of profiles, or what esp-rainmaker-cli would write where there is none.
fn load(folder: &Folder) -> Result<Map<String, Value>, Failure> {
    let repair = |failure: Failure| {
        failure.hint("mend the file, or move it away: global and china then come back by themselves")
    };
    let damaged = |failure: Failure| if failure.code == Code::AccountFilesDamaged { repair(failure) } else { failure };
    let mut file = folder.object(FILE).map_err(damaged)?.unwrap_or_default();
    let builtin = file.entry("profiles").or_insert_with(|| json!({}));
    let Some(builtin) = builtin.as_object_mut() else {
        return Err(repair(folder.damaged(FILE, "its member profiles is not an object")));
    };
    for (name, profile) in regions::all() {
        builtin.entry(name).or_insert(profile);
    }
    file.entry("custom_profiles").or_insert_with(|| json!({}));
    Ok(file)
}

/// The current profile's name. Before there were profiles, the address in the old file said it.
fn current(folder: &Folder) -> Result<String, Failure> {
    if let Some(name) = folder.text(CURRENT)?.map(|text| text.trim().to_owned()).filter(|name| !name.is_empty()) {
        return Ok(name);
    }
    let china = !folder.has(FILE) && tokens::legacy_host(folder)?.as_deref() == Some(CHINA_URL);
    Ok(if china { CHINA } else { GLOBAL }.to_owned())
}

fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.#".contains(c);
    if !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(fits) {
        return Ok(());
    }
    Err(Failure::new(Code::UsageInvalid)
        .saying(format!("{:?} cannot be the name of a profile", text::bounded(&text::sanitise(name), 64)))
        .hint(format!("a name has 1 to {NAME_MAX} letters, digits and the characters _ - . #")))
}

/// The address as it is kept: with the version at its end.
fn normalised(address: &str) -> Result<String, Failure> {
    check_address(address).map_err(|error| {
        let failure = Failure::new(Code::UsageInvalid).saying("--base-url is not the address of a cloud");
        let failure = error.causes().iter().fold(failure, |failure, cause| failure.because(cause.as_str()));
        failure.hint("write the whole address: espctl profile add NAME --base-url https://HOST[:PORT][/PATH]")
    })?;
    let address = format!("{}/", address.trim_end_matches('/'));
    Ok(if address.ends_with(&format!("/{VERSION}")) { address } else { address + VERSION })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_with_the_version() {
        for (given, kept) in [
            ("https://h", "https://h/v1/"),
            ("http://127.0.0.1:8090/", "http://127.0.0.1:8090/v1/"),
            ("https://h/v1", "https://h/v1/"),
            ("https://h/a/v1/", "https://h/a/v1/"),
            ("https://h/av1", "https://h/av1/v1/"),
        ] {
            assert_eq!(normalised(given).as_deref(), Ok(kept), "{given}");
        }
        for address in ["api.example.com", "api.example.com:8080/v1", "", "ftp://h", "https://u:hush@h"] {
            let failure = normalised(address).unwrap_err();
            assert!(failure.code == Code::UsageInvalid && !format!("{failure:?}").contains("hush"), "{failure:?}");
        }
    }

    #[test]
    fn a_name_is_also_that_of_a_file() {
        for name in ["lab", "a.b_c-d#1", &"x".repeat(50)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "../x", "a b", "é", "a/b", &"x".repeat(51)] {
            assert_eq!(check_name(name).unwrap_err().code, Code::UsageInvalid, "{name}");
        }
    }
}
