//! espctl
pub mod secret;
pub mod security;
pub mod transport;
pub mod wire;
