//! One settings file, read. Everything that is wrong in it is kept, each with its line; what a value means to a link or
//! a network is checked in `check.rs`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::access::others_can_read;
use super::keys::{ALL, BSSID, CHANNEL, Key, PASSPHRASE, SSID, Takes};
use super::nearest::nearest;
use super::problem::{Place, Problem};
use super::secret::SecretValue;
use super::toml_words;
use crate::backend::{self, BACKENDS};
use crate::text;

/// The longest settings file, in bytes.
const LONGEST: u64 = 64 * 1024;
/// The section of the back ends; below it each has a section of its own.
const BACKEND: &str = "backend";

/// A settings file's values.
#[derive(Debug)]
pub struct SettingsFile {
    /// Where it is.
    pub path: Arc<Path>,
    values: BTreeMap<&'static str, (String, Place)>,
    secrets: BTreeMap<&'static str, SecretValue>,
    /// The sections of back ends, by their names: each key with its value as text.
    pub backends: BTreeMap<String, BTreeMap<String, SecretValue>>,
    /// What is wrong in it.
    problems: Vec<Problem>,
    /// What is wrong for the commands alone that use it: a kind of back end that this version does not have.
    unusable: Vec<Problem>,
}

impl SettingsFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        let mut file = Self::empty(path);
        match text_of(&file.path) {
            Ok(text) => file.parse(&text),
            Err(problem) => file.problems.push(problem),
        }
        file
    }

    fn empty(path: &Path) -> Self {
        Self {
            path: path.into(),
            values: BTreeMap::new(),
            secrets: BTreeMap::new(),
            backends: BTreeMap::new(),
            problems: Vec::new(),
            unusable: Vec::new(),
        }
    }

    fn parse(&mut self, text: &str) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let (why, hint) = toml_words::plain(error.message(), error.span(), text);
            let place = error.span().map_or_else(|| Place::file(&self.path), |span| self.place(text, &span));
            // What follows from the first error of a line is not another one.
            if self.problems.iter().all(|problem| problem.place != place) {
                self.problems.push(place.problem(why).hint(hint));
            }
        }
        if errors.iter().any(|error| toml_words::is_about_a_heading(error.message())) {
            return;
        }
        let unreadable: Vec<_> = self.problems.iter().map(|problem| problem.place.clone()).collect();
        let mut found = Vec::new();
        self.take_all(table.get_ref(), text, &mut found);
        found.retain(|problem| !unreadable.contains(&problem.place));
        self.problems.extend(found);
        self.problems.sort_by_key(|problem| problem.place.number());
    }

    fn take_all(&mut self, table: &DeTable<'_>, text: &str, problems: &mut Vec<Problem>) {
        for (name, value) in table {
            let section = name.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(backends) if section == BACKEND => {
                    for (name, backend) in backends {
                        self.take_backend(name, backend.get_ref(), text, problems);
                    }
                }
                DeValue::Table(entries) if sections().any(|own| own == section) => {
                    for (key, value) in entries {
                        let place = self.place(text, &key.span());
                        problems.extend(self.take(&format!("{section}.{}", key.get_ref()), place, value).err());
                    }
                }
                _ => problems.extend(self.take(section, self.place(text, &name.span()), value).err()),
            }
        }
    }

    fn take(&mut self, name: &str, place: Place, value: &Spanned<DeValue<'_>>) -> Result<(), Problem> {
        let Some(key) = ALL.iter().find(|key| key.name == name) else {
            let problem = place.problem(format!("there is no setting {:?}", text::sanitise(name)));
            return Err(match nearest_name(name) {
                Some(near) => problem.hint(format!("did you mean {near}?")),
                None => problem.hint("espctl config show lists every setting"),
            });
        };
        let Some(text) = taken(key.takes, value.get_ref()) else {
            let problem = place.problem(format!("{name} takes {}", key.takes.describe()));
            let near = match (key.takes.words(), value.get_ref()) {
                (Some(words), DeValue::String(typed)) => nearest(typed, words),
                _ => None,
            };
            return Err(match near {
                Some(near) => problem.hint(format!("did you mean {near}?")),
                None => problem,
            });
        };
        if key.takes == Takes::Secret {
            let secret = SecretValue::read(&text, place.clone());
            self.secrets.insert(key.name, secret.map_err(|why| place.problem(format!("{name}: {why}")))?);
        } else {
            self.values.insert(key.name, (text.to_string(), place));
        }
        Ok(())
    }

    fn take_backend(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        section: &DeValue<'_>,
        text: &str,
        problems: &mut Vec<Problem>,
    ) {
        let place = self.place(text, &name.span());
        let full = format!("{BACKEND}.{}", text::sanitise(name.get_ref()));
        let DeValue::Table(entries) = section else {
            problems.push(place.problem(format!("{full} is a section: [{full}]")));
            return;
        };
        let kinds: Vec<_> = BACKENDS.iter().map(|kind| kind.name()).collect();
        let Some((at, kind)) = entries.iter().find(|(key, _)| key.get_ref() == "kind") else {
            let hint = format!("write kind = \"…\" below [{full}]; the kinds are {}", kinds.join(", "));
            problems.push(place.problem(format!("{full} has no kind")).hint(hint));
            return;
        };
        let typed = kind.get_ref().as_str();
        let kind = typed.and_then(backend::find);
        if kind.is_none() {
            let place = self.place(text, &at.span());
            let problem = place.problem(format!("{full}.kind takes one of {}, in quotation marks", kinds.join(", ")));
            let near = typed.and_then(|typed| nearest(typed, kinds.iter().copied()));
            self.unusable.push(match near {
                Some(near) => problem.hint(format!("did you mean {near}?")),
                None => problem,
            });
        }
        let mut values = BTreeMap::new();
        for (key, value) in entries {
            let place = self.place(text, &key.span());
            let shown = format!("{full}.{}", text::sanitise(key.get_ref()));
            match backend_value(kind, key.get_ref(), value.get_ref(), place.clone()) {
                Ok(value) => drop(values.insert(key.get_ref().to_string(), value)),
                Err((why, None)) => problems.push(place.problem(format!("{shown}: {why}"))),
                Err((why, Some(hint))) => problems.push(place.problem(format!("{shown}: {why}")).hint(hint)),
            }
        }
        self.backends.insert(name.get_ref().to_string(), values);
    }

    /// The line of a part of the file.
    fn place(&self, text: &str, span: &Range<usize>) -> Place {
        Place::line(&self.path, text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1)
    }

    /// What is wrong in it.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is wrong for the commands alone that use it.
    pub(super) fn unusable(&self) -> &[Problem] {
        &self.unusable
    }

    /// The value of a key that is not a secret.
    pub fn value(&self, key: &Key) -> Option<&str> {
        self.values.get(key.name).map(|(value, _)| value.as_str())
    }

    /// The values that are not secrets, each with its key and its line.
    pub(super) fn values(&self) -> impl Iterator<Item = (&'static Key, &str, &Place)> {
        ALL.iter().filter_map(|key| self.values.get(key.name).map(|(value, place)| (*key, value.as_str(), place)))
    }

    /// The value of a key that is a secret.
    pub fn secret(&self, key: &Key) -> Option<&SecretValue> {
        self.secrets.get(key.name)
    }

    /// Every secret with the name of its setting, those of back ends among them.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (String, &SecretValue)> {
        let own = self.secrets.iter().map(|(name, secret)| ((*name).to_owned(), secret));
        let backends = self.backends.iter().flat_map(|(name, values)| {
            let kind = values.get("kind").and_then(SecretValue::clear).and_then(backend::find);
            let secret = move |key: &str| kind.is_some_and(|kind| is_secret(kind, key));
            let secrets = values.iter().filter(move |(key, _)| secret(key));
            secrets.map(move |(key, secret)| (format!("{BACKEND}.{name}.{key}"), secret))
        });
        own.chain(backends)
    }

    /// A warning where the file describes a network without its name: nothing uses that.
    fn without_network(&self) -> Option<String> {
        let unused = [&PASSPHRASE, &BSSID, &CHANNEL]
            .into_iter()
            .find(|key| self.secret(key).is_some() || self.value(key).is_some());
        let name = unused.filter(|_| self.value(&SSID).is_none())?.name;
        Some(format!("{} has {name} without network.ssid beside it: it is not used", self.path.display()))
    }

    /// Warnings where other users of this computer can read a secret, and where a setting is without effect.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<_> = self.without_network().into_iter().collect();
        let clear: Vec<_> = self.secrets().filter(|(_, secret)| secret.is_clear()).map(|(name, _)| name).collect();
        if !clear.is_empty() && others_can_read(&self.path) {
            warnings.push(format!(
                "{} holds {} in clear, and other users can read it: chmod 600, or write env:NAME or file:PATH",
                self.path.display(),
                clear.join(" and ")
            ));
        }
        for (name, secret) in self.secrets() {
            if let Some(path) = secret.file().filter(|path| others_can_read(path)) {
                warnings.push(format!("{} holds {name}, and other users can read it: chmod 600", path.display()));
            }
            if let Some(told) = secret.unseen_blank() {
                warnings.push(format!("{}: {name} {told}, which is kept as a part of it", self.path.display()));
            }
        }
        warnings
    }
}

/// The file's text. Nothing but a regular file is opened: a pipe would hold up every command.
fn text_of(path: &Arc<Path>) -> Result<Zeroizing<String>, Problem> {
    let failed = |why: String| Place::file(path).problem(why);
    let data = fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !data.is_file() {
        return Err(failed("it is not a regular file".to_owned()));
    }
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(failed(format!("it has more than {LONGEST} bytes")));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            Err(Place::line(path, line).problem("it is not UTF-8 text"))
        }
    }
}

/// The sections of the keys.
fn sections() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter_map(|key| key.name.split_once('.')).map(|(section, _)| section)
}

/// The key whose name is almost this one, with its section: it may stand in another one, or in none.
fn nearest_name(name: &str) -> Option<String> {
    fn last(name: &str) -> &str {
        name.rsplit('.').next().unwrap_or(name)
    }
    let misplaced = ALL.iter().find(|key| last(key.name) == last(name)).map(|key| key.name.to_owned());
    let heading = || nearest(name, sections().chain([BACKEND])).map(|section| format!("the section [{section}]"));
    let near = || {
        let near = nearest(last(name), ALL.iter().map(|key| last(key.name)))?;
        let section = name.rsplit_once('.').map(|(section, _)| section);
        let of = |key: &&&Key| last(key.name) == near;
        let here = |key: &&&Key| key.name.rsplit_once('.').map(|(section, _)| section) == section;
        let key = ALL.iter().filter(of).find(here).or_else(|| ALL.iter().find(of))?;
        Some(key.name.to_owned())
    };
    misplaced.or_else(near).or_else(heading)
}

/// The value as text, where the key takes it.
fn taken(takes: Takes, value: &DeValue<'_>) -> Option<Zeroizing<String>> {
    let text = match (takes, value) {
        (Takes::Text | Takes::Secret, DeValue::String(text)) if !text.is_empty() => text.to_string(),
        (Takes::Number(least, most), DeValue::Integer(_)) => {
            let number = plain(value)?.parse::<i64>().ok().filter(|number| (least..=most).contains(number))?;
            number.to_string()
        }
        (Takes::Word(_) | Takes::Dialect, DeValue::String(text)) => {
            let words = takes.words().unwrap_or_default();
            words.into_iter().find(|word| *word == text.as_ref())?.to_owned()
        }
        (Takes::Switch, DeValue::Boolean(on)) => on.to_string(),
        _ => return None,
    };
    Some(Zeroizing::new(text))
}

/// A value that is not a table or a list, as text.
fn plain(value: &DeValue<'_>) -> Option<Zeroizing<String>> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        _ => return None,
    };
    Some(Zeroizing::new(text))
}

fn is_secret(kind: &dyn backend::BackendKind, key: &str) -> bool {
    kind.keys().iter().any(|own| own.name == key && own.secret)
}

/// The value of a back end's key; else what is wrong with it, and what to do.
fn backend_value(
    kind: Option<&dyn backend::BackendKind>,
    key: &str,
    value: &DeValue<'_>,
    place: Place,
) -> Result<SecretValue, (String, Option<String>)> {
    let names = || kind.iter().flat_map(|kind| kind.keys()).map(|own| own.name);
    if let Some(kind) = kind.filter(|_| key != "kind" && !names().any(|name| name == key)) {
        let why = format!("a back end of the kind {} has no such setting", kind.name());
        let hint = match nearest(key, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err((why, Some(hint)));
    }
    match plain(value).filter(|text| !text.is_empty()) {
        Some(text) if key == "kind" => Ok(SecretValue::plain(&text, place)),
        Some(text) => SecretValue::read(&text, place).map_err(|why| (why.to_owned(), None)),
        None => Err(("it takes text in quotation marks, not empty, or a number, true or false".to_owned(), None)),
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
