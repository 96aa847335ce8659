//! Proxies, as the environment names them. Only what is handed down counts, never this process's own environment.

use std::sync::Arc;

use espctl::backend::http::{Auth, Http, Method, Proxies, Request};
use espctl::code::Code;
use espctl::event::Silent;

use super::quick;
use super::server::{Server, answer};

fn http(variables: &[(&str, String)]) -> Http {
    let read = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
    Http::new(Proxies::from_environment(&read), Arc::new(Silent)).with_policy(quick())
}

async fn get(http: &Http, address: &str) -> String {
    let client = http.client(address, Auth::none()).expect("a client");
    let reply = client.send(&Request::new(Method::GET, &["me"])).await.expect("an answer");
    String::from_utf8_lossy(reply.body()).into_owned()
}

#[tokio::test]
async fn a_request_goes_through_the_proxy_but_for_the_hosts_excepted() {
    let proxy = Server::start(vec![answer(200, &[], "proxy")]).await;
    let server = Server::start(vec![answer(200, &[], "server")]).await;
    let with_password = proxy.address.replace("http://", "http://alice:hush@");
    let through = http(&[("http_proxy", with_password)]);
    assert_eq!(get(&through, &server.address).await, "proxy");
    let sent = proxy.request();
    assert!(sent.starts_with(&format!("GET {}/me HTTP/1.1", server.address)), "{sent}");
    assert!(sent.contains("proxy-authorization: Basic YWxpY2U6aHVzaA=="), "{sent}");

    let except = http(&[("http_proxy", proxy.address.clone()), ("NO_PROXY", "127.0.0.0/8".to_owned())]);
    assert_eq!(get(&except, &server.address).await, "server");
    // A proxy for the other scheme alone.
    let other = http(&[("HTTPS_PROXY", proxy.address.clone())]);
    assert_eq!(get(&other, &server.address).await, "server");
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn a_tunnel_that_is_refused_is_a_back_end_out_of_reach() {
    let proxy = Server::start(vec![answer(407, &[], "")]).await;
    let client = http(&[("ALL_PROXY", proxy.address.clone())]).client("https://cloud.example", Auth::none());
    let error = client.expect("a client").send(&Request::new(Method::GET, &[])).await.expect_err("no tunnel");
    assert_eq!(error.code(), Code::BackendUnreachable, "{error:?}");
    assert!(proxy.requests()[0].starts_with("CONNECT cloud.example:443"), "{:?}", proxy.requests());
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_before_anything_is_sent() {
    let error = http(&[("HTTPS_PROXY", "socks5://127.0.0.1:1080".to_owned())]).client("https://h", Auth::none());
    let error = error.expect_err("no client");
    assert_eq!(error.code(), Code::BackendMisconfigured);
    assert!(error.causes()[0].contains("HTTPS_PROXY"), "{error:?}");
}
