//! Lines by which firmware tells what went wrong: how one is recognised, and what it means. The signs are in `table`.
//!
//! - `sign.rs`: what a sign is
//! - `table.rs`: the signs, the most telling first

mod sign;
mod table;

pub use sign::{About, Sign};
use table::SIGNS;

use crate::wire::log::Line;
use crate::wire::wifi_reason;

/// What a line tells, if it is one of the signs.
pub fn sign(line: &Line) -> Option<Sign> {
    let whole = line.to_string().to_lowercase();
    let number = disconnect_reason(&whole);
    let known = SIGNS.iter().find(|sign| match sign.reason {
        Some(wanted) => number == Some(wanted),
        None => sign.texts.iter().any(|text| whole.contains(text)),
    });
    // That the device left by itself says nothing of why.
    known.copied().or_else(|| number.filter(|number| *number != wifi_reason::ASSOC_LEAVE).map(Sign::of_reason))
}

/// Why the board started, where a line is the boot ROM's.
pub fn started(line: &Line) -> Option<&'static str> {
    Some(match line.reset_reason()? {
        "POWERON_RESET" | "POWERON" => "the board started: power on, or its reset button",
        "SW_RESET" | "SW_CPU_RESET" | "SW_CPU" | "RTC_SW_CPU_RST" | "RTC_SW_SYS_RST" => {
            "the board started: its firmware asked for it"
        }
        "DEEPSLEEP_RESET" | "DSLEEP" => "the board started: it woke from deep sleep",
        "USB_UART_CHIP_RESET" | "USB_JTAG_CHIP_RESET" => "the board started: reset over USB",
        _ => "the board started",
    })
}

/// The place of a sign in the table: the most telling is the first.
pub(super) fn rank(sign: Sign) -> usize {
    let place = SIGNS.iter().position(|other| *other == sign);
    // A reason that is not in the table comes after those that are.
    place.or_else(|| SIGNS.iter().rposition(|other| other.reason.is_some())).unwrap_or_default()
}

/// The Wi-Fi disconnect reason in a line, by number or by name: `Disconnect reason : 15`, `Reason: 201 - NO_AP_FOUND`,
/// `reason=4WAY_HANDSHAKE_TIMEOUT`. Resets have reasons, too.
fn disconnect_reason(lower: &str) -> Option<u16> {
    let (before, after) = lower.split_once("reason")?;
    let after = after.trim_start_matches([' ', ':', '=', '\'', '"', '(', '[']);
    let wifi = ["disconnect", "wifi", "wi-fi", "sta_", "station"].iter().any(|word| lower.contains(word));
    if before.contains("reset") || before.contains("reboot") || before.contains("wake") || !(wifi || before.is_empty())
    {
        return None;
    }
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    // 4WAY_HANDSHAKE_TIMEOUT begins with a digit.
    let ends = !after[digits..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if digits > 0 && ends {
        return after[..digits].parse().ok();
    }
    let word: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    wifi_reason::by_name(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_by_number_and_by_name() {
        for (line, wanted) in [
            ("I (9) app_wifi: Disconnect reason : 15", Some(15)),
            ("W (9) wifi_prov_mgr: STA Disconnected, reason:201", Some(201)),
            ("[W][WiFiGeneric.cpp:357] _eventCallback(): Reason: 202 - AUTH_FAIL", Some(202)),
            ("WiFi: disconnected (reason=4WAY_HANDSHAKE_TIMEOUT). Retrying", Some(15)),
            ("E (9) app: wifi disconnect reason WIFI_REASON_NO_AP_FOUND", Some(201)),
            ("E (9) app: disconnected, reason: NO_AP_FOUND_W_COMPATIBLE_SECURITY", Some(210)),
            ("reason: 2", Some(2)),
            ("I (9) boot: reset reason: 15", None),
            ("I (9) app: wifi reset reason 15", None),
            ("I (9) app: reason: 15", None),
            ("I (9) wifi: reason 15x", None),
            ("I (9) wifi: reason 99999999999", None),
            ("I (9) wifi: reason", None),
        ] {
            assert_eq!(disconnect_reason(&Line::parse(line).to_string().to_lowercase()), wanted, "{line}");
        }
    }

    #[test]
    fn every_reason_is_told_with_its_meaning() {
        for (number, wanted) in [
            (7, "reason 7 (CLASS3_FRAME_FROM_NONASSOC_STA): "),
            (34, "reason 34 (MISSING_ACKS): "),
            (39, "reason 39 (TIMEOUT): "),
            (208, "reason 208 (ASSOC_COMEBACK_TIME_TOO_LONG): "),
            (15, "reason 15 (4WAY_HANDSHAKE_TIMEOUT): "),
            (99, "reason 99: "),
        ] {
            let sign = sign(&Line::parse(&format!("E (9) wifi_prov_mgr: Disconnect reason : {number}"))).expect("one");
            let meaning = sign.meaning();
            assert!(meaning.starts_with(wanted) && meaning.len() > wanted.len() + 10, "{meaning}");
            assert!(rank(sign) <= SIGNS.iter().rposition(|sign| sign.reason.is_some()).unwrap_or_default());
        }
    }

    #[test]
    fn an_ordinary_log_has_no_signs() {
        for line in [
            "I (777) boot: Loaded app from partition at offset 0x20000",
            "I (1400) wifi:state: init -> auth (b0)",
            "I (1400) wifi:new:<6,0>, old:<1,0>, ap:<255,255>, sta:<6,0>, prof:1",
            "W (1400) wifi:Password length matches WPA2 standards, authmode threshold changes from OPEN to WPA2",
            "I (2000) wifi_prov_mgr: Provisioning started with service name : PROV_1",
            "I (9) app: Disconnect reason : 8",
        ] {
            assert_eq!(sign(&Line::parse(line)), None, "{line}");
        }
    }
}
