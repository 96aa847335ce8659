//! espctl: see `src/lib.rs` for the picture.

fn main() {}
