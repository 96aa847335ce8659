//! `espctl profile`: the clouds that an account can be at, and which of them is current. The account itself is `login`'s.

use clap::Subcommand;
use serde_json::{Value, json};

use super::app::App;
use crate::backend::rainmaker::folder::Folder;
use crate::backend::rainmaker::profiles::{self, CloudProfile, NewProfile, Profiles};
use crate::backend::rainmaker::tokens::Tokens;
use crate::failure::Failure;
use crate::report::Document;
use crate::text;

/// Options of `profile`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every profile, which is current, and at which somebody is logged in
    List,
    /// The current profile
    Current,
    /// One profile; without a name the current one
    Show {
        /// The profile's name
        name: Option<String>,
    },
    /// Make a profile the current one
    Switch {
        /// The profile's name
        name: String,
    },
    /// Add a profile for a cloud of your own
    Add {
        /// Its name: letters, digits and _ - . #
        name: String,
        /// The address of its cloud, https://HOST[:PORT][/PATH]; /v1/ is added where it does not end so
        #[arg(long, alias = "base_url", value_name = "URL")]
        base_url: String,
        /// What it is, for people
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Taken for esp-rainmaker-cli: it keeps what it learns of nodes at this profile
        #[arg(long)]
        cache: bool,
    },
    /// Remove a profile that was added, and its login
    Remove {
        /// The profile's name
        name: String,
    },
}

pub(super) async fn run(args: &Args, app: &App<'_>) -> Result<Document, Failure> {
    let folder = Folder::from_environment(app.environment)?;
    match &args.what {
        What::List => list(&folder),
        What::Current => show(&folder, None),
        What::Show { name } => show(&folder, name.as_deref()),
        What::Switch { name } => {
            let profile = profiles::switch(&folder.lock().await?, name)?;
            done(
                &folder,
                &profile,
                format!("{name} is the current profile now ({})", text::sanitise(&profile.base_url)),
            )
        }
        What::Add { name, base_url, description, cache } => {
            let new = NewProfile { name, base_url, description: description.as_deref(), node_cache: *cache };
            let profile = profiles::add(&folder.lock().await?, &new)?;
            let base_url = text::sanitise(&profile.base_url).into_owned();
            let warnings: Vec<String> = profile.exposure().into_iter().collect();
            for text in &warnings {
                app.output.warn(text);
            }
            let line = format!("Added {name} at {base_url}; espctl profile switch {name} makes it current");
            Ok(done(&folder, &profile, line)?.warned(&warnings))
        }
        What::Remove { name } => {
            let profile = profiles::remove(&folder.lock().await?, name)?;
            let current = Profiles::read(&folder)?.current().to_owned();
            done(&folder, &profile, format!("Removed {name}; the current profile is {}", text::sanitise(&current)))
        }
    }
}

/// A profile as it is shown.
struct Shown<'a> {
    profile: &'a CloudProfile,
    current: bool,
    logged_in: bool,
}

impl<'a> Shown<'a> {
    fn new(profile: &'a CloudProfile, profiles: &Profiles, folder: &Folder) -> Self {
        // A damaged login is no login; the commands that need it say what is wrong with it.
        let logged_in = Tokens::read(folder, &profile.name).is_ok_and(|tokens| tokens.is_some());
        Self { profile, current: profile.name == profiles.current(), logged_in }
    }

    fn kind(&self) -> &'static str {
        if self.profile.builtin { "built-in" } else { "custom" }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.profile.name,
            "kind": self.kind(),
            "description": self.profile.description,
            "base_url": self.profile.base_url,
            "current": self.current,
            "logged_in": self.logged_in,
        })
    }
}

fn list(folder: &Folder) -> Result<Document, Failure> {
    let profiles = Profiles::read(folder)?;
    let shown: Vec<_> = profiles.all().iter().map(|profile| Shown::new(profile, &profiles, folder)).collect();
    let name = |shown: &Shown<'_>| text::sanitise(&shown.profile.name).into_owned();
    let width = shown.iter().map(|shown| text::columns(&name(shown))).max().unwrap_or_default();
    let line = |shown: &Shown<'_>| {
        let mark = if shown.current { '*' } else { ' ' };
        let login = if shown.logged_in { "logged in" } else { "not logged in" };
        let base_url = text::sanitise(&shown.profile.base_url);
        format!("{mark} {}  {:13}  {base_url}", text::padded(&name(shown), width), login)
    };
    let lines: Vec<_> = shown.iter().map(line).collect();
    let rows: Vec<_> = shown.iter().map(Shown::json).collect();
    Ok(Document::new("profile-list", lines.join("\n"), json!({ "current": profiles.current(), "profiles": rows })))
}

fn show(folder: &Folder, name: Option<&str>) -> Result<Document, Failure> {
    let profiles = Profiles::read(folder)?;
    let shown = Shown::new(profiles.find(name)?, &profiles, folder);
    let lines = [
        ("profile", shown.profile.name.as_str()),
        ("description", &shown.profile.description),
        ("base URL", &shown.profile.base_url),
        ("kind", shown.kind()),
        ("current", if shown.current { "yes" } else { "no" }),
        ("logged in", if shown.logged_in { "yes" } else { "no" }),
    ];
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:11}  {}", text::sanitise(value))).collect();
    Ok(Document::new("profile", lines.join("\n"), json!({ "profile": shown.json() })))
}

/// What has become of a profile.
fn done(folder: &Folder, profile: &CloudProfile, text: String) -> Result<Document, Failure> {
    let profiles = Profiles::read(folder)?;
    Ok(Document::new("profile", text, json!({ "profile": Shown::new(profile, &profiles, folder).json() })))
}
