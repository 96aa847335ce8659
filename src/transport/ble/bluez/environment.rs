//! What this computer's files say of why Bluetooth does not work: where the program runs, what blocks the radio,
//! which adapters the kernel has. Evidence for explanations; nothing is decided by it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::transport::ble::error::{Block, HostKind};

/// Where the program runs; `root` is the file system's.
pub(super) fn place(root: &Path) -> HostKind {
    let version = fs::read_to_string(root.join("proc/version")).unwrap_or_default();
    if version.to_ascii_lowercase().contains("microsoft") {
        return HostKind::Wsl;
    }
    let marks = [".dockerenv", "run/.containerenv", "run/systemd/container"];
    if marks.iter().any(|mark| root.join(mark).exists()) { HostKind::Container } else { HostKind::Computer }
}

/// What blocks this adapter, as rfkill tells.
pub(super) fn block(root: &Path, adapter: &str) -> Block {
    let own = root.join("sys/class/bluetooth").join(adapter);
    let switches = entries(&own).chain(entries(&root.join("sys/class/rfkill")));
    let mut found = Block::None;
    for switch in switches.filter(|path| path.join("soft").exists()) {
        let read = |name: &str| fs::read_to_string(switch.join(name)).unwrap_or_default().trim().to_owned();
        if read("type") != "bluetooth" {
            continue;
        }
        if read("hard") == "1" {
            return Block::Hard;
        }
        if read("soft") == "1" {
            found = Block::Soft;
        }
    }
    found
}

/// Whether the kernel has a Bluetooth adapter.
pub(super) fn kernel_has_adapter(root: &Path) -> bool {
    entries(&root.join("sys/class/bluetooth"))
        .any(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("hci")))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        root
    }

    #[test]
    fn the_system_is_recognised_by_its_files() {
        let at = |files: &[(&str, &str)]| place(root(files).path());
        assert_eq!(at(&[("proc/version", "Linux version 6.1.0 (gcc)")]), HostKind::Computer);
        assert_eq!(at(&[("proc/version", "Linux version 5.15.90.1-Microsoft-standard-WSL2")]), HostKind::Wsl);
        assert_eq!(at(&[("proc/version", "Linux"), (".dockerenv", "")]), HostKind::Container);
    }

    #[test]
    fn a_blocked_radio_is_distinguished_from_one_that_is_off() {
        let rfkill = |kind: &str, soft: &str, hard: &str| {
            let root = root(&[
                ("sys/class/rfkill/rfkill0/type", kind),
                ("sys/class/rfkill/rfkill0/soft", soft),
                ("sys/class/rfkill/rfkill0/hard", hard),
            ]);
            block(root.path(), "hci0")
        };
        assert_eq!(rfkill("bluetooth\n", "0\n", "0\n"), Block::None);
        assert_eq!(rfkill("bluetooth\n", "1\n", "0\n"), Block::Soft);
        assert_eq!(rfkill("bluetooth\n", "1\n", "1\n"), Block::Hard);
        assert_eq!(rfkill("wlan\n", "1\n", "0\n"), Block::None);
        assert_eq!(block(root(&[]).path(), "hci0"), Block::None);
    }

    #[test]
    fn the_kernels_adapters_are_seen() {
        assert!(kernel_has_adapter(root(&[("sys/class/bluetooth/hci0/type", "")]).path()));
        assert!(!kernel_has_adapter(root(&[("sys/class/bluetooth/rfcomm/type", "")]).path()));
    }
}
