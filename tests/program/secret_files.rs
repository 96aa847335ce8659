//! Secrets in files and on standard input: byte order marks, blanks at an end, bytes that no secret has, and `-`.

use std::fs;

use crate::support::{NETWORK, POP, QUICK, run, run_with};

fn provision(options: &[&str]) -> Vec<String> {
    [&["provision", "--device", QUICK, "--json", "--no-input"], options]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_file_from_windows_is_read_and_a_blank_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path.to_str().expect("a plain path").to_owned()
    };
    let pop = file("pop.txt", b"\xef\xbb\xbfabcd1234\r\n");
    let passphrase = file("passphrase.txt", b"\xef\xbb\xbfcorrect-horse-battery\r\n");
    let ran = run(provision(&["--pop-file", &pop, "--ssid", "HomeNet", "--passphrase-file", &passphrase]));
    assert!(ran.status == 0 && ran.json().get("warnings").is_none(), "{ran:?}");

    let blank = file("blank.txt", b"abcd1234 \n");
    let ran = run(provision(&[&["--pop-file", &blank], &NETWORK[..]].concat()));
    let told = ran.json()["warnings"][0].as_str().unwrap_or_default().to_owned();
    assert!(ran.status == 21 && told.contains("blank.txt ends with a blank"), "{ran:?}");

    for (name, bytes, says) in [
        ("utf16.txt", &b"\xff\xfea\0b\0c\0d\0"[..], "UTF-16"),
        ("zero.txt", b"abcd\x001234", "control character"),
        ("key.txt", b"abcd1234\x1b[A\n", "control character"),
    ] {
        let path = file(name, bytes);
        for option in ["--pop-file", "--sec2-password-file", "--passphrase-file"] {
            let ran = run(["provision", "--device", QUICK, "--ssid", "HomeNet", "--no-input", option, &path]);
            assert_eq!(ran.code(), Some("file.unreadable"), "{option} {name}: {ran:?}");
            assert!(ran.stderr.contains(says) && !ran.stderr.contains("Connected"), "{option} {name}: {ran:?}");
        }
    }
    let typed = run([&["provision", "--device", QUICK, "--no-input", "--pop", "abcd\u{1b}[A"], &NETWORK[..]].concat());
    assert_eq!((typed.status, typed.code()), (2, Some("usage.invalid-value")), "{typed:?}");
}

#[test]
fn a_hyphen_is_standard_input_wherever_a_file_is_read() {
    let pop = run_with(b"abcd1234\n", provision(&[&["--pop-file", "-"], &NETWORK[..]].concat()));
    assert_eq!(pop.status, 0, "{pop:?}");
    let passphrase = ["--pop", POP, "--ssid", "HomeNet", "--passphrase-file", "-"];
    assert_eq!(run_with(b"correct-horse-battery\n", provision(&passphrase)).status, 0);
    let key = [&["--pop", POP, "--user-id", "someone", "--secret-key-file", "-"], &NETWORK[..]].concat();
    let key = run_with(b"the-key\n", provision(&key));
    assert!(!key.stdout.contains("No such file"), "{key:?}");
    let password = provision(&[&["--sec2-password-file", "-"], &NETWORK[..]].concat());
    assert_eq!(run_with(b"abcd1234\n", password).status, 0);
    let empty = run_with(b"", provision(&[&["--pop-file", "-"], &NETWORK[..]].concat()));
    assert!(empty.stdout.contains("--pop-file - found nothing"), "{empty:?}");
    for two in [["--pop-stdin", "--passphrase-file=-"], ["--pop-file=-", "--secret-key-file=-"]] {
        let ran = run_with(b"x", [&["provision", "--device", QUICK, "--ssid", "HomeNet"][..], &two].concat());
        assert!(ran.code() == Some("usage.conflict") && ran.stderr.contains("both read standard input"), "{ran:?}");
    }
}

#[test]
fn a_hyphen_is_refused_where_a_file_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    for line in [&["info", "--device", "sim:", "--trace", "-"][..], &["man", "--out", "-"]] {
        let ran = crate::support::finish(crate::support::espctl(line).current_dir(folder.path()));
        assert_eq!((ran.status, ran.code()), (2, Some("usage.invalid-value")), "{ran:?}");
        assert!(ran.stderr.contains("- stands for standard input"), "{ran:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "a file named - was made");
}
