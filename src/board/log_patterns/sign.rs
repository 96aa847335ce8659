//! What a sign in a board's log is: how it is recognised, and what it means. The signs themselves are in `table.rs`.

use crate::wire::wifi_reason;

/// What a sign is about; a failure elsewhere is not explained by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The firmware died or the board restarted: explains whatever broke then.
    Crash,
    /// The board started again, for whatever reason.
    Restart,
    /// The firmware ran out of something.
    Resources,
    /// It did not take the proof of possession, or the user name and password.
    Proof,
    /// It wanted another security version.
    Scheme,
    /// The secure session, or a request in it.
    Session,
    /// The access point refused it, as with a wrong passphrase.
    WifiAuth,
    /// It does not find the network.
    WifiNotFound,
    /// It did not join for another reason.
    WifiOther,
    /// The access point let it in; an address is another matter.
    Associated,
    /// It joined.
    Joined,
    /// What comes after joining: TLS, MQTT.
    Cloud,
    /// RainMaker's claiming.
    Claim,
}

impl About {
    /// Whether it is about a join that failed.
    pub(in crate::board) fn is_wifi(self) -> bool {
        matches!(self, Self::WifiAuth | Self::WifiNotFound | Self::WifiOther)
    }
}

/// A sign, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// What it is about.
    pub about: About,
    /// Any of these in a line, in lower case.
    pub(super) texts: &'static [&'static str],
    /// The Wi-Fi disconnect reason.
    pub(super) reason: Option<u16>,
    /// What it means, for people.
    pub says: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

impl Sign {
    /// The sign of a disconnect reason that the table has no advice for.
    pub(super) fn of_reason(number: u16) -> Self {
        let says = wifi_reason::meaning(number).unwrap_or("the radio's driver says no more than this number");
        let hint = "move the device closer, restart the access point, and look at its list of devices and its security";
        Self { about: About::WifiOther, texts: &[], reason: Some(number), says, hint }
    }

    /// What it means, with the reason's number and name.
    pub fn meaning(&self) -> String {
        match self.reason() {
            Some(reason) => format!("{reason}: {}", self.says),
            None => self.says.to_owned(),
        }
    }

    /// The Wi-Fi disconnect reason, where it is one: `reason 15 (4WAY_HANDSHAKE_TIMEOUT)`.
    pub(in crate::board) fn reason(&self) -> Option<String> {
        self.reason.map(wifi_reason::described)
    }
}
