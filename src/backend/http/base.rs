//! The address of a back end, and the addresses below it.

use std::fmt;

use reqwest::Url;

use crate::backend::error::BackendError;
use crate::code::Code;
use crate::text;

/// Where a back end is: scheme, host, port, and a path below which everything lies.
#[derive(Clone)]
pub(super) struct Base {
    url: Url,
    /// Host and port, for people.
    name: String,
}

/// Checks an address without sending anything.
///
/// # Errors
/// [`Code::BackendMisconfigured`]: it cannot be that of a back end.
pub fn check(address: &str) -> Result<(), BackendError> {
    Base::parse(address).map(drop)
}

/// Whether what is sent to this address can be read on the way: it is neither encrypted nor on this computer.
pub fn is_exposed(address: &str) -> bool {
    Base::parse(address).is_ok_and(|base| base.is_exposed())
}

impl Base {
    /// Reads an address. One without a scheme is not guessed.
    pub(super) fn parse(address: &str) -> Result<Self, BackendError> {
        let wrong = |why: &str| Err(BackendError::new(Code::BackendMisconfigured).because(why));
        let Ok(url) = Url::parse(address) else {
            return wrong("cannot read the address: it has the form https://HOST[:PORT][/PATH]");
        };
        let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
            return wrong("the address begins with neither https:// nor http://");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("the address holds a user name or password: give them as settings of their own");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("the address ends in a query or fragment: leave out what follows ? or #");
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let name = text::sanitise(&format!("{host}{port}")).into_owned();
        Ok(Self { url, name })
    }

    /// The address below it with this path, each segment percent-encoded; an empty last segment is a closing slash.
    pub(super) fn join(&self, segments: &[String]) -> Result<Url, BackendError> {
        let mut url = self.url.clone();
        // What `Url` would leave out without a word.
        let steps = |segment: &String| matches!(&*segment.to_ascii_lowercase(), "." | ".." | "%2e" | "%2e%2e");
        match url.path_segments_mut() {
            Ok(mut path) if !segments.iter().any(steps) => path.pop_if_empty().extend(segments),
            _ => {
                return Err(BackendError::new(Code::BackendMisconfigured)
                    .because("a name or id is `.` or `..`, which cannot be part of an address"));
            }
        };
        Ok(url)
    }

    /// Host and port, for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether what is sent there can be read on the way.
    pub(super) fn is_exposed(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        self.url.scheme() == "http" && !loopback && host != "localhost"
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(base: &str, segments: &[&str]) -> String {
        let segments: Vec<_> = segments.iter().map(|segment| (*segment).to_owned()).collect();
        Base::parse(base).and_then(|base| base.join(&segments)).map(String::from).unwrap()
    }

    #[test]
    fn a_path_below_the_base_is_kept_and_encoded() {
        for base in ["https://api.example/v1", "https://api.example/v1/"] {
            assert_eq!(join(base, &["user", "nodes"]), "https://api.example/v1/user/nodes");
            assert_eq!(join(base, &["status", "7", ""]), "https://api.example/v1/status/7/");
        }
        assert_eq!(join("http://h:8080", &["a/b?c#d", "é"]), "http://h:8080/a%2Fb%3Fc%23d/%C3%A9");
        assert_eq!(join("http://h", &[]), "http://h/");
        let base = Base::parse("https://h/a").unwrap();
        for step in [".", "..", "%2E%2e"] {
            assert_eq!(base.join(&[step.to_owned()]).unwrap_err().code(), Code::BackendMisconfigured);
        }
    }

    #[test]
    fn addresses_that_cannot_be_used_are_refused_without_repeating_them() {
        for address in
            ["", "api.example", "ftp://h", "https://", "https://u:hush@h/", "https://h/?token=hush", "https://h/#hush"]
        {
            let error = Base::parse(address).unwrap_err();
            assert_eq!(error.code(), Code::BackendMisconfigured, "{address}");
            assert!(!error.causes().concat().contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn plain_http_is_exposed_beyond_this_computer() {
        let exposed = |address| Base::parse(address).unwrap().is_exposed();
        for address in ["https://api.example", "http://localhost:1", "http://127.0.0.2", "http://[::1]:80"] {
            assert!(!exposed(address), "{address}");
        }
        assert!(exposed("http://192.168.1.2:3000") && exposed("http://localhost.example"));
    }
}
