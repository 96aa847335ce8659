//! Firmware profiles: which ESP-IDF, provisioning component and agent a simulated device pretends to run.
//!
//! A profile is data. What its traits mean on the wire is in the handlers and in the HTTP host; versions are those of
//! the protocol document's history.

use std::fmt::Write as _;
use std::time::Duration;

use super::station::Manners;
use crate::security::NonceRule;

/// How a device learns its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Association {
    /// Not at all: plain ESP-IDF.
    None,
    /// `cloud_user_assoc`: user id and secret key.
    Mapping,
    /// `ch_resp`: the device signs a challenge.
    ChallengeResponse,
}

/// The traits of one firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one trait of a firmware, not a state")]
pub struct Profile {
    /// The name it is chosen by.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// `prov.ver`, or the whole reply where `structured` is false.
    pub version: &'static str,
    /// Whether `proto-ver` answers a JSON document.
    pub structured: bool,
    /// Whether the document has `sec_ver`.
    pub announces_security: bool,
    /// Whether the document has `sec_patch_ver`; with it, security 2 counts its IVs.
    pub announces_patch: bool,
    /// The network_provisioning component: `wifi_prov` among the capabilities.
    pub network_component: bool,
    /// The security version it comes with.
    pub security: u8,
    /// Whether it can be built with security 2.
    pub knows_security2: bool,
    /// Whether it can scan.
    pub scan: bool,
    /// Whether it has `prov-ctrl`.
    pub control: bool,
    /// Whether a reset succeeds where there is nothing to reset (network_provisioning 1.2.1).
    pub idempotent_reset: bool,
    /// Whether a scan result out of range closes the link (1.2.3), or is answered with InternalError.
    pub strict_range: bool,
    /// Whether the provisioning manager counts failed attempts and reports the number of those left.
    pub reports_attempts: bool,
    /// Attempts to join before giving up; 0 where none are set: one, and for a reason without a word no end of them.
    pub attempts: u32,
    /// Whether the application resets the state machine itself once joining failed.
    pub resets_itself: bool,
    /// How the device learns its owner.
    pub association: Association,
    /// Application labels of the version document: name, version, capabilities.
    pub labels: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// Whether it has the ESP-IDF example's `custom-data` endpoint.
    pub custom_data: bool,
    /// Wrong proofs until the service stops; 0 for never.
    pub lockout: u32,
    /// How long after boot the service stops without success.
    pub window: Option<Duration>,
    /// The HTTP server's limit for the header block, in bytes.
    pub header_limit: usize,
    /// Whether HTTP sessions have cookies; without, they end with the connection.
    pub cookies: bool,
}

/// Current network_provisioning as in ESP-IDF's example. The other profiles list their differences from it.
const NETPROV: Profile = Profile {
    name: "netprov-1.2",
    about: "network_provisioning 1.2.4 on ESP-IDF 6, as in its example",
    version: "netprov-v1.2",
    structured: true,
    announces_security: true,
    announces_patch: true,
    network_component: true,
    security: 2,
    knows_security2: true,
    scan: true,
    control: true,
    idempotent_reset: true,
    strict_range: true,
    reports_attempts: true,
    attempts: 0,
    resets_itself: false,
    association: Association::None,
    labels: &[],
    custom_data: true,
    lockout: 0,
    window: None,
    header_limit: 1024,
    cookies: true,
};

/// wifi_provisioning as in ESP-IDF 5.5. The older profiles list their differences from it.
const WIFI_PROVISIONING: Profile = Profile {
    name: "idf-5.5",
    about: "wifi_provisioning of ESP-IDF 5.5",
    version: "v1.1",
    network_component: false,
    idempotent_reset: false,
    strict_range: false,
    ..NETPROV
};

const IDF_44: Profile = Profile {
    name: "idf-4.4",
    about: "wifi_provisioning of ESP-IDF 4.4: no sec_ver, no prov-ctrl, security 0 and 1",
    announces_security: false,
    announces_patch: false,
    security: 1,
    knows_security2: false,
    control: false,
    reports_attempts: false,
    header_limit: 512,
    ..WIFI_PROVISIONING
};

const RAINMAKER: Profile = Profile {
    name: "rainmaker",
    about: "RainMaker agent 1.16: challenge-response, lockout after 5 wrong proofs",
    attempts: 3,
    resets_itself: true,
    association: Association::ChallengeResponse,
    labels: &[("rmaker_extra", "1.0", &["ch_resp"])],
    custom_data: false,
    lockout: 5,
    window: Some(Duration::from_mins(30)),
    ..NETPROV
};

static ALL: &[Profile] = &[
    NETPROV,
    WIFI_PROVISIONING,
    Profile {
        name: "idf-5.0",
        about: "wifi_provisioning of ESP-IDF 5.0, its first releases only: security 2 with its static IV, no prov-ctrl",
        announces_patch: false,
        control: false,
        reports_attempts: false,
        header_limit: 512,
        ..WIFI_PROVISIONING
    },
    IDF_44,
    Profile {
        name: "idf-4.2",
        about: "wifi_provisioning of ESP-IDF 4.2, its first releases only: as 4.4, and the session ends with the connection",
        cookies: false,
        ..IDF_44
    },
    RAINMAKER,
    Profile {
        name: "rainmaker-old",
        about: "RainMaker agent before 1.8.5: user mapping by cloud_user_assoc, security 1",
        announces_patch: false,
        security: 1,
        reports_attempts: false,
        attempts: 3,
        resets_itself: true,
        association: Association::Mapping,
        custom_data: false,
        lockout: 0,
        window: RAINMAKER.window,
        header_limit: 512,
        ..WIFI_PROVISIONING
    },
    Profile {
        name: "claim-wanted",
        about: "RainMaker agent that waits to be claimed",
        labels: &[("rmaker", "1.0", &["claim"]), ("rmaker_extra", "1.0", &["ch_resp"])],
        ..RAINMAKER
    },
    Profile {
        name: "pre-manager",
        about: "firmware older than the provisioning manager: a bare version string, no scan",
        version: "V0.1",
        structured: false,
        scan: false,
        custom_data: false,
        cookies: false,
        ..IDF_44
    },
];

impl Profile {
    /// Every profile; the first is the default.
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|profile| profile.name == name)
    }

    /// How security 2 makes its IVs.
    pub fn nonce_rule(&self) -> NonceRule {
        if self.announces_patch { NonceRule::Counting } else { NonceRule::Static }
    }

    /// How it treats joins that fail.
    pub(super) fn manners(&self) -> Manners {
        Manners { resets_itself: self.resets_itself, counts_attempts: self.reports_attempts }
    }

    /// The version document, byte for byte in the style of the firmware's JSON printer.
    pub fn document(&self, security: u8, without_pop: bool, thread: bool) -> String {
        if !self.structured {
            return self.version.to_owned();
        }
        let mut capabilities = Vec::new();
        match security {
            0 => capabilities.push("no_sec"),
            1 if without_pop => capabilities.push("no_pop"),
            _ => {}
        }
        match (thread, self.network_component) {
            (true, _) => capabilities.push("thread_prov"),
            (false, true) => capabilities.push("wifi_prov"),
            (false, false) => {}
        }
        if self.scan {
            capabilities.push(if thread { "thread_scan" } else { "wifi_scan" });
        }
        let mut document = String::from("{");
        for (name, version, own) in self.labels {
            let _ =
                write!(document, "\n\t\"{name}\":\t{{\n\t\t\"ver\":\t\"{version}\",{}\n\t}},", capability_line(own));
        }
        let _ = write!(document, "\n\t\"prov\":\t{{\n\t\t\"ver\":\t\"{}\",", self.version);
        if self.announces_security {
            let _ = write!(document, "\n\t\t\"sec_ver\":\t{security},");
        }
        if self.announces_patch {
            let _ = write!(document, "\n\t\t\"sec_patch_ver\":\t{},", u8::from(security == 2));
        }
        let _ = write!(document, "{}\n\t}}\n}}", capability_line(&capabilities));
        document
    }
}

impl Default for Profile {
    fn default() -> Self {
        NETPROV
    }
}

fn capability_line(capabilities: &[&str]) -> String {
    let quoted: Vec<String> = capabilities.iter().map(|name| format!("\"{name}\"")).collect();
    format!("\n\t\t\"cap\":\t[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::version::VersionInfo;

    #[test]
    fn documents_are_those_of_the_recordings() {
        assert_eq!(
            Profile::default().document(0, false, false),
            "{\n\t\"prov\":\t{\n\t\t\"ver\":\t\"netprov-v1.2\",\n\t\t\"sec_ver\":\t0,\n\t\t\"sec_patch_ver\":\t0,\
             \n\t\t\"cap\":\t[\"no_sec\", \"wifi_prov\", \"wifi_scan\"]\n\t}\n}"
        );
        assert_eq!(
            Profile::named("rainmaker").expect("a profile").document(1, false, false),
            "{\n\t\"rmaker_extra\":\t{\n\t\t\"ver\":\t\"1.0\",\n\t\t\"cap\":\t[\"ch_resp\"]\n\t},\n\t\"prov\":\t{\n\
             \t\t\"ver\":\t\"netprov-v1.2\",\n\t\t\"sec_ver\":\t1,\n\t\t\"sec_patch_ver\":\t0,\n\
             \t\t\"cap\":\t[\"wifi_prov\", \"wifi_scan\"]\n\t}\n}"
        );
    }

    #[test]
    fn every_document_says_what_its_profile_is() {
        for profile in Profile::all() {
            let info = VersionInfo::parse(profile.document(profile.security, false, false).as_bytes())
                .expect("a version document");
            assert_eq!(info.security(), profile.security, "{}", profile.name);
            assert_eq!(info.can_scan(), profile.scan, "{}", profile.name);
            let challenge = profile.association == Association::ChallengeResponse;
            assert_eq!(info.has_challenge_response(), challenge, "{}", profile.name);
            assert_eq!(info.wants_claim(), profile.name == "claim-wanted");
        }
        assert!(
            VersionInfo::parse(Profile::default().document(2, false, true).as_bytes())
                .is_ok_and(|info| info.is_thread())
        );
    }
}
