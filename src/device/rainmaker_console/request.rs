//! Requests to endpoints as commands of the console: a back end needs to know no dialect. Pure.

use prost::Message;

use super::command::{Command, Unsendable};
use crate::code::Code;
use crate::endpoint::associate;
use crate::failure::Failure;
use crate::secret::MappingKey;
use crate::wire::messages::{
    AssociationMsg, AssociationPayload, AssociationStatus, RespSetUserMapping, association_payload::Payload,
};

/// The endpoint that has the node sign a text with its key; its reply is the signature.
pub(super) const SIGN: &str = "sign-data";

/// A request that the console has a command for.
pub(super) enum ConsoleRequest {
    /// Tell the node whose it is.
    AddUser { user_id: String, secret_key: MappingKey },
    /// Have the node sign a text.
    Sign(String),
}

impl ConsoleRequest {
    /// Reads a request; `None` where the console has no command for its endpoint.
    ///
    /// # Errors
    /// [`Code::UsageInvalid`] for a body that the command cannot carry.
    pub(super) fn read(endpoint: &str, body: &[u8]) -> Result<Option<Self>, Failure> {
        match endpoint {
            associate::ENDPOINT => match AssociationPayload::decode(body).map(|message| message.payload) {
                Ok(Some(Payload::CmdSetUserMapping(mapping))) => Ok(Some(Self::AddUser {
                    user_id: mapping.user_id.clone(),
                    secret_key: MappingKey::from(mapping.secret_key.as_str()),
                })),
                _ => Err(Failure::new(Code::UsageInvalid)
                    .saying("the RainMaker agent's console can only be told a user's id and key")),
            },
            SIGN => match std::str::from_utf8(body) {
                Ok(text) => Ok(Some(Self::Sign(text.to_owned()))),
                Err(_) => Err(Failure::new(Code::UsageInvalid)
                    .saying("the RainMaker agent's console signs text, and this is not UTF-8")),
            },
            _ => Ok(None),
        }
    }

    /// The line to send.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub(super) fn command(&self) -> Result<Command, Unsendable> {
        match self {
            Self::AddUser { user_id, secret_key } => Command::add_user(user_id, secret_key),
            Self::Sign(text) => Command::sign_data(text),
        }
    }
}

/// The reply of a device that has taken its user, as the endpoint gives it.
pub(super) fn associated(node_id: &str) -> Vec<u8> {
    let inner = RespSetUserMapping { status: AssociationStatus::Success.into(), node_id: node_id.to_owned() };
    let message = AssociationPayload {
        msg: AssociationMsg::RespSetUserMapping.into(),
        payload: Some(Payload::RespSetUserMapping(inner)),
    };
    message.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Request;
    use crate::endpoint::associate::SetUserMapping;

    #[test]
    fn an_association_becomes_add_user_and_its_reply_reads_like_a_device_s() {
        let secret_key = MappingKey::from("k3y");
        let request = SetUserMapping { user_id: "ana", secret_key: &secret_key };
        let read = ConsoleRequest::read(request.endpoint(), &request.encode()).expect("a request");
        let command = read.expect("a command").command().expect("a line");
        assert_eq!(command.line(), br#"add-user "ana" "k3y""#);
        assert_eq!(request.decode(&associated("node-1")), Ok("node-1".to_owned()));
    }

    #[test]
    fn other_endpoints_have_no_command() {
        assert!(ConsoleRequest::read("custom-data", b"x").expect("no fault").is_none());
        assert!(ConsoleRequest::read(SIGN, b"\xff").is_err());
        assert!(ConsoleRequest::read(associate::ENDPOINT, b"\xff").is_err());
    }
}
