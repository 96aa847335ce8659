//! Logins, their second step, refresh and logout.

use serde_json::json;

use super::{call, cloud, get, login, post};

#[tokio::test]
async fn a_password_logs_in_and_the_token_says_so() {
    let cloud = cloud(&[]).await;
    let versions = get(&cloud, "apiversions", "").await;
    assert_eq!((versions.status, versions.json()), (200, json!({ "supported_versions": ["v1"] })));
    let login = login(&cloud).await;
    assert_eq!((login.status, login.text("status").as_str()), (200, "success"));
    let user = get(&cloud, "v1/user", &login.text("accesstoken")).await;
    assert_eq!((user.status, user.text("user_name")), (200, cloud.users()[0].name.clone()));
    // The id token names the user and opens nothing.
    assert_eq!(get(&cloud, "v1/user", &login.text("idtoken")).await.status, 401);
    assert_eq!(get(&cloud, "v1/user", &format!("Bearer {}", login.text("accesstoken"))).await.status, 401);
    assert_eq!(get(&cloud, "v1/user", "").await.text("message"), "Unauthorized");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let cloud = cloud(&[]).await;
    let name = &cloud.users()[0].name;
    let wrong = post(&cloud, "v1/login2", &json!({ "user_name": name, "password": "wrong" })).await;
    let unknown = post(&cloud, "v1/login2", &json!({ "user_name": "nobody@example.com", "password": "wrong" })).await;
    assert_eq!((wrong.status, wrong.text("status").as_str()), (401, "failure"));
    assert_eq!((unknown.status, unknown.body), (401, wrong.body));
}

#[tokio::test]
async fn a_second_step_takes_the_code_once() {
    let cloud = cloud(&[]).await;
    let user = &cloud.users()[1];
    let first = post(&cloud, "v1/login2", &json!({ "user_name": user.name, "password": user.password })).await;
    let session = first.text("session");
    assert_eq!((first.status, first.json().get("accesstoken")), (200, None));
    let step = |code: &str| json!({ "user_name": user.name, "session": session, "verification_code": code });
    assert_eq!(post(&cloud, "v1/login2", &step("wrong")).await.status, 401);
    let code = user.code.as_deref().expect("a code");
    let second = post(&cloud, "v1/login2", &step(code)).await;
    assert_eq!(get(&cloud, "v1/user", &second.text("accesstoken")).await.status, 200);
    assert_eq!(post(&cloud, "v1/login2", &step(code)).await.status, 401);
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_until_the_logout() {
    let cloud = cloud(&[]).await;
    let login = login(&cloud).await;
    let refresh = json!({ "refreshtoken": login.text("refreshtoken") });
    let fresh = post(&cloud, "v1/login2", &refresh).await;
    assert_eq!((fresh.status, fresh.json().get("refreshtoken")), (200, None));
    let access = fresh.text("accesstoken");
    assert_eq!(get(&cloud, "v1/user", &access).await.status, 200);
    let logout = call(&cloud, "POST", "v1/logout2?logout_all=false", &access, "").await.expect("an answer");
    assert_eq!(logout.status, 200);
    assert_eq!(get(&cloud, "v1/user", &login.text("accesstoken")).await.status, 401);
    assert_eq!(post(&cloud, "v1/login2", &refresh).await.status, 401);
    // An access token refreshes nothing.
    assert_eq!(post(&cloud, "v1/login2", &json!({ "refreshtoken": access })).await.status, 401);
}
