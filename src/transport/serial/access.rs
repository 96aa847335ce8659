//! Permissions of serial ports, and which programs have one open: what the system's own files tell.
//!
//! Linux tells in /proc; elsewhere the answers are empty. Nothing here opens a port.

use std::fs;
use std::path::Path;

use super::PortError;
use crate::text;

/// Most holders that are named.
const HOLDERS: usize = 4;

/// Whether this user may open a port and no other program has it open, as far as that can be told without opening it.
///
/// # Errors
/// [`PortError::Permission`], [`PortError::Busy`].
pub fn check(path: &str) -> Result<(), PortError> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        if access(path, Access::READ_OK | Access::WRITE_OK) == Err(rustix::io::Errno::ACCESS) {
            return Err(not_permitted(path));
        }
    }
    let holders = holders(Path::new(path));
    if holders.is_empty() { Ok(()) } else { Err(PortError::Busy { path: path.to_owned(), holders }) }
}

/// The error for a port this user may not open.
pub(super) fn not_permitted(path: &str) -> PortError {
    PortError::Permission { path: path.to_owned(), group: group_that_may(path), user: user() }
}

/// The error for a port that is in use.
pub(super) fn busy(path: &str) -> PortError {
    PortError::Busy { path: path.to_owned(), holders: holders(Path::new(path)) }
}

/// The group that owns the port, where being in it helps.
#[cfg(unix)]
fn group_that_may(path: &str) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    const GROUP_MAY_READ_AND_WRITE: u32 = 0o060;
    let metadata = fs::metadata(path).ok()?;
    let may = metadata.mode() & GROUP_MAY_READ_AND_WRITE == GROUP_MAY_READ_AND_WRITE && metadata.gid() != 0;
    may.then(|| name_of(&fs::read_to_string("/etc/group").ok()?, metadata.gid())).flatten()
}

#[cfg(not(unix))]
fn group_that_may(_: &str) -> Option<String> {
    None
}

/// The name of the user this program runs as.
#[cfg(unix)]
fn user() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = fs::metadata("/proc/self").ok()?.uid();
    name_of(&fs::read_to_string("/etc/passwd").ok()?, uid)
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}

/// The name with this number in a file like /etc/passwd and /etc/group: `name:password:number:…`.
#[cfg_attr(not(unix), allow(dead_code))]
fn name_of(file: &str, number: u32) -> Option<String> {
    let number = number.to_string();
    let line = file.lines().find(|line| line.split(':').nth(2) == Some(&number))?;
    let name = line.split(':').next()?;
    // It becomes part of a command to type.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (!name.is_empty() && name.chars().all(plain) && !name.starts_with('-')).then(|| name.to_owned())
}

/// Other programs that have a port open beside this one: they did not lock it, and take some of what the board prints.
/// The program at the other end of a pseudo-terminal is the board.
pub fn sharers(path: &str) -> Vec<String> {
    let Ok(port) = Path::new(path).canonicalize() else { return Vec::new() };
    let others = ids_of_holders(&port).filter(|id| *id != std::process::id() && !has_other_end(*id, &port));
    others.take(HOLDERS).map(named).collect()
}

/// Whether a process has the other end of a pseudo-terminal, which says whose it is: `tty-index: 4` for `/dev/pts/4`.
fn has_other_end(id: u32, port: &Path) -> bool {
    let Some(index) = port.strip_prefix("/dev/pts").ok().and_then(Path::to_str) else { return false };
    let files = fs::read_dir(format!("/proc/{id}/fdinfo")).into_iter().flatten().flatten();
    let mut files = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    files.any(|file| file.lines().any(|line| line.strip_prefix("tty-index:").is_some_and(|own| own.trim() == index)))
}

/// The processes that have the port open, as far as this user may see: `minicom (4711)`.
fn holders(port: &Path) -> Vec<String> {
    let Ok(port) = port.canonicalize() else { return Vec::new() };
    ids_of_holders(&port).take(HOLDERS).map(named).collect()
}

fn ids_of_holders(port: &Path) -> impl Iterator<Item = u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| has_open(*id, port))
}

fn has_open(id: u32, port: &Path) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{id}/fd")) else { return false };
    files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == port))
}

fn named(id: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    format!("{} ({id})", text::sanitise(name.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_their_file() {
        let file = "root:x:0:\ndialout:x:20:ana\nodd name:x:21:\n-flag:x:22:\n";
        assert_eq!(name_of(file, 20).as_deref(), Some("dialout"));
        assert_eq!([name_of(file, 2), name_of(file, 21), name_of(file, 22)], [None, None, None]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_holder_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let holders = holders(file.path());
        let own = format!("({})", std::process::id());
        assert!(holders.iter().any(|holder| holder.ends_with(&own)), "{holders:?}");
    }
}
