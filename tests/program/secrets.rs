//! No secret in any output: runs of every kind, good and bad, are given unmistakable secrets, and whatever they leave
//! behind (standard output, standard error, the trace) is searched for each of them in every form it could have.
//!
//! What is not here: `espctl sim`, which prints its device's own PoP by design.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use serde_json::Value;

const POP: &str = "Zp7-proof-of-possession";
const WRONG_POP: &str = "Zw1-another-proof";
const PASSPHRASE: &str = "Zq8-the-passphrase";
const WRONG_PASSPHRASE: &str = "Zx2-other-passphrase";
const SHORT_PASSPHRASE: &str = "Zy3-sht";
const LONG_PASSPHRASE: &str = "Zl4-a-passphrase-that-is-so-long-that-no-access-point-would-take-it-at-all";
const PASSWORD: &str = "Zr9-security-2-password";
const MAPPING_KEY: &str = "Zs0-the-mapping-key";
const NETWORK_KEY: &str = "Zt5-network-key!";

/// A Thread dataset with [`NETWORK_KEY`] in it: the simulated world's network, or one out of reach.
fn dataset(extended_pan_id: &str) -> String {
    format!("0208{extended_pan_id}0510{}", hex::encode(NETWORK_KEY))
}

/// Everything to look for.
fn secrets() -> Vec<&'static str> {
    vec![
        POP,
        WRONG_POP,
        PASSPHRASE,
        WRONG_PASSPHRASE,
        SHORT_PASSPHRASE,
        LONG_PASSPHRASE,
        PASSWORD,
        MAPPING_KEY,
        NETWORK_KEY,
        // A part of a passphrase that lost its quotation marks.
        "Zu6-word",
    ]
}

/// The forms in which a secret could show.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let list: Vec<_> = bytes.iter().map(u8::to_string).collect();
    let hex_list: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        hex::encode(secret),
        hex::encode_upper(secret),
        list.join(", "),
        list.join(","),
        hex_list.join(" "),
        hex_list.join(":"),
    ];
    forms.extend((0..3).map(|shift| base64(bytes, shift)));
    forms
}

/// What every base64 text has in it that holds `bytes` at this position modulo 3.
fn base64(bytes: &[u8], shift: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let shifted = [&[0, 0][..shift], bytes].concat();
    let whole = &shifted[..shifted.len() / 3 * 3];
    let digit = |group: &[u8], index: u32| {
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        char::from(DIGITS[(bits >> (18 - 6 * index) & 63) as usize])
    };
    let text: String = whole.chunks(3).flat_map(|group| (0..4).map(move |index| digit(group, index))).collect();
    // The digits that what stands before has a part in.
    text[[0, 2, 3][shift]..].to_owned()
}

/// One command line, its environment and its input.
struct Run {
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
    stdin: String,
}

fn run(args: &[&str]) -> Run {
    Run { args: args.iter().map(|arg| (*arg).to_owned()).collect(), env: Vec::new(), stdin: String::new() }
}

impl Run {
    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }
}

/// A simulated device in memory that has our secrets.
fn device(parameters: &str) -> String {
    format!("sim:?join-ms=20&apply-delay-ms=20&scan-ms=20&ap=HomeNet={PASSPHRASE}&pop={POP}&{parameters}")
}

fn provisionings() -> Vec<Run> {
    let home = ["--ssid", "HomeNet", "--passphrase", PASSPHRASE];
    let provision = |parameters: &str, args: &[&str]| {
        let device = device(parameters);
        run(&[&["provision", "--device", &device], args].concat())
    };
    // A device of security 0 is told everything where that is allowed, and still nothing may show.
    let good = |parameters: &str| provision(parameters, &[&["--pop", POP, "--allow-insecure"][..], &home].concat());
    let mut runs: Vec<_> = [
        "sec-ver=0",
        "sec-ver=1",
        "sec-ver=2",
        "profile=idf-5.0&sec-ver=2",
        "profile=pre-manager",
        "sec-ver=1&fault=lost-session@1",
        "sec-ver=1&fault=garbage=prov-config",
        "sec-ver=0&fault=garbage=prov-config",
        "sec-ver=1&fault=truncate@2=prov-config",
        "sec-ver=1&fault=set-invalid-argument",
        "sec-ver=1&fault=apply-internal-error",
        "sec-ver=1&fault=auth-failed",
        "sec-ver=1&fault=not-found",
        "sec-ver=2&fault=wrong-proof",
        "sec-ver=1&fault=already-connected",
        "sec-ver=1&fault=close@3-=prov-config",
        "sec-ver=1&fault=http-500=prov-config",
    ]
    .into_iter()
    .map(good)
    .collect();
    let password = device(&format!("sec-ver=2&password={PASSWORD}"));
    for given in [PASSWORD, WRONG_POP] {
        let words = ["provision", "--device", &password, "--sec2-username", "wifiprov", "--sec2-password", given];
        runs.push(run(&[&words[..], &home].concat()));
    }
    for version in ["1", "2"] {
        let parameters = format!("sec-ver={version}");
        runs.push(provision(&parameters, &[&["--pop", WRONG_POP][..], &home].concat()));
        let other = ["--pop", POP, "--ssid", "HomeNet", "--passphrase", WRONG_PASSPHRASE];
        runs.push(provision(&parameters, &other));
        let qr = format!(r#"{{"ver":"v1","name":"PROV_1","pop":"{POP}","transport":"softap"}}"#);
        runs.push(provision(&parameters, &[&["--qrcode", &qr][..], &home].concat()));
        runs.push(provision(&parameters, &home).env("ESPCTL_POP", POP));
        let variable = provision(&parameters, &["--pop", POP, "--ssid", "HomeNet"]);
        runs.push(variable.env("ESPCTL_PASSPHRASE", PASSPHRASE));
        let input = provision(&parameters, &["--pop", POP, "--ssid", "HomeNet", "--passphrase-stdin"]);
        runs.push(input.stdin(PASSPHRASE));
        let mapping = ["--pop", POP, "--allow-insecure", "--user-id", "user", "--secret-key", MAPPING_KEY];
        let old = format!("profile=rainmaker-old&sec-ver={version}");
        for parameters in [old.as_str(), "profile=rainmaker", "profile=claim-wanted", "sec-ver=0"] {
            runs.push(provision(parameters, &[&mapping[..], &home].concat()));
        }
        runs.push(provision(&old, &[&mapping[..], &["--no-wifi"]].concat()));
        let thread = format!("thread=1&sec-ver={version}");
        for pan in ["1111111122222222", "9999999922222222"] {
            runs.push(provision(&thread, &["--pop", POP, "--thread-dataset", &dataset(pan)]));
        }
        runs.push(provision(&parameters, &["--pop", POP, "--thread-dataset", &dataset("1111111122222222")]));
    }
    runs
}

/// What does not get as far as a device.
fn mistakes() -> Vec<Run> {
    let provision =
        |args: &[&str]| run(&[&["provision", "--device", "sim:", "--pop", POP, "--ssid", "x"], args].concat());
    let label = |text: &str| run(&["provision", "--ssid", "x", "--open", "--qrcode", text]);
    let broken = format!("{}0e", dataset("1111111122222222"));
    let odd = format!("{}0", dataset("1111111122222222"));
    vec![
        provision(&["--passphrase", SHORT_PASSPHRASE]),
        provision(&["--passphrase", LONG_PASSPHRASE]),
        provision(&["--passphrase", PASSPHRASE, "--open"]),
        provision(&["--passphrase", PASSPHRASE, "--passphrase", PASSPHRASE]),
        provision(&["--passphrase", PASSPHRASE, "--bogus"]),
        provision(&["--passphrase", "--Zu6-word"]),
        provision(&["--passphrase", "Zq", "Zu6-word"]),
        provision(&["--passphrase", "Zq", "one", "Zu6-word", "two"]),
        provision(&[POP, "--passphrase", PASSPHRASE]),
        run(&["provision", "--device", "sim:", "--ssid", "HomeNet", "--passphrase", "Zq", "Zu6-word"]),
        run(&["provision", "--device", "sim:", "--ssid", "x", POP, "--open"]),
        run(&["provision", "--device", "sim:", POP, "--ssid", "HomeNet", "--passphrase", PASSPHRASE]),
        run(&["provision", "--device", "sim:", "--ssid", "x", "--pop-stdin", POP]),
        provision(&["--passphrase", PASSPHRASE, "--channel", "300"]),
        provision(&["--passphrase", PASSPHRASE, "--trace", "/dev/full"]),
        provision(&["--passphrase", PASSPHRASE, "--pop-file", "/none"]),
        provision(&["--open", "--secret-key", MAPPING_KEY]),
        provision(&["--open", "--user-id", "u", "--secret-key", MAPPING_KEY, "--metadata", "{"]),
        provision(&["--passphrase-stdin"]).stdin(SHORT_PASSPHRASE),
        provision(&["--passphrase-stdin"]).stdin(LONG_PASSPHRASE),
        provision(&[]).env("ESPCTL_PASSPHRASE", SHORT_PASSPHRASE),
        run(&["provision", "--device", "sim:", "--thread-dataset", &broken]),
        run(&["provision", "--device", "sim:", "--thread-dataset", &odd]),
        run(&["provision", "--device", "sim:", "--ssid", "x", "--thread-dataset", &odd]),
        label(&format!(r#"{{"name":"P","pop":"{POP}""#)),
        label(&format!(r#"{{"name":"P","pop":"{POP}","transport":"{WRONG_POP}"}}"#)),
        label(&format!(r#"{{"pop":"{POP}"}}"#)),
        label(&format!(r#"{{"name":"P","pop":"{POP}","transport":"ble"}}"#)),
        label(POP),
        label(&format!("PROV_1.{POP}")),
        label(&format!("P|{POP}|b")),
        label(&format!("NP:P|{POP}")),
        label(&format!("NP:P|{POP}|x")),
        label(&format!("name:P,pop:{POP}")),
        label(&format!("ver=v1|pop={POP}")),
        label(&format!("https://example.com/qrcode.html?data={POP}")),
        label("-").stdin(&format!("pop {POP}")),
        run(&["provision", "--address", "127.0.0.1:1", "--pop", POP, "--ssid", "x", "--passphrase", PASSPHRASE]),
        run(&["provision", POP, "--address", "127.0.0.1:1", "--ssid", "x", "--passphrase", PASSPHRASE]),
        run(&["provision", POP, WRONG_POP, "--address", "127.0.0.1:1", "--ssid", "x"]),
        run(&["scan", POP, "--address", "127.0.0.1:1"]),
    ]
}

/// The other commands that open a session.
fn others() -> Vec<Run> {
    let mut runs = Vec::new();
    for parameters in ["sec-ver=1", "sec-ver=2"] {
        for pop in [POP, WRONG_POP] {
            let device = device(parameters);
            runs.push(run(&["scan", "--device", &device, "--pop", pop]));
            runs.push(run(&["reset", "--device", &device, "--pop", pop]));
            runs.push(run(&["reset", "--reprov", "--device", &device, "--pop", pop]));
            runs.push(run(&["send", "custom-data", "hello", "--device", &device, "--pop", pop]));
            runs.push(run(&["send", "no-such", "hello", "--device", &device, "--pop", pop]));
        }
    }
    runs.push(run(&["info", "--device", &device("sec-ver=2")]));
    runs
}

/// How talkative each run is, one after the other.
const MANNERS: &[&[&str]] = &[&["--json"], &["--json", "--events", "-v"], &["-vv"], &["--json", "-vv"]];

#[test]
fn secrets_have_the_forms_that_are_searched_for() {
    assert_eq!(base64(b"any carnal pleas", 0), "YW55IGNhcm5hbCBwbGVh");
    // base64 of "x any carnal pleas" is eCBhbnkgY2FybmFsIHBsZWFz.
    assert!("eCBhbnkgY2FybmFsIHBsZWFz".contains(&base64(b"any carnal pleas", 2)));
    assert!(forms("Zp7").contains(&"90, 112, 55".to_owned()));
}

#[test]
fn no_secret_shows_and_json_is_one_document() {
    let traces = tempfile::tempdir().expect("a directory");
    let runs: Vec<_> = [provisionings(), mistakes(), others()].into_iter().flatten().collect();
    let forms: Vec<_> = secrets().into_iter().flat_map(forms).collect();
    let next = Mutex::new(runs.iter().enumerate().flat_map(|run| MANNERS.iter().map(move |manner| (run, *manner))));
    let complaints = Mutex::new(Vec::new());
    let ends = Mutex::new(BTreeMap::<_, usize>::new());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let Some(((index, run), manner)) = next.lock().expect("no panic").next() else { return };
                    let trace = traces.path().join(format!("{index}{}", manner.concat()));
                    match check(run, manner, &trace, &forms) {
                        Ok(exit) => *ends.lock().expect("no panic").entry(exit).or_default() += 1,
                        Err(complaint) => complaints.lock().expect("no panic").push(complaint),
                    }
                }
            });
        }
    });
    let complaints: Vec<String> = complaints.into_inner().expect("no panic");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // Runs that all end at the first check would show nothing, and prove as much.
    let ends = ends.into_inner().expect("no panic");
    assert!(ends[&Some(0)] > runs.len() && ends.len() > 8, "{ends:?}");
}

/// Runs it; its exit status, or what is wrong with what it left behind.
fn check(run: &Run, manner: &[&str], trace: &Path, forms: &[String]) -> Result<Option<i32>, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_espctl"));
    command.args(&run.args).args(manner).arg("--no-input");
    if !run.args.iter().any(|arg| arg == "--trace") {
        command.arg("--trace").arg(trace);
    }
    command.envs(run.env.iter().map(|(name, value)| (name, value))).env("RUST_BACKTRACE", "full");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a start");
    let mut input = child.stdin.take().expect("a pipe");
    // It may end without having read it.
    let _ = std::io::Write::write_all(&mut input, run.stdin.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("an end");
    let written = fs::read_to_string(trace).unwrap_or_default();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let about = format!("{:?} {manner:?}", run.args);
    for (where_, text) in [("standard output", &*stdout), ("standard error", &*stderr), ("the trace", &*written)] {
        if let Some(form) = forms.iter().find(|form| text.contains(form.as_str())) {
            return Err(format!("{about}: {where_} has {form:?}\n{text}"));
        }
    }
    if stderr.contains("panicked") {
        return Err(format!("{about}: panics\n{stderr}"));
    }
    let documents = serde_json::Deserializer::from_str(&stdout).into_iter::<Value>().collect::<Vec<_>>();
    let one_object = matches!(documents.as_slice(), [Ok(Value::Object(_))]);
    if manner.contains(&"--json") && !one_object {
        return Err(format!("{about}: not one object: {stdout}"));
    }
    if !run.args.contains(&"--trace".to_owned()) && stderr.contains("Connected") && !written.contains("exchange") {
        return Err(format!("{about}: there is no trace"));
    }
    Ok(output.status.code())
}
