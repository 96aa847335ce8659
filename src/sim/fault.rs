//! Scripted faults: what can go wrong on a device, by name, and on which occasion.
//!
//! A fault is written `NAME[@WHEN][=VALUE]`. Each fault has its occasions (a request, a join, a scan, see
//! [`Fault::all`]); `WHEN` picks among them, counted from 1: `@3` the third only, `@2-4` the second to the fourth,
//! `@3-` from the third on. Without it the fault strikes on every occasion. This file is names and counting only;
//! what a fault does is in the handlers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::occasion::Occasions;

/// A fault's line in help and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultInfo {
    /// The name it is written by.
    pub name: &'static str,
    /// What its value is, where it takes one: `MS`, `[ENDPOINT]`.
    pub value: &'static str,
    /// One line about it.
    pub about: &'static str,
    kind: FaultKind,
}

macro_rules! faults {
    ($($kind:ident $name:literal $value:literal $about:literal)+) => {
        /// Which fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is described in the table")]
        pub enum FaultKind { $($kind),+ }

        static ALL: &[FaultInfo] = &[
            $(FaultInfo { name: $name, value: $value, about: $about, kind: FaultKind::$kind }),+
        ];
    };
}

faults! {
    Delay "delay" "MS[/ENDPOINT]" "answers a request MS milliseconds late"
    Hang "hang" "[ENDPOINT]" "never answers a request"
    Close "close" "[ENDPOINT]" "refuses a request: the link closes without an answer"
    Truncate "truncate" "[ENDPOINT]" "cuts a reply in the middle"
    Garbage "garbage" "[ENDPOINT]" "answers a request with random bytes of the right length"
    EmptyReply "empty-reply" "[ENDPOINT]" "answers a request with nothing"
    OversizeReply "oversize-reply" "[ENDPOINT]" "answers a request with a mebibyte"
    Http500 "http-500" "[ENDPOINT]" "answers a request with HTTP status 500"
    HttpNotHttp "http-not-http" "[ENDPOINT]" "answers a request with bytes that are not HTTP"
    Reboot "reboot" "[ENDPOINT]" "restarts in the middle of answering a request"
    LostSession "lost-session" "[ENDPOINT]" "forgets its secure session when an encrypted request arrives"
    NoSessionEndpoint "no-session-endpoint" "" "has no prov-session endpoint"
    BadKey "bad-key" "" "sends an illegal public key (low order, or 0 mod N) in a handshake"
    WrongProof "wrong-proof" "" "sends a wrong proof of its own in a handshake"
    WrongNonceRule "wrong-nonce-rule" "" "uses the other IV rule than its sec_patch_ver announces (security 2)"
    ShortB "short-b" "" "sends a public key of 383 bytes (security 2)"
    ShortS "short-s" "" "picks its key so that the shared secret has 383 bytes (security 2); takes a second or so"
    ShortSalt "short-salt" "" "has a salt of 15 bytes (security 2)"
    ZeroSalt "zero-salt" "" "has a salt that starts with a zero byte (security 2)"
    Lockout "lockout" "[COUNT]" "stops after COUNT wrong proofs, 1 by default"
    ScanEmpty "scan-empty" "" "finds no network in a scan"
    ScanNeverFinishes "scan-never-finishes" "" "never ends a scan; a blocking one never answers"
    ScanStatusError "scan-status-error" "" "answers a scan status with InternalError"
    SetInvalidArgument "set-invalid-argument" "" "answers set-config with InvalidArgument"
    ApplyInternalError "apply-internal-error" "" "answers apply-config with InternalError"
    StatusError "status-error" "" "answers get-status with InternalError, which decodes as Connected"
    ConnectedWithoutMember "connected-without-member" "" "answers get-status, once applied, with Connected and no details"
    ConnectedElsewhere "connected-elsewhere" "[NAME]" "answers get-status, once joined, with the name of another network"
    ConnectedUnnamed "connected-unnamed" "" "answers get-status, once joined, without the network's name"
    DisconnectedOnce "disconnected-once" "" "answers get-status, once applied, with Disconnected; one time unless @WHEN is given"
    ConnectingForever "connecting-forever" "" "never gets further than Connecting when joining"
    AuthFailed "auth-failed" "" "fails to join with an authentication error, whatever the passphrase"
    NotFound "not-found" "" "fails to join with network not found, whatever the network"
    OtherReason "other-reason" "[REASON]" "fails to join with this disconnect reason, 205 by default; without attempts set it keeps trying"
    AlreadyConnected "already-connected" "[SSID]" "has joined already and only waits for its status to be read"
    ResetInternalError "reset-internal-error" "" "answers prov-ctrl with InternalError"
    DropAfterApply "drop-after-apply" "[MS]" "goes off the air once apply-config is answered, for MS milliseconds or for good"
    DropBeforeConnected "drop-before-connected" "[MS]" "goes off the air when it has joined, for MS milliseconds or for good"
}

/// One scripted fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    occasions: Occasions,
    value: Option<String>,
}

/// Why a text cannot be read as a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// An unknown name; the message lists the known ones.
    #[error("unknown fault {0:?}; the faults are {names}", names = names())]
    Unknown(String),
    /// The part after the `@` cannot be read.
    #[error("cannot read the occasion {0:?} of a fault: write @3, @2-4 or @3-, counted from 1")]
    Occasion(String),
    /// A value is missing, superfluous or malformed.
    #[error("{name} takes {expected}")]
    Value {
        /// The fault.
        name: &'static str,
        /// What it takes.
        expected: String,
    },
}

impl Fault {
    /// Every fault there is, for help and documentation.
    pub fn all() -> &'static [FaultInfo] {
        ALL
    }

    /// Which fault it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.kind.info().name
    }

    /// The value as given.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// The value as a time span, where it is one.
    pub fn span(&self) -> Option<Duration> {
        let number = self.value.as_deref()?.split('/').next()?;
        number.parse().ok().map(Duration::from_millis)
    }

    /// Whether it concerns requests to this endpoint.
    fn concerns(&self, endpoint: &str) -> bool {
        let only = match self.kind.info().value {
            "[ENDPOINT]" => self.value.as_deref(),
            "MS[/ENDPOINT]" => self.value.as_deref().and_then(|value| value.split_once('/')).map(|(_, only)| only),
            _ => None,
        };
        only.is_none_or(|only| only == endpoint)
    }

    fn check(self) -> Result<Self, FaultError> {
        let info = self.kind.info();
        let number = |text: &str| text.parse::<u32>().is_ok();
        let fits = match (info.value, self.value.as_deref()) {
            ("", value) => value.is_none(),
            ("MS[/ENDPOINT]", value) => value.is_some_and(|it| number(it.split('/').next().unwrap_or(it))),
            ("[REASON]", value) => value.is_none_or(|it| it.parse::<u16>().is_ok()),
            ("[MS]" | "[COUNT]", value) => value.is_none_or(number),
            (_, value) => value.is_none_or(|it| !it.is_empty()),
        };
        let expected = if info.value.is_empty() { "no value".to_owned() } else { format!("={}", info.value) };
        if fits { Ok(self) } else { Err(FaultError::Value { name: info.name, expected }) }
    }
}

impl FaultKind {
    fn info(self) -> &'static FaultInfo {
        ALL.iter().find(|info| info.kind == self).expect("every kind is in the table")
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (head, value) = text.split_once('=').map_or((text, None), |(head, value)| (head, Some(value.to_owned())));
        let (name, occasion) = head.split_once('@').map_or((head, None), |(name, when)| (name, Some(when)));
        let info = ALL.iter().find(|info| info.name == name).ok_or_else(|| FaultError::Unknown(name.to_owned()))?;
        let occasions = match occasion {
            Some(when) => Occasions::parse(when).ok_or_else(|| FaultError::Occasion(when.to_owned()))?,
            None if info.kind == FaultKind::DisconnectedOnce => Occasions::ONCE,
            None => Occasions::ALL,
        };
        Self { kind: info.kind, occasions, value }.check()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name(), self.occasions)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, "={value}"))
    }
}

fn names() -> String {
    ALL.iter().map(|info| info.name).collect::<Vec<_>>().join(", ")
}

/// The faults of one device, and how often each had its occasion.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    entries: Vec<(Fault, u32)>,
}

impl Script {
    pub(super) fn new(faults: &[Fault]) -> Self {
        Self { entries: faults.iter().map(|fault| (fault.clone(), 0)).collect() }
    }

    /// The fault of this kind, if the script has one. For decisions that are taken once.
    pub(super) fn has(&self, kind: FaultKind) -> Option<&Fault> {
        self.entries.iter().map(|(fault, _)| fault).find(|fault| fault.kind == kind)
    }

    /// Counts an occasion for this kind of fault, and returns the fault if it strikes now.
    pub(super) fn strikes(&mut self, kind: FaultKind, endpoint: &str) -> Option<Fault> {
        let mut striking = None;
        for (fault, seen) in &mut self.entries {
            if fault.kind == kind && fault.concerns(endpoint) {
                *seen += 1;
                if fault.occasions.include(*seen) {
                    striking = Some(fault.clone());
                }
            }
        }
        striking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_round_trip() {
        for text in [
            "hang",
            "scan-empty@1",
            "delay=250",
            "delay@2-4=250/prov-scan",
            "close@3-=prov-config",
            "drop-after-apply=300",
        ] {
            assert_eq!(text.parse::<Fault>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "explode".parse::<Fault>().expect_err("no such fault").to_string();
        assert!(Fault::all().iter().all(|info| error.contains(info.name)), "{error}");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["hang@0", "hang@x", "hang@3-2"] {
            assert!(matches!(text.parse::<Fault>(), Err(FaultError::Occasion(_))), "{text}");
        }
        for text in ["delay", "delay=soon", "scan-empty=3", "lockout=many", "other-reason=70000", "hang="] {
            assert!(matches!(text.parse::<Fault>(), Err(FaultError::Value { .. })), "{text}");
        }
    }

    #[test]
    fn occasions_are_counted_for_each_fault() {
        let faults: Vec<Fault> =
            ["close@2=prov-scan", "close@3-4"].iter().map(|text| text.parse().expect(text)).collect();
        let mut script = Script::new(&faults);
        let mut strikes = |endpoint| script.strikes(FaultKind::Close, endpoint).is_some();
        assert_eq!([strikes("a"), strikes("a"), strikes("a"), strikes("a")], [false, false, true, true]);
        assert_eq!([strikes("prov-scan"), strikes("prov-scan"), strikes("prov-scan")], [false, true, false]);
    }
}
