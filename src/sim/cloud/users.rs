//! The users of the stand-in cloud and their logins: pure, in memory, bounded. The time is an argument.

use std::collections::VecDeque;

use super::token::{Claims, Signer, Use};

/// How long an access token is good, in seconds, as in the real cloud.
const ACCESS_TIME: i64 = 3600;
/// How long a refresh token is good: thirty days.
const REFRESH_TIME: i64 = 30 * 24 * 3600;
/// Logins that wait for their code, and ended logins: the oldest are forgotten past this many.
const REMEMBERED: usize = 1024;
/// How many wrong codes end a login that waits for one.
const CODE_TRIES: u8 = 3;

/// A user with an account. The secrets are printed so that people can log in: they protect nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name to log in with, an e-mail address.
    pub name: String,
    /// The password.
    pub password: String,
    /// The code that is asked for after the password, if one is.
    pub code: Option<String>,
    pub(super) id: String,
}

/// What a login or a refresh gives.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) id: String,
    pub(super) refresh: String,
}

/// What is wrong with the access tokens that are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    None,
    Expired,
    Malformed,
}

/// How far a login has come.
pub(super) enum Login {
    /// The password was right, and a code is needed.
    NeedsCode {
        session: String,
    },
    Done(Tokens),
    Refused,
}

/// A login that waits for its code.
struct Waiting {
    session: String,
    user: usize,
    tries: u8,
}

/// All users, and what is remembered of their logins.
pub(super) struct Users {
    accounts: Vec<User>,
    signer: Signer,
    issuer: String,
    waiting: VecDeque<Waiting>,
    ended: VecDeque<String>,
}

impl Users {
    pub(super) fn new(accounts: Vec<User>, secret: &[u8; 32], issuer: String) -> Self {
        let (waiting, ended) = (VecDeque::new(), VecDeque::new());
        Self { accounts, signer: Signer::new(secret), issuer, waiting, ended }
    }

    pub(super) fn all(&self) -> &[User] {
        &self.accounts
    }

    /// The first step: name and password. `fresh` names the login and is never used twice.
    pub(super) fn log_in(&mut self, name: &str, password: &str, fresh: String, now: i64, defect: Defect) -> Login {
        let known = |user: &User| user.name.eq_ignore_ascii_case(name) && user.password == password;
        let Some(user) = self.accounts.iter().position(known) else { return Login::Refused };
        if self.accounts[user].code.is_none() {
            return Login::Done(self.tokens(&self.accounts[user], &fresh, now, defect));
        }
        remember(&mut self.waiting, Waiting { session: fresh.clone(), user, tries: 0 });
        Login::NeedsCode { session: fresh }
    }

    /// The second step: the code.
    pub(super) fn enter_code(&mut self, name: &str, session: &str, code: &str, now: i64, defect: Defect) -> Login {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.session == session) else {
            return Login::Refused;
        };
        let waiting = &mut self.waiting[at];
        let user = &self.accounts[waiting.user];
        let right = user.name.eq_ignore_ascii_case(name) && user.code.as_deref() == Some(code);
        waiting.tries += 1;
        if !right && waiting.tries < CODE_TRIES {
            return Login::Refused;
        }
        let (session, user) = (session.to_owned(), waiting.user);
        self.waiting.remove(at);
        if right { Login::Done(self.tokens(&self.accounts[user], &session, now, defect)) } else { Login::Refused }
    }

    /// New tokens for a login; its refresh token stays as it is.
    pub(super) fn refresh(&self, refresh: &str, now: i64, defect: Defect) -> Option<Tokens> {
        let (user, claims) = self.holder(refresh, Use::Refresh, now)?;
        Some(Tokens { refresh: refresh.to_owned(), ..self.tokens(user, &claims.sid, now, defect) })
    }

    /// The user that this access token was given to.
    pub(super) fn of_token(&self, access: &str, now: i64) -> Option<&User> {
        self.holder(access, Use::Access, now).map(|(user, _)| user)
    }

    /// Ends the login that this access token belongs to; whether there was one.
    pub(super) fn log_out(&mut self, access: &str, now: i64) -> bool {
        let sid = self.holder(access, Use::Access, now).map(|(_, claims)| claims.sid);
        sid.map(|sid| remember(&mut self.ended, sid)).is_some()
    }

    fn holder(&self, token: &str, wanted: Use, now: i64) -> Option<(&User, Claims)> {
        let claims = self.signer.read(token, wanted, now).filter(|claims| !self.ended.contains(&claims.sid))?;
        let user = self.accounts.iter().find(|user| user.id == claims.user_id)?;
        Some((user, claims))
    }

    fn tokens(&self, user: &User, sid: &str, now: i64, defect: Defect) -> Tokens {
        let issue = |token_use, iat, exp| {
            self.signer.issue(&Claims {
                iss: self.issuer.clone(),
                token_use,
                sid: sid.to_owned(),
                email: user.name.clone(),
                user_id: user.id.clone(),
                iat,
                exp,
            })
        };
        let access = match defect {
            Defect::None => issue(Use::Access, now, now + ACCESS_TIME),
            Defect::Expired => issue(Use::Access, now - 2 * ACCESS_TIME, now - ACCESS_TIME),
            Defect::Malformed => "this-is-not-a-token".to_owned(),
        };
        let id = issue(Use::Id, now, now + ACCESS_TIME);
        Tokens { access, id, refresh: issue(Use::Refresh, now, now + REFRESH_TIME) }
    }
}

fn remember<T>(queue: &mut VecDeque<T>, one: T) {
    if queue.len() == REMEMBERED {
        queue.pop_front();
    }
    queue.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        let user = |name: &str, code: Option<&str>| User {
            name: name.to_owned(),
            password: "right".to_owned(),
            code: code.map(str::to_owned),
            id: name.to_owned(),
        };
        Users::new(vec![user("a@b.c", None), user("o@b.c", Some("123456"))], &[1; 32], "cloud".to_owned())
    }

    #[test]
    fn three_wrong_codes_end_a_login() {
        let mut users = users();
        let Login::NeedsCode { session } = users.log_in("o@b.c", "right", "s".to_owned(), 0, Defect::None) else {
            panic!("a code is needed");
        };
        for _ in 0..3 {
            assert!(matches!(users.enter_code("o@b.c", &session, "000000", 0, Defect::None), Login::Refused));
        }
        assert!(matches!(users.enter_code("o@b.c", &session, "123456", 0, Defect::None), Login::Refused));
    }

    #[test]
    fn what_is_remembered_of_logins_is_bounded() {
        let mut users = users();
        for number in 0..3 * REMEMBERED {
            users.log_in("o@b.c", "right", number.to_string(), 0, Defect::None);
            let Login::Done(tokens) = users.log_in("a@b.c", "right", number.to_string(), 0, Defect::None) else {
                panic!("logged in");
            };
            assert!(users.log_out(&tokens.access, 0) && users.of_token(&tokens.access, 0).is_none());
        }
        assert_eq!((users.waiting.len(), users.ended.len()), (REMEMBERED, REMEMBERED));
    }
}
