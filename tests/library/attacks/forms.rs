//! Messages of the wrong form: not the scheme, not the message, not even a message.

use espctl::security::{Credentials, DeviceIdentity, HandshakeError, SCHEMES};
use espctl::wire::messages::session_data::Proto;

use crate::attacks::{Due, NonceRule, Stage, edited, number, places, status};
use crate::common::{credentials, identity, seeded};

fn is_unexpected(error: &HandshakeError) -> bool {
    matches!(error, HandshakeError::Unexpected { .. })
}

#[test]
fn no_bytes_at_all() {
    for (version, due) in places() {
        let error = Stage::reach(version, due, &mut seeded(1)).refuses_bytes(&[]);
        assert_eq!(error, HandshakeError::Malformed, "security {version}, {due:?}");
    }
}

#[test]
fn missing_scheme_payload() {
    for (version, due) in places() {
        let error = Stage::reach(version, due, &mut seeded(1)).refuses(|data| data.proto = None);
        // Without its payload, security 0's message is no byte long.
        let empty = version == 0 && error == HandshakeError::Malformed;
        assert!(empty || error == HandshakeError::Unexpected { expected: "a payload" }, "{version}, {due:?}: {error}");
    }
}

#[test]
fn missing_message_payload() {
    for (version, due) in places() {
        let error = Stage::reach(version, due, &mut seeded(1)).refuses(|data| match data.proto.as_mut() {
            Some(Proto::Sec0(body)) => body.payload = None,
            Some(Proto::Sec1(body)) => body.payload = None,
            Some(Proto::Sec2(body)) => body.payload = None,
            None => unreachable!("a valid message"),
        });
        assert!(is_unexpected(&error), "security {version}, {due:?}: {error}");
    }
}

/// The right member of the oneof under each number but its own.
#[test]
fn right_member_under_the_wrong_number() {
    for (version, due) in places() {
        for wrong in [0, 1, 2, 3, 4, 99, -1, i32::MAX, i32::MIN] {
            if wrong != due.number() {
                let error = Stage::reach(version, due, &mut seeded(1)).refuses(|data| *number(data) = wrong);
                assert!(is_unexpected(&error), "security {version}, {due:?} as {wrong}: {error}");
            }
        }
    }
}

/// Each other message of the same conversation, under its own number (a message out of order, replayed, or sent back
/// to who sent it) and under the number that is due (the wrong member of the oneof).
#[test]
fn another_message_of_the_handshake() {
    for (version, due) in places() {
        for other in Due::of(version).iter().filter(|other| **other != due) {
            let foreign = Stage::reach(version, *other, &mut seeded(1)).valid;
            let error = Stage::reach(version, due, &mut seeded(1)).refuses_bytes(&foreign);
            assert!(is_unexpected(&error), "security {version}, {other:?} for {due:?}: {error}");

            let disguised = edited(&foreign, |data| *number(data) = due.number());
            let error = Stage::reach(version, due, &mut seeded(1)).refuses_bytes(&disguised);
            assert!(is_unexpected(&error), "security {version}, {other:?} as {due:?}: {error}");
        }
    }
}

#[test]
fn message_of_another_scheme() {
    for (version, due) in places() {
        for other in (0..=2).filter(|other| *other != version && Due::of(*other).contains(&due)) {
            let foreign = Stage::reach(other, due, &mut seeded(1)).valid;
            let error = Stage::reach(version, due, &mut seeded(1)).refuses_bytes(&foreign);
            assert_eq!(error, HandshakeError::SchemeMismatch { ours: version, theirs: i32::from(other) });

            let disguised = edited(&foreign, |data| data.sec_ver = i32::from(version));
            let error = Stage::reach(version, due, &mut seeded(1)).refuses_bytes(&disguised);
            assert!(is_unexpected(&error), "security {other}'s {due:?} as {version}'s: {error}");
        }
    }
}

#[test]
fn own_payload_under_another_scheme_version() {
    for (version, due) in places() {
        for theirs in [0, 1, 2, 3, 255, -1, i32::MIN].into_iter().filter(|theirs| *theirs != i32::from(version)) {
            let error = Stage::reach(version, due, &mut seeded(1)).refuses(|data| data.sec_ver = theirs);
            assert_eq!(error, HandshakeError::SchemeMismatch { ours: version, theirs });
        }
    }
}

#[test]
fn trailing_garbage() {
    // Wire type 7; a length that runs over the end; a varint without an end; field number 0; text.
    for garbage in [&[0x07][..], &[0x62, 0x7f], &[0x10, 0xff, 0xff], &[0x02, 0x00], b"OK\r\n"] {
        for (version, due) in places() {
            let stage = Stage::reach(version, due, &mut seeded(1));
            let message = [&*stage.valid, garbage].concat();
            assert_eq!(stage.refuses_bytes(&message), HandshakeError::Malformed, "security {version}, {due:?}");
        }
    }
}

/// A well-formed field that we do not know is skipped, as protobuf has it and as the firmware does: a later version
/// of the protocol may send one.
#[test]
fn unknown_field_is_skipped() {
    for (version, due) in places() {
        let stage = Stage::reach(version, due, &mut seeded(1));
        let message = [&*stage.valid, &[0x82, 0x08, 0x02, 0xab, 0xcd]].concat();
        assert!(stage.waiting.advance(&message).is_ok(), "security {version}, {due:?}");
    }
}

#[test]
fn every_truncation() {
    for (version, due) in places() {
        let length = Stage::reach(version, due, &mut seeded(1)).valid.len();
        // Security 2 takes its time to get here, so of its long messages only some lengths.
        for kept in (0..length).step_by(1 + length / 100) {
            let stage = Stage::reach(version, due, &mut seeded(1));
            let message = stage.valid[..kept].to_vec();
            let error = stage.refuses_bytes(&message);
            assert!(
                matches!(error, HandshakeError::Malformed | HandshakeError::Unexpected { expected: "a payload" }),
                "security {version}, {due:?}, {kept} of {length} bytes: {error}"
            );
        }
    }
}

/// Stock firmware never sets a status; whoever does has refused us, whatever else the message holds.
#[test]
fn status_other_than_success() {
    for (version, due) in places().filter(|(_, due)| due.is_response()) {
        for refused in [1, 2, 3, 4, 5, 6, 7, 8, 1000, -1] {
            let error = Stage::reach(version, due, &mut seeded(1)).refuses(|data| *status(data) = refused);
            assert_eq!(error, HandshakeError::Refused { status: refused }, "security {version}, {due:?}");
        }
    }
}

/// Not an attack from outside but a mistake of the caller: said, not guessed around.
#[test]
fn credentials_or_identity_of_another_scheme() {
    for scheme in SCHEMES {
        for other in (0..=2).filter(|other| *other != scheme.version()) {
            let refused = scheme.respond(&identity(other, NonceRule::Counting), &mut seeded(1)).err();
            assert!(matches!(refused, Some(HandshakeError::Misuse(_))), "security {}", scheme.version());
        }
    }
    let sec2 = SCHEMES[2];
    for missing in [
        Credentials { password: None, ..credentials() },
        Credentials { username: String::new(), ..credentials() },
        Credentials::default(),
    ] {
        let refused = sec2.initiate(&missing, 0, &mut seeded(1)).expect_err("refused");
        assert!(matches!(refused, HandshakeError::Misuse(_)));
    }
    assert!(matches!(identity(1, NonceRule::Static), DeviceIdentity::Pop(_)));
}
