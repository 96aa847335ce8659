//! Mutated messages and noise at every place of every handshake, the same ones in every run: nothing panics, and
//! nothing gets past a proof but the proof.

use espctl::security::{CipherError, Next, NonceRule, SCHEMES};
use espctl::wire::messages::SessionData;
use prost::Message;
use rand_core::Rng;

use crate::attacks::{Stage, places, proof};
use crate::common::{connect, credentials, identity, seeded};

/// Rounds for each place; security 2's cost some milliseconds each.
fn rounds(version: u8) -> u32 {
    if version == 2 { 150 } else { 3000 }
}

/// A number below `bound`.
fn below(rng: &mut impl Rng, bound: usize) -> usize {
    usize::try_from(rng.next_u32()).expect("32 bits") % bound
}

fn noise(rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = vec![0; below(rng, 1001)];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// One to four changes: a bit, a byte, a byte more or less, a run repeated, the end cut off.
fn mutated(valid: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=below(rng, 4) {
        let at = below(rng, bytes.len().max(1));
        let byte = rng.next_u32().to_le_bytes()[0];
        match below(rng, 6) {
            _ if bytes.is_empty() => bytes.push(byte),
            0 => bytes[at] ^= 1 << (byte % 8),
            1 => bytes[at] = byte,
            2 => bytes.insert(at, byte),
            3 => drop(bytes.remove(at)),
            4 => bytes.extend_from_within(at..),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn proof_in(message: &[u8]) -> Option<Vec<u8>> {
    proof(&mut SessionData::decode(message).ok()?).cloned()
}

#[test]
fn handshakes_take_anything_without_a_panic() {
    let mut rng = seeded(0x6675_7a7a);
    for (version, due) in places() {
        let mut taken = 0;
        for round in 0..rounds(version) {
            let stage = Stage::reach(version, due, &mut rng);
            let message = if round % 4 == 0 { noise(&mut rng) } else { mutated(&stage.valid, &mut rng) };
            if let Ok(turn) = stage.waiting.advance(&message) {
                taken += 1;
                if version > 0 && matches!(turn.next, Next::Established(_)) {
                    assert_eq!(proof_in(&message), proof_in(&stage.valid), "{}", hex::encode(&message));
                }
            }
        }
        assert!(taken < rounds(version) / 2, "security {version}, {due:?}: {taken} taken, nothing was mutated");
    }
}

#[test]
fn ciphers_take_anything_without_a_panic() {
    let mut rng = seeded(0x7365_616c);
    for scheme in SCHEMES {
        for nonce_rule in [NonceRule::Counting, NonceRule::Static] {
            let identity = identity(scheme.version(), nonce_rule);
            let (mut client, mut device) = connect(*scheme, &credentials(), &identity, &mut rng);
            for _ in 0..1000 {
                let sealed = if below(&mut rng, 2) == 0 {
                    noise(&mut rng)
                } else {
                    let plain = noise(&mut rng);
                    let sealed = client.seal(&plain).expect("sealed");
                    let changed = mutated(&sealed, &mut rng);
                    if changed == sealed {
                        continue;
                    }
                    changed
                };
                let opened = device.open(&sealed);
                assert_eq!(opened.err(), (scheme.version() == 2).then_some(CipherError::Tampered));
            }
        }
    }
}
