//! `prov-ctrl`: reset a device so that it takes new credentials (ESP-IDF 5.1 and later).

use prost::Message;
use zeroize::Zeroizing;

use super::scan::Radio;
use super::{ReplyError, Request, accept};
use crate::wire::messages::{ControlEmpty, ControlMsg, ControlPayload, control_payload::Payload};

/// The endpoint's name.
pub const ENDPOINT: &str = "prov-ctrl";

/// What to do with the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// After a failed join: forget the credentials, take new ones. Firmware with component 1.2.1 or later also takes
    /// it in the start state; before that it answers InternalError there.
    Reset,
    /// After a successful one: leave the network and take new credentials. Only where the firmware's automatic stop
    /// is off.
    Reprovision,
}

/// One `prov-ctrl` command.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    /// What to do.
    pub action: Action,
    /// For which radio.
    pub radio: Radio,
}

impl Request for Control {
    type Reply = ();

    fn endpoint(&self) -> &str {
        ENDPOINT
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let empty = ControlEmpty {};
        let (msg, payload) = match (self.action, self.radio) {
            (Action::Reset, Radio::Wifi) => (ControlMsg::CmdWifiReset, Payload::CmdWifiReset(empty)),
            (Action::Reset, Radio::Thread) => (ControlMsg::CmdThreadReset, Payload::CmdThreadReset(empty)),
            (Action::Reprovision, Radio::Wifi) => (ControlMsg::CmdWifiReprov, Payload::CmdWifiReprov(empty)),
            (Action::Reprovision, Radio::Thread) => (ControlMsg::CmdThreadReprov, Payload::CmdThreadReprov(empty)),
        };
        let message = ControlPayload { msg: msg.into(), payload: Some(payload), ..Default::default() };
        Zeroizing::new(message.encode_to_vec())
    }

    fn decode(&self, reply: &[u8]) -> Result<(), ReplyError> {
        let due = match (self.action, self.radio) {
            (Action::Reset, Radio::Wifi) => ControlMsg::RespWifiReset,
            (Action::Reset, Radio::Thread) => ControlMsg::RespThreadReset,
            (Action::Reprovision, Radio::Wifi) => ControlMsg::RespWifiReprov,
            (Action::Reprovision, Radio::Thread) => ControlMsg::RespThreadReprov,
        };
        let message = ControlPayload::decode(reply).map_err(|_| ReplyError::Malformed)?;
        if message.msg != i32::from(due) {
            return Err(ReplyError::Unexpected);
        }
        accept(message.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_the_recorded_bytes() {
        let bytes = |action| hex::encode(&*Control { action, radio: Radio::Wifi }.encode());
        assert_eq!(bytes(Action::Reset), "08015a00");
        assert_eq!(bytes(Action::Reprovision), "08036a00");
    }

    #[test]
    fn the_outer_status_is_read() {
        let reset = Control { action: Action::Reset, radio: Radio::Wifi };
        assert_eq!(reset.decode(&hex::decode("08026200").unwrap()), Ok(()));
        assert_eq!(reset.decode(&hex::decode("080210056200").unwrap()), Err(ReplyError::Refused(5)));
        assert_eq!(reset.decode(b""), Err(ReplyError::Unexpected));
    }
}
