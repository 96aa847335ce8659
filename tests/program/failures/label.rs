//! QR codes: every form of a label that is none, and the files and pictures it may be in.

use crate::failures::case::{Case, DEVICE, Device, command, provision};
use crate::failures::input::words;
use Device::{Memory, None};

/// A QR payload that is no payload.
const fn label(name: &'static str, args: &'static [&'static str], says: &'static str) -> Case {
    command(name, None, args).with_good_credentials().fails("qr.invalid", "", 2, says)
}

pub(crate) const CASES: &[Case] = &[
    label("a QR code that is no JSON", &["provision", "--qrcode", r#"{"ver":"v1","name":PROV}"#], "not valid JSON"),
    label("a QR code that is cut off", &["provision", "--qrcode", r#"{"ver":"v1","name":"PROV"#], "cut off after 24"),
    label("a Matter code as text", &["provision", "--qrcode", "MT:Y.K9042C00KA0648G00"], "a Matter onboarding code"),
    label(
        "a QR code with an unescaped quotation mark",
        &["provision", "--qrcode", r#"{"ver":"v1","name":"PROV_1","pop":"ab"cd"}"#],
        "does not escape",
    ),
    label("a QR code without a name", &["provision", "--qrcode", r#"{"ver":"v1","pop":"x"}"#], "names no device"),
    label("a QR code with a truth value for a PoP", &["provision", "--qrcode", r#"{"name":"P","pop":true}"#], "quotes"),
    label(
        "a QR code with an unknown transport",
        &["provision", "--qrcode", r#"{"name":"P","transport":"ir"}"#],
        "transport",
    ),
    label("a QR code with an unknown security", &["provision", "--qrcode", r#"{"name":"P","security":7}"#], "security"),
    label("a compact QR code without fields", &["provision", "--qrcode", "NP:PROV_1"], "three fields"),
    label("a link to some other page", &["provision", "--qrcode", "https://example.com/about"], "some other page"),
    label("a link without data", &["provision", "--qrcode", "https://example.com/qrcode.html"], "no data="),
    label("a binary QR file", &["provision", "--qrcode", "{files}/binary"], "neither text nor a PNG"),
    words("an empty QR code", &["provision", "--qrcode", ""]).fails("qr.invalid", "", 2, "is empty"),
    words("no QR file", &["provision", "--qrcode", "{files}/none"]).fails("file.unreadable", "", 2, "--qrcode takes"),
    words("an empty QR file", &["provision", "--qrcode", "{files}/empty"]).fails("qr.invalid", "", 2, "is empty"),
    words("an endless QR file", &["provision", "--qrcode", "/dev/zero"]).fails("file.unreadable", "", 2, "more than"),
    words("a QR code from a closed input", &["provision", "--qrcode", "-"]).fails("input.closed", "", 2, "is empty"),
    words("a picture without a code", &["provision", "--qrcode", "{files}/blank.png"]).fails(
        "qr.no-code",
        "",
        2,
        "no QR code in the image",
    ),
    words("a picture cut short", &["provision", "--qrcode", "{files}/cut.png"]).fails("qr.no-code", "", 2, "damaged"),
    words("a mangled QR text is not repeated", &["provision", "--qrcode", "name=PROV_1,pop=abcd1234"]).fails(
        "qr.invalid",
        "",
        2,
        "neither a payload nor the name of a file",
    ),
    provision("a label in a file", Memory("sec-ver=1"))
        .args(&["provision", "--device", DEVICE, "--qrcode", "{files}/label.txt"])
        .succeeds("online"),
];
