//! How a request says whose it is: one header, in the forms that back ends ask for.
//!
//! A scheme that signs each request would stand beside these; none of today's needs one.

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::backend::error::BackendError;
use crate::code::Code;
use crate::secret::{BackendSecret, REDACTED};

/// The shortest secret that is looked for in foreign text: a shorter one would take ordinary words out.
const SEARCHED_MIN: usize = 4;
/// How much of a longer secret is enough to know it by, in bytes.
const START_MIN: usize = 16;

/// How a request says whose it is.
#[derive(Debug, Clone, Default)]
pub struct Auth {
    scheme: Option<Scheme>,
}

#[derive(Debug, Clone)]
enum Scheme {
    /// `header: prefix secret`.
    Header { name: HeaderName, prefix: &'static str, secret: BackendSecret },
    /// A user name and a password.
    Basic { user: String, password: BackendSecret },
}

impl Auth {
    /// Nothing is said.
    pub fn none() -> Self {
        Self::default()
    }

    /// `Authorization: Bearer TOKEN`.
    pub fn bearer(token: BackendSecret) -> Self {
        Self::header(AUTHORIZATION, "Bearer ", token)
    }

    /// `Authorization: Token TOKEN`, as Django's REST framework has it.
    pub fn token(token: BackendSecret) -> Self {
        Self::header(AUTHORIZATION, "Token ", token)
    }

    /// `Authorization: TOKEN`, as ESP RainMaker has it.
    pub fn raw(token: BackendSecret) -> Self {
        Self::header(AUTHORIZATION, "", token)
    }

    /// `X-Authorization: Bearer JWT`, as ThingsBoard has it.
    pub fn x_authorization(jwt: BackendSecret) -> Self {
        Self::header(HeaderName::from_static("x-authorization"), "Bearer ", jwt)
    }

    /// A key in a header of its own. The name is lower-case, `x-provisioning-key`.
    ///
    /// # Panics
    /// Where the name is not a header's: it is written in the source.
    pub fn key(name: &'static str, key: BackendSecret) -> Self {
        Self::header(HeaderName::from_static(name), "", key)
    }

    /// `Authorization: Basic …`.
    pub fn basic(user: impl Into<String>, password: BackendSecret) -> Self {
        Self { scheme: Some(Scheme::Basic { user: user.into(), password }) }
    }

    fn header(name: HeaderName, prefix: &'static str, secret: BackendSecret) -> Self {
        Self { scheme: Some(Scheme::Header { name, prefix, secret }) }
    }

    /// Whether anything is said.
    pub(super) fn is_some(&self) -> bool {
        self.scheme.is_some()
    }

    /// Checks that the secret can stand in a header.
    pub(super) fn check(&self) -> Result<(), BackendError> {
        let fits = match &self.scheme {
            None => true,
            Some(Scheme::Header { prefix, secret, .. }) => value(prefix, secret).is_some(),
            Some(Scheme::Basic { user, password }) => {
                !user.contains(':') && std::str::from_utf8(password.expose()).is_ok()
            }
        };
        if fits {
            return Ok(());
        }
        Err(BackendError::new(Code::BackendMisconfigured)
            .because("the token, key, user name or password holds characters that HTTP cannot carry there"))
    }

    /// The request with its header; the client's log, if it had one, would not show the value.
    pub(super) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.scheme {
            None => request,
            Some(Scheme::Header { name, prefix, secret }) => match value(prefix, secret) {
                Some(value) => request.header(name, value),
                None => request,
            },
            Some(Scheme::Basic { user, password }) => {
                request.basic_auth(user, std::str::from_utf8(password.expose()).ok())
            }
        }
    }

    /// Foreign text with the secret taken out, where a server repeats what it was sent.
    pub(super) fn redact(&self, text: &str) -> String {
        let secret = match &self.scheme {
            Some(Scheme::Header { secret, .. }) => secret,
            Some(Scheme::Basic { password, .. }) => password,
            None => return text.to_owned(),
        };
        take_out(text, secret)
    }
}

/// Foreign text with a secret taken out, also where only its beginning is left of it, as in a text that was cut short.
pub fn take_out(text: &str, secret: &BackendSecret) -> String {
    let secret = match std::str::from_utf8(secret.expose()) {
        Ok(secret) if secret.len() >= SEARCHED_MIN => secret,
        _ => return text.to_owned(),
    };
    // The beginning that is looked for, no longer than what other texts do not have by chance.
    let start = secret.char_indices().map(|(at, c)| at + c.len_utf8()).find(|end| *end >= START_MIN);
    let start = &secret[..start.unwrap_or(secret.len())];
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(start) {
        shown.push_str(&rest[..at]);
        shown.push_str(REDACTED);
        let alike = rest[at..].chars().zip(secret.chars()).take_while(|(own, other)| own == other);
        rest = &rest[at + alike.map(|(c, _)| c.len_utf8()).sum::<usize>()..];
    }
    shown + rest
}

fn value(prefix: &str, secret: &BackendSecret) -> Option<HeaderValue> {
    let bytes = zeroize::Zeroizing::new([prefix.as_bytes(), secret.expose()].concat());
    let mut value = HeaderValue::from_bytes(&bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_neither_prints_nor_comes_back() {
        for auth in [Auth::bearer("hush-hush".into()), Auth::basic("alice", "hush-hush".into())] {
            assert!(!format!("{auth:?}").contains("hush"), "{auth:?}");
            assert_eq!(auth.redact("token hush-hush is unknown"), "token (redacted) is unknown");
        }
        let long = Auth::raw("0123456789abcdefghijklmnop".into());
        assert_eq!(long.redact("got 0123456789abcdefghijkl…"), "got (redacted)…");
        assert_eq!(long.redact("0123456789abcdefghijklmnop0123456789abcdef"), "(redacted)(redacted)");
        assert_eq!(long.redact("got 0123456789"), "got 0123456789");
        assert_eq!(Auth::raw("ab".into()).redact("about"), "about");
        assert_eq!(Auth::none().redact("about"), "about");
    }

    #[test]
    fn what_a_header_cannot_carry_is_refused_first() {
        for auth in [Auth::raw("a\nb: c".into()), Auth::basic("a:b", "c".into())] {
            assert_eq!(auth.check().unwrap_err().code(), Code::BackendMisconfigured);
        }
        assert!(Auth::key("x-provisioning-key", "abc".into()).check().is_ok());
    }
}
