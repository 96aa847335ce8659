//! Settings files as text: what is taken of them, and what is said of those that are wrong.

use super::*;
use crate::code::Code;
use crate::device::DialectChoice;
use crate::failure::Failure;
use crate::settings::problem;

const PATH: &str = "/project/espctl.toml";

fn parse(text: &str) -> Result<SettingsFile, Failure> {
    let mut file = SettingsFile::empty(Path::new(PATH));
    file.parse(text);
    problem::failure(file.problems()).map_or(Ok(file), Err)
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
        [output]\ncolor = \"never\"\nplain = true\nquiet = false\nno-input = true\n\
        [backend.lab]\nkind = \"plain\"\nuser-id = 3\nsecret-key = \"hush-hush\"\n";
    let file = parse(text).expect("settings");
    for key in ALL {
        assert!(file.value(key).is_some() || file.secret(key).is_some(), "{}", key.name);
    }
    assert_eq!(file.value(&super::super::keys::BAUD), Some("9600"));
    assert_eq!(file.backends["lab"]["user-id"].clear(), Some("3"));
    let secrets: Vec<_> = file.secrets().map(|(name, _)| name).collect();
    assert_eq!(secrets, ["network.passphrase", "security.password", "security.pop", "backend.lab.secret-key"]);
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
    assert_refused("[backend.lab]\nkind = \"plain\"\nuser = \"hush\"\n", &["line 3", "it has user-id, secret-key"]);
    assert_refused("[backend.lab]\nkind = \"plain\"\nuserid = \"hush\"\n", &["line 3", "did you mean user-id?"]);
    assert_refused("[backend.lab]\nkind = \"plain\"\nuser-id = [\"hush\"]\n", &["line 3", "backend.lab.user-id"]);
    assert_refused("[backend.lab]\nkind = \"plain\"\nsecret-key = \"file:\"\n", &["line 3", "path of a file"]);
    assert_refused("[security]\npop = \"env:\"\n", &["line 2", "security.pop", "environment variable"]);
    assert_refused("reset = \"boots\"\n", &["did you mean boot?"]);
    assert_refused("[netwrk]\nssid = \"x\"\n", &["line 1", "did you mean the section [network]?"]);
    assert_refused("[output]\nplain = \"true\"\n", &["line 2", "true or false, without quotation marks"]);
}

#[test]
fn a_kind_of_back_end_of_another_version_matters_to_its_own_commands_alone() {
    let file = parse("[backend.lab]\nkind = \"plan\"\nkey = \"hush\"\n").expect("settings");
    let failure = problem::failure(file.unusable()).expect("no such kind");
    assert!(failure.causes[0].contains("line 2: backend.lab.kind takes one of plain"), "{failure:?}");
    assert!(failure.hints()[0].contains("did you mean plain?") && file.backends["lab"].contains_key("key"));
}

#[test]
fn all_that_is_wrong_is_said_at_once_each_with_its_line() {
    let failure = parse("devise = \"x\"\nbaud = fast\ntimeout = 0\n[security]\npop = 7\n").expect_err("it is wrong");
    let lines = ["line 1", "line 2", "line 3", "line 5"];
    assert_eq!(failure.causes.len(), lines.len(), "{failure:?}");
    for (cause, line) in failure.causes.iter().zip(lines) {
        assert!(cause.contains(line), "{failure:?}");
    }
    assert!(failure.causes[0].contains("(did you mean device?)"), "{failure:?}");
    let failure = parse("[security\npop = \"x\"\n").expect_err("it is wrong");
    assert_eq!(failure.causes.len(), 1, "what only follows from a bad heading is not said: {failure:?}");
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
        let failure = problem::failure(SettingsFile::read(&path).problems()).expect(words);
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
    assert!(SettingsFile::read(&path).problems().is_empty());
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("espctl.toml");
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    let warnings = |text: &str, mode| {
        fs::write(&path, text).expect("a file");
        set_mode(&path, mode);
        let warnings = SettingsFile::read(&path).warnings();
        assert!(!warnings.concat().contains("hush"), "{warnings:?}");
        warnings.join("\n")
    };
    let clear = "[security]\npop = \"hush\"\n";
    let none = String::new();
    assert!(warnings(clear, 0o644).contains("security.pop"));
    assert!(warnings(clear, 0o640).contains("security.pop"));
    assert_eq!(warnings(clear, 0o600), none);
    assert_eq!(warnings("[security]\npop = \"env:POP\"\n", 0o644), none);
    assert_eq!(warnings("device = \"ble:\"\n", 0o644), none);
    let two = "[security]\npop = \"hush\"\n[backend.lab]\nkind = \"plain\"\nsecret-key = \"hush\"\n";
    assert!(warnings(two, 0o644).contains("security.pop and backend.lab.secret-key in clear"));
    let secret = folder.path().join("secret");
    fs::write(&secret, "hush").expect("a file");
    let named = "[security]\npop = \"file:secret\"\n";
    set_mode(&secret, 0o644);
    assert!(warnings(named, 0o644).contains("secret holds security.pop"));
    set_mode(&secret, 0o600);
    assert_eq!(warnings(named, 0o644), none);
    fs::write(&secret, "\u{feff}hush \r\n").expect("a file");
    assert!(warnings(named, 0o644).contains("security.pop ends with a blank"));
}
