//! The paths that the stand-in cloud answers, below `/v1/`; `apiversions` alone is above it.

/// Version numbers of the interface.
pub(super) const VERSIONS: &str = "apiversions";
/// Login with a password or a code, and refresh of a login.
pub(super) const LOGIN: &str = "login2";
/// End of a login.
pub(super) const LOGOUT: &str = "logout2";
/// The account.
pub(super) const USER: &str = "user";

/// All of them.
pub(super) const ALL: &[&str] = &[VERSIONS, LOGIN, LOGOUT, USER];

/// The call that a path is, if it is one.
pub(super) fn of_path(path: &str) -> Option<&'static str> {
    let path = path.strip_prefix('/')?;
    match path.strip_prefix("v1/") {
        Some(call) => ALL.iter().find(|known| **known == call && call != VERSIONS).copied(),
        None => (path == VERSIONS).then_some(VERSIONS),
    }
}

/// Whether a call is answered only to a login.
pub(super) fn needs_token(call: &str) -> bool {
    ![VERSIONS, LOGIN].contains(&call)
}
