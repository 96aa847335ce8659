//! Fuzzes the decoder `locator` of `tests/library/decoders.rs`.

#![no_main]

#[path = "../../library/decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decoders::run("locator", data));
