//! Which serial port is meant: by path, glob, USB id, serial number or stable path, or the only board there is. Pure.
//!
//! Ports that belong to no USB bridge that boards use are never taken unasked: opening one may restart a machine that
//! is no board.

use super::PortError;

/// The makers of the USB side of boards, the likeliest first: vendor id and what it is called.
const BOARDS: &[(u16, &str)] = &[(0x303a, "Espressif"), (0x10c4, "CP210x"), (0x1a86, "CH34x"), (0x0403, "FTDI")];

/// A serial port of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Port {
    /// Its path or name: `/dev/ttyUSB0`, `COM3`.
    pub path: String,
    /// Paths that stay the same when ports are renumbered.
    pub aliases: Vec<String>,
    /// The USB device behind it, where there is one.
    pub usb: Option<Usb>,
}

/// What a USB device says of itself. Texts are as it says them: sanitise them where they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usb {
    /// Vendor id.
    pub vid: u16,
    /// Product id.
    pub pid: u16,
    /// Serial number.
    pub serial: Option<String>,
    /// What it calls itself.
    pub product: Option<String>,
}

impl Port {
    /// The kind of USB side boards have; `None` for all other ports.
    pub fn board(&self) -> Option<&'static str> {
        self.rank().map(|rank| BOARDS[rank].1)
    }

    /// 0 for the likeliest.
    fn rank(&self) -> Option<usize> {
        let vid = self.usb.as_ref()?.vid;
        BOARDS.iter().position(|(board, _)| *board == vid)
    }

    /// One line about it: path, maker, USB id, serial number. Not sanitised.
    pub fn describe(&self) -> String {
        let mut words = vec![self.path.clone()];
        words.extend(self.board().map(str::to_owned));
        if let Some(usb) = &self.usb {
            words.push(format!("usb:{:04x}:{:04x}", usb.vid, usb.pid));
            words.extend(usb.serial.as_ref().map(|serial| format!("serial {serial}")));
        }
        words.join(" ")
    }

    fn is_meant_by(&self, wanted: &str) -> bool {
        if let Some(ids) = strip_prefix(wanted, "usb:") {
            let own = |usb: &Usb| {
                read_ids(ids).is_some_and(|(vid, pid)| usb.vid == vid && pid.is_none_or(|pid| usb.pid == pid))
            };
            return self.usb.as_ref().is_some_and(own);
        }
        let serial = self.usb.as_ref().and_then(|usb| usb.serial.as_deref());
        let mut names = self.aliases.iter().map(String::as_str).chain([self.path.as_str()]);
        names.any(|name| name.eq_ignore_ascii_case(wanted) || glob(wanted.as_bytes(), name.as_bytes()))
            || serial.is_some_and(|serial| serial.eq_ignore_ascii_case(wanted))
    }
}

/// The likeliest boards first, then by path.
pub(super) fn sort(ports: &mut [Port]) {
    ports.sort_by(|a, b| {
        let rank = |port: &Port| port.rank().unwrap_or(usize::MAX);
        rank(a).cmp(&rank(b)).then_with(|| a.path.cmp(&b.path))
    });
}

/// Whether a port can be named so at all.
///
/// # Errors
/// [`PortError::BadName`].
pub fn check_name(wanted: &str) -> Result<(), PortError> {
    match strip_prefix(wanted, "usb:") {
        Some(ids) if read_ids(ids).is_none() => Err(PortError::BadName { wanted: wanted.to_owned() }),
        _ => Ok(()),
    }
}

/// The one port that `wanted` names among sorted `ports`; the only board where it is empty.
///
/// # Errors
/// [`PortError::BadName`], [`PortError::NoBoard`], [`PortError::Absent`], [`PortError::Several`].
pub fn select<'a>(wanted: &str, ports: &'a [Port]) -> Result<&'a Port, PortError> {
    check_name(wanted)?;
    let meant = |port: &&Port| if wanted.is_empty() { port.board().is_some() } else { port.is_meant_by(wanted) };
    let matching: Vec<_> = ports.iter().filter(meant).collect();
    let all = |ports: &mut dyn Iterator<Item = &Port>| ports.map(Port::describe).collect();
    match matching.as_slice() {
        [one] => Ok(one),
        [] if wanted.is_empty() => Err(PortError::NoBoard { others: all(&mut ports.iter()) }),
        [] => Err(PortError::Absent { wanted: wanted.to_owned(), present: all(&mut ports.iter()) }),
        several => Err(PortError::Several { ports: all(&mut several.iter().copied()) }),
    }
}

/// `VID:PID` or `VID`, in hex digits and nothing else.
fn read_ids(text: &str) -> Option<(u16, Option<u16>)> {
    let id = |digits: &str| {
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    match text.split_once(':') {
        Some((vid, pid)) => Some((id(vid)?, Some(id(pid)?))),
        None => Some((id(text)?, None)),
    }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Whether `name` fits a pattern in which `*` stands for anything. No recursion: a name that does not fit costs
/// length times length at most.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut fitted) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while fitted < name.len() {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, fitted));
                at += 1;
            }
            (Some(byte), _) if *byte == name[fitted] => {
                at += 1;
                fitted += 1;
            }
            // The last star takes one more.
            (_, Some((place, taken))) => {
                star = Some((place, taken + 1));
                at = place + 1;
                fitted = taken + 1;
            }
            _ => return false,
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(path: &str, vid: u16, serial: &str) -> Port {
        let usb = Usb { vid, pid: 0x1001, serial: Some(serial.to_owned()), product: None };
        let alias = format!("/dev/serial/by-id/usb-{serial}-if00");
        Port { path: path.to_owned(), aliases: vec![alias], usb: Some(usb) }
    }

    fn plain(path: &str) -> Port {
        Port { path: path.to_owned(), ..Port::default() }
    }

    fn path(wanted: &str, ports: &[Port]) -> Result<String, PortError> {
        select(wanted, ports).map(|port| port.path.clone())
    }

    #[test]
    fn the_only_board_is_taken_and_nothing_else() {
        let board = port("/dev/ttyUSB0", 0x10c4, "A1");
        let modem = port("/dev/ttyACM7", 0x12d1, "M1");
        assert_eq!(path("", &[modem.clone(), plain("/dev/ttyAMA0"), board]), Ok("/dev/ttyUSB0".into()));
        let Err(PortError::NoBoard { others }) = path("", &[modem]) else { panic!("a modem is no board") };
        assert!(others[0].contains("usb:12d1:1001"), "{others:?}");
    }

    #[test]
    fn several_are_listed_the_likeliest_first() {
        let mut ports = [
            port("/dev/ttyUSB1", 0x0403, "F"),
            port("/dev/ttyUSB0", 0x1a86, "C"),
            port("/dev/ttyUSB2", 0x10c4, "S"),
            plain("/dev/ttyAMA0"),
            port("/dev/ttyACM0", 0x303a, "E"),
        ];
        sort(&mut ports);
        let Err(PortError::Several { ports: listed }) = path("", &ports) else { panic!("four boards") };
        let boards: Vec<_> = listed.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(boards, ["Espressif", "CP210x", "CH34x", "FTDI"]);
    }

    #[test]
    fn a_port_has_many_names() {
        let ports = [port("/dev/ttyACM0", 0x303a, "F4:12:FA"), port("/dev/ttyUSB0", 0x10c4, "0001")];
        let names = [
            "/dev/ttyACM0",
            "/dev/ttyACM*",
            "/dev/serial/by-id/usb-F4:12:FA-if00",
            "*F4:12*",
            "usb:303a:1001",
            "USB:303A",
            "f4:12:fa",
        ];
        for wanted in names {
            assert_eq!(path(wanted, &ports), Ok("/dev/ttyACM0".into()), "{wanted}");
        }
        assert!(matches!(path("/dev/tty*", &ports), Err(PortError::Several { .. })));
        for wanted in ["/dev/ttyACM1", "usb:303a:9999", "usb:1a86", "0002", "*x"] {
            assert!(matches!(path(wanted, &ports), Err(PortError::Absent { .. })), "{wanted}");
        }
    }

    #[test]
    fn what_is_not_a_usb_id_is_refused() {
        let ports = [port("/dev/ttyACM0", 0x303a, "A1")];
        for wanted in
            ["usb:", "usb:zzzz:1234", "usb:303a:", "usb::1001", "usb:303a:10011", "usb:303a:1001:AB", "USB:+303a"]
        {
            assert_eq!(path(wanted, &ports), Err(PortError::BadName { wanted: wanted.into() }));
        }
    }
}
