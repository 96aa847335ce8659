//! The HTTP client of the back ends: `reqwest` over `rustls` with `ring`, and the rules that hold for each of them.
//!
//! The rules: certificates are checked against the system's, else against those built in (`tls.rs`); proxies come from
//! the environment as the program read it (`proxies.rs`); secrets are in headers marked as such (`auth.rs`), and an
//! address, a path or a query is never part of an error; a failed try is repeated by one policy (`retry.rs`); a reply
//! has a bound, and so has the time a request takes (`client.rs`).
//!
//! It is not for devices: the servers in firmware need a client of their own, in `transport/softap/`.

mod auth;
mod base;
mod client;
mod error_text;
mod failure;
mod proxies;
mod reply;
mod request;
mod retry;
mod tls;

pub use auth::Auth;
pub use client::{Client, Http};
pub use proxies::Proxies;
pub use reply::Reply;
pub use request::Request;
pub use reqwest::Method;
pub use retry::Policy;
