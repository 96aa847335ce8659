//! Security 0: one greeting each way, then plain bytes. It protects nothing.

use rand_core::CryptoRng;

use super::scheme::{
    Cipher, CipherError, Credentials, DeviceIdentity, Handshake, HandshakeError, Next, Scheme, Turn, accept_status,
    decode, encode,
};
use crate::wire::messages::{
    Sec0Command, Sec0Msg, Sec0Payload, Sec0Response, sec0_payload::Payload, session_data::Proto,
};

const VERSION: u8 = 0;

/// Security 0 in both roles.
#[derive(Debug)]
pub struct Sec0;

impl Scheme for Sec0 {
    fn version(&self) -> u8 {
        VERSION
    }

    fn initiate(&self, _: &Credentials, _: usize, _: &mut dyn CryptoRng) -> Result<Turn, HandshakeError> {
        let send = message(Sec0Msg::Command, Payload::Sc(Sec0Command {}));
        Ok(Turn { send: Some(send), next: Next::Await(Box::new(AwaitResponse)) })
    }

    fn respond(&self, identity: &DeviceIdentity, _: &mut dyn CryptoRng) -> Result<Box<dyn Handshake>, HandshakeError> {
        match identity {
            DeviceIdentity::Open => Ok(Box::new(AwaitCommand)),
            _ => Err(HandshakeError::Misuse("security 0 takes no PoP and no verifier")),
        }
    }
}

struct AwaitResponse;

impl Handshake for AwaitResponse {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        match payload(received, "the greeting's answer")? {
            (Sec0Msg::Response, Payload::Sr(response)) => {
                accept_status(response.status)?;
                Ok(Turn { send: None, next: Next::Established(Box::new(Plain)) })
            }
            _ => Err(HandshakeError::Unexpected { expected: "the greeting's answer" }),
        }
    }
}

struct AwaitCommand;

impl Handshake for AwaitCommand {
    fn advance(self: Box<Self>, received: &[u8]) -> Result<Turn, HandshakeError> {
        match payload(received, "the greeting")? {
            (Sec0Msg::Command, Payload::Sc(_)) => {
                let send = message(Sec0Msg::Response, Payload::Sr(Sec0Response::default()));
                Ok(Turn { send: Some(send), next: Next::Established(Box::new(Plain)) })
            }
            _ => Err(HandshakeError::Unexpected { expected: "the greeting" }),
        }
    }
}

/// No encryption at all.
struct Plain;

impl Cipher for Plain {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        Ok(plain.to_vec())
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        Ok(sealed.to_vec())
    }
}

fn message(msg: Sec0Msg, payload: Payload) -> Vec<u8> {
    encode(VERSION, Proto::Sec0(Sec0Payload { msg: msg.into(), payload: Some(payload) }))
}

fn payload(received: &[u8], expected: &'static str) -> Result<(Sec0Msg, Payload), HandshakeError> {
    let unexpected = HandshakeError::Unexpected { expected };
    let Proto::Sec0(body) = decode(received, VERSION)? else { return Err(unexpected) };
    match (Sec0Msg::try_from(body.msg), body.payload) {
        (Ok(msg), Some(payload)) => Ok((msg, payload)),
        _ => Err(unexpected),
    }
}
