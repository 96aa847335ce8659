//! Each form of a label's text, and each reason why one cannot be read.

use super::*;

const JSON: &str = r#"{"ver":"v1","name":"PROV_d76c30","username":"wifiprov","pop":"7a9d365e","transport":"ble"}"#;

fn pop(text: &str) -> String {
    let payload = Payload::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    payload.pop.map(|pop| String::from_utf8_lossy(pop.expose()).into_owned()).unwrap_or_default()
}

#[test]
fn the_json_form() {
    let read = Payload::parse(JSON).expect("RainMaker's example");
    assert_eq!(read.version.as_deref(), Some("v1"));
    assert_eq!(read.name, "PROV_d76c30");
    assert_eq!(read.username.as_deref(), Some("wifiprov"));
    assert_eq!(read.pop, Some(ProofOfPossession::from("7a9d365e")));
    assert_eq!(read.transport, Some(Transport::Ble));
    assert_eq!((read.security, read.network, read.password), (None, None, None));
}

#[test]
fn every_key_and_both_spellings_of_security() {
    let read = Payload::parse(
        r#"{"name":"P","transport":"SoftAP","password":"label-pass","security":"1","network":"THREAD"}"#,
    );
    let read = read.expect("a payload");
    assert_eq!((read.transport, read.network), (Some(Transport::SoftAp), Some(Network::Thread)));
    assert_eq!((read.security, read.pop), (Some(1), None));
    assert_eq!(read.password.map(|password| password.expose().len()), Some(10));
    assert_eq!(Payload::parse(r#"{"name":"P","security":2}"#).map(|read| read.security), Ok(Some(2)));
    let sparse = Payload::parse(r#"{"name":"P","pop":"","security":null,"transport":null,"future":[1]}"#);
    assert_eq!(sparse, Ok(Payload::new("P")));
}

#[test]
fn a_pop_of_digits_without_quotes_is_text_as_it_is_written() {
    for (json, wanted) in [
        (r#"{"name":"P","pop":12345678,"transport":"ble"}"#, "12345678"),
        (r#"{"name":"P","pop" : 0012 }"#, "0012"),
        (r#"{"name":"pop","pop":0}"#, "0"),
        (r#"{"name":"P","pop":"12"}"#, "12"),
        (r#"{"name":"\"pop\":1,","pop":2}"#, "2"),
        (
            r#"https://x.example/qrcode.html?data={"name":"P","pop":0123456789012345678901234567890}"#,
            "0123456789012345678901234567890",
        ),
    ] {
        assert_eq!(pop(json), wanted, "{json}");
    }
    let label = Payload::parse(r#"{"name":"P","password":00001111}"#).expect("a label");
    assert_eq!(label.password.map(|password| password.expose().to_vec()), Some(b"00001111".to_vec()));
}

#[test]
fn white_space_and_a_byte_order_mark_do_not_matter() {
    assert_eq!(Payload::parse(&format!("\u{feff} \t{JSON}\r\n\0")), Payload::parse(JSON));
    assert_eq!(pop("\u{feff}NP:PROV_1|abcd1234|b\r\n"), "abcd1234");
}

#[test]
fn the_compact_form() {
    let read = Payload::parse("NP:PROV_d76c30|7a9d365e|s").expect("a payload");
    assert_eq!((read.name.as_str(), read.transport), ("PROV_d76c30", Some(Transport::SoftAp)));
    assert_eq!(
        Payload::parse("NP:PROV_d76c30||b").map(|read| (read.pop, read.transport)),
        Ok((None, Some(Transport::Ble)))
    );
    assert_eq!(pop("NP:PROV_1|a|b|c|b"), "a|b|c");
}

#[test]
fn links_encoded_or_not() {
    let encoded = percent_encoding::utf8_percent_encode(JSON, percent_encoding::NON_ALPHANUMERIC);
    for link in [
        format!("https://rainmaker.espressif.com/qrcode.html?data={JSON}"),
        format!("https://espressif.github.io/esp-jumpstart/qrcode.html?data={JSON}"),
        format!("HTTP://labels.example:8080/a/qrcode.html?lang=en&data={JSON}"),
        format!("https://labels.example/qrcode.html?data={encoded}"),
        format!("https://labels.example/qrcode.html?data={encoded}&lang=en#top"),
        format!("https://labels.example/qrcode.html?data={JSON}&lang=en#top"),
        format!("https://labels.example/qrcode.html?data={}", JSON.replace('"', "%22")),
    ] {
        assert_eq!(Payload::parse(&link), Payload::parse(JSON), "{link}");
    }
    for data in ["NP:PROV_1|7a9d|b", "NP:PROV_1%7C7a9d%7Cb", "NP%3APROV_1%7C7a9d%7Cb&lang=en", "NP:PROV_1|7a9d|b#top"] {
        assert_eq!(pop(&format!("https://labels.example/qrcode.html?data={data}")), "7a9d", "{data}");
    }
}

#[test]
fn plus_ampersand_and_percent_in_a_link() {
    let linked = |data: &str| pop(&format!("https://x.example/qrcode.html?data={data}"));
    // Printed as it is: every mark is the PoP's own.
    assert_eq!(linked(r#"{"name":"P","pop":"a+b&c#d%41"}"#), "a+b&c#d%41");
    assert_eq!(linked("NP:P|a+b&c%41|b"), "a+b&c%41");
    // encodeURI leaves + & and # alone; encodeURIComponent does not.
    assert_eq!(linked("%7B%22name%22:%22P%22,%22pop%22:%22a+b&c#d%22%7D"), "a+b&c#d");
    assert_eq!(linked("%7B%22name%22%3A%22P%22%2C%22pop%22%3A%22a%2Bb%26c%22%7D"), "a+b&c");
    // As forms are encoded: a space between tokens, or next to a %2B, can only be one.
    assert_eq!(linked("%7B%22name%22%3A+%22P%22%2C+%22pop%22%3A+%22a%22%7D&x=1"), "a");
    assert_eq!(linked("%7B%22name%22%3A%22P%22%2C%22pop%22%3A%22a%2Bb+c%22%7D"), "a+b c");
}

#[test]
fn what_is_wrong_is_said_precisely() {
    let other = |what| QrError::OtherCode { what };
    for (text, error) in [
        ("", QrError::Empty),
        (" \u{feff}\r\n", QrError::Empty),
        ("PROV_d76c30", QrError::UnknownForm),
        ("MT:Y.K9042C00KA0648G00", other("a Matter onboarding code")),
        ("WIFI:S:home;T:WPA;P:secret-pass;;", other("the QR code of a Wi-Fi network")),
        ("https://x.example/index.html?data=NP:P|a|b", other("a link to some other page")),
        ("https://x.example/qrcode.html", QrError::NoData),
        ("https://x.example/qrcode.html?data=", QrError::NoData),
        ("https://x.example/qrcode.html?data=%ff", QrError::NotUtf8),
        ("https://x.example/qrcode.html?data=nonsense", QrError::UnknownForm),
        ("https://x.example/qrcode.html?data={%22name%22:%22P%22,%22security%22:9}&x=1", QrError::Security),
        ("[1]", QrError::NotAnObject),
        (r#""NP:P|a|b""#, QrError::NotAnObject),
        ("{}", QrError::MissingName),
        (r#"{"name":""}"#, QrError::MissingName),
        (r#"{"name":7}"#, QrError::WrongType { key: "name" }),
        (r#"{"name":"P","pop":12.5}"#, QrError::WrongType { key: "pop" }),
        (r#"{"name":"P","pop":true}"#, QrError::WrongType { key: "pop" }),
        (r#"{"name":"P","transport":"lora"}"#, QrError::UnknownTransport),
        (r#"{"name":"P","network":"zigbee"}"#, QrError::UnknownNetwork),
        (r#"{"name":"P","security":3}"#, QrError::Security),
        (r#"{"name":"P","security":"two"}"#, QrError::Security),
        (r#"{"name":"P","security":1.0}"#, QrError::Security),
        (r#"{"name":"P","pop":"abcd"#, QrError::CutOff { length: 23 }),
        ("dpp:C:81/1;M:02115e000001;;", other("a Wi-Fi Easy Connect (DPP) code")),
        (r#"{"name":"P"} trailing"#, QrError::Syntax { line: 1, column: 14 }),
        ("NP:PROV_1", QrError::Compact),
        ("NP:PROV_1|abcd1234", QrError::Compact),
        ("NP:|abcd1234|b", QrError::MissingName),
        ("NP:PROV_1|abcd1234|x", QrError::UnknownTransport),
    ] {
        assert_eq!(Payload::parse(text), Err(error), "{text}");
    }
    let long = format!(r#"{{"name":"{}"}}"#, "P".repeat(MAX_LEN));
    assert_eq!(Payload::parse(&long), Err(QrError::TooLong { length: long.len() }));
    assert!(matches!(Payload::parse(&"[".repeat(MAX_LEN)), Err(QrError::Syntax { .. })));
}

#[test]
fn a_code_is_told_from_the_name_of_a_file() {
    for text in [JSON, "NP:P|a|b", "MT:Y.K90", "WIFI:T:WPA;S:x;;", "DPP:C:81/1;;", "https://x.example/"] {
        assert!(is_code(text), "{text}");
    }
    for text in ["label.png", "/tmp/MT:x", "C:\\label.txt", ""] {
        assert!(!is_code(text), "{text}");
    }
}

#[test]
fn errors_do_not_quote_the_label() {
    let text = r#"{"name":"PROV_1","pop":"hush"hush","transport":"hush"}"#;
    let error = Payload::parse(text).expect_err("firmware does not escape");
    assert!(error.hint().is_some_and(|hint| hint.contains("PoP")));
    for text in [text, r#"{"name":"P","pop":["hush"]}"#, "NP:P|hush", r#"{"name":"P","transport":"hush"}"#] {
        let error = Payload::parse(text).expect_err(text);
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hush"), "{error:?}");
    }
}
