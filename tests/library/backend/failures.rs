//! What answers that are of no use come to.

use std::collections::BTreeMap;

use espctl::backend::http::{Method, Request};
use espctl::code::Code;
use espctl::failure::Failure;

use super::client;
use super::server::{Answer, Server, answer};

fn get() -> Request {
    Request::new(Method::GET, &["nodes"])
}

#[tokio::test]
async fn each_status_has_its_code() {
    let cases = [
        (400, r#"{"detail":"Device name already in use"}"#, "backend.refused", 30, "Device name already in use"),
        (401, r#"{"message":"Token has expired","errorCode":11}"#, "backend.login-needed", 3, "Token has expired"),
        (403, r#"{"detail":"Not authenticated"}"#, "backend.refused", 30, "Not authenticated"),
        (404, "<html>", "backend.refused", 30, "answered 404 Not Found"),
        (409, r#"{"error":"exists"}"#, "backend.refused", 30, "exists"),
        (500, r#"{"status":"failure","description":"oops","error_code":9}"#, "backend.unavailable", 30, "oops"),
        (304, "", "backend.bad-reply", 30, "answered 304 Not Modified"),
    ];
    for (status, body, code, exit, cause) in cases {
        let server = Server::start(vec![answer(status, &[], body)]).await;
        let reply = client(&server.address).send(&get()).await.expect("an answer");
        assert_eq!((reply.status(), reply.is_success()), (status, false));
        let failure = Failure::from(reply.accepted().expect_err("no success"));
        assert_eq!((failure.code.word(), failure.exit() as u8), (code, exit), "{status}");
        assert!(failure.causes.iter().any(|own| own.contains(cause)), "{status}: {failure:?}");
    }
}

#[tokio::test]
async fn a_refusal_with_a_status_of_success_can_be_read() {
    let body = r#"{"errorMsg":"Provision data was not found!","status":"NOT_FOUND"}"#;
    let server = Server::start(vec![answer(200, &[], body)]).await;
    let reply = client(&server.address).send(&get()).await.and_then(espctl::backend::http::Reply::accepted);
    let reply = reply.expect("success, as far as the status goes");
    assert_eq!(reply.error_text().as_deref(), Some("Provision data was not found!"));
    assert_eq!(reply.body(), body.as_bytes());
}

#[tokio::test]
async fn replies_that_are_not_the_json_expected() {
    for (body, cause) in [
        ("", "not JSON"),
        ("<html>hush</html>", "not JSON"),
        (r#"{"id":"hush"}"#, "not with the members expected"),
        (r#"["hush"]"#, "not with the members expected"),
        (r#"{"id":1"#, "not JSON"),
    ] {
        let server = Server::start(vec![answer(200, &[], body)]).await;
        let reply = client(&server.address).send(&get()).await.expect("an answer");
        let error = reply.json::<BTreeMap<String, u32>>().expect_err("no numbers by name");
        assert_eq!(error.code(), Code::BackendBadReply, "{body}");
        let shown = format!("{error:?}");
        assert!(shown.contains(cause) && !shown.contains("hush"), "{shown}");
    }
}

#[tokio::test]
async fn a_reply_past_the_bound_is_not_read_to_its_end() {
    for script in [answer(200, &[], &"x".repeat(1001)), Answer::Endless] {
        let server = Server::start(vec![script]).await;
        let error = client(&server.address).send(&get()).await.expect_err("too long");
        assert_eq!((error.code(), server.requests().len()), (Code::BackendBadReply, 1));
        assert!(error.causes()[0].contains("more than 1000 bytes"), "{error:?}");
    }
    let server = Server::start(vec![answer(200, &[], &"x".repeat(1000))]).await;
    assert_eq!(client(&server.address).send(&get()).await.expect("an answer").body().len(), 1000);
}

#[tokio::test]
async fn hostile_words_do_not_reach_the_terminal() {
    let server = Server::start(vec![answer(400, &[], r#"{"error":"\u001b[2Jgone\u202e"}"#)]).await;
    let error = client(&server.address).send(&get()).await.expect("an answer").accepted().expect_err("refused");
    assert_eq!(error.causes()[1], r"\x1b[2Jgone\u{202e}");
}

#[tokio::test]
async fn what_is_not_http_is_not_an_answer() {
    for raw in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        let server = Server::start(vec![Answer::Raw(raw.to_owned())]).await;
        let error = client(&server.address).send(&get()).await.expect_err("no answer");
        assert_eq!(error.code(), Code::BackendUnreachable, "{raw:?}");
    }
}
