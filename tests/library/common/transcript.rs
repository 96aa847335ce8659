//! The format of the recorded conversations in `tests/vectors/`; its README says what the members mean.

use serde::Deserialize;

/// The only format that is read.
pub(crate) const FORMAT: &str = "protocomm-transcript/1";

/// One recorded conversation.
#[derive(Deserialize)]
pub(crate) struct Transcript {
    pub(crate) name: String,
    pub(crate) security_version: u8,
    pub(crate) sec_patch_ver: Option<u8>,
    #[serde(default)]
    pub(crate) params: Params,
    #[serde(default)]
    pub(crate) session_keys: Keys,
    pub(crate) steps: Vec<Step>,
}

/// What each side knows beforehand.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Params {
    pub(crate) pop_client: Option<String>,
    pub(crate) pop_device: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password_client: Option<String>,
    pub(crate) password_device: Option<String>,
    pub(crate) salt_hex: Hex,
    pub(crate) verifier_hex: Hex,
}

/// What each side drew, and the proof the device expects.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Keys {
    #[serde(rename = "client_x25519_private_hex")]
    pub(crate) client_private: Hex,
    #[serde(rename = "device_x25519_private_hex")]
    pub(crate) device_private: Hex,
    #[serde(rename = "aes_ctr_initial_counter_hex")]
    pub(crate) device_random: Hex,
    #[serde(rename = "client_srp_a_hex")]
    pub(crate) client_exponent: Hex,
    #[serde(rename = "device_srp_b_hex")]
    pub(crate) device_exponent: Hex,
    #[serde(rename = "device_nonce_hex")]
    pub(crate) device_nonce: Option<Hex>,
    #[serde(rename = "M_client_proof_hex")]
    pub(crate) client_proof: Hex,
}

/// One exchange.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) n: u32,
    pub(crate) endpoint: String,
    pub(crate) http_status: Option<u16>,
    pub(crate) request_hex: Hex,
    pub(crate) response_hex: Option<Hex>,
    pub(crate) request_plain_hex: Option<Hex>,
    pub(crate) response_plain_hex: Option<Hex>,
}

/// Bytes, hexadecimal in the file.
#[derive(Deserialize, Default, Clone, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}
