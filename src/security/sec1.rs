//! Security 1: X25519, a key XORed with SHA-256 of the proof of possession, AES-256-CTR.
//!
//! There is one keystream, used for every byte in either direction in the order they travel: each side's proof is
//! its first 64 bytes, the messages follow. The messages are not authenticated, so after a lost one only a new
//! handshake is safe.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use super::scheme::{
    Cipher, CipherError, Credentials, DeviceIdentity, Handshake, HandshakeError, Next, Scheme, Turn, accept_status,
    decode, encode, exactly,
};
use crate::secret::ProofOfPossession;
use crate::wire::messages::{
    Sec1Command0, Sec1Command1, Sec1Msg, Sec1Payload, Sec1Response0, Sec1Response1, sec1_payload::Payload,
    session_data::Proto,
};

const VERSION: u8 = 1;
const KEY_LEN: usize = 32;
const RANDOM_LEN: usize = 16;

/// Security 1 in both roles.
#[derive(Debug)]
pub struct Sec1;

impl Scheme for Sec1 {
    fn version(&self) -> u8 {
        VERSION
    }

    fn initiate(
        &self,
        credentials: &Credentials,
        _reading: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Turn, HandshakeError> {
        let secret = draw_secret(rng);
        let public = PublicKey::from(&secret);
        let pop = credentials.pop.clone().unwrap_or_else(|| ProofOfPossession::new([]));
        let send = message(Sec1Msg::Command0, Payload::Sc0(Sec1Command0 { client_pubkey: public.as_bytes().to_vec() }));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitResponse0 { secret, public, pop })) })
    }

    fn respond(
        &self,
        identity: &DeviceIdentity,
        rng: &mut dyn CryptoRng,
    ) -> Result<Box<dyn Handshake>, HandshakeError> {
        let DeviceIdentity::Pop(pop) = identity else {
            return Err(HandshakeError::Misuse("security 1 takes a PoP, even an empty one"));
        };
        let secret = draw_secret(rng);
        let mut random = [0; RANDOM_LEN];
        rng.fill_bytes(&mut random);
        Ok(Box::new(AwaitCommand0 { secret, random, pop: pop.clone() }))
    }
}

/// Client: the device's key and random are due.
struct AwaitResponse0 {
    secret: StaticSecret,
    public: PublicKey,
    pop: ProofOfPossession,
}

impl Handshake for AwaitResponse0 {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sr0(response) = payload(received, Sec1Msg::Response0, "the device's key")? else {
            return Err(HandshakeError::Unexpected { expected: "the device's key" });
        };
        accept_status(response.status)?;
        let device: [u8; KEY_LEN] = exactly(&response.device_pubkey, "a device key", "32")?;
        let random = exactly(&response.device_random, "a device random", "16")?;
        let mut keystream = Keystream::agree(&self.secret, &device, &random, &self.pop)?;
        let client_verify_data = keystream.apply(&device)?;
        let send = message(Sec1Msg::Command1, Payload::Sc1(Sec1Command1 { client_verify_data }));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitResponse1 { keystream, public: self.public })) })
    }
}

/// Client: the device's proof is due.
struct AwaitResponse1 {
    keystream: Keystream,
    public: PublicKey,
}

impl Handshake for AwaitResponse1 {
    fn advance(mut self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sr1(response) = payload(received, Sec1Msg::Response1, "the device's proof")? else {
            return Err(HandshakeError::Unexpected { expected: "the device's proof" });
        };
        accept_status(response.status)?;
        let proof: [u8; KEY_LEN] = exactly(&response.device_verify_data, "a device proof", "32")?;
        self.keystream.verify(&proof, self.public.as_bytes())?;
        Ok(Turn { send: None, next: Next::Established(Box::new(self.keystream)) })
    }
}

/// Device: the client's key is due.
struct AwaitCommand0 {
    secret: StaticSecret,
    random: [u8; RANDOM_LEN],
    pop: ProofOfPossession,
}

impl Handshake for AwaitCommand0 {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sc0(command) = payload(received, Sec1Msg::Command0, "the client's key")? else {
            return Err(HandshakeError::Unexpected { expected: "the client's key" });
        };
        let client: [u8; KEY_LEN] = exactly(&command.client_pubkey, "a client key", "32")?;
        let public = PublicKey::from(&self.secret);
        let keystream = Keystream::agree(&self.secret, &client, &self.random, &self.pop)?;
        let response = Sec1Response0 {
            device_pubkey: public.as_bytes().to_vec(),
            device_random: self.random.to_vec(),
            ..Default::default()
        };
        let send = message(Sec1Msg::Response0, Payload::Sr0(response));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitCommand1 { keystream, public, client })) })
    }
}

/// Device: the client's proof is due.
struct AwaitCommand1 {
    keystream: Keystream,
    public: PublicKey,
    client: [u8; KEY_LEN],
}

impl Handshake for AwaitCommand1 {
    fn advance(mut self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        let Payload::Sc1(command) = payload(received, Sec1Msg::Command1, "the client's proof")? else {
            return Err(HandshakeError::Unexpected { expected: "the client's proof" });
        };
        let proof: [u8; KEY_LEN] = exactly(&command.client_verify_data, "a client proof", "32")?;
        self.keystream.verify(&proof, self.public.as_bytes())?;
        let device_verify_data = self.keystream.apply(&self.client)?;
        let response = Sec1Response1 { device_verify_data, ..Default::default() };
        let send = message(Sec1Msg::Response1, Payload::Sr1(response));
        Ok(Turn { send: Some(send), next: Next::Established(Box::new(self.keystream)) })
    }
}

/// The session's one AES-256-CTR keystream: 16-byte big-endian counter block, starting at the device's random.
struct Keystream(Ctr128BE<Aes256>);

impl Keystream {
    fn agree(
        secret: &StaticSecret,
        peer: &[u8; KEY_LEN],
        random: &[u8; RANDOM_LEN],
        pop: &ProofOfPossession,
    ) -> Result<Self, HandshakeError> {
        let key = session_key(secret, peer, pop)?;
        Ok(Self(Ctr128BE::new((&*key).into(), random.into())))
    }

    fn apply(&mut self, bytes: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        self.seal(bytes).map_err(|_| HandshakeError::Misuse("keystream exhausted during the handshake"))
    }

    /// The peer proves itself by encrypting the key it was sent.
    fn verify(&mut self, proof: &[u8; KEY_LEN], expected: &[u8; KEY_LEN]) -> Result<(), HandshakeError> {
        let plain = Zeroizing::new(self.apply(proof)?);
        if plain.ct_eq(expected.as_slice()).into() { Ok(()) } else { Err(HandshakeError::ProofMismatch) }
    }
}

impl Cipher for Keystream {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let mut bytes = plain.to_vec();
        self.0.try_apply_keystream(&mut bytes).map_err(|_| CipherError::Exhausted)?;
        Ok(bytes)
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        self.seal(sealed)
    }
}

/// The shared secret, XORed with SHA-256 of the PoP. Without a PoP there is no XOR, also not with the
/// hash of an empty one.
fn session_key(
    secret: &StaticSecret,
    peer: &[u8; KEY_LEN],
    pop: &ProofOfPossession,
) -> Result<Zeroizing<[u8; KEY_LEN]>, HandshakeError> {
    let shared = secret.diffie_hellman(&PublicKey::from(*peer));
    if !shared.was_contributory() {
        return Err(HandshakeError::IllegalKey { field: "X25519 public key" });
    }
    let mut key = Zeroizing::new(*shared.as_bytes());
    if !pop.is_empty() {
        let mut mask = Sha256::digest(pop.expose());
        key.iter_mut().zip(&mask).for_each(|(byte, mask)| *byte ^= mask);
        mask.as_mut_slice().zeroize();
    }
    Ok(key)
}

fn draw_secret(rng: &mut dyn CryptoRng) -> StaticSecret {
    let mut bytes = Zeroizing::new([0; KEY_LEN]);
    rng.fill_bytes(&mut *bytes);
    StaticSecret::from(*bytes)
}

fn message(msg: Sec1Msg, payload: Payload) -> Vec<u8> {
    encode(VERSION, Proto::Sec1(Sec1Payload { msg: msg.into(), payload: Some(payload) }))
}

fn payload(received: &[u8], due: Sec1Msg, expected: &'static str) -> Result<Payload, HandshakeError> {
    let unexpected = HandshakeError::Unexpected { expected };
    let Proto::Sec1(body) = decode(received, VERSION)? else { return Err(unexpected) };
    match body.payload {
        Some(payload) if body.msg == i32::from(due) => Ok(payload),
        _ => Err(unexpected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_key_is_the_shared_secret_xored_with_the_hashed_pop() {
        let client = StaticSecret::from(std::array::from_fn(|index| u8::try_from(index).expect("below 32")));
        let device = StaticSecret::from(std::array::from_fn(|index| u8::try_from(index + 0x40).expect("below 96")));
        let (client_public, device_public) = (PublicKey::from(&client).to_bytes(), PublicKey::from(&device).to_bytes());
        assert_eq!(hex::encode(client_public), "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
        assert_eq!(hex::encode(device_public), "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a");
        for (pop, expected) in [
            ("", "6d54cc9c397e31691401110f58da1e182a635d7e44c21dc2d7be93624652ab15"),
            ("abcd1234", "849a2b86804ccc8177329c07e697f7c7c9fdfd37f96dae8019db0da70359c2bb"),
        ] {
            let pop = ProofOfPossession::from(pop);
            let key = session_key(&client, &device_public, &pop).expect("a legal key");
            assert_eq!(hex::encode(*key), expected);
            assert_eq!(key, session_key(&device, &client_public, &pop).expect("a legal key"));
        }
    }
}
