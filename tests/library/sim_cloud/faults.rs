//! Every fault of the stand-in cloud, as a client meets it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use espctl::sim::cloud::Fault;
use serde_json::{Value, json};

use super::{call, cloud, get, login, post};

#[tokio::test]
async fn faults_answer_in_place_of_the_call() {
    let seen = [
        ("too-many-requests", 429, "Too Many Requests"),
        ("http-500", 500, "Internal server error"),
        ("http-503", 503, "<html>"),
        ("captive-portal", 200, "<html>"),
    ];
    for (fault, status, word) in seen {
        let cloud = cloud(&[&format!("{fault}@1=apiversions")]).await;
        let first = get(&cloud, "apiversions", "").await;
        assert_eq!(first.status, status, "{fault}");
        assert!(first.body.contains(word), "{fault}: {}", first.body);
        assert_eq!(first.head.contains("retry-after: 1"), status == 429, "{}", first.head);
        assert_eq!(get(&cloud, "apiversions", "").await.status, 200, "{fault}");
        assert_eq!(login(&cloud).await.status, 200, "{fault}");
    }
}

#[tokio::test]
async fn a_connection_is_reset_and_the_next_one_is_answered() {
    let cloud = cloud(&["reset-connection@1"]).await;
    let error = call(&cloud, "GET", "apiversions", "", "").await.err().expect("no answer");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(get(&cloud, "apiversions", "").await.status, 200);
}

#[tokio::test]
async fn a_call_that_hangs_holds_up_no_other() {
    let cloud = cloud(&["hang=apiversions"]).await;
    let mut asked = Box::pin(call(&cloud, "GET", "apiversions", "", ""));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut asked).await.is_err());
    assert_eq!(login(&cloud).await.status, 200);
}

#[tokio::test]
async fn tokens_that_expired_that_cannot_be_read_and_that_were_revoked() {
    let expired = cloud(&["expired-token@1"]).await;
    let token = login(&expired).await.text("accesstoken");
    assert!(claims(&token)["exp"].as_u64().expect("a time") < now());
    assert_eq!(get(&expired, "v1/user", &token).await.status, 401);
    assert_eq!(get(&expired, "v1/user", &login(&expired).await.text("accesstoken")).await.status, 200);

    let malformed = cloud(&["malformed-token"]).await;
    assert!(!login(&malformed).await.text("accesstoken").contains('.'));

    let revoked = cloud(&["revoked-token@1=user", "revoked-refresh"]).await;
    let login = login(&revoked).await;
    let token = login.text("accesstoken");
    assert_eq!(get(&revoked, "v1/user", &token).await.status, 401);
    assert_eq!(get(&revoked, "v1/user", &token).await.status, 200);
    let refresh = json!({ "refreshtoken": login.text("refreshtoken") });
    assert_eq!(post(&revoked, "v1/login2", &refresh).await.status, 401);
}

#[tokio::test]
async fn a_clock_of_its_own() {
    for (fault, late) in [("clock-skew=86400", false), ("clock-skew=-86400", true)] {
        let cloud = cloud(&[fault]).await;
        let token = login(&cloud).await.text("accesstoken");
        assert_eq!(claims(&token)["exp"].as_u64().expect("a time") < now(), late, "{fault}");
        assert_eq!(get(&cloud, "v1/user", &token).await.status, 200, "{fault}");
    }
}

#[test]
fn each_fault_has_a_test_here() {
    let text = include_str!("faults.rs");
    for fault in Fault::all() {
        assert!(text.contains(&format!("\"{}", fault.name)), "{}", fault.name);
    }
}

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).expect("a token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("JSON")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
