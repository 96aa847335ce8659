//! RainMaker's endpoints: `cloud_user_assoc` (user mapping) and `ch_resp` (challenge and response).
//!
//! The signature is an imitation: 256 bytes derived by SHA-256 from the node id, the seed and the challenge, as long as
//! the RSA signature of a real node. It proves nothing, so a back end that checks signatures must be simulated too.

use std::time::Duration;

use prost::Message;
use sha2::{Digest, Sha256};

use super::device::{Device, Handled, Refusal};
use super::event::Event;
use crate::wire::messages::{
    AssociationMsg, AssociationPayload, AssociationStatus, ChallengeMsg, ChallengePayload, ChallengeStatus,
    RespChallenge, RespSetUserMapping, association_payload, challenge_payload,
};

/// Hash blocks of 32 bytes in a signature: as long as one of RSA-2048.
const SIGNATURE_BLOCKS: u8 = 8;

/// State of the `ch_resp` endpoint; gone at the next boot.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Challenges {
    disabled: bool,
}

impl Device {
    pub(super) fn map_user(&mut self, now: Duration, plain: &[u8]) -> Handled {
        use association_payload::Payload;
        let request = AssociationPayload::decode(plain).map_err(|_| Refusal::Handler)?;
        let Some(Payload::CmdSetUserMapping(mapping)) = request.payload else { return Err(Refusal::Handler) };
        if request.msg != AssociationMsg::CmdSetUserMapping as i32 {
            return Err(Refusal::Handler);
        }
        self.note(now, Event::UserMapped { user_id: mapping.user_id.clone() });
        // An empty user id is answered like any other.
        let done = RespSetUserMapping { status: AssociationStatus::Success.into(), node_id: self.options.node_id() };
        let reply = AssociationPayload {
            msg: AssociationMsg::RespSetUserMapping.into(),
            payload: Some(Payload::RespSetUserMapping(done)),
        };
        Ok((reply.encode_to_vec(), Duration::ZERO))
    }

    pub(super) fn challenge(&mut self, now: Duration, plain: &[u8]) -> Handled {
        use challenge_payload::Payload;
        let request = ChallengePayload::decode(plain).map_err(|_| Refusal::Handler)?;
        let answer = |msg: ChallengeMsg, status: ChallengeStatus, payload| {
            let reply = ChallengePayload { msg: msg.into(), status: status.into(), payload };
            Ok((reply.encode_to_vec(), Duration::ZERO))
        };
        if self.challenges.disabled {
            return answer(ChallengeMsg::RespChallenge, ChallengeStatus::Disabled, None);
        }
        match (ChallengeMsg::try_from(request.msg), request.payload) {
            (Ok(ChallengeMsg::CmdChallenge), Some(Payload::CmdChallenge(challenge))) => {
                if challenge.payload.is_empty() {
                    return answer(ChallengeMsg::RespChallenge, ChallengeStatus::InvalidParam, None);
                }
                self.note(now, Event::ChallengeAnswered);
                let signature = self.sign(&challenge.payload);
                let signed = RespChallenge { payload: signature, node_id: self.options.node_id() };
                answer(ChallengeMsg::RespChallenge, ChallengeStatus::Success, Some(Payload::RespChallenge(signed)))
            }
            (Ok(ChallengeMsg::CmdDisable), _) => {
                self.challenges.disabled = true;
                self.note(now, Event::ChallengeDisabled);
                answer(ChallengeMsg::RespDisable, ChallengeStatus::Success, None)
            }
            // Asking for the node id alone is defined and not implemented.
            _ => Err(Refusal::Handler),
        }
    }

    pub(super) fn sign(&self, challenge: &[u8]) -> Vec<u8> {
        let block = |index: u8| {
            let mut hasher = Sha256::new();
            hasher.update(self.options.node_id().as_bytes());
            hasher.update(self.options.seed.to_be_bytes());
            hasher.update([index]);
            hasher.update(Sha256::digest(challenge));
            hasher.finalize()
        };
        (0..SIGNATURE_BLOCKS).flat_map(block).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DeviceOptions;

    fn device(profile: &str) -> Device {
        let parameters = [("profile", profile), ("sec-ver", "0"), ("node-id", "PeerNode0001")];
        Device::new(DeviceOptions::from_parameters(parameters).expect("options"))
    }

    #[test]
    fn the_recorded_mapping() {
        let mut device = device("rainmaker-old");
        let request = hex::decode("520e0a04757365721206736563726574").expect("hex");
        let reply = device.handle(Duration::ZERO, "cloud_user_assoc", &request).expect("a reply");
        assert_eq!(hex::encode(reply.body), "08015a0e120c506565724e6f646530303031");
    }

    #[test]
    fn challenges_until_disabled() {
        let mut device = device("rainmaker");
        let challenge = hex::decode("520b0a096368616c6c656e6765").expect("hex");
        let reply = device.handle(Duration::ZERO, "ch_resp", &challenge).expect("a reply");
        let again = device.handle(Duration::ZERO, "ch_resp", &challenge).expect("a reply");
        assert_eq!(reply, again);
        assert!(reply.body.starts_with(&[0x08, 0x01, 0x5a]) && reply.body.len() > 256);
        assert_eq!(device.handle(Duration::ZERO, "ch_resp", &[0x08, 0x02]), Err(Refusal::Handler));
        let disabled = device.handle(Duration::ZERO, "ch_resp", &[0x08, 0x04]).expect("a reply");
        assert_eq!(disabled.body, [0x08, 0x05]);
        let reply = device.handle(Duration::ZERO, "ch_resp", &challenge).expect("a reply");
        assert_eq!(reply.body, [0x08, 0x01, 0x10, 0x03]);
        assert_eq!(device.handle(Duration::ZERO, "cloud_user_assoc", &challenge), Err(Refusal::UnknownEndpoint));
    }
}
