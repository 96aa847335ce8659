//! No password, code or token in any output, also where the cloud repeats what it was sent.

use std::fs;

use super::cloud::{CODE, Cloud, MARK, PASSWORD, USER};
use super::{Folder, command};
use crate::secrets::forms;

const WRONG: &str = "Zw7-not-the-password";
const PIECE: &str = "Zx8-piece";

#[test]
fn no_secret_of_an_account_shows() {
    let cloud = Cloud::start();
    let folder = Folder::new();
    let searched: Vec<_> = [PASSWORD, CODE, WRONG, PIECE, MARK, "Zs4-session"].into_iter().flat_map(forms).collect();
    folder.done(&["profile", "add", "lab", "--base-url", &cloud.address]);
    folder.done(&["profile", "switch", "lab"]);
    folder.put("code", CODE);
    folder.put("wrong", WRONG);
    let path = |name: &str| folder.path(name).to_str().expect("a plain path").to_owned();
    let (code, wrong) = (path("code"), path("wrong"));
    let file = "profiles/lab_config.json";
    let login: &[&[&str]] = &[
        &["login", "--email", USER, "--password", PASSWORD],
        &["login", "--email", USER, "--password", WRONG],
        &["login", "--email", USER, "--password", PASSWORD, "--code-file", &code],
        &["login", "--email", USER, "--password", PASSWORD, "--code-file", &wrong],
        &["login", "--email", USER, "--password", PASSWORD, "--bogus"],
        &["login", "--email", USER, "--password", PASSWORD, PIECE],
        &["login", "--email", USER, PASSWORD],
        &["login", "--email", USER, "--password", PASSWORD, "--password-stdin"],
        &["login", "--password", PASSWORD],
        &["login", "--password", PASSWORD, "--email", ""],
        &["login", "--profile", "attic", "--password", PASSWORD, "--email", USER],
        &["profile", "add", "x", "--base-url", "https://ana:Zx8-piece@h"],
        &["profile", "add", "x", "--base-url", "https://h/?key=Zx8-piece"],
    ];
    let others: &[&[&str]] = &[&["whoami"], &["profile", "show"], &["profile", "list"], &["logout"]];
    let kept: Vec<_> = [3600, -5].iter().map(|left| cloud.login(*left).to_string()).collect();
    for round in 0..4 {
        cloud.with(|state| {
            state.wants_code = round == 1;
            if round == 2 {
                state.accepted.clear();
                state.refreshable.clear();
            }
        });
        for words in login.iter().chain(others) {
            match round {
                3 => folder.put(file, &kept[0][..kept[0].len() - 3]),
                _ if words[0] != "login" => folder.put(file, &kept[round % 2]),
                _ => {}
            }
            for manner in [&["--no-input"][..], &["--no-input", "-vv"]] {
                let ran = crate::support::finish(&mut command(folder.0.path(), &[*words, manner].concat()));
                let output = ran.stdout.clone() + &ran.stderr;
                let found = searched.iter().find(|form| output.contains(form.as_str()));
                assert!(found.is_none(), "{round} {words:?}: {found:?}\n{output}");
                assert!(!ran.stderr.contains("panicked"), "{ran:?}");
            }
        }
    }
    assert!(fs::read_dir(folder.path("profiles")).expect("a folder").count() > 2);
}
