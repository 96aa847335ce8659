//! Names and secrets of the stand-in cloud, drawn from the system.

/// So many random bytes.
pub(super) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

/// A name that nothing else has.
pub(super) fn name() -> String {
    hex::encode(bytes::<16>())
}

/// A code of six digits.
pub(super) fn code() -> String {
    format!("{:06}", u32::from_be_bytes(bytes()) % 1_000_000)
}
