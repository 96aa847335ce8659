//! Every input that is kept in `tests/fuzz/corpus/` goes through the decoder that it was made for.

use std::fs;
use std::path::Path;

use crate::decoders::{ALL, run};

#[test]
fn what_the_fuzzer_began_with_and_found_is_read_without_a_panic() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut folders: Vec<String> = fs::read_dir(&corpus)
        .expect("a corpus")
        .map(|entry| entry.expect("a folder").file_name().into_string().expect("a plain name"))
        .collect();
    folders.sort();
    assert_eq!(folders, ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "one folder for each decoder");
    for (name, _) in ALL {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus.join(name)).expect("a folder") {
            let path = entry.expect("an input").path();
            let input = fs::read(&path).expect("an input");
            if let Err(panic) = std::panic::catch_unwind(|| run(name, &input)) {
                eprintln!("{}", path.display());
                std::panic::resume_unwind(panic);
            }
            inputs += 1;
        }
        assert!(inputs > 0, "{name} has no input");
    }
}

#[test]
fn every_decoder_has_a_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("a manifest");
    for (name, _) in ALL {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not in the manifest");
        let target = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).expect(name);
        assert!(target.contains(&format!("decoders::run({name:?}, ")), "{name}: {target}");
    }
}
