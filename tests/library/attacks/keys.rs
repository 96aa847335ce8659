//! Well-formed handshake messages with hostile contents: keys, salts, names, nonces and proofs.

use espctl::security::{Credentials, DeviceIdentity, HandshakeError, Next, NonceRule, Scheme, Sec1, Sec2};
use espctl::wire::messages::{SessionData, sec1_payload, sec2_payload, session_data::Proto};

use crate::attacks::{Due, Stage, edited, key, nonce, proof};
use crate::common::{asked, bytes, credentials, established, identity, seeded, verifier};

/// The 3072-bit group's modulus, big-endian.
fn modulus() -> Vec<u8> {
    bytes(
        "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b\
         302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6\
         49286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d\
         670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718\
         3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d\
         b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c\
         bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff",
    )
}

/// 2 N, which has 385 bytes.
fn twice_the_modulus() -> Vec<u8> {
    let mut carry = 0;
    let mut doubled: Vec<u8> = modulus()
        .iter()
        .rev()
        .map(|byte| {
            let shifted = byte << 1 | carry;
            carry = byte >> 7;
            shifted
        })
        .collect();
    doubled.push(carry);
    doubled.reverse();
    doubled
}

#[track_caller]
fn assert_length_refused(error: &HandshakeError, length: usize) {
    assert!(
        matches!(error, HandshakeError::FieldLength { actual, .. } if *actual == length),
        "{length} bytes: {error}"
    );
}

#[track_caller]
fn assert_key_refused(error: &HandshakeError) {
    assert!(matches!(error, HandshakeError::IllegalKey { .. }), "{error}");
}

#[test]
fn security_1_public_keys_of_other_lengths() {
    for due in [Due::Command0, Due::Response0] {
        for length in [0, 1, 16, 31, 33, 64, 384] {
            let error = Stage::reach(1, due, &mut seeded(1)).refuses(|data| key(data).resize(length, 9));
            assert_length_refused(&error, length);
        }
    }
}

#[test]
fn security_1_device_randoms_of_other_lengths() {
    for length in [0, 12, 15, 17, 32] {
        let error = Stage::reach(1, Due::Response0, &mut seeded(1)).refuses(|data| match data.proto.as_mut() {
            Some(Proto::Sec1(body)) => match body.payload.as_mut() {
                Some(sec1_payload::Payload::Sr0(response)) => response.device_random.resize(length, 9),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        });
        assert_length_refused(&error, length);
    }
}

/// Points of order 1, 2, 4 and 8, in each of their encodings: the shared secret would be zero whatever our key is.
#[test]
fn security_1_low_order_points() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000", // 0
        "0100000000000000000000000000000000000000000000000000000000000000", // 1
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", // of order 8
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157", // of order 8
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p - 1
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p, which is 0
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1, which is 1
    ];
    for due in [Due::Command0, Due::Response0] {
        for point in points {
            for top_bit in [0x00, 0x80] {
                let mut point = bytes(point);
                point[31] |= top_bit; // X25519 ignores it
                assert_key_refused(&Stage::reach(1, due, &mut seeded(1)).refuses(|data| *key(data) = point));
            }
        }
    }
}

#[test]
fn security_2_client_key_of_zero_modulo_n() {
    for illegal in [vec![0; 384], modulus()] {
        assert_key_refused(&Stage::reach(2, Due::Command0, &mut seeded(1)).refuses(|data| *key(data) = illegal));
    }
}

/// The firmware takes 384 bytes and nothing else; 2 N has 385.
#[test]
fn security_2_client_keys_of_other_lengths() {
    let keys = [0, 1, 383, 385, 768].map(|length| vec![0xaa; length]).into_iter().chain([twice_the_modulus()]);
    for wrong in keys {
        let length = wrong.len();
        let error = Stage::reach(2, Due::Command0, &mut seeded(1)).refuses(|data| *key(data) = wrong);
        assert_length_refused(&error, length);
    }
}

#[test]
fn security_2_device_key_of_zero_modulo_n() {
    for illegal in [vec![0; 1], vec![0; 383], vec![0; 384], modulus()] {
        assert_key_refused(&Stage::reach(2, Due::Response0, &mut seeded(1)).refuses(|data| *key(data) = illegal));
    }
}

#[test]
fn security_2_device_keys_of_other_lengths() {
    for wrong in [vec![], vec![0xaa; 385], vec![0; 385], twice_the_modulus(), vec![0xaa; 5000]] {
        let length = wrong.len();
        let error = Stage::reach(2, Due::Response0, &mut seeded(1)).refuses(|data| *key(data) = wrong);
        assert_length_refused(&error, length);
    }
}

/// B = k·v would make S zero, so that whoever knows the verifier proves itself without b; but who knows the verifier
/// is the device already. Any other B at will, even 1 or N − 1 or a B over N, leaves the proofs out of reach.
#[test]
fn security_2_keys_at_will_do_not_yield_a_proof() {
    let (mut below, mut above) = (modulus(), modulus());
    let last = below.len() - 1;
    below[last] -= 1;
    above[last - 7..].fill(0);
    above[last - 8] += 1; // N + 1
    for chosen in [vec![1], vec![5], below, above] {
        let mut padded = vec![0; 384 - chosen.len()];
        padded.extend(&chosen);
        let turn = Stage::reach(2, Due::Command0, &mut seeded(1)).takes(|data| *key(data) = padded);
        let Next::Await(device) = turn.next else { panic!("no proof was asked for") };
        let recorded = Stage::reach(2, Due::Command1, &mut seeded(1)).valid;
        assert_eq!(device.advance(&recorded).err(), Some(HandshakeError::ProofMismatch));

        let turn = Stage::reach(2, Due::Response0, &mut seeded(1)).takes(|data| *key(data) = chosen);
        let Next::Await(client) = turn.next else { panic!("no proof was asked for") };
        let recorded = Stage::reach(2, Due::Response1, &mut seeded(1)).valid;
        assert_eq!(client.advance(&recorded).err(), Some(HandshakeError::ProofMismatch));
    }
}

fn salt(data: &mut SessionData) -> &mut Vec<u8> {
    match data.proto.as_mut() {
        Some(Proto::Sec2(body)) => match body.payload.as_mut() {
            Some(sec2_payload::Payload::Sr0(response)) => &mut response.device_salt,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn security_2_salts_empty_or_oversized() {
    for length in [0, 65, 4096] {
        let error = Stage::reach(2, Due::Response0, &mut seeded(1)).refuses(|data| salt(data).resize(length, 1));
        assert_length_refused(&error, length);
    }
    for length in [1, 15, 64] {
        Stage::reach(2, Due::Response0, &mut seeded(1)).takes(|data| salt(data).resize(length, 1));
    }
}

/// A salt changed on the way leads the client to another x: its proof is not the device's.
#[test]
fn security_2_salt_changed_on_the_way() {
    let mut rng = seeded(1);
    let (command0, client) = asked(Sec2.initiate(&credentials(), 0, &mut rng).expect("a client"));
    let device = Sec2.respond(&identity(2, NonceRule::Counting), &mut rng).expect("a device");
    let (response0, device) = asked(device.advance(&command0).expect("a legal A"));
    let changed = edited(&response0, |data| salt(data)[0] ^= 1);
    let (command1, _) = asked(client.advance(&changed).expect("a legal B"));
    assert_eq!(device.advance(&command1).err(), Some(HandshakeError::ProofMismatch));
}

fn username(data: &mut SessionData) -> &mut Vec<u8> {
    match data.proto.as_mut() {
        Some(Proto::Sec2(body)) => match body.payload.as_mut() {
            Some(sec2_payload::Payload::Sc0(command)) => &mut command.client_username,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn security_2_user_names_empty_or_oversized() {
    for length in [0, 129, 4096] {
        let error = Stage::reach(2, Due::Command0, &mut seeded(1)).refuses(|data| username(data).resize(length, b'u'));
        assert_length_refused(&error, length);
    }
    for length in [1, 128] {
        Stage::reach(2, Due::Command0, &mut seeded(1)).takes(|data| username(data).resize(length, 0xff));
    }
}

#[test]
fn security_2_nonces_of_other_lengths() {
    for length in [0, 8, 11, 13, 15, 17, 32] {
        let error = Stage::reach(2, Due::Response1, &mut seeded(1)).refuses(|data| nonce(data).resize(length, 1));
        assert_length_refused(&error, length);
    }
}

#[test]
fn proofs_of_other_lengths() {
    for (version, right) in [(1, 32), (2, 64)] {
        for due in [Due::Command1, Due::Response1] {
            for length in [0, 1, 16, 31, 32, 33, 63, 64, 65, 128].into_iter().filter(|length| *length != right) {
                let error = Stage::reach(version, due, &mut seeded(1))
                    .refuses(|data| proof(data).expect("a proof").resize(length, 0));
                assert_length_refused(&error, length);
            }
        }
    }
}

#[test]
fn proofs_with_one_bit_flipped() {
    for (version, length) in [(1, 32), (2, 64)] {
        for due in [Due::Command1, Due::Response1] {
            for bit in (0..length * 8).step_by(29).chain([length * 8 - 1]) {
                let error = Stage::reach(version, due, &mut seeded(1))
                    .refuses(|data| proof(data).expect("a proof")[bit / 8] ^= 1 << (bit % 8));
                assert_eq!(error, HandshakeError::ProofMismatch, "security {version}, {due:?}, bit {bit}");
            }
        }
    }
}

/// The client's proof sent back as the device's, and constants.
#[test]
fn proofs_reflected_or_constant() {
    for version in [1, 2] {
        let mut own = SessionData::default();
        edited(&Stage::reach(version, Due::Command1, &mut seeded(1)).valid, |data| own = data.clone());
        let own = proof(&mut own).expect("a proof").clone();
        for forged in [vec![0; own.len()], vec![0xff; own.len()], own] {
            let error = Stage::reach(version, Due::Response1, &mut seeded(1))
                .refuses(|data| *proof(data).expect("a proof") = forged);
            assert_eq!(error, HandshakeError::ProofMismatch, "security {version}");
        }
    }
}

/// A recorded conversation played again to a peer with fresh keys, in both directions.
#[test]
fn replayed_conversations() {
    for version in [1, 2] {
        let recorded = |due| Stage::reach(version, due, &mut seeded(1)).valid;

        let device = Stage::reach(version, Due::Command0, &mut seeded(2)).waiting;
        let (_, device) = asked(device.advance(&recorded(Due::Command0)).expect("a legal key"));
        assert_eq!(device.advance(&recorded(Due::Command1)).err(), Some(HandshakeError::ProofMismatch));

        let client = Stage::reach(version, Due::Response0, &mut seeded(2)).waiting;
        let (_, client) = asked(client.advance(&recorded(Due::Response0)).expect("a legal key"));
        assert_eq!(client.advance(&recorded(Due::Response1)).err(), Some(HandshakeError::ProofMismatch));
    }
}

#[test]
fn wrong_credentials() {
    let pop = |text: &str| Credentials { pop: Some(text.into()), ..credentials() };
    let password = |text: &str| Credentials { password: Some(text.into()), ..credentials() };
    let username = |text: &str| Credentials { username: text.into(), ..credentials() };
    let attempts: [(&dyn Scheme, Credentials); 9] = [
        (&Sec1, pop("WRONG")),
        (&Sec1, pop("")),
        (&Sec1, pop("abcd123")),
        (&Sec1, pop("ABCD1234")),
        (&Sec1, Credentials::default()),
        (&Sec2, password("WRONG")),
        (&Sec2, password("")),
        (&Sec2, username("wifiproV")),
        (&Sec2, username("wifiprov:")),
    ];
    for (scheme, wrong) in attempts {
        let mut rng = seeded(1);
        let (command0, client) = asked(scheme.initiate(&wrong, 0, &mut rng).expect("a client"));
        let device = scheme.respond(&identity(scheme.version(), NonceRule::Counting), &mut rng).expect("a device");
        let (response0, device) = asked(device.advance(&command0).expect("a legal key"));
        let (command1, _) = asked(client.advance(&response0).expect("a legal key"));
        assert_eq!(device.advance(&command1).err(), Some(HandshakeError::ProofMismatch), "{wrong:?}");
    }
}

/// A device that does not know the secret and takes any proof from the client cannot make its own.
#[test]
fn impostor_device() {
    for version in [1, 2] {
        let scheme = espctl::security::scheme(version).expect("a scheme we speak");
        let impostor = match version {
            1 => DeviceIdentity::Pop("guessed".into()),
            _ => DeviceIdentity::Srp { verifier: verifier("guessed"), nonce_rule: NonceRule::Counting },
        };
        let guess = Credentials { pop: Some("guessed".into()), password: Some("guessed".into()), ..credentials() };
        let mut rng = seeded(1);
        let (_, deceived) = asked(scheme.initiate(&credentials(), 0, &mut rng).expect("a client"));
        let (command0, accomplice) = asked(scheme.initiate(&guess, 0, &mut rng).expect("a client"));
        let device = scheme.respond(&impostor, &mut rng).expect("a device");
        let (response0, device) = asked(device.advance(&command0).expect("a legal key"));
        let (command1, _) = asked(accomplice.advance(&response0).expect("a legal key"));
        let (response1, _) = established(device.advance(&command1).expect("the accomplice's proof"));
        let (_, deceived) = asked(deceived.advance(&response0).expect("a legal key"));
        let error = deceived.advance(&response1.expect("a proof")).expect_err("refused");
        assert_eq!(error, HandshakeError::ProofMismatch, "security {version}");
    }
}
