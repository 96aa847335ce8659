//! Published values of the security schemes through the interface that the rest of espctl uses, in both roles, and
//! our client against our device. The arithmetic in between is checked where it is, in `src/security/`.

use crate::common::{
    SALT, SECRET, Script, USERNAME, ascending, asked, bytes, connect, credentials, established, identity, seeded,
    verifier,
};
use espctl::security::srp6a::{ClientKeys, InnerHash, Verifier};
use espctl::security::{Cipher, Credentials, DeviceIdentity, HandshakeError, NonceRule, SCHEMES, Scheme, Sec1, Sec2};
use rand_core::Rng;

/// Security 1's proofs in the messages that carry them.
fn sec1_command_1(verify_data: &str) -> String {
    format!("10015a270802b201221220{verify_data}")
}

fn sec1_response_1(verify_data: &str) -> String {
    format!("10015a270803ba01221a20{verify_data}")
}

/// A conversation under security 1 with client key 00 … 1f, device key 40 … 5f and the given PoP and random.
fn sec1(pop: &str, random: &[u8; 16]) -> (String, String, Box<dyn Cipher>, Box<dyn Cipher>) {
    let credentials = Credentials { pop: Some(pop.into()), ..Credentials::default() };
    let turn = Sec1.initiate(&credentials, 0, &mut Script::new(&[&ascending::<32>(0x00)])).expect("a client");
    let (command0, client) = asked(turn);
    assert_eq!(
        hex::encode(&command0),
        "10015a25a201220a208f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"
    );
    let mut randoms = Script::new(&[&ascending::<32>(0x40), random]);
    let device = Sec1.respond(&DeviceIdentity::Pop(pop.into()), &mut randoms).expect("a device");
    assert!(randoms.is_used_up());
    let (response0, device) = asked(device.advance(&command0).expect("a legal key"));
    assert_eq!(
        hex::encode(&response0),
        format!(
            "10015a390801aa0134122079a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a1a10{}",
            hex::encode(random)
        )
    );
    let (command1, client) = asked(client.advance(&response0).expect("a legal key"));
    let (response1, device) = established(device.advance(&command1).expect("the client's proof"));
    let response1 = response1.expect("a proof");
    let (_, client) = established(client.advance(&response1).expect("the device's proof"));
    (hex::encode(command1), hex::encode(response1), client, device)
}

#[test]
fn security_1_with_a_proof_of_possession() {
    let (command1, response1, client, device) = sec1("abcd1234", &ascending(0xf0));
    assert_eq!(command1, sec1_command_1("baa0e0ca9de29837314a2bcce55e9e2f3522402e40a4544d02c9a91202eefa32"));
    assert_eq!(response1, sec1_response_1("cf22e966bc5463bc216572f3d2ea6f81c88456f33d04422a7bce1833c30e23f7"));
    exchange(client, device, &[("5200", "e451"), ("08015a021001", "19f7b51efbf7"), ("0804", "2bf0")]);
}

#[test]
fn security_1_without_a_proof_of_possession() {
    let (command1, response1, client, device) = sec1("", &ascending(0xf0));
    assert_eq!(command1, sec1_command_1("6db31d3023cba1c7fb16f359e089e23b012137972f35d5e62bf42073f838ae2f"));
    assert_eq!(response1, sec1_response_1("6d59435b56878d6b31e4d5e07c519b98851ab395196def2bbcf5239e85c5a2ae"));
    exchange(client, device, &[("5200", "f68c"), ("08015a021001", "abae196ddd47"), ("0804", "83a8")]);
}

/// `None` and an empty PoP are the same thing.
#[test]
fn security_1_takes_no_pop_for_an_empty_one() {
    let open = DeviceIdentity::Pop("".into());
    let (mut client, mut device) = connect(&Sec1, &Credentials::default(), &open, &mut seeded(1));
    let sealed = client.seal(b"hello").expect("sealed");
    assert_eq!(device.open(&sealed).expect("opened"), b"hello");
}

/// A device random of all ones: the 128-bit counter block starts again from zero after the first block.
/// (The keystream's first 32 bytes, from OpenSSL, over the device's key.)
#[test]
fn security_1_counter_block_wraps() {
    let (command1, ..) = sec1("abcd1234", &[0xff; 16]);
    let keystream = bytes("cbf6d7d09220e8169e9e5bec508af6b3d1cd8e6e72423cb6ca21543de0be9251");
    let key = bytes("79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a");
    let proof: Vec<u8> = key.iter().zip(keystream).map(|(key, stream)| key ^ stream).collect();
    assert_eq!(command1, sec1_command_1(&hex::encode(proof)));
}

/// Seals each plain text at one end, first the client's, and opens it at the other.
fn exchange(mut client: Box<dyn Cipher>, mut device: Box<dyn Cipher>, messages: &[(&str, &str)]) {
    for (index, (plain, sealed)) in messages.iter().enumerate() {
        let (from, to) = if index % 2 == 0 { (&mut client, &mut device) } else { (&mut device, &mut client) };
        assert_eq!(from.seal(&bytes(plain)).map(hex::encode), Ok((*sealed).to_owned()));
        assert_eq!(to.open(&bytes(sealed)).map(hex::encode), Ok((*plain).to_owned()));
    }
}

/// A conversation under security 2 with a = 80 … 9f, b = 20 … 3f and the given nonce draw.
fn sec2(nonce_rule: NonceRule, nonce: &[u8]) -> (String, String, Box<dyn Cipher>, Box<dyn Cipher>) {
    let turn = Sec2.initiate(&credentials(), 0, &mut Script::new(&[&ascending::<32>(0x80)])).expect("a client");
    let (command0, client) = asked(turn);
    let mut randoms = Script::new(&[&ascending::<32>(0x20), nonce]);
    let device = Sec2.respond(&identity(2, nonce_rule), &mut randoms).expect("a device");
    assert!(randoms.is_used_up());
    let (response0, device) = asked(device.advance(&command0).expect("a legal A"));
    let (command1, client) = asked(client.advance(&response0).expect("a legal B"));
    let (response1, device) = established(device.advance(&command1).expect("the client's proof"));
    let response1 = response1.expect("a proof");
    let (_, client) = established(client.advance(&response1).expect("the device's proof"));
    (hex::encode(command1), hex::encode(response1), client, device)
}

const M1: &str = "fc936306d28a880182e628943fd6877924f95a961346d91a817e014cd1ab2355\
                  c019457dedeffd1082e3425653c75f53edc61c9eef95fce590e83b806ba7207b";
const M2: &str = "34979c23bc6fbfb162476ad6689f804aedb1a8056ea15a0ef2a43d52b7222980\
                  208fcf0b17cdac2d9823f916d2d955ef4d66296d72dc74c14033eaaf522ba1f4";

#[test]
fn security_2_with_the_counting_nonce() {
    let (command1, response1, client, device) = sec2(NonceRule::Counting, &ascending::<8>(0x01));
    assert_eq!(command1, format!("100262470802b201420a40{M1}"));
    assert_eq!(response1, format!("100262550803ba01501240{M2}1a0c010203040506070800000001"));
    let messages = [
        ("5200", "eed48c26cdd3e3f836d45df63094c401c14a"),
        ("08015a021001", "72960c7f173ac67e3c2f9d07e6c90bd74ad7148f5aa6"),
    ];
    exchange(client, device, &messages);
}

#[test]
fn security_2_with_the_static_nonce() {
    let (_, response1, client, device) = sec2(NonceRule::Static, &ascending::<16>(0x00));
    assert_eq!(response1, format!("100262590803ba01541240{M2}1a10000102030405060708090a0b0c0d0e0f"));
    let sealed = "e0889a275d91c2e51eb34898edaee40b3ddf";
    exchange(client, device, &[("5200", sealed), ("5200", sealed), ("5200", sealed)]);
}

/// Q2: a + 502 makes an A of 383 bytes, which the firmware would not take; the next draw is used.
#[test]
fn security_2_draws_a_again_where_the_public_key_is_short() {
    let (mut short, good) = (ascending::<32>(0x80), ascending::<32>(0x80));
    let tail = u16::from_be_bytes([short[30], short[31]]) + 502;
    short[30..].copy_from_slice(&tail.to_be_bytes());
    let mut randoms = Script::new(&[&short, &good]);
    let keys = ClientKeys::draw(&mut randoms);
    assert!(randoms.is_used_up());
    assert_eq!(keys.public(), ClientKeys::from_exponent(&good).expect("an A of 384 bytes").public());
}

/// All 256 bits of a count: the reference client forces the top one, and so do we.
#[test]
fn security_2_forces_the_top_bit_of_a() {
    let mut low = ascending::<32>(0x80);
    low[0] &= 0x7f;
    let keys = ClientKeys::draw(&mut Script::new(&[&low]));
    assert_eq!(keys.public(), ClientKeys::from_exponent(&ascending(0x80)).expect("an A of 384 bytes").public());
}

/// Q1: `wifiprov` / `pop212` has two readings, and each opens the device whose generator it is.
#[test]
fn security_2_reads_ambiguous_credentials_in_two_ways() {
    let password = "pop212";
    let ambiguous = Credentials { password: Some(password.into()), ..credentials() };
    assert_eq!((Sec2.readings(&ambiguous), Sec2.readings(&credentials())), (2, 1));
    assert_eq!((Sec1.readings(&ambiguous), Sec2.readings(&Credentials::default())), (1, 1));

    for (reading, form) in [InnerHash::Full, InnerHash::Stripped].into_iter().enumerate() {
        let verifier = Verifier::generate(USERNAME.as_bytes(), password.as_bytes(), &bytes(SALT), form);
        let identity = DeviceIdentity::Srp { verifier, nonce_rule: NonceRule::Counting };
        for attempt in 0..2 {
            let mut rng = seeded(7);
            let (command0, client) = asked(Sec2.initiate(&ambiguous, attempt, &mut rng).expect("a client"));
            let device = Sec2.respond(&identity, &mut rng).expect("a device");
            let (response0, device) = asked(device.advance(&command0).expect("a legal A"));
            let (command1, _) = asked(client.advance(&response0).expect("a legal B"));
            assert_eq!(device.advance(&command1).err(), (attempt != reading).then_some(HandshakeError::ProofMismatch));
        }
    }
}

/// Q3: the salt travels, and counts, with its leading zero.
#[test]
fn security_2_takes_a_salt_with_a_leading_zero_as_it_is() {
    for salt in
        ["006ee0c7bcb9eda84c9eac97d93decf4", "00000000000000000000000000000000", "00", "6ee0c7bcb9eda84c9eac97d93decf4"]
    {
        let (user, password) = (USERNAME.as_bytes(), SECRET.as_bytes());
        let verifier = Verifier::generate(user, password, &bytes(salt), InnerHash::Full);
        let identity = DeviceIdentity::Srp { verifier, nonce_rule: NonceRule::Counting };
        let (mut client, mut device) = connect(&Sec2, &credentials(), &identity, &mut seeded(3));
        let sealed = client.seal(b"hello").expect("sealed");
        assert_eq!(device.open(&sealed).as_deref(), Ok(&b"hello"[..]));
    }
}

/// Q5: user name and password are UTF-8 at both ends.
#[test]
fn security_2_takes_names_and_passwords_beyond_ascii() {
    let (name, password) = ("użytkownik", "пароль-密码");
    let verifier = Verifier::generate(name.as_bytes(), password.as_bytes(), b"salt", InnerHash::Full);
    let identity = DeviceIdentity::Srp { verifier, nonce_rule: NonceRule::Static };
    let credentials = Credentials { pop: None, username: name.into(), password: Some(password.into()) };
    let (mut client, mut device) = connect(&Sec2, &credentials, &identity, &mut seeded(4));
    let sealed = device.seal(b"hello").expect("sealed");
    assert_eq!(client.open(&sealed).as_deref(), Ok(&b"hello"[..]));
}

/// Whatever is sealed at one end opens at the other: every scheme, both nonce rules, every length up to 600.
#[test]
fn what_one_end_seals_the_other_opens() {
    let mut rng = seeded(0x0e5b_c711);
    for scheme in SCHEMES {
        for nonce_rule in [NonceRule::Counting, NonceRule::Static] {
            for _ in 0..3 {
                let identity = identity(scheme.version(), nonce_rule);
                let (mut client, mut device) = connect(*scheme, &credentials(), &identity, &mut rng);
                for _ in 0..200 {
                    let mut plain = vec![0; usize::try_from(rng.next_u32() % 601).expect("at most 600")];
                    rng.fill_bytes(&mut plain);
                    let (from, to) = if rng.next_u32().is_multiple_of(2) {
                        (&mut client, &mut device)
                    } else {
                        (&mut device, &mut client)
                    };
                    let sealed = from.seal(&plain).expect("sealed");
                    assert_eq!(sealed.len(), plain.len() + if scheme.version() == 2 { 16 } else { 0 });
                    assert_eq!(to.open(&sealed).expect("opened"), plain);
                }
            }
        }
    }
}

/// The schemes we speak, each found by its number.
#[test]
fn every_scheme_is_found_by_its_version() {
    for version in 0..=2 {
        assert_eq!(espctl::security::scheme(version).map(Scheme::version), Some(version));
    }
    assert!(espctl::security::scheme(3).is_none());
    assert_eq!(verifier(SECRET).salt(), bytes(SALT));
}
