//! `--backend`, `--user-id` and `--secret-key`: the back end at which a node is registered, with its settings checked.
//! Which kinds there are and what they do is `backend`'s.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::backend::http::{Http, Proxies};
use crate::backend::{BACKENDS, Backend, BackendError, BackendKind, Profile, find, plain};
use crate::code::Code;
use crate::commands::app::App;
use crate::commands::input::{SecretSource, is_standard_input};
use crate::event::Observer;
use crate::failure::Failure;
use crate::process::input::Input;
use crate::secret::BackendSecret;
use crate::settings::{Setting, given};
use crate::text;

/// The word for no back end at all.
const NONE: &str = "none";
/// The key of a section that names its kind.
const KIND: &str = "kind";
/// The keys that have an option of their own.
const USER_ID: &str = "user-id";
const SECRET_KEY: &str = "secret-key";

/// Whose the node is to be.
#[derive(Debug, Args)]
#[command(next_help_heading = "User association")]
pub(super) struct BackendArgs {
    /// Where the node is registered: NAME of a section [backend.NAME] in a settings file, a kind of back end, or none;
    /// default: plain where --user-id and --secret-key are given, else none
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// The user's id at the back end; with --secret-key, the node is told whose it is [env: ESPCTL_USER_ID]
    #[arg(long, alias = "user_id", value_name = "ID")]
    user_id: Option<String>,
    /// The key that proves to the cloud account whose the device is [env: ESPCTL_SECRET_KEY]
    #[arg(long, alias = "secret_key", value_name = "KEY")]
    secret_key: Option<String>,
    /// Read the secret key from a file; - for standard input
    #[arg(long, alias = "secret_key_file", value_name = "FILE", conflicts_with = "secret_key")]
    secret_key_file: Option<PathBuf>,
}

/// A back end that was chosen, its settings checked. Nothing is connected yet.
pub(super) struct Chosen {
    kind: &'static dyn BackendKind,
    profile: Profile,
}

impl Chosen {
    /// The secrets among its settings.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &BackendSecret> {
        self.profile.secrets()
    }

    /// The back end itself, whose repeated tries are told to `observer`. Sends nothing.
    pub(super) fn connect(&self, observer: Arc<dyn Observer>, app: &App<'_>) -> Result<Arc<dyn Backend>, Failure> {
        let http = Http::new(Proxies::from_environment(app.environment), observer);
        Ok(self.kind.connect(&self.profile, http)?.into())
    }

    fn read(kind: &'static dyn BackendKind, values: Vec<(&str, BackendSecret)>) -> Result<Self, BackendError> {
        Ok(Self { kind, profile: Profile::read(kind.name(), kind.keys(), values)? })
    }
}

/// The back end that is meant, if one is; and what is to be said of a variable that stands alone. A variable may be there
/// for another program, so it stops nothing; an option was meant for this run.
///
/// # Errors
/// A name that stands for no back end, settings that are wrong or incomplete, an option without its partner.
pub(super) async fn choose(
    args: &BackendArgs,
    input: &Input,
    app: &App<'_>,
) -> Result<(Option<Chosen>, Option<String>), Failure> {
    let user_id = given(args.user_id.clone(), "--user-id", "ESPCTL_USER_ID", app.environment);
    let source = SecretSource {
        flag: args.secret_key.clone(),
        flag_name: "--secret-key",
        file: args.secret_key_file.as_deref(),
        stdin: false,
        question: "Secret key",
        variable: "ESPCTL_SECRET_KEY",
    };
    let key: Option<BackendSecret> = source.read(app.environment, app.output, input).await?;
    match args.backend.as_deref() {
        None => pair(user_id, key, args.gives_user()),
        Some(NONE) if args.gives_user() => Err(Failure::new(Code::UsageConflict)
            .saying("--backend none has no use for --user-id and --secret-key")
            .hint("leave out --backend none to have the node told whose it is")),
        Some(NONE) => Ok((None, None)),
        Some(name) => named(name, args, user_id, key, app).map(|chosen| (Some(chosen), None)),
    }
}

impl BackendArgs {
    /// The option that reads standard input, and whether it was given so.
    pub(super) fn reader(&self) -> (&'static str, bool) {
        ("--secret-key-file -", self.secret_key_file.as_deref().is_some_and(is_standard_input))
    }

    /// Whether a user was given on the command line.
    fn gives_user(&self) -> bool {
        self.user_id.is_some() || self.secret_key.is_some() || self.secret_key_file.is_some()
    }
}

/// A user id and a secret key without a back end that was named: the settings of `plain`.
fn pair(
    user_id: Option<Setting<String>>,
    key: Option<BackendSecret>,
    is_option: bool,
) -> Result<(Option<Chosen>, Option<String>), Failure> {
    let alone =
        |there: &str, missing: &str| format!("{there} is set without {missing}: the node is not told whose it is");
    match (user_id, key) {
        (None, None) => Ok((None, None)),
        (Some(_), None) if !is_option => Ok((None, Some(alone("ESPCTL_USER_ID", "ESPCTL_SECRET_KEY")))),
        (None, Some(_)) if !is_option => Ok((None, Some(alone("ESPCTL_SECRET_KEY", "ESPCTL_USER_ID")))),
        (Some(user_id), Some(key)) if !user_id.value.is_empty() && !key.is_empty() => {
            if std::str::from_utf8(key.expose()).is_err() {
                return Err(Failure::new(Code::UsageInvalid).saying("the secret key is not UTF-8 text"));
            }
            let values = vec![(USER_ID, BackendSecret::new(user_id.value)), (SECRET_KEY, key)];
            Ok((Some(Chosen::read(&plain::KIND, values)?), None))
        }
        _ => Err(Failure::new(Code::UsageMissing)
            .saying("--user-id and --secret-key belong together, and neither may be empty")
            .hint("either may also come from the environment: ESPCTL_USER_ID, ESPCTL_SECRET_KEY")),
    }
}

/// The back end of a settings file, or a kind without one. What options and environment have wins over the file.
fn named(
    name: &str,
    args: &BackendArgs,
    user_id: Option<Setting<String>>,
    key: Option<BackendSecret>,
    app: &App<'_>,
) -> Result<Chosen, Failure> {
    let section = app.files.backend(name);
    let mut values = Vec::new();
    for (key, value) in section.into_iter().flatten().filter(|(key, _)| *key != KIND) {
        values.push((key.as_str(), value.get(&format!("backend.{name}.{key}"), app.environment)?));
    }
    let kind = match section {
        Some(section) => {
            let kind = section.get(KIND).map(|kind| kind.get::<()>(KIND, app.environment)).transpose()?;
            let kind = kind.map(|kind| String::from_utf8_lossy(kind.expose()).into_owned()).unwrap_or_default();
            find(&kind).ok_or_else(|| {
                let (name, kind) = (text::sanitise(name), text::sanitise(&kind));
                let why = format!("backend.{name} is of the kind {kind:?}; this version has: {}", kinds());
                Failure::new(Code::BackendMisconfigured).because(why)
            })?
        }
        None => find(name).ok_or_else(|| {
            Failure::new(Code::UsageInvalid)
                .saying(format!("there is no back end {:?}", text::sanitise(name)))
                .because(format!("no settings file has a section [backend.{}]", text::sanitise(name)))
                .hint(format!("espctl config show lists the back ends of the settings files; kinds: {}", kinds()))
        })?,
    };
    let options = [
        (USER_ID, args.user_id.is_some(), user_id.map(|user_id| BackendSecret::new(user_id.value))),
        (SECRET_KEY, args.secret_key.is_some() || args.secret_key_file.is_some(), key),
    ];
    for (name, typed, value) in options {
        // What the environment has may be meant for another kind.
        let taken = typed || kind.keys().iter().any(|key| key.name == name);
        if let Some(value) = value.filter(|_| taken) {
            values.retain(|(own, _)| *own != name);
            values.push((name, value));
        }
    }
    Ok(Chosen::read(kind, values)?)
}

fn kinds() -> String {
    BACKENDS.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
