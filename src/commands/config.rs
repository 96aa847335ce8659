//! `espctl config`: which settings hold and where each comes from, which files they are read from, whether those are
//! valid. Options of other commands are not known here.

use std::fmt::Write;

use clap::Subcommand;
use serde_json::{Value, json};

use super::app::App;
use crate::failure::Failure;
use crate::origin::{Origin, Setting};
use crate::report::Document;
use crate::settings::keys::{ALL, DEVICE, Key, PORT, Takes};
use crate::settings::{Files, Looked, find, shown};
use crate::text;

/// Options of `config`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every setting as it holds, from the environment and the settings files; a secret only as (set)
    Show {
        /// Where each comes from, too
        #[arg(long)]
        origin: bool,
    },
    /// The settings files that are looked for, and which of them there are
    Path,
    /// Whether the settings files are valid
    Check,
}

pub(super) fn run(args: &Args, app: &App<'_>) -> Result<Document, Failure> {
    match args.what {
        What::Path => Ok(path(app.files)),
        What::Check => check(app),
        What::Show { origin } => {
            app.files.checked(app.kinds)?;
            Ok(show(origin, app))
        }
    }
}

/// A setting as it is shown: its value without the secrets that are in it.
struct Shown {
    key: &'static Key,
    value: Option<Setting<String>>,
}

impl Shown {
    fn text(&self) -> String {
        match (&self.value, self.key.takes) {
            (None, _) => "(not set)".to_owned(),
            (Some(_), Takes::Secret) => "(set)".to_owned(),
            (Some(setting), _) => text::sanitise(&setting.value).into_owned(),
        }
    }

    fn json(&self) -> Value {
        let value = self.value.as_ref().filter(|_| self.key.takes != Takes::Secret);
        json!({
            "name": self.key.name,
            "set": self.value.is_some(),
            "value": value.map(|setting| &setting.value),
            "secret": self.key.takes == Takes::Secret,
            "origin": self.value.as_ref().map(|setting| setting.origin.to_string()),
        })
    }
}

fn show(with_origin: bool, app: &App<'_>) -> Document {
    let default = |key: &Key| key.default.map(|value| Setting::new(value.to_owned(), Origin::Default));
    let shown = |key: &&'static Key| {
        let secret = || app.files.secret(key).map(|(_, origin)| Setting::new(String::new(), origin));
        let value = find(key, None, app.environment, app.files).or_else(secret).or_else(|| default(key));
        // A locator may hold a device's secrets.
        let is_locator = [&DEVICE, &PORT].contains(key);
        let value =
            value.map(|value| value.map(|text| if is_locator { shown::locator(&text, app.kinds) } else { text }));
        Shown { key, value }
    };
    let all: Vec<_> = ALL.iter().map(shown).collect();
    let name = all.iter().map(|shown| shown.key.name.len()).max().unwrap_or_default();
    let value = all.iter().map(|shown| text::columns(&shown.text())).max().unwrap_or_default().min(40);
    let mut lines = Vec::new();
    for shown in &all {
        let mut line = format!("{:name$}  {}", shown.key.name, text::padded(&shown.text(), value));
        if let Some(setting) = shown.value.as_ref().filter(|_| with_origin) {
            let _ = write!(line, "  {}", text::sanitise(&setting.origin.to_string()));
        }
        lines.push(line.trim_end().to_owned());
    }
    let mut backends = Vec::new();
    for (name, kind, origin) in app.files.backends() {
        let origin = origin.to_string();
        let mut line = format!("backend.{}  kind {}", text::sanitise(name), text::sanitise(&kind));
        if with_origin {
            let _ = write!(line, "  {}", text::sanitise(&origin));
        }
        lines.push(line);
        backends.push(json!({ "name": name, "kind": kind, "origin": origin }));
    }
    let settings: Vec<_> = all.iter().map(Shown::json).collect();
    Document::new("config-show", lines.join("\n"), json!({ "settings": settings, "backends": backends }))
}

fn path(files: &Files) -> Document {
    let line = |looked: Looked<'_>| {
        let remark = match looked {
            Looked { exists: false, .. } => " (not there)",
            Looked { used: false, .. } => " (not used: it belongs to another user)",
            _ => "",
        };
        format!("{:7}  {}{remark}", looked.level, text::sanitise(&looked.path.display().to_string()))
    };
    let lines: Vec<_> = files.looked().map(line).collect();
    let row = |looked: Looked<'_>| {
        json!({
            "path": looked.path.display().to_string(),
            "level": looked.level,
            "exists": looked.exists,
            "used": looked.used,
        })
    };
    let rows: Vec<_> = files.looked().map(row).collect();
    Document::new("config-path", lines.join("\n"), json!({ "files": rows }))
}

fn check(app: &App<'_>) -> Result<Document, Failure> {
    let (valid, warnings) = app.files.check(app.kinds, app.environment);
    if let Err(failure) = valid {
        for text in &warnings {
            app.output.warn(text);
        }
        return Err(failure);
    }
    let used = app.files.looked().filter(|looked| looked.used);
    let paths: Vec<_> = used.map(|looked| looked.path.display().to_string()).collect();
    let ok = match paths.as_slice() {
        [] if app.files.looked().any(|looked| looked.exists) => "ok: no settings file is used".to_owned(),
        [] => "ok: there is no settings file".to_owned(),
        paths => format!("ok: {}", text::sanitise(&paths.join(", "))),
    };
    let lines = warnings.iter().map(|text| format!("warning: {}", text::sanitise(text)));
    let text = [ok].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    Ok(Document::new("config-check", text, json!({ "files": paths, "warnings": warnings })))
}
