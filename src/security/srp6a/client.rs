//! The client's half of SRP-6a, over the crate `srp`.
//!
//! The crate's `process_reply` is taken apart into the functions it is made of, for two reasons: the password may have
//! to be read in two ways (`InnerHash`), and the crate's result keeps K and S in memory that it does not wipe. Each
//! length is checked before the crate is called: it panics on a B that is too long. The numbers we hold are wiped;
//! what the crate leaves in memory that it frees while it computes is out of our reach.

use rand_core::CryptoRng;
use sha2::Sha512;
use srp::ClientG3072;
use srp::bigint::{BoxedUint, Resize};
use srp::groups::{G3072, Group};
use srp::utils::{compute_hash, compute_k, compute_m1_rfc5054, compute_m2, compute_u_padded};
use zeroize::{Zeroize, Zeroizing};

use super::agreement::{Agreement, EXPONENT_LEN, GROUP_LEN, Hash, Illegal, InnerHash};

type Client = ClientG3072<Sha512>;

/// True where the two forms of the inner hash differ for this user name and password.
pub fn inner_hash_is_ambiguous(username: &[u8], password: &[u8]) -> bool {
    inner_hash(username, password)[0] == 0
}

/// The client's private exponent and the public number A it stands for.
pub struct ClientKeys {
    private: Zeroizing<BoxedUint>,
    public: Vec<u8>,
}

impl ClientKeys {
    /// A = g^a, or `None` where A is shorter than 384 bytes. The firmware takes 384 bytes exactly, so a shorter A
    /// (1 in 256) must be drawn again.
    pub fn from_exponent(a: &[u8; EXPONENT_LEN]) -> Option<Self> {
        let private = Zeroizing::new(BoxedUint::from_be_slice_vartime(a)); // 32 bytes, whatever their values
        let public = Client::new().compute_g_x(&private).to_be_bytes_trimmed_vartime().into_vec();
        (public.len() == GROUP_LEN).then_some(Self { private, public })
    }

    /// Draws key pairs until A has its 384 bytes.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        loop {
            let mut a = Zeroizing::new([0; EXPONENT_LEN]);
            rng.fill_bytes(&mut *a);
            a[0] |= 0x80; // as the reference client does: all of a's bits count
            if let Some(keys) = Self::from_exponent(&a) {
                return keys;
            }
        }
    }

    /// A as it travels.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// S = (B − k·g^x)^(a + u·x), and what follows from it.
    ///
    /// # Errors
    /// [`Illegal`] where the device's B cannot be used.
    pub fn agree(
        &self,
        username: &[u8],
        password: &[u8],
        form: InnerHash,
        salt: &[u8],
        device_public: &[u8],
    ) -> Result<Agreement, Illegal> {
        let b_public = legal(device_public)?;
        let u = scrambler(&self.public, device_public)?;
        let x = private_key(username, password, salt, form);
        let secret = self.premaster(&b_public, &x, &u);
        // K is the hash of S without its leading zeros, the proofs are over A and B as they travelled.
        let premaster = Zeroizing::new(secret.to_be_bytes());
        let key = wiped(compute_hash::<Sha512>(strip(&premaster)));
        let group = G3072::generator();
        let mut m1 = compute_m1_rfc5054::<Sha512>(&group, false, username, salt, &self.public, device_public, &*key);
        let device_proof = wiped(compute_m2::<Sha512>(&self.public, &m1, &*key));
        let client_proof = Zeroizing::new(m1.0);
        m1.0.zeroize();
        Ok(Agreement { key, client_proof, device_proof })
    }

    pub(super) fn premaster(&self, b_public: &BoxedUint, x: &BoxedUint, u: &BoxedUint) -> Zeroizing<BoxedUint> {
        let k = compute_k::<Sha512>(&G3072::generator());
        Zeroizing::new(Client::new().compute_premaster_secret(b_public, &k, x, &self.private, u))
    }
}

/// B: 1 to 384 bytes, not 0 mod N.
pub(super) fn legal(device_public: &[u8]) -> Result<BoxedUint, Illegal> {
    if !(1..=GROUP_LEN).contains(&device_public.len()) {
        return Err(Illegal::Length);
    }
    let group = G3072::generator();
    let modulus = group.params().modulus().as_nz_ref();
    let number = BoxedUint::from_be_slice_vartime(device_public).resize(modulus.bits_precision());
    if number.rem(modulus).is_zero().into() { Err(Illegal::ZeroKey) } else { Ok(number) }
}

/// u = H(PAD(A) ‖ PAD(B)); both are at most 384 bytes long here.
pub(super) fn scrambler(a_sent: &[u8], b_sent: &[u8]) -> Result<BoxedUint, Illegal> {
    let u = compute_u_padded::<Sha512>(&G3072::generator(), a_sent, b_sent);
    if u.is_zero().into() { Err(Illegal::ZeroScrambler) } else { Ok(u) }
}

/// x = H(salt ‖ H(user:password)), the salt as the bytes received.
pub(super) fn private_key(username: &[u8], password: &[u8], salt: &[u8], form: InnerHash) -> Zeroizing<BoxedUint> {
    let inner = inner_hash(username, password);
    let inner = match form {
        InnerHash::Full => &inner[..],
        InnerHash::Stripped => strip(&*inner),
    };
    Zeroizing::new(Client::compute_x(inner, salt))
}

pub(super) fn inner_hash(username: &[u8], password: &[u8]) -> Hash {
    wiped(Client::compute_identity_hash(username, password))
}

/// The bytes of a number without its leading zeros.
fn strip(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// Moves a hash to where it is wiped.
fn wiped(mut hash: sha2::digest::Output<Sha512>) -> Hash {
    let bytes = Zeroizing::new(hash.0);
    hash.0.zeroize();
    bytes
}
