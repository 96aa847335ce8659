//! The device's half of SRP-6a, and its stored verifier: our own arithmetic over `crypto-bigint`.
//!
//! For the simulated device alone. The client computes with another implementation (`client.rs`), so that a mistake
//! at one end does not pass unnoticed because the other end makes it too. Powers with a secret exponent take constant
//! time, except where a function says otherwise.

use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{U256, U512, U3072, Uint, const_monty_params};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::agreement::{Agreement, EXPONENT_LEN, GROUP_LEN, Hash, Illegal, InnerHash};

const_monty_params!(
    Group,
    U3072,
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b\
     302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6\
     49286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d\
     670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718\
     3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d\
     b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c\
     bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"
);
type Element = ConstMontyForm<Group, { U3072::LIMBS }>;

const GENERATOR: Element = Element::new(&U3072::from_u8(5));

/// What the device stores in place of a password. Secret: it allows impersonating the device.
#[derive(Clone)]
pub struct Verifier {
    salt: Vec<u8>,
    /// In one place on the heap, so that moving a verifier leaves no copies behind.
    value: Box<Zeroizing<U3072>>,
}

impl Verifier {
    /// Computes v = g^x for a user name and password, both UTF-8.
    pub fn generate(username: &[u8], password: &[u8], salt: &[u8], form: InnerHash) -> Self {
        let x = private_key(username, password, salt, form);
        Self { salt: salt.to_vec(), value: Box::new(number(&power(&GENERATOR, &x))) }
    }

    /// A stored salt and verifier; `None` where `verifier` is longer than 384 bytes or 0 mod N. With v = 0, as a
    /// missing or zeroed blob gives, S is 0 whatever the password: every client that knows of it would be let in.
    pub fn from_bytes(salt: &[u8], verifier: &[u8]) -> Option<Self> {
        let value = Box::new(Zeroizing::new(U3072::from_be_slice(&*pad(verifier)?)));
        let usable = *Zeroizing::new(Element::new(&value)) != Element::ZERO;
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
    private: Zeroizing<U256>,
    public: Vec<u8>,
}

impl DeviceKeys {
    /// B = k·v + g^b, without leading zero bytes, as the firmware sends it.
    pub fn from_exponent(b: &[u8; EXPONENT_LEN], verifier: &Verifier) -> Self {
        let private = Zeroizing::new(U256::from_be_slice(b));
        let masked = Zeroizing::new(multiplier() * Element::new(&verifier.value));
        let ephemeral = power(&GENERATOR, &private);
        let public = minimal_bytes(&number(&(*masked + *ephemeral)));
        Self { private, public }
    }

    /// The first exponent from `start` on whose B is shorter than 384 bytes (1 in 256): one multiplication a step.
    /// For a simulated device that must send such a B; not constant in time.
    pub fn short_public_exponent(start: &[u8; EXPONENT_LEN], verifier: &Verifier) -> Zeroizing<[u8; EXPONENT_LEN]> {
        let mut exponent = Zeroizing::new(U256::from_be_slice(start) >> 1);
        let masked = multiplier() * Element::new(&verifier.value);
        let mut power = GENERATOR.pow(&*exponent);
        while minimal_bytes(&(masked + power).retrieve()).len() == GROUP_LEN {
            *exponent = exponent.wrapping_add(&U256::ONE);
            power *= GENERATOR;
        }
        let mut bytes = Zeroizing::new([0; EXPONENT_LEN]);
        bytes.copy_from_slice(exponent.to_be_bytes().as_ref());
        bytes
    }

    /// An exponent whose premaster secret S with this client is shorter than 384 bytes (1 in 256), searched from
    /// `start` on; `None` where the client's A cannot be used. For a simulated device; slow, and not constant in time.
    pub fn short_secret_exponent(
        start: &[u8; EXPONENT_LEN],
        verifier: &Verifier,
        client_public: &[u8],
    ) -> Option<Zeroizing<[u8; EXPONENT_LEN]>> {
        let mut exponent = Zeroizing::new(*start);
        let a_public = legal(client_public).ok()?;
        loop {
            let keys = Self::from_exponent(&exponent, verifier);
            let u = scrambler(client_public, &keys.public).ok()?;
            let base = a_public * Element::new(&verifier.value).pow(&u);
            if minimal_bytes(&base.pow(&*keys.private).retrieve()).len() < GROUP_LEN {
                return Some(exponent);
            }
            let next = U256::from_be_slice(&*exponent).wrapping_add(&U256::ONE);
            exponent.copy_from_slice(next.to_be_bytes().as_ref());
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

    pub(super) fn premaster(&self, verifier: &Verifier, a_public: &Element, u: &U512) -> Zeroizing<U3072> {
        let verifier = Zeroizing::new(Element::new(&verifier.value));
        let base = Zeroizing::new(*a_public * *power(&verifier, u));
        number(&power(&base, &self.private))
    }
}

/// K, M1 and M2 from the premaster secret. A and B are the byte strings as they travelled.
fn prove(secret: &U3072, username: &[u8], salt: &[u8], a_sent: &[u8], b_sent: &[u8]) -> Agreement {
    let premaster = Zeroizing::new(minimal_bytes(secret));
    let key = hash(&[&premaster]);
    let modulus = padded_bytes(Group::PARAMS.modulus().as_ref());
    let generator = padded_bytes(&GENERATOR.retrieve());
    let mut group = hash(&[&*modulus]);
    group.iter_mut().zip(hash(&[&*generator]).iter()).for_each(|(byte, other)| *byte ^= other);
    let client_proof = hash(&[&*group, &*hash(&[username]), salt, a_sent, b_sent, &*key]);
    let device_proof = hash(&[a_sent, &*client_proof, &*key]);
    Agreement { key, client_proof, device_proof }
}

/// A public number: 1 to 384 bytes, not 0 mod N.
pub(super) fn legal(public: &[u8]) -> Result<Element, Illegal> {
    let padded = pad(public).filter(|_| !public.is_empty()).ok_or(Illegal::Length)?;
    let element = Element::new(&U3072::from_be_slice(&*padded)); // reduces mod N
    if element == Element::ZERO { Err(Illegal::ZeroKey) } else { Ok(element) }
}

/// u = H(PAD(A) ‖ PAD(B)).
pub(super) fn scrambler(a_sent: &[u8], b_sent: &[u8]) -> Result<U512, Illegal> {
    let (a, b) = (pad(a_sent).ok_or(Illegal::Length)?, pad(b_sent).ok_or(Illegal::Length)?);
    let u = U512::from_be_slice(&*hash(&[&*a, &*b]));
    if u == U512::ZERO { Err(Illegal::ZeroScrambler) } else { Ok(u) }
}

/// k = H(N ‖ PAD(g)).
pub(super) fn multiplier() -> Element {
    let modulus = padded_bytes(Group::PARAMS.modulus().as_ref());
    let k = U512::from_be_slice(&*hash(&[&*modulus, &*padded_bytes(&GENERATOR.retrieve())]));
    Element::new(&k.resize())
}

/// x = H(salt ‖ H(user:password)), the salt as the bytes received.
fn private_key(username: &[u8], password: &[u8], salt: &[u8], form: InnerHash) -> Zeroizing<U512> {
    let inner = hash(&[username, b":", password]);
    let inner = match form {
        InnerHash::Full => &inner[..],
        InnerHash::Stripped => strip(&*inner),
    };
    Zeroizing::new(U512::from_be_slice(&*hash(&[salt, inner])))
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
fn power<const LIMBS: usize>(base: &Element, exponent: &Uint<LIMBS>) -> Zeroizing<Element> {
    Zeroizing::new(base.pow(exponent))
}

pub(super) fn number(element: &Element) -> Zeroizing<U3072> {
    Zeroizing::new(element.retrieve())
}

/// Left-pads to 384 bytes; `None` where `bytes` is longer.
fn pad(bytes: &[u8]) -> Option<Zeroizing<[u8; GROUP_LEN]>> {
    let start = GROUP_LEN.checked_sub(bytes.len())?;
    let mut padded = Zeroizing::new([0; GROUP_LEN]);
    padded[start..].copy_from_slice(bytes);
    Some(padded)
}

pub(super) fn padded_bytes(number: &U3072) -> Zeroizing<[u8; GROUP_LEN]> {
    let mut bytes = Zeroizing::new([0; GROUP_LEN]);
    bytes.copy_from_slice(Zeroizing::new(number.to_be_bytes()).as_slice());
    bytes
}

pub(super) fn minimal_bytes(number: &U3072) -> Vec<u8> {
    strip(&*padded_bytes(number)).to_vec()
}

fn strip(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
