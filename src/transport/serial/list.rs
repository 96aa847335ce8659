//! The serial ports of this computer, as its system lists them. Opens none.

use std::fs;
use std::path::Path;

use serialport::{SerialPortInfo, SerialPortType};

use super::PortError;
use super::choose::{self, Port, Usb, select};

/// Where Linux keeps names that stay the same.
const STABLE: [&str; 2] = ["/dev/serial/by-id", "/dev/serial/by-path"];

/// All ports but Bluetooth's and phantoms, the likeliest boards first.
pub fn ports() -> Vec<Port> {
    // The library insists on this directory, which containers may lack.
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Vec::new();
    }
    let aliases: Vec<(String, String)> = STABLE.iter().flat_map(|directory| stable_names(directory)).collect();
    let found = serialport::available_ports().unwrap_or_default();
    let mut ports: Vec<_> = found.into_iter().filter(is_real).map(|info| port(info, &aliases)).collect();
    choose::sort(&mut ports);
    ports
}

/// The path of the port that `wanted` names, or of the only board where it is empty. A path that exists is taken as
/// it is, whatever it is.
///
/// # Errors
/// [`PortError`], with the ports that are there.
pub async fn resolve(wanted: &str) -> Result<String, PortError> {
    if !wanted.is_empty() && Path::new(wanted).exists() {
        return Ok(wanted.to_owned());
    }
    let ports = tokio::task::spawn_blocking(ports).await.unwrap_or_default();
    select(wanted, &ports).map(|port| port.path.clone())
}

/// Whether `wanted` names the port at `path`, under whatever name.
pub async fn is_same(path: &str, wanted: &str) -> bool {
    let real = |path: &str| Path::new(path).canonicalize().unwrap_or_else(|_| path.into());
    resolve(wanted).await.is_ok_and(|wanted| wanted == path || real(&wanted) == real(path))
}

/// Whether a board may be behind it: the kernel lists UARTs that no chip is behind, and macOS each port twice.
fn is_real(info: &SerialPortInfo) -> bool {
    let name = info.port_name.as_str();
    match info.port_type {
        SerialPortType::BluetoothPort => false,
        SerialPortType::UsbPort(_) => !name.starts_with("/dev/tty."),
        SerialPortType::PciPort | SerialPortType::Unknown => {
            !name.starts_with("/dev/ttyS") && !name.starts_with("/dev/tty.") && !name.contains("Bluetooth")
        }
    }
}

fn port(info: SerialPortInfo, aliases: &[(String, String)]) -> Port {
    let usb = match info.port_type {
        SerialPortType::UsbPort(usb) => {
            Some(Usb { vid: usb.vid, pid: usb.pid, serial: usb.serial_number, product: usb.product })
        }
        _ => None,
    };
    let aliases = aliases.iter().filter(|(path, _)| *path == info.port_name).map(|(_, alias)| alias.clone()).collect();
    Port { path: info.port_name, aliases, usb }
}

/// Each link in a directory, with where it leads.
fn stable_names(directory: &str) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let name = |path: &Path| path.to_str().map(str::to_owned);
    let entries = entries.flatten().map(|entry| entry.path());
    entries.filter_map(|link| Some((name(&link.canonicalize().ok()?)?, name(&link)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phantoms_are_hidden() {
        let info = |name: &str, port_type| SerialPortInfo { port_name: name.to_owned(), port_type };
        assert!(is_real(&info("/dev/ttyAMA0", SerialPortType::Unknown)));
        assert!(is_real(&info("COM3", SerialPortType::Unknown)));
        assert!(!is_real(&info("/dev/ttyS0", SerialPortType::Unknown)));
        assert!(!is_real(&info("/dev/rfcomm0", SerialPortType::BluetoothPort)));
        assert!(!is_real(&info("/dev/cu.Bluetooth-Incoming-Port", SerialPortType::Unknown)));
    }

    #[tokio::test]
    async fn a_path_that_exists_is_taken_as_it_is() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().to_str().expect("a path");
        assert_eq!(resolve(path).await.as_deref(), Ok(path));
        assert!(matches!(resolve("/dev/no-such-port").await, Err(PortError::Absent { .. })));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_port_is_the_same_under_every_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name| folder.path().join(name).to_str().expect("a path").to_owned();
        let (port, link, other) = (path("port"), path("link"), path("other"));
        fs::write(&port, "").and_then(|()| fs::write(&other, "")).expect("files");
        std::os::unix::fs::symlink(&port, &link).expect("a link");
        assert!(is_same(&port, &port).await && is_same(&port, &link).await && is_same(&link, &port).await);
        assert!(!is_same(&port, &other).await && !is_same(&port, "usb:ffff").await);
    }
}
