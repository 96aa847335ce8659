//! Answers to messages of the radio that a build is without, without their status, which is InvalidArgument. Pure.
//!
//! network_provisioning knows the messages of both radios; older firmware knows no message of Thread. What a build
//! does with messages of its own radio is in `scan.rs`, `config.rs` and `thread.rs`.

use crate::wire::messages::{
    ConfigMsg, ControlEmpty, ControlMsg, RespApplyThread, RespApplyWifi, RespGetThreadStatus, RespGetWifiStatus,
    RespScanThreadResult, RespScanThreadStart, RespScanThreadStatus, RespScanWifiResult, RespScanWifiStart,
    RespScanWifiStatus, RespSetThread, RespSetWifi, ScanMsg, Status, config_payload, control_payload, scan_payload,
};

/// Thread's messages to `prov-scan` and `prov-config` come after the six of Wi-Fi.
const FIRST_FOR_THREAD: i32 = 6;

/// Whether a message to `prov-scan` or `prov-config` is one of Thread.
pub(super) fn is_for_thread(msg: impl Into<i32>) -> bool {
    msg.into() >= FIRST_FOR_THREAD
}

/// The answer of `prov-scan`, whose status is outside of it; `None` where the handler fails.
pub(super) fn scan(msg: ScanMsg, payload: Option<&scan_payload::Payload>) -> Option<scan_payload::Payload> {
    use scan_payload::Payload;
    Some(match (msg, payload) {
        (ScanMsg::CmdWifiStart, Some(Payload::CmdWifiStart(_))) => Payload::RespWifiStart(RespScanWifiStart {}),
        (ScanMsg::CmdWifiStatus, _) => Payload::RespWifiStatus(RespScanWifiStatus::default()),
        (ScanMsg::CmdWifiResult, Some(Payload::CmdWifiResult(_))) => {
            Payload::RespWifiResult(RespScanWifiResult::default())
        }
        (ScanMsg::CmdThreadStart, Some(Payload::CmdThreadStart(_))) => Payload::RespThreadStart(RespScanThreadStart {}),
        (ScanMsg::CmdThreadStatus, _) => Payload::RespThreadStatus(RespScanThreadStatus::default()),
        (ScanMsg::CmdThreadResult, Some(Payload::CmdThreadResult(_))) => {
            Payload::RespThreadResult(RespScanThreadResult::default())
        }
        _ => return None,
    })
}

/// The answer of `prov-config`, with its status; `None` where the handler fails.
pub(super) fn config(msg: ConfigMsg, payload: Option<&config_payload::Payload>) -> Option<config_payload::Payload> {
    use config_payload::Payload;
    let status = Status::InvalidArgument.into();
    Some(match (msg, payload) {
        (ConfigMsg::CmdGetWifiStatus, _) => {
            Payload::RespGetWifiStatus(RespGetWifiStatus { status, ..Default::default() })
        }
        (ConfigMsg::CmdSetWifi, Some(Payload::CmdSetWifi(_))) => Payload::RespSetWifi(RespSetWifi { status }),
        (ConfigMsg::CmdApplyWifi, _) => Payload::RespApplyWifi(RespApplyWifi { status }),
        (ConfigMsg::CmdGetThreadStatus, _) => {
            Payload::RespGetThreadStatus(RespGetThreadStatus { status, ..Default::default() })
        }
        (ConfigMsg::CmdSetThread, Some(Payload::CmdSetThread(_))) => Payload::RespSetThread(RespSetThread { status }),
        (ConfigMsg::CmdApplyThread, _) => Payload::RespApplyThread(RespApplyThread { status }),
        _ => return None,
    })
}

/// The answer of `prov-ctrl`, whose status is outside of it; `None` where the handler fails.
pub(super) fn control(msg: ControlMsg) -> Option<control_payload::Payload> {
    use control_payload::Payload;
    let empty = ControlEmpty {};
    Some(match msg {
        ControlMsg::CmdWifiReset => Payload::RespWifiReset(empty),
        ControlMsg::CmdWifiReprov => Payload::RespWifiReprov(empty),
        ControlMsg::CmdThreadReset => Payload::RespThreadReset(empty),
        ControlMsg::CmdThreadReprov => Payload::RespThreadReprov(empty),
        _ => return None,
    })
}
