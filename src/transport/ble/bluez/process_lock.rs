//! Which espctl process of this computer holds what: a device, by its address, or the turn to do something.
//! BlueZ's links outlive their programs and have no owner, so a link that a killed run has left behind looks like one
//! in use. A name in the kernel's abstract socket space tells them apart: it goes when its process does.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Something that this process has, a device mostly; dropped when it no longer does.
#[derive(Debug)]
pub(in crate::transport::ble) struct Claim {
    _name: Option<UnixDatagram>,
}

impl Claim {
    /// Takes the device with this address, or something else by its name; `None` where somebody has it, in this process
    /// or another one.
    pub(in crate::transport::ble) fn take(what: &str) -> Option<Self> {
        // Where the kernel has no such names, processes cannot be told apart, and none is refused.
        let Ok(name) = name(what) else { return Some(Self { _name: None }) };
        match UnixDatagram::bind_addr(&name) {
            Ok(socket) => Some(Self { _name: Some(socket) }),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => None,
            Err(_) => Some(Self { _name: None }),
        }
    }

    /// Whether somebody has it. Asked without taking it, be it for a moment: somebody else may want it just then.
    pub(in crate::transport::ble) fn is_held(what: &str) -> bool {
        let asked = name(what).and_then(|name| UnixDatagram::unbound()?.connect_addr(&name));
        asked.is_ok()
    }
}

fn name(what: &str) -> std::io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("espctl/ble/{what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_takes_nothing() {
        let address = "02:00:00:00:00:7D";
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| (0..2000).filter(|_| Claim::is_held(address)).count());
            while !asking.is_finished() {
                assert!(Claim::take(address).is_some(), "nobody has it");
            }
        });
    }

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
