//! What reads bytes from elsewhere, one function for each, for any bytes at all: none may panic or hang.
//!
//! The fuzzer in `tests/fuzz/` calls them with bytes that it makes up, `corpus.rs` with those that are kept. So this
//! file uses nothing of the other tests. A function checks no more than what holds for any input.

use std::net::Ipv4Addr;
use std::sync::LazyLock;
use std::time::Duration;

use espctl::device::rainmaker_console::{JoinWatch, failure, node_id, signature};
use espctl::endpoint::associate::SetUserMapping;
use espctl::endpoint::config::{Apply, JoinStatus};
use espctl::endpoint::control::{Action, Control};
use espctl::endpoint::scan::{Progress, Radio, Start, ThreadResults, WifiResults, merge};
use espctl::endpoint::{ReplyError, Request};
use espctl::qr_image;
use espctl::security::srp6a::{InnerHash, Verifier};
use espctl::security::{Cipher, Credentials, DeviceIdentity, Handshake, Next, NonceRule, SCHEMES};
use espctl::sim::{Device, DeviceOptions};
use espctl::text;
use espctl::transport::softap::SoftAp;
use espctl::transport::{Locator, Opening, TransportKind};
use espctl::wire::advertisement::Advertisement;
use espctl::wire::describe::{Direction, describe};
use espctl::wire::log::{Finder, Line, Redactor, Splitter};
use espctl::wire::qr::Payload;
use espctl::wire::version::VersionInfo;
use espctl::wire::{console, messages};
use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// A function that reads bytes.
pub(crate) type Decoder = fn(&[u8]);

/// Every decoder by the name of its folder in `tests/fuzz/corpus/`.
pub(crate) const ALL: &[(&str, Decoder)] = &[
    ("advertisement", advertisement),
    ("agent_replies", agent_replies),
    ("board_log", board_log),
    ("console", console_output),
    ("handshake_client", handshake_client),
    ("handshake_device", handshake_device),
    ("http", http),
    ("locator", locator),
    ("messages", all_messages),
    ("qr_picture", qr_picture),
    ("qr_text", qr_text),
    ("replies", replies),
    ("sanitiser", sanitiser),
    ("simulated_device", simulated_device),
    ("version_document", version_document),
];

/// Hands bytes to the decoder of this name.
pub(crate) fn run(name: &str, data: &[u8]) {
    let (_, decoder) = ALL.iter().find(|(own, _)| *own == name).expect("a decoder of this name");
    decoder(data);
}

/// The endpoints whose messages are known.
const ENDPOINTS: [&str; 8] = [
    "proto-ver",
    "prov-session",
    "prov-scan",
    "prov-config",
    "prov-ctrl",
    "cloud_user_assoc",
    "ch_resp",
    "custom-data",
];

fn version_document(data: &[u8]) {
    let Ok(info) = VersionInfo::parse(data) else { return };
    let _ = (info.security(), info.wants_pop(), info.can_scan(), info.wants_claim(), info.has_challenge_response());
}

/// A board's log in pieces, the first byte being their length; with a secret that is known.
fn board_log(data: &[u8]) {
    let Some((size, log)) = data.split_first() else { return };
    let (mut splitter, mut redactor, mut finder) = (Splitter::default(), Redactor::default(), Finder::default());
    redactor.learn(b"correct-horse-battery");
    let mut lines = Vec::new();
    for piece in log.chunks(usize::from(*size).max(1)) {
        lines.extend(splitter.push(piece));
    }
    lines.extend(splitter.rest());
    for raw in &lines {
        let shown = redactor.redact(raw);
        assert!(!shown.contains("correct-horse-battery"), "{shown}");
        let line = Line::parse(&shown);
        let _ = (finder.push(&line), line.reset_reason());
    }
    let _ = (finder.trouble(), splitter.is_garbled(), splitter.seen());
}

fn console_output(data: &[u8]) {
    let line = "prov-config 1804289383 5200";
    let _ = (console::find_answer(data, line), console::clean(data), console::strip_escapes(data));
    let _ = (console::is_answered(data, line.as_bytes()), console::is_under_way(data, line.as_bytes()));
}

fn agent_replies(data: &[u8]) {
    let _ = (node_id(data), signature(data), failure(data));
    let mut watch = JoinWatch::default();
    let mut at = Duration::ZERO;
    for piece in data.chunks(61) {
        at += Duration::from_millis(400);
        let _ = (watch.hear(at, piece), watch.verdict(at));
    }
    let _ = watch.verdict(at + Duration::from_mins(1));
}

fn qr_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = Payload::parse(text) {
        let _ = (error.to_string(), error.hint());
    }
}

fn qr_picture(data: &[u8]) {
    if qr_image::looks_like_image(data) {
        let _ = qr_image::read(data);
    }
}

/// The name's length, the name, then the data of a company and of a service.
fn advertisement(data: &[u8]) {
    let Some((length, rest)) = data.split_first() else { return };
    let (name, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    let (numbers, rest) = rest.split_at(rest.len().min(18));
    let mut advertisement =
        Advertisement { name: Some(String::from_utf8_lossy(name).into_owned()), ..Advertisement::default() };
    if let Some((company, service)) = numbers.split_at_checked(2) {
        advertisement.manufacturer_data.insert(u16::from_le_bytes([company[0], company[1]]), rest.to_vec());
        if let Ok(service) = Uuid::from_slice(service) {
            advertisement.services.push(service);
            advertisement.service_data.insert(service, rest.to_vec());
        }
    }
    let _ = advertisement.kind();
}

/// A request to the simulated device's HTTP host, and a reply to the SoftAP client.
fn http(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let device = Device::new(DeviceOptions { security: Some(0), ..DeviceOptions::default() });
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let send = async {
            let _ = client.write_all(data).await;
            let _ = client.shutdown().await;
            let mut reply = Vec::new();
            let _ = client.read_to_end(&mut reply).await;
        };
        espctl::sim::http::serve(listener, device, send, None).await.expect("a server");

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answer = async {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(data).await;
                let _ = stream.shutdown().await;
                let mut request = [0; 1024];
                while stream.read(&mut request).await.is_ok_and(|count| count > 0) {}
            }
        };
        let ask = async {
            let locator: Locator = format!("softap:{address}").parse().expect("a locator");
            let mut link = SoftAp.connect(&locator, Opening::unwatched()).await.expect("a link");
            let _ = link.exchange("proto-ver", b"---").await;
            let _ = link.close().await;
        };
        tokio::select! { () = answer => {}, () = ask => {} }
    });
}

/// Each message of each endpoint, and how it is described in a trace.
fn all_messages(data: &[u8]) {
    for endpoint in ENDPOINTS {
        let _ = (describe(endpoint, Direction::Request, data), describe(endpoint, Direction::Reply, data));
    }
    macro_rules! round_trips {
        ($($message:ident)+) => { $(
            if let Ok(message) = messages::$message::decode(data) {
                assert_eq!(messages::$message::decode(&message.encode_to_vec()[..]).as_ref(), Ok(&message));
            }
        )+ };
    }
    round_trips! { SessionData ScanPayload ConfigPayload ControlPayload AssociationPayload ChallengePayload }
}

/// What the client reads of each reply.
fn replies(data: &[u8]) {
    fn read<R: Request>(request: &R, data: &[u8]) -> Option<R::Reply> {
        request.decode(data).inspect_err(|error: &ReplyError| drop(error.to_string())).ok()
    }
    for radio in [Radio::Wifi, Radio::Thread] {
        read(&Start { radio, group_channels: 5 }, data);
        read(&Progress { radio }, data);
        read(&Control { action: Action::Reset, radio }, data);
        read(&Control { action: Action::Reprovision, radio }, data);
    }
    read(&WifiResults { start: 0, count: 4 }, data).map(merge);
    read(&ThreadResults { start: 0, count: 4 }, data);
    read(&JoinStatus::Wifi, data);
    read(&JoinStatus::Thread, data);
    read(&Apply::Wifi, data);
    read(&Apply::Thread, data);
    read(&SetUserMapping { user_id: "user", secret_key: &"key".into() }, data);
}

fn locator(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(locator) = text.parse::<Locator>() else { return };
    let _ = locator.text();
    let again: Locator = locator.to_string().parse().expect("a locator is read as it is written");
    assert_eq!(again, locator);
    let _ = DeviceOptions::from_parameters(locator.parameters());
}

fn sanitiser(data: &[u8]) {
    let foreign = String::from_utf8_lossy(data);
    for shown in [text::sanitise(&foreign), text::ascii(&foreign), text::ssid(data).into()] {
        assert!(shown.chars().all(text::is_harmless), "{shown:?}");
    }
    assert!(text::columns(&text::bounded(&foreign, 20)) <= 20);
}

/// Requests: an endpoint's number, a length, and so many bytes; 350 ms pass between them.
fn simulated_device(data: &[u8]) {
    let Some((kind, mut rest)) = data.split_first() else { return };
    let options = DeviceOptions {
        security: Some(0),
        thread: kind & 1 == 1,
        auto_stop: kind & 2 == 0,
        ..DeviceOptions::default()
    };
    let mut device = Device::new(options);
    let mut now = Duration::ZERO;
    while let [endpoint, length, tail @ ..] = rest {
        let (request, next) = tail.split_at(usize::from(*length).min(tail.len()));
        let endpoint = ENDPOINTS[usize::from(*endpoint) % ENDPOINTS.len()];
        if let Ok(reply) = device.handle(now, endpoint, request) {
            now += reply.after;
        }
        now += Duration::from_millis(350);
        rest = next;
    }
    let _ = (device.take_events(), device.next_change(now), device.stops_at());
}

/// A reply of a device in place of an honest one, in each scheme and at each place.
fn handshake_client(data: &[u8]) {
    instead_of_an_honest_message(data, 1);
}

/// A request of a client in place of an honest one, in each scheme and at each place.
fn handshake_device(data: &[u8]) {
    instead_of_an_honest_message(data, 0);
}

/// One end of a session.
enum End {
    Waits(Box<dyn Handshake>),
    Stands(Box<dyn Cipher>),
}

/// Runs an honest handshake up to the message that the first byte says, and hands over the rest in its place.
fn instead_of_an_honest_message(data: &[u8], role: usize) {
    static VERIFIER: LazyLock<Verifier> =
        LazyLock::new(|| Verifier::generate(b"wifiprov", b"abcd1234", &[7; 16], InnerHash::Full));
    let Some((selector, forged)) = data.split_first() else { return };
    let selector = usize::from(*selector);
    let scheme = SCHEMES[selector % SCHEMES.len()];
    // Two handshake messages for each side at most, then one that is sealed.
    let forged_at = (selector / SCHEMES.len() % 3) * 2 + role;
    let identity = match scheme.version() {
        0 => DeviceIdentity::Open,
        1 => DeviceIdentity::Pop("abcd1234".into()),
        _ => DeviceIdentity::Srp { verifier: VERIFIER.clone(), nonce_rule: NonceRule::Counting },
    };
    let credentials =
        Credentials { pop: Some("abcd1234".into()), username: "wifiprov".into(), password: Some("abcd1234".into()) };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let first = scheme.initiate(&credentials, 0, &mut rng).expect("a first message");
    let Next::Await(client) = first.next else { return };
    let device = scheme.respond(&identity, &mut rng).expect("a device");
    let mut ends = [Some(End::Waits(device)), Some(End::Waits(client))];
    let mut message = first.send.unwrap_or_default();
    for place in 0..=forged_at {
        let forged = (place == forged_at).then_some(forged);
        let end = &mut ends[place % 2];
        *end = match end.take() {
            Some(End::Waits(handshake)) => match handshake.advance(forged.unwrap_or(&message)) {
                Ok(turn) => {
                    message = turn.send.unwrap_or_default();
                    Some(match turn.next {
                        Next::Await(handshake) => End::Waits(handshake),
                        Next::Established(cipher) => End::Stands(cipher),
                    })
                }
                Err(error) => {
                    let _ = error.to_string();
                    return;
                }
            },
            Some(End::Stands(mut cipher)) => {
                let _ = forged.map(|forged| cipher.open(forged));
                Some(End::Stands(cipher))
            }
            None => return,
        };
    }
}
