//! The identity of a simulated device: its name, its node id, its label, and what its security layer knows.
//!
//! All of it is computed from the options and their seed; the device's state plays no part.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::fault::FaultKind;
use super::options::DeviceOptions;
use crate::secret::ProofOfPossession;
use crate::security::srp6a::Verifier;
use crate::security::{DeviceIdentity, NonceRule};

impl DeviceOptions {
    /// The service name: `PROV_d76c30`.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("PROV_{}", hex::encode(mark::<3>(self.seed, b'n'))))
    }

    /// RainMaker's node id, 12 hex digits like a hardware address.
    pub fn node_id(&self) -> String {
        self.node_id.clone().unwrap_or_else(|| hex::encode(mark::<6>(self.seed, b'i')))
    }

    /// Text of the QR code on the label of a device that provisions over SoftAP.
    pub fn qr_payload(&self) -> String {
        self.qr_payload_over(Some("softap"))
    }

    /// Text of the QR code on the label, with the transport that the code names; `None` for a console, which
    /// the code cannot name.
    pub fn qr_payload_over(&self, transport: Option<&str>) -> String {
        let mut payload = serde_json::Map::new();
        let mut put = |key: &str, value: String| payload.insert(key.to_owned(), value.into());
        put("ver", "v1".into());
        put("name", self.name());
        if self.security() == 2 {
            put("username", self.username.clone());
            put("pop", String::from_utf8_lossy(self.srp_password().expose()).into_owned());
        } else if let (1, Some(pop)) = (self.security(), &self.pop) {
            put("pop", String::from_utf8_lossy(pop.expose()).into_owned());
        }
        if let Some(transport) = transport {
            put("transport", transport.to_owned());
        }
        if self.thread {
            put("network", "thread".into());
        }
        if let Some(security) = self.security {
            payload.insert("security".to_owned(), security.into());
        }
        serde_json::Value::Object(payload).to_string()
    }

    /// What the device's security scheme needs.
    pub(super) fn identity(&self) -> DeviceIdentity {
        match self.security() {
            0 => DeviceIdentity::Open,
            1 => DeviceIdentity::Pop(self.pop.clone().unwrap_or_else(|| ProofOfPossession::new([]))),
            _ => {
                let nonce_rule = match (self.profile.nonce_rule(), self.has(FaultKind::WrongNonceRule)) {
                    (NonceRule::Counting, false) | (NonceRule::Static, true) => NonceRule::Counting,
                    _ => NonceRule::Static,
                };
                DeviceIdentity::Srp { verifier: self.compute_verifier(), nonce_rule }
            }
        }
    }

    fn has(&self, kind: FaultKind) -> bool {
        self.faults.iter().any(|fault| fault.kind() == kind)
    }

    fn salt(&self) -> Vec<u8> {
        let mut salt = mark::<16>(self.salt_seed.unwrap_or(self.seed), b's').to_vec();
        salt[0] = u8::from(!self.has(FaultKind::ZeroSalt)) * (salt[0] | 1);
        salt.truncate(if self.has(FaultKind::ShortSalt) { 15 } else { 16 });
        salt
    }

    fn compute_verifier(&self) -> Verifier {
        self.verifier.get(&self.username, &self.srp_password(), &self.salt())
    }
}

/// Bytes of a device's identity, drawn from the seed for one purpose.
fn mark<const N: usize>(seed: u64, purpose: u8) -> [u8; N] {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(purpose));
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_shares_its_verifier_and_not_its_names() {
        let first = DeviceOptions::default();
        let (one, two) = (first.numbered(1), first.numbered(2));
        assert_ne!(one.name(), two.name());
        assert!(one.verifier.is_shared_with(&two.verifier));
        assert_eq!(one.compute_verifier().salt(), two.compute_verifier().salt());
    }
}
