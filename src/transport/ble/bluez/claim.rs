//! Who has which device, among the espctl processes of this computer. BlueZ's links outlive their programs and belong
//! to nobody, so a link that a killed run has left behind looks like one in use. A name in the kernel's abstract
//! socket space tells them apart: it goes when its process does.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

/// A device that this process has; dropped when it no longer does.
#[derive(Debug)]
pub(in crate::transport::ble) struct Claim {
    _name: Option<UnixListener>,
}

impl Claim {
    /// Takes the device with this address; `None` where another link has it, in this process or another one.
    pub(in crate::transport::ble) fn take(address: &str) -> Option<Self> {
        // Where the kernel has no such names, nobody can be told apart, and nobody is refused.
        let Ok(name) = name(address) else { return Some(Self { _name: None }) };
        match UnixListener::bind_addr(&name) {
            Ok(listener) => Some(Self { _name: Some(listener) }),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => None,
            Err(_) => Some(Self { _name: None }),
        }
    }

    /// Whether somebody has the device.
    pub(in crate::transport::ble) fn is_held(address: &str) -> bool {
        Self::take(address).is_none()
    }
}

fn name(address: &str) -> std::io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("espctl/ble/{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_belongs_to_one_link_at_a_time() {
        let address = "02:00:00:00:00:7E";
        let claim = Claim::take(address).expect("nobody has it");
        assert!(Claim::is_held(address));
        assert!(!Claim::is_held("02:00:00:00:00:7F"));
        drop(claim);
        assert!(!Claim::is_held(address));
    }
}
