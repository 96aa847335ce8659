//! The payload of the onboarding label's QR code: what to look for and the secret to open it with.
//!
//! The text only; [`crate::qr_image`] finds it in a picture. Sources: ESP-IDF's `wifi_prov_print_qr` and RainMaker's
//! `app_wifi`. Labels hold secrets, so errors never quote a part of one.
//!
//! - `payload.rs`: what a label says
//! - `parse.rs`: reading each form of it

mod parse;
mod payload;

pub use parse::{MAX_LEN, QrError, is_code};
pub use payload::{Network, Payload, Transport};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let payload =
            Payload::parse(r#"{"name":"PROV_1","pop":"abcd1234","password":"label-pass"}"#).expect("a payload");
        let shown = format!("{payload:?}");
        assert!(shown.contains("PROV_1") && !shown.contains("abcd1234") && !shown.contains("label-pass"), "{shown}");
    }
}
