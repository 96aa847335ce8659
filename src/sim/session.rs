//! The device's side of `prov-session`: one secure session, restarted by any command 0, dropped with its transport
//! session.
//!
//! The cryptography is in the scheme. This file decides which message fits which state, counts wrong proofs, and
//! applies the faults of a handshake.

use std::convert::Infallible;
use std::time::Duration;

use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, TryCryptoRng, TryRng};

use super::device::{Device, Refusal};
use super::event::{Event, StopReason};
use super::fault::FaultKind;
use crate::security::srp6a::{DeviceKeys, EXPONENT_LEN, GROUP_LEN};
use crate::security::{self, Cipher, DeviceIdentity, Handshake, HandshakeError, Next};
use crate::wire::messages::{SessionData, sec1_payload, sec2_payload, session_data::Proto};

/// Security 0's first message.
const GREETING: &[u8] = &[0x52, 0x03, 0xa2, 0x01, 0x00];

/// The one secure session a device has room for.
#[derive(Default)]
pub(super) enum Secure {
    #[default]
    None,
    /// The client's proof is due.
    Awaiting(Box<dyn Handshake>),
    /// The client's proof was wrong. The firmware still waits for one, which can no longer match.
    Rejected,
    /// The session is established.
    Up(Box<dyn Cipher>),
}

impl Secure {
    pub(super) fn open(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Up(cipher) => cipher.open(sealed).ok(),
            _ => None,
        }
    }

    pub(super) fn seal(&mut self, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Up(cipher) => cipher.seal(plain).ok(),
            _ => None,
        }
    }
}

impl Device {
    /// One handshake message.
    pub(super) fn handshake(&mut self, now: Duration, request: &[u8]) -> Result<Vec<u8>, Refusal> {
        let version = self.options.security();
        // A message of another scheme, or bytes that are not a message, leave the session as it is.
        let data = SessionData::decode(request).ok();
        let Some((data, command)) = data.and_then(|data| command(version, &data).map(|command| (data, command))) else {
            return self.refuse_handshake(now, "the message does not belong to this device's scheme");
        };
        let handshake = match (std::mem::take(&mut self.secure), command) {
            (_, 0) => self.begin(version, &data)?,
            (Secure::Awaiting(handshake), _) => handshake,
            (Secure::Rejected, 2) => {
                self.secure = Secure::Rejected;
                return self.reject_proof(now);
            }
            (other, _) => {
                self.secure = other;
                return self.refuse_handshake(now, "a message out of order");
            }
        };
        // Security 0 looks at the version alone, and takes whatever the message carries for its greeting.
        match handshake.advance(if version == 0 { GREETING } else { request }) {
            Ok(turn) => {
                self.secure = match turn.next {
                    Next::Await(handshake) => Secure::Awaiting(handshake),
                    Next::Established(cipher) => {
                        self.note(now, Event::SessionUp { security: version });
                        Secure::Up(cipher)
                    }
                };
                turn.send.map(|send| self.spoil_handshake(now, send)).ok_or(Refusal::Handler)
            }
            Err(HandshakeError::ProofMismatch) => {
                self.secure = Secure::Rejected;
                self.reject_proof(now)
            }
            Err(error) => self.refuse_handshake(now, &error.to_string()),
        }
    }

    fn begin(&mut self, version: u8, command: &SessionData) -> Result<Box<dyn Handshake>, Refusal> {
        let scheme = security::scheme(version).ok_or(Refusal::Handler)?;
        let identity = self.options.identity();
        let mut first = None;
        if let DeviceIdentity::Srp { verifier, .. } = &identity {
            let mut start = [0; EXPONENT_LEN];
            if self.script.strikes(FaultKind::ShortB, "").is_some() {
                self.rng.fill_bytes(&mut start);
                first = Some(*DeviceKeys::short_public_exponent(&start, verifier));
            } else if self.script.strikes(FaultKind::ShortS, "").is_some() {
                self.rng.fill_bytes(&mut start);
                let exponent = DeviceKeys::short_secret_exponent(&start, verifier, client_public(command));
                first = exponent.map(|exponent| *exponent);
            }
        }
        let mut rng = Prepared { first, rest: &mut self.rng };
        scheme.respond(&identity, &mut rng).map_err(|_| Refusal::Handler)
    }

    fn reject_proof(&mut self, now: Duration) -> Result<Vec<u8>, Refusal> {
        self.wrong_proofs += 1;
        self.note(now, Event::ProofRejected { count: self.wrong_proofs });
        let limit = match self.script.has(FaultKind::Lockout) {
            Some(fault) => fault.value().and_then(|value| value.parse().ok()).unwrap_or(1),
            None => self.options.profile.lockout,
        };
        if limit > 0 && self.wrong_proofs >= limit {
            self.stop(now, StopReason::Lockout);
        }
        Err(Refusal::Handler)
    }

    fn refuse_handshake(&mut self, now: Duration, reason: &str) -> Result<Vec<u8>, Refusal> {
        self.note(now, Event::HandshakeRefused { reason: reason.to_owned() });
        Err(Refusal::Handler)
    }

    /// Replaces the device's key or proof where the script says so.
    fn spoil_handshake(&mut self, now: Duration, send: Vec<u8>) -> Vec<u8> {
        let Ok(mut data) = SessionData::decode(&send[..]) else { return send };
        let field = match &mut data.proto {
            Some(Proto::Sec1(payload)) => match &mut payload.payload {
                Some(sec1_payload::Payload::Sr0(reply)) => Some((&mut reply.device_pubkey, vec![0; 32])),
                Some(sec1_payload::Payload::Sr1(reply)) => Some((&mut reply.device_verify_data, Vec::new())),
                _ => None,
            },
            Some(Proto::Sec2(payload)) => match &mut payload.payload {
                Some(sec2_payload::Payload::Sr0(reply)) => Some((&mut reply.device_pubkey, vec![0; GROUP_LEN])),
                Some(sec2_payload::Payload::Sr1(reply)) => Some((&mut reply.device_proof, Vec::new())),
                _ => None,
            },
            _ => None,
        };
        let Some((field, illegal_key)) = field else { return send };
        let kind = if illegal_key.is_empty() { FaultKind::WrongProof } else { FaultKind::BadKey };
        if self.strikes(now, kind, "").is_none() {
            return send;
        }
        match kind {
            FaultKind::BadKey => *field = illegal_key,
            _ => field.iter_mut().for_each(|byte| *byte = !*byte),
        }
        data.encode_to_vec()
    }
}

/// The number of the message, where it is one of this scheme.
fn command(version: u8, data: &SessionData) -> Option<i32> {
    let command = match (version, &data.proto) {
        (0, _) => 0,
        (1, Some(Proto::Sec1(payload))) => payload.msg,
        (2, Some(Proto::Sec2(payload))) => payload.msg,
        _ => return None,
    };
    (data.sec_ver == i32::from(version)).then_some(command)
}

/// Security 2's A, as the client sent it.
fn client_public(command: &SessionData) -> &[u8] {
    match &command.proto {
        Some(Proto::Sec2(payload)) => match &payload.payload {
            Some(sec2_payload::Payload::Sc0(command)) => &command.client_pubkey,
            _ => &[],
        },
        _ => &[],
    }
}

/// A random generator whose first draw of an exponent is given.
struct Prepared<'a> {
    first: Option<[u8; EXPONENT_LEN]>,
    rest: &'a mut ChaCha20Rng,
}

impl TryRng for Prepared<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.rest.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rest.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match self.first.take() {
            Some(first) if bytes.len() == first.len() => {
                bytes.copy_from_slice(&first);
                Ok(())
            }
            _ => self.rest.try_fill_bytes(bytes),
        }
    }
}

impl TryCryptoRng for Prepared<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DeviceOptions;
    use crate::sim::device::BOOT_TIME;
    use crate::sim::profile::Profile;

    #[test]
    fn a_message_of_another_scheme_leaves_the_session_alone() {
        let mut device = Device::new(DeviceOptions { security: Some(0), ..DeviceOptions::default() });
        assert_eq!(device.handshake(Duration::ZERO, GREETING).as_deref(), Ok(GREETING_ANSWER));
        assert_eq!(device.handshake(Duration::ZERO, &[0x10, 0x01, 0x5a, 0x00]), Err(Refusal::Handler));
        assert!(matches!(device.secure, Secure::Up(_)));
        assert!(device.take_events().iter().any(|timed| matches!(timed.event, Event::HandshakeRefused { .. })));
    }

    const GREETING_ANSWER: &[u8] = &[0x52, 0x05, 0x08, 0x01, 0xaa, 0x01, 0x00];

    #[test]
    fn security_0_looks_at_the_version_alone() {
        let open = || Device::new(DeviceOptions { security: Some(0), ..DeviceOptions::default() });
        // The version alone, security 1's first message without its version, security 0's answer.
        for message in [&[0x10, 0x00][..], &[0x5a, 0x03, 0xa2, 0x01, 0x00], GREETING_ANSWER] {
            assert_eq!(open().handshake(Duration::ZERO, message).as_deref(), Ok(GREETING_ANSWER), "{message:02x?}");
        }
        assert_eq!(open().handshake(Duration::ZERO, &[0x52, 0x05]), Err(Refusal::Handler), "not a message");
    }

    #[test]
    fn a_proof_before_the_keys_is_out_of_order() {
        let mut device = Device::new(DeviceOptions { security: Some(1), ..DeviceOptions::default() });
        let proof = [&[0x10, 0x01, 0x5a, 0x27, 0x08, 0x02, 0xb2, 0x01, 0x22, 0x12, 0x20][..], &[0; 32]].concat();
        assert_eq!(device.handshake(Duration::ZERO, &proof), Err(Refusal::Handler));
        assert_eq!(device.wrong_proofs, 0, "no credentials mismatch");
    }

    #[test]
    fn a_restart_forgets_wrong_proofs() {
        let mut device = Device::new(DeviceOptions::default());
        device.options.profile = Profile::named("rainmaker").expect("a profile").clone();
        let limit = device.options.profile.lockout;
        assert!(limit > 1);
        for _ in 1..limit {
            assert_eq!(device.reject_proof(Duration::ZERO), Err(Refusal::Handler));
        }
        device.restart(Duration::ZERO);
        let booted = BOOT_TIME * 2;
        for _ in 1..limit {
            assert_eq!(device.reject_proof(booted), Err(Refusal::Handler));
        }
        assert!(device.handle(booted, "proto-ver", b"---").is_ok());
        assert_eq!(device.reject_proof(booted), Err(Refusal::Handler));
        assert!(device.handle(booted, "proto-ver", b"---").is_err());
    }
}
