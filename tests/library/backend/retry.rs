//! What is sent again, how often, and what is said of it.

use std::time::{Duration, Instant};

use espctl::backend::BackendError;
use espctl::backend::http::{Auth, Client, Method, Policy, Reply, Request};
use espctl::code::Code;
use serde_json::json;

use super::server::{Answer, Server, answer};
use super::{client_with, quick};

fn get() -> Request {
    Request::new(Method::GET, &["status"])
}

fn post() -> Request {
    Request::new(Method::POST, &["register"]).json(json!({}))
}

async fn send(client: &Client, request: &Request) -> Result<Reply, BackendError> {
    client.send(request).await.and_then(Reply::accepted)
}

#[tokio::test]
async fn a_server_that_recovers_is_asked_again() {
    let server = Server::start(vec![answer(503, &[], ""), answer(502, &[], ""), answer(200, &[], r#"{"id":7}"#)]).await;
    let (client, notes) = client_with(&server.address, Auth::none(), quick());
    let reply = send(&client, &get()).await.expect("success");
    assert_eq!(reply.json::<serde_json::Value>().expect("JSON"), json!({ "id": 7 }));
    assert_eq!(server.requests().len(), 3);
    let said = notes.with("trying again");
    assert!(said[0].contains("answered 503 Service Unavailable; trying again in 0.0 s (2 of 3)"), "{said:?}");
    assert!(said[1].contains("answered 502 Bad Gateway") && said[1].ends_with("(3 of 3)"), "{said:?}");
}

#[tokio::test]
async fn tries_end() {
    for status in [429, 502, 503, 504] {
        let server = Server::start(vec![answer(status, &[], r#"{"message":"busy"}"#)]).await;
        let (client, _) = client_with(&server.address, Auth::none(), quick());
        let error = send(&client, &get()).await.expect_err("unavailable");
        assert_eq!((error.code(), server.requests().len()), (Code::BackendUnavailable, 3), "{status}");
        assert_eq!(error.causes()[1], "busy");
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_twice() {
    let cases = [
        (post(), 503, 1),
        (post().repeatable(), 503, 3),
        // A server that counts requests has not acted on it.
        (post(), 429, 3),
        (get(), 500, 1),
        (get(), 404, 1),
        (Request::new(Method::PUT, &[]), 504, 3),
        (Request::new(Method::DELETE, &[]), 504, 3),
    ];
    for (request, status, times) in cases {
        let server = Server::start(vec![answer(status, &[], "")]).await;
        let (client, _) = client_with(&server.address, Auth::none(), quick());
        send(&client, &request).await.expect_err("no success");
        assert_eq!(server.requests().len(), times, "{request:?} {status}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_not_taken_for_an_answer() {
    for (request, times) in [(get(), 3), (post(), 1)] {
        for raw in ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\""] {
            let server = Server::start(vec![Answer::Raw(raw.to_owned())]).await;
            let (client, _) = client_with(&server.address, Auth::none(), quick());
            let error = send(&client, &request).await.expect_err("no answer");
            assert_eq!((error.code(), server.requests().len()), (Code::BackendUnreachable, times), "{raw}");
            assert!(error.causes()[0].contains("the connection broke"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let server = Server::start(vec![answer(429, &[("Retry-After", "1")], ""), answer(200, &[], "")]).await;
    let (client, _) = client_with(&server.address, Auth::none(), quick());
    let began = Instant::now();
    send(&client, &post()).await.expect("success");
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());

    // Longer than is reasonable: the answer is the answer.
    let server = Server::start(vec![answer(429, &[("Retry-After", "3600")], "")]).await;
    let (client, notes) = client_with(&server.address, Auth::none(), quick());
    let error = send(&client, &post()).await.expect_err("unavailable");
    assert_eq!(
        (error.code(), server.requests().len(), notes.with("trying again").len()),
        (Code::BackendUnavailable, 1, 0)
    );
}

#[tokio::test]
async fn nothing_listening_is_tried_again_whatever_the_request() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let (client, notes) = client_with(&address, Auth::none(), quick());
    let error = client.send(&post()).await.expect_err("unreachable");
    assert_eq!((error.code(), notes.with("trying again").len()), (Code::BackendUnreachable, 2));
    assert!(error.causes()[0].to_lowercase().contains("refused"), "{error:?}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn every_wait_has_an_end() {
    // One try.
    let server = Server::start(vec![Answer::Hang]).await;
    let short = Policy { one: Duration::from_secs(1), repeats: 1, ..quick() };
    let (client, _) = client_with(&server.address, Auth::none(), short);
    let error = client.send(&get()).await.expect_err("no answer");
    assert_eq!((error.code(), server.requests().len()), (Code::BackendUnreachable, 2));
    assert!(error.causes()[0].contains("no whole answer came in time"), "{error:?}");

    // All of them together.
    let short = Policy { one: Duration::from_millis(500), all: Duration::from_secs(2), repeats: 99, ..quick() };
    let (client, _) = client_with(&server.address, Auth::none(), short);
    let began = Instant::now();
    let error = client.send(&get()).await.expect_err("no answer");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(error.code(), Code::BackendUnreachable);
    assert!(error.causes()[0].contains("no answer within") && error.causes().len() == 2, "{error:?}");
}
