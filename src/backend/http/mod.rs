//! The HTTP client of the back ends: `reqwest` over `rustls` with `ring`, and the rules that hold for each of them.
//!
//! The rules: certificates are checked against the system's, else against those built in (`tls.rs`); proxies come from
//! the environment as the program read it (`proxies.rs`); secrets are in headers marked as such (`auth.rs`), and an
//! address, a path or a query is never part of an error; a failed try is repeated by one policy (`retry.rs`); a reply
//! has a bound, and so has the time a request takes (`client.rs`).
//!
//! It is not for devices: the servers in firmware need a client of their own, in `transport/softap/`.
//!
//! - `client.rs`: sends requests to one back end, within limits
//! - `base.rs`: its address, and the addresses below it
//! - `request.rs`, `reply.rs`: one request, and its answer read in full
//! - `auth.rs`: the header that says whose request it is
//! - `error_text.rs`: what went wrong, out of foreign JSON
//! - `failure.rs`: a request without an answer: code, evidence, whether it may be sent again
//! - `retry.rs`: what is repeated, how often, after which wait
//! - `proxies.rs`, `tls.rs`: the way there, and which certificates are trusted

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

pub use auth::{Auth, take_out};
pub use base::{check as check_address, is_exposed};
pub use client::{Client, Http};
pub use proxies::Proxies;
pub use reply::Reply;
pub use request::Request;
pub use reqwest::Method;
pub use retry::Policy;
