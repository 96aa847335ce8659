//! The protobuf messages of `proto/`, as Rust types.
//!
//! `generated.rs` is checked in so that building needs neither protoc nor a code generator; `tests/repository/protobuf.rs`
//! regenerates it and compares. Messages that carry secrets have no derived `Debug`: theirs is written here, and so is
//! what wipes them when they are dropped.

use std::fmt;

use zeroize::Zeroize;

use crate::secret::REDACTED;

#[allow(clippy::pedantic, missing_docs, unreachable_pub)]
mod generated {
    include!("generated.rs");
}
pub use generated::*;

impl fmt::Debug for CmdSetWifi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CmdSetWifi")
            .field("ssid", &String::from_utf8_lossy(&self.ssid))
            .field("passphrase", &REDACTED)
            .field("bssid", &self.bssid)
            .field("channel", &self.channel)
            .finish()
    }
}

impl fmt::Debug for CmdSetThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CmdSetThread").field("dataset", &REDACTED).finish()
    }
}

impl fmt::Debug for CmdSetUserMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CmdSetUserMapping").field("user_id", &self.user_id).field("secret_key", &REDACTED).finish()
    }
}

impl Drop for CmdSetWifi {
    fn drop(&mut self) {
        self.passphrase.zeroize();
    }
}

impl Drop for CmdSetThread {
    fn drop(&mut self) {
        self.dataset.zeroize();
    }
}

impl Drop for CmdSetUserMapping {
    fn drop(&mut self) {
        self.secret_key.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_print() {
        let (ssid, passphrase) = (b"HomeNet".to_vec(), b"correct-horse".to_vec());
        let set = CmdSetWifi { ssid, passphrase, bssid: Vec::new(), channel: 0 };
        assert!(!format!("{set:?}").contains("correct-horse"));
        let map = CmdSetUserMapping { user_id: "u".into(), secret_key: "very-secret".into() };
        assert!(!format!("{map:?}").contains("very-secret"));
        let thread = CmdSetThread { dataset: b"network-key".to_vec() };
        assert!(!format!("{thread:?}").contains("network-key"));
    }
}
