//! Reading a label's text in each of its forms. Every form ends in one [`Payload`]; no error quotes the text.
//!
//! - `tests.rs`: each form, and each reason why one cannot be read

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::payload::{Network, Payload, Transport};
use crate::secret::ProofOfPossession;

/// Longest payload that is read, in bytes. Real ones have about 100.
pub const MAX_LEN: usize = 4096;
/// The page that shows a label in a browser, on whichever host.
const PAGE: &str = "/qrcode.html";

/// The keys whose values are text, whatever they look like.
const SECRETS: [&str; 2] = ["pop", "password"];
/// How the texts of other QR codes begin, and what they are.
const OTHER_CODES: [(&str, &str); 4] = [
    ("MT:", "a Matter onboarding code"),
    ("WIFI:", "the QR code of a Wi-Fi network"),
    ("DPP:", "a Wi-Fi Easy Connect (DPP) code"),
    ("X-HM:", "a HomeKit setup code"),
];

/// Why a text cannot be read as a label. No variant carries a part of the text, which may hold the proof of possession.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// White space only.
    #[error("the QR payload is empty")]
    Empty,
    /// More than [`MAX_LEN`] bytes.
    #[error("the QR payload is {length} bytes long; the longest that is read has {MAX_LEN}")]
    TooLong {
        /// Its length, in bytes.
        length: usize,
    },
    /// The text of some other QR code.
    #[error("this is {what}, not the provisioning payload of a device")]
    OtherCode {
        /// What it looks like, with its article.
        what: &'static str,
    },
    /// None of the forms.
    #[error("the QR payload is neither JSON, nor NP:<name>|<pop>|<b|s>, nor a link to a qrcode.html page")]
    UnknownForm,
    /// A link to the page without a `data` parameter.
    #[error("the link has no data= parameter, where the payload would be")]
    NoData,
    /// The `data` parameter is not UTF-8 once decoded.
    #[error("the link's data= parameter is not UTF-8 text")]
    NotUtf8,
    /// JSON that does not parse.
    #[error("the QR payload is not valid JSON (line {line}, column {column})")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// JSON that ends before it is whole.
    #[error("the QR payload is cut off after {length} characters")]
    CutOff {
        /// How many characters there are.
        length: usize,
    },
    /// JSON of another kind.
    #[error("the QR payload is JSON, but not an object")]
    NotAnObject,
    /// Not the three fields of the compact form.
    #[error("the compact QR payload does not have three fields: NP:<name>|<pop>|<b|s>")]
    Compact,
    /// No `name`, or an empty one.
    #[error("the QR payload names no device")]
    MissingName,
    /// A value that is not text.
    #[error("\"{key}\" in the QR payload is not text")]
    WrongType {
        /// The key.
        key: &'static str,
    },
    /// A transport that is neither BLE nor SoftAP.
    #[error("the QR payload names a transport other than ble and softap")]
    UnknownTransport,
    /// A security version that does not exist.
    #[error("\"security\" in the QR payload is not 0, 1 or 2")]
    Security,
    /// A network that is neither Wi-Fi nor Thread.
    #[error("the QR payload names a network other than wifi and thread")]
    UnknownNetwork,
}

impl QrError {
    /// What to do about it, where there is more to say than the error itself does.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Syntax { .. } => Some(
                "firmware does not escape the JSON it prints: a PoP or name with \" or \\ in it breaks the code; \
                 give name and PoP on the command line instead",
            ),
            Self::CutOff { .. } => Some(
                "the firmware's buffer for the payload is too small: enlarge it, or shorten the name or the PoP; or give \
                 name and PoP on the command line instead",
            ),
            Self::WrongType { key: "pop" } => Some("a PoP is text: put it in quotes"),
            _ => None,
        }
    }
}

/// Whether a text is the content of a QR code, of a label or of another kind, and not the name of a file with one.
pub fn is_code(text: &str) -> bool {
    text.starts_with('{') || text.starts_with("NP:") || text.contains("://") || other_code(text).is_some()
}

impl Payload {
    /// Reads a label's text: JSON, `NP:<name>|<pop>|<b|s>`, or a link to a `qrcode.html` page with either in its
    /// `data` parameter, percent-encoded or not. Surrounding white space and a byte order mark do not matter.
    pub fn parse(text: &str) -> Result<Self, QrError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        if text.len() > MAX_LEN {
            return Err(QrError::TooLong { length: text.len() });
        }
        match link_data(text) {
            Some(data) => linked(data?),
            None => bare(text),
        }
    }
}

/// The text after `data=` in a link to the page; `None` for any other text.
fn link_data(text: &str) -> Option<Result<&str, QrError>> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    // The payload may itself hold every mark a link is made of: all of it is what follows the first `data=`.
    let (path, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    if !path.ends_with(PAGE) {
        return Some(Err(QrError::OtherCode { what: "a link to some other page" }));
    }
    let data = query.strip_prefix("data=").or_else(|| query.split_once("&data=").map(|(_, data)| data));
    Some(data.ok_or(QrError::NoData).and_then(|data| if data.is_empty() { Err(QrError::NoData) } else { Ok(data) }))
}

/// Firmware prints links without encoding them, browsers encode all or most of it, and either may be followed by more
/// parameters: the first reading that makes sense is the one.
fn linked(data: &str) -> Result<Payload, QrError> {
    let printed_as_is = data.starts_with("{\"") || (data.starts_with("NP:") && data.contains('|'));
    if printed_as_is {
        return first_of([Some(data), up_to_last_field(data)].into_iter().flatten().map(bare));
    }
    let up_to_mark = data.split(['&', '#']).next().unwrap_or(data);
    let readings = [(data, false), (up_to_mark, false), (data, true), (up_to_mark, true)];
    first_of(readings.into_iter().map(|(data, plus_is_space)| bare(&decoded(data, plus_is_space)?)))
}

/// The first success; else the first error about what a payload says, not about its form; else the first error.
fn first_of(readings: impl Iterator<Item = Result<Payload, QrError>>) -> Result<Payload, QrError> {
    let of_form = |error| {
        matches!(error, QrError::Syntax { .. } | QrError::CutOff { .. } | QrError::UnknownForm | QrError::Compact)
    };
    let mut worst = QrError::Empty;
    for reading in readings {
        match reading {
            Ok(payload) => return Ok(payload),
            Err(error) if worst == QrError::Empty || (of_form(worst) && !of_form(error)) => worst = error,
            Err(_) => {}
        }
    }
    Err(worst)
}

/// A payload printed as it is, less the parameters or the fragment after it.
fn up_to_last_field(data: &str) -> Option<&str> {
    let close = if data.starts_with('{') { data.rfind('}')? } else { data.rfind('|')? + 1 };
    data.get(..=close)
}

/// Percent-decoded. A `+` is a plus, as in encodeURI's links, unless `plus_is_space` or the text shows by its `%2B`
/// that it was encoded as forms are.
fn decoded(data: &str, plus_is_space: bool) -> Result<String, QrError> {
    let form = plus_is_space || data.contains("%2B") || data.contains("%2b");
    let data = if form { Cow::Owned(data.replace('+', " ")) } else { Cow::Borrowed(data) };
    percent_decode_str(&data).decode_utf8().map(Cow::into_owned).map_err(|_| QrError::NotUtf8)
}

/// What a text is that some other kind of QR code begins with, with its article.
fn other_code(text: &str) -> Option<&'static str> {
    let begins = |mark: &str| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    OTHER_CODES.iter().find(|(mark, _)| begins(mark)).map(|(_, what)| *what)
}

fn bare(text: &str) -> Result<Payload, QrError> {
    let text = text.trim();
    if let Some(fields) = text.strip_prefix("NP:") {
        return compact(fields);
    }
    if text.starts_with(['{', '[', '"']) {
        return json(text);
    }
    Err(other_code(text).map_or(QrError::UnknownForm, |what| QrError::OtherCode { what }))
}

/// `<name>|<pop>|<b|s>`; a PoP may hold the mark itself.
fn compact(fields: &str) -> Result<Payload, QrError> {
    let (name, rest) = fields.split_once('|').ok_or(QrError::Compact)?;
    let (pop, transport) = rest.rsplit_once('|').ok_or(QrError::Compact)?;
    if name.is_empty() {
        return Err(QrError::MissingName);
    }
    let transport = match transport.trim() {
        "b" | "B" => Transport::Ble,
        "s" | "S" => Transport::SoftAp,
        _ => return Err(QrError::UnknownTransport),
    };
    Ok(Payload {
        transport: Some(transport),
        pop: (!pop.is_empty()).then(|| ProofOfPossession::from(pop)),
        ..Payload::new(name)
    })
}

fn json(text: &str) -> Result<Payload, QrError> {
    let quoted = SECRETS.iter().fold(Zeroizing::new(text.to_owned()), |text, key| digits_quoted(text, key));
    let document = serde_json::from_str::<Value>(&quoted).map_err(|error| {
        if error.is_eof() {
            return QrError::CutOff { length: text.chars().count() };
        }
        QrError::Syntax { line: error.line(), column: error.column() }
    })?;
    let Value::Object(fields) = document else {
        return Err(QrError::NotAnObject);
    };
    let name = word(&fields, "name")?.ok_or(QrError::MissingName)?;
    Ok(Payload {
        version: word(&fields, "ver")?.map(str::to_owned),
        transport: word(&fields, "transport")?.map(transport).transpose()?,
        pop: word(&fields, "pop")?.map(Into::into),
        username: word(&fields, "username")?.map(str::to_owned),
        password: word(&fields, "password")?.map(Into::into),
        security: security(&fields)?,
        network: word(&fields, "network")?.map(network).transpose()?,
        ..Payload::new(name)
    })
}

/// JSON in which the value of this key is text, where it was digits alone: makers of labels leave out the quotes, and a
/// number would lose its leading zeros.
fn digits_quoted(json: Zeroizing<String>, key: &str) -> Zeroizing<String> {
    // Inside a JSON string, the quotes around the key would be escaped.
    let place = json.match_indices(&format!("\"{key}\"")).find_map(|(at, key)| {
        let after = json[at + key.len()..].trim_start().strip_prefix(':')?.trim_start();
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_value = digits > 0 && after[digits..].trim_start().starts_with([',', '}']);
        is_value.then(|| (json.len() - after.len(), digits))
    });
    match place {
        Some((start, digits)) => {
            let (before, rest) = json.split_at(start);
            Zeroizing::new(format!("{before}\"{}\"{}", &rest[..digits], &rest[digits..]))
        }
        None => json,
    }
}

/// The text at `key`; `None` where it is absent, null or empty.
fn word<'a>(fields: &'a Map<String, Value>, key: &'static str) -> Result<Option<&'a str>, QrError> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(QrError::WrongType { key }),
    }
}

fn transport(word: &str) -> Result<Transport, QrError> {
    [Transport::Ble, Transport::SoftAp]
        .into_iter()
        .find(|transport| transport.scheme().eq_ignore_ascii_case(word))
        .ok_or(QrError::UnknownTransport)
}

fn network(word: &str) -> Result<Network, QrError> {
    [Network::Wifi, Network::Thread]
        .into_iter()
        .find(|network| network.word().eq_ignore_ascii_case(word))
        .ok_or(QrError::UnknownNetwork)
}

/// A number, or a number as text: the phone SDKs write both.
fn security(fields: &Map<String, Value>) -> Result<Option<u8>, QrError> {
    let version = match fields.get("security") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(other) => other.as_u64(),
    };
    match version {
        Some(0) => Ok(Some(0)),
        Some(1) => Ok(Some(1)),
        Some(2) => Ok(Some(2)),
        _ => Err(QrError::Security),
    }
}

#[cfg(test)]
mod tests;
