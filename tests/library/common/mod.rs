//! What the security tests share: randomness that is told what to be, and a handshake between two ends of our own.

pub(crate) mod transcript;

use std::convert::Infallible;
use std::sync::LazyLock;

use espctl::security::srp6a::{InnerHash, Verifier};
use espctl::security::{Cipher, Credentials, CryptoRng, DeviceIdentity, Handshake, Next, NonceRule, Scheme, Turn};
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, TryCryptoRng, TryRng};

/// The user name of every security 2 test.
pub(crate) const USERNAME: &str = "wifiprov";
/// The PoP, and security 2's password.
pub(crate) const SECRET: &str = "abcd1234";
/// The salt of ESP-IDF's stock example.
pub(crate) const SALT: &str = "036ee0c7bcb9eda84c9eac97d93decf4";

/// A generator that gives out the bytes it was handed, in order, and panics when asked for more.
pub(crate) struct Script {
    bytes: Vec<u8>,
    given: usize,
}

impl Script {
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        Self { bytes: parts.concat(), given: 0 }
    }

    /// Whether every byte has been asked for: a handshake that draws less than was recorded is another handshake.
    pub(crate) fn is_used_up(&self) -> bool {
        self.given == self.bytes.len()
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("the handshakes draw bytes, never numbers")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("the handshakes draw bytes, never numbers")
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        let end = self.given + destination.len();
        destination.copy_from_slice(self.bytes.get(self.given..end).expect("the script is long enough"));
        self.given = end;
        Ok(())
    }
}

impl TryCryptoRng for Script {}

/// A generator whose numbers are the same in every run.
pub(crate) fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hexadecimal")
}

/// The `N` bytes `first`, `first + 1`, ….
pub(crate) fn ascending<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|index| first + u8::try_from(index).expect("a short run"))
}

/// Credentials that suit every scheme.
pub(crate) fn credentials() -> Credentials {
    Credentials { pop: Some(SECRET.into()), username: USERNAME.to_owned(), password: Some(SECRET.into()) }
}

/// The device that [`credentials`] belong to.
pub(crate) fn identity(version: u8, nonce_rule: NonceRule) -> DeviceIdentity {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| verifier(SECRET));
    match version {
        0 => DeviceIdentity::Open,
        1 => DeviceIdentity::Pop(SECRET.into()),
        _ => DeviceIdentity::Srp { verifier: VERIFIER.clone(), nonce_rule },
    }
}

/// The verifier of a password under [`SALT`], as the firmware makes it.
pub(crate) fn verifier(password: &str) -> Verifier {
    Verifier::generate(USERNAME.as_bytes(), password.as_bytes(), &bytes(SALT), InnerHash::Full)
}

/// A turn that speaks and then waits.
pub(crate) fn asked(turn: Turn) -> (Vec<u8>, Box<dyn Handshake>) {
    match turn {
        Turn { send: Some(send), next: Next::Await(handshake) } => (send, handshake),
        other => panic!("not a message and a wait: {other:?}"),
    }
}

/// A turn that ends the handshake.
pub(crate) fn established(turn: Turn) -> (Option<Vec<u8>>, Box<dyn Cipher>) {
    match turn {
        Turn { send, next: Next::Established(cipher) } => (send, cipher),
        other => panic!("not established: {other:?}"),
    }
}

/// A whole handshake between our client and our device: their ciphers.
pub(crate) fn connect(
    scheme: &dyn Scheme,
    credentials: &Credentials,
    identity: &DeviceIdentity,
    rng: &mut dyn CryptoRng,
) -> (Box<dyn Cipher>, Box<dyn Cipher>) {
    let (mut request, mut client) = asked(scheme.initiate(credentials, 0, rng).expect("the client starts"));
    let mut device = scheme.respond(identity, rng).expect("the device starts");
    loop {
        let turn = device.advance(&request).expect("the device takes the request");
        let response = turn.send.expect("the device answers");
        let answered = client.advance(&response).expect("the client takes the response");
        match (turn.next, answered.next) {
            (Next::Await(waiting), Next::Await(other)) => {
                (device, client) = (waiting, other);
                request = answered.send.expect("the client goes on");
            }
            (Next::Established(device), Next::Established(client)) => return (client, device),
            (device, client) => panic!("the device is at {device:?}, the client at {client:?}"),
        }
    }
}
