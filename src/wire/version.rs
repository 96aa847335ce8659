//! The version document of the `proto-ver` endpoint: what the firmware is and can do.
//!
//! Devices answer pretty-printed JSON; firmware older than the provisioning manager answers a bare version string or
//! nothing. A document that was cut off, or is damaged behind `prov`, is read as far as it is whole. Its texts come from
//! the device: bounded here, sanitised where they are shown.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

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
    /// Where the document breaks off behind `prov`, if it does: firmware cuts off what does not fit its buffer.
    #[serde(skip)]
    pub breaks_off: Option<Break>,
}

/// Where a document breaks off, or cannot be read any further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The label whose part is not whole; `None` between two of them.
    pub label: Option<String>,
    /// The document's length, in bytes.
    pub length: usize,
}

/// Why a reply is not a version document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// A document that ends before its `prov` is whole.
    #[error("its version document breaks off after {length} bytes, before it says how to provision the device")]
    CutOff {
        /// How much there is of it, in bytes.
        length: usize,
    },
    /// JSON without `prov`: something else answers there.
    #[error("its version document is JSON without a \"prov\"")]
    NoProv,
    /// Neither JSON nor a version: a web page.
    #[error("its version document is neither JSON nor a version")]
    Other,
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
    /// Reads a `proto-ver` reply. Short plain text, or nothing, in place of a JSON object is old firmware.
    ///
    /// # Errors
    /// [`VersionError`] for what does not come from a device, or does not say enough.
    pub fn parse(reply: &[u8]) -> Result<Self, VersionError> {
        // A vendor's section may have a byte that is not UTF-8; all that is needed is ASCII.
        let text = String::from_utf8_lossy(reply);
        if reply.len() > MAX_LEN || !text.trim_start().starts_with('{') {
            return Self::bare(reply).ok_or(VersionError::Other);
        }
        let (mut document, mut label) = (Map::new(), None);
        let mut json = serde_json::Deserializer::from_str(&text);
        let entries = Entries { whole: &mut document, begun: &mut label };
        let read = entries.deserialize(&mut json).and_then(|()| json.end());
        let Some(prov) = document.get("prov") else {
            return Err(match read {
                Ok(()) => VersionError::NoProv,
                Err(error) if error.is_eof() => VersionError::CutOff { length: reply.len() },
                Err(_) => VersionError::Other,
            });
        };
        let mut info = Self {
            version: text_of(&prov["ver"]),
            sec_ver: number(&prov["sec_ver"]),
            sec_patch_ver: number(&prov["sec_patch_ver"]),
            capabilities: texts(&prov["cap"]),
            structured: true,
            breaks_off: read.err().map(|_| Break { label, length: reply.len() }),
            ..Self::default()
        };
        for (name, entry) in document.iter().filter(|(name, entry)| *name != "prov" && entry.is_object()) {
            info.applications.push(Application {
                name: name.clone(),
                version: text_of(&entry["ver"]),
                capabilities: texts(&entry["cap"]),
            });
        }
        Ok(info)
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

/// The members of an object one by one, so that those before a damage are had.
struct Entries<'a> {
    whole: &'a mut Map<String, Value>,
    /// The name of the one that has begun.
    begun: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            *self.begun = Some(name.clone());
            self.whole.insert(name, members.next_value()?);
            *self.begun = None;
        }
        Ok(())
    }
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> Option<u8> {
    value.as_u64().and_then(|number| u8::try_from(number).ok())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text_of).collect()
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
        assert_eq!(security(br#"{"prov":{"sec_ver":0,"cap":[]}}"#), Ok(0));
        assert_eq!(security(br#"{"prov":{"cap":["no_sec"]}}"#), Ok(0));
        assert_eq!(security(br#"{"prov":{"cap":["wifi_scan"]}}"#), Ok(1));
        assert_eq!(security(b"V0.1"), Ok(1));
        assert_eq!(security(b""), Ok(1));
    }

    #[test]
    fn odd_documents_are_read_as_empty() {
        for document in [&br#"{"prov":5}"#[..], br#"{"prov":{"cap":"x","sec_ver":-1}}"#, b" {\"prov\":{}}\n"] {
            let info = VersionInfo::parse(document).expect("a document");
            assert_eq!((info.security(), info.capabilities.len()), (1, 0));
        }
    }

    #[test]
    fn other_pages_do_not_come_from_a_device() {
        for reply in [&b"[1,2]"[..], b"{prov}", b"\xff\xfe", b"<html>", &[b'a'; 33], &[b'['; 5000], &[b'{'; 5000]] {
            assert_eq!(VersionInfo::parse(reply), Err(VersionError::Other), "{}", reply.escape_ascii());
        }
        for reply in [&b"{}"[..], br#"{"status":"ok","ip":"192.168.4.1"}"#] {
            assert_eq!(VersionInfo::parse(reply), Err(VersionError::NoProv));
        }
    }

    /// Application labels longer than what the link carries in one value.
    #[test]
    fn a_document_that_is_cut_off_is_read_as_far_as_it_is_whole() {
        let whole = r#"{"rmaker":{"ver":"1.0"},"prov":{"ver":"v1.1","sec_ver":1,"cap":["wifi_scan"]},"acme":{"cap":["a","b"]}}"#;
        let prov_ends = whole.find(",\"acme").expect("a place");
        for length in 1..whole.len() {
            let read = VersionInfo::parse(&whole.as_bytes()[..length]);
            match read {
                Ok(info) => {
                    let cut = info.breaks_off.as_ref().expect("a break");
                    assert!(length >= prov_ends && cut.length == length, "{length}");
                    let in_acme = whole[..length].contains("\"acme\"") && length < whole.len() - 1;
                    assert_eq!(cut.label.as_deref(), in_acme.then_some("acme"), "{length}");
                    assert!(info.can_scan() && info.sec_ver == Some(1) && info.applications[0].name == "rmaker");
                }
                Err(error) => {
                    assert!(length < prov_ends && error == VersionError::CutOff { length }, "{length} {error}");
                }
            }
        }
        assert!(VersionInfo::parse(whole.as_bytes()).is_ok_and(|info| info.breaks_off.is_none()));
    }

    #[test]
    fn a_byte_of_another_encoding_in_a_vendors_section_does_no_harm() {
        let info =
            VersionInfo::parse(b"{\"caf\xe9\":{\"ver\":\"1\"},\"prov\":{\"sec_ver\":2,\"cap\":[\"wifi_scan\"]}}");
        let info = info.expect("a document");
        assert!(info.security() == 2 && info.can_scan() && info.breaks_off.is_none());
    }
}
