//! What a token says of itself. It is believed only as far as that does no harm: when to renew it, and whose name to show.
//! Signatures are the cloud's to check.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::secret::BackendSecret;

/// The claims that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// When it was made, in seconds since 1970.
    pub(super) issued: Option<i64>,
    /// When it ends.
    pub(super) expires: Option<i64>,
    /// The user's e-mail address, or else telephone number.
    pub(super) user_name: Option<String>,
    /// The user's id at the cloud.
    pub(super) user_id: Option<String>,
}

impl Claims {
    /// Reads a token; `None` where it is not one.
    pub(super) fn read(token: &BackendSecret) -> Option<Self> {
        let token = std::str::from_utf8(token.expose()).ok()?;
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        // Some write the other alphabet, or fill up.
        let payload = payload.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            issued: number("iat"),
            expires: number("exp"),
            user_name: text("email").or_else(|| text("phone_number")),
            user_id: text("custom:user_id"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(payload: &str) -> Option<Claims> {
        Claims::read(&BackendSecret::from(format!("e30.{payload}.sig").as_str()))
    }

    #[test]
    fn claims_are_read_in_every_alphabet() {
        let text = r#"{"exp":1700000000,"email":"ana@example.com?>~","custom:user_id":"u1"}"#;
        for payload in [
            URL_SAFE_NO_PAD.encode(text),
            base64::engine::general_purpose::STANDARD.encode(text),
            base64::engine::general_purpose::URL_SAFE.encode(text),
        ] {
            let read = claims(&payload).expect("claims");
            assert_eq!((read.expires, read.user_id.as_deref()), (Some(1_700_000_000), Some("u1")));
            assert_eq!(read.user_name.as_deref(), Some("ana@example.com?>~"));
        }
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for token in ["", "a.b", "a.b.c", "e30.W10", "e30.\u{e9}.x"] {
            assert_eq!(Claims::read(&token.into()), None, "{token}");
        }
        assert_eq!(claims(&URL_SAFE_NO_PAD.encode(r#"{"exp":"soon"}"#)), Some(Claims::default()));
    }
}
