//! Every intermediate value of both halves against numbers that were computed independently (Python's integers), and
//! the halves, which are two implementations, against each other and against the crate's own server.
//!
//! `wifiprov` / `abcd1234`, the salt of ESP-IDF's stock example (v below is the verifier published with it),
//! a = 80 81 … 9f and b = 20 21 … 3f where a test does not say otherwise.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256, Sha512};
use srp::groups::{G3072, Group};
use srp::{ClientG3072, ServerG3072};
use zeroize::Zeroizing;

use super::client::{self, inner_hash_is_ambiguous};
use super::device;
use super::{Agreement, ClientKeys, DeviceKeys, EXPONENT_LEN, GROUP_LEN, HASH_LEN, InnerHash, Verifier};

const USERNAME: &[u8] = b"wifiprov";
const PASSWORD: &[u8] = b"abcd1234";
const SALT: &str = "036ee0c7bcb9eda84c9eac97d93decf4";

/// How often chance is asked; a run takes a few dozen milliseconds.
const ORACLE_RUNS: usize = 16;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hexadecimal")
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The exponent `first`, `first + 1`, … of 32 bytes, plus a number.
fn exponent(first: u8, plus: u16) -> [u8; EXPONENT_LEN] {
    let mut bytes: [u8; EXPONENT_LEN] = std::array::from_fn(|index| first + u8::try_from(index).expect("below 32"));
    let tail = u16::from_be_bytes([bytes[30], bytes[31]]) + plus;
    bytes[30..].copy_from_slice(&tail.to_be_bytes());
    bytes
}

/// Both sides' agreement, which must be the same.
fn agree(client: &ClientKeys, device: &DeviceKeys, verifier: &Verifier, password: &[u8], form: InnerHash) -> Agreement {
    let own = client.agree(USERNAME, password, form, verifier.salt(), device.public()).expect("a legal B");
    let theirs = device.agree(USERNAME, verifier, client.public()).expect("a legal A");
    assert_eq!(own.key, theirs.key);
    assert_eq!(own.client_proof, theirs.client_proof);
    assert_eq!(own.device_proof, theirs.device_proof);
    own
}

/// The device's premaster secret, in 384 bytes.
fn device_secret(device: &DeviceKeys, verifier: &Verifier, client: &ClientKeys) -> Zeroizing<[u8; GROUP_LEN]> {
    let u = device::scrambler(client.public(), device.public()).expect("u is not 0");
    device::padded_bytes(&device.premaster(verifier, &device::legal(client.public()).expect("a legal A"), &u))
}

fn check(agreement: &Agreement, key: &str, client_proof: &str, device_proof: &str) {
    assert_eq!(hex::encode(*agreement.key), key, "K");
    assert_eq!(hex::encode(*agreement.client_proof), client_proof, "M1");
    assert_eq!(hex::encode(*agreement.device_proof), device_proof, "M2");
}

#[test]
fn every_value_on_the_way_is_the_published_one() {
    let salt = bytes(SALT);
    assert_eq!(
        hex::encode(*client::inner_hash(USERNAME, PASSWORD)),
        "714242d85f632d879099ff6ad0a090f2ea6da5af6b1b24cd2326ac73472f97e9\
         5ab9b2c537cbae0ea5ef10e3849b616269a3fadf8e193745008648e2efb01447"
    );
    let x = client::private_key(USERNAME, PASSWORD, &salt, InnerHash::Full);
    assert_eq!(
        hex::encode(x.to_be_bytes()),
        "869b97a7399bdc2e9e2943dbf1f5347a10108ea60e278cafb5849aa0c14f6b73\
         5aa186d260e779838af03d4393961086dabe3321c01c58672f186b698f83314a"
    );
    let verifier = Verifier::generate(USERNAME, PASSWORD, &salt, InnerHash::Full);
    assert_eq!(sha256(&verifier.to_bytes()), "e985f1fb10e7c5aaf625ec7cc0896e8f92bdcd5b621141766ea6ea93bd899b06");
    assert_eq!(
        hex::encode(&device::number(&device::multiplier()).to_be_bytes()[GROUP_LEN - HASH_LEN..]),
        "a9c2e2559bf0ebb53f0cbbf62282906bede7f2182f00678211fbd5bde5b28503\
         3a4993503b87397f9be5ec02080fedbc0835587ad039060879b8621e8c3659e0"
    );

    let client = ClientKeys::from_exponent(&exponent(0x80, 0)).expect("an A of 384 bytes");
    assert!(hex::encode(client.public()).starts_with("ccca32f3b34e28414ef721be45fd36a3"));
    assert_eq!(sha256(client.public()), "53e812f2b072c01595cb13767c5889feee35373a4f1fe0be265bd663ae9f6d50");
    let device = DeviceKeys::from_exponent(&exponent(0x20, 0), &verifier);
    assert!(hex::encode(device.public()).starts_with("2f2a758e14deac076166717b9a5f39bf"));
    assert_eq!(sha256(device.public()), "cb225632ec4143133b1db88758b5327db3d8020c52cd70e28005198fd7a02287");

    let u = client::scrambler(client.public(), device.public()).expect("u is not 0");
    assert_eq!(
        hex::encode(u.to_be_bytes()),
        "1cf946ce4246fc99e0817f024234c31a7498373eaa71da71fa48a3ef26445cd5\
         853b7fc5835b47cfd7f4107163c090ef97a97671ee86373cb5df189b8861caaf"
    );
    let secret = client.premaster(&client::legal(device.public()).expect("a legal B"), &x, &u);
    assert_eq!(sha256(&secret.to_be_bytes()), "1cdaa809ec72d6f41ba3d053adc2050934108111d29498e6e5ff49b0816ed8b9");
    let secret = device_secret(&device, &verifier, &client);
    assert_eq!(sha256(&*secret), "1cdaa809ec72d6f41ba3d053adc2050934108111d29498e6e5ff49b0816ed8b9");

    check(
        &agree(&client, &device, &verifier, PASSWORD, InnerHash::Full),
        "8ecd2f77d6ca9e1959a10c2e239e6a723d7214ec9ecf808a2a1ce875c6c31927\
         bcff91562542339b2628d9a74fd717bb4cf57150f51cff3f16b93778c613c717",
        "fc936306d28a880182e628943fd6877924f95a961346d91a817e014cd1ab2355\
         c019457dedeffd1082e3425653c75f53edc61c9eef95fce590e83b806ba7207b",
        "34979c23bc6fbfb162476ad6689f804aedb1a8056ea15a0ef2a43d52b7222980\
         208fcf0b17cdac2d9823f916d2d955ef4d66296d72dc74c14033eaaf522ba1f4",
    );
}

/// Q4: B travels and enters the proofs without its leading zero, and enters u with it.
#[test]
fn a_short_b_is_padded_in_u_and_nowhere_else() {
    let verifier = Verifier::generate(USERNAME, PASSWORD, &bytes(SALT), InnerHash::Full);
    let client = ClientKeys::from_exponent(&exponent(0x80, 0)).expect("an A of 384 bytes");
    let device = DeviceKeys::from_exponent(&exponent(0x20, 86), &verifier);
    assert_eq!(device.public().len(), GROUP_LEN - 1);
    check(
        &agree(&client, &device, &verifier, PASSWORD, InnerHash::Full),
        "a76954aa7b1c1b85330a25a7dbb0f4f55d0445d442be77813f62a19aa8a4005b\
         caf6730d8df1ac2873bd3013b35148539cde93cf920ca47fa790ca8db45ea555",
        "a623d9d77869c408b1bee27223ffb08c81f74f1c4d70475d705492f9657dc604\
         78fe75539aea75d496f71409b4ceef0d69cc5f8a9ac4010731b5e10a08328346",
        "97a547da107e4f08c345c9e94589f02e33c8ffa4df82ea18f98e707a798651d7\
         4e6a2081d25c4e71fb27ab1744ab2d5f77535be8d7529ca1088d138f171cee43",
    );
}

/// Q4: K is the hash of S without its leading zero.
#[test]
fn a_short_s_is_hashed_without_its_leading_zero() {
    let verifier = Verifier::generate(USERNAME, PASSWORD, &bytes(SALT), InnerHash::Full);
    let client = ClientKeys::from_exponent(&exponent(0x80, 0)).expect("an A of 384 bytes");
    let device = DeviceKeys::from_exponent(&exponent(0x20, 33), &verifier);
    let secret = device_secret(&device, &verifier, &client);
    assert_eq!((secret.len(), secret[0], secret[1] == 0), (GROUP_LEN, 0, false));
    check(
        &agree(&client, &device, &verifier, PASSWORD, InnerHash::Full),
        "24b6131defcbeb3f03bd31b4b234461400475c1c51f62f0ea57816c67327839b\
         2a9b8cc75ae3e68b2bc79d20c5facffd9a6ca07aeb4659f8018386e546bf734a",
        "209f031a9f5500a3bde5aeb2f85495194e7af537db2006bdcce7c9964f94c3e9\
         9b7ca2e9795e042ef2b67596caa54de0e468733f87a6a2909372f6dbcf88bfff",
        "acb059be868b1df405601e54656f3f964fc4c51d990f240f7e333c3d6aeff542\
         ec96d691522912a1ddb07ae3779ee0f43e93b25e42bf3eb27419d62636f7461c",
    );
}

/// Q2: the firmware takes 384 bytes exactly.
#[test]
fn a_short_a_is_refused() {
    assert!(ClientKeys::from_exponent(&exponent(0x80, 502)).is_none());
    assert!(ClientKeys::from_exponent(&exponent(0x80, 501)).is_some());
}

/// Q1: H(I:p) starts with a zero byte, which one generator hashes and the other drops.
#[test]
fn the_two_readings_of_an_inner_hash_give_the_two_generators_verifiers() {
    let (password, salt) = (b"pop212", bytes(SALT));
    assert!(hex::encode(*client::inner_hash(USERNAME, password)).starts_with("00f2f7fa"));
    assert!(inner_hash_is_ambiguous(USERNAME, password));
    assert!(!inner_hash_is_ambiguous(USERNAME, PASSWORD));

    let client = ClientKeys::from_exponent(&exponent(0x80, 0)).expect("an A of 384 bytes");
    for (form, verifier_hash, client_proof) in [
        (
            InnerHash::Full,
            "8c4992d467a28ab8f085c43000c1072161f28b96e2c0b7823e2f6643827e2f32",
            "122d73ed672376497dc185bf4dbba7fd9d5ef65adcc1bb38c26f7fada69777cb\
             7e7d89293ec66d33da61bb35100842e3fb731fd0eba6885b50196912220a1b63",
        ),
        (
            InnerHash::Stripped,
            "16a5a184cfd28ac4cb4b61af42bde80dcf7f37f259cad978d515f66450754729",
            "fe1bdad3ca9bb072067e8ca8b1ade0479689c177db5220fce4208f550974c7a5\
             35b786bc2bada86dc43045f86c440a2b8f64e9cec6b22c963f8dc1162d5e0550",
        ),
    ] {
        let verifier = Verifier::generate(USERNAME, password, &salt, form);
        assert_eq!(sha256(&verifier.to_bytes()), verifier_hash);
        let device = DeviceKeys::from_exponent(&exponent(0x20, 0), &verifier);
        let agreement = agree(&client, &device, &verifier, password, form);
        assert_eq!(hex::encode(*agreement.client_proof), client_proof);
    }
}

/// Q3: a salt is bytes, not a number; the reference client drops its leading zero and is refused.
#[test]
fn a_salt_keeps_its_leading_zero() {
    let salt = bytes("006ee0c7bcb9eda84c9eac97d93decf4");
    let verifier = Verifier::generate(USERNAME, PASSWORD, &salt, InnerHash::Full);
    assert_eq!(sha256(&verifier.to_bytes()), "f58e1381966a3d5ee8d702e035dbac42f61fd0a768f65ee08340a79a12d96051");
    let client = ClientKeys::from_exponent(&exponent(0x80, 0)).expect("an A of 384 bytes");
    let device = DeviceKeys::from_exponent(&exponent(0x20, 0), &verifier);
    check(
        &agree(&client, &device, &verifier, PASSWORD, InnerHash::Full),
        "bf25d81ce26e36d1ca819cc52fa3a3cbb5ff37bf9b4bbb3493948960e921d2a6\
         1537a8af22077179e823eec224a45ffa498e0dff0251c131d7184fe768d49986",
        "9ce26c5b66b93a246e4e6bb4e0a5dfd24e626a01103f4bd2538f8c6048b4ad95\
         1f3ac66cc1faefc87d15f4c9457ee2b847086785a56b555044021bc122689e8c",
        "5f2a633a7d28ae2ce720a8bbe2baa2167440ef2dc4f44218785f9698d8de0c3c\
         73bf75fc0e2d3f4d29d7d55047e4a1ab7d4c109460b1f800478c5f9d5054b6cc",
    );
}

/// A verifier of zero would let every client in that proves S = 0.
#[test]
fn a_verifier_that_is_zero_or_too_long_is_refused() {
    let modulus = G3072::generator().params().modulus().to_be_bytes();
    for verifier in [&[][..], &[0; 1], &[0; GROUP_LEN], &*modulus, &[1; GROUP_LEN + 1]] {
        assert!(Verifier::from_bytes(b"salt", verifier).is_none(), "{} bytes", verifier.len());
    }
    assert!(Verifier::from_bytes(b"salt", &[2]).is_some());
}

/// Our client is the crate's `process_reply` taken apart, so both must agree; our device is another implementation
/// than the crate's server, and both must agree with the client. Numbers of every length that chance gives, and for
/// each run one user name, password and salt whose bytes start with zero now and then.
#[test]
fn both_halves_agree_with_the_crates_own_client_and_server() {
    let mut rng = ChaCha20Rng::seed_from_u64(0x5170_6a00);
    let (crate_client, crate_server) = (ClientG3072::<Sha512>::new(), ServerG3072::<Sha512>::new());
    let mut short = 0;
    for run in 0..ORACLE_RUNS {
        let (mut a, mut b, mut salt, mut password) = ([0; EXPONENT_LEN], [0; EXPONENT_LEN], [0; 16], [0; 12]);
        for bytes in [&mut a[..], &mut b[..], &mut salt[..], &mut password[..]] {
            rng.fill_bytes(bytes);
        }
        salt[..run % 3].fill(0);
        let verifier = Verifier::generate(USERNAME, &password, &salt, InnerHash::Full);
        assert_eq!(*crate_client.compute_verifier(USERNAME, &password, &salt), *strip(&verifier.to_bytes()));
        let Some(client) = ClientKeys::from_exponent(&a) else { continue };
        if run % 4 == 0 {
            b = *DeviceKeys::short_public_exponent(&b, &verifier);
        } else if run == 1 {
            b = *DeviceKeys::short_secret_exponent(&b, &verifier, client.public()).expect("a legal A");
        }
        let device = DeviceKeys::from_exponent(&b, &verifier);
        short += usize::from(device.public().len() < GROUP_LEN || device_secret(&device, &verifier, &client)[0] == 0);
        assert_eq!(client.public(), crate_client.compute_public_ephemeral(&a));
        assert_eq!(device.public(), crate_server.compute_public_ephemeral(&b, strip(&verifier.to_bytes())));

        let ours = agree(&client, &device, &verifier, &password, InnerHash::Full);
        let reply = crate_client.process_reply(&a, USERNAME, &password, &salt, device.public()).expect("a legal B");
        assert_eq!(reply.proof(), *ours.client_proof);
        assert_eq!(reply.verify_server(&*ours.device_proof), Ok(&ours.key[..]));
        let served = crate_server
            .process_reply(USERNAME, &salt, &b, strip(&verifier.to_bytes()), client.public())
            .expect("a legal A");
        assert_eq!(served.proof(), *ours.device_proof);
        assert_eq!(served.verify_client(&*ours.client_proof), Ok(&ours.key[..]));
    }
    assert!(short > ORACLE_RUNS / 4, "{short} runs with a short number");
}

fn strip(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
