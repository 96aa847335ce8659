//! Why a serial port cannot be used: it is not there, it may not be opened, another program has it, or it is not clear
//! which one is meant. The evidence only; what to do about it is said above.

/// A port that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Words that no port can be named by.
    #[error("usb: takes a vendor and a product id in hex, like usb:303a:1001, or the vendor's alone")]
    BadName {
        /// As it was named.
        wanted: String,
    },
    /// No such port.
    #[error("there is no serial port {wanted}")]
    Absent {
        /// As it was named.
        wanted: String,
        /// The ports that are there.
        present: Vec<String>,
    },
    /// None was named, and none looks like a board.
    #[error("no port was named, and none belongs to a USB bridge that boards use")]
    NoBoard {
        /// The ports that are there and look like something else.
        others: Vec<String>,
    },
    /// Several could be meant.
    #[error("{} serial ports match", ports.len())]
    Several {
        /// Those ports, the likeliest first.
        ports: Vec<String>,
    },
    /// The operating system does not let this user open it.
    #[error("this user may not open {path}")]
    Permission {
        /// The port.
        path: String,
        /// The group whose members may, where there is one.
        group: Option<String>,
        /// This user's name, where it is known.
        user: Option<String>,
    },
    /// The operating system opens it, but not as a serial port of this rate.
    #[error("{path} cannot be used as a serial port")]
    Unusable {
        /// The port.
        path: String,
        /// The operating system's word.
        reason: String,
    },
    /// Another program holds it.
    #[error("another program has {path} open")]
    Busy {
        /// The port.
        path: String,
        /// Those programs: `minicom (4711)`; empty where the system does not tell.
        holders: Vec<String>,
    },
}
