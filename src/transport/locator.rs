//! A device's name: `scheme:address?key=value`. It parses, prints and round-trips; what an address means is the
//! affair of the transport with that scheme.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Bytes that would end a value early, or that a terminal would rather not see.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'&').add(b'%').add(b'#').add(b'?').add(b'=');

/// Where a device is: `softap:192.168.4.1:80`, `sim:?sec-ver=2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locator {
    scheme: String,
    address: String,
    parameters: Vec<(String, String)>,
}

/// Text that is not a locator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocatorError {
    /// No `scheme:` at the front.
    #[error("a device is named like softap:192.168.4.1 or sim: (a scheme, a colon, an address)")]
    NoScheme,
    /// A parameter without a key, or bytes that are no UTF-8 once decoded.
    #[error("parameters are written ?key=value&key=value")]
    BadParameter,
    /// An address that is no UTF-8 once decoded.
    #[error("the address is not text once decoded")]
    BadText,
}

impl Locator {
    /// A locator without parameters.
    pub fn new(scheme: &str, address: &str) -> Self {
        Self { scheme: scheme.to_ascii_lowercase(), address: address.to_owned(), parameters: Vec::new() }
    }

    /// A locator whose address is this text, whatever is in it.
    pub fn naming(scheme: &str, text: &str) -> Self {
        Self::new(scheme, &utf8_percent_encode(text, ESCAPED).to_string())
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.parameters.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The same without the parameters of this key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.parameters.retain(|(own, _)| own != key);
        self
    }

    /// Which transport it belongs to.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What follows the scheme, up to the `?`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address decoded, for transports whose addresses may hold any character.
    ///
    /// # Errors
    /// [`LocatorError::BadText`].
    pub fn text(&self) -> Result<Cow<'_, str>, LocatorError> {
        percent_decode_str(&self.address).decode_utf8().map_err(|_| LocatorError::BadText)
    }

    /// The value of a parameter; of several with the same key, of the last, which is the one that counts.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters().filter(|(own, _)| *own == key).last().map(|(_, value)| value)
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        let (scheme, rest) = text.split_once(':').ok_or(LocatorError::NoScheme)?;
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if scheme.is_empty() || !scheme.chars().all(named) || !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(LocatorError::NoScheme);
        }
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        // In place of parameters: more likely meant as part of the address.
        if rest.ends_with('?') && !address.is_empty() {
            return Err(LocatorError::BadParameter);
        }
        let parameters = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = percent_decode_str(value).decode_utf8().map_err(|_| LocatorError::BadParameter)?;
                if key.is_empty() || !key.chars().all(named) {
                    return Err(LocatorError::BadParameter);
                }
                Ok((key.to_owned(), value.into_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { parameters, ..Self::new(scheme, address) })
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme, self.address)?;
        for (index, (key, value)) in self.parameters.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            write!(f, "{mark}{key}={}", utf8_percent_encode(value, ESCAPED))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locators_round_trip() {
        for text in
            ["sim:", "softap:", "softap:192.168.4.1:80", "softap:[::1]:8080", "sim:?sec-ver=2&ap=Caf%C3%A9%20%26%20Bar"]
        {
            let locator: Locator = text.parse().expect(text);
            assert_eq!(locator.to_string().parse::<Locator>().as_ref(), Ok(&locator), "{text}");
        }
    }

    #[test]
    fn parameters_are_decoded_in_order() {
        let locator: Locator = "SIM:?ap=A%20B&fault=delay&fault=truncate".parse().expect("a locator");
        assert_eq!(locator.scheme(), "sim");
        let parameters: Vec<_> = locator.parameters().collect();
        assert_eq!(parameters, [("ap", "A B"), ("fault", "delay"), ("fault", "truncate")]);
    }

    #[test]
    fn any_text_can_be_an_address() {
        for text in ["PROV_1", "Café? 100 %", "a&b=c#d", "24:0A:C4:00:00:01"] {
            let locator: Locator = Locator::naming("ble", text).to_string().parse().expect(text);
            assert_eq!(locator.text().as_deref(), Ok(text));
        }
        assert_eq!(Locator::new("ble", "%ff").text(), Err(LocatorError::BadText));
    }

    #[test]
    fn what_names_no_device_is_refused() {
        for text in ["", "softap", ":8080", "192.168.4.1:80", "so ftap:x"] {
            assert_eq!(text.parse::<Locator>(), Err(LocatorError::NoScheme), "{text}");
        }
        assert_eq!("sim:?=x".parse::<Locator>(), Err(LocatorError::BadParameter));
        assert_eq!("sim:?a=%ff".parse::<Locator>(), Err(LocatorError::BadParameter));
    }
}
