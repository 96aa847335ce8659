//! What is wrong before a device is reached: the command line, files, the label, output that cannot be written.
//!
//! Entries of the catalogue; `mod.rs` lists them.

use super::entry::{Entry, plain};
use super::exit::Exit;
use super::hint::{Fact, Hint};

pub(super) static USAGE_INVALID: Entry = Entry {
    word: "usage.invalid-value",
    exit: Exit::Usage,
    title: "an option has a value that cannot be used",
    meaning: "The value was checked before anything was sent; the message names the option and what it takes.",
    hints: &[
        Hint::given(Fact::Command, "espctl help {} lists every option and what it takes"),
        Hint::unless(&[Fact::Command], "espctl help COMMAND lists every option and what it takes"),
    ],
};

pub(super) static USAGE_MISSING: Entry = Entry {
    word: "usage.answer-missing",
    exit: Exit::Usage,
    title: "an answer is missing and no question can be asked",
    meaning: "The device needs something that was not given, and prompting is off: --no-input was given, or the standard \
              input or standard error is not a terminal.",
    hints: &[],
};

pub(super) static USAGE_CONFLICT: Entry = Entry {
    word: "usage.conflict",
    exit: Exit::Usage,
    title: "two options contradict each other",
    meaning: "The message names both; give one of them.",
    hints: &[],
};

pub(super) static USAGE_UNSUPPORTED: Entry = Entry {
    word: "usage.unsupported",
    exit: Exit::Usage,
    title: "this is not possible with this version",
    meaning: "The option is known, because other tools' scripts use it, but this version cannot act on it.",
    hints: &[],
};

pub(super) static USAGE_UNKNOWN_CODE: Entry = Entry {
    word: "usage.unknown-code",
    exit: Exit::Usage,
    title: "no such error code",
    meaning: "espctl explain takes a code as an error message prints it.",
    hints: &[plain("espctl explain without a code lists them all")],
};

pub(super) static INPUT_CLOSED: Entry = Entry {
    word: "input.closed",
    exit: Exit::Usage,
    title: "the standard input ended before an answer came",
    meaning: "A prompt was waiting when the input was closed.",
    hints: &[plain("give the answer as an option, or --no-input to see which one is missing")],
};

pub(super) static FILE_UNREADABLE: Entry = Entry {
    word: "file.unreadable",
    exit: Exit::Usage,
    title: "a file cannot be read",
    meaning: "A file named on the command line is missing, not readable, too long, or not text.",
    hints: &[plain("check the path and its permissions")],
};

pub(super) static CONFIG_INVALID: Entry = Entry {
    word: "config.invalid",
    exit: Exit::Configuration,
    title: "a settings file cannot be used",
    meaning: "A settings file (espctl.toml of the working folder or of one above it, or the user's config.toml) cannot be \
              read, is not TOML, or has a setting that does not exist or a value that it does not take; or a variable or \
              file that it names for a secret is not there, is empty or holds what the setting does not take. Nothing was sent.",
    hints: &[plain("espctl config path lists the files; espctl config check checks them")],
};

pub(super) static OUTPUT_FAILED: Entry = Entry {
    word: "output.write-failed",
    exit: Exit::Unexpected,
    title: "output cannot be written",
    meaning: "A file or the standard output did not take what was written: the disk is full, or the reader went away.",
    hints: &[plain("check the free space and the permissions")],
};

pub(super) static TRACE_FAILED: Entry = Entry {
    word: "trace.write-failed",
    exit: Exit::Unexpected,
    title: "the trace cannot be written",
    meaning: "The file named by --trace did not take a write. The run stops before anything is sent that cannot be undone.",
    hints: &[plain("check the free space and the permissions of the trace file")],
};

pub(super) static QR_INVALID: Entry = Entry {
    word: "qr.invalid",
    exit: Exit::Usage,
    title: "cannot read the QR payload",
    meaning: "A payload is the JSON that firmware prints, its compact NP: form, or the qrcode.html address that holds one.",
    hints: &[plain("copy the whole line that the device prints at boot, or the text of the label's QR code")],
};

pub(super) static QR_NO_CODE: Entry = Entry {
    word: "qr.no-code",
    exit: Exit::Usage,
    title: "the image holds no readable QR code",
    meaning: "The picture was decoded, but no QR code was found in it or none could be read.",
    hints: &[
        plain("take the picture closer, straight on and in focus"),
        plain("type the text of the label with --pop instead"),
    ],
};

pub(super) static WIFI_SSID_INVALID: Entry = Entry {
    word: "wifi.ssid-invalid",
    exit: Exit::Usage,
    title: "invalid network name",
    meaning: "A network name has 1 to 32 bytes; in UTF-8 a letter may take up to 4.",
    hints: &[plain("a name has 1 to 32 bytes; one that is not UTF-8 can be given in hex with --ssid-hex")],
};

pub(super) static WIFI_PASSPHRASE_INVALID: Entry = Entry {
    word: "wifi.passphrase-invalid",
    exit: Exit::Usage,
    title: "invalid Wi-Fi passphrase",
    meaning: "A passphrase has 8 to 63 bytes, the key of a WEP network 5 or 13. Devices refuse 64-digit raw keys.",
    hints: &[plain("a passphrase has 8 to 63 bytes, a WEP key 5 or 13; --open is for networks without one")],
};

pub(super) static WIFI_ENTERPRISE: Entry = Entry {
    word: "wifi.enterprise",
    exit: Exit::Usage,
    title: "the network wants enterprise credentials",
    meaning: "WPA Enterprise takes a user name or a certificate; the provisioning protocol can carry only a passphrase.",
    hints: &[plain("choose a network with a passphrase, or a guest network")],
};

pub(super) static THREAD_DATASET_INVALID: Entry = Entry {
    word: "thread.dataset-invalid",
    exit: Exit::Usage,
    title: "invalid Thread operational dataset",
    meaning: "A dataset is 1 to 254 bytes of type, length and value, given in hex.",
    hints: &[plain("on a border router, ot-ctl dataset active -x prints it")],
};
