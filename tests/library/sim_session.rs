//! Secure sessions with the simulated device: every scheme, wrong proofs, spoiled handshakes.
//!
//! The client's half is the crate's own; that both do not share a mistake is shown by the recorded handshakes.

use std::time::Duration;

use espctl::security::{self, Cipher, Credentials, Next};
use espctl::sim::{Device, DeviceOptions, Event, Refusal};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const MS: Duration = Duration::from_millis(1);

fn options(parameters: &[(&str, &str)]) -> DeviceOptions {
    DeviceOptions::from_parameters(parameters.iter().copied()).expect("options")
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hex")
}

/// A client's half of a session, with the schemes' own code.
fn establish(device: &mut Device, version: u8, secret: &str) -> Result<Box<dyn Cipher>, String> {
    let credentials = Credentials {
        pop: Some(secret.into()),
        username: security::DEFAULT_USERNAME.into(),
        password: Some(secret.into()),
    };
    let mut rng = ChaCha20Rng::seed_from_u64(99);
    let scheme = security::scheme(version).expect("a scheme");
    let mut turn = scheme.initiate(&credentials, 0, &mut rng).expect("a first message");
    loop {
        let handshake = match turn.next {
            Next::Established(cipher) => return Ok(cipher),
            Next::Await(handshake) => handshake,
        };
        let send = turn.send.expect("a message");
        let reply = device.handle(Duration::ZERO, "prov-session", &send).map_err(|error| format!("{error:?}"))?;
        turn = handshake.advance(&reply.body).map_err(|error| error.to_string())?;
    }
}

fn call(device: &mut Device, cipher: &mut dyn Cipher, endpoint: &str, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
    let sealed = cipher.seal(plain).expect("sealed");
    let reply = device.handle(Duration::ZERO, endpoint, &sealed)?;
    Ok(cipher.open(&reply.body).expect("opened"))
}

const CONNECTING: &[u8] = &[0x08, 0x01, 0x5a, 0x02, 0x10, 0x01];

#[test]
fn sessions_stand_in_every_scheme_and_nonce_rule() {
    for (profile, security) in [
        ("netprov-1.2", 0),
        ("netprov-1.2", 1),
        ("netprov-1.2", 2),
        ("idf-5.0", 2),
        ("idf-4.4", 1),
        ("pre-manager", 1),
        ("rainmaker", 2),
    ] {
        let mut device = Device::new(options(&[("profile", profile), ("sec-ver", &security.to_string())]));
        let mut cipher = establish(&mut device, security, "abcd1234").expect(profile);
        for _ in 0..3 {
            let status = call(&mut device, &mut *cipher, "prov-config", &[0x52, 0x00]);
            assert_eq!(status.as_deref(), Ok(CONNECTING), "{profile}, security {security}");
        }
    }
}

#[test]
fn a_handler_that_fails_after_decryption_leaves_the_session_usable() {
    for security in [1, 2] {
        let mut device = Device::new(options(&[("sec-ver", &security.to_string())]));
        let mut cipher = establish(&mut device, security, "abcd1234").expect("a session");
        assert_eq!(call(&mut device, &mut *cipher, "prov-config", &[0x08, 0x63]), Err(Refusal::Handler));
        assert_eq!(call(&mut device, &mut *cipher, "prov-config", &[0x52, 0x00]).as_deref(), Ok(CONNECTING));
    }
}

#[test]
fn a_new_transport_session_drops_the_secure_one() {
    let mut device = Device::new(options(&[("sec-ver", "1")]));
    let mut cipher = establish(&mut device, 1, "abcd1234").expect("a session");
    device.open_session(Duration::ZERO);
    assert_eq!(call(&mut device, &mut *cipher, "prov-config", &[0x52, 0x00]), Err(Refusal::Handler));
    establish(&mut device, 1, "abcd1234").expect("another session");
}

#[test]
fn wrong_proofs_are_counted_and_lock_the_device() {
    let mut device = Device::new(options(&[("profile", "rainmaker"), ("sec-ver", "1")]));
    for _ in 0..5 {
        assert!(device.is_serving(Duration::ZERO));
        assert_eq!(establish(&mut device, 1, "WRONG").err().as_deref(), Some("Handler"));
    }
    assert!(!device.is_serving(Duration::ZERO));
    device.tick(MS);
    let events = device.take_events();
    assert!(events.iter().any(|timed| timed.event == Event::ProofRejected { count: 5 }));
    assert!(matches!(events.last().map(|timed| &timed.event), Some(Event::Stopped { .. })));
}

#[test]
fn handshake_faults_are_caught_by_the_client() {
    for (security, fault, expected) in [
        (1, "bad-key", "illegal"),
        (2, "bad-key", "illegal"),
        (1, "wrong-proof", "proof does not match"),
        (2, "wrong-proof", "proof does not match"),
        (1, "garbage=prov-session", "the peer sent"),
        (2, "empty-reply=prov-session", "the peer"),
        (1, "no-session-endpoint", "UnknownEndpoint"),
    ] {
        let mut device = Device::new(options(&[("sec-ver", &security.to_string()), ("fault", fault)]));
        let error = establish(&mut device, security, "abcd1234").err().expect(fault);
        assert!(error.contains(expected), "{fault}: {error}");
    }
}

#[test]
fn odd_but_legal_security_2_devices() {
    for fault in ["short-b", "short-s", "short-salt", "zero-salt", "wrong-nonce-rule"] {
        let mut device = Device::new(options(&[("fault", fault)]));
        let mut cipher = establish(&mut device, 2, "abcd1234").expect(fault);
        let status = call(&mut device, &mut *cipher, "prov-config", &[0x52, 0x00]);
        assert_eq!(status.as_deref(), Ok(CONNECTING), "{fault}");
    }
}

#[test]
fn equal_seeds_are_equal_devices() {
    let run = |seed: &str| {
        let mut device = Device::new(options(&[("sec-ver", "1"), ("seed", seed)]));
        let hello = unhex("10015a25a201220a208f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
        device.handle(Duration::ZERO, "prov-session", &hello).expect("a key").body
    };
    assert_eq!(run("5"), run("5"));
    assert_ne!(run("5"), run("6"));
}
