//! TLS: whose certificates are trusted, and that no order of things panics for want of cryptography.

use std::sync::Arc;

use espctl::backend::http::{Auth, Method, Request};
use espctl::code::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{client_with, quick};

/// A server whose certificate nobody has signed but itself: its address, and the certificate.
async fn start() -> (String, rcgen::Certificate) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key that fits");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await;
            let _ = stream.shutdown().await;
        }
    });
    (address, made.cert)
}

/// What a request to this address leads to: a code, or `ok`; then what was said.
async fn outcome(address: &str) -> (String, Vec<String>) {
    let (client, notes) = client_with(address, Auth::none(), quick());
    let outcome = match client.send(&Request::new(Method::GET, &[])).await {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{}: {}", error.code().word(), error.causes().join(" / ")),
    };
    (outcome, notes.all())
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_at_once() {
    let (address, _) = start().await;
    let (outcome, notes) = outcome(&address).await;
    assert!(outcome.starts_with("backend.tls: localhost:"), "{outcome}");
    assert!(outcome.contains("certificate"), "{outcome}");
    assert!(!notes.iter().any(|note| note.contains("trying again")), "{notes:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_distinguished_from_one_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
        }
    });
    let (outcome, _) = outcome(&address).await;
    assert!(outcome.starts_with("backend.tls"), "{outcome}");
}

#[test]
fn clients_are_made_one_after_another_with_no_provider_installed() {
    let make = || client_with("https://cloud.example", Auth::none(), quick());
    let _both = (make(), make());
    assert!(CryptoProvider::get_default().is_none(), "something installed one for the whole process");
}

#[test]
fn a_client_without_a_usable_address_is_refused() {
    let http =
        espctl::backend::http::Http::new(espctl::backend::http::Proxies::default(), Arc::new(espctl::event::Silent));
    let error = http.client("cloud.example", Auth::none()).expect_err("no client");
    assert_eq!(error.code(), Code::BackendMisconfigured);
}

/// The system's list of certificates is named by the environment, and a provider of cryptography is installed for a whole
/// process: these tests run `one_request` in a process of its own.
#[cfg(target_os = "linux")]
mod elsewhere {
    use std::process::Command;

    use super::{Auth, client_with, outcome, quick, ring, start};

    const ADDRESS: &str = "ESPCTL_TEST_ADDRESS";

    #[tokio::test]
    #[ignore = "run by its neighbours, in an environment of their own"]
    async fn one_request() {
        let address = std::env::var(ADDRESS).expect("an address");
        let _before = client_with(&address, Auth::none(), quick());
        ring::default_provider().install_default().expect("none was installed");
        let (outcome, notes) = outcome(&address).await;
        println!("outcome {outcome} notes {notes:?}");
    }

    async fn in_a_process_with(certificates: &std::path::Path, address: &str) -> String {
        let name = module_path!().split_once("::").expect("a module of a test").1.to_owned() + "::one_request";
        let mut process = Command::new(std::env::current_exe().expect("this program"));
        process.args(["--ignored", "--exact", "--nocapture", &name]);
        process.env(ADDRESS, address).env("SSL_CERT_FILE", certificates).env_remove("SSL_CERT_DIR");
        let output = tokio::task::spawn_blocking(move || process.output()).await.expect("no panic");
        let output = String::from_utf8_lossy(&output.expect("a process").stdout).into_owned();
        output.lines().find_map(|line| line.split_once("outcome ")).expect(&output).1.to_owned()
    }

    #[tokio::test]
    async fn what_the_system_trusts_is_trusted() {
        let (address, certificate) = start().await;
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), certificate.pem()).expect("written");
        assert_eq!(in_a_process_with(file.path(), &address).await, "ok notes []");
    }

    #[tokio::test]
    async fn without_a_list_of_the_system_the_one_built_in_serves() {
        let (address, _) = start().await;
        let outcome = in_a_process_with("/nonexistent/certificates.pem".as_ref(), &address).await;
        assert!(outcome.starts_with("backend.tls") && outcome.contains("UnknownIssuer"), "{outcome}");
        assert!(outcome.contains("this computer has no list of trusted certificates"), "{outcome}");
    }
}
