//! A stand-in for ESP RainMaker's cloud, for tests and for people without an account: an HTTP server with all of its
//! state in memory. It is not a service: its passwords protect nothing, and it forgets everything at its end.
//!
//! - `server.rs`: the routes, the faults that strike before a call, and the life of the server
//! - `calls.rs`: the paths it answers
//! - `login.rs`: the calls about the account
//! - `reply.rs`: its answers
//! - `door.rs`: its connections, bounded
//! - `state.rs`: what the calls share
//! - `users.rs`, `token.rs`: users, their logins and tokens; pure
//! - `fault.rs`: what goes wrong, by name
//! - `random.rs`: fresh names and secrets

mod calls;
mod door;
pub mod fault;
mod login;
mod random;
mod reply;
mod server;
mod state;
mod token;
mod users;

pub use fault::Fault;
pub use server::{Cloud, Observer, Running};
pub use users::User;
