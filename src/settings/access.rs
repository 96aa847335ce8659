//! Whose a file is, and who can read it: whether a project's settings file may decide anything, and whether a secret
//! is open to others. On Windows neither is asked.

use std::path::Path;

use super::secret::Environment;

/// Whether a project's settings file is this user's own, or root's: the file, what it links to, and its folder.
/// Another user's may have been put there for this user to find, and would say which device is trusted and which files
/// are read.
#[cfg(unix)]
pub fn is_own(file: &Path, environment: Environment<'_>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    // As root through sudo, the files of the user who typed that are meant.
    let behind = environment("SUDO_UID").filter(|_| user == 0).and_then(|id| id.parse().ok());
    let folder = file.parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let owners = [file.symlink_metadata(), file.metadata(), folder.metadata()];
    // What cannot be asked is reported when it is read.
    owners.into_iter().flatten().all(|data| may_decide(data.uid(), user, behind))
}

/// See above.
#[cfg(not(unix))]
pub fn is_own(_: &Path, _: Environment<'_>) -> bool {
    true
}

/// Whether what `owner` wrote may decide for `user`, behind whom there may be another one.
#[cfg(unix)]
fn may_decide(owner: u32, user: u32, behind: Option<u32>) -> bool {
    owner == 0 || owner == user || behind == Some(owner)
}

/// Whether users other than the owner can read it. What is not a regular file, like a pipe, is not asked.
#[cfg(unix)]
pub(super) fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
pub(super) fn others_can_read(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn root_and_the_user_decide_and_nobody_else() {
        for (owner, user, behind, decides) in [
            (1000, 1000, None, true),
            (0, 1000, None, true),
            (1001, 1000, None, false),
            (1000, 0, None, false),
            (0, 0, None, true),
            (1000, 0, Some(1000), true),
            (1001, 0, Some(1000), false),
        ] {
            assert_eq!(may_decide(owner, user, behind), decides, "{owner} for {user}, {behind:?}");
        }
    }

    #[test]
    fn a_file_of_this_user_is_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("espctl.toml");
        assert!(is_own(&file, &|_| None), "one that is not there is nobody's");
        std::fs::write(&file, "").expect("a file");
        assert!(is_own(&file, &|_| None));
    }
}
