//! What a device answered or did: security, requests, joining, and how a run ended.
//!
//! Entries of the catalogue; `mod.rs` lists them.

use super::entry::{Entry, plain};
use super::exit::Exit;
use super::hint::{Fact, Hint};

/// On every failure that the board's log explains.
const LOG_FACTS: &[Fact] = &[Fact::LogHeard, Fact::LogElsewhere, Fact::LogSilent];
const LOG_SAYS_MORE: Hint =
    Hint::unless(LOG_FACTS, "the device's own log says more: --listen hears it on a serial cable, and -v shows it");
const LOG_NAMES_REASON: Hint =
    Hint::unless(LOG_FACTS, "the device's own log names the reason: --listen hears it on a serial cable");
const LOG_ELSEWHERE: Hint =
    Hint::given(Fact::LogElsewhere, "the device's own log says more: run espctl monitor in another terminal");
/// The board's log was to be heard on a port, and nothing came.
pub(super) const LOG_SILENT: Hint = Hint::given(
    Fact::LogSilent,
    "the board printed nothing on {} meanwhile: check that it is the board's console port, and --baud",
);

const OF_SECURITY_2: Hint = Hint::unless(
    &[Fact::OtherThanSecurity2],
    "for security 2 the user name counts too; RainMaker's is wifiprov and its password is the PoP",
);

const TYPE_AGAIN: Hint =
    Hint::unless(&[Fact::OpenNetwork], "type the passphrase again: case and trailing spaces count");
const NONE_GIVEN: Hint = Hint::given(
    Fact::OpenNetwork,
    "no passphrase was given: if the network has one, give --passphrase instead of --open",
);

pub(super) static DEVICE_NOT_PROVISIONING: Entry = Entry {
    word: "device.not-provisioning",
    exit: Exit::NotFound,
    title: "the device is not in provisioning mode",
    meaning: "The device answers, but without the endpoints of provisioning: it is provisioned already, its time for \
              provisioning has run out, or it is locked after too many wrong PoPs.",
    hints: &[plain("power-cycle the device"), plain("erase its Wi-Fi settings if it is provisioned already")],
};

pub(super) static SECURITY_UNSUPPORTED: Entry = Entry {
    word: "security.unsupported",
    exit: Exit::Session,
    title: "the device wants a security version this program does not speak",
    meaning: "The device's version document names a security version other than 0, 1 and 2.",
    hints: &[plain("update espctl"), plain("--sec-ver 2 tries security 2 all the same")],
};

pub(super) static SECURITY_DOES_NOT_FIT: Entry = Entry {
    word: "security.does-not-fit",
    exit: Exit::Session,
    title: "security 2 does not fit through this link",
    meaning: "Security 2 begins with a message of 406 bytes, and the console's line holds 255 characters. Nothing was sent.",
    hints: &[plain("reach the device over BLE or SoftAP")],
};

pub(super) static SECURITY_DOWNGRADE: Entry = Entry {
    word: "security.downgrade",
    exit: Exit::Session,
    title: "the device asks to be trusted less than what is known of it",
    meaning: "A proof of possession, a password, a label or --min-sec says how the device is to be secured, and the device \
              says that it does with less. A device that poses as yours would say the same, to be given the network's \
              passphrase. Nothing was sent to it. Where the firmware was built like that on purpose, --allow-insecure \
              goes on with a warning. docs/security.md tells what each security version protects.",
    hints: &[
        plain("check that this is the right device: another one may have taken its name"),
        plain("espctl info shows what the device says of itself"),
    ],
};

pub(super) static SECURITY_MISMATCH: Entry = Entry {
    word: "security.mismatch",
    exit: Exit::Session,
    title: "the device does not take this security version",
    meaning: "The device refused the first message of the handshake. With a --sec-ver that contradicts what the device \
              says of itself, that is why.",
    hints: &[plain("firmware built without this version refuses it")],
};

pub(super) static SECURITY_BROKEN: Entry = Entry {
    word: "security.handshake-failed",
    exit: Exit::Session,
    title: "the handshake failed",
    meaning: "The device's handshake messages do not fit the protocol: damaged on the way, or firmware with a defect.",
    hints: &[plain("try again"), plain("update the firmware; its handshake does not follow the protocol")],
};

pub(super) static PROOF_REJECTED: Entry = Entry {
    word: "security.proof-rejected",
    exit: Exit::Credentials,
    title: "the device rejected the proof of possession",
    meaning: "The device closed the link on the message that proves knowledge of the PoP (security 1) or of user name and \
              password (security 2). Firmware gives no reason; a crash at that moment would look the same.",
    hints: &[
        plain("check the PoP on the label: it is case-sensitive"),
        OF_SECURITY_2,
        plain("five wrong tries lock RainMaker firmware until it is power-cycled"),
        plain("another program that talks to the device at the same time looks like a wrong PoP, too"),
    ],
};

pub(super) static DEVICE_UNPROVEN: Entry = Entry {
    word: "security.device-unproven",
    exit: Exit::Credentials,
    title: "the device could not prove that it knows the secret",
    meaning: "The device accepted our proof, but its own is wrong: it is not the device it claims to be, or its firmware \
              has a defect. Nothing was sent to it.",
    hints: &[plain("check that this is the right device"), plain("do not send it credentials")],
};

pub(super) static LOCKED_OUT: Entry = Entry {
    word: "security.locked-out",
    exit: Exit::Credentials,
    title: "the device no longer answers after wrong proofs of possession",
    meaning: "RainMaker firmware stops provisioning after five wrong PoPs until it is power-cycled.",
    hints: &[plain("power-cycle the device and check the PoP before the next try")],
};

pub(super) static SESSION_LOST: Entry = Entry {
    word: "session.lost",
    exit: Exit::Refused,
    title: "the device no longer knows the session",
    meaning: "The device closed the link on an encrypted request, twice, or its replies no longer decrypt: it restarted, \
              another client took its place, or its rule for nonces differs.",
    hints: &[
        plain("close other programs that talk to the device, and try again"),
        plain("update the firmware if it happens every time"),
    ],
};

pub(super) static DEVICE_REFUSED: Entry = Entry {
    word: "device.refused",
    exit: Exit::Refused,
    title: "the device refused the request",
    meaning: "The device understood the request and answered with a status other than success.",
    hints: &[LOG_SAYS_MORE, LOG_ELSEWHERE, LOG_SILENT],
};

pub(super) static DEVICE_NO_ENDPOINT: Entry = Entry {
    word: "device.no-endpoint",
    exit: Exit::Refused,
    title: "the device has no such endpoint",
    meaning: "The firmware was built without this endpoint.",
    hints: &[plain("espctl info shows what the device says it can do")],
};

pub(super) static DEVICE_BAD_REPLY: Entry = Entry {
    word: "device.bad-reply",
    exit: Exit::Refused,
    title: "the device's reply cannot be read",
    meaning: "The reply does not fit the request: too long, damaged on the way, or from firmware with a defect.",
    hints: &[plain("try again"), plain("update the firmware")],
};

pub(super) static DEVICE_UNCLAIMED: Entry = Entry {
    word: "device.unclaimed",
    exit: Exit::Refused,
    title: "the device must be claimed first",
    meaning: "RainMaker firmware without a certificate cannot be tied to a user.",
    hints: &[plain("claim the device, or provision it without --user-id")],
};

pub(super) static ALREADY_PROVISIONED: Entry = Entry {
    word: "device.already-provisioned",
    exit: Exit::Refused,
    title: "the device has joined a network already",
    meaning: "The device refuses new credentials because it is connected to a network.",
    hints: &[
        plain("espctl reset --reprov lets it take new ones, where its firmware allows it"),
        plain("else erase its Wi-Fi settings"),
    ],
};

pub(super) static ASSOCIATION_REFUSED: Entry = Entry {
    word: "association.refused",
    exit: Exit::Refused,
    title: "the device refused the user association",
    meaning: "The device answered the user id and secret key with a status other than success.",
    hints: &[plain("check the user id"), plain("power-cycle the device and try again")],
};

pub(super) static SCAN_FAILED: Entry = Entry {
    word: "scan.failed",
    exit: Exit::Refused,
    title: "the device could not scan for networks",
    meaning: "The scan did not start, did not finish in time, or its results could not be fetched.",
    hints: &[
        plain("espctl provision --ssid NAME needs no scan"),
        plain(
            "after a failed join only a reset lets the device scan again: espctl reset; firmware without prov-ctrl has \
             to be switched off and on",
        ),
    ],
};

pub(super) static WIFI_AUTH_FAILED: Entry = Entry {
    word: "wifi.auth-failed",
    exit: Exit::WifiAuth,
    title: "the access point did not let the device in",
    meaning: "The device found the network but the access point did not finish the handshake. Mostly the passphrase is \
              wrong; a weak signal, a MAC filter or WPA3 can look the same.",
    hints: &[
        TYPE_AGAIN,
        NONE_GIVEN,
        plain("move the device closer to the access point"),
        plain("set the router to WPA2 (AES), or WPA2/WPA3 mixed, with optional protected management frames"),
        plain("espctl scan shows whether the network wants enterprise credentials, which provisioning cannot carry"),
    ],
};

pub(super) static WIFI_NOT_FOUND: Entry = Entry {
    word: "wifi.not-found",
    exit: Exit::WifiNotFound,
    title: "the device does not find the network",
    meaning: "No access point with this name answered the device. Most ESP32 chips have no 5 GHz radio.",
    hints: &[
        plain("check the name: case and spaces count"),
        plain("give the network a 2.4 GHz band; most ESP32 chips have no other"),
        plain("espctl scan shows what the device hears"),
    ],
};

pub(super) static WIFI_OTHER_NETWORK: Entry = Entry {
    word: "wifi.other-network",
    exit: Exit::WifiOther,
    title: "the device has joined another network than the one it was given",
    meaning: "The device says that it is connected, but not to the network whose name was sent: it has kept an earlier one, \
              or it is not the device it seems to be.",
    hints: &[
        plain("espctl reset --reprov has it leave that network, where its firmware allows it"),
        plain("check that this is the right device"),
    ],
};

pub(super) static THREAD_OTHER_NETWORK: Entry = Entry {
    word: "thread.other-network",
    exit: Exit::WifiOther,
    title: "the device is attached to another Thread network than the dataset's",
    meaning: "The device says that it is attached, but the extended PAN id or the name is not the one of the dataset that \
              was sent: it has kept an earlier dataset, or it is not the device it seems to be.",
    hints: &[
        plain("espctl reset --reprov has it leave that network, where its firmware allows it"),
        plain("check that this is the right device"),
    ],
};

pub(super) static WIFI_NOT_JOINED: Entry = Entry {
    word: "wifi.not-joined",
    exit: Exit::WifiOther,
    title: "the device did not join the network",
    meaning: "The device kept trying, or gave up without a reason the protocol has a word for. Firmware reports neither a \
              full access point, nor a weak signal, nor a security mode it does not accept.",
    hints: &[
        plain("move the device closer to the access point"),
        plain("set the router to WPA2 (AES), or WPA2/WPA3 mixed"),
        LOG_NAMES_REASON,
        LOG_ELSEWHERE,
        LOG_SILENT,
    ],
};

pub(super) static THREAD_NOT_FOUND: Entry = Entry {
    word: "thread.not-found",
    exit: Exit::WifiNotFound,
    title: "the device does not find the Thread network",
    meaning: "No Thread router of the dataset's network answered the device.",
    hints: &[plain("check that a border router of this network is in reach")],
};

pub(super) static THREAD_DATASET_REJECTED: Entry = Entry {
    word: "thread.dataset-rejected",
    exit: Exit::WifiOther,
    title: "the device cannot use the Thread dataset",
    meaning: "The dataset is well formed, but the device's Thread stack does not take it: an element is missing or has a \
              wrong length.",
    hints: &[plain("check that the dataset is the network's active one, whole: ot-ctl dataset active -x prints it")],
};

pub(super) static THREAD_NOT_ATTACHED: Entry = Entry {
    word: "thread.not-attached",
    exit: Exit::WifiOther,
    title: "the device did not attach to the Thread network",
    meaning: "The device kept trying, or gave up without a reason the protocol has a word for.",
    hints: &[plain("check that the dataset is the network's active one")],
};

pub(super) static UNCONFIRMED: Entry = Entry {
    word: "provision.unconfirmed",
    exit: Exit::Unconfirmed,
    title: "the device took the credentials, but whether it joined is not known",
    meaning: "The link was lost after the credentials were applied and before the device could confirm. That is usual over \
              SoftAP, whose radio follows the access point's channel: the device may well be online.",
    hints: &[
        plain("look for the device on the network or in its app before trying again"),
        plain("if it is back in provisioning mode, it did not join: try again, closer to the device"),
    ],
};

pub(super) static INTERRUPTED: Entry = Entry {
    word: "run.interrupted",
    exit: Exit::Interrupted,
    title: "interrupted",
    meaning: "The run was stopped from the keyboard or by a signal; the link was released.",
    hints: &[],
};

pub(super) static UNEXPECTED: Entry = Entry {
    word: "internal.unexpected",
    exit: Exit::Unexpected,
    title: "an unexpected error happened",
    meaning: "This is a defect in espctl.",
    hints: &[plain("please report it, with a --trace")],
};
