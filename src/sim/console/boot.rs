//! What a board prints when it starts: the ROM's lines, the bootloader's, and the firmware's, label payload included.
//!
//! Worded after an ESP32-C3 with ESP-IDF's provisioning example; the payload stands in it twice, as bare JSON and in
//! the address of a page that draws it.

use crate::sim::options::DeviceOptions;

/// Why the chip started, in the ROM's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    PowerOn,
    Software,
}

/// The ROM's part.
pub(super) fn rom(cause: Cause) -> String {
    let cause = match cause {
        Cause::PowerOn => "rst:0x1 (POWERON)",
        Cause::Software => "rst:0xc (RTC_SW_CPU_RST)",
    };
    format!(
        "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n{cause},boot:0xc (SPI_FAST_FLASH_BOOT)\r\n\
         SPIWP:0xee\r\nmode:DIO, clock div:1\r\nload:0x3fcd5820,len:0x1574\r\nentry 0x403cc710\r\n"
    )
}

/// The bootloader's and the firmware's part, up to where the console takes over.
pub(super) fn firmware(options: &DeviceOptions) -> String {
    let payload = options.qr_payload_over(None);
    let lines = [
        ("30", "boot", "ESP-IDF v5.5 2nd stage bootloader".to_owned()),
        ("44", "boot", "Loaded app from partition at offset 0x10000".to_owned()),
        ("253", "cpu_start", "Unicore app".to_owned()),
        ("270", "main_task", "Calling app_main()".to_owned()),
        ("561", "app", "Starting provisioning".to_owned()),
        ("690", "network_prov_mgr", format!("Provisioning started with service name : {}", options.name())),
        ("701", "QRCODE", payload.clone()),
        ("720", "app", "If QR code is not visible, copy paste the below URL in a browser.".to_owned()),
    ];
    let colour = |(time, tag, text): &(&str, &str, String)| format!("\x1b[0;32mI ({time}) {tag}: {text}\x1b[0m\r\n");
    let log: String = lines.iter().map(colour).collect();
    format!("{log}https://espressif.github.io/esp-jumpstart/qrcode.html?data={payload}\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::qr::Payload;

    #[test]
    fn the_label_can_be_read_from_the_log() {
        let log = firmware(&DeviceOptions::default());
        let address = log.lines().find(|line| line.starts_with("https://")).expect("an address");
        let payload = Payload::parse(address).expect("a payload");
        assert_eq!((payload.name, payload.transport), (DeviceOptions::default().name(), None));
    }
}
