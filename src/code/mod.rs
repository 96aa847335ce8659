//! Every error code: its word, its exit status, what it means, and what to do about it.
//!
//! The words are stable; scripts match on them. `espctl explain` prints these entries and docs/errors.md is generated
//! from them (a test compares).
//!
//! - `entry.rs`: what the catalogue says of a code
//! - `exit.rs`: the exit statuses
//! - `hint.rs`: hints with a condition, and the facts they depend on
//! - `input.rs`: entries for what is wrong before a device is reached
//! - `link.rs`, `ble.rs`: entries for the way to a device
//! - `device.rs`: entries for what a device answered or did, and how a run ended
//! - `backend.rs`: entries for where devices are registered
//! - `account.rs`: entries for the account at a cloud

mod account;
mod backend;
mod ble;
mod device;
mod entry;
mod exit;
mod hint;
mod input;
mod link;

pub use entry::Entry;
pub use exit::Exit;
pub use hint::{Fact, Facts, Hint};

/// Where the board's log was expected and nothing came. The catalogue has it at some codes, a run adds it to others.
pub const LOG_SILENT: Hint = device::LOG_SILENT;

macro_rules! codes {
    ($($name:ident = $group:ident::$entry:ident;)*) => {
        /// A stable error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each is documented by its entry's own words
        pub enum Code { $($name),* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What the catalogue says of it.
            pub fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$name => &$group::$entry),*
                }
            }
        }
    };
}

codes! {
    UsageInvalid = input::USAGE_INVALID;
    UsageMissing = input::USAGE_MISSING;
    UsageConflict = input::USAGE_CONFLICT;
    UsageUnsupported = input::USAGE_UNSUPPORTED;
    UsageUnknownCode = input::USAGE_UNKNOWN_CODE;
    InputClosed = input::INPUT_CLOSED;
    FileUnreadable = input::FILE_UNREADABLE;
    ConfigInvalid = input::CONFIG_INVALID;
    OutputFailed = input::OUTPUT_FAILED;
    TraceFailed = input::TRACE_FAILED;
    QrInvalid = input::QR_INVALID;
    QrNoCode = input::QR_NO_CODE;
    WifiSsidInvalid = input::WIFI_SSID_INVALID;
    WifiPassphraseInvalid = input::WIFI_PASSPHRASE_INVALID;
    WifiEnterprise = input::WIFI_ENTERPRISE;
    ThreadDatasetInvalid = input::THREAD_DATASET_INVALID;
    LinkUnreachable = link::LINK_UNREACHABLE;
    LinkPermission = link::LINK_PERMISSION;
    LinkLost = link::LINK_LOST;
    LinkNotADevice = link::LINK_NOT_A_DEVICE;
    PortAbsent = link::PORT_ABSENT;
    PortNoBoard = link::PORT_NO_BOARD;
    PortSeveral = link::PORT_SEVERAL;
    PortPermission = link::PORT_PERMISSION;
    PortBusy = link::PORT_BUSY;
    PortUnusable = link::PORT_UNUSABLE;
    ConsoleSilent = link::CONSOLE_SILENT;
    ConsoleGarbage = link::CONSOLE_GARBAGE;
    ConsoleNoPrompt = link::CONSOLE_NO_PROMPT;
    ConsoleBootLoop = link::CONSOLE_BOOT_LOOP;
    ConsoleRestarted = link::CONSOLE_RESTARTED;
    ConsoleFlooded = link::CONSOLE_FLOODED;
    ConsoleNotProvisioning = link::CONSOLE_NOT_PROVISIONING;
    ConsoleNotRainMaker = link::CONSOLE_NOT_AGENT;
    BleNotFound = ble::NOT_FOUND;
    BleSeveral = ble::SEVERAL;
    BleAdapterAbsent = ble::ADAPTER_ABSENT;
    BleAdapterOff = ble::ADAPTER_OFF;
    BleSeveralAdapters = ble::SEVERAL_ADAPTERS;
    BleNoBus = ble::NO_BUS;
    BleNoBluetoothd = ble::NO_BLUETOOTHD;
    BlePermission = ble::PERMISSION;
    BleBusy = ble::BUSY;
    BleConnectFailed = ble::CONNECT_FAILED;
    BleServicesUnresolved = ble::SERVICES_UNRESOLVED;
    BlePairingFailed = ble::PAIRING_FAILED;
    BleNotProvisioning = ble::NOT_PROVISIONING;
    BleNoPeripheral = ble::NO_PERIPHERAL;
    BleAdvertisingRefused = ble::ADVERTISING_REFUSED;
    BleStack = ble::STACK;
    DeviceNotProvisioning = device::DEVICE_NOT_PROVISIONING;
    SecurityUnsupported = device::SECURITY_UNSUPPORTED;
    SecurityDoesNotFit = device::SECURITY_DOES_NOT_FIT;
    SecurityDowngrade = device::SECURITY_DOWNGRADE;
    SecurityMismatch = device::SECURITY_MISMATCH;
    SecurityBroken = device::SECURITY_BROKEN;
    ProofRejected = device::PROOF_REJECTED;
    DeviceUnproven = device::DEVICE_UNPROVEN;
    LockedOut = device::LOCKED_OUT;
    SessionLost = device::SESSION_LOST;
    DeviceRefused = device::DEVICE_REFUSED;
    DeviceNoEndpoint = device::DEVICE_NO_ENDPOINT;
    DeviceBadReply = device::DEVICE_BAD_REPLY;
    DeviceUnclaimed = device::DEVICE_UNCLAIMED;
    AlreadyProvisioned = device::ALREADY_PROVISIONED;
    AssociationRefused = device::ASSOCIATION_REFUSED;
    AssociationUnconfirmed = backend::UNCONFIRMED;
    BackendMisconfigured = backend::MISCONFIGURED;
    BackendLoginNeeded = backend::LOGIN_NEEDED;
    BackendRecordForeign = backend::RECORD_FOREIGN;
    BackendUnreachable = backend::UNREACHABLE;
    BackendTls = backend::TLS;
    BackendRefused = backend::REFUSED;
    BackendConflict = backend::CONFLICT;
    BackendUnavailable = backend::UNAVAILABLE;
    BackendBadReply = backend::BAD_REPLY;
    AccountUnknownProfile = account::UNKNOWN_PROFILE;
    AccountNotLoggedIn = account::NOT_LOGGED_IN;
    AccountLoginExpired = account::LOGIN_EXPIRED;
    AccountPasswordRejected = account::PASSWORD_REJECTED;
    AccountCodeRejected = account::CODE_REJECTED;
    AccountFilesDamaged = account::FILES_DAMAGED;
    AccountFilesUnusable = account::FILES_UNUSABLE;
    ScanFailed = device::SCAN_FAILED;
    WifiAuthFailed = device::WIFI_AUTH_FAILED;
    WifiNotFound = device::WIFI_NOT_FOUND;
    WifiOtherNetwork = device::WIFI_OTHER_NETWORK;
    ThreadOtherNetwork = device::THREAD_OTHER_NETWORK;
    WifiNotJoined = device::WIFI_NOT_JOINED;
    ThreadNotFound = device::THREAD_NOT_FOUND;
    ThreadDatasetRejected = device::THREAD_DATASET_REJECTED;
    ThreadNotAttached = device::THREAD_NOT_ATTACHED;
    Unconfirmed = device::UNCONFIRMED;
    BoardPortLost = link::BOARD_PORT_LOST;
    BoardSilent = link::BOARD_SILENT;
    BoardGarbled = link::BOARD_GARBLED;
    BoardNoPayload = link::BOARD_NO_PAYLOAD;
    BoardCrashed = link::BOARD_CRASHED;
    MonitorNoMatch = link::MONITOR_NO_MATCH;
    DeadlineStep = link::DEADLINE_STEP;
    DeadlineTotal = link::DEADLINE_TOTAL;
    Interrupted = device::INTERRUPTED;
    Unexpected = device::UNEXPECTED;
}

impl Code {
    /// The stable word.
    pub fn word(self) -> &'static str {
        self.entry().word
    }

    /// The code with this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_are_unique_and_well_formed() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for word in words {
            let (stage, reason) = word.split_once('.').expect(word);
            let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(plain(stage) && plain(reason), "{word}");
            assert_eq!(Code::find(word).map(Code::word), Some(word));
        }
    }
}
