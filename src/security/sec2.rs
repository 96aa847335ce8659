//! Security 2: SRP-6a over the 3072-bit group, then AES-256-GCM.
//!
//! The IV rule is read from the length of the nonce the device sends: 16 bytes are one IV for every message
//! (firmware before the fix, `sec_patch_ver` 0), 12 bytes are 8 random bytes and a counter shared by both directions.

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::scheme::{
    Cipher, CipherError, Credentials, DeviceIdentity, Handshake, HandshakeError, Next, NonceRule, Scheme, Turn,
    accept_status, decode, encode, exactly,
};
use super::srp6a::client::{ClientKeys, inner_hash_is_ambiguous};
use super::srp6a::{Agreement, DeviceKeys, EXPONENT_LEN, GROUP_LEN, HASH_LEN, Illegal, InnerHash, Verifier};
use crate::secret::Sec2Password;
use crate::wire::messages::{
    Sec2Command0, Sec2Command1, Sec2Msg, Sec2Payload, Sec2Response0, Sec2Response1, sec2_payload::Payload,
    session_data::Proto,
};

const VERSION: u8 = 2;
/// Longest salt a client takes; the firmware's are 16 bytes.
const SALT_MAX: usize = 64;
/// Longest user name the device takes; the firmware's buffer has room for at least as much.
const USERNAME_MAX: usize = 128;

/// Security 2 in both roles.
#[derive(Debug)]
pub struct Sec2;

impl Scheme for Sec2 {
    fn version(&self) -> u8 {
        VERSION
    }

    fn readings(&self, credentials: &Credentials) -> usize {
        match &credentials.password {
            Some(password) if inner_hash_is_ambiguous(credentials.username.as_bytes(), password.expose()) => 2,
            _ => 1,
        }
    }

    fn initiate(
        &self,
        credentials: &Credentials,
        reading: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Turn, HandshakeError> {
        let password = credentials.password.clone().ok_or(HandshakeError::Misuse("security 2 needs a password"))?;
        let username = credentials.username.clone();
        if username.is_empty() {
            return Err(HandshakeError::Misuse("security 2 needs a user name"));
        }
        let form = if reading == 0 { InnerHash::Full } else { InnerHash::Stripped };
        let keys = ClientKeys::draw(rng);
        let command =
            Sec2Command0 { client_username: username.as_bytes().to_vec(), client_pubkey: keys.public().to_vec() };
        let send = message(Sec2Msg::Command0, Payload::Sc0(command));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitResponse0 { keys, username, password, form })) })
    }

    fn respond(
        &self,
        identity: &DeviceIdentity,
        rng: &mut dyn CryptoRng,
    ) -> Result<Box<dyn Handshake>, HandshakeError> {
        let DeviceIdentity::Srp { verifier, nonce_rule } = identity else {
            return Err(HandshakeError::Misuse("security 2 takes a salt and a verifier"));
        };
        let mut b = Zeroizing::new([0; EXPONENT_LEN]);
        rng.fill_bytes(&mut *b);
        let nonce = draw_nonce(*nonce_rule, rng);
        Ok(Box::new(AwaitCommand0 { verifier: verifier.clone(), b, nonce }))
    }
}

/// Client: the device's B and salt are due.
struct AwaitResponse0 {
    keys: ClientKeys,
    username: String,
    password: Sec2Password,
    form: InnerHash,
}

impl Handshake for AwaitResponse0 {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sr0(response) = payload(received, Sec2Msg::Response0, "the device's key and salt")? else {
            return Err(HandshakeError::Unexpected { expected: "the device's key and salt" });
        };
        accept_status(response.status)?;
        check_length(&response.device_salt, 1, SALT_MAX, "a salt", "1 to 64")?;
        let agreement = self
            .keys
            .agree(
                self.username.as_bytes(),
                self.password.expose(),
                self.form,
                &response.device_salt,
                &response.device_pubkey,
            )
            .map_err(|illegal| refuse(illegal, "device key B", "1 to 384", response.device_pubkey.len()))?;
        let command = Sec2Command1 { client_proof: agreement.client_proof.to_vec() };
        let send = message(Sec2Msg::Command1, Payload::Sc1(command));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitResponse1 { agreement })) })
    }
}

/// Client: the device's proof and nonce are due.
struct AwaitResponse1 {
    agreement: Agreement,
}

impl Handshake for AwaitResponse1 {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sr1(response) = payload(received, Sec2Msg::Response1, "the device's proof")? else {
            return Err(HandshakeError::Unexpected { expected: "the device's proof" });
        };
        accept_status(response.status)?;
        let proof: [u8; HASH_LEN] = exactly(&response.device_proof, "a device proof", "64")?;
        let nonce = SessionNonce::parse(&response.device_nonce)?;
        verify(&proof, &self.agreement.device_proof)?;
        Ok(Turn { send: None, next: Next::Established(Box::new(Gcm::new(&self.agreement, nonce))) })
    }
}

/// Device: the client's user name and A are due.
struct AwaitCommand0 {
    verifier: Verifier,
    b: Zeroizing<[u8; EXPONENT_LEN]>,
    nonce: SessionNonce,
}

impl Handshake for AwaitCommand0 {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sc0(command) = payload(received, Sec2Msg::Command0, "the client's key")? else {
            return Err(HandshakeError::Unexpected { expected: "the client's key" });
        };
        check_length(&command.client_username, 1, USERNAME_MAX, "a user name", "1 to 128")?;
        check_length(&command.client_pubkey, GROUP_LEN, GROUP_LEN, "a client key A", "384")?;
        let keys = DeviceKeys::from_exponent(&self.b, &self.verifier);
        let agreement = keys
            .agree(&command.client_username, &self.verifier, &command.client_pubkey)
            .map_err(|illegal| refuse(illegal, "client key A", "384", command.client_pubkey.len()))?;
        let response = Sec2Response0 {
            device_pubkey: keys.public().to_vec(),
            device_salt: self.verifier.salt().to_vec(),
            ..Default::default()
        };
        let send = message(Sec2Msg::Response0, Payload::Sr0(response));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitCommand1 { agreement, nonce: self.nonce })) })
    }
}

/// Device: the client's proof is due.
struct AwaitCommand1 {
    agreement: Agreement,
    nonce: SessionNonce,
}

impl Handshake for AwaitCommand1 {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sc1(command) = payload(received, Sec2Msg::Command1, "the client's proof")? else {
            return Err(HandshakeError::Unexpected { expected: "the client's proof" });
        };
        let proof: [u8; HASH_LEN] = exactly(&command.client_proof, "a client proof", "64")?;
        verify(&proof, &self.agreement.client_proof)?;
        let response = Sec2Response1 {
            device_proof: self.agreement.device_proof.to_vec(),
            device_nonce: self.nonce.to_bytes(),
            ..Default::default()
        };
        let send = message(Sec2Msg::Response1, Payload::Sr1(response));
        Ok(Turn { send: Some(send), next: Next::Established(Box::new(Gcm::new(&self.agreement, self.nonce))) })
    }
}

/// The IV, or what the next one is made of.
#[derive(Clone, Copy)]
enum SessionNonce {
    Static([u8; 16]),
    Counting { session: [u8; 8], counter: u32 },
}

impl SessionNonce {
    fn parse(bytes: &[u8]) -> Result<Self, HandshakeError> {
        if let Ok(iv) = <[u8; 16]>::try_from(bytes) {
            return Ok(Self::Static(iv));
        }
        let nonce: [u8; 12] = exactly(bytes, "a session nonce", "12 or 16")?;
        let (session, counter) = nonce.split_at(8);
        Ok(Self::Counting {
            session: exactly(session, "a session nonce", "12 or 16")?,
            counter: u32::from_be_bytes(exactly(counter, "a session nonce", "12 or 16")?),
        })
    }

    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Static(iv) => iv.to_vec(),
            Self::Counting { session, counter } => [&session[..], &counter.to_be_bytes()].concat(),
        }
    }
}

fn draw_nonce(rule: NonceRule, rng: &mut dyn CryptoRng) -> SessionNonce {
    match rule {
        NonceRule::Static => {
            let mut iv = [0; 16];
            rng.fill_bytes(&mut iv);
            SessionNonce::Static(iv)
        }
        NonceRule::Counting => {
            let mut session = [0; 8];
            rng.fill_bytes(&mut session);
            SessionNonce::Counting { session, counter: 1 }
        }
    }
}

/// AES-256-GCM under the first 32 bytes of K; a 16-byte tag follows each ciphertext, there is no associated data.
enum Gcm {
    Static { cipher: Box<AesGcm<Aes256, U16>>, iv: [u8; 16] },
    Counting { cipher: Box<AesGcm<Aes256, U12>>, session: [u8; 8], counter: u32 },
}

impl Gcm {
    fn new(agreement: &Agreement, nonce: SessionNonce) -> Self {
        let key = Zeroizing::new(<[u8; 32]>::try_from(&agreement.key[..32]).expect("K has 64 bytes"));
        match nonce {
            SessionNonce::Static(iv) => Self::Static { cipher: Box::new(AesGcm::new((&*key).into())), iv },
            SessionNonce::Counting { session, counter } => {
                Self::Counting { cipher: Box::new(AesGcm::new((&*key).into())), session, counter }
            }
        }
    }

    /// Runs one operation and, if it succeeds, moves the counter on. A counter of 0 has wrapped: the session is over.
    fn run(&mut self, input: &[u8], seal: bool) -> Result<Vec<u8>, CipherError> {
        match self {
            Self::Static { cipher, iv } => {
                let nonce = Nonce::<U16>::from(*iv);
                if seal { cipher.encrypt(&nonce, input) } else { cipher.decrypt(&nonce, input) }
                    .map_err(|_| CipherError::Tampered)
            }
            Self::Counting { cipher, session, counter } => {
                if *counter == 0 {
                    return Err(CipherError::Exhausted);
                }
                let mut iv = [0; 12];
                iv[..8].copy_from_slice(session);
                iv[8..].copy_from_slice(&counter.to_be_bytes());
                let nonce = Nonce::<U12>::from(iv);
                let output = if seal { cipher.encrypt(&nonce, input) } else { cipher.decrypt(&nonce, input) }
                    .map_err(|_| CipherError::Tampered)?;
                *counter = counter.wrapping_add(1);
                Ok(output)
            }
        }
    }
}

impl Cipher for Gcm {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        self.run(plain, true)
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        self.run(sealed, false)
    }

    fn reuses_nonce(&self) -> bool {
        matches!(self, Self::Static { .. })
    }
}

fn verify(proof: &[u8; HASH_LEN], expected: &[u8; HASH_LEN]) -> Result<(), HandshakeError> {
    if proof.ct_eq(expected).into() { Ok(()) } else { Err(HandshakeError::ProofMismatch) }
}

fn refuse(illegal: Illegal, field: &'static str, expected: &'static str, actual: usize) -> HandshakeError {
    match illegal {
        Illegal::Length => HandshakeError::FieldLength { field, expected, actual },
        Illegal::ZeroKey | Illegal::ZeroScrambler => HandshakeError::IllegalKey { field },
    }
}

fn check_length(
    bytes: &[u8],
    least: usize,
    most: usize,
    field: &'static str,
    expected: &'static str,
) -> Result<(), HandshakeError> {
    if (least..=most).contains(&bytes.len()) {
        Ok(())
    } else {
        Err(HandshakeError::FieldLength { field, expected, actual: bytes.len() })
    }
}

fn message(msg: Sec2Msg, payload: Payload) -> Vec<u8> {
    encode(VERSION, Proto::Sec2(Sec2Payload { msg: msg.into(), payload: Some(payload) }))
}

fn payload(received: &[u8], due: Sec2Msg, expected: &'static str) -> Result<Payload, HandshakeError> {
    let unexpected = HandshakeError::Unexpected { expected };
    let Proto::Sec2(body) = decode(received, VERSION)? else { return Err(unexpected) };
    match body.payload {
        Some(payload) if body.msg == i32::from(due) => Ok(payload),
        _ => Err(unexpected),
    }
}
