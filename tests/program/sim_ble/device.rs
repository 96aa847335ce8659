//! What a central finds: the advertisement, the attributes, the manners of both stacks.

use espctl::wire::gatt;

use crate::bluez::Advertised;
use crate::sim_ble::central::Central;
use crate::sim_ble::host::{Sim, two_adapters};

const STATUS: &[u8] = &[0x52, 0x00];
const HELLO_0: &[u8] = &[0x52, 0x03, 0xa2, 0x01, 0x00];

#[test]
fn it_advertises_as_firmware_does() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30"]);
    let firmware = Advertised {
        services: vec![gatt::SERVICE],
        discoverable: true,
        name: Some("PROV_d76c30".into()),
        manufacturer: None,
        interval: (160, 160),
    };
    assert_eq!(bluez.advertised(), std::slice::from_ref(&firmware));
    assert_eq!((bluez.advertisements(0), bluez.advertisements(1)), (0, 1));
    assert_eq!(sim.device("device"), "ble:PROV_d76c30");
    assert!(sim.device("qr").contains(r#""transport":"ble""#), "{}", sim.ready);
    assert!(sim.device("command").starts_with("espctl provision --device ble:PROV_d76c30 --qrcode "), "{}", sim.ready);
    sim.end(&bluez, ());

    let manager = gatt::SERVICE_OF_MANAGER.to_string();
    let options = ["--name", "PROV_d76c31", "--profile", "rainmaker", "--service-uuid", &manager];
    let sim = Sim::on(&bluez, &options);
    let rainmaker = Advertised {
        services: vec![gatt::SERVICE_OF_MANAGER],
        name: Some("PROV_d76c31".into()),
        manufacturer: Some((0x02e5, b"Nova\x00\x01\x00\x05\x00\x00".to_vec())),
        ..firmware
    };
    assert_eq!(bluez.advertised()[1..], [rainmaker]);
    sim.end(&bluez, ());
}

#[tokio::test]
async fn endpoints_are_characteristics_with_their_names() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    let names = ["custom-data", "proto-ver", "prov-config", "prov-ctrl", "prov-scan", "prov-session"];
    assert_eq!(device.endpoints(), names);
    assert_eq!(device.uuid("prov-session").await, "021aff51-0382-4aea-bff4-6b3f1c5adfb4");
    assert_eq!(device.uuid("custom-data").await, "021aff54-0382-4aea-bff4-6b3f1c5adfb4");
    assert_eq!(device.read("proto-ver").await.as_deref(), Ok(&b""[..]), "nothing was asked yet");
    let document = device.exchange("proto-ver", b"---").await;
    let document: serde_json::Value = serde_json::from_slice(&document).expect("the whole document, part by part");
    assert_eq!(document["prov"]["ver"], "netprov-v1.2");
    sim.end(&bluez, central);
}

#[tokio::test]
async fn nimble_refuses_and_keeps_the_link() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30", "--sec-ver", "1"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    // 0x04 cannot be said through bluetoothd.
    let refused = Err("Operation failed with ATT error: 0x80".to_owned());
    assert_eq!(device.write("prov-config", STATUS).await, refused);
    assert!(device.is_connected().await);
    device.exchange("proto-ver", b"---").await;
    assert_eq!(device.write("proto-ver", b"").await, Ok(()), "ignored");
    assert!(device.read("proto-ver").await.expect("a value").starts_with(b"{"), "the old answer");
    assert_eq!(device.write("proto-ver", &[b'-'; 512]).await, Ok(()));
    sim.end(&bluez, central);
}

#[tokio::test]
async fn bluedroid_refuses_and_drops_the_link() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30", "--profile", "idf-4.4", "--stack", "bluedroid"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    assert_eq!(device.write("proto-ver", &[b'-'; 257]).await, Ok(()));
    assert_eq!(device.write("proto-ver", &[b'-'; 258]).await, Err("Invalid Length".into()));
    assert!(device.is_connected().await);
    assert_eq!(device.write("prov-config", STATUS).await, Err("Operation failed with ATT error: 0x85".into()));
    device.dropped().await;
    // And is there again.
    assert_eq!(central.find("PROV_d76c30").await, device.path);
    sim.end(&bluez, central);
}

#[tokio::test]
async fn a_link_is_a_session() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30", "--sec-ver", "0"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    let answer = device.exchange("prov-session", HELLO_0).await;
    assert_eq!(answer, [0x52, 0x05, 0x08, 0x01, 0xaa, 0x01, 0x00]);
    assert!(!central.hears(&device.path).await, "it does not advertise while somebody is connected");
    device.disconnect().await;
    let again = central.connect("PROV_d76c30").await;
    assert_eq!(again.read("prov-session").await.as_deref(), Ok(&b""[..]), "values go with the link");
    let talk = sim.end(&bluez, central).stderr;
    assert_eq!(talk.matches("new transport session").count(), 2, "{talk}");
}

#[tokio::test]
async fn a_handler_that_hangs_is_answered_for() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30", "--fault", "hang@1=proto-ver"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    let unlikely = Err("Operation failed with ATT error: 0x0e".to_owned());
    assert_eq!(device.write("proto-ver", b"---").await, unlikely, "bluetoothd waits 5 s for it, no longer");
    assert!(device.is_connected().await);
    device.exchange("proto-ver", b"---").await;
    sim.end(&bluez, central);
}

#[tokio::test]
async fn an_encrypted_device_pairs_with_each_client_and_forgets_it() {
    let bluez = two_adapters();
    let sim = Sim::on(&bluez, &["--name", "PROV_d76c30", "--encrypt"]);
    let central = Central::of(&bluez).await;
    let device = central.connect("PROV_d76c30").await;
    assert!(bluez.paired().is_empty(), "the names can be read by anybody");
    assert_eq!(bluez.agents(), 1);
    device.exchange("proto-ver", b"---").await;
    assert_eq!(bluez.paired().len(), 2, "at both ends");
    sim.end(&bluez, central);
    assert_eq!((bluez.agents(), bluez.removed().len()), (0, 1), "the central alone");
}
