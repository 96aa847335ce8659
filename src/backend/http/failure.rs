//! What a request that got no answer failed of: its code, its evidence, and whether it may be sent again.

use std::error::Error;
use std::io;

use super::retry::{Again, Attempt};
use crate::backend::error::BackendError;
use crate::code::Code;
use crate::text;

/// Reads the client's error by what lies below it. The address is taken out of it first: it may hold secrets.
pub(super) fn classify(error: reqwest::Error, server: &str) -> Attempt {
    let error = error.without_url();
    let tls = chain(&error).find_map(as_tls).map(ToString::to_string);
    let deepest = || chain(&error).last().map(ToString::to_string).unwrap_or_default();
    let (code, again, cause) = match tls {
        Some(tls) => (Code::BackendTls, Again::Never, format!("{server}: {tls}")),
        None if error.is_builder() => (Code::BackendMisconfigured, Again::Never, deepest()),
        None if error.is_timeout() && error.is_connect() => {
            (Code::BackendUnreachable, Again::Always, format!("{server}: no connection came up in time"))
        }
        None if error.is_timeout() => {
            (Code::BackendUnreachable, Again::IfRepeatable, format!("{server}: no whole answer came in time"))
        }
        None if error.is_connect() => (Code::BackendUnreachable, Again::Always, format!("{server}: {}", deepest())),
        None => {
            (Code::BackendUnreachable, Again::IfRepeatable, format!("{server}: the connection broke: {}", deepest()))
        }
    };
    let error = BackendError::new(code).because(text::sanitise(&cause)).over(error);
    Attempt::Failed { error, again }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// A TLS error, also where it is wrapped as one of input and output, which hides it from the chain.
fn as_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut inner = error;
    while let Some(wrapped) = inner.downcast_ref::<io::Error>() {
        inner = wrapped.get_ref()?;
    }
    inner.downcast_ref()
}
