//! Which proxy leads to a back end: what the environment names, else the system's own setting.
//!
//! The library that sends the requests would read the environment itself. It is told not to: the program's `main` hands
//! down what the environment says, here as everywhere. Only on macOS and Windows, where the system has a setting for it,
//! and only where the environment names no proxy, the library is left to look there.

use std::fmt;

use reqwest::{ClientBuilder, NoProxy, Proxy};

use crate::backend::error::BackendError;
use crate::code::Code;

/// What the environment says of proxies, unchecked until a client is made.
#[derive(Clone, Default)]
pub struct Proxies {
    /// The variable's name and its value, which may hold a password.
    https: Option<(&'static str, String)>,
    http: Option<(&'static str, String)>,
    except: Option<String>,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; the same in small letters goes first, as with curl.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            let given =
                |name: &&'static str| variable(name).filter(|value| !value.is_empty()).map(|value| (*name, value));
            names.iter().find_map(given)
        };
        Self {
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            http: first(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            except: first(&["no_proxy", "NO_PROXY"]).map(|(_, value)| value),
        }
    }

    /// The client with these proxies.
    pub(super) fn apply(&self, mut client: ClientBuilder) -> Result<ClientBuilder, BackendError> {
        let system = cfg!(any(windows, target_os = "macos"));
        if !(system && self.https.is_none() && self.http.is_none()) {
            client = client.no_proxy();
        }
        let except = self.except.as_deref().and_then(NoProxy::from_string);
        let makers: [(_, MakeProxy); 2] = [(&self.https, Proxy::https), (&self.http, Proxy::http)];
        for (named, make) in makers {
            if let Some((name, value)) = named {
                client = client.proxy(checked(name, value, make)?.no_proxy(except.clone()));
            }
        }
        Ok(client)
    }
}

/// What makes a proxy for one kind of address.
type MakeProxy = fn(String) -> reqwest::Result<Proxy>;

/// A proxy, if it speaks HTTP.
fn checked(name: &str, value: &str, make: MakeProxy) -> Result<Proxy, BackendError> {
    let http = match value.split_once("://") {
        Some((scheme, _)) => matches!(&*scheme.to_ascii_lowercase(), "http" | "https"),
        None => true,
    };
    match make(value.to_owned()) {
        Ok(proxy) if http => Ok(proxy),
        _ => Err(BackendError::new(Code::BackendMisconfigured)
            .because(format!("the environment variable {name} does not name an HTTP proxy: http://HOST:PORT"))),
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |proxy: &Option<(&'static str, String)>| proxy.as_ref().map(|(name, _)| *name);
        let shown = [("https", named(&self.https)), ("http", named(&self.http))];
        f.debug_map().entries(shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Proxies::from_environment(&move |name| {
            variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_is_last() {
        let named = |variables: &[(&str, &str)]| {
            let found = proxies(variables);
            (found.https.map(|(name, _)| name), found.http.map(|(name, _)| name))
        };
        assert_eq!(named(&[]), (None, None));
        assert_eq!(named(&[("HTTPS_PROXY", "p"), ("https_proxy", "q")]), (Some("https_proxy"), None));
        assert_eq!(named(&[("ALL_PROXY", "p"), ("HTTP_PROXY", "q")]), (Some("ALL_PROXY"), Some("HTTP_PROXY")));
        assert_eq!(named(&[("HTTPS_PROXY", "")]), (None, None));
    }

    #[test]
    fn what_is_not_an_http_proxy_is_named_without_its_value() {
        for value in ["socks5://u:hush@proxy:1080", "http://", "http://u:hush@:80"] {
            let found = proxies(&[("HTTPS_PROXY", value)]);
            assert!(!format!("{found:?}").contains("hush"));
            let error = found.apply(ClientBuilder::new()).unwrap_err();
            assert_eq!(error.code(), Code::BackendMisconfigured);
            let causes = error.causes().concat();
            assert!(causes.contains("HTTPS_PROXY") && !causes.contains("hush"), "{causes}");
        }
        assert!(proxies(&[("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", "*")]).apply(ClientBuilder::new()).is_ok());
    }
}
