//! One settings file, read and checked. An error names the file, the line, what is wrong and what to write instead; it
//! never repeats a value, which may be a secret.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::keys::{ALL, BSSID, CHANNEL, Key, PASSPHRASE, SSID, Takes};
use super::secret::SecretValue;
use crate::backend;
use crate::code::Code;
use crate::failure::Failure;
use crate::text;

/// The longest settings file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A settings file's values, checked.
#[derive(Debug)]
pub struct SettingsFile {
    /// Where it is.
    pub path: Arc<Path>,
    values: BTreeMap<&'static str, String>,
    secrets: BTreeMap<&'static str, SecretValue>,
    /// The sections of back ends, by their names: each key with its value as text; secrets are not told apart here.
    pub backends: BTreeMap<String, BTreeMap<String, SecretValue>>,
}

impl SettingsFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`].
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = read(path)?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let complain =
            |span: Option<Range<usize>>, why: &str| invalid(path, span.map(|span| line(text, span.start)), why);
        let table = DeTable::parse(text).map_err(|error| {
            // The message only: the error's own words would show the line, which may hold a secret.
            let why = text::sanitise(error.message()).into_owned();
            complain(error.span(), &why).hint("text stands in quotation marks: device = \"ble:PROV_d76c30\"")
        })?;
        let mut file =
            Self { path: path.into(), values: BTreeMap::new(), secrets: BTreeMap::new(), backends: BTreeMap::new() };
        for (name, value) in table.get_ref() {
            let section = name.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(backends) if section == "backend" => file.read_backends(backends, &complain)?,
                DeValue::Table(entries) if has_section(section) => {
                    for (key, value) in entries {
                        let name = format!("{section}.{}", key.get_ref());
                        file.take(&name, key.span(), value, &complain)?;
                    }
                }
                _ => file.take(section, name.span(), value, &complain)?,
            }
        }
        Ok(file)
    }

    fn take(
        &mut self,
        name: &str,
        span: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        complain: &dyn Fn(Option<Range<usize>>, &str) -> Failure,
    ) -> Result<(), Failure> {
        let Some(key) = ALL.iter().find(|key| key.name == name) else {
            let failure = complain(Some(span), &format!("there is no setting {:?}", text::sanitise(name)));
            return Err(match nearest(name) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("espctl config show lists every setting"),
            });
        };
        let Some(text) = taken(key, value.get_ref()) else {
            return Err(complain(Some(value.span()), &format!("{name} takes {}", key.takes.describe())));
        };
        if key.takes == Takes::Secret {
            self.secrets.insert(key.name, SecretValue::read(&text, &self.path));
        } else {
            self.values.insert(key.name, text.to_string());
        }
        Ok(())
    }

    fn read_backends(
        &mut self,
        backends: &DeTable<'_>,
        complain: &dyn Fn(Option<Range<usize>>, &str) -> Failure,
    ) -> Result<(), Failure> {
        for (name, backend) in backends {
            let shown = text::sanitise(name.get_ref()).into_owned();
            let DeValue::Table(entries) = backend.get_ref() else {
                return Err(complain(Some(name.span()), &format!("backend.{shown} is a section: [backend.{shown}]")));
            };
            let mut values = BTreeMap::new();
            for (key, value) in entries {
                let Some(text) = plain(value.get_ref()) else {
                    let why = format!(
                        "backend.{shown}.{} takes text, a number, true or false",
                        text::sanitise(key.get_ref())
                    );
                    return Err(complain(Some(value.span()), &why));
                };
                values.insert(key.get_ref().to_string(), SecretValue::read(&text, &self.path));
            }
            if !values.contains_key("kind") {
                return Err(complain(Some(name.span()), &format!("backend.{shown} has no kind"))
                    .hint(format!("write kind = \"…\" below [backend.{shown}]")));
            }
            self.backends.insert(name.get_ref().to_string(), values);
        }
        Ok(())
    }

    /// The value of a key that is not a secret.
    pub fn value(&self, key: &Key) -> Option<&str> {
        self.values.get(key.name).map(String::as_str)
    }

    /// The value of a key that is a secret.
    pub fn secret(&self, key: &Key) -> Option<&SecretValue> {
        self.secrets.get(key.name)
    }

    /// A warning where the file describes a network without its name: nothing uses that.
    pub fn without_network(&self) -> Option<String> {
        let unused = [&PASSPHRASE, &BSSID, &CHANNEL]
            .into_iter()
            .find(|key| self.secret(key).is_some() || self.value(key).is_some());
        let name = unused.filter(|_| self.value(&SSID).is_none())?.name;
        Some(format!("{} has {name} without network.ssid beside it: it is not used", self.path.display()))
    }

    /// A warning where the file holds a secret in clear and others than its owner can read it.
    pub fn warning(&self) -> Option<String> {
        let own = self.secrets.iter().find(|(_, secret)| secret.is_clear()).map(|(name, _)| (*name).to_owned());
        let name = own.or_else(|| self.backends.iter().find_map(secret_of_backend))?;
        others_can_read(&self.path).then(|| {
            format!(
                "{} holds {name} in clear, and other users can read it: chmod 600, or write env:NAME or file:PATH",
                self.path.display()
            )
        })
    }
}

/// The name of a secret that a back end's section holds in clear.
fn secret_of_backend((name, values): (&String, &BTreeMap<String, SecretValue>)) -> Option<String> {
    let kind = backend::find(values.get("kind")?.clear()?)?;
    let in_clear = |key: &&backend::Key| key.secret && values.get(key.name).is_some_and(SecretValue::is_clear);
    let key = kind.keys().iter().find(in_clear)?;
    Some(format!("backend.{}.{}", text::sanitise(name), key.name))
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}

/// The file's text. Nothing but a regular file is opened: a pipe would hold up every command.
fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |why: &str| invalid(path, None, why);
    let data = fs::metadata(path).map_err(|error| failed(&error.to_string()))?;
    if !data.is_file() {
        return Err(failed("it is not a regular file"));
    }
    let file = File::open(path).map_err(|error| failed(&error.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| failed(&error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(failed(&format!("it has more than {LONGEST} bytes")));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let at = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            Err(invalid(path, Some(at), "it is not UTF-8 text"))
        }
    }
}

fn invalid(path: &Path, line: Option<usize>, why: &str) -> Failure {
    let place = path.display().to_string();
    let place = text::sanitise(&place);
    Failure::new(Code::ConfigInvalid).because(match line {
        Some(line) => format!("{place}, line {line}: {why}"),
        None => format!("{place}: {why}"),
    })
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn has_section(section: &str) -> bool {
    ALL.iter().any(|key| key.name.split_once('.').is_some_and(|(own, _)| own == section))
}

/// The key whose name is almost this one.
fn nearest(name: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    // It may stand in another section, or in none.
    let misplaced = |key: &Key| name.rsplit('.').next() == Some(last(key.name));
    let distance = |key: &&Key| if misplaced(key) { 0 } else { strsim::damerau_levenshtein(name, key.name) };
    let near = ALL.iter().copied().map(|key| (distance(&key), key.name)).min()?;
    // Of a short name, more differs than is the same after two slips.
    let slips = if name.len() < 8 { 2 } else { 3 };
    (near.0 <= slips).then_some(near.1)
}

/// The value as text, where the key takes it.
fn taken(key: &Key, value: &DeValue<'_>) -> Option<Zeroizing<String>> {
    let text = match (key.takes, value) {
        (Takes::Text | Takes::Secret, DeValue::String(text)) if !text.is_empty() => text.to_string(),
        (Takes::Number(least, most), DeValue::Integer(_)) => {
            let number = plain(value)?.parse::<i64>().ok().filter(|number| (least..=most).contains(number))?;
            number.to_string()
        }
        (Takes::Word(_) | Takes::Dialect, DeValue::String(text)) => {
            let words = key.takes.words().unwrap_or_default();
            words.into_iter().find(|word| *word == text.as_ref())?.to_owned()
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DialectChoice;

    const PATH: &str = "/project/espctl.toml";

    fn parse(text: &str) -> Result<SettingsFile, Failure> {
        SettingsFile::parse(Path::new(PATH), text)
    }

    #[track_caller]
    fn assert_refused(text: &str, words: &[&str]) {
        let failure = parse(text).expect_err(text);
        assert_eq!(failure.code, Code::ConfigInvalid, "{text}");
        let said = format!("{} {:?}", failure.causes.join(" "), failure.hints());
        for word in words {
            assert!(said.contains(word), "{text}: {said} lacks {word}");
        }
        assert!(!said.contains("hush"), "{text}: {said}");
    }

    #[test]
    fn every_key_is_taken() {
        let text = "device = \"ble:\"\ntransport = 'ble'\naddress = \"10.0.0.1\"\nport = \"COM3\"\nbaud = 9_600\n\
            reset = \"boot\"\nadapter = \"hci1\"\ndevice-name = \"PROV_1\"\ndialect = \"agent\"\ntimeout = 60\n\
            [security]\nsec-ver = 1\nmin-sec = 1\npop = \"env:POP\"\nusername = \"u\"\npassword = \"file:p\"\n\
            [network]\nssid = \"HomeNet\"\npassphrase = \"hush-hush\"\nbssid = \"aa:bb:cc:dd:ee:ff\"\nchannel = 6\n\
            [backend.lab]\nkind = \"plain\"\nretries = 3\n";
        let file = parse(text).expect("settings");
        for key in ALL {
            assert!(file.value(key).is_some() || file.secret(key).is_some(), "{}", key.name);
        }
        assert_eq!(file.value(&super::super::keys::BAUD), Some("9600"));
        assert!(file.backends["lab"].contains_key("retries"));
        assert!(!format!("{file:?}").contains("hush"), "{file:?}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_refused("\n\ndevise = \"ble:\"\n", &["line 3", "devise", "did you mean device?"]);
        assert_refused("pop = \"hush\"\n", &["line 1", "did you mean security.pop?"]);
        assert_refused("[security]\npopp = \"hush\"\n", &["line 2", "security.popp", "security.pop?"]);
        let unlike = parse("bogus = 1\n").expect_err("no such key");
        assert!(!format!("{unlike:?}").contains("did you mean"), "{unlike:?}");
        assert_refused("[surprise]\nx = 1\n", &["line 1", "surprise", "config show"]);
        assert_refused("baud = \"fast\"\n", &["line 1", "baud takes a whole number from 300"]);
        assert_refused("timeout = 0\n", &["timeout takes a whole number, 1 or more"]);
        assert_refused("[security]\nsec-ver = 3\n", &["line 2", "from 0 to 2"]);
        assert_refused("[security]\npop = 12345678\n", &["line 2", "security.pop takes text"]);
        assert_refused("reset = \"always\"\n", &["one of never, boot, auto"]);
        assert_refused("dialect = \"klingon\"\n", &[&format!("one of {}", DialectChoice::words().join(", "))]);
        assert_refused("device = \"\"\n", &["not empty"]);
        assert_refused("device = []\n", &["device takes text"]);
        assert_refused("[backend.lab]\nurl = \"x\"\n", &["line 1", "no kind"]);
        assert_refused("[backend]\nlab = \"plain\"\n", &["line 2", "section"]);
        assert_refused("[backend.lab]\nkind = \"plain\"\nlist = [\"hush\"]\n", &["line 3", "backend.lab.list"]);
    }

    #[test]
    fn bad_toml_is_said_with_its_line_and_without_its_text() {
        assert_refused("device = \"ble:\"\npop = hush-hush\n", &["line 2"]);
        assert_refused("[security\npop = \"hush\"\n", &["line 1"]);
        assert_refused("baud = 1\nbaud = 2\n", &["line 2"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("espctl.toml");
        let refused = |words: &str| {
            let failure = SettingsFile::read(&path).expect_err(words);
            assert_eq!(failure.code, Code::ConfigInvalid);
            assert!(failure.causes[0].contains("espctl.toml") && failure.causes[0].contains(words), "{failure:?}");
        };
        refused("No such file");
        fs::create_dir(&path).expect("a folder");
        refused("not a regular file");
        fs::remove_dir(&path).expect("gone");
        fs::write(&path, b"device = \"x\"\n\xff\n").expect("a file");
        refused("line 2: it is not UTF-8");
        fs::write(&path, "#".repeat(64 * 1024 + 1)).expect("a file");
        refused("more than 65536 bytes");
        fs::write(&path, "#".repeat(64 * 1024)).expect("a file");
        assert!(SettingsFile::read(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_in_clear_that_others_can_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("espctl.toml");
        let warning = |text: &str, mode| {
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            SettingsFile::read(&path).expect("settings").warning()
        };
        let clear = "[security]\npop = \"hush\"\n";
        assert!(warning(clear, 0o644).is_some_and(|text| text.contains("security.pop") && !text.contains("hush")));
        assert!(warning(clear, 0o640).is_some());
        let backend = "[backend.lab]\nkind = \"plain\"\nuser-id = \"ana\"\nsecret-key = \"hush\"\n";
        assert!(warning(backend, 0o644).is_some_and(|text| text.contains("backend.lab.secret-key")));
        assert_eq!(warning(&backend.replace("hush", "env:KEY"), 0o644), None);
        assert_eq!(warning(clear, 0o600), None);
        assert_eq!(warning("[security]\npop = \"env:POP\"\n", 0o644), None);
        assert_eq!(warning("device = \"ble:\"\n", 0o644), None);
    }
}
