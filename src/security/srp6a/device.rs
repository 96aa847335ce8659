//! The device's half of SRP-6a, and its stored verifier: our own arithmetic over `crypto-bigint`.
//!
//! For the simulated device alone. The client computes with another implementation (`client.rs`), so that a mistake
//! at one end does not pass unnoticed because the other end makes it too. Powers with a secret exponent take constant
//! time, except where a function says otherwise.

use std::sync::LazyLock;

use crypto_bigint::BoxedUint;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::agreement::{Agreement, EXPONENT_LEN, GROUP_LEN, Hash, Illegal, InnerHash};

/// The prime of RFC 5054's 3072-bit group.
const MODULUS: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b\
     302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6\
     49286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d\
     670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718\
     3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d\
     b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c\
     bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff";

/// The group. Its numbers are kept on the heap: their arithmetic is then compiled with the library that has it, and fast
/// also where this program is not optimised.
static GROUP: LazyLock<BoxedMontyParams> = LazyLock::new(|| {
    let modulus =
        BoxedUint::from_be_hex(MODULUS, GROUP_BITS).into_option().and_then(|modulus| modulus.to_odd().into_option());
    BoxedMontyParams::new_vartime(modulus.expect("an odd constant of 3072 bits"))
});

const GROUP_BITS: u32 = 3072;

type Element = BoxedMontyForm;

/// g of the group.
fn generator() -> Element {
    Element::new(small(5), &GROUP)
}

/// What the device stores in place of a password. Secret: it allows impersonating the device.
#[derive(Clone)]
pub struct Verifier {
    salt: Vec<u8>,
    value: Zeroizing<BoxedUint>,
}

impl Verifier {
    /// Computes v = g^x for a user name and password, both UTF-8.
    pub fn generate(username: &[u8], password: &[u8], salt: &[u8], form: InnerHash) -> Self {
        let x = private_key(username, password, salt, form);
        Self { salt: salt.to_vec(), value: number(&power(&generator(), &x)) }
    }

    /// A stored salt and verifier; `None` where `verifier` is longer than 384 bytes or 0 mod N. With v = 0, as a
    /// missing or zeroed blob gives, S is 0 whatever the password: every client that knows of it would be let in.
    pub fn from_bytes(salt: &[u8], verifier: &[u8]) -> Option<Self> {
        let value = Zeroizing::new(padded_number(verifier)?);
        let usable = !is_zero(&element(&value));
        usable.then(|| Self { salt: salt.to_vec(), value })
    }

    /// The salt the client is told.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// The verifier as 384 big-endian bytes, as `esp_srp_gen_salt_verifier` writes it.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(padded_bytes(&self.value).to_vec())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

/// The device's private exponent and the public number B it stands for.
pub struct DeviceKeys {
    private: Zeroizing<BoxedUint>,
    public: Vec<u8>,
}

impl DeviceKeys {
    /// B = k·v + g^b, without leading zero bytes, as the firmware sends it.
    pub fn from_exponent(b: &[u8; EXPONENT_LEN], verifier: &Verifier) -> Self {
        let private = exponent(b);
        let masked = Zeroizing::new(multiplier() * &*element(&verifier.value));
        let ephemeral = power(&generator(), &private);
        let public = minimal_bytes(&number(&(&*masked + &*ephemeral)));
        Self { private, public }
    }

    /// The first exponent from `start` on whose B is shorter than 384 bytes (1 in 256): one multiplication a step.
    /// For a simulated device that must send such a B; not constant in time.
    pub fn short_public_exponent(start: &[u8; EXPONENT_LEN], verifier: &Verifier) -> Zeroizing<[u8; EXPONENT_LEN]> {
        let mut bytes = Zeroizing::new(*start);
        halve(&mut bytes); // room to count up
        let masked = multiplier() * &*element(&verifier.value);
        let generator = generator();
        let mut power = generator.pow(&exponent(&bytes));
        while minimal_bytes(&number(&(&masked + &power))).len() == GROUP_LEN {
            add_one(&mut bytes);
            power = &power * &generator;
        }
        bytes
    }

    /// An exponent whose premaster secret S with this client is shorter than 384 bytes (1 in 256), searched from
    /// `start` on; `None` where the client's A cannot be used. For a simulated device; slow, and not constant in time.
    pub fn short_secret_exponent(
        start: &[u8; EXPONENT_LEN],
        verifier: &Verifier,
        client_public: &[u8],
    ) -> Option<Zeroizing<[u8; EXPONENT_LEN]>> {
        let mut bytes = Zeroizing::new(*start);
        let a_public = legal(client_public).ok()?;
        loop {
            let keys = Self::from_exponent(&bytes, verifier);
            let u = scrambler(client_public, &keys.public).ok()?;
            if minimal_bytes(&keys.premaster(verifier, &a_public, &u)).len() < GROUP_LEN {
                return Some(bytes);
            }
            add_one(&mut bytes);
        }
    }

    /// B as it travels.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// S = (A·v^u)^b, and what follows from it.
    ///
    /// # Errors
    /// [`Illegal`] where the client's A cannot be used.
    pub fn agree(&self, username: &[u8], verifier: &Verifier, client_public: &[u8]) -> Result<Agreement, Illegal> {
        let a_public = legal(client_public)?;
        let u = scrambler(client_public, &self.public)?;
        let secret = self.premaster(verifier, &a_public, &u);
        Ok(prove(&secret, username, &verifier.salt, client_public, &self.public))
    }

    pub(super) fn premaster(&self, verifier: &Verifier, a_public: &Element, u: &BoxedUint) -> Zeroizing<BoxedUint> {
        let base = Zeroizing::new(a_public * &*power(&element(&verifier.value), u));
        number(&power(&base, &self.private))
    }
}

/// K, M1 and M2 from the premaster secret. A and B are the byte strings as they travelled.
fn prove(secret: &BoxedUint, username: &[u8], salt: &[u8], a_sent: &[u8], b_sent: &[u8]) -> Agreement {
    let premaster = Zeroizing::new(minimal_bytes(secret));
    let key = hash(&[&premaster]);
    let modulus = padded_bytes(GROUP.modulus());
    let generator = padded_bytes(&small(5));
    let mut group = hash(&[&*modulus]);
    group.iter_mut().zip(hash(&[&*generator]).iter()).for_each(|(byte, other)| *byte ^= other);
    let client_proof = hash(&[&*group, &*hash(&[username]), salt, a_sent, b_sent, &*key]);
    let device_proof = hash(&[a_sent, &*client_proof, &*key]);
    Agreement { key, client_proof, device_proof }
}

/// A public number: 1 to 384 bytes, not 0 mod N.
pub(super) fn legal(public: &[u8]) -> Result<Element, Illegal> {
    let number = padded_number(public).filter(|_| !public.is_empty()).ok_or(Illegal::Length)?;
    let element = Element::new(number, &GROUP); // reduces mod N
    if is_zero(&element) { Err(Illegal::ZeroKey) } else { Ok(element) }
}

/// u = H(PAD(A) ‖ PAD(B)).
pub(super) fn scrambler(a_sent: &[u8], b_sent: &[u8]) -> Result<BoxedUint, Illegal> {
    let (a, b) = (pad(a_sent).ok_or(Illegal::Length)?, pad(b_sent).ok_or(Illegal::Length)?);
    let u = BoxedUint::from_be_slice_vartime(&*hash(&[&*a, &*b]));
    if bool::from(u.is_zero()) { Err(Illegal::ZeroScrambler) } else { Ok(u) }
}

/// k = H(N ‖ PAD(g)).
pub(super) fn multiplier() -> Element {
    let modulus = padded_bytes(GROUP.modulus());
    let k = hash(&[&*modulus, &*padded_bytes(&small(5))]);
    Element::new(padded_number(&*k).expect("a hash is shorter than the group"), &GROUP)
}

/// x = H(salt ‖ H(user:password)), the salt as the bytes received.
fn private_key(username: &[u8], password: &[u8], salt: &[u8], form: InnerHash) -> Zeroizing<BoxedUint> {
    let inner = hash(&[username, b":", password]);
    let inner = match form {
        InnerHash::Full => &inner[..],
        InnerHash::Stripped => strip(&*inner),
    };
    Zeroizing::new(BoxedUint::from_be_slice_vartime(&*hash(&[salt, inner])))
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha512::new();
    for part in parts {
        hasher.update(part);
    }
    let mut digest = hasher.finalize();
    let out = Zeroizing::new(digest.0);
    digest.as_mut_slice().zeroize();
    out
}

/// Raises to a secret power, in constant time for all of the exponent's bits.
fn power(base: &Element, exponent: &BoxedUint) -> Zeroizing<Element> {
    Zeroizing::new(base.pow(exponent))
}

pub(super) fn number(element: &Element) -> Zeroizing<BoxedUint> {
    Zeroizing::new(element.retrieve())
}

/// A secret number of the group's length as a member of the group.
fn element(number: &BoxedUint) -> Zeroizing<Element> {
    Zeroizing::new(Element::new(number.clone(), &GROUP))
}

fn is_zero(element: &Element) -> bool {
    element.is_zero().into()
}

/// A small constant in the group's length.
fn small(number: u8) -> BoxedUint {
    padded_number(&[number]).expect("one byte")
}

/// A number in the group's length; `None` where `bytes` is longer.
fn padded_number(bytes: &[u8]) -> Option<BoxedUint> {
    BoxedUint::from_be_slice(&*pad(bytes)?, GROUP_BITS).ok()
}

/// A secret exponent of 32 bytes.
fn exponent(bytes: &[u8; EXPONENT_LEN]) -> Zeroizing<BoxedUint> {
    Zeroizing::new(BoxedUint::from_be_slice_vartime(bytes))
}

/// Halves a big-endian number.
fn halve(bytes: &mut [u8; EXPONENT_LEN]) {
    let mut carry = 0;
    for byte in bytes {
        (*byte, carry) = (*byte >> 1 | carry, *byte << 7);
    }
}

/// Adds 1 to a big-endian number; what runs over is lost.
fn add_one(bytes: &mut [u8; EXPONENT_LEN]) {
    for byte in bytes.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return;
        }
    }
}

/// Left-pads to 384 bytes; `None` where `bytes` is longer.
fn pad(bytes: &[u8]) -> Option<Zeroizing<[u8; GROUP_LEN]>> {
    let start = GROUP_LEN.checked_sub(bytes.len())?;
    let mut padded = Zeroizing::new([0; GROUP_LEN]);
    padded[start..].copy_from_slice(bytes);
    Some(padded)
}

pub(super) fn padded_bytes(number: &BoxedUint) -> Zeroizing<[u8; GROUP_LEN]> {
    let mut bytes = Zeroizing::new([0; GROUP_LEN]);
    bytes.copy_from_slice(&Zeroizing::new(number.to_be_bytes()));
    bytes
}

pub(super) fn minimal_bytes(number: &BoxedUint) -> Vec<u8> {
    strip(&*padded_bytes(number)).to_vec()
}

fn strip(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
