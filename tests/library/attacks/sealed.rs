//! Attacks on an established session: what each scheme notices, and what it cannot.

use espctl::security::{Cipher, CipherError, NonceRule, scheme};

use crate::attacks::{Due, Stage, nonce};
use crate::common::{connect, credentials, established, identity, seeded};

type Ends = (Box<dyn Cipher>, Box<dyn Cipher>);

/// Our client and our device in session.
fn session(version: u8, nonce_rule: NonceRule, seed: u64) -> Ends {
    let scheme = scheme(version).expect("a scheme we speak");
    connect(scheme, &credentials(), &identity(version, nonce_rule), &mut seeded(seed))
}

fn seal(cipher: &mut Box<dyn Cipher>, plain: &[u8]) -> Vec<u8> {
    cipher.seal(plain).expect("sealed")
}

#[track_caller]
fn assert_tampered(cipher: &mut Box<dyn Cipher>, sealed: &[u8]) {
    assert_eq!(cipher.open(sealed), Err(CipherError::Tampered));
}

#[track_caller]
fn assert_opens(cipher: &mut Box<dyn Cipher>, sealed: &[u8], plain: &[u8]) {
    assert_eq!(cipher.open(sealed).as_deref(), Ok(plain));
}

/// Every message has its own IV: a message again, in another place or sent back to its sender is refused. The refusal
/// uses no count, as on the firmware, so the right message still opens.
#[test]
fn security_2_counting_nonce_refuses_replays_reorderings_and_reflections() {
    let (mut client, mut device) = session(2, NonceRule::Counting, 1);
    let first = seal(&mut client, b"first");
    assert_tampered(&mut client, &first); // reflected
    assert_opens(&mut device, &first, b"first");
    assert_tampered(&mut device, &first); // replayed

    let (mut client, mut device) = session(2, NonceRule::Counting, 2);
    let (first, second) = (seal(&mut client, b"first"), seal(&mut client, b"second"));
    assert_tampered(&mut device, &second); // out of order
    assert_opens(&mut device, &first, b"first");
    assert_opens(&mut device, &second, b"second");
    assert_tampered(&mut device, &first);
}

/// Patch 0 seals everything, both ways, under one IV: it authenticates each message and not its place. Replays,
/// reorderings and reflections pass, equal messages look equal, and two messages give away the XOR of their plain
/// texts. That is the defect patch 1 mends; a client can only say that the device has it.
#[test]
fn security_2_static_nonce_cannot_tell_replays_reorderings_or_reflections() {
    let (mut client, mut device) = session(2, NonceRule::Static, 1);
    let (first, second) = (seal(&mut client, b"first"), seal(&mut client, b"other"));
    assert_opens(&mut client, &first, b"first"); // reflected
    assert_opens(&mut device, &second, b"other"); // out of order
    assert_opens(&mut device, &first, b"first");
    assert_opens(&mut device, &first, b"first"); // replayed
    assert_eq!(seal(&mut device, b"first"), first);
    for index in 0..5 {
        assert_eq!(first[index] ^ second[index], b"first"[index] ^ b"other"[index]);
    }
}

/// Every bit of ciphertext and tag counts, under both nonce rules; and so does every byte of the length.
#[test]
fn security_2_refuses_every_change() {
    for nonce_rule in [NonceRule::Counting, NonceRule::Static] {
        let (mut client, mut device) = session(2, nonce_rule, 1);
        let sealed = seal(&mut client, b"a message");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_tampered(&mut device, &changed);
        }
        for kept in 0..sealed.len() {
            assert_tampered(&mut device, &sealed[..kept]); // from empty, through shorter than a tag
            assert_tampered(&mut device, &sealed[sealed.len() - kept..]);
        }
        assert_tampered(&mut device, &[&*sealed, &[0]].concat());
        assert_tampered(&mut device, &[0; 16]);
        assert_opens(&mut device, &sealed, b"a message");
    }
}

#[test]
fn security_2_refuses_a_message_of_another_session() {
    for nonce_rule in [NonceRule::Counting, NonceRule::Static] {
        let (mut client, _) = session(2, nonce_rule, 1);
        let (_, mut device) = session(2, nonce_rule, 2);
        assert_tampered(&mut device, &seal(&mut client, b"a message"));
    }
}

/// The device's proof does not cover the nonce: one changed on the way ends in a session that opens nothing. Turned
/// into the other rule's, the client would follow that rule for the one request it sends before it notices.
#[test]
fn security_2_nonce_changed_on_the_way_opens_nothing() {
    for (nonce_rule, length) in [(NonceRule::Counting, 12), (NonceRule::Counting, 16), (NonceRule::Static, 12)] {
        let (_, mut device) = session(2, nonce_rule, 1);
        let sealed_by_device = seal(&mut device, b"a message");
        let (_, mut client) =
            established(Stage::reach_with(2, Due::Response1, nonce_rule, &mut seeded(1)).takes(|data| {
                nonce(data)[0] ^= 1;
                nonce(data).resize(length, 1);
            }));
        assert_tampered(&mut client, &sealed_by_device);
        let (_, mut device) = session(2, nonce_rule, 1);
        assert_tampered(&mut device, &seal(&mut client, b"a message"));
    }
}

/// A client whose device counts from `counter`.
fn counting_from(counter: u32) -> Box<dyn Cipher> {
    let stage = Stage::reach(2, Due::Response1, &mut seeded(1));
    established(stage.takes(|data| nonce(data)[8..].copy_from_slice(&counter.to_be_bytes()))).1
}

/// The counter may not come round: an IV would be used again.
#[test]
fn security_2_counter_is_used_up_at_its_end() {
    let mut client = counting_from(u32::MAX);
    assert!(client.seal(b"the last one").is_ok());
    for _ in 0..3 {
        assert_eq!(client.seal(b"one too many"), Err(CipherError::Exhausted));
        assert_eq!(client.open(&[0; 32]), Err(CipherError::Exhausted));
    }

    let mut client = counting_from(u32::MAX - 1);
    assert_eq!((client.seal(b"1").is_ok(), client.seal(b"2").is_ok(), client.seal(b"3").is_ok()), (true, true, false));
}

/// Counting starts at 1; a device that says 0 is at the end already, as the firmware has it.
#[test]
fn security_2_counter_of_zero_is_used_up_at_once() {
    let mut client = counting_from(0);
    assert_eq!(client.seal(b"first"), Err(CipherError::Exhausted));
    assert_eq!(client.open(&[0; 32]), Err(CipherError::Exhausted));
}

/// Security 1 encrypts and does not authenticate: a flipped bit is the same bit flipped in the plain text, and nobody
/// notices. It is the protocol's; where it matters, use security 2.
#[test]
fn security_1_does_not_notice_tampering() {
    let (mut client, mut device) = session(1, NonceRule::Counting, 1);
    let mut sealed = seal(&mut client, b"ssid: HomeNet");
    sealed[6] ^= b'H' ^ b'N';
    assert_opens(&mut device, &sealed, b"ssid: NomeNet");
}

/// A lost, repeated or shortened message leaves the two ends at different places of the keystream: what follows is
/// noise at the other end, though no error. Hence: after a lost message, a new handshake.
#[test]
fn security_1_streams_out_of_step_diverge() {
    let plain = [0x55; 64];
    let noise = |device: &mut Box<dyn Cipher>, sealed: &[u8]| device.open(sealed).expect("no error") != plain;

    let (mut client, mut device) = session(1, NonceRule::Counting, 1);
    let lost = seal(&mut client, b"lost");
    let next = seal(&mut client, &plain);
    assert!(noise(&mut device, &next));
    assert!(noise(&mut device, &lost));

    let (mut client, mut device) = session(1, NonceRule::Counting, 1);
    let repeated = seal(&mut client, &plain);
    assert_opens(&mut device, &repeated, &plain);
    assert!(noise(&mut device, &repeated));
    assert!(noise(&mut device, &seal(&mut client, &plain)));

    let (mut client, mut device) = session(1, NonceRule::Counting, 1);
    let shortened = seal(&mut client, b"shortened");
    device.open(&shortened[..8]).expect("no error");
    assert!(noise(&mut device, &seal(&mut client, &plain)));
}

/// One keystream for both directions: a reflected message does not come out as it went in.
#[test]
fn security_1_reflected_message_is_noise() {
    let (mut client, _) = session(1, NonceRule::Counting, 1);
    let sealed = seal(&mut client, &[0x55; 64]);
    assert_ne!(client.open(&sealed).as_deref(), Ok(&[0x55; 64][..]));
}
