//! `cloud_user_assoc` of RainMaker firmware: tell the node which user it belongs to. The node
//! passes that on to its back end once it is online.

use prost::Message;
use zeroize::Zeroizing;

use super::{ReplyError, Request};
use crate::secret::MappingKey;
use crate::wire::messages::{
    AssociationMsg, AssociationPayload, AssociationStatus, CmdSetUserMapping, association_payload::Payload,
};

/// The endpoint's name.
pub const ENDPOINT: &str = "cloud_user_assoc";

/// Plain user mapping.
#[derive(Debug)]
pub struct SetUserMapping<'a> {
    /// The user's id at the back end.
    pub user_id: &'a str,
    /// The key the back end matches; UTF-8.
    pub secret_key: &'a MappingKey,
}

impl Request for SetUserMapping<'_> {
    /// The node's id.
    type Reply = String;

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let message = AssociationPayload {
            msg: AssociationMsg::CmdSetUserMapping.into(),
            payload: Some(Payload::CmdSetUserMapping(CmdSetUserMapping {
                user_id: self.user_id.to_owned(),
                secret_key: String::from_utf8_lossy(self.secret_key.expose()).into_owned(),
            })),
        };
        Zeroizing::new(message.encode_to_vec())
    }

    fn decode(&self, reply: &[u8]) -> Result<String, ReplyError> {
        let message = AssociationPayload::decode(reply).map_err(|_| ReplyError::Malformed)?;
        match (AssociationMsg::try_from(message.msg), message.payload) {
            (Ok(AssociationMsg::RespSetUserMapping), Some(Payload::RespSetUserMapping(inner))) => {
                match AssociationStatus::try_from(inner.status) {
                    Ok(AssociationStatus::Success) => Ok(inner.node_id),
                    // The two enums share the number 0 only; the name people know is the provisioning one.
                    Ok(AssociationStatus::InvalidParam) => Err(ReplyError::Refused(4)),
                    _ => Err(ReplyError::Refused(5)),
                }
            }
            (Ok(AssociationMsg::RespSetUserMapping), _) => Err(ReplyError::Missing("status")),
            _ => Err(ReplyError::Unexpected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_recorded_bytes() {
        let key = MappingKey::from("secret");
        let bytes = SetUserMapping { user_id: "user", secret_key: &key }.encode();
        assert_eq!(hex::encode(&*bytes), "520e0a04757365721206736563726574");
    }

    #[test]
    fn the_node_id_comes_back_with_success_only() {
        let key = MappingKey::from("s");
        let request = SetUserMapping { user_id: "u", secret_key: &key };
        let reply = hex::decode("08015a0e120c506565724e6f646530303031").unwrap();
        assert_eq!(request.decode(&reply), Ok("PeerNode0001".to_owned()));
        assert_eq!(request.decode(&hex::decode("08015a020801").unwrap()), Err(ReplyError::Refused(4)));
        assert_eq!(request.decode(b""), Err(ReplyError::Unexpected));
    }
}
