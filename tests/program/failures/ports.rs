//! Serial ports named wrongly, and options about them where they have no meaning. None of it opens a port.

use crate::failures::case::Case;
use crate::failures::input::words;

const fn no_usb_id(name: &'static str, args: &'static [&'static str]) -> Case {
    words(name, args).fails("usage.invalid-value", "", 2, "like usb:303a:1001, or the vendor's alone")
}

pub(crate) const CASES: &[Case] = &[
    no_usb_id("a USB id of nothing", &["info", "--port", "usb:"]),
    no_usb_id("a USB id that is no hex", &["info", "--device", "console:usb:zzzz:1234"]),
    no_usb_id("a USB id without a product", &["monitor", "usb:303a:"]),
    no_usb_id("a USB id that is too long", &["provision", "--from-serial", "usb:303a:10011", "--ssid", "x", "--open"]),
    no_usb_id("a USB id with a sign", &["info", "--port", "usb:+303a"]),
    words("a port with a parameter that is none", &["info", "--port", "console:/dev/ttyUSB0?speed=1"]).fails(
        "usage.invalid-value",
        "",
        2,
        "speed",
    ),
    words("a port with a rate beside a rate", &["info", "--port", "console:/dev/x?baud=9600", "--baud", "1200"]).fails(
        "usage.conflict",
        "",
        2,
        "--baud and the port's own baud=",
    ),
    words("a device that is named and a rate", &["info", "--device", "console:/dev/ttyUSB0", "--baud", "9600"]).fails(
        "usage.conflict",
        "",
        2,
        "write console:PORT?reset=boot",
    ),
    words(
        "a device that is named and a restart of nothing",
        &["provision", "--device", "sim:", "--reset", "boot", "--ssid", "x", "--open"],
    )
    .fails("usage.conflict", "", 2, "add --listen PORT"),
    words(
        "a device that is named and a restart of what is heard",
        &["provision", "--device", "sim:", "--reset", "boot", "--listen", "/dev/no-such-port", "--ssid", "x", "--open"],
    )
    .fails("port.absent", "", 10, "/dev/no-such-port"),
    words("a rate for an address", &["info", "--address", "127.0.0.1:9", "--baud", "9600"]).fails(
        "usage.conflict",
        "",
        2,
        "--address is not",
    ),
    words("a scan by the agent's console", &["scan", "--device", "console:?dialect=agent"]).fails(
        "usage.conflict",
        "",
        2,
        "espctl provision --transport console --ssid NAME",
    ),
    words(
        "an address beside a port in the environment",
        &["info", "--transport", "console", "--address", "/dev/none-1"],
    )
    .env(&[("ESPCTL_PORT", "/dev/none-2")])
    .fails("port.absent", "connect", 10, "there is no serial port /dev/none-1"),
    words("a rate for the console in the environment", &["info", "--baud", "115200"])
        .env(&[("ESPCTL_DEVICE", "console:/dev/no-such-port?baud=9600")])
        .fails("port.absent", "connect", 10, "/dev/no-such-port"),
];
