//! ESP RainMaker: whose account it is, at which of its clouds. Registering devices is not here.
//!
//! Profiles and logins are esp-rainmaker-cli's own: the same folder, the same files.
//!
//! - `folder.rs`: the folder, its lock, files that are written whole or not at all
//! - `regions.rs`: the profiles that are built in
//! - `profiles.rs`: the profiles, and which is current
//! - `tokens.rs`: the login of a profile, as its file has it; `claims.rs`: what a token says
//! - `cloud.rs`: the calls of the cloud that concern an account
//! - `account.rs`: an account, whose login is renewed in time

pub mod account;
mod claims;
pub mod cloud;
pub mod folder;
pub mod profiles;
mod regions;
pub mod tokens;
