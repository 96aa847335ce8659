//! Where redirects may lead: to the same server, for a GET, a few times.

use espctl::backend::http::{Auth, Method, Request};
use espctl::code::Code;

use super::server::{Server, answer};
use super::{client, client_with, quick};

#[tokio::test]
async fn a_get_follows_within_its_server_and_stays_the_same_request() {
    let server =
        Server::start(vec![answer(301, &[("Location", "/api/status/7/?a=1")], ""), answer(200, &[], "{}")]).await;
    let (client, _) = client_with(&format!("{}/api", server.address), Auth::token("t0ken".into()), quick());
    let reply = client.send(&Request::new(Method::GET, &["status", "7"]).query("a", "1")).await.expect("an answer");
    assert_eq!(reply.status(), 200);
    let sent = server.requests();
    assert!(sent[0].starts_with("GET /api/status/7?a=1 HTTP"), "{sent:?}");
    assert!(sent[1].starts_with("GET /api/status/7/?a=1 HTTP"), "{sent:?}");
    assert!(sent.iter().all(|sent| sent.contains("authorization: Token t0ken")), "{sent:?}");
}

#[tokio::test]
async fn no_request_goes_to_another_server() {
    let other = Server::start(vec![answer(200, &[], "{}")]).await;
    let location = format!("{}/login?next=hush", other.address);
    let server = Server::start(vec![answer(302, &[("Location", &location)], "")]).await;
    let (client, _) = client_with(&server.address, Auth::bearer("t0ken".into()), quick());
    let reply = client.send(&Request::new(Method::GET, &["me"])).await.expect("an answer");
    let error = reply.accepted().expect_err("a redirect");
    assert_eq!((error.code(), other.requests().len()), (Code::BackendBadReply, 0));
    assert_eq!(error.causes()[1], format!("it leads to {}", other.address));
    assert!(!format!("{error:?}").contains("hush"));
}

#[tokio::test]
async fn a_request_with_a_body_is_not_sent_on() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(vec![answer(status, &[("Location", "/device")], "")]).await;
        let request = Request::new(Method::POST, &["device", ""]).json(serde_json::json!({}));
        let reply = client(&server.address).send(&request).await.expect("an answer");
        assert_eq!((reply.status(), server.requests().len()), (status, 1));
        assert_eq!(reply.accepted().expect_err("a redirect").code(), Code::BackendBadReply);
    }
}

#[tokio::test]
async fn a_ring_of_redirects_is_left() {
    let server = Server::start(vec![answer(301, &[("Location", "/a")], "")]).await;
    let error = client(&server.address).send(&Request::new(Method::GET, &["a"])).await.expect_err("no end");
    assert_eq!((error.code(), server.requests().len()), (Code::BackendBadReply, 4));
}
