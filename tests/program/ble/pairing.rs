//! Devices that want an encrypted link.

use crate::ble::run::{failed, online, provision};
use crate::bluez::{At, Bluez, Does, Encryption, Fault, Nearby, Question};

const NAME: &str = "PROV_d76c30";
const BY_NAME: [&str; 2] = ["--device-name", NAME];

fn encrypted(encryption: Encryption, question: Question) -> Nearby {
    Nearby::esp(NAME, &[("sec-ver", "1")]).encrypted(encryption, question)
}

#[test]
fn the_agent_agrees_and_is_gone_afterwards_as_is_the_pairing() {
    for encryption in [Encryption::Automatic, Encryption::OnRequest] {
        for question in [Question::Nothing, Question::Authorization] {
            for device in [encrypted(encryption, question), encrypted(encryption, question).bonds()] {
                let bluez = Bluez::with([device]);
                let ran = provision(&bluez, &BY_NAME, &[]);
                online(&ran);
                assert_eq!(bluez.paired(), [bluez.address_of(0)], "{encryption:?} {question:?}: {ran:?}");
                assert_eq!(
                    bluez.removed(),
                    [bluez.address_of(0)],
                    "{encryption:?} {question:?}: {:?}",
                    bluez.members()
                );
            }
        }
    }
}

#[test]
fn a_request_that_is_lost_over_the_pairing_is_made_up_for() {
    let device =
        || encrypted(Encryption::Automatic, Question::Authorization).fault(Fault::once(At::Resend, Does::Hang));
    // A pairing goes with its link where nobody keeps it.
    for (device, pairings) in [(device(), 2), (device().bonds(), 1)] {
        let bluez = Bluez::with([device]);
        let ran = provision(&bluez, &BY_NAME, &[]);
        online(&ran);
        assert_eq!(bluez.paired(), vec![bluez.address_of(0); pairings], "{ran:?}");
        assert_eq!(bluez.removed(), [bluez.address_of(0)], "{:?}", bluez.members());
    }
}

#[test]
fn a_pairing_that_fails_is_named() {
    let refused = Does::Refuse("org.bluez.Error.AuthenticationFailed", "Authentication Failed");
    for encryption in [Encryption::Automatic, Encryption::OnRequest] {
        let device = encrypted(encryption, Question::Nothing).fault(Fault::always(At::Pair, refused.clone()));
        let bluez = Bluez::with([device]);
        failed(&provision(&bluez, &BY_NAME, &[]), "ble.pairing-failed", "identify", 12, NAME);
        assert_eq!(bluez.paired(), Vec::<String>::new());
    }
}

#[test]
fn a_number_that_cannot_be_compared_is_not_agreed_to() {
    let bluez = Bluez::with([encrypted(Encryption::Automatic, Question::Confirmation)]);
    failed(&provision(&bluez, &BY_NAME, &[]), "ble.pairing-failed", "identify", 12, NAME);
    assert_eq!(bluez.paired(), Vec::<String>::new());
}

#[test]
fn a_device_that_was_paired_before_stays_so() {
    let bluez = Bluez::with([encrypted(Encryption::Automatic, Question::Nothing).paired()]);
    online(&provision(&bluez, &BY_NAME, &[]));
    assert_eq!(bluez.removed(), Vec::<String>::new(), "{:?}", bluez.members());
}

#[test]
fn a_pairing_that_may_be_the_persons_stays() {
    let silent = Does::Refuse("org.freedesktop.DBus.Error.NoReply", "Did not receive a reply");
    let device = encrypted(Encryption::Automatic, Question::Nothing).paired();
    let bluez = Bluez::with([device.fault(Fault::once(At::IsPaired, silent))]);
    online(&provision(&bluez, &BY_NAME, &[]));
    assert_eq!(bluez.removed(), Vec::<String>::new(), "{:?}", bluez.members());
}

#[test]
fn a_pairing_without_an_answer_ends() {
    let hangs = |encryption| encrypted(encryption, Question::Nothing).fault(Fault::always(At::Pair, Does::Hang));
    // Where bluetoothd pairs by itself, nothing but a request without an answer is seen.
    let bluez = Bluez::with([hangs(Encryption::Automatic)]);
    failed(&provision(&bluez, &BY_NAME, &[]), "deadline.step", "identify", 124, "no answer");
    let bluez = Bluez::with([hangs(Encryption::OnRequest)]);
    failed(&provision(&bluez, &BY_NAME, &[]), "ble.pairing-failed", "identify", 12, "no answer within 8 s");
}
