//! The version document of the `proto-ver` endpoint: what the firmware is and can do.
//!
//! Devices answer pretty-printed JSON; firmware older than the provisioning manager answers a bare version string or
//! nothing. Its texts come from the device: bounded here, sanitised where they are shown.

use serde::Serialize;
use serde_json::Value;

/// Longest version document that is read, in bytes. Stock ones have about 200.
pub const MAX_LEN: usize = 4096;
/// Longest bare version string, in bytes (`V0.1`).
const BARE_MAX: usize = 32;

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VersionInfo {
    /// `prov.ver`: `v1.1` (ESP-IDF's wifi_provisioning) or `netprov-v1.2` (network_provisioning).
    pub version: Option<String>,
    /// `prov.sec_ver`; absent before ESP-IDF 5.0.
    pub sec_ver: Option<u8>,
    /// `prov.sec_patch_ver`; absent before the GCM fix.
    pub sec_patch_ver: Option<u8>,
    /// `prov.cap`.
    pub capabilities: Vec<String>,
    /// The application's own labels (`rmaker`, `rmaker_extra`, …), in the document's order.
    pub applications: Vec<Application>,
    /// False where the answer was not JSON: firmware older than the provisioning manager.
    pub structured: bool,
}

/// One application label of the version document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Application {
    /// The label: `rmaker`.
    pub name: String,
    /// Its `ver`.
    pub version: Option<String>,
    /// Its `cap`.
    pub capabilities: Vec<String>,
}

impl VersionInfo {
    /// Reads a `proto-ver` reply. Short plain text, or nothing, in place of a JSON object is old firmware; `None` for
    /// anything else, which does not come from a device (a captive portal's page).
    pub fn parse(reply: &[u8]) -> Option<Self> {
        let document = match serde_json::from_slice::<Value>(reply) {
            Ok(Value::Object(document)) if reply.len() <= MAX_LEN => document,
            _ => return Self::bare(reply),
        };
        let mut info = Self { structured: true, ..Self::default() };
        for (name, entry) in &document {
            if name == "prov" {
                info.version = text(&entry["ver"]);
                info.sec_ver = number(&entry["sec_ver"]);
                info.sec_patch_ver = number(&entry["sec_patch_ver"]);
                info.capabilities = texts(&entry["cap"]);
            } else if entry.is_object() {
                info.applications.push(Application {
                    name: name.clone(),
                    version: text(&entry["ver"]),
                    capabilities: texts(&entry["cap"]),
                });
            }
        }
        Some(info)
    }

    /// A bare version string, as firmware before the provisioning manager sends it.
    fn bare(reply: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(reply).ok()?.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_+ ".contains(c);
        (text.len() <= BARE_MAX && text.chars().all(plain))
            .then(|| Self { version: (!text.is_empty()).then(|| text.to_owned()), ..Self::default() })
    }

    /// Whether `prov.cap` holds this capability.
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|own| own == capability)
    }

    /// Whether an application's `cap` holds this capability.
    pub fn application_has(&self, application: &str, capability: &str) -> bool {
        self.applications
            .iter()
            .any(|own| own.name == application && own.capabilities.iter().any(|own| own == capability))
    }

    /// The security version the device runs: `sec_ver`, else what `no_sec` says; 1 where nothing is said.
    pub fn security(&self) -> u8 {
        self.sec_ver.unwrap_or_else(|| u8::from(!self.has("no_sec")))
    }

    /// Whether the device wants a proof of possession (security 1 without `no_pop`).
    pub fn wants_pop(&self) -> bool {
        !self.has("no_pop")
    }

    /// Whether the device takes Thread credentials; a build takes either those or Wi-Fi's.
    pub fn is_thread(&self) -> bool {
        self.has("thread_prov")
    }

    /// Whether the device can scan for its kind of network.
    pub fn can_scan(&self) -> bool {
        self.has(if self.is_thread() { "thread_scan" } else { "wifi_scan" })
    }

    /// Whether RainMaker firmware waits to be claimed.
    pub fn wants_claim(&self) -> bool {
        self.application_has("rmaker", "claim") || self.application_has("rmaker", "camera_claim")
    }

    /// Whether RainMaker firmware associates by challenge and response, not by plain mapping.
    pub fn has_challenge_response(&self) -> bool {
        self.application_has("rmaker_extra", "ch_resp")
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> Option<u8> {
    value.as_u64().and_then(|number| u8::try_from(number).ok())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_current_rainmaker_document() {
        let info = VersionInfo::parse(
            b"{\n\t\"rmaker_extra\":\t{\"ver\":\"1.0\",\"cap\":[\"ch_resp\"]},\n\t\"prov\":\t{\"ver\":\"netprov-v1.2\",\
              \"sec_ver\":2,\"sec_patch_ver\":1,\"cap\":[\"wifi_prov\",\"wifi_scan\"]}}",
        )
        .expect("a document");
        assert_eq!((info.security(), info.sec_patch_ver), (2, Some(1)));
        assert!(info.can_scan() && info.has_challenge_response() && !info.is_thread() && !info.wants_claim());
    }

    #[test]
    fn security_follows_sec_ver_then_no_sec_then_one() {
        let security = |document: &[u8]| VersionInfo::parse(document).map(|info| info.security());
        assert_eq!(security(br#"{"prov":{"sec_ver":0,"cap":[]}}"#), Some(0));
        assert_eq!(security(br#"{"prov":{"cap":["no_sec"]}}"#), Some(0));
        assert_eq!(security(br#"{"prov":{"cap":["wifi_scan"]}}"#), Some(1));
        assert_eq!(security(b"V0.1"), Some(1));
        assert_eq!(security(b""), Some(1));
    }

    #[test]
    fn odd_documents_are_read_as_empty() {
        for document in [&br#"{"prov":5}"#[..], br#"{"prov":{"cap":"x","sec_ver":-1}}"#, b"{}"] {
            let info = VersionInfo::parse(document).expect("a document");
            assert_eq!((info.security(), info.capabilities.len()), (1, 0));
        }
    }

    #[test]
    fn other_pages_do_not_come_from_a_device() {
        for reply in [&b"[1,2]"[..], b"{\"prov\":", b"\xff\xfe", b"<html>", &[b'a'; 33], &[b'['; 5000]] {
            assert_eq!(VersionInfo::parse(reply), None);
        }
    }
}
