//! Tokens of the stand-in cloud: JSON web tokens that it signs by HMAC and reads back. No clock: the time is an argument.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Use {
    Access,
    Id,
    Refresh,
}

/// What a token says. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) token_use: Use,
    /// The login that it belongs to.
    pub(super) sid: String,
    pub(super) email: String,
    #[serde(rename = "custom:user_id")]
    pub(super) user_id: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// The key that signs the tokens of one cloud.
pub(super) struct Signer(hmac::Key);

impl Signer {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token that says so.
    pub(super) fn issue(&self, claims: &Claims) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).expect("strings and numbers are JSON"));
        let signed = format!("{header}.{body}");
        let tag = hmac::sign(&self.0, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    /// What a token says, where it was signed here, is for this use and has not expired.
    pub(super) fn read(&self, token: &str, wanted: Use, now: i64) -> Option<Claims> {
        let (signed, tag) = token.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, signed.as_bytes(), &tag).ok()?;
        let (_, body) = signed.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        (claims.token_use == wanted && claims.exp > now).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let text = |text: &str| text.to_owned();
        let (iss, sid, email, user_id) = (text("http://cloud"), text("1"), text("user@example.com"), text("u"));
        Claims { iss, token_use: Use::Access, sid, email, user_id, iat: 100, exp: 200 }
    }

    #[test]
    fn a_token_is_read_back_until_it_expires() {
        let signer = Signer::new(&[7; 32]);
        let token = signer.issue(&claims());
        assert_eq!(signer.read(&token, Use::Access, 199), Some(claims()));
        assert_eq!(signer.read(&token, Use::Access, 200), None);
        assert_eq!(signer.read(&token, Use::Refresh, 150), None);
        assert_eq!(Signer::new(&[8; 32]).read(&token, Use::Access, 150), None);
    }

    #[test]
    fn a_changed_token_is_refused() {
        let signer = Signer::new(&[7; 32]);
        let token = signer.issue(&claims());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(signer.read(&changed, Use::Access, 150), None, "{at}");
        }
        for text in ["", ".", "..", "a.b", "a.b.c", "Bearer x"] {
            assert_eq!(signer.read(text, Use::Access, 150), None, "{text}");
        }
    }
}
