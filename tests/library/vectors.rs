//! Recorded conversations between other implementations, replayed byte by byte in both roles.
//!
//! The recorded private values are what our randomness is scripted to give; from there every byte that our client
//! would send must be the recorded request, and every byte that our device would answer the recorded response.
//! `tests/vectors/README.md` describes the files. A folder named by `ESPCTL_VECTORS` is replayed as well.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::transcript::{FORMAT, Hex, Step, Transcript};
use crate::common::{Script, asked};
use espctl::security::srp6a::{InnerHash, Verifier};
use espctl::security::{
    Cipher, CipherError, Credentials, DeviceIdentity, Handshake, HandshakeError, Next, NonceRule, Scheme, scheme,
};
use espctl::wire::messages::{
    AssociationPayload, ChallengePayload, ConfigPayload, ControlPayload, ScanPayload, Sec1Msg, Sec2Msg, SessionData,
    sec2_payload, session_data::Proto,
};
use espctl::wire::version::VersionInfo;
use prost::Message;

/// The files of `tests/vectors/`. Named here, so that a replay which finds none of them cannot pass.
const OWN: [&str; 12] = [
    "sec0-full",
    "sec1-attempts",
    "sec1-auth-failed",
    "sec1-chresp-full",
    "sec1-pop-full",
    "sec1-wrong-pop",
    "sec2-full",
    "sec2-patch0-full",
    "sec2-short-A-padded",
    "sec2-short-B",
    "sec2-wrong-password",
    "sec2-wrong-user",
];
/// The user whose verifier a device has, where a recording's client had another one.
const DEVICE_USERNAME: &str = "wifiprov";

#[test]
fn our_own_recordings_replay_byte_by_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    assert_eq!(replay_folder(&folder), OWN);
}

#[test]
fn recordings_of_the_folder_in_the_environment_replay_byte_by_byte() {
    let Some(folder) = std::env::var_os("ESPCTL_VECTORS") else {
        println!("ESPCTL_VECTORS is not set: only tests/vectors/ is replayed");
        return;
    };
    let names = replay_folder(Path::new(&folder));
    assert!(!names.is_empty(), "ESPCTL_VECTORS names {}, which holds no .json file", folder.display());
}

/// Replays every `.json` file of a folder, and names them.
fn replay_folder(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a directory entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort_by_key(|file| file.file_stem().map(std::ffi::OsStr::to_ascii_lowercase));
    files.iter().map(|file| replay_file(file)).collect()
}

fn replay_file(file: &Path) -> String {
    let text = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let document: serde_json::Value =
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(document["format"], FORMAT, "{} has another format", file.display());
    let transcript: Transcript =
        serde_json::from_value(document).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(file.file_stem().and_then(|stem| stem.to_str()), Some(&*transcript.name), "{}", file.display());

    replay(&transcript);
    transcript.name
}

/// Replays one conversation. Each role is compared, unless the recording cannot be replayed in that role.
fn replay(transcript: &Transcript) -> Tally {
    let mut replay = Replay::new(transcript);
    for step in &transcript.steps {
        replay.step(step);
    }
    let tally = replay.tally;
    let Tally { requests, responses, messages, versions } = tally;
    let name = &transcript.name;
    assert!(responses > 0, "{name}: nothing was compared as device");
    assert!(requests > 0 || replay.pads_public_key, "{name}: nothing was compared as client");
    println!(
        "{name}: {requests} requests as client, {responses} responses as device, {messages} messages re-encoded, \
         {versions} version documents"
    );
    tally
}

#[test]
fn a_recording_with_several_handshakes_is_replayed_where_its_randoms_are_known() {
    let read = |name: &str| -> Transcript {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name).with_extension("json");
        serde_json::from_slice(&fs::read(file).expect("a recording")).expect("a transcript")
    };
    let (mut earlier, mut whole) = (read("sec1-attempts"), read("sec1-pop-full"));
    let alone = replay(&whole);
    // The randoms are those of the second handshake; the first one's are unknown.
    earlier.steps.append(&mut whole.steps);
    whole.steps = earlier.steps;
    let both = replay(&whole);
    assert_eq!((both.requests, both.responses), (alone.requests, alone.responses));
    assert!(both.messages > alone.messages, "the messages of both are read");
}

#[derive(Default, Clone, Copy)]
struct Tally {
    requests: usize,
    responses: usize,
    messages: usize,
    versions: usize,
}

/// Where a role stands.
enum Role {
    /// No handshake, or one that failed.
    Idle,
    /// A handshake whose randoms were not recorded, or which our side would do otherwise: nothing to compare.
    Unknown,
    /// The message the client sends next, and what then follows; for the device the message is empty.
    Handshake(Vec<u8>, Box<dyn Handshake>),
    Established(Box<dyn Cipher>),
}

struct Replay<'a> {
    transcript: &'a Transcript,
    scheme: &'static dyn Scheme,
    client: Role,
    device: Role,
    tally: Tally,
    /// More than one handshake: the recorded randoms are those of one of them.
    repeats: bool,
    /// The client filled a short A up to 384 bytes; ours draws another one.
    pads_public_key: bool,
    at: String,
}

impl<'a> Replay<'a> {
    fn new(transcript: &'a Transcript) -> Self {
        let scheme = scheme(transcript.security_version).expect("a scheme we speak");
        let firsts = || transcript.steps.iter().map(|step| &*step.request_hex.0).filter(|it| is_command_0(it));
        Self {
            transcript,
            scheme,
            client: Role::Idle,
            device: Role::Idle,
            tally: Tally::default(),
            repeats: firsts().count() > 1,
            pads_public_key: firsts().any(|first| client_public(first).is_some_and(|key| key.first() == Some(&0))),
            at: String::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        self.at = format!("{} step {}", self.transcript.name, step.n);
        let request = &*step.request_hex.0;
        let response = step.response_hex.as_ref().map(|hex| &*hex.0);
        match step.http_status {
            None => assert!(response.is_none(), "{}: an answer without a status", self.at),
            Some(200) => assert!(response.is_some(), "{}: a status without an answer", self.at),
            Some(_) => return, // The HTTP server's own refusal: no handler, no scheme saw the request.
        }
        match &*step.endpoint {
            "proto-ver" => self.version(response),
            "prov-session" => {
                if is_command_0(request) {
                    self.start();
                }
                self.client_session(request, response);
                self.device_session(request, response);
            }
            _ => {
                self.client_data(step, request, response);
                self.device_data(step, request, response);
            }
        }
        if response.is_some() {
            for body in [&step.request_plain_hex, &step.response_plain_hex].into_iter().flatten() {
                self.reencode(&step.endpoint, &body.0);
            }
        }
    }

    fn version(&mut self, response: Option<&[u8]>) {
        let Some(document) = response else { return };
        let info = VersionInfo::parse(document).expect("a version document");
        assert_eq!(info.structured, document.starts_with(b"{"), "{}", self.at);
        assert_eq!(info.security(), self.transcript.security_version, "{}", self.at);
        if info.sec_ver.is_some() {
            // A document without it means patch 0.
            let patch = self.transcript.sec_patch_ver.unwrap_or(0);
            assert_eq!(info.sec_patch_ver.unwrap_or(0), patch, "{}", self.at);
        }
        if let Ok(serde_json::Value::Object(raw)) = serde_json::from_slice(document) {
            let capabilities = raw.get("prov").map(|prov| prov["cap"].clone()).unwrap_or_default();
            if !capabilities.is_null() {
                assert_eq!(serde_json::json!(info.capabilities), capabilities, "{}", self.at);
            }
            let others = raw.iter().filter(|(name, entry)| *name != "prov" && entry.is_object()).count();
            assert_eq!(info.applications.len(), others, "{}", self.at);
        }
        self.tally.versions += 1;
    }

    /// A first message starts both roles afresh, as it does on a device.
    fn start(&mut self) {
        let keys = &self.transcript.session_keys;
        let (credentials, reading, identity) = self.parties();
        let nonce = match (&keys.device_nonce, &identity) {
            (Some(Hex(nonce)), _) if nonce.len() == 12 => nonce[..8].to_vec(),
            (Some(Hex(nonce)), _) => nonce.clone(),
            // A refused handshake never showed its nonce.
            (None, DeviceIdentity::Srp { nonce_rule: NonceRule::Static, .. }) => vec![0; 16],
            (None, DeviceIdentity::Srp { .. }) => vec![0; 8],
            (None, _) => Vec::new(),
        };
        let mut client = Script::new(&[&keys.client_private.0, &keys.client_exponent.0]);
        let mut device = Script::new(&[&keys.device_private.0, &keys.device_random.0, &keys.device_exponent.0, &nonce]);
        self.client = Role::Unknown;
        if !self.pads_public_key {
            let turn = self.scheme.initiate(&credentials, reading, &mut client).expect("the client starts");
            let (send, handshake) = asked(turn);
            self.client = Role::Handshake(send, handshake);
            assert!(client.is_used_up(), "{}: another number of randoms as client", self.at);
        }
        let handshake = self.scheme.respond(&identity, &mut device).expect("the device starts");
        self.device = Role::Handshake(Vec::new(), handshake);
        assert!(device.is_used_up(), "{}: another number of randoms as device", self.at);
    }

    /// What each side knows, and the reading of the credentials that fits the device's verifier.
    fn parties(&self) -> (Credentials, usize, DeviceIdentity) {
        let params = &self.transcript.params;
        let credentials = Credentials {
            pop: params.pop_client.as_deref().map(Into::into),
            username: params.username.clone().unwrap_or_default(),
            password: params.password_client.as_deref().map(Into::into),
        };
        let mut reading = 0;
        let identity = match self.transcript.security_version {
            0 => DeviceIdentity::Open,
            1 => DeviceIdentity::Pop(params.pop_device.as_deref().unwrap_or_default().into()),
            _ => {
                let (salt, stored) = (&*params.salt_hex.0, &*params.verifier_hex.0);
                let password = params.password_device.as_deref().expect("a password");
                let is_of = |username: &str, form| {
                    let made = Verifier::generate(username.as_bytes(), password.as_bytes(), salt, form);
                    **made.to_bytes() == *stored
                };
                // A client with another user name proves something else, whatever the reading.
                if !is_of(&credentials.username, InnerHash::Full) && !is_of(DEVICE_USERNAME, InnerHash::Full) {
                    assert!(is_of(&credentials.username, InnerHash::Stripped), "{}: another verifier", self.at);
                    reading = self.scheme.readings(&credentials) - 1;
                }
                let verifier = Verifier::from_bytes(salt, stored).expect("a verifier of 384 bytes");
                let counting = match &self.transcript.session_keys.device_nonce {
                    Some(nonce) => nonce.0.len() == 12,
                    None => self.transcript.sec_patch_ver == Some(1),
                };
                let nonce_rule = if counting { NonceRule::Counting } else { NonceRule::Static };
                DeviceIdentity::Srp { verifier, nonce_rule }
            }
        };
        (credentials, reading, identity)
    }

    fn client_session(&mut self, request: &[u8], response: Option<&[u8]>) {
        let handshake = std::mem::replace(&mut self.client, Role::Idle);
        let Role::Handshake(send, handshake) = handshake else {
            self.client = handshake;
            return;
        };
        if send != request && self.repeats && is_command_0(request) {
            self.client = Role::Unknown;
            return;
        }
        if send != request {
            // Q3: the recorded client dropped the salt's leading zero. We do not, and prove what the device expects.
            let proof = &self.transcript.session_keys.client_proof.0;
            assert!(
                self.transcript.params.salt_hex.0.first() == Some(&0) && client_proof(&send).as_ref() == Some(proof),
                "{}: the client would send {} instead of {}",
                self.at,
                hex::encode(send),
                hex::encode(request)
            );
            assert!(response.is_none(), "{}: the device took another proof", self.at);
        }
        self.tally.requests += 1;
        let Some(response) = response else { return };
        let turn = handshake.advance(response).unwrap_or_else(|error| panic!("{}: as client: {error}", self.at));
        self.client = match turn.next {
            Next::Await(handshake) => Role::Handshake(turn.send.expect("a message"), handshake),
            Next::Established(cipher) => Role::Established(cipher),
        };
    }

    fn device_session(&mut self, request: &[u8], response: Option<&[u8]>) {
        let handshake = match std::mem::replace(&mut self.device, Role::Idle) {
            Role::Handshake(_, handshake) => handshake,
            Role::Unknown => {
                self.device = Role::Unknown;
                return;
            }
            Role::Idle | Role::Established(_) => {
                assert!(response.is_none(), "{}: answered where no handshake waits", self.at);
                return;
            }
        };
        let answer = handshake.advance(request);
        let answers_otherwise = answer.as_ref().is_ok_and(|turn| turn.send.as_deref() != response);
        if self.repeats && is_command_0(request) && answers_otherwise {
            self.device = Role::Unknown;
            return;
        }
        self.tally.responses += 1;
        match (answer, response) {
            (Ok(turn), Some(response)) => {
                assert_eq!(turn.send.map(hex::encode), Some(hex::encode(response)), "{}: as device", self.at);
                self.device = match turn.next {
                    Next::Await(handshake) => Role::Handshake(Vec::new(), handshake),
                    Next::Established(cipher) => Role::Established(cipher),
                };
            }
            (Err(error), None) => {
                let proof_was_wrong = error == HandshakeError::ProofMismatch;
                assert_eq!(proof_was_wrong, is_command_1(request), "{}: refused because {error}", self.at);
            }
            (Ok(_), None) => panic!("{}: our device answers what was refused", self.at),
            (Err(error), Some(_)) => panic!("{}: our device refuses what was answered: {error}", self.at),
        }
    }

    fn client_data(&mut self, step: &Step, request: &[u8], response: Option<&[u8]>) {
        let Role::Established(cipher) = &mut self.client else { return };
        if let Some(plain) = &step.request_plain_hex {
            let sealed = cipher.seal(&plain.0).map(hex::encode);
            assert_eq!(sealed, Ok(hex::encode(request)), "{}: as client", self.at);
            self.tally.requests += 1;
        }
        if let (Some(response), Some(plain)) = (response, &step.response_plain_hex) {
            assert_eq!(cipher.open(response).map(hex::encode), Ok(hex::encode(&plain.0)), "{}: as client", self.at);
        }
    }

    fn device_data(&mut self, step: &Step, request: &[u8], response: Option<&[u8]>) {
        let cipher = match &mut self.device {
            Role::Established(cipher) => cipher,
            Role::Unknown => return,
            Role::Idle | Role::Handshake(..) => {
                assert!(response.is_none(), "{}: answered without a session", self.at);
                return;
            }
        };
        match (cipher.open(request), &step.request_plain_hex) {
            (opened, Some(plain)) => {
                assert_eq!(opened.map(hex::encode), Ok(hex::encode(&plain.0)), "{}: as device", self.at);
            }
            (opened, None) if self.transcript.security_version == 2 => {
                assert_eq!(opened, Err(CipherError::Tampered), "{}: as device", self.at);
            }
            (_, None) => {}
        }
        if let (Some(response), Some(plain)) = (response, &step.response_plain_hex) {
            assert_eq!(cipher.seal(&plain.0).map(hex::encode), Ok(hex::encode(response)), "{}: as device", self.at);
            self.tally.responses += 1;
        }
    }

    /// Our message types lose nothing and add nothing.
    fn reencode(&mut self, endpoint: &str, plain: &[u8]) {
        let again = match endpoint {
            "prov-scan" => ScanPayload::decode(plain).map(|message| message.encode_to_vec()),
            "prov-config" => ConfigPayload::decode(plain).map(|message| message.encode_to_vec()),
            "prov-ctrl" => ControlPayload::decode(plain).map(|message| message.encode_to_vec()),
            "cloud_user_assoc" => AssociationPayload::decode(plain).map(|message| message.encode_to_vec()),
            "ch_resp" => ChallengePayload::decode(plain).map(|message| message.encode_to_vec()),
            _ => return,
        };
        assert_eq!(again.map(hex::encode), Ok(hex::encode(plain)), "{}: {endpoint}", self.at);
        self.tally.messages += 1;
    }
}

/// Whether a session request is a client's first message, whatever its scheme.
fn is_command_0(request: &[u8]) -> bool {
    match SessionData::decode(request).map(|data| data.proto) {
        Ok(Some(Proto::Sec0(_))) => true,
        Ok(Some(Proto::Sec1(body))) => body.msg == i32::from(Sec1Msg::Command0),
        Ok(Some(Proto::Sec2(body))) => body.msg == i32::from(Sec2Msg::Command0),
        _ => false,
    }
}

fn is_command_1(request: &[u8]) -> bool {
    match SessionData::decode(request).map(|data| data.proto) {
        Ok(Some(Proto::Sec1(body))) => body.msg == i32::from(Sec1Msg::Command1),
        Ok(Some(Proto::Sec2(body))) => body.msg == i32::from(Sec2Msg::Command1),
        _ => false,
    }
}

/// Security 2's A in a client's first message.
fn client_public(request: &[u8]) -> Option<Vec<u8>> {
    match SessionData::decode(request).ok()?.proto? {
        Proto::Sec2(body) => match body.payload? {
            sec2_payload::Payload::Sc0(command) => Some(command.client_pubkey),
            _ => None,
        },
        _ => None,
    }
}

/// The proof in a security 2 request.
fn client_proof(request: &[u8]) -> Option<Vec<u8>> {
    match SessionData::decode(request).ok()?.proto? {
        Proto::Sec2(body) => match body.payload? {
            sec2_payload::Payload::Sc1(command) => Some(command.client_proof),
            _ => None,
        },
        _ => None,
    }
}
