//! The settings of a simulated device before it boots, and how they are read from pairs of text.
//!
//! The command line and the `sim:` locator both hand over such pairs; the keys are the names of the flags.

use std::time::Duration;

use super::access_point::{AccessPoint, AccessPointError};
use super::fault::{Fault, FaultError};
use super::profile::Profile;
use super::shared_verifier::SharedVerifier;
use super::world::World;
use crate::secret::{ProofOfPossession, Sec2Password};
use crate::security::DEFAULT_USERNAME;

/// The default proof of possession.
pub const DEFAULT_POP: &str = "abcd1234";
/// How long joining takes by default.
pub const DEFAULT_JOIN: Duration = Duration::from_millis(500);
/// How long the firmware waits after apply before its radio starts.
pub const DEFAULT_APPLY_DELAY: Duration = Duration::from_secs(1);
/// The keys [`DeviceOptions::from_parameters`] takes.
pub const KEYS: &[&str] = &[
    "sec-ver",
    "pop",
    "no-pop",
    "username",
    "password",
    "profile",
    "name",
    "node-id",
    "ap",
    "join-ms",
    "apply-delay-ms",
    "scan-ms",
    "attempts",
    "fault",
    "seed",
    "thread",
    "no-auto-stop",
];

/// What a simulated device is before it boots. Clones share one SRP verifier, which takes long to compute.
#[derive(Debug, Clone)]
pub struct DeviceOptions {
    /// The firmware it pretends to run.
    pub profile: Profile,
    /// Security version; the profile's own where `None`.
    pub security: Option<u8>,
    /// Proof of possession of security 1, and of security 2 where `password` is `None`. `None`: a device without PoP.
    pub pop: Option<ProofOfPossession>,
    /// User name of security 2.
    pub username: String,
    /// Password of security 2; the PoP where `None`.
    pub password: Option<Sec2Password>,
    /// The service name; drawn from the seed where `None`.
    pub name: Option<String>,
    /// RainMaker's node id; drawn from the seed where `None`.
    pub node_id: Option<String>,
    /// The networks in range.
    pub world: World,
    /// How long joining takes at an access point without a time of its own.
    pub join: Duration,
    /// Time between apply and the radio's start.
    pub apply_delay: Duration,
    /// Length of a whole scan; 120 ms a channel and the pauses where `None`.
    pub scan: Option<Duration>,
    /// Attempts to join; the profile's own where `None`.
    pub attempts: Option<u32>,
    /// Scripted faults.
    pub faults: Vec<Fault>,
    /// Seed of everything random.
    pub seed: u64,
    /// A Thread build: no Wi-Fi.
    pub thread: bool,
    /// Whether the service stops once the device is provisioned.
    pub auto_stop: bool,
    /// Seed of security 2's salt; `seed` where `None`. A fleet has one salt, as devices of one firmware image do.
    pub salt_seed: Option<u64>,
    /// The verifier computed for these options and their clones.
    pub verifier: SharedVerifier,
}

/// Why parameters cannot be read as a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// An unknown key.
    #[error("unknown option for the simulated device: {0:?}; the options are {keys}", keys = KEYS.join(", "))]
    UnknownKey(String),
    /// An unknown profile.
    #[error("unknown profile {0:?}; the profiles are {names}", names = profile_names())]
    UnknownProfile(String),
    /// An invalid value.
    #[error("{key} takes {expected}, not {value:?}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        value: String,
    },
    /// The profile's firmware does not have this security version.
    #[error("firmware profile {profile} does not have security 2")]
    Security2 {
        /// The profile.
        profile: &'static str,
    },
    /// A device without PoP was asked for security 2, which needs a password.
    #[error("security 2 needs a password: give pop or password")]
    NoPassword,
    /// An access point that cannot be read.
    #[error("ap: {0}")]
    AccessPoint(#[from] AccessPointError),
    /// A fault that cannot be read.
    #[error("fault: {0}")]
    Fault(#[from] FaultError),
}

impl Default for DeviceOptions {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            security: None,
            pop: Some(DEFAULT_POP.into()),
            username: DEFAULT_USERNAME.into(),
            password: None,
            name: None,
            node_id: None,
            world: World::default(),
            join: DEFAULT_JOIN,
            apply_delay: DEFAULT_APPLY_DELAY,
            scan: None,
            attempts: None,
            faults: Vec::new(),
            seed: 1,
            thread: false,
            auto_stop: true,
            salt_seed: None,
            verifier: SharedVerifier::default(),
        }
    }
}

impl DeviceOptions {
    /// Reads pairs of text, later ones winning over earlier ones. `ap` and `fault` add up; the access points given
    /// replace the default world's.
    pub fn from_parameters<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, OptionsError> {
        let mut options = Self::default();
        let mut access_points = Vec::new();
        for (key, value) in parameters {
            match key {
                "ap" => access_points.push(value.parse::<AccessPoint>()?),
                "fault" => options.faults.push(value.parse()?),
                _ => options.set(key, value)?,
            }
        }
        if !access_points.is_empty() {
            options.world.access_points = access_points;
        }
        options.check()
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), OptionsError> {
        let bad = |key, expected| OptionsError::BadValue { key, expected, value: value.to_owned() };
        let span = |key| value.parse().map(Duration::from_millis).map_err(|_| bad(key, "milliseconds"));
        let flag = |key| match value {
            "" | "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(bad(key, "true or false")),
        };
        match key {
            "sec-ver" => {
                let version = value.parse().ok().filter(|version| *version <= 2);
                self.security = Some(version.ok_or_else(|| bad("sec-ver", "0, 1 or 2"))?);
            }
            "pop" => self.pop = Some(value.into()),
            "no-pop" => {
                if flag("no-pop")? {
                    self.pop = None;
                }
            }
            "username" if !value.is_empty() => value.clone_into(&mut self.username),
            "username" => return Err(bad("username", "at least one character")),
            "password" => self.password = Some(value.into()),
            "profile" => {
                let profile = Profile::named(value).ok_or_else(|| OptionsError::UnknownProfile(value.to_owned()))?;
                self.profile = profile.clone();
            }
            "name" => self.name = Some(value.to_owned()),
            "node-id" => self.node_id = Some(value.to_owned()),
            "join-ms" => self.join = span("join-ms")?,
            "apply-delay-ms" => self.apply_delay = span("apply-delay-ms")?,
            "scan-ms" => self.scan = Some(span("scan-ms")?),
            "attempts" => self.attempts = Some(value.parse().map_err(|_| bad("attempts", "a number"))?),
            "seed" => self.seed = value.parse().map_err(|_| bad("seed", "a number"))?,
            "thread" => self.thread = flag("thread")?,
            "no-auto-stop" => self.auto_stop = !flag("no-auto-stop")?,
            _ => return Err(OptionsError::UnknownKey(key.to_owned())),
        }
        Ok(())
    }

    fn check(self) -> Result<Self, OptionsError> {
        if self.security() == 2 && !self.profile.knows_security2 {
            return Err(OptionsError::Security2 { profile: self.profile.name });
        }
        if self.security() == 2 && self.srp_password().is_empty() {
            return Err(OptionsError::NoPassword);
        }
        Ok(self)
    }

    /// Whether the firmware knows the messages of the radio that it is built without.
    pub(super) fn knows_both_radios(&self) -> bool {
        self.profile.network_component || self.thread
    }

    /// Security 2's password: the PoP unless one was set.
    pub(super) fn srp_password(&self) -> Sec2Password {
        let pop = || self.pop.as_ref().map_or_else(|| Sec2Password::new([]), ProofOfPossession::repurpose);
        self.password.clone().unwrap_or_else(pop)
    }

    /// The same device but for its seed (and so its name and node id): the `index`-th of a fleet. Set names are
    /// given a number. All of a fleet share salt and verifier, as devices of one firmware image do.
    #[must_use]
    pub fn numbered(&self, index: u32) -> Self {
        let numbered = |text: &String| format!("{text}-{index}");
        let mut options = self.clone();
        options.salt_seed = Some(self.salt_seed.unwrap_or(self.seed));
        if index > 0 {
            options.seed = self.seed.wrapping_add(u64::from(index));
            options.name = self.name.as_ref().map(numbered);
            options.node_id = self.node_id.as_ref().map(numbered);
        }
        options
    }

    /// The security version the device runs.
    pub fn security(&self) -> u8 {
        // Security 2 needs a password, so a device without a secret runs security 1.
        let without_secret = self.pop.is_none() && self.password.is_none();
        let usual = if without_secret { self.profile.security.min(1) } else { self.profile.security };
        self.security.unwrap_or(usual)
    }
}

fn profile_names() -> String {
    Profile::all().iter().map(|profile| profile.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(parameters: &[(&str, &str)]) -> Result<DeviceOptions, OptionsError> {
        DeviceOptions::from_parameters(parameters.iter().copied())
    }

    #[test]
    fn the_default_is_current_firmware() {
        let options = options(&[]).expect("defaults");
        assert_eq!((options.profile.name, options.security()), ("netprov-1.2", 2));
        let name = options.name();
        assert!(name.starts_with("PROV_") && name.len() == 11, "{name}");
        let qr = options.qr_payload();
        assert_eq!(
            qr,
            format!(r#"{{"ver":"v1","name":"{name}","username":"wifiprov","pop":"abcd1234","transport":"softap"}}"#)
        );
    }

    #[test]
    fn parameters_add_up_and_override() {
        let options = options(&[
            ("profile", "idf-4.4"),
            ("ap", "Home=12345678"),
            ("ap", "Guest"),
            ("fault", "hang@2"),
            ("no-pop", ""),
            ("seed", "7"),
        ])
        .expect("parameters");
        assert_eq!(options.world.access_points.len(), 2);
        assert_eq!((options.security(), options.faults.len(), options.pop.is_none()), (1, 1, true));
        assert!(!options.qr_payload().contains("pop"));
    }

    #[test]
    fn what_cannot_be_is_named() {
        assert_eq!(options(&[("colour", "red")]).err(), Some(OptionsError::UnknownKey("colour".into())));
        assert!(matches!(options(&[("profile", "idf-9")]), Err(OptionsError::UnknownProfile(_))));
        assert!(matches!(options(&[("sec-ver", "3")]), Err(OptionsError::BadValue { key: "sec-ver", .. })));
        assert!(matches!(options(&[("fault", "boom")]), Err(OptionsError::Fault(_))));
        assert!(matches!(options(&[("profile", "idf-4.4"), ("sec-ver", "2")]), Err(OptionsError::Security2 { .. })));
        assert_eq!(options(&[("no-pop", ""), ("sec-ver", "2")]).err(), Some(OptionsError::NoPassword));
        assert_eq!(options(&[("no-pop", "")]).map(|options| options.security()), Ok(1));
    }
}
