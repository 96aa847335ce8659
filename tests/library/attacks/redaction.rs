//! What prints for debugging holds no secret byte: not as text, not as hexadecimal, not as a list of numbers.

use espctl::security::{Credentials, DeviceIdentity, HandshakeError, NonceRule, Scheme, Sec1, Sec2};

use crate::attacks::{Due, Stage};
use crate::common::{asked, credentials, identity, seeded, verifier};

#[test]
fn credentials_print_redacted() {
    assert_eq!(
        format!("{:?}", credentials()),
        r#"Credentials { pop: Some((redacted)), username: "wifiprov", password: Some((redacted)) }"#
    );
    assert_eq!(format!("{:?}", Credentials::default()), r#"Credentials { pop: None, username: "", password: None }"#);
}

#[test]
fn device_identities_print_redacted() {
    assert_eq!(format!("{:?}", DeviceIdentity::Open), "Open");
    assert_eq!(format!("{:?}", identity(1, NonceRule::Static)), "Pop((redacted))");
    assert_eq!(format!("{:?}", identity(2, NonceRule::Counting)), "Srp { verifier: (redacted), nonce_rule: Counting }");
    assert_eq!(format!("{:#?}", verifier("abcd1234")), "(redacted)");
}

/// A turn prints how much it sends; its state prints as a word.
#[test]
fn turns_print_lengths_and_states() {
    let turn = |scheme: &dyn Scheme| scheme.initiate(&credentials(), 0, &mut seeded(1)).expect("a client");
    assert_eq!(format!("{:?}", turn(&Sec1)), "Turn { send: Some(41), next: Await }");
    assert_eq!(format!("{:?}", turn(&Sec2)), "Turn { send: Some(406), next: Await }");
    let (_, client) = asked(turn(&Sec1));
    drop(client);
    for version in [1, 2] {
        let last = Stage::reach(version, Due::Response1, &mut seeded(1)).takes(|_| ());
        assert_eq!(format!("{last:?}"), "Turn { send: None, next: Established }");
        assert_eq!(format!("{:?}", last.next), "Established");
    }
}

/// Errors name fields and lengths, never contents.
#[test]
fn errors_print_no_contents() {
    let mut seen = Vec::new();
    for version in [1, 2] {
        for due in [Due::Command1, Due::Response1] {
            let error = Stage::reach(version, due, &mut seeded(1))
                .refuses(|data| crate::attacks::proof(data).expect("a proof")[0] ^= 1);
            seen.push(error);
        }
    }
    assert!(seen.iter().all(|error| *error == HandshakeError::ProofMismatch));
    assert_eq!(HandshakeError::ProofMismatch.to_string(), "the peer's proof does not match");
}
