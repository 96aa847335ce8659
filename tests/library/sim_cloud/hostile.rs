//! Requests that no client sends: the cloud refuses them and goes on.

use serde_json::json;
use tokio::net::TcpStream;

use super::{call, cloud, get, login, post, raw};

#[tokio::test]
async fn bodies_that_are_not_what_a_login_takes() {
    let cloud = cloud(&[]).await;
    let deep = "[".repeat(60_000);
    for body in ["", "{", "null", "[]", "7", r#"{"user_name":7}"#, "{}", r#"{"user_name":"a"}"#, &deep] {
        let answer = call(&cloud, "POST", "v1/login2", "", body).await.expect("an answer");
        assert_eq!((answer.status, answer.text("status").as_str()), (400, "failure"), "{body:.20}");
    }
    let both = json!({ "user_name": "a", "password": "b", "session": "c", "verification_code": "d" });
    assert_eq!(post(&cloud, "v1/login2", &both).await.status, 400);
}

#[tokio::test]
async fn paths_methods_and_lengths() {
    let cloud = cloud(&[]).await;
    for path in ["", "v1", "v1/", "v2/login2", "v1/apiversions", "v1/../user", "%00", "v1/user/nodes/none"] {
        assert_eq!(get(&cloud, path, "").await.status, 404, "{path}");
    }
    assert_eq!(get(&cloud, "v1/login2", "").await.text("message"), "Method Not Allowed");
    let long = "x".repeat(70_000);
    let answer = call(&cloud, "POST", "v1/login2", "", &long).await;
    // The connection may break before the answer is read: the rest of the body is not waited for.
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413));
    for bytes in [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", &[0xff; 4096]] {
        let answer = raw(&cloud, bytes).await.unwrap_or_default();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(login(&cloud).await.status, 200);
}

#[tokio::test]
async fn connections_that_say_nothing_leave_room_for_others() {
    let cloud = cloud(&[]).await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(TcpStream::connect(cloud.address()).await.expect("a connection"));
    }
    assert_eq!(login(&cloud).await.status, 200);
    drop(silent);
    assert_eq!(get(&cloud, "apiversions", "").await.status, 200);
}
