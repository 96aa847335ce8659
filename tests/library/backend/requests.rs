//! What goes over the wire: addresses, proofs and bodies, and what of them never shows.

use espctl::backend::http::{Auth, Method, Request};
use espctl::code::Code;
use serde_json::json;

use super::server::{Server, answer};
use super::{client, client_with, quick};

#[tokio::test]
async fn each_proof_stands_in_its_header() {
    let cases = [
        (Auth::bearer("t0ken".into()), "authorization: Bearer t0ken"),
        (Auth::token("t0ken".into()), "authorization: Token t0ken"),
        (Auth::raw("t0ken".into()), "authorization: t0ken"),
        (Auth::x_authorization("t0ken".into()), "x-authorization: Bearer t0ken"),
        (Auth::key("x-provisioning-key", "t0ken".into()), "x-provisioning-key: t0ken"),
        (Auth::basic("alice", "t0ken".into()), "authorization: Basic YWxpY2U6dDBrZW4="),
    ];
    for (auth, header) in cases {
        let server = Server::start(vec![answer(200, &[], "{}")]).await;
        let (client, _) = client_with(&server.address, auth, quick());
        client.send(&Request::new(Method::GET, &["me"])).await.expect("an answer");
        assert!(server.request().lines().any(|line| line == header), "{header}: {}", server.request());
    }
    let server = Server::start(vec![answer(200, &[], "{}")]).await;
    client(&server.address).send(&Request::new(Method::GET, &["me"])).await.expect("an answer");
    assert!(!server.request().to_lowercase().contains("authorization"));
}

#[tokio::test]
async fn a_new_token_takes_the_place_of_the_old_one() {
    let server = Server::start(vec![answer(200, &[], "{}")]).await;
    let (client, _) = client_with(&server.address, Auth::raw("old".into()), quick());
    let renewed = client.with_auth(Auth::raw("new".into())).expect("a header");
    renewed.send(&Request::new(Method::GET, &[])).await.expect("an answer");
    assert!(server.request().contains("authorization: new\r\n"));
    assert_eq!(client.with_auth(Auth::raw("a\r\nb".into())).expect_err("no header").code(), Code::BackendMisconfigured);
}

#[tokio::test]
async fn addresses_and_bodies_are_written_as_asked() {
    let server = Server::start(vec![answer(200, &[], "")]).await;
    let request = Request::new(Method::PUT, &["user", "nodes", "a:b/c", ""])
        .query("request_id", "1&2")
        .json(json!({ "node_id": "n1" }));
    client(&format!("{}/v1/", server.address)).send(&request).await.expect("an answer");
    let sent = server.request();
    assert!(sent.starts_with("PUT /v1/user/nodes/a:b%2Fc/?request_id=1%262 HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("content-type: application/json") && sent.ends_with(r#"{"node_id":"n1"}"#), "{sent}");
    assert!(sent.contains(concat!("user-agent: espctl/", env!("CARGO_PKG_VERSION"))), "{sent}");

    let server = Server::start(vec![answer(200, &[], "")]).await;
    let request = Request::new(Method::POST, &["token"]).form(vec![("grant_type", "a b".to_owned())]);
    client(&server.address).send(&request).await.expect("an answer");
    let sent = server.request();
    assert!(
        sent.contains("content-type: application/x-www-form-urlencoded") && sent.ends_with("grant_type=a+b"),
        "{sent}"
    );
}

#[tokio::test]
async fn what_is_secret_is_in_no_message() {
    // The server repeats the token it was sent.
    let server = Server::start(vec![answer(403, &[], r#"{"detail":"Unknown token hush-token"}"#)]).await;
    let (client, _) = client_with(&server.address, Auth::bearer("hush-token".into()), quick());
    let request =
        Request::new(Method::POST, &["hush-path"]).query("key", "hush-query").json(json!({ "password": "hush-body" }));
    let reply = client.send(&request).await.expect("an answer");
    let shown = format!("{client:?} {request:?} {reply:?}");
    let error = reply.accepted().expect_err("refused");
    let shown = format!("{shown} {error:?} {error} {:?}", error.causes());
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("Unknown token (redacted)"), "{shown}");
}

#[tokio::test]
async fn a_token_over_plain_http_beyond_this_computer_is_spoken_of() {
    let (_, notes) = client_with("http://cloud.example:8080", Auth::bearer("t0ken".into()), quick());
    assert_eq!(
        notes.with("plain HTTP"),
        ["cloud.example:8080: over plain HTTP, others on the way can read the token or key"]
    );
    for (address, auth) in [
        ("http://cloud.example", Auth::none()),
        ("https://cloud.example", Auth::bearer("t0ken".into())),
        ("http://127.0.0.1:1", Auth::bearer("t0ken".into())),
    ] {
        let (_, notes) = client_with(address, auth, quick());
        assert_eq!(notes.with("plain HTTP"), Vec::<String>::new(), "{address}");
    }
}
