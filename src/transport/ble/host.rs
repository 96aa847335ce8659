//! The system's Bluetooth by one name: `bluez/` on Linux, `system.rs` on other systems. Both offer the same.

#[cfg(target_os = "linux")]
pub(super) use super::bluez::{Claim, HIDES_ERRORS, Host, Linked, Signals, address};
#[cfg(not(target_os = "linux"))]
pub(super) use super::system::{Claim, HIDES_ERRORS, Host, Linked, Signals, address};
