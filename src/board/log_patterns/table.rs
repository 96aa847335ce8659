//! The signs, the most telling first: what to look for, what it means, what to do.
//!
//! Texts are those of ESP-IDF, esp_wifi, the provisioning managers, RainMaker's agent and the boot ROM.

use super::sign::{About, Sign};

const fn text(about: About, texts: &'static [&'static str], says: &'static str, hint: &'static str) -> Sign {
    Sign { about, texts, reason: None, says, hint }
}

const fn reason(about: About, number: u16, says: &'static str, hint: &'static str) -> Sign {
    Sign { about, texts: &[], reason: Some(number), says, hint }
}

const RETYPE: &str =
    "type the passphrase again; if it is right, move the device closer, or set the router to WPA2 (AES)";
const CLOUD: &str = "the device is on its network but does not reach its cloud: port 8883 (or 443) must be open to it, and no \
                     captive portal in the way";
const BROWNOUT: &str = "the supply voltage fell too low, so the board restarted";
const SUPPLY: &str = "use a shorter USB cable or a supply of at least 500 mA";
const DECODE: &str =
    "idf.py monitor or addr2line, with the firmware's own ELF file, turns the backtrace into source lines";

/// Every sign, the most telling first.
pub(super) static SIGNS: &[Sign] = &[
    text(About::Crash, &["brownout detector was triggered"], BROWNOUT, SUPPLY),
    text(About::Crash, &["brown_out", "brownout_rst", "brownout_reset"], BROWNOUT, SUPPLY),
    text(
        About::Crash,
        &[
            "wifi_prov_mgr: failed to create prov_stop_task",
            "network_prov_mgr: failed to create prov_stop_task",
            "failed to create prov_stop_task",
        ],
        "the firmware ran out of memory while it ended provisioning; the device had joined and is in fact provisioned",
        "the device is provisioned; its firmware needs more free heap",
    ),
    text(
        About::Crash,
        &["esp_err_wifi_password"],
        "the password that the firmware set for a network of its own or for one to join has a length that is not allowed",
        "in the firmware, give the device's own network (service_key) 8 to 63 characters, or none",
    ),
    text(
        About::Crash,
        &[
            "esp_error_check failed",
            "guru meditation error",
            "abort() was called",
            "assert failed:",
            "a stack overflow in task",
            "corrupt heap",
            "stack smashing",
        ],
        "the firmware crashed",
        DECODE,
    ),
    text(
        About::Crash,
        &[
            "task watchdog got triggered",
            "interrupt wdt timeout",
            "rtcwdt_rtc_rst",
            "tg0wdt_sys_rst",
            "tg1wdt_sys_rst",
            "tg0wdt_sys_reset",
            "tg1wdt_sys_reset",
            "tgwdt_cpu_reset",
            "rtcwdt_sys_reset",
            "rtcwdt_cpu_reset",
            "rtcwdt_rtc_reset",
            "task_wdt_sys",
        ],
        "a part of the firmware hung until the watchdog noticed",
        DECODE,
    ),
    text(
        About::Resources,
        &[
            "-0x7f00",
            "mbedtls_err_ssl_alloc_failed",
            "esp_err_no_mem",
            "failed to allocate",
            "out of memory",
            "no mem for",
        ],
        "the firmware ran out of heap",
        "the firmware needs more free heap: free Bluetooth memory after provisioning, or use fewer TLS connections",
    ),
    text(
        About::Proof,
        &["key mismatch"],
        "the proof of possession is wrong",
        "ask for the PoP again: --from-serial and --qrcode take it from the board itself",
    ),
    text(
        About::Proof,
        &["failed to authenticate client proof"],
        "the user name or the password of security 2 is wrong",
        "check both: RainMaker's user name is wifiprov and its password is the PoP",
    ),
    text(
        About::Scheme,
        &["security version mismatch", "incorrect sec scheme"],
        "the session was of another security version than the firmware wants",
        "leave out --sec-ver: the device says which version it wants",
    ),
    text(
        About::Session,
        &["mbedtls_gcm_auth_decrypt", "psa_aead_decrypt failed", "decryption of response failed"],
        "it could not decrypt a message: its rule for nonces may differ from what it announces",
        "update the firmware, or this program",
    ),
    text(
        About::Session,
        &["secure session not established", "session with id"],
        "it had lost the secure session",
        "close other programs that talk to the device, and try again",
    ),
    text(
        About::Session,
        &["no registered endpoint for"],
        "its firmware was built without this endpoint",
        "espctl info shows what the device says it can do",
    ),
    text(
        About::Session,
        &["invalid content received, killing connection", "data handler failed", "uri handler execution failed"],
        "its handler refused the bytes it got",
        "check the PoP and leave out --sec-ver",
    ),
    text(
        About::Session,
        &["request content length should be less than"],
        "the request was too long for it",
        "send less at once",
    ),
    reason(
        About::WifiAuth,
        15,
        "the four-way handshake timed out: mostly a wrong passphrase, also a weak signal or a MAC filter",
        RETYPE,
    ),
    reason(About::WifiAuth, 204, "the key handshake timed out: mostly a wrong passphrase, also a weak signal", RETYPE),
    reason(About::WifiAuth, 202, "the access point refused the authentication", RETYPE),
    reason(About::WifiAuth, 14, "the keys do not match: mostly a wrong passphrase", RETYPE),
    reason(
        About::WifiOther,
        211,
        "the network is there, but its security is weaker than the firmware's minimum",
        "set the router to WPA2 (AES) or better",
    ),
    reason(
        About::WifiOther,
        210,
        "the network is there, but its security is none the firmware allows",
        "set the router to WPA2 (AES), with optional protected management frames",
    ),
    reason(
        About::WifiOther,
        212,
        "the network is there, but weaker than the firmware's limit",
        "move the device closer to the access point",
    ),
    reason(
        About::WifiNotFound,
        201,
        "its radio does not find the network",
        "check the name, and that the network has a 2.4 GHz band; espctl scan shows what the device hears",
    ),
    reason(
        About::WifiOther,
        2,
        "the access point stopped answering: range, a full access point, or WPA3; probably not the passphrase",
        "move the device closer, or set the router to WPA2/WPA3 mixed",
    ),
    reason(
        About::WifiOther,
        203,
        "the access point refused the association: it may be full, or filter addresses",
        "look at the router's list of devices and its filters",
    ),
    reason(
        About::WifiOther,
        5,
        "the access point has as many stations as it takes",
        "look at the router's list of devices and its limit",
    ),
    reason(
        About::WifiOther,
        205,
        "the connection to the access point failed; the radio's driver says no more",
        "restart the access point",
    ),
    reason(
        About::WifiOther,
        200,
        "it had the network and lost it: power, range, or Bluetooth on the same radio",
        "use a supply of at least 500 mA and move the device closer",
    ),
    text(
        About::WifiAuth,
        &["sta auth error", "wi-fi station authentication failed"],
        "the access point did not let it in",
        RETYPE,
    ),
    text(
        About::WifiNotFound,
        &["sta ap not found", "wi-fi access-point not found"],
        "its radio does not find the network",
        "check the name, and that the network has a 2.4 GHz band; espctl scan shows what the device hears",
    ),
    text(
        About::WifiOther,
        &["bcn_timout,ap_probe_send_start", "bcn_timeout,ap_probe_send_start"],
        "it had the network and lost it: power, range, or Bluetooth on the same radio",
        "use a supply of at least 500 mA and move the device closer",
    ),
    text(
        About::Claim,
        &["without assisted claiming", "perform \"claiming\"", "perform claiming"],
        "the node has no certificate: it was never claimed",
        "claim the node first; if it was provisioned by an earlier firmware, erase its settings",
    ),
    text(
        About::Claim,
        &["claim verify failed", "claim/verify"],
        "claiming failed: the time, TLS, or the way to the claiming service",
        "restart the device and try again, with Internet access",
    ),
    text(
        About::Cloud,
        &["-0x2880", "esp-tls: select() timeout", "esp_tls: select() timeout", "select() timeout"],
        "it could not open a TLS connection: the Internet or the port is blocked, or the link dropped",
        CLOUD,
    ),
    text(
        About::Cloud,
        &["error transport connect", "mqtt_client: error", "mqtt_event_error"],
        "it could not reach its MQTT broker",
        CLOUD,
    ),
    text(
        About::Associated,
        &["wifi:connected with", "wifi: connected with", "wifi_event_sta_connected", "-> run ("],
        "the access point let it in; it has no address yet",
        "the router gives it no address: look at its DHCP server, its list of devices and its address filters",
    ),
    text(
        About::Joined,
        &["sta_got_ip", "sta ip: ", "got ip:", "connected with ip address"],
        "it got an address: it is on the network",
        "the device is online as far as its own log says",
    ),
    // Any other start in the middle of a run. The cause may stand above.
    text(About::Restart, &["rst:0x"], "the board restarted", "check its power supply, and its log for the reason"),
];
