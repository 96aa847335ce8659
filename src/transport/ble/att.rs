//! What the operating systems' Bluetooth reports, read: BlueZ, CoreBluetooth and WinRT say the same in other words,
//! and the library hands most of it on as text. Pure.

use btleplug::Error;

use crate::text;

/// Longest text of the operating system that is repeated, in columns.
const TEXT_MAX: usize = 200;

/// Attribute protocol errors (Bluetooth Core, Vol 3, Part F, 3.4.1.1) that mean something here.
mod code {
    pub(super) const INVALID_HANDLE: u8 = 0x01;
    pub(super) const INVALID_PDU: u8 = 0x04;
    pub(super) const AUTHENTICATION: u8 = 0x05;
    pub(super) const AUTHORIZATION: u8 = 0x08;
    pub(super) const NOT_FOUND: u8 = 0x0a;
    pub(super) const KEY_SIZE: u8 = 0x0c;
    pub(super) const VALUE_LENGTH: u8 = 0x0d;
    pub(super) const UNLIKELY: u8 = 0x0e;
    pub(super) const ENCRYPTION: u8 = 0x0f;
}

/// What a failed operation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// The device answered with an error, this one where the system tells it.
    Refused(Option<u8>),
    /// "Unlikely error": the device's own word, or BlueZ's for a request whose link broke.
    Unlikely,
    /// There is no link, and nothing was sent.
    NotConnected,
    /// The device takes no value of that length.
    TooLong,
    /// The device wants an encrypted link.
    Encryption,
    /// The device has no such attribute: what the system knows of it is out of date.
    Stale,
    /// The system knows no such device (any more).
    Unknown,
    /// The system does not let this user, or this program.
    Permission,
    /// The adapter is off.
    NotReady,
    /// The same is being done already.
    InProgress,
    /// No answer came.
    TimedOut,
    /// Something else.
    Other,
}

/// The system's own words, fit to be shown.
pub(super) fn words(error: &Error) -> String {
    shown(&error.to_string())
}

/// A text of the operating system, fit to be shown: what D-Bus says to programs in words for people.
pub(super) fn shown(text: &str) -> String {
    if let Some((_, plain)) = IN_WORDS.iter().find(|(part, _)| text.contains(part)) {
        return (*plain).to_owned();
    }
    let text = text.trim().trim_end_matches('.');
    let text = if text.is_empty() { "no reason given" } else { text };
    text::bounded(&text::sanitise(text), TEXT_MAX).into_owned()
}

/// Reads an error.
pub(super) fn read(error: &Error) -> ErrorClass {
    match error {
        Error::PermissionDenied => ErrorClass::Permission,
        Error::DeviceNotFound => ErrorClass::Unknown,
        Error::NotConnected => ErrorClass::NotConnected,
        Error::NoSuchCharacteristic | Error::UnexpectedCharacteristic => ErrorClass::Stale,
        Error::NoAdapterAvailable => ErrorClass::NotReady,
        Error::TimedOut(_) => ErrorClass::TimedOut,
        Error::NotSupported(text) if text == "ProtocolError" => ErrorClass::Refused(None),
        // D-Bus's name for an error is in the debug form alone.
        other => read_text(&other.to_string(), &format!("{other:?}")),
    }
}

/// Reads an error by its text; `name` holds D-Bus's name for it somewhere.
pub(super) fn read_text(text: &str, name: &str) -> ErrorClass {
    if let Some((_, code)) = text.split_once("ATT error: 0x") {
        let digits: String = code.chars().take_while(char::is_ascii_hexdigit).take(2).collect();
        return u8::from_str_radix(&digits, 16).map_or(ErrorClass::Refused(None), read_code);
    }
    let has = |word: &str| name.contains(word) || text.contains(word);
    BY_WORD.iter().find(|(word, _)| has(word)).map_or(ErrorClass::Other, |(_, trouble)| *trouble)
}

fn read_code(code: u8) -> ErrorClass {
    match code {
        code::INVALID_HANDLE | code::NOT_FOUND => ErrorClass::Stale,
        code::AUTHENTICATION | code::AUTHORIZATION | code::KEY_SIZE | code::ENCRYPTION => ErrorClass::Encryption,
        code::VALUE_LENGTH => ErrorClass::TooLong,
        code::UNLIKELY => ErrorClass::Unlikely,
        code => ErrorClass::Refused(Some(code)),
    }
}

/// What is said in place of a text that has this part.
const IN_WORDS: &[(&str, &str)] = &[
    // The bus, and libdbus.
    ("was not provided by any .service files", "no program on the system bus has its name"),
    ("Could not activate remote peer", "the system could not start it"),
    ("Failed to activate service", "the system could not start it"),
    ("Could not get owner of name", "no program on the system bus has its name"),
    ("disconnected from message bus without replying", "it ended before it answered"),
    ("Did not receive a reply", "it did not answer in time"),
    ("Timeout waiting for reply", "it did not answer in time"),
    ("Rejected send message", "the rules of the system bus do not let this user send to bluetoothd"),
    ("doesn't exist", "bluetoothd does not know it any more"),
    // bluetoothd.
    ("Operation already in progress", "another Bluetooth operation is in progress"),
    ("Resource Not Ready", "the adapter is not ready"),
];

/// Words by which an error is known; the first that is there decides.
const BY_WORD: &[(&str, ErrorClass)] = &[
    // BlueZ, src/gatt-client.c and src/error.c.
    ("Not paired", ErrorClass::Encryption),
    ("Invalid Length", ErrorClass::TooLong),
    ("org.bluez.Error.NotAuthorized", ErrorClass::Encryption),
    ("AuthenticationFailed", ErrorClass::Encryption),
    ("AuthenticationRejected", ErrorClass::Encryption),
    ("AuthenticationCanceled", ErrorClass::Encryption),
    ("AuthenticationTimeout", ErrorClass::Encryption),
    ("Not connected", ErrorClass::NotConnected),
    ("org.bluez.Error.NotConnected", ErrorClass::NotConnected),
    ("org.bluez.Error.NotReady", ErrorClass::NotReady),
    ("org.bluez.Error.InProgress", ErrorClass::InProgress),
    ("org.bluez.Error.DoesNotExist", ErrorClass::Unknown),
    ("org.freedesktop.DBus.Error.UnknownObject", ErrorClass::Unknown),
    ("org.freedesktop.DBus.Error.UnknownMethod", ErrorClass::Unknown),
    ("org.freedesktop.DBus.Error.AccessDenied", ErrorClass::Permission),
    ("org.freedesktop.DBus.Error.NoReply", ErrorClass::TimedOut),
    ("Timeout waiting for reply", ErrorClass::TimedOut),
    ("Service discovery timed out", ErrorClass::TimedOut),
    // btleplug's own, on Linux, for a characteristic it has not found.
    ("Characteristic with UUID", ErrorClass::Stale),
    ("Service with UUID", ErrorClass::Stale),
    // CoreBluetooth, CBATTError and CBError.
    ("Authentication is insufficient", ErrorClass::Encryption),
    ("Authorization is insufficient", ErrorClass::Encryption),
    ("Encryption is insufficient", ErrorClass::Encryption),
    ("encryption key size is insufficient", ErrorClass::Encryption),
    ("Peer removed pairing information", ErrorClass::Encryption),
    ("Failed to encrypt the connection", ErrorClass::Encryption),
    ("value's length is invalid", ErrorClass::TooLong),
    ("The handle is invalid", ErrorClass::Stale),
    ("attribute could not be found", ErrorClass::Stale),
    ("The command is invalid", ErrorClass::Refused(Some(code::INVALID_PDU))),
    ("Unlikely error", ErrorClass::Unlikely),
    ("Unknown ATT error", ErrorClass::Refused(None)),
    ("is not connected", ErrorClass::NotConnected),
    ("connection has timed out", ErrorClass::NotConnected),
    // WinRT, GattCommunicationStatus. Its "unreachable" leaves open whether the request was sent.
    ("GattCommunicationStatus(2)", ErrorClass::Refused(None)),
    ("GattCommunicationStatus(3)", ErrorClass::Encryption),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn bluez(name: &str, text: &str) -> ErrorClass {
        read_text(text, &format!("Other(DbusError(D-Bus error: {text} ({name})))"))
    }

    #[test]
    fn bluez_words_are_read() {
        let failed = |text| bluez("org.bluez.Error.Failed", text);
        assert_eq!(failed("Operation failed with ATT error: 0x80"), ErrorClass::Refused(Some(0x80)));
        assert_eq!(failed("Operation failed with ATT error: 0x04"), ErrorClass::Refused(Some(0x04)));
        assert_eq!(failed("Operation failed with ATT error: 0x0e"), ErrorClass::Unlikely);
        assert_eq!(failed("Operation failed with ATT error: 0x01"), ErrorClass::Stale);
        assert_eq!(failed("Operation failed with ATT error: 0x0f"), ErrorClass::Encryption);
        assert_eq!(failed("Operation failed with ATT error: 0x"), ErrorClass::Refused(None));
        assert_eq!(failed("Not connected"), ErrorClass::NotConnected);
        assert_eq!(failed("le-connection-abort-by-local"), ErrorClass::Other);
        assert_eq!(bluez("org.bluez.Error.InvalidArguments", "Invalid Length"), ErrorClass::TooLong);
        assert_eq!(bluez("org.bluez.Error.NotPermitted", "Not paired"), ErrorClass::Encryption);
        assert_eq!(bluez("org.bluez.Error.NotReady", "Resource Not Ready"), ErrorClass::NotReady);
        assert_eq!(bluez("org.bluez.Error.InProgress", "Operation already in progress"), ErrorClass::InProgress);
        assert_eq!(bluez("org.freedesktop.DBus.Error.AccessDenied", "Rejected send message"), ErrorClass::Permission);
        assert_eq!(bluez("org.freedesktop.DBus.Error.UnknownObject", "x"), ErrorClass::Unknown);
    }

    #[test]
    fn the_other_systems_words_are_read() {
        let runtime = |text: &str| read(&Error::RuntimeError(text.to_owned()));
        assert_eq!(runtime("Encryption is insufficient."), ErrorClass::Encryption);
        assert_eq!(runtime("Unknown ATT error."), ErrorClass::Refused(None));
        assert_eq!(runtime("The specified device has disconnected from us."), ErrorClass::Other);
        let windows = |number| format!("Windows UWP threw error on write: GattCommunicationStatus({number})");
        assert_eq!(read(&Error::Other(windows(2).into())), ErrorClass::Refused(None));
        assert_eq!(read(&Error::Other(windows(3).into())), ErrorClass::Encryption);
        assert_eq!(read(&Error::PermissionDenied), ErrorClass::Permission);
    }

    #[test]
    fn what_the_bus_says_to_programs_is_said_in_words() {
        for (text, said) in [
            ("The name org.bluez was not provided by any .service files", "no program"),
            ("Message recipient disconnected from message bus without replying", "ended"),
            ("Method \"Get\" with signature \"ss\" on interface \"org.bluez.Device1\" doesn't exist", "know"),
            ("Rejected send message, 2 matched rules; type=\"method_call\"", "rules of the system bus"),
            ("Operation already in progress", "in progress"),
        ] {
            assert!(shown(text).contains(said) && !shown(text).contains("org."), "{}", shown(text));
        }
        assert_eq!(shown("le-connection-abort-by-local"), "le-connection-abort-by-local");
    }

    #[test]
    fn hostile_words_are_shown_escaped_and_cut() {
        assert_eq!(shown("\x1b[2Jgone."), "\\x1b[2Jgone");
        assert_eq!(shown(" "), "no reason given");
        assert!(shown(&"x".repeat(9000)).chars().count() <= TEXT_MAX);
    }
}
