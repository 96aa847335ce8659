//! Why the radio left a network: the numbers of ESP-IDF's `wifi_err_reason_t`, and what they are called.
//!
//! The protocol carries none of them; firmware logs them. Advice for people is given elsewhere. Below
//! 100 they are IEEE 802.11's own, from 200 on the driver's.

/// Number and name, without the `WIFI_REASON_` before it.
static REASONS: &[(u16, &str)] = &[
    (1, "UNSPECIFIED"),
    (2, "AUTH_EXPIRE"),
    (3, "AUTH_LEAVE"),
    (4, "DISASSOC_DUE_TO_INACTIVITY"),
    (5, "ASSOC_TOOMANY"),
    (6, "CLASS2_FRAME_FROM_NONAUTH_STA"),
    (7, "CLASS3_FRAME_FROM_NONASSOC_STA"),
    (8, "ASSOC_LEAVE"),
    (9, "ASSOC_NOT_AUTHED"),
    (10, "DISASSOC_PWRCAP_BAD"),
    (11, "DISASSOC_SUPCHAN_BAD"),
    (12, "BSS_TRANSITION_DISASSOC"),
    (13, "IE_INVALID"),
    (14, "MIC_FAILURE"),
    (15, "4WAY_HANDSHAKE_TIMEOUT"),
    (16, "GROUP_KEY_UPDATE_TIMEOUT"),
    (17, "IE_IN_4WAY_DIFFERS"),
    (18, "GROUP_CIPHER_INVALID"),
    (19, "PAIRWISE_CIPHER_INVALID"),
    (20, "AKMP_INVALID"),
    (21, "UNSUPP_RSN_IE_VERSION"),
    (22, "INVALID_RSN_IE_CAP"),
    (23, "802_1X_AUTH_FAILED"),
    (24, "CIPHER_SUITE_REJECTED"),
    (34, "MISSING_ACKS"),
    (39, "TIMEOUT"),
    (46, "PEER_INITIATED"),
    (47, "AP_INITIATED"),
    (49, "INVALID_PMKID"),
    (200, "BEACON_TIMEOUT"),
    (201, "NO_AP_FOUND"),
    (202, "AUTH_FAIL"),
    (203, "ASSOC_FAIL"),
    (204, "HANDSHAKE_TIMEOUT"),
    (205, "CONNECTION_FAIL"),
    (206, "AP_TSF_RESET"),
    (207, "ROAMING"),
    (208, "ASSOC_COMEBACK_TIME_TOO_LONG"),
    (209, "SA_QUERY_TIMEOUT"),
    (210, "NO_AP_FOUND_W_COMPATIBLE_SECURITY"),
    (211, "NO_AP_FOUND_IN_AUTHMODE_THRESHOLD"),
    (212, "NO_AP_FOUND_IN_RSSI_THRESHOLD"),
];

/// A reason for people: `reason 15 (4WAY_HANDSHAKE_TIMEOUT)`, or the number alone where the table has no name for it.
pub fn described(number: u16) -> String {
    match REASONS.iter().find(|(own, _)| *own == number) {
        Some((_, name)) => format!("reason {number} ({name})"),
        None => format!("reason {number}"),
    }
}

/// The number of a reason by its name, with or without `WIFI_REASON_`, case ignored.
pub fn by_name(name: &str) -> Option<u16> {
    const PREFIX: &str = "WIFI_REASON_";
    let prefixed = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    let name = if prefixed { &name[PREFIX.len()..] } else { name };
    REASONS.iter().find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(number, _)| *number)
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
        assert!(REASONS.is_sorted_by_key(|(number, _)| *number));
    }
}
