//! `espctl login`, `whoami` and `logout` against the small cloud, and the login's file.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::cloud::{CODE, Cloud, PASSWORD, USER, whole};
use super::{Folder, command};
use crate::support::schemas::Schemas;
use crate::support::{Ran, finish};

const FILE: &str = "profiles/lab_config.json";

/// A folder whose current profile is this cloud.
fn folder(cloud: &Cloud) -> Folder {
    let folder = Folder::new();
    folder.done(&["profile", "add", "lab", "--base-url", &cloud.address]);
    folder.done(&["profile", "switch", "lab"]);
    folder
}

fn login(folder: &Folder, password: &str, more: &[&str]) -> Ran {
    let words = [&["login", "--email", USER], more].concat();
    finish(command(folder.0.path(), &words).env("ESP_RAINMAKER_PASSWORD", password))
}

/// A login with this access token's time left, as if it had been kept earlier.
fn logged_in(cloud: &Cloud, left: i64) -> Folder {
    let folder = folder(cloud);
    folder.put(FILE, &cloud.login(left).to_string());
    folder
}

#[test]
fn a_login_is_kept_used_and_ended() {
    let (cloud, schemas) = (Cloud::start(), Schemas::load());
    let folder = folder(&cloud);
    folder.put(FILE, r#"{"other": [1], "accesstoken": null}"#);
    folder.failure(&["whoami"], 3, "account.not-logged-in");
    folder.failure(&["logout"], 3, "account.not-logged-in");

    let ran = login(&folder, PASSWORD, &[]);
    let document = ran.json();
    assert_eq!((ran.status, schemas.check(&document).as_str()), (0, "done"), "{ran:?}");
    assert_eq!((&document["user_name"], &document["user_id"]), (&json!(USER), &json!("user-7")));
    let file = folder.json(FILE);
    assert!(file["other"][0] == 1 && file["idtoken"].is_string() && file["refreshtoken"].is_string(), "{file}");
    assert_eq!(folder.done(&["profile", "show"])["profile"]["logged_in"], true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(folder.path(FILE).metadata().expect("there").permissions().mode() & 0o777, 0o600);
    }
    let who = folder.done(&["whoami"]);
    assert_eq!((schemas.check(&who).as_str(), &who["user_name"]), ("done", &json!(USER)));

    let out = folder.done(&["logout"]);
    assert_eq!((schemas.check(&out).as_str(), &out["cloud_told"]), ("done", &json!(true)));
    assert_eq!(folder.json(FILE), json!({"other": [1]}));
    assert!(cloud.with(|state| state.calls.contains(&"POST /v1/logout2?logout_all=false".to_owned())));
    folder.failure(&["whoami"], 3, "account.not-logged-in");
}

#[test]
fn the_password_comes_from_every_place() {
    let cloud = Cloud::start();
    let folder = folder(&cloud);
    folder.put("password", &format!("{PASSWORD}\n"));
    let file = folder.path("password");
    let file = file.to_str().expect("a plain path");
    for words in [
        &["login", "--user-name", USER, "--password", PASSWORD][..],
        &["login", "--user_name", USER, "--password-file", file],
        &["login", "--email", USER, "--password_file", file, "--profile", "lab"],
    ] {
        folder.done(words);
    }
    let mut child = command(folder.0.path(), &["login", "--email", USER, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), PASSWORD.as_bytes()).expect("it reads");
    assert!(child.wait().expect("it ends").success());
    folder.failure(&["login"], 2, "usage.answer-missing");
    folder.failure(&["login", "--email", USER], 2, "usage.answer-missing");
    folder.failure(&["login", "--email", USER, "--password-stdin", "--code-file", "-"], 2, "usage.conflict");
    folder.failure(&["whoami", "--profile", "attic"], 2, "account.unknown-profile");
}

#[test]
fn a_code_is_wanted_right_and_wrong() {
    let cloud = Cloud::start();
    cloud.with(|state| state.wants_code = true);
    let folder = folder(&cloud);
    let codes = [(CODE, 0), ("Zw5-000000", 3)];
    for (code, status) in codes {
        folder.put("code", code);
        let file = folder.path("code");
        let ran = login(&folder, PASSWORD, &["--code-file", file.to_str().expect("a plain path")]);
        assert_eq!(ran.status, status, "{ran:?}");
        if status != 0 {
            assert_eq!(ran.json()["error"]["code"], "account.code-rejected", "{ran:?}");
            assert!(!ran.stdout.contains(code) && !ran.stderr.contains(code), "{ran:?}");
        }
    }
    let ran = login(&folder, PASSWORD, &[]);
    assert_eq!((ran.status, &ran.json()["error"]["code"]), (2, &json!("usage.answer-missing")), "{ran:?}");
}

#[test]
fn a_wrong_password_keeps_the_login_there_is() {
    let cloud = Cloud::start();
    let folder = logged_in(&cloud, 3600);
    let before = folder.text(FILE);
    let ran = login(&folder, "Zw6-not-the-password", &[]);
    assert_eq!((ran.status, &ran.json()["error"]["code"]), (3, &json!("account.password-rejected")), "{ran:?}");
    assert!(!ran.stdout.contains("Zw6") && !ran.stderr.contains("Zw6"), "{ran:?}");
    assert_eq!(folder.text(FILE), before);
}

#[test]
fn a_login_is_renewed_before_it_ends_and_where_it_is_refused() {
    let cloud = Cloud::start();
    for (left, revoked, renewals) in [(3600, false, 0), (60, false, 1), (-5, false, 1), (3600, true, 1)] {
        let folder = logged_in(&cloud, left);
        let before = folder.json(FILE);
        cloud.with(|state| {
            state.renewals = 0;
            if revoked {
                state.accepted.clear();
            }
        });
        folder.done(&["whoami"]);
        let after = folder.json(FILE);
        assert_eq!(cloud.with(|state| state.renewals), renewals, "{left}");
        assert_eq!(after["refreshtoken"], before["refreshtoken"]);
        assert_eq!(after["accesstoken"] == before["accesstoken"], renewals == 0, "{left}");
    }
}

#[test]
fn a_token_that_is_none_is_renewed() {
    let cloud = Cloud::start();
    let folder = logged_in(&cloud, 3600);
    for broken in ["nonsense", "a.b.c", "e30.e30.x"] {
        let mut file = folder.json(FILE);
        file["accesstoken"] = broken.into();
        file["idtoken"] = broken.into();
        folder.put(FILE, &file.to_string());
        assert_eq!(folder.done(&["whoami"])["user_name"], USER, "{broken}");
    }
}

#[test]
fn a_login_that_the_cloud_ended_is_said_and_kept() {
    let cloud = Cloud::start();
    let folder = logged_in(&cloud, -5);
    cloud.with(|state| state.refreshable.clear());
    let before = folder.text(FILE);
    let error = folder.failure(&["whoami"], 3, "account.login-expired");
    assert!(error["hints"][0].as_str().is_some_and(|hint| hint.contains("espctl login")), "{error}");
    assert_eq!(folder.text(FILE), before);
    folder.put(FILE, r#"{"accesstoken": "nonsense"}"#);
    folder.failure(&["whoami"], 3, "account.login-expired");
}

#[test]
fn a_cloud_that_cannot_answer_takes_no_login_away() {
    let portal =
        "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (answer, times, code) in [
        (whole(429, "{}"), 9, "backend.unavailable"),
        (whole(500, "{}"), 9, "backend.unavailable"),
        (whole(503, "{}"), 9, "backend.unavailable"),
        (String::new(), 9, "backend.unreachable"),
        (whole(200, "<html>Welcome to the hotel</html>"), 9, "backend.bad-reply"),
        (portal.to_owned(), 9, "backend.bad-reply"),
        (whole(200, r#"{"status":"success"}"#), 9, "backend.bad-reply"),
        (whole(503, "{}"), 1, ""),
    ] {
        let cloud = Cloud::start();
        let folder = logged_in(&cloud, -5);
        let before = folder.text(FILE);
        cloud.with(|state| state.first = vec![answer.clone(); times].into());
        if code.is_empty() {
            folder.done(&["whoami"]);
        } else {
            folder.failure(&["whoami"], if code == "backend.login-needed" { 3 } else { 30 }, code);
            assert_eq!(folder.text(FILE), before, "{answer}");
        }
    }
}

#[test]
fn a_clock_that_is_a_day_off_is_said_and_the_login_works() {
    for (clock, words) in [(-86_400, "1440 minutes ahead of"), (86_400, "1440 minutes behind")] {
        let cloud = Cloud::start();
        cloud.with(|state| state.clock = clock);
        let folder = logged_in(&cloud, 3600);
        // Behind, the token seems to last; the cloud knows better.
        cloud.with(|state| state.accepted.clear());
        let document = folder.done(&["whoami"]);
        assert!(document["warnings"][0].as_str().is_some_and(|warning| warning.contains(words)), "{document}");
    }
}

#[test]
fn a_half_written_login_is_said_and_a_new_one_replaces_it() {
    let cloud = Cloud::start();
    let folder = folder(&cloud);
    folder.put(FILE, r#"{"idtoken": "Zt3-to"#);
    let ran = folder.run(&["whoami"]);
    assert_eq!((ran.status, &ran.json()["error"]["code"]), (3, &json!("account.files-damaged")), "{ran:?}");
    assert!(!ran.stderr.contains("Zt3") && ran.stderr.contains("espctl login --profile lab"), "{ran:?}");
    assert_eq!(login(&folder, PASSWORD, &[]).status, 0);
    folder.done(&["whoami"]);
}

#[test]
fn many_processes_renew_once() {
    let cloud = Cloud::start();
    let folder = logged_in(&cloud, -5);
    cloud.with(|state| (state.rotates, state.delay) = (true, Duration::from_millis(200)));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| folder.done(&["whoami"]));
        }
    });
    assert_eq!(cloud.with(|state| state.renewals), 1);
}

#[test]
fn a_run_killed_while_it_renews_leaves_a_login_that_works() {
    let cloud = Cloud::start();
    let folder = logged_in(&cloud, -5);
    cloud.with(|state| state.life = 1);
    for round in 0..20 {
        let mut child = command(folder.0.path(), &["whoami"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        thread::sleep(Duration::from_millis(4 * round));
        child.kill().expect("killed");
        child.wait().expect("ended");
        for name in [FILE, "profiles/profiles.json"] {
            assert!(serde_json::from_str::<Value>(&folder.text(name)).is_ok(), "round {round}: {name}");
        }
    }
    folder.done(&["whoami"]);
}

#[test]
fn a_logout_without_the_cloud_is_one_here() {
    let cloud = Cloud::start();
    let folder = logged_in(&cloud, 3600);
    cloud.with(|state| state.first = vec![whole(500, "{}"); 9].into());
    let document = folder.done(&["logout"]);
    assert_eq!(document["cloud_told"], false);
    assert!(document["warnings"][0].as_str().is_some_and(|warning| warning.contains("was not told")), "{document}");
    assert!(folder.json(FILE).get("accesstoken").is_none());
}

#[test]
fn a_logout_ends_a_login_from_before_there_were_profiles() {
    let folder = Folder::new();
    folder.put("rainmaker_config.json", r#"{"accesstoken": "nonsense", "other": 1}"#);
    // There is no token with which it could be renewed, so no cloud is asked.
    folder.done(&["logout", "--profile", "global"]);
    assert_eq!(folder.json("rainmaker_config.json"), json!({"other": 1}));
    folder.failure(&["whoami"], 3, "account.not-logged-in");
}
