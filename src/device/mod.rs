//! One device behind one trait, whatever it speaks. Which stage comes next is decided above, in `provision`.
//!
//! - `link.rs`: what a back end sees of a device

mod link;

pub use link::{DeviceFacts, DeviceLink, call};
