//! The folder that espctl shares with esp-rainmaker-cli: where it is, the lock that one espctl at a time holds, and files
//! that are written whole or not at all. What the files hold is not known here.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::code::Code;
use crate::failure::Failure;

/// The longest file that is read, in bytes. A profile file has some hundreds for each profile, a login some thousands.
const LONGEST: u64 = 4 << 20;
/// The variable that names the folder.
const VARIABLE: &str = "RM_USER_CONFIG_DIR";
/// The folder within it that has the profiles.
const PROFILES: &str = "profiles";
/// The file that is locked. It is empty, and stays.
const LOCK: &str = ".espctl.lock";
/// The longest wait for another espctl: a bit longer than one renewal of a login may take.
const LOCK_WAIT: Duration = Duration::from_secs(75);
/// How often the lock is asked for.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// How often a file is read that is not JSON, and the pause between: esp-rainmaker-cli rewrites its files in place.
const READS: u32 = 4;
const READ_PAUSE: Duration = Duration::from_millis(30);

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder that the environment names, else esp-rainmaker-cli's own in the user's home.
    ///
    /// # Errors
    /// [`Code::AccountFilesUnusable`]: there is no home.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = given(VARIABLE) {
            return Ok(Self { path });
        }
        let home = given(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let home = home.ok_or_else(|| {
            Failure::new(Code::AccountFilesUnusable).because("the environment names no home folder of this user")
        })?;
        Ok(Self { path: home.join(".espressif").join("rainmaker") })
    }

    /// This folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path of a file in it, for people.
    pub(super) fn shown(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// The text of a file; `None` where there is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        match bounded(&self.path.join(name)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unusable(name, &error)),
        }
    }

    /// The JSON object in a file; `None` where there is no file.
    ///
    /// # Errors
    /// [`Code::AccountFilesDamaged`], without anything of the file, and [`Code::AccountFilesUnusable`].
    pub(super) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, Failure> {
        for last in (0..READS).map(|read| read + 1 == READS) {
            let Some(text) = self.text(name)? else { return Ok(None) };
            let why = match serde_json::from_str(&text) {
                Ok(Value::Object(object)) => return Ok(Some(object)),
                Ok(_) => "it is JSON, but not an object".to_owned(),
                Err(_) if text.trim().is_empty() => "it is empty".to_owned(),
                Err(error) => format!("it is not JSON (line {}, column {})", error.line(), error.column()),
            };
            if last {
                return Err(self.damaged(name, &why));
            }
            std::thread::sleep(READ_PAUSE);
        }
        Ok(None)
    }

    /// The failure of a file whose content cannot be used.
    pub(super) fn damaged(&self, name: &str, why: &str) -> Failure {
        Failure::new(Code::AccountFilesDamaged).because(format!("{}: {why}", self.shown(name)))
    }

    fn unusable(&self, name: &str, error: &io::Error) -> Failure {
        Failure::new(Code::AccountFilesUnusable).because(format!("{}: {error}", self.shown(name)))
    }

    /// Waits until no other espctl writes to the folder; it is made where it is not there yet.
    ///
    /// # Errors
    /// [`Code::AccountFilesUnusable`].
    pub async fn lock(&self) -> Result<Lock, Failure> {
        let name = format!("{PROFILES}/{LOCK}");
        self.make().map_err(|error| self.unusable(PROFILES, &error))?;
        let file = private(OpenOptions::new().write(true).create(true), &self.path.join(&name));
        let file = file.map_err(|error| self.unusable(&name, &error))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { folder: self.clone(), _file: Some(file) }),
                // Some file systems of a network have no locks. The files are whole there all the same.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Lock { folder: self.clone(), _file: None });
                }
                Err(TryLockError::Error(error)) => return Err(self.unusable(&name, &error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() > LOCK_WAIT => {
                    let why = format!("another espctl has held it for {} s", LOCK_WAIT.as_secs());
                    return Err(Failure::new(Code::AccountFilesUnusable)
                        .because(format!("{}: {why}", self.shown(&name)))
                        .only_hints(["end the other espctl, or wait for it"]));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            }
        }
    }

    /// Makes the folder of the profiles. What is new is for its user alone.
    fn make(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(self.path.join(PROFILES))
    }
}

/// A regular file's bytes, up to [`LONGEST`]: a pipe would be waited for without an end.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {LONGEST} bytes")));
    }
    Ok(bytes)
}

/// The right to write to the folder, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    folder: Folder,
    _file: Option<File>,
}

impl Lock {
    /// The folder it is for.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Writes a file whole or not at all, for its user alone. One that is a link stays one.
    ///
    /// # Errors
    /// [`Code::AccountFilesUnusable`]: the file is as it was.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.replace(name, text).map_err(|error| self.folder.unusable(name, &error))
    }

    /// The same with an object as JSON, `indent` as esp-rainmaker-cli has it for its profiles.
    pub(super) fn write_object(&self, name: &str, object: &Map<String, Value>, indent: bool) -> Result<(), Failure> {
        let text = if indent { serde_json::to_string_pretty(object) } else { serde_json::to_string(object) };
        self.write(name, &text.map_err(|error| Failure::new(Code::Unexpected).caused_by(&error))?)
    }

    fn replace(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.folder.path.join(name);
        let path = path.canonicalize().unwrap_or(path);
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{own}.espctl"));
        // Left behind by a run that was killed: whoever has the lock is the only one that writes it.
        remove(&beside)?;
        let mut file = private(OpenOptions::new().write(true).create_new(true), &beside)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&beside, &path)).inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })?;
        sync(&path)
    }

    /// Removes a file, where there is one.
    ///
    /// # Errors
    /// [`Code::AccountFilesUnusable`].
    pub(super) fn remove(&self, name: &str) -> Result<(), Failure> {
        remove(&self.folder.path.join(name)).map_err(|error| self.folder.unusable(name, &error))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Opens a file that only its user may read.
fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Makes a new name last, where the system knows how.
fn sync(path: &Path) -> io::Result<()> {
    match path.parent().filter(|_| cfg!(unix)) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_some_length_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let file = File::create(&path).expect("a file");
        for (length, read) in [(0, true), (LONGEST, true), (LONGEST + 1, false)] {
            file.set_len(length).expect("a length");
            assert_eq!(bounded(&path).map(|bytes| bytes.len() as u64).ok(), read.then_some(length));
        }
        assert!(bounded(folder.path()).is_err());
        #[cfg(unix)]
        assert!(bounded(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn the_folder_is_named_or_in_the_home() {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let folder = |variables: &[(&str, &str)]| {
            let find =
                |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
            Folder::from_environment(&find).map(|folder| folder.path)
        };
        assert_eq!(folder(&[(home, "/h"), (VARIABLE, "/x")]), Ok(PathBuf::from("/x")));
        assert_eq!(folder(&[(home, "/h"), (VARIABLE, "")]), Ok(Path::new("/h").join(".espressif").join("rainmaker")));
        assert_eq!(folder(&[]).unwrap_err().code, Code::AccountFilesUnusable);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_is_replaced_whole_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().expect("a folder");
        let lock = Folder::new(place.path().join("new")).lock().await.expect("the lock");
        let path = place.path().join("new/profiles/a.json");
        // A killed run left its half.
        fs::write(path.with_file_name(".a.json.espctl"), "{\"half").expect("a file");
        fs::write(&path, "old").expect("a file");
        lock.write("profiles/a.json", "{}").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), "{}");
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert!(!path.with_file_name(".a.json.espctl").exists());
    }

    #[test]
    fn what_is_not_an_object_is_damaged_and_not_repeated() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path());
        for text in ["", "{\"idtoken\": \"hush", "[\"hush\"]", "\"hush\""] {
            fs::write(place.path().join("f"), text).expect("a file");
            let failure = folder.object("f").unwrap_err();
            assert!(failure.code == Code::AccountFilesDamaged && !format!("{failure:?}").contains("hush"));
        }
        assert_eq!(folder.object("absent"), Ok(None));
    }
}
