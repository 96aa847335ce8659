//! `espctl profile`, and the files it leaves for esp-rainmaker-cli.

use std::fs;
use std::thread;

use super::Folder;

const URL: &str = "http://127.0.0.1:8090";

#[test]
fn without_files_the_regions_are_there_and_nothing_is_written() {
    let folder = Folder::new();
    let list = folder.done(&["profile", "list"]);
    let names: Vec<_> = list["profiles"].as_array().expect("a list").iter().map(|row| row["name"].clone()).collect();
    assert_eq!((&list["current"], names), (&"global".into(), vec!["global".into(), "china".into()]));
    let china = folder.done(&["profile", "show", "china"]);
    assert_eq!(china["profile"]["base_url"], "https://api2.rainmaker.espressif.com.cn/v1/");
    assert_eq!(fs::read_dir(folder.path("")).expect("the folder").count(), 0);
}

#[test]
fn a_profile_is_added_made_current_and_removed() {
    let folder = Folder::new();
    let added = folder.done(&["profile", "add", "lab", "--base-url", URL, "--description", "The lab"]);
    assert_eq!(added["profile"]["base_url"], "http://127.0.0.1:8090/v1/");
    let file = folder.json("profiles/profiles.json");
    let expected = serde_json::json!({
        "name": "lab", "description": "The lab", "host": "http://127.0.0.1:8090/v1/", "builtin": false,
        "ui_login_supported": false, "node_cache_enabled": false,
    });
    assert_eq!(file["custom_profiles"]["lab"], expected);
    assert_eq!(file["profiles"]["global"]["host"], "https://api.rainmaker.espressif.com/v1/");

    folder.done(&["profile", "switch", "lab"]);
    assert_eq!(folder.text("profiles/current_profile"), "lab");
    assert_eq!(folder.done(&["profile", "current"])["profile"]["name"], "lab");

    folder.put("profiles/lab_config.json", r#"{"accesstoken": "a"}"#);
    folder.done(&["profile", "remove", "lab"]);
    assert!(!folder.path("profiles/lab_config.json").exists());
    assert_eq!(folder.text("profiles/current_profile"), "global");
    assert_eq!(folder.json("profiles/profiles.json")["custom_profiles"], serde_json::json!({}));
}

#[test]
fn what_is_not_espctls_own_stays() {
    let folder = Folder::new();
    folder.put(
        "profiles/profiles.json",
        r#"{"profiles": {"global": {"name": "global", "host": "https://elsewhere.example/v1/", "node_cache_enabled": true}},
            "custom_profiles": {"a": {"host": "https://a.example/v1/", "x": [1]}}, "later": 7}"#,
    );
    folder.done(&["profile", "add", "b", "--base-url", "https://b.example/v1"]);
    let file = folder.json("profiles/profiles.json");
    assert_eq!((&file["later"], &file["custom_profiles"]["a"]["x"][0]), (&7.into(), &1.into()));
    assert_eq!(file["profiles"]["global"]["node_cache_enabled"], true);
    assert_eq!(folder.done(&["profile", "current"])["profile"]["base_url"], "https://elsewhere.example/v1/");
}

#[test]
fn the_login_from_before_there_were_profiles_is_carried_over() {
    let folder = Folder::new();
    let old = r#"{"idtoken": "i", "refreshtoken": "r", "accesstoken": "a", "host": "https://api2.rainmaker.espressif.com.cn/v1/"}"#;
    folder.put("rainmaker_config.json", old);
    fs::remove_dir(folder.path("profiles")).expect("an empty folder");
    let profile = folder.done(&["profile", "current"])["profile"].clone();
    assert_eq!((&profile["name"], &profile["logged_in"]), (&"china".into(), &true.into()));
    assert!(!folder.path("profiles").exists(), "reading writes nothing");

    folder.done(&["profile", "add", "lab", "--base-url", URL]);
    assert_eq!(folder.text("profiles/current_profile"), "china");
    let tokens = serde_json::json!({"idtoken": "i", "refreshtoken": "r", "accesstoken": "a"});
    assert_eq!(folder.json("profiles/china_config.json"), tokens);
    assert_eq!(folder.text("rainmaker_config.json"), old);
}

#[test]
fn a_login_is_never_taken_to_another_cloud() {
    let folder = Folder::new();
    folder.put("rainmaker_config.json", r#"{"accesstoken": "a", "host": "https://own.example/v1/"}"#);
    folder.done(&["profile", "add", "lab", "--base-url", URL]);
    let list = folder.done(&["profile", "list"]);
    let logged_in = list["profiles"].as_array().expect("a list").iter().any(|row| row["logged_in"] == true);
    assert!(!logged_in, "{list}");
}

#[test]
fn bad_input_is_refused_with_the_way_out() {
    let folder = Folder::new();
    for words in [
        &["profile", "add", "lab", "--base-url", "api.example.com"][..],
        &["profile", "add", "lab", "--base-url", "https://u:p@h"],
        &["profile", "add", "../lab", "--base-url", URL],
        &["profile", "add", "", "--base-url", URL],
        &["profile", "add", "china", "--base-url", URL],
        &["profile", "remove", "global"],
    ] {
        folder.failure(words, 2, "usage.invalid-value");
    }
    for words in [&["profile", "show", "attic"][..], &["profile", "switch", "attic"], &["profile", "remove", "attic"]] {
        let error = folder.failure(words, 2, "account.unknown-profile");
        assert_eq!(error["causes"][0], "there are: global, china");
    }
    folder.put("profiles/current_profile", "gone\n");
    let error = folder.failure(&["profile", "current"], 2, "account.unknown-profile");
    assert_eq!(error["causes"][0], "profiles/current_profile names it");
    folder.done(&["profile", "list"]);
    folder.done(&["profile", "switch", "global"]);
}

#[test]
fn a_half_written_file_is_named_and_left_as_it_is() {
    let folder = Folder::new();
    for half in ["", "{\"profiles\": {\"glob", "[]", "{\"profiles\": 7}"] {
        folder.put("profiles/profiles.json", half);
        for words in [&["profile", "list"][..], &["profile", "add", "lab", "--base-url", URL]] {
            let error = folder.failure(words, 3, "account.files-damaged");
            assert!(error["causes"][0].as_str().is_some_and(|cause| cause.contains("profiles.json")), "{error}");
        }
        assert_eq!(folder.text("profiles/profiles.json"), half);
    }
}

#[cfg(unix)]
#[test]
fn files_are_private_and_links_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let target = elsewhere.path().join("real.json");
    fs::write(&target, "{}").expect("a file");
    folder.put("profiles/current_profile", "global");
    std::os::unix::fs::symlink(&target, folder.path("profiles/profiles.json")).expect("a link");
    folder.done(&["profile", "add", "lab", "--base-url", URL]);
    assert!(fs::symlink_metadata(folder.path("profiles/profiles.json")).expect("there").is_symlink());
    assert!(fs::read_to_string(&target).expect("text").contains("127.0.0.1:8090"));
    assert_eq!(target.metadata().expect("there").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    fs::write(folder.path("profiles"), "a file where a folder has to be").expect("a file");
    folder.failure(&["profile", "add", "lab", "--base-url", URL], 3, "account.files-unusable");
}

#[test]
fn many_at_once_lose_nothing() {
    let folder = Folder::new();
    thread::scope(|scope| {
        for number in 0..8 {
            let folder = &folder;
            scope.spawn(move || folder.done(&["profile", "add", &format!("lab{number}"), "--base-url", URL]));
        }
    });
    let list = folder.done(&["profile", "list"]);
    assert_eq!(list["profiles"].as_array().map(Vec::len), Some(10), "{list}");
}

#[test]
fn a_cloud_without_encryption_is_warned_of_before_anything_is_sent() {
    let folder = Folder::new();
    let add = |name, url| folder.run(&["profile", "add", name, "--base-url", url]);
    let exposed = add("lab", "http://192.0.2.1:8090");
    let warned = |document: &serde_json::Value| document["warnings"].to_string().contains("not encrypted");
    assert!(exposed.status == 0 && exposed.stderr.contains("warning:") && warned(&exposed.json()), "{exposed:?}");
    for (name, url) in [("here", URL), ("tls", "https://192.0.2.1")] {
        let fine = add(name, url);
        assert!(fine.status == 0 && !fine.stderr.contains("warning:") && !warned(&fine.json()), "{fine:?}");
    }
    // Each use of the account says so again; without a login nothing is sent.
    let used = folder.run(&["whoami", "--profile", "lab"]);
    assert!(used.status == 3 && used.stderr.contains("not encrypted"), "{used:?}");
}
