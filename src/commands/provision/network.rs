//! Which network the device is to join, as typed, from the environment and from the settings files. Every value is
//! checked here; nothing is asked or sent.

use std::path::PathBuf;

use crate::code::Code;
use crate::commands::app::App;
use crate::commands::input::{SecretSource, hex_bytes, is_standard_input};
use crate::device::plan::{
    check_dataset, check_passphrase, check_passphrase_or_key, check_ssid, dataset_digits, read_bssid, read_channel,
};
use crate::device::{AnswerError, Question, WifiPlan};
use crate::failure::Failure;
use crate::process::input::Input;
use crate::secret::{Passphrase, ThreadDataset};
use crate::settings::{find, given, keys};

/// Which network the device is to join.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
#[allow(clippy::struct_excessive_bools)] // switches, as typed
pub(super) struct NetworkArgs {
    /// The network's name; without it, the device scans and you choose [env: ESPCTL_SSID]
    #[arg(long, value_name = "NAME", conflicts_with = "ssid_hex")]
    ssid: Option<String>,
    /// The network's name in hex, for names that are no UTF-8
    #[arg(long, alias = "ssid_hex", value_name = "HEX")]
    ssid_hex: Option<String>,
    /// The network has no passphrase
    #[arg(long, conflicts_with_all = ["passphrase", "passphrase_file", "passphrase_stdin"])]
    pub(super) open: bool,
    /// One access point of the network, AA:BB:CC:DD:EE:FF (most firmware ignores it)
    #[arg(long, value_name = "ADDRESS")]
    bssid: Option<String>,
    /// The network's channel, 1 to 14, or from 36 on at 5 GHz (most firmware ignores it)
    #[arg(long, value_name = "NUMBER", value_parser = read_channel)]
    channel: Option<u8>,
    /// The network's passphrase, 8 to 63 bytes, or its WEP key, 5 or 13 [env: ESPCTL_PASSPHRASE]
    #[arg(long, value_name = "TEXT")]
    passphrase: Option<String>,
    /// Read the passphrase from a file; - for standard input
    #[arg(long, alias = "passphrase_file", value_name = "FILE", conflicts_with_all = ["passphrase", "passphrase_stdin"])]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from standard input
    #[arg(long, alias = "passphrase_stdin", conflicts_with_all = ["passphrase", "pop_stdin", "sec2_password_stdin"])]
    passphrase_stdin: bool,
    /// Only tell the device whose it is; give it no network
    #[arg(long, alias = "no_wifi", conflicts_with_all = ["ssid", "ssid_hex", "open", "thread_dataset"])]
    pub(super) no_wifi: bool,
    /// Thread devices: the operational dataset in hex [env: ESPCTL_THREAD_DATASET]
    #[arg(long, alias = "thread_dataset", value_name = "HEX", conflicts_with_all = ["ssid", "ssid_hex"])]
    thread_dataset: Option<String>,
    /// Do not offer another try after a failed join
    #[arg(long, alias = "no_retry")]
    pub(super) no_retry: bool,
}

impl NetworkArgs {
    /// The options that read standard input, and whether they were given so.
    pub(super) fn readers(&self) -> [(&'static str, bool); 2] {
        let in_file = self.passphrase_file.as_deref().is_some_and(is_standard_input);
        [("--passphrase-stdin", self.passphrase_stdin), ("--passphrase-file -", in_file)]
    }
}

pub(super) fn missing_network(qr: bool) -> Failure {
    let failure = Failure::from(AnswerError::Missing(Question::Network))
        .last_hint("a Thread device takes --thread-dataset instead");
    if qr { failure.because("a device's QR code does not hold the network it is to join") } else { failure }
}

/// The Wi-Fi network.
///
/// # Errors
/// Values that no network has, and files that cannot be read.
pub(super) async fn wifi(args: &NetworkArgs, input: &Input, app: &App<'_>) -> Result<WifiPlan, Failure> {
    let ssid = match &args.ssid_hex {
        Some(digits) => Some(hex_bytes(digits, "--ssid-hex")?),
        None if args.thread_dataset.is_some() || args.no_wifi => None,
        None => find(&keys::SSID, args.ssid.clone(), app.environment, app.files).map(|ssid| ssid.value.into_bytes()),
    };
    if let Some(ssid) = &ssid {
        check_ssid(ssid)?;
    }
    let source = SecretSource {
        flag: args.passphrase.clone(),
        flag_name: "--passphrase",
        file: args.passphrase_file.as_deref(),
        stdin: args.passphrase_stdin,
        question: "Passphrase",
        variable: "ESPCTL_PASSPHRASE",
    };
    // What a settings file says of a network belongs to the name beside it.
    let files = ssid.as_deref().map(|ssid| app.files.of_network(ssid)).unwrap_or_default();
    let in_files = || files.iter().find_map(|file| file.secret(&keys::PASSPHRASE));
    let passphrase = match (args.open, source.read(app.environment, app.output, input).await?) {
        (true, _) => Some(Passphrase::new([])),
        (false, None) => in_files().map(|secret| secret.get(keys::PASSPHRASE.name, app.environment)).transpose()?,
        (false, given) => given,
    };
    if let Some(passphrase) = &passphrase {
        // The key of a network with WEP fits where the device hears that the network has it.
        if ssid.is_some() { check_passphrase(passphrase) } else { check_passphrase_or_key(passphrase) }?;
        if passphrase.is_empty() && !args.open {
            return Err(Failure::new(Code::WifiPassphraseInvalid).because("it is empty"));
        }
    }
    let in_file = |key| files.iter().find_map(|file| file.value(key)).map(str::to_owned);
    let bssid = args.bssid.clone().or_else(|| in_file(&keys::BSSID)).as_deref().map(bssid).transpose()?;
    let channel_in_file = in_file(&keys::CHANNEL).filter(|_| args.channel.is_none());
    let channel = channel_in_file
        .as_deref()
        .map(read_channel)
        .transpose()
        .map_err(|takes| Failure::new(Code::ConfigInvalid).because(format!("{} {takes}", keys::CHANNEL.name)))?;
    let channel = args.channel.or(channel);
    Ok(WifiPlan { ssid, passphrase, bssid, channel })
}

fn bssid(text: &str) -> Result<[u8; 6], Failure> {
    let refused = |why: String| {
        Failure::new(Code::UsageInvalid)
            .saying("--bssid takes six pairs of hex digits, like AA:BB:CC:DD:EE:FF")
            .because(why)
    };
    read_bssid(text).map_err(refused)
}

/// The Thread dataset.
///
/// # Errors
/// A dataset that cannot be one.
pub(super) fn dataset(args: &NetworkArgs, app: &App<'_>) -> Result<Option<ThreadDataset>, Failure> {
    let digits = given(args.thread_dataset.clone(), "--thread-dataset", "ESPCTL_THREAD_DATASET", app.environment);
    let has_wifi = args.ssid.is_some() || args.ssid_hex.is_some() || args.no_wifi;
    let Some(digits) = digits.filter(|_| !has_wifi) else { return Ok(None) };
    let dataset = ThreadDataset::new(hex_bytes(dataset_digits(&digits.value), "--thread-dataset")?);
    check_dataset(&dataset)?;
    Ok(Some(dataset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_point_is_six_pairs_of_digits() {
        assert_eq!(bssid("aa:bb:cc:dd:ee:ff"), Ok([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]));
        for (text, why) in
            [("zz", "other than hex"), ("aa:bb:cc:dd:ee:f", "odd"), ("aa:bb", "2 bytes"), ("", "0 bytes")]
        {
            let failure = bssid(text).expect_err(text);
            assert!(failure.message.contains("six pairs") && failure.causes[0].contains(why), "{text}: {failure:?}");
        }
    }
}
