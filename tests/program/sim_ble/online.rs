//! The program at both ends: provisioned over Bluetooth from the first adapter, a peripheral on the second.

use crate::bluez::Bluez;
use crate::sim_ble::host::{Sim, two_adapters};
use crate::support::{NETWORK, POP, Ran, espctl, finish};

const NAME: &str = "PROV_d76c30";

fn provision(bluez: &Bluez, pop: &str) -> Ran {
    let words = [
        "provision",
        "--json",
        "--transport",
        "ble",
        "--adapter",
        "hci0",
        "--device-name",
        NAME,
        "--pop",
        pop,
        "--allow-insecure",
    ];
    finish(bluez.serves(&mut espctl(words.iter().chain(&NETWORK))))
}

fn sim(bluez: &Bluez, options: &[&str]) -> Sim {
    Sim::on(bluez, &[&["--name", NAME, "--ap", "HomeNet=correct-horse-battery"], options].concat())
}

#[test]
fn each_security_version_comes_online() {
    let cases = [
        ("0", &[][..]),
        ("1", &["--stack", "bluedroid"]),
        ("2", &[]),
        ("2", &["--stack", "bluedroid"]),
        ("1", &["--profile", "idf-4.4", "--stack", "bluedroid"]),
    ];
    for (version, options) in cases {
        let bluez = two_adapters();
        // The end of its own accord is in life.rs: it comes a second after the device has joined, and a client that is
        // slow to read that finds nobody.
        let sim = sim(&bluez, &[&["--sec-ver", version, "--no-auto-stop"], options].concat());
        let ran = provision(&bluez, POP);
        assert_eq!(ran.status, 0, "{version} {options:?}: {ran:?}");
        assert_eq!(ran.json()["outcome"], "online");
        assert_eq!(ran.json()["security"].to_string(), version);
        sim.end(&bluez, ());
    }
}

#[test]
fn a_wrong_pop_in_either_manner() {
    for stack in ["nimble", "bluedroid"] {
        for version in ["1", "2"] {
            let bluez = two_adapters();
            let sim = sim(&bluez, &["--sec-ver", version, "--stack", stack]);
            let ran = provision(&bluez, "wrong");
            assert_eq!((ran.code(), ran.status), (Some("security.proof-rejected"), 21), "{stack} {version}: {ran:?}");
            let talk = sim.end(&bluez, ()).stderr;
            assert!(talk.contains("proof rejected (1 since boot)"), "{talk}");
        }
    }
}

#[test]
fn a_device_that_goes_off_the_air_when_it_has_joined() {
    let bluez = two_adapters();
    let sim = sim(&bluez, &["--sec-ver", "1", "--fault", "drop-before-connected"]);
    let ran = provision(&bluez, POP);
    assert_eq!(ran.code(), Some("provision.unconfirmed"), "{ran:?}");
    assert_eq!(sim.ended().status, 0);
    bluez.assert_clean();
}
