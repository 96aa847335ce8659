//! Handshakes in memory, client and device together: what the arithmetic costs.

use std::time::{Duration, Instant};

use espctl::security::srp6a::{InnerHash, Verifier};
use espctl::security::{Credentials, DEFAULT_USERNAME, DeviceIdentity, Next, NonceRule, Scheme, Sec1, Sec2, Turn};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::client::POP;
use crate::table::{Table, Target};

const SPAN: Duration = Duration::from_secs(1);

pub(crate) fn measure(table: &mut Table) {
    let credentials =
        Credentials { pop: Some(POP.into()), username: DEFAULT_USERNAME.to_owned(), password: Some(POP.into()) };
    let verifier = Verifier::generate(DEFAULT_USERNAME.as_bytes(), POP.as_bytes(), &[7; 16], InnerHash::Full);
    let schemes: [(&dyn Scheme, DeviceIdentity); 2] = [
        (&Sec1, DeviceIdentity::Pop(POP.into())),
        (&Sec2, DeviceIdentity::Srp { verifier, nonce_rule: NonceRule::Counting }),
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for (scheme, identity) in schemes {
        let started = Instant::now();
        let mut count = 0_u32;
        while started.elapsed() < SPAN {
            handshake(scheme, &credentials, &identity, &mut rng);
            count += 1;
        }
        let rate = f64::from(count) / started.elapsed().as_secs_f64();
        let name = format!("security {}: handshakes, both ends", scheme.version());
        table.add(&name, rate, "1/s", &Target::None);
    }
}

fn handshake(scheme: &dyn Scheme, credentials: &Credentials, identity: &DeviceIdentity, rng: &mut ChaCha20Rng) {
    let mut device = scheme.respond(identity, rng).expect("a device");
    let mut turn = scheme.initiate(credentials, 0, rng).expect("a client");
    while let Turn { send: Some(request), next: Next::Await(client) } = turn {
        let answer = device.advance(&request).expect("the device goes on");
        turn = client.advance(&answer.send.expect("an answer")).expect("the client goes on");
        match answer.next {
            Next::Await(waiting) => device = waiting,
            Next::Established(_) => break,
        }
    }
    assert!(matches!(turn.next, Next::Established(_)), "a session");
}
