//! What is wrong with the way to a device: addresses, ports, the console, the board's log, time.
//!
//! Entries of the catalogue; `mod.rs` lists them.

use super::entry::{Entry, plain};
use super::exit::Exit;
use super::hint::{Fact, Hint};

const NAME_PORT: Hint = Hint::unless(&[Fact::PortArgument], "name the port: --port PORT");
const NAME_PORT_SO: Hint = Hint::given(Fact::PortArgument, "name the port: {}");

const RESTART: Hint = Hint::unless(&[Fact::BoardRestarted], "press the board's reset button, or give --reset boot");
const RESTART_BY_HAND: Hint = Hint::given(Fact::BoardRestarted, "press the board's reset button");

pub(super) static LINK_UNREACHABLE: Entry = Entry {
    word: "link.unreachable",
    exit: Exit::Link,
    title: "the device cannot be reached",
    meaning: "The connection to its address could not be opened. A device's SoftAP is at 192.168.4.1 port 80.",
    hints: &[
        plain(
            "join this computer to the device's own Wi-Fi network (PROV_…) and check that it stays there: computers \
             leave networks without Internet",
        ),
        plain("turn off VPN, mobile data and automatic network switching"),
        plain(
            "a device that is provisioned already, timed out, or locked after wrong PoPs has no such network: \
             power-cycle it",
        ),
    ],
};

pub(super) static LINK_PERMISSION: Entry = Entry {
    word: "link.permission",
    exit: Exit::Permission,
    title: "the operating system does not permit the link",
    meaning: "Opening the connection was refused by this computer, not by the device.",
    hints: &[plain("check firewall rules and the permission to use the local network")],
};

pub(super) static LINK_LOST: Entry = Entry {
    word: "link.lost",
    exit: Exit::Link,
    title: "the link to the device broke",
    meaning: "The connection ended in the middle of an exchange, or the device closed it where it has nothing to refuse.",
    hints: &[
        plain("move closer to the device and try again"),
        plain("another program that talks to the device takes its only connection: close it"),
    ],
};

pub(super) static LINK_NOT_A_DEVICE: Entry = Entry {
    word: "link.not-a-device",
    exit: Exit::NotFound,
    title: "what answers there is not a provisioning device",
    meaning: "Something answered at the address, but it does not speak Espressif's provisioning protocol: a router, a \
              captive portal, or a device whose provisioning is over.",
    hints: &[
        plain("check that this computer is on the device's own network, not on a router's at the same address"),
        plain("a device that has ended provisioning must be reset or power-cycled first"),
    ],
};

pub(super) static PORT_ABSENT: Entry = Entry {
    word: "port.absent",
    exit: Exit::NotFound,
    title: "there is no such serial port",
    meaning: "No serial port of this computer has the name, serial number or USB id that was given.",
    hints: &[
        plain("plug the board in with a cable that carries data, not only power"),
        plain("espctl discover lists the ports"),
    ],
};

pub(super) static PORT_NO_BOARD: Entry = Entry {
    word: "port.no-board",
    exit: Exit::NotFound,
    title: "no serial port looks like a board",
    meaning: "No port was named, and none belongs to Espressif's own USB or to a USB bridge that boards use (CP210x, CH34x, \
              FTDI). Other ports are not touched unasked.",
    hints: &[plain("plug the board in with a cable that carries data, not only power"), NAME_PORT, NAME_PORT_SO],
};

pub(super) static PORT_SEVERAL: Entry = Entry {
    word: "port.several",
    exit: Exit::Ambiguous,
    title: "several serial ports could be meant",
    meaning: "Two or more ports match; the message lists them, the likeliest first.",
    hints: &[NAME_PORT, NAME_PORT_SO, plain("a port's name is its path, its serial number, or usb:VID:PID")],
};

pub(super) static PORT_PERMISSION: Entry = Entry {
    word: "port.permission",
    exit: Exit::Permission,
    title: "this user may not open the serial port",
    meaning: "The port is there, but its permissions do not include this user. On Linux: sudo usermod -aG dialout $USER, \
              where the error may name another group.",
    hints: &[plain("log out and in again after a change of groups")],
};

pub(super) static PORT_BUSY: Entry = Entry {
    word: "port.busy",
    exit: Exit::Busy,
    title: "another program has the serial port open",
    meaning: "A port belongs to one program at a time: a monitor, an IDE, or another espctl.",
    hints: &[plain("close the program that has it open")],
};

pub(super) static PORT_UNUSABLE: Entry = Entry {
    word: "port.unusable",
    exit: Exit::Link,
    title: "the serial port cannot be used",
    meaning: "The operating system did not open it as a serial port: it is another kind of file, its driver fails, or it \
              cannot do the rate. The operating system's own words are among the causes.",
    hints: &[
        plain("espctl discover lists the ports"),
        plain("unplug the board and plug it in again"),
        plain("not every adapter can do every rate: --baud"),
    ],
};

pub(super) static CONSOLE_SILENT: Entry = Entry {
    word: "console.silent",
    exit: Exit::Link,
    title: "the board prints nothing",
    meaning: "The port opened and took a carriage return, and not one byte came back.",
    hints: &[
        plain("check that this is the board's port and that the board has power"),
        plain("--reset auto restarts a board that says nothing"),
        plain("at a wrong rate nothing may come back at all: the default of --baud is 115200"),
        plain("firmware whose console is on other pins, or on the chip's other USB port, is not heard here"),
    ],
};

pub(super) static CONSOLE_GARBAGE: Entry = Entry {
    word: "console.garbage",
    exit: Exit::Link,
    title: "the board's output is not readable text",
    meaning: "Most bytes are not characters: the rate is wrong, or the port belongs to something else.",
    hints: &[plain("give the console's rate with --baud; ESP-IDF's default is 115200")],
};

pub(super) static CONSOLE_NO_PROMPT: Entry = Entry {
    word: "console.no-prompt",
    exit: Exit::Link,
    title: "the board's console shows no prompt",
    meaning: "The board prints text, but does not answer a carriage return with the prompt of protocomm's console.",
    hints: &[
        plain("provisioning over the console needs firmware built for it; this one may use BLE or SoftAP"),
        plain("a board that waits for a download must be restarted: --reset boot"),
    ],
};

pub(super) static CONSOLE_BOOT_LOOP: Entry = Entry {
    word: "console.boot-loop",
    exit: Exit::Link,
    title: "the board restarts over and over",
    meaning: "The start of the chip's ROM was printed more than once while the prompt was waited for.",
    hints: &[plain("give the board a better supply or cable"), plain("flash its firmware again")],
};

pub(super) static CONSOLE_RESTARTED: Entry = Entry {
    word: "console.restarted",
    exit: Exit::Link,
    title: "the board restarted",
    meaning: "The start of the chip's ROM was printed where an answer was due; the secure session is gone with it.",
    hints: &[plain("try again"), plain("give the board a better supply or cable if it happens every time")],
};

pub(super) static CONSOLE_FLOODED: Entry = Entry {
    word: "console.flooded",
    exit: Exit::Link,
    title: "the board prints without an end where its answer was due",
    meaning: "More than 64 KiB came after a request, beside the lines of the log, and no end of an answer among them: the \
              firmware prints something else without pause, or does not answer.",
    hints: &[
        plain("restart the board: --reset boot"),
        plain("espctl monitor shows what it prints; firmware that prints less leaves its console usable"),
    ],
};

pub(super) static CONSOLE_NOT_PROVISIONING: Entry = Entry {
    word: "console.not-provisioning",
    exit: Exit::NotFound,
    title: "the board's console does not know provisioning",
    meaning: "A prompt is there, but it has no proto-ver command: the firmware provisions over another transport, or its \
              provisioning has ended.",
    hints: &[
        plain("use the transport the firmware was built for: --transport ble or --transport softap"),
        plain("restart the board: --reset boot"),
    ],
};

pub(super) static BOARD_PORT_LOST: Entry = Entry {
    word: "board.port-lost",
    exit: Exit::Link,
    title: "the board's serial port went away",
    meaning: "The port was open and then failed, and did not come back within five seconds: the cable was pulled, or the \
              board restarted its USB under another name.",
    hints: &[plain("plug the board in again; its port may have got another name")],
};

pub(super) static BOARD_SILENT: Entry = Entry {
    word: "board.silent",
    exit: Exit::Deadline,
    title: "the board printed nothing",
    meaning: "The port is open, but nothing arrived on it in time.",
    hints: &[
        RESTART,
        RESTART_BY_HAND,
        plain("check that this is the board's console port: some boards have two"),
        plain("firmware can be built to print nothing"),
    ],
};

pub(super) static BOARD_GARBLED: Entry = Entry {
    word: "board.garbled",
    exit: Exit::Link,
    title: "the board's output is not readable text",
    meaning: "Most of the bytes that arrived are not characters of a log. That is what a wrong baud rate looks like.",
    hints: &[
        plain("give the board's rate with --baud: 115200 is usual, 74880, 460800 and 921600 occur"),
        plain("check the cable"),
    ],
};

pub(super) static BOARD_NO_PAYLOAD: Entry = Entry {
    word: "board.no-payload",
    exit: Exit::Deadline,
    title: "the board printed no onboarding payload",
    meaning: "The board printed lines, but none of them held the QR payload: the link to a qrcode.html page, its JSON, or \
              its NP: form. Firmware prints it at boot while it waits to be provisioned.",
    hints: &[
        Hint::unless(
            &[Fact::BoardRestarted],
            "press the board's reset button, or give --reset boot: the payload is printed at boot only",
        ),
        Hint::given(Fact::BoardRestarted, "press the board's reset button: the payload is printed at boot only"),
        plain("a board that is provisioned already prints none: erase its Wi-Fi settings"),
        plain("give name and PoP yourself with --device-name and --pop"),
    ],
};

pub(super) static BOARD_CRASHED: Entry = Entry {
    word: "board.crashed",
    exit: Exit::Link,
    title: "the board's firmware crashed",
    meaning: "The board printed that its firmware crashed or restarted: at the moment when the link broke, or again and again \
              before it printed its onboarding payload.",
    hints: &[plain("the cause lies in the firmware or the power supply, not in what was typed")],
};

pub(super) static MONITOR_NO_MATCH: Entry = Entry {
    word: "monitor.no-match",
    exit: Exit::Deadline,
    title: "no line matched in time",
    meaning: "The time of --timeout passed before the board printed a line that holds the text of --until.",
    hints: &[RESTART, RESTART_BY_HAND, plain("give it more time with --timeout")],
};

pub(super) static DEADLINE_STEP: Entry = Entry {
    word: "deadline.step",
    exit: Exit::Deadline,
    title: "the device did not answer in time",
    meaning: "A single exchange took longer than any device takes.",
    hints: &[
        plain("check that the device is still in reach: its Wi-Fi network, near enough for Bluetooth, its cable"),
        plain("power-cycle the device and try again"),
    ],
};

pub(super) static DEADLINE_TOTAL: Entry = Entry {
    word: "deadline.total",
    exit: Exit::Deadline,
    title: "the run took longer than --timeout allows",
    meaning: "The time for the whole run was used up. Time spent at prompts does not count.",
    hints: &[plain("give it more time with --timeout")],
};

pub(super) static CONSOLE_NOT_AGENT: Entry = Entry {
    word: "console.not-agent",
    exit: Exit::NotFound,
    title: "the board's console is not the RainMaker agent's",
    meaning: "A prompt is there, but get-node-id is not answered: the firmware was built without the agent's console, or \
         the prompt is protocomm's.",
    hints: &[
        plain("leave out --dialect, or give --dialect protocomm"),
        plain("use the transport the firmware was built for"),
    ],
};
