//! TLS for back ends: which cryptography, and whose certificates are trusted.
//!
//! The provider of cryptography is named here and handed to the client. The library would otherwise take one that is
//! installed for the whole process, and panic where there is none; this way nothing is installed and order plays no part.
//!
//! Trusted is what the system trusts; on Linux the variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name other places, which
//! the library that finds the system's certificates reads itself. A computer without any, such as a small container, gets
//! Mozilla's list as it was when espctl was built.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// A TLS configuration, and whether it trusts the list that is built in, because the system has none.
pub(super) fn config() -> Result<(ClientConfig, bool), rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    if let Ok(verifier) = Verifier::new(provider) {
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        return Ok((builder.with_no_client_auth(), false));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    Ok((builder.with_root_certificates(roots).with_no_client_auth(), true))
}
