//! What a person or a script can give wrongly: options, files, standard input. All of it is found before anything is
//! sent, so most rows have no device. QR codes are in `label.rs`.

use std::fs;
use std::path::Path;

use crate::failures::case::{Case, DEVICE, Device, command, provision};
use crate::support::run;
use Device::{Memory, None};

/// Files that rows name.
pub(crate) fn files() -> tempfile::TempDir {
    let files = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: &[u8]| fs::write(files.path().join(name), bytes).expect("a file");
    write("empty", b"");
    write("passphrase", b"correct-horse-battery\n");
    write("seven", b"seven77\n");
    write("binary", &[0x00, 0xff, 0xfe, 0x80, 0x81]);
    write("cut.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR");
    write("label.txt", br#"{"ver":"v1","name":"PROV_1","pop":"abcd1234","transport":"softap"}"#);
    picture(&files.path().join("blank.png"));
    files
}

fn picture(path: &Path) {
    let blank = image::GrayImage::from_pixel(64, 64, image::Luma([200]));
    blank.save(path).expect("a picture");
}

/// These words, nothing else.
pub(crate) const fn words(name: &'static str, args: &'static [&'static str]) -> Case {
    command(name, None, args)
}

pub(crate) const CASES: &[Case] = &[
    // Networks.
    words("an empty SSID", &["provision", "--device", "sim:", "--pop", "x", "--ssid", "", "--open"]).fails(
        "wifi.ssid-invalid",
        "",
        2,
        "it is empty",
    ),
    words(
        "an SSID of 33 bytes",
        &["provision", "--device", "sim:", "--ssid", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", "--open"],
    )
    .fails("wifi.ssid-invalid", "", 2, "33 bytes"),
    words(
        "an SSID of 33 bytes in 11 letters",
        &[
            "provision",
            "--device",
            "sim:",
            "--ssid",
            "\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}",
            "--open",
        ],
    )
    .fails("wifi.ssid-invalid", "", 2, "33 bytes"),
    words("an SSID in bad hex", &["provision", "--device", "sim:", "--ssid-hex", "48656g", "--open"]).fails(
        "usage.invalid-value",
        "",
        2,
        "other than hex digits",
    ),
    words("an SSID in half a byte of hex", &["provision", "--device", "sim:", "--ssid-hex", "486", "--open"]).fails(
        "usage.invalid-value",
        "",
        2,
        "odd number",
    ),
    words("an empty SSID in hex", &["provision", "--device", "sim:", "--ssid-hex", "", "--open"]).fails(
        "wifi.ssid-invalid",
        "",
        2,
        "it is empty",
    ),
    words(
        "a BSSID of five bytes",
        &["provision", "--device", "sim:", "--ssid", "x", "--open", "--bssid", "aa:bb:cc:dd:ee"],
    )
    .fails("usage.invalid-value", "", 2, "5 bytes"),
    words("a channel that is none", &["provision", "--device", "sim:", "--ssid", "x", "--open", "--channel", "0"])
        .fails("usage.invalid-value", "", 2, "--channel"),
    words("a passphrase of 7 bytes", &["provision", "--device", "sim:", "--ssid", "x", "--passphrase", "seven77"])
        .fails("wifi.passphrase-invalid", "", 2, "7 bytes"),
    words(
        "a passphrase of 64 bytes",
        &[
            "provision",
            "--device",
            "sim:",
            "--ssid",
            "x",
            "--passphrase",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ],
    )
    .fails("wifi.passphrase-invalid", "", 2, "64 bytes"),
    words("an empty passphrase", &["provision", "--device", "sim:", "--ssid", "x", "--passphrase", ""]).fails(
        "wifi.passphrase-invalid",
        "",
        2,
        "--open",
    ),
    words("an empty passphrase in the environment", &["provision", "--device", "sim:", "--ssid", "x"])
        .env(&[("ESPCTL_PASSPHRASE", "")])
        .fails("usage.answer-missing", "", 2, "ESPCTL_PASSPHRASE"),
    // Files and standard input.
    words("no passphrase file", &["provision", "--device", "sim:", "--ssid", "x", "--passphrase-file", "{files}/none"])
        .fails("file.unreadable", "", 2, "No such file"),
    words(
        "an empty passphrase file",
        &["provision", "--device", "sim:", "--ssid", "x", "--passphrase-file", "{files}/empty"],
    )
    .fails("file.unreadable", "", 2, "is empty"),
    words(
        "an endless passphrase file",
        &["provision", "--device", "sim:", "--ssid", "x", "--passphrase-file", "/dev/zero"],
    )
    .fails("file.unreadable", "", 2, "more than 4096 bytes"),
    words(
        "a directory for a passphrase file",
        &["provision", "--device", "sim:", "--ssid", "x", "--passphrase-file", "{files}"],
    )
    .fails("file.unreadable", "", 2, "directory"),
    words(
        "a passphrase file with too little",
        &["provision", "--device", "sim:", "--ssid", "x", "--passphrase-file", "{files}/seven"],
    )
    .fails("wifi.passphrase-invalid", "", 2, "7 bytes"),
    command(
        "a passphrase file",
        Memory("sec-ver=1"),
        &[
            "provision",
            "--device",
            DEVICE,
            "--pop",
            "abcd1234",
            "--ssid",
            "HomeNet",
            "--passphrase-file",
            "{files}/passphrase",
        ],
    )
    .succeeds("online"),
    words("a passphrase from a closed input", &["provision", "--device", "sim:", "--ssid", "x", "--passphrase-stdin"])
        .fails("input.closed", "", 2, "standard input is empty"),
    command(
        "a passphrase from standard input",
        Memory("sec-ver=1"),
        &["provision", "--device", DEVICE, "--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase-stdin"],
    )
    .stdin(b"correct-horse-battery\n")
    .succeeds("online"),
    words("a PoP from a closed input", &["info", "--device", "sim:", "--pop-stdin"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--pop-stdin",
    ),
    words("a PoP for a scan from a closed input", &["scan", "--device", "sim:", "--pop-stdin"]).fails(
        "input.closed",
        "",
        2,
        "standard input is empty",
    ),
    words("no PoP file", &["scan", "--device", "sim:", "--pop-file", "{files}/none"]).fails(
        "file.unreadable",
        "",
        2,
        "No such file",
    ),
    // Missing answers.
    words("no network", &["provision", "--device", "sim:", "--pop", "x"]).fails(
        "usage.answer-missing",
        "",
        2,
        "--ssid",
    ),
    words("no passphrase", &["provision", "--device", "sim:", "--ssid", "x"]).fails(
        "usage.answer-missing",
        "",
        2,
        "--passphrase",
    ),
    command(
        "no PoP for security 1",
        Memory("sec-ver=1"),
        &["provision", "--device", DEVICE, "--ssid", "HomeNet", "--passphrase", "correct-horse-battery"],
    )
    .fails("usage.answer-missing", "secure", 2, "ESPCTL_POP"),
    command(
        "no PoP for security 2",
        Memory("sec-ver=2"),
        &["provision", "--device", DEVICE, "--ssid", "HomeNet", "--passphrase", "correct-horse-battery"],
    )
    .fails("usage.answer-missing", "secure", 2, "--sec2-password"),
    words("nothing to do", &["provision", "--device", "sim:", "--no-wifi"]).fails(
        "usage.answer-missing",
        "",
        2,
        "--user-id",
    ),
    words("half of an association", &["provision", "--device", "sim:", "--ssid", "x", "--open", "--user-id", "u"])
        .fails("usage.answer-missing", "", 2, "--secret-key"),
    words(
        "an empty secret key",
        &["provision", "--device", "sim:", "--ssid", "x", "--open", "--user-id", "u", "--secret-key", ""],
    )
    .fails("usage.answer-missing", "", 2, "neither may be empty"),
    words("an empty device", &["provision", "--device", "", "--ssid", "x", "--open"]).fails(
        "usage.invalid-value",
        "",
        2,
        "sim:",
    ),
    // Options that contradict each other, or make no sense.
    words("an open network with a passphrase", &["provision", "--ssid", "x", "--open", "--passphrase", "12345678"])
        .fails("usage.conflict", "", 2, "--open"),
    words("two SSIDs", &["provision", "--ssid", "x", "--ssid-hex", "78", "--open"]).fails(
        "usage.conflict",
        "",
        2,
        "--ssid",
    ),
    words("no network and a network", &["provision", "--no-wifi", "--ssid", "x"]).fails(
        "usage.conflict",
        "",
        2,
        "--no-wifi",
    ),
    words("two sources of standard input", &["provision", "--pop-stdin", "--passphrase-stdin"]).fails(
        "usage.conflict",
        "",
        2,
        "--pop-stdin",
    ),
    words("a label and a PoP from standard input", &["scan", "--qrcode", "-", "--pop-stdin"]).fails(
        "usage.conflict",
        "",
        2,
        "--qrcode - and --pop-stdin both read standard input",
    ),
    words("a label and a passphrase from standard input", &["provision", "--qrcode", "-", "--passphrase-stdin"]).fails(
        "usage.conflict",
        "",
        2,
        "--qrcode - and --passphrase-stdin both read standard input",
    ),
    words("a text and a password from standard input", &["send", "x", "--file", "-", "--sec2-password-stdin"]).fails(
        "usage.conflict",
        "",
        2,
        "--sec2-password-stdin and --file - both read standard input",
    ),
    words("two devices", &["provision", "--device", "sim:", "--address", "1.2.3.4"]).fails(
        "usage.conflict",
        "",
        2,
        "--device",
    ),
    words("a network and a dataset", &["provision", "--ssid", "x", "--thread-dataset", "00"]).fails(
        "usage.conflict",
        "",
        2,
        "--thread-dataset",
    ),
    words("quiet and verbose", &["info", "--quiet", "--verbose"]).fails("usage.conflict", "", 2, "--quiet"),
    words("an option that is none", &["provision", "--passfrase", "12345678"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--passphrase",
    ),
    words("words too many", &["provision", "--passphrase", "correct", "horse", "battery"]).fails(
        "usage.invalid-value",
        "",
        2,
        "quotation marks",
    ),
    words("a security version that is none", &["provision", "--sec-ver", "3"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--sec-ver",
    ),
    words("no time at all", &["info", "--device", "sim:", "--timeout", "0"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--timeout",
    ),
    words("no command", &[]).fails("usage.answer-missing", "", 2, "provision"),
    words("metadata that is no JSON", &["provision", "--metadata", "{", "--device", "sim:"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--metadata",
    ),
    // Thread datasets.
    words("a dataset in bad hex", &["provision", "--device", "sim:?thread=1", "--thread-dataset", "0e0x"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--thread-dataset",
    ),
    words("a dataset that breaks off", &["provision", "--device", "sim:?thread=1", "--thread-dataset", "0e08000000"])
        .fails("thread.dataset-invalid", "", 2, "past the end"),
    words("an empty dataset", &["provision", "--device", "sim:?thread=1", "--thread-dataset", ""]).fails(
        "thread.dataset-invalid",
        "",
        2,
        "0 bytes",
    ),
    // Devices that are none.
    words("a locator without a scheme", &["info", "--device", "192.168.4.1"]).fails(
        "usage.invalid-value",
        "",
        2,
        "softap:192.168.4.1",
    ),
    words("a malformed address", &["info", "--address", "192.168.4.1:http"]).fails(
        "usage.invalid-value",
        "",
        2,
        "from 1 to 65535",
    ),
    words("an empty address", &["info", "--address", ""]).fails("usage.invalid-value", "", 2, "leave it out"),
    words("an address with a path", &["info", "--address", "http://192.168.4.1/prov"]).fails(
        "usage.invalid-value",
        "",
        2,
        "no path",
    ),
    words("an unknown scheme", &["info", "--device", "carrier-pigeon:"]).fails(
        "usage.invalid-value",
        "",
        2,
        "carrier-pigeon",
    ),
    words("a parameter that Bluetooth does not have", &["info", "--device", "ble:PROV_1?baud=9600"]).fails(
        "usage.invalid-value",
        "",
        2,
        "the parameter adapter and no other",
    ),
    words("a Bluetooth name with control characters", &["info", "--device", "ble:PROV%1b"]).fails(
        "usage.invalid-value",
        "",
        2,
        "control characters",
    ),
    words("a Bluetooth adapter for SoftAP", &["info", "--transport", "softap", "--adapter", "hci0"]).fails(
        "usage.conflict",
        "",
        2,
        "--adapter is for Bluetooth, not for softap",
    ),
    words("two Bluetooth adapters", &["info", "--device", "ble:?adapter=hci0", "--adapter", "hci1"]).fails(
        "usage.conflict",
        "",
        2,
        "both --adapter and --device",
    ),
    words("a port that is not there", &["info", "--device", "console:/dev/no-such-port"]).fails(
        "port.absent",
        "connect",
        10,
        "/dev/no-such-port",
    ),
    words("the local network", &["info", "--transport", "on-network"]).fails(
        "usage.unsupported",
        "",
        2,
        "sim: choose one with --transport or --device",
    ),
    words("a transport from the environment", &["info"]).env(&[("ESPCTL_TRANSPORT", "on-network")]).fails(
        "usage.unsupported",
        "",
        2,
        "ESPCTL_TRANSPORT",
    ),
    words("a simulated device that cannot be", &["info", "--device", "sim:?fault=explode"]).fails(
        "usage.invalid-value",
        "",
        2,
        "unknown fault",
    ),
    words("a fault that is none", &["sim", "--fault", "explode"]).fails("usage.invalid-value", "", 2, "--list"),
    words("an address to listen on that is none", &["sim", "--http", "127.0.0.1:99999"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--http",
    ),
    words("no devices at all", &["sim", "--count", "0"]).fails("usage.invalid-value", "", 2, "--count"),
    words("a manual page of no command", &["man", "frobnicate"]).fails("usage.invalid-value", "", 2, "frobnicate"),
    words("an unknown shell", &["completions", "nosh"]).fails("usage.invalid-value", "", 2, "bash"),
    // Requests of one's own, and explanations.
    words("nothing to send", &["send", "custom-data", "", "--device", "sim:"]).fails(
        "usage.invalid-value",
        "",
        2,
        "empty",
    ),
    words("bad hex to send", &["send", "custom-data", "--hex", "xyz", "--device", "sim:"]).fails(
        "usage.invalid-value",
        "",
        2,
        "--hex",
    ),
    words("no file to send", &["send", "custom-data", "--file", "{files}/none", "--device", "sim:"]).fails(
        "file.unreadable",
        "",
        2,
        "No such file",
    ),
    words("an endless file to send", &["send", "custom-data", "--file", "/dev/zero", "--device", "sim:"]).fails(
        "file.unreadable",
        "",
        2,
        "more than 4096 bytes",
    ),
    words("an endpoint of no possible name", &["send", "no such", "x", "--device", "sim:?sec-ver=0"]).fails(
        "usage.invalid-value",
        "",
        2,
        "",
    ),
    words("an unknown code", &["explain", "wifi.auth-faild"]).fails("usage.unknown-code", "", 2, "wifi.auth-failed"),
    // A trace that cannot be written is known before the device is asked anything.
    provision("a trace on a full disk", Memory("sec-ver=1"))
        .args(&["provision", "--device", DEVICE, "--trace", "/dev/full"])
        .fails("trace.write-failed", "", 1, "/dev/full"),
    provision("a trace in no directory", Memory("sec-ver=1"))
        .args(&["provision", "--device", DEVICE, "--trace", "{files}/none/trace"])
        .fails("trace.write-failed", "", 1, "No such file"),
    provision("a trace in place of a directory", Memory("sec-ver=1"))
        .args(&["provision", "--device", DEVICE, "--trace", "{files}"])
        .fails("trace.write-failed", "", 1, "directory"),
];

#[test]
fn the_transports_there_are_are_listed() {
    let refused = run(["info", "--transport", "carrier-pigeon"]).stderr;
    for said in [refused, run(["info", "--help"]).stdout] {
        for kind in espctl::transport::KINDS {
            assert!(said.contains(kind.scheme()), "no {}: {said}", kind.scheme());
        }
    }
}
