//! No file of `src/` uses, by whatever way round, a file that uses it: each can be read, and moved, after those below it.

use std::collections::BTreeSet;
use std::fs;

use crate::architecture::{root, sources};
use crate::imports::{arrows, circles};

/// The files whose circles docs/ARCHITECTURE.md gives a reason for, below its heading `Circles of files`.
fn explained() -> BTreeSet<String> {
    let document = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let (_, section) = document.split_once("\n## Circles of files\n").expect("a section on circles");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.split('`').filter_map(|word| word.strip_prefix("src/")).map(str::to_owned).collect()
}

#[test]
fn files_do_not_use_each_other_in_circles() {
    let arrows = arrows(sources().into_iter().map(|source| (source.path, source.text)));
    let explained = explained();
    let mut complaints = Vec::new();
    let mut found = BTreeSet::new();
    for circle in circles(&arrows) {
        found.extend(circle.iter().cloned());
        if circle.iter().all(|file| explained.contains(file)) {
            continue;
        }
        complaints.push("these files use each other in a circle; move what they share below them:".to_owned());
        for file in &circle {
            let used: Vec<&str> =
                arrows[file].iter().filter(|used| circle.contains(used)).map(String::as_str).collect();
            complaints.push(format!("    src/{file} uses {}", used.join(", ")));
        }
    }
    for file in &explained {
        if !file.starts_with("sim/") {
            complaints.push(format!("src/{file}: only circles inside src/sim can have a reason"));
        } else if !found.contains(file) {
            complaints.push(format!("src/{file} is in no circle: take it out of docs/ARCHITECTURE.md"));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn circles_are_found_however_a_file_names_another() {
    let shared = [
        ("lib.rs", "pub mod a; pub mod b;"),
        ("a/mod.rs", "mod deep; pub use deep::Deep; // use crate::b::B;\npub struct A;"),
        ("a/deep.rs", "use super::A;\npub struct Deep;"),
    ];
    let found = |b: &str| {
        let files = shared.iter().copied().chain([("b.rs", b)]);
        let arrows = arrows(files.map(|(file, text)| (file.to_owned(), text.to_owned())));
        arrows["b.rs"].iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(found("use crate::a::Deep;"), ["a/deep.rs"], "through a re-export");
    assert_eq!(found("use crate::a::{A, deep as other};"), ["a/mod.rs"], "a module alone is no use of it");
    assert_eq!(found("use crate::a;\nfn f(_: a::Deep) {}"), ["a/deep.rs"], "through an imported module");
    assert_eq!(found("fn f<'a>(_: &'a super::a::A) { ':'; }"), ["a/mod.rs"], "without an import");
    assert_eq!(found("const X: &str = \"crate::a::A\"; /* crate::a::A */"), [""; 0], "text and comments");
    assert_eq!(found("#[cfg(test)]\nmod tests { use crate::a::A; }"), [""; 0], "tests inside a file");

    let circle = |deep: &str| {
        let mut files = shared;
        files[2].1 = deep;
        files[1].1 = "mod deep; use self::deep::Deep; pub struct A;";
        circles(&arrows(files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))))
    };
    assert_eq!(circle("use super::A; pub struct Deep;"), [["a/deep.rs", "a/mod.rs"]]);
    assert!(circle("pub struct Deep;").is_empty());
}
