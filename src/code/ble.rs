//! What is wrong with the way to a device over Bluetooth: no radio, no device, no link.
//!
//! Entries of the catalogue; `mod.rs` lists them.

use super::entry::{Entry, plain};
use super::exit::Exit;

pub(super) static NOT_FOUND: Entry = Entry {
    word: "ble.not-found",
    exit: Exit::NotFound,
    title: "no such device was seen over Bluetooth",
    meaning: "The adapter listened for the whole time, and no advertisement had the name or address, or, where none was \
              given, a service that carries provisioning. What was heard instead is among the causes. Or the device had \
              taken a link, and stopped advertising when that ended.",
    hints: &[
        plain(
            "put the device in provisioning mode: one that is provisioned already, or has given up waiting, does not \
             advertise; power-cycle or reset it",
        ),
        plain("a device with a link to a phone or another computer is not seen: end that link, close the app"),
        plain("firmware that provisions over SoftAP is a Wi-Fi network, not a Bluetooth device: --transport softap"),
        plain("check the name on the label: firmware can be built with another prefix than PROV_"),
        plain("move closer to the device"),
    ],
};

pub(super) static SEVERAL: Entry = Entry {
    word: "ble.several",
    exit: Exit::Ambiguous,
    title: "several devices could be meant",
    meaning: "Two or more devices match; the message lists them, the strongest signal first. Firmware that gives all its \
              boards one name makes even a whole name stand for several.",
    hints: &[plain("name one with --device-name, or with --device ble:ADDRESS")],
};

pub(super) static ADAPTER_ABSENT: Entry = Entry {
    word: "ble.adapter-absent",
    exit: Exit::Link,
    title: "there is no such Bluetooth adapter",
    meaning: "This computer has no Bluetooth adapter, or none with the name or address that was given; or the one that \
              was used has gone and did not come back in ten seconds.",
    hints: &[plain("plug in a Bluetooth adapter, or switch it on in the computer's firmware settings")],
};

pub(super) static ADAPTER_OFF: Entry = Entry {
    word: "ble.adapter-off",
    exit: Exit::Link,
    title: "the Bluetooth adapter is off",
    meaning: "The adapter is there, but somebody or something has switched it off. espctl does not switch it on unasked. \
              One that goes off during a run is waited for, ten seconds at most.",
    hints: &[plain("switch Bluetooth on, in the system's settings or on Linux with bluetoothctl power on")],
};

pub(super) static SEVERAL_ADAPTERS: Entry = Entry {
    word: "ble.several-adapters",
    exit: Exit::Ambiguous,
    title: "several Bluetooth adapters could be used",
    meaning: "Two or more adapters are on; the message lists them.",
    hints: &[plain("name one with --adapter or the environment variable ESPCTL_ADAPTER")],
};

pub(super) static NO_BUS: Entry = Entry {
    word: "ble.no-bus",
    exit: Exit::Link,
    title: "the system bus cannot be reached",
    meaning: "On Linux, Bluetooth is used through the system's D-Bus, and its socket is not there or does not answer. A \
              container sees the socket only when it is given one, and Linux on Windows (WSL) has no Bluetooth.",
    hints: &[
        plain("start the system bus: sudo systemctl start dbus"),
        plain("where the environment variable DBUS_SYSTEM_BUS_ADDRESS is set, it has to name the system's bus"),
    ],
};

pub(super) static NO_BLUETOOTHD: Entry = Entry {
    word: "ble.no-bluetoothd",
    exit: Exit::Link,
    title: "the Bluetooth service does not run",
    meaning: "The system bus is there, but bluetoothd, which manages Bluetooth on Linux, is not on it. Where it ends during \
              a run, espctl waits ten seconds for it to be started again.",
    hints: &[
        plain("start it: sudo systemctl enable --now bluetooth"),
        plain("install it if it is missing: sudo apt install bluez, or the package bluez of another distribution"),
    ],
};

pub(super) static PERMISSION: Entry = Entry {
    word: "ble.permission",
    exit: Exit::Permission,
    title: "the operating system does not permit Bluetooth",
    meaning: "Bluetooth was refused by this computer, not by the device.",
    hints: &[
        plain("on Linux: sudo usermod -aG bluetooth $USER, then log out and in again"),
        plain(
            "on macOS: System Settings, Privacy & Security, Bluetooth: allow the terminal program, then start it anew",
        ),
        plain("on Windows: Settings, Privacy, Radios"),
    ],
};

pub(super) static BUSY: Entry = Entry {
    word: "ble.busy",
    exit: Exit::Busy,
    title: "another program has the link to the device",
    meaning: "A device takes one Bluetooth link at a time, and another espctl on this computer has it.",
    hints: &[plain("wait for the other run to end, or end it")],
};

pub(super) static CONNECT_FAILED: Entry = Entry {
    word: "ble.connect-failed",
    exit: Exit::Link,
    title: "no Bluetooth link to the device came up",
    meaning: "The device was seen, but several tries to connect to it failed. That is the radio's affair: range, other \
              radio traffic, or the adapter.",
    hints: &[
        plain("move closer to the device, and away from other 2.4 GHz radios and USB 3 cables"),
        plain("restart the device; switch Bluetooth off and on"),
        plain("on Linux, ControllerMode = le in /etc/bluetooth/main.conf keeps classic Bluetooth out of the way"),
        plain("another Bluetooth adapter may do better"),
    ],
};

pub(super) static SERVICES_UNRESOLVED: Entry = Entry {
    word: "ble.services-unresolved",
    exit: Exit::Link,
    title: "what the device offers cannot be read",
    meaning: "A link came up, but the list of services did not come in time, twice; or it has changed and the system's \
              memory of it cannot be renewed.",
    hints: &[
        plain("restart the device and try again"),
        plain(
            "have the system forget the device: on Linux, bluetoothctl remove ADDRESS; elsewhere, switch Bluetooth off and on",
        ),
    ],
};

pub(super) static PAIRING_FAILED: Entry = Entry {
    word: "ble.pairing-failed",
    exit: Exit::Link,
    title: "pairing with the device failed",
    meaning: "The firmware was built to demand an encrypted link, and pairing, which brings that about, did not work. It \
              has nothing to do with the proof of possession. Windows does not say why a device refuses a request: \
              there the firmware may have had another reason to refuse the first one.",
    hints: &[
        plain(
            "have both sides forget an older pairing: on Linux, bluetoothctl remove ADDRESS; elsewhere, in the system's \
             Bluetooth settings; and reset the device",
        ),
        plain(
            "on Windows, where the device wants a number compared or typed in, pair with it in the system's Bluetooth \
             settings first; on macOS, accept its request to pair",
        ),
    ],
};

pub(super) static NOT_PROVISIONING: Entry = Entry {
    word: "ble.not-provisioning",
    exit: Exit::NotFound,
    title: "the device offers no provisioning over Bluetooth",
    meaning: "A link came up, but none of the device's services carries provisioning: it is some other device, or its \
              provisioning is over.",
    hints: &[
        plain("check the name or address"),
        plain("reset the device to put it back in provisioning mode"),
        plain(
            "after new firmware the system may remember the old one's services: on Linux, bluetoothctl remove ADDRESS; \
             elsewhere, switch Bluetooth off and on",
        ),
    ],
};

pub(super) static NO_PERIPHERAL: Entry = Entry {
    word: "ble.no-peripheral",
    exit: Exit::Link,
    title: "this Bluetooth adapter cannot be a device",
    meaning: "To simulate a device the adapter must advertise and serve values, and bluetoothd does not offer that for \
              it: it knows no Low Energy, or no peripheral role.",
    hints: &[
        plain("bluetoothctl show lists the adapter's roles: peripheral must be among them"),
        plain("ControllerMode = bredr in /etc/bluetooth/main.conf keeps Low Energy off: take it out"),
        plain("name another adapter with --adapter"),
    ],
};

pub(super) static ADVERTISING_REFUSED: Entry = Entry {
    word: "ble.advertising-refused",
    exit: Exit::Busy,
    title: "the Bluetooth adapter does not advertise the device",
    meaning: "bluetoothd refused the simulated device's advertisement, or took it back. An adapter has room for a few.",
    hints: &[
        plain("end other programs that advertise: another espctl sim --ble, or bluetoothctl's advertise"),
        plain("name another adapter with --adapter"),
    ],
};

pub(super) static STACK: Entry = Entry {
    word: "ble.stack",
    exit: Exit::Link,
    title: "Bluetooth on this computer fails",
    meaning: "The operating system's Bluetooth reported an error that has nothing to do with the device.",
    hints: &[
        plain("switch Bluetooth off and on; on Linux: sudo systemctl restart bluetooth"),
        plain("unplug a USB adapter and plug it in again"),
    ],
};
