//! Every error code: its word, its exit status, what it means, and what to do about it.
//!
//! The words are stable; scripts match on them. `espctl explain` prints these entries and docs/errors.md is generated
//! from them (a test compares).

use super::Exit;

/// What the catalogue says of a code.
#[derive(Debug)]
pub struct Entry {
    /// The stable word, `stage.reason`.
    pub word: &'static str,
    /// The exit status.
    pub exit: Exit,
    /// What happened, one line.
    pub title: &'static str,
    /// What it means and on what evidence it is said.
    pub meaning: &'static str,
    /// What to do, the likeliest first.
    pub hints: &'static [&'static str],
}

macro_rules! codes {
    ($($name:ident = $word:literal, $exit:ident, $title:literal, $meaning:literal, [$($hint:literal),* $(,)?];)*) => {
        /// A stable error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each is documented by its entry's own words
        pub enum Code { $($name),* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What the catalogue says of it.
            pub fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$name => &Entry {
                        word: $word, exit: Exit::$exit, title: $title, meaning: $meaning, hints: &[$($hint),*],
                    }),*
                }
            }
        }
    };
}

codes! {
    UsageInvalid = "usage.invalid-value", Usage,
        "an option has a value that cannot be used",
        "The value was checked before anything was sent; the message names the option and what it takes.",
        ["espctl help COMMAND lists every option and what it takes"];
    UsageMissing = "usage.answer-missing", Usage,
        "an answer is missing and nobody can be asked",
        "The device needs something that was not given, and prompting is off: --no-input was given, or the standard \
         input or standard error is no terminal.",
        [];
    UsageConflict = "usage.conflict", Usage,
        "two options contradict each other",
        "The message names both; give one of them.",
        [];
    UsageUnsupported = "usage.unsupported", Usage,
        "this is not possible with this version",
        "The option is known, because other tools' scripts use it, but this version cannot act on it.",
        [];
    UsageUnknownCode = "usage.unknown-code", Usage,
        "no such error code",
        "espctl explain takes a code as an error message prints it.",
        ["espctl explain without a code lists them all"];
    InputClosed = "input.closed", Usage,
        "the standard input ended before an answer came",
        "A prompt was waiting when the input was closed.",
        ["give the answer as an option, or --no-input to see which one is missing"];
    FileUnreadable = "file.unreadable", Usage,
        "a file cannot be read",
        "A file named on the command line is missing, not readable, too long, or not text.",
        ["check the path and its permissions"];
    OutputFailed = "output.write-failed", Unexpected,
        "output cannot be written",
        "A file or the standard output did not take what was written: the disk is full, or the reader went away.",
        ["check the free space and the permissions"];
    TraceFailed = "trace.write-failed", Unexpected,
        "the trace cannot be written",
        "The file named by --trace did not take a write. The run stops before anything is sent that cannot be undone.",
        ["check the free space and the permissions of the trace file"];
    QrInvalid = "qr.invalid", Usage,
        "the QR payload makes no sense",
        "A payload is the JSON that firmware prints, its compact NP: form, or the qrcode.html address that holds one.",
        [
            "copy the whole line that the device prints at boot, or the text of the label's QR code",
            "firmware does not escape its JSON: a PoP with a quotation mark in it makes an unreadable code",
        ];
    QrNoCode = "qr.no-code", Usage,
        "the image holds no readable QR code",
        "The picture was decoded, but no QR code was found in it or none could be read.",
        ["take the picture closer, straight on and in focus", "type the text of the label with --pop instead"];
    WifiSsidInvalid = "wifi.ssid-invalid", Usage,
        "that is no network name",
        "A network name has 1 to 32 bytes; in UTF-8 a letter may take up to 4.",
        ["names that are no UTF-8 can be given in hex with --ssid-hex"];
    WifiPassphraseInvalid = "wifi.passphrase-invalid", Usage,
        "that is no Wi-Fi passphrase",
        "A passphrase has 8 to 63 bytes. Devices refuse 64-digit raw keys.",
        ["--open is for networks without a passphrase"];
    WifiEnterprise = "wifi.enterprise", Usage,
        "the network wants enterprise credentials",
        "WPA Enterprise takes a user name or a certificate; the provisioning protocol can carry only a passphrase.",
        ["choose a network with a passphrase, or a guest network"];
    ThreadDatasetInvalid = "thread.dataset-invalid", Usage,
        "that is no Thread operational dataset",
        "A dataset is 1 to 254 bytes of type, length and value, given in hex.",
        ["on a border router, ot-ctl dataset active -x prints it"];
    LinkUnreachable = "link.unreachable", Link,
        "the device cannot be reached",
        "The connection to its address could not be opened. A device's SoftAP is at 192.168.4.1 port 80.",
        [
            "join this computer to the device's own Wi-Fi network (PROV_…) and check that it stays there: computers \
             leave networks without Internet",
            "turn off VPN, mobile data and automatic network switching",
            "a device that is provisioned already, timed out, or locked after wrong PoPs has no such network: \
             power-cycle it",
        ];
    LinkPermission = "link.permission", Permission,
        "the operating system does not permit the link",
        "Opening the connection was refused by this computer, not by the device.",
        ["check firewall rules and the permission to use the local network"];
    LinkLost = "link.lost", Link,
        "the link to the device broke",
        "The connection ended in the middle of an exchange, or the device closed it where it has nothing to refuse.",
        [
            "move closer to the device and try again",
            "another program that talks to the device takes its only connection: close it",
        ];
    LinkNotADevice = "link.not-a-device", NotFound,
        "what answers there is no provisioning device",
        "Something answered at the address, but it does not speak Espressif's provisioning protocol: a router, a \
         captive portal, or a device whose provisioning is over.",
        [
            "check that this computer is on the device's own network, not on a router's at the same address",
            "a device that has ended provisioning must be reset or power-cycled first",
        ];
    PortAbsent = "port.absent", NotFound,
        "there is no such serial port",
        "No serial port of this computer has the name, serial number or USB id that was given.",
        ["plug the board in with a cable that carries data, not only power", "espctl discover lists the ports"];
    PortNoBoard = "port.no-board", NotFound,
        "no serial port looks like a board",
        "No port was named, and none belongs to Espressif's own USB or to a USB bridge that boards use (CP210x, CH34x, \
         FTDI). Other ports are not touched unasked.",
        ["plug the board in with a cable that carries data, not only power", "name the port with --port"];
    PortSeveral = "port.several", Ambiguous,
        "several serial ports could be meant",
        "Two or more ports match; the message lists them, the likeliest first.",
        ["name one with --port: its path, its serial number, or usb:VID:PID"];
    PortPermission = "port.permission", Permission,
        "this user may not open the serial port",
        "The port is there, but its permissions do not include this user.",
        ["log out and in again after a change of groups"];
    PortBusy = "port.busy", Busy,
        "another program has the serial port open",
        "A port belongs to one program at a time: a monitor, an IDE, or another espctl.",
        ["close the program that has it open"];
    ConsoleSilent = "console.silent", Link,
        "the board prints nothing",
        "The port opened and took a carriage return, and not one byte came back.",
        [
            "check that this is the board's port and that the board has power",
            "--reset auto restarts a board that says nothing",
            "firmware whose console is on other pins, or on the chip's other USB port, is not heard here",
        ];
    ConsoleGarbage = "console.garbage", Link,
        "what the board prints is no text",
        "Most bytes are no characters: the rate is wrong, or the port belongs to something else.",
        ["give the console's rate with --baud; ESP-IDF's default is 115200"];
    ConsoleNoPrompt = "console.no-prompt", Link,
        "the board's console shows no prompt",
        "The board prints text, but does not answer a carriage return with the prompt of protocomm's console.",
        [
            "provisioning over the console needs firmware built for it; this one may use BLE or SoftAP",
            "a board that waits for a download must be restarted: --reset boot",
        ];
    ConsoleBootLoop = "console.boot-loop", Link,
        "the board restarts over and over",
        "The start of the chip's ROM was printed more than once while the prompt was waited for.",
        ["give the board a better supply or cable", "flash its firmware again"];
    ConsoleRestarted = "console.restarted", Link,
        "the board restarted",
        "The start of the chip's ROM was printed where an answer was due; the secure session is gone with it.",
        ["try again", "give the board a better supply or cable if it happens every time"];
    ConsoleNotProvisioning = "console.not-provisioning", NotFound,
        "the board's console does not know provisioning",
        "A prompt is there, but it has no proto-ver command: the firmware provisions over another transport, or its \
         provisioning has ended.",
        ["use the transport the firmware was built for: --transport softap", "restart the board: --reset boot"];
    DeviceNotProvisioning = "device.not-provisioning", NotFound,
        "the device is not in provisioning mode",
        "The device answers, but without the endpoints of provisioning: it is provisioned already, its time for \
         provisioning has run out, or it is locked after too many wrong PoPs.",
        ["power-cycle the device", "erase its Wi-Fi settings if it is provisioned already"];
    SecurityUnsupported = "security.unsupported", Session,
        "the device wants a security version this program does not speak",
        "The device's version document names a security version other than 0, 1 and 2.",
        ["update espctl", "--sec-ver 0, 1 or 2 tries one all the same"];
    SecurityDoesNotFit = "security.does-not-fit", Session,
        "security 2 does not fit through this link",
        "Security 2 begins with a message of 406 bytes, and the console's line holds 255 characters. Nothing was sent.",
        ["reach the device over BLE or SoftAP", "or use firmware with security 1, which fits through the console"];
    SecurityMismatch = "security.mismatch", Session,
        "the device does not take this security version",
        "The device refused the first message of the handshake. With a --sec-ver that contradicts what the device \
         says of itself, that is why.",
        [
            "leave out --sec-ver: the device says which version it wants",
            "firmware built without this version refuses it",
        ];
    SecurityBroken = "security.handshake-failed", Session,
        "the handshake failed",
        "The device's handshake messages do not fit the protocol: damaged on the way, or firmware with a defect.",
        ["try again", "update the firmware; its handshake does not follow the protocol"];
    ProofRejected = "security.proof-rejected", Credentials,
        "the device rejected the proof of possession",
        "The device closed the link on the message that proves knowledge of the PoP (security 1) or of user name and \
         password (security 2). Firmware gives no reason; a crash at that moment would look the same.",
        [
            "check the PoP on the label: it is case-sensitive",
            "for security 2 the user name counts too; RainMaker's is wifiprov and its password is the PoP",
            "five wrong tries lock RainMaker firmware until it is power-cycled",
        ];
    DeviceUnproven = "security.device-unproven", Credentials,
        "the device could not prove that it knows the secret",
        "The device accepted our proof, but its own is wrong: it is not the device it claims to be, or its firmware \
         has a defect. Nothing was sent to it.",
        ["check that this is the right device", "do not send it credentials"];
    LockedOut = "security.locked-out", Credentials,
        "the device no longer answers after wrong proofs of possession",
        "RainMaker firmware stops provisioning after five wrong PoPs until it is power-cycled.",
        ["power-cycle the device and check the PoP before the next try"];
    SessionLost = "session.lost", Refused,
        "the device no longer knows the session",
        "The device closed the link on an encrypted request, twice, or its replies no longer decrypt: it restarted, \
         another client took its place, or its rule for nonces differs.",
        [
            "close other programs that talk to the device, and try again",
            "update the firmware if it happens every time",
        ];
    DeviceRefused = "device.refused", Refused,
        "the device refused the request",
        "The device understood the request and answered with a status other than success.",
        ["the device's own log says more"];
    DeviceNoEndpoint = "device.no-endpoint", Refused,
        "the device has no such endpoint",
        "The firmware was built without this endpoint.",
        ["espctl info shows what the device says it can do"];
    DeviceBadReply = "device.bad-reply", Refused,
        "the device's reply makes no sense",
        "The reply is no answer to the request: too long, damaged on the way, or from firmware with a defect.",
        ["try again", "update the firmware"];
    DeviceUnclaimed = "device.unclaimed", Refused,
        "the device must be claimed first",
        "RainMaker firmware without a certificate cannot be tied to a user.",
        ["claim the device, or provision it without --user-id"];
    AlreadyProvisioned = "device.already-provisioned", Refused,
        "the device has joined a network already",
        "The device refuses new credentials because it is connected to a network.",
        ["espctl reset --reprov lets it take new ones, where its firmware allows it", "else erase its Wi-Fi settings"];
    AssociationRefused = "association.refused", Refused,
        "the device refused the user association",
        "The device answered the user id and secret key with a status other than success.",
        ["check the user id", "power-cycle the device and try again"];
    ScanFailed = "scan.failed", Refused,
        "the device could not scan for networks",
        "The scan did not start, did not finish in time, or its results could not be fetched.",
        [
            "give the network with --ssid, which needs no scan",
            "after a failed join only a reset lets the device scan again: espctl reset",
        ];
    WifiAuthFailed = "wifi.auth-failed", WifiAuth,
        "the access point did not let the device in",
        "The device found the network but the access point did not finish the handshake. Mostly the passphrase is \
         wrong; a weak signal, a MAC filter or WPA3 can look the same.",
        [
            "type the passphrase again: case and trailing spaces count",
            "move the device closer to the access point",
            "set the router to WPA2 (AES), or WPA2/WPA3 mixed, with optional protected management frames",
        ];
    WifiNotFound = "wifi.not-found", WifiNotFound,
        "the device does not find the network",
        "No access point with this name answered the device. Most ESP32 chips have no 5 GHz radio.",
        [
            "check the name: case and spaces count",
            "give the network a 2.4 GHz band; most ESP32 chips have no other",
            "espctl scan shows what the device hears",
        ];
    WifiNotJoined = "wifi.not-joined", WifiOther,
        "the device did not join the network",
        "The device kept trying, or gave up without a reason the protocol has a word for. Firmware reports neither a \
         full access point, nor a weak signal, nor a security mode it does not accept.",
        [
            "move the device closer to the access point",
            "set the router to WPA2 (AES), or WPA2/WPA3 mixed",
            "the log on the device's serial port names the reason",
        ];
    ThreadNotFound = "thread.not-found", WifiNotFound,
        "the device does not find the Thread network",
        "No Thread router of the dataset's network answered the device.",
        ["check that a border router of this network is in reach"];
    ThreadDatasetRejected = "thread.dataset-rejected", WifiOther,
        "the device cannot use the Thread dataset",
        "The dataset is well formed, but the device's Thread stack does not take it: an element is missing or has a \
         wrong length.",
        ["check that the dataset is the network's active one, whole: ot-ctl dataset active -x prints it"];
    ThreadNotAttached = "thread.not-attached", WifiOther,
        "the device did not attach to the Thread network",
        "The device kept trying, or gave up without a reason the protocol has a word for.",
        ["check that the dataset is the network's active one"];
    Unconfirmed = "provision.unconfirmed", Unconfirmed,
        "the device took the credentials, but whether it joined is not known",
        "The link was lost after the credentials were applied and before the device could confirm. That is usual over \
         SoftAP, whose radio follows the access point's channel: the device may well be online.",
        [
            "look for the device on the network or in its app before trying again",
            "if it is back in provisioning mode, it did not join: try again, closer to the device",
        ];
    BoardPortLost = "board.port-lost", Link,
        "the board's serial port went away",
        "The port was open and then failed: the cable was pulled, or the board restarted its USB.",
        ["plug the board in again; its port may have got another name"];
    BoardSilent = "board.silent", Deadline,
        "the board printed nothing",
        "The port is open, but nothing arrived on it in time.",
        [
            "press the board's reset button, or give --reset boot",
            "check that this is the board's console port: some boards have two",
            "firmware can be built to print nothing",
        ];
    BoardGarbled = "board.garbled", Link,
        "what the board prints is no text",
        "Most of the bytes that arrived are no characters a log is made of. That is what a wrong baud rate looks like.",
        ["give the board's rate with --baud: 115200 is usual, 74880, 460800 and 921600 occur", "check the cable"];
    BoardNoPayload = "board.no-payload", Deadline,
        "the board printed no onboarding payload",
        "The board printed lines, but none of them held the QR payload: the link to a qrcode.html page, its JSON, or \
         its NP: form. Firmware prints it at boot while it waits to be provisioned.",
        [
            "press the board's reset button, or give --reset boot: the payload is printed at boot only",
            "a board that is provisioned already prints none: erase its Wi-Fi settings",
            "give name and PoP yourself with --device-name and --pop",
        ];
    BoardCrashed = "board.crashed", Link,
        "the board's firmware crashed",
        "The link broke, and at that moment the board printed that its firmware crashed or restarted.",
        ["the cause lies in the firmware or the power supply, not in what was typed"];
    MonitorNoMatch = "monitor.no-match", Deadline,
        "no line matched in time",
        "The time of --timeout passed before the board printed a line that holds the text of --until.",
        ["press the board's reset button, or give --reset boot", "give it more time with --timeout"];
    DeadlineStep = "deadline.step", Deadline,
        "the device did not answer in time",
        "A single exchange took longer than any device takes.",
        ["check that this computer is still on the device's network", "power-cycle the device and try again"];
    DeadlineTotal = "deadline.total", Deadline,
        "the run took longer than --timeout allows",
        "The time for the whole run was used up. Time spent at prompts does not count.",
        ["give it more time with --timeout"];
    Interrupted = "run.interrupted", Interrupted,
        "interrupted",
        "The run was stopped from the keyboard or by a signal; the link was released.",
        [];
    Unexpected = "internal.unexpected", Unexpected,
        "something unforeseen happened",
        "This is a defect in espctl.",
        ["please report it, with a --trace"];
}

impl Code {
    /// The stable word.
    pub fn word(self) -> &'static str {
        self.entry().word
    }

    /// The code with this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_are_unique_and_well_formed() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for word in words {
            let (stage, reason) = word.split_once('.').expect(word);
            let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(plain(stage) && plain(reason), "{word}");
            assert_eq!(Code::find(word).map(Code::word), Some(word));
        }
    }
}
