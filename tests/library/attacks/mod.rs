//! What a hostile or broken peer may send, by name, to both roles of every scheme; and that nothing of it panics.

mod forms;
mod fuzz;
mod keys;
mod redaction;
mod sealed;

use crate::common::{asked, credentials, identity};
use espctl::security::{CryptoRng, Handshake, HandshakeError, Next, NonceRule, Turn, scheme};
use espctl::wire::messages::{
    Sec1Payload, Sec2Payload, SessionData, sec0_payload, sec1_payload, sec2_payload, session_data::Proto,
};
use prost::Message;

/// Where a handshake can be attacked: who waits, and for which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The device waits for the client's first message.
    Command0,
    /// The client waits for its answer.
    Response0,
    /// The device waits for the client's proof.
    Command1,
    /// The client waits for the device's proof.
    Response1,
}

impl Due {
    /// What is due in the course of one scheme's handshake.
    fn of(version: u8) -> &'static [Self] {
        const ALL: [Due; 4] = [Due::Command0, Due::Response0, Due::Command1, Due::Response1];
        if version == 0 { &ALL[..2] } else { &ALL }
    }

    /// The number that the scheme gives the message.
    fn number(self) -> i32 {
        match self {
            Self::Command0 => 0,
            Self::Response0 => 1,
            Self::Command1 => 2,
            Self::Response1 => 3,
        }
    }

    fn is_response(self) -> bool {
        matches!(self, Self::Response0 | Self::Response1)
    }
}

/// A handshake that waits, and the message that would carry it on.
struct Stage {
    waiting: Box<dyn Handshake>,
    valid: Vec<u8>,
}

impl Stage {
    /// Both ends of our own, up to the moment where `due` would arrive.
    fn reach(version: u8, due: Due, rng: &mut dyn CryptoRng) -> Self {
        Self::reach_with(version, due, NonceRule::Counting, rng)
    }

    fn reach_with(version: u8, due: Due, nonce_rule: NonceRule, rng: &mut dyn CryptoRng) -> Self {
        let scheme = scheme(version).expect("a scheme we speak");
        let device = scheme.respond(&identity(version, nonce_rule), rng).expect("a device");
        let (command0, client) = asked(scheme.initiate(&credentials(), 0, rng).expect("a client"));
        if due == Due::Command0 {
            return Self { waiting: device, valid: command0 };
        }
        let turn = device.advance(&command0).expect("the first message");
        let response0 = turn.send.expect("an answer");
        if due == Due::Response0 {
            return Self { waiting: client, valid: response0 };
        }
        let Next::Await(device) = turn.next else { panic!("security {version} has no second message") };
        let (command1, client) = asked(client.advance(&response0).expect("the first answer"));
        if due == Due::Command1 {
            return Self { waiting: device, valid: command1 };
        }
        let response1 = device.advance(&command1).expect("the client's proof").send.expect("the device's proof");
        Self { waiting: client, valid: response1 }
    }

    /// The due message with something changed, and how it is refused.
    fn refuses(self, edit: impl FnOnce(&mut SessionData)) -> HandshakeError {
        let message = edited(&self.valid, edit);
        self.refuses_bytes(&message)
    }

    fn refuses_bytes(self, message: &[u8]) -> HandshakeError {
        self.waiting.advance(message).expect_err("refused")
    }

    fn takes(self, edit: impl FnOnce(&mut SessionData)) -> Turn {
        let message = edited(&self.valid, edit);
        self.waiting.advance(&message).expect("taken")
    }
}

/// Every place of every scheme.
fn places() -> impl Iterator<Item = (u8, Due)> {
    (0..=2).flat_map(|version| Due::of(version).iter().map(move |due| (version, *due)))
}

fn edited(message: &[u8], edit: impl FnOnce(&mut SessionData)) -> Vec<u8> {
    let mut data = SessionData::decode(message).expect("a session message");
    edit(&mut data);
    data.encode_to_vec()
}

/// The message number, whatever the scheme.
fn number(data: &mut SessionData) -> &mut i32 {
    match data.proto.as_mut().expect("a payload") {
        Proto::Sec0(body) => &mut body.msg,
        Proto::Sec1(body) => &mut body.msg,
        Proto::Sec2(body) => &mut body.msg,
    }
}

/// The status of a reply.
fn status(data: &mut SessionData) -> &mut i32 {
    match data.proto.as_mut().expect("a payload") {
        Proto::Sec0(body) => match body.payload.as_mut() {
            Some(sec0_payload::Payload::Sr(response)) => &mut response.status,
            other => panic!("no reply: {other:?}"),
        },
        Proto::Sec1(Sec1Payload { payload, .. }) => match payload.as_mut() {
            Some(sec1_payload::Payload::Sr0(response)) => &mut response.status,
            Some(sec1_payload::Payload::Sr1(response)) => &mut response.status,
            other => panic!("no reply: {other:?}"),
        },
        Proto::Sec2(Sec2Payload { payload, .. }) => match payload.as_mut() {
            Some(sec2_payload::Payload::Sr0(response)) => &mut response.status,
            Some(sec2_payload::Payload::Sr1(response)) => &mut response.status,
            other => panic!("no reply: {other:?}"),
        },
    }
}

/// A message's public key, whoever sends it.
fn key(data: &mut SessionData) -> &mut Vec<u8> {
    match data.proto.as_mut().expect("a payload") {
        Proto::Sec1(Sec1Payload { payload, .. }) => match payload.as_mut() {
            Some(sec1_payload::Payload::Sc0(command)) => &mut command.client_pubkey,
            Some(sec1_payload::Payload::Sr0(response)) => &mut response.device_pubkey,
            other => panic!("no key: {other:?}"),
        },
        Proto::Sec2(Sec2Payload { payload, .. }) => match payload.as_mut() {
            Some(sec2_payload::Payload::Sc0(command)) => &mut command.client_pubkey,
            Some(sec2_payload::Payload::Sr0(response)) => &mut response.device_pubkey,
            other => panic!("no key: {other:?}"),
        },
        Proto::Sec0(_) => panic!("security 0 has no keys"),
    }
}

/// A message's proof, whoever sends it; `None` where it carries none.
fn proof(data: &mut SessionData) -> Option<&mut Vec<u8>> {
    match data.proto.as_mut()? {
        Proto::Sec0(_) => None,
        Proto::Sec1(body) => match body.payload.as_mut()? {
            sec1_payload::Payload::Sc1(command) => Some(&mut command.client_verify_data),
            sec1_payload::Payload::Sr1(response) => Some(&mut response.device_verify_data),
            _ => None,
        },
        Proto::Sec2(body) => match body.payload.as_mut()? {
            sec2_payload::Payload::Sc1(command) => Some(&mut command.client_proof),
            sec2_payload::Payload::Sr1(response) => Some(&mut response.device_proof),
            _ => None,
        },
    }
}

/// The session nonce in security 2's last message.
fn nonce(data: &mut SessionData) -> &mut Vec<u8> {
    match data.proto.as_mut() {
        Some(Proto::Sec2(Sec2Payload { payload: Some(sec2_payload::Payload::Sr1(response)), .. })) => {
            &mut response.device_nonce
        }
        other => panic!("no nonce: {other:?}"),
    }
}
