//! Which device a command is about, and the secrets of its session: options and environment as the parts that
//! `settings::target` resolves.

use super::app::App;
use super::args::{DeviceArgs, SecurityArgs};
use super::input::{self, SecretSource};
use crate::code::Code;
use crate::device::SecurityPlan;
use crate::failure::Failure;
use crate::origin::Origin;
use crate::process::input::Input;
use crate::report::Output;
use crate::secret::Secret;
use crate::settings::keys::{self, device_parts};
use crate::settings::target::{Target, resolve};
use crate::settings::{Environment, Files, Setting, find, given};
use crate::text;
use crate::transport::DeviceParts;
use crate::wire::qr::Payload;

/// The parts of the device's name that options, environment and settings files have.
pub(super) fn parts(args: &DeviceArgs, environment: Environment<'_>, files: &Files) -> Result<DeviceParts, Failure> {
    device_parts(&|key| find(key, args.value(key), environment, files))
}

/// Works out which device is meant; what its console is wished to speak is known already. No I/O but reading the QR
/// payload.
pub(super) async fn target(
    args: &DeviceArgs,
    dialect: Option<Setting<String>>,
    input: &Input,
    app: &App<'_>,
) -> Result<Target, Failure> {
    let label = label(args, app.output, input).await?;
    let parts = parts(args, app.environment, app.files)?;
    let dialect = dialect.or_else(|| parts.dialect.clone());
    resolve(&DeviceParts { dialect, label, ..parts }, app.kinds)
}

/// The payload of `--qrcode`.
pub(super) async fn label(args: &DeviceArgs, output: Output, input: &Input) -> Result<Option<Payload>, Failure> {
    match &args.qrcode {
        Some(argument) => input::qr_payload(argument, output, input).await.map(Some),
        None => Ok(None),
    }
}

/// Where a system permits Bluetooth to the terminal program, not to espctl, says which program that is.
pub(super) fn name_terminal(failure: Failure, app: &App<'_>) -> Failure {
    let terminal = (app.environment)("TERM_PROGRAM").filter(|name| !name.is_empty() && cfg!(target_vendor = "apple"));
    match terminal {
        Some(name) if failure.code == Code::BlePermission => failure.hint(format!(
            "System Settings, Privacy & Security, Bluetooth: allow {}, then start it anew",
            text::bounded(&text::sanitise(name.trim_end_matches(".app")), 64)
        )),
        _ => failure,
    }
}

/// The adapter that was named, on the command line, in the environment or in a settings file.
pub(super) fn adapter(flag: Option<&str>, app: &App<'_>) -> Result<Option<Setting<String>>, Failure> {
    let adapter = find(&keys::ADAPTER, flag.map(str::to_owned), app.environment, app.files);
    match adapter {
        Some(adapter) if adapter.value.is_empty() => Err(Failure::new(Code::UsageInvalid)
            .saying(format!("{} is empty", adapter.origin))
            .hint("it takes a name like hci0, or an address")),
        adapter => Ok(adapter),
    }
}

/// Gathers what was given of the session's secrets; `positional` is esp-rainmaker-cli's old way to give the PoP.
pub(super) async fn security_plan(
    args: &SecurityArgs,
    positional: Option<String>,
    input: &Input,
    app: &App<'_>,
) -> Result<SecurityPlan, Failure> {
    let pop = SecretSource {
        flag: args.pop.clone().or(positional),
        flag_name: "--pop",
        file: args.pop_file.as_deref(),
        stdin: args.pop_stdin,
        question: "Proof of possession (PoP)",
        variable: "ESPCTL_POP",
    };
    let password = SecretSource {
        flag: args.sec2_password.clone(),
        flag_name: "--sec2-password",
        file: args.sec2_password_file.as_deref(),
        stdin: args.sec2_password_stdin,
        question: "Password of security 2",
        variable: "ESPCTL_SEC2_PASSWORD",
    };
    let username = given(args.sec2_username.clone(), "--sec2-username", "ESPCTL_SEC2_USERNAME", app.environment);
    if let (Some(version), Some(least)) = (args.sec_ver, args.min_sec)
        && version < least
    {
        return Err(Failure::new(Code::UsageConflict)
            .saying(format!("--sec-ver {version} is less than --min-sec {least} accepts"))
            .hint("leave out one of them"));
    }
    let plan = SecurityPlan {
        version: args.sec_ver,
        insists: args.sec_ver.is_some(),
        minimum: Setting::option(args.min_sec, "--min-sec"),
        allow_insecure: args.allow_insecure,
        pop: pop.read(app.environment, app.output, input).await?,
        username: username.map(|username| username.value),
        password: password.read(app.environment, app.output, input).await?,
    };
    check(&plan)?;
    Ok(plan)
}

/// Refuses what no handshake can use. An empty PoP stands for "the device has none", which security 2 does not know.
fn check(plan: &SecurityPlan) -> Result<(), Failure> {
    let empty = |what: &str, hint: &str| Err(Failure::new(Code::UsageInvalid).saying(what).only_hints([hint]));
    if plan.username.as_ref().is_some_and(String::is_empty) {
        return empty("the user name of security 2 is empty", "leave out --sec2-username: the default is wifiprov");
    }
    if plan.password.as_ref().is_some_and(Secret::is_empty) {
        return empty(
            "the password of security 2 is empty",
            "leave out --sec2-password where the proof of possession is the password",
        );
    }
    if plan.version == Some(2) && plan.password.is_none() && plan.pop.as_ref().is_some_and(Secret::is_empty) {
        return empty(
            "the proof of possession is empty, but it is the password of security 2",
            "give it with --pop, or the password with --sec2-password",
        );
    }
    Ok(())
}

/// What was given, what the label has where nothing was, and then what the settings files have.
pub(super) fn completed(plan: SecurityPlan, payload: Option<&Payload>, app: &App<'_>) -> Result<SecurityPlan, Failure> {
    let SecurityPlan { version, insists, pop, username, password, minimum, allow_insecure } = plan;
    let label = payload.and_then(|payload| payload.security).map(|least| Setting::new(least, Origin::QrPayload));
    let in_files = app.files.values(&keys::MIN_SEC);
    let in_files = in_files.filter_map(|least| Some(Setting::new(least.value.parse().ok()?, least.origin)));
    // Of several, all hold. A file's version is passed over where it is less.
    let minimum = minimum.into_iter().chain(label).chain(in_files).max_by_key(|least| least.value);
    let enough = |version: &u8| minimum.as_ref().is_none_or(|least| *version >= least.value);
    let from_file = |key| app.files.value(key).map(|setting| setting.value);
    let pop = match pop.or_else(|| payload.and_then(|payload| payload.pop.clone())) {
        None => app.files.read_secret(&keys::POP, app.environment)?,
        given => given,
    };
    let password = match password {
        None => app.files.read_secret(&keys::PASSWORD, app.environment)?,
        given => given,
    };
    let username = username.or_else(|| payload.and_then(|payload| payload.username.clone()));
    Ok(SecurityPlan {
        version: version.or_else(|| from_file(&keys::SEC_VER)?.parse().ok().filter(enough)),
        insists,
        minimum,
        allow_insecure,
        pop,
        username: username.or_else(|| from_file(&keys::USERNAME)),
        password,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use clap::Parser;

    use super::*;
    use crate::settings::keys::Key;
    use crate::transport::KINDS;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        device: DeviceArgs,
    }

    /// What a command line means.
    fn from_line(words: &[&str], variables: &HashMap<&str, &str>) -> Result<Target, Failure> {
        let line = Line::parse_from(["espctl"].iter().chain(words));
        let environment = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        resolve(&parts(&line.device, &environment, &Files::default())?, KINDS)
    }

    /// What a row of a file, or a request, with the same values means.
    fn from_row(words: &[&str]) -> Result<Target, Failure> {
        let row: HashMap<_, _> = words.chunks(2).map(|pair| (pair[0].trim_start_matches("--"), pair[1])).collect();
        let find = |key: &'static Key| Setting::option(row.get(key.name).map(|value| (*value).to_owned()), key.option);
        resolve(&device_parts(&find)?, KINDS)
    }

    fn shown(target: Result<Target, Failure>) -> Result<(String, Option<String>, bool), Failure> {
        target.map(|target| (target.locator.to_string(), target.name, target.explicit))
    }

    #[test]
    fn a_command_line_and_a_row_mean_the_same_device() {
        for (words, locator) in [
            (&[][..], "softap:"),
            (&["--address", "10.0.0.1:8080"], "softap:10.0.0.1:8080"),
            (&["--address", "24:0A:C4:00:00:01"], "ble:24:0A:C4:00:00:01"),
            (&["--transport", "ble", "--device-name", "PROV_1"], "ble:PROV_1"),
            (&["--transport", "ble", "--adapter", "hci1"], "ble:?adapter=hci1"),
            (&["--device", "ble:", "--device-name", "PROV_1"], "ble:PROV_1"),
            (&["--port", "/dev/ttyUSB0", "--baud", "9600"], "console:/dev/ttyUSB0?baud=9600"),
            (&["--reset", "boot"], "console:?reset=boot"),
        ] {
            let line = shown(from_line(words, &HashMap::new()));
            assert_eq!(line.as_ref().map(|target| target.0.as_str()), Ok(locator), "{words:?}");
            assert_eq!(line, shown(from_row(words)), "{words:?}");
        }
    }

    #[test]
    fn a_command_line_and_a_row_are_refused_alike() {
        for (words, code) in [
            (&["--transport", "pigeon"][..], Code::UsageInvalid),
            (&["--transport", "on-network"], Code::UsageUnsupported),
            (&["--transport", "softap", "--adapter", "hci0"], Code::UsageConflict),
            (&["--transport", "softap", "--port", "COM3"], Code::UsageConflict),
            (&["--transport", "ble", "--address", "10.0.0.1"], Code::UsageInvalid),
            (&["--device", "ble:PROV_1", "--device-name", "PROV_2"], Code::UsageConflict),
            (&["--device", "console:COM3", "--baud", "9600"], Code::UsageConflict),
            (&["--address", ""], Code::UsageInvalid),
        ] {
            let line = shown(from_line(words, &HashMap::new())).map_err(|failure| failure.code);
            assert_eq!(line, Err(code), "{words:?}");
            assert_eq!(line, shown(from_row(words)).map_err(|failure| failure.code), "{words:?}");
        }
    }

    #[test]
    fn an_option_wins_over_a_variable() {
        let variables = HashMap::from([("ESPCTL_DEVICE", "ble:PROV_1"), ("ESPCTL_PORT", "COM3")]);
        let locator = |words: &[&str]| from_line(words, &variables).expect("a device").locator.to_string();
        assert_eq!(locator(&[]), "ble:PROV_1");
        assert_eq!(locator(&["--transport", "console"]), "console:COM3");
        assert_eq!(locator(&["--baud", "9600"]), "console:COM3?baud=9600");
        assert_eq!(locator(&["--address", "10.0.0.1"]), "softap:10.0.0.1");
    }
}
