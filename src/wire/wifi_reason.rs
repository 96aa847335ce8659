//! Why the radio left a network: the numbers of ESP-IDF's `wifi_err_reason_t`, what they are called and what they mean.
//!
//! The protocol carries none of them; firmware logs them. Advice for people is given elsewhere. Below
//! 100 they are IEEE 802.11's own, from 200 on the driver's.

/// That the device left by itself.
pub const ASSOC_LEAVE: u16 = 8;

/// Number, name without the `WIFI_REASON_` before it, and what it means.
static REASONS: &[(u16, &str, &str)] = &[
    (1, "UNSPECIFIED", "the access point gives no reason"),
    (2, "AUTH_EXPIRE", "the authentication is no longer valid"),
    (3, "AUTH_LEAVE", "the access point ended the authentication, or is going away"),
    (4, "DISASSOC_DUE_TO_INACTIVITY", "no traffic for too long"),
    (5, "ASSOC_TOOMANY", "the access point has as many stations as it can handle"),
    (6, "CLASS2_FRAME_FROM_NONAUTH_STA", "the access point does not hold the device for authenticated"),
    (
        7,
        "CLASS3_FRAME_FROM_NONASSOC_STA",
        "the access point does not hold the device for associated: it has forgotten it, or refuses it",
    ),
    (8, "ASSOC_LEAVE", "the device left the network by itself"),
    (9, "ASSOC_NOT_AUTHED", "the device asked to associate before it was authenticated"),
    (10, "DISASSOC_PWRCAP_BAD", "the access point does not accept the transmit power that the device announces"),
    (11, "DISASSOC_SUPCHAN_BAD", "the access point does not accept the channels that the device announces"),
    (12, "BSS_TRANSITION_DISASSOC", "the network sends the device to another access point"),
    (13, "IE_INVALID", "an information element is invalid: the two disagree about security or radio features"),
    (14, "MIC_FAILURE", "the integrity check of a message failed"),
    (15, "4WAY_HANDSHAKE_TIMEOUT", "the four-way handshake was not completed in time"),
    (16, "GROUP_KEY_UPDATE_TIMEOUT", "the update of the group key was not completed in time"),
    (
        17,
        "IE_IN_4WAY_DIFFERS",
        "the security that the access point announces differs between its beacon and the handshake",
    ),
    (18, "GROUP_CIPHER_INVALID", "the group cipher is not allowed"),
    (19, "PAIRWISE_CIPHER_INVALID", "the pairwise cipher is not allowed"),
    (20, "AKMP_INVALID", "the way to authenticate is not allowed"),
    (21, "UNSUPP_RSN_IE_VERSION", "the version of the security element is not supported"),
    (
        22,
        "INVALID_RSN_IE_CAP",
        "the capabilities of the security element are invalid, as where one side insists on protected management frames",
    ),
    (23, "802_1X_AUTH_FAILED", "the enterprise authentication failed"),
    (24, "CIPHER_SUITE_REJECTED", "the cipher is refused by a policy"),
    (25, "TDLS_PEER_UNREACHABLE", "a direct link's peer cannot be reached"),
    (26, "TDLS_UNSPECIFIED", "a direct link ended"),
    (27, "SSP_REQUESTED_DISASSOC", "the service provider asked for the end"),
    (28, "NO_SSP_ROAMING_AGREEMENT", "there is no roaming agreement with the service provider"),
    (29, "BAD_CIPHER_OR_AKM", "the service is refused with this cipher or way to authenticate"),
    (30, "NOT_AUTHORIZED_THIS_LOCATION", "the service is not allowed at this place"),
    (31, "SERVICE_CHANGE_PERCLUDES_TS", "a change of service left no room for the device's traffic"),
    (32, "UNSPECIFIED_QOS", "a quality-of-service reason that is not told"),
    (33, "NOT_ENOUGH_BANDWIDTH", "the access point has too little bandwidth left"),
    (34, "MISSING_ACKS", "too many frames went unacknowledged: the signal is poor, or the channel is crowded"),
    (35, "EXCEEDED_TXOP", "the device sent for longer than it may"),
    (36, "STA_LEAVING", "the device is leaving or resetting"),
    (37, "END_BA", "the stream or its acknowledgement is not wanted any more"),
    (38, "UNKNOWN_BA", "the stream or its acknowledgement is unknown"),
    (39, "TIMEOUT", "the other side did not answer in time"),
    (46, "PEER_INITIATED", "the other side ended it"),
    (47, "AP_INITIATED", "the access point ended it"),
    (48, "INVALID_FT_ACTION_FRAME_COUNT", "a fast transition had an invalid frame count"),
    (49, "INVALID_PMKID", "the access point does not know the cached key"),
    (50, "INVALID_MDE", "a fast transition had an invalid mobility domain"),
    (51, "INVALID_FTE", "a fast transition had an invalid element"),
    (67, "TRANSMISSION_LINK_ESTABLISH_FAILED", "the link could not be established on this channel"),
    (68, "ALTERATIVE_CHANNEL_OCCUPIED", "the other channel is occupied"),
    (200, "BEACON_TIMEOUT", "the access point's beacons were not heard any more"),
    (201, "NO_AP_FOUND", "no access point of that name was heard"),
    (202, "AUTH_FAIL", "the authentication failed"),
    (203, "ASSOC_FAIL", "the association failed"),
    (204, "HANDSHAKE_TIMEOUT", "the handshake was not completed in time"),
    (205, "CONNECTION_FAIL", "the connection failed"),
    (206, "AP_TSF_RESET", "the access point's clock started anew: it has restarted"),
    (207, "ROAMING", "the device moves to another access point"),
    (
        208,
        "ASSOC_COMEBACK_TIME_TOO_LONG",
        "the access point asks the device to come back later than the device is willing to wait",
    ),
    (209, "SA_QUERY_TIMEOUT", "the access point did not confirm the protected connection in time"),
    (210, "NO_AP_FOUND_W_COMPATIBLE_SECURITY", "the network has no security that the firmware allows"),
    (211, "NO_AP_FOUND_IN_AUTHMODE_THRESHOLD", "the network's security is weaker than the firmware's minimum"),
    (212, "NO_AP_FOUND_IN_RSSI_THRESHOLD", "the network's signal is weaker than the firmware's minimum"),
];

/// A reason for people: `reason 15 (4WAY_HANDSHAKE_TIMEOUT)`, or the number alone where the table has no name for it.
pub fn described(number: u16) -> String {
    match REASONS.iter().find(|(own, ..)| *own == number) {
        Some((_, name, _)) => format!("reason {number} ({name})"),
        None => format!("reason {number}"),
    }
}

/// What a reason means; the standard's words, made plain.
pub fn meaning(number: u16) -> Option<&'static str> {
    REASONS.iter().find(|(own, ..)| *own == number).map(|(.., meaning)| *meaning)
}

/// The number of a reason by its name, with or without `WIFI_REASON_`, case ignored.
pub fn by_name(name: &str) -> Option<u16> {
    const PREFIX: &str = "WIFI_REASON_";
    let prefixed = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    let name = if prefixed { &name[PREFIX.len()..] } else { name };
    REASONS.iter().find(|(_, own, _)| own.eq_ignore_ascii_case(name)).map(|(number, ..)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_find_each_other() {
        assert_eq!(described(205), "reason 205 (CONNECTION_FAIL)");
        assert_eq!(described(999), "reason 999");
        for (name, number) in [("4way_handshake_timeout", Some(15)), ("WIFI_REASON_NO_AP_FOUND", Some(201)), ("", None)]
        {
            assert_eq!(by_name(name), number, "{name}");
        }
        assert!(REASONS.is_sorted_by_key(|(number, ..)| *number));
    }
}
