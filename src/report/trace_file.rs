//! The file that a trace goes to: always a new one, for its owner alone. It holds a conversation with a device, without
//! its secrets, and still more than others need to read.
//!
//! A file that is there is removed first, so that neither its mode nor whoever has it open matters. A link is not
//! followed: in a folder that others can write to, it may lead to any file of this user. A pipe or a device is written
//! to as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Opens the file, or whatever else may stand in its place.
///
/// # Errors
/// The operating system's; [`ErrorKind::AlreadyExists`] for a link or a directory at `path`.
pub(super) fn open(path: &Path) -> Result<File> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => made_new(path),
        Err(error) => Err(error),
        Ok(there) if there.is_file() => {
            fs::remove_file(path)?;
            made_new(path)
        }
        Ok(there) if there.is_symlink() => Err(refused("it is a link, which a trace does not follow")),
        Ok(there) if there.is_dir() => Err(refused("it is a directory")),
        Ok(_) => without_links(OpenOptions::new().write(true)).open(path),
    }
}

fn made_new(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A link that took the place of what was looked at a moment ago is not followed either.
fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits();
        if let Ok(flags) = i32::try_from(flags) {
            std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
        }
    }
    options
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::AlreadyExists, why)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_made_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace");
        for text in ["one", "two"] {
            open(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a trace");
            assert_eq!(fs::read_to_string(&path).expect("a trace"), text);
        }
        assert!(open(folder.path()).is_err());
        assert!(open(&folder.path().join("none").join("trace")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_owner_alone_whatever_was_there() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace");
        fs::write(&path, "old").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("a mode");
        let mut reader = File::open(&path).expect("a reader");
        open(&path).and_then(|mut file| file.write_all(b"new")).expect("a trace");
        assert_eq!(fs::metadata(&path).expect("a trace").permissions().mode() & 0o777, 0o600);
        let mut seen = String::new();
        std::io::Read::read_to_string(&mut reader, &mut seen).expect("the old file");
        assert_eq!(seen, "old");
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        fs::write(&target, "kept").expect("a file");
        symlink(&target, &link).expect("a link");
        assert_eq!(open(&link).expect_err("a link").kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&target).expect("a file"), "kept");
    }
}
