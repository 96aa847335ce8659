//! The checked-in message types are what `proto/` generates today.
//!
//! To regenerate after changing a `.proto` file: `ESPCTL_REGENERATE=1 cargo test --test repository`.

use std::path::Path;

#[test]
fn generated_messages_match_the_proto_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(root.join("proto"))
        .expect("proto/ is readable")
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    files.sort();
    let descriptors = protox::compile(&files, [root.join("proto")]).expect("the .proto files compile");

    let out = tempfile::tempdir().expect("a temporary directory");
    prost_build::Config::new()
        .skip_debug(["CmdSetWifi", "CmdSetThread", "CmdSetUserMapping"])
        .out_dir(out.path())
        .compile_fds(descriptors)
        .expect("the descriptors generate");
    let fresh = std::fs::read_to_string(out.path().join("protocomm.rs")).expect("one generated file");

    let checked_in = root.join("src/wire/generated.rs");
    if std::env::var_os("ESPCTL_REGENERATE").is_some() {
        std::fs::write(&checked_in, &fresh).expect("generated.rs is writable");
    }
    let present = std::fs::read_to_string(&checked_in).expect("generated.rs is readable");
    assert!(present == fresh, "src/wire/generated.rs is stale: run ESPCTL_REGENERATE=1 cargo test --test repository");
}
