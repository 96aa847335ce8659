//! espctl
pub mod endpoint;
pub mod error;
pub mod event;
pub mod provision;
pub mod qr_image;
pub mod report;
pub mod secret;
pub mod security;
pub mod session;
pub mod text;
pub mod sim;
pub mod transport;
pub mod wire;
