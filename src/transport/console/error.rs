//! What can go wrong on a board's console, told from what it printed. Texts in here are sanitised; what each means
//! at its step of a session, and what to do, is said above.

/// A board's console that does not do its part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsoleError {
    /// Not one byte came.
    #[error("{port} is open, but the board on it prints nothing")]
    Silent {
        /// The port.
        port: String,
    },
    /// What comes is not text.
    #[error("{port} prints {bytes} bytes that are mostly no text at {baud} baud")]
    Garbage {
        /// The port.
        port: String,
        /// Bits per second it was read with.
        baud: u32,
        /// How much came.
        bytes: usize,
    },
    /// The board starts, again and again.
    #[error("the board on {port} restarts over and over ({reason})")]
    BootLoop {
        /// The port.
        port: String,
        /// The last reason it printed.
        reason: String,
    },
    /// Text, but no prompt.
    #[error("the board on {port} prints text, but its console shows no prompt; the last line is {last:?}")]
    NoPrompt {
        /// The port.
        port: String,
        /// The last line it printed.
        last: String,
        /// Whether the lines are those of a firmware's start.
        booting: bool,
    },
    /// It started anew while an answer was due.
    #[error("the board on {port} restarted ({reason})")]
    Restarted {
        /// The port.
        port: String,
        /// The reason it printed.
        reason: String,
    },
    /// The prompt came back without an answer. Firmware does this for every request it refuses, so what it means
    /// depends on the request.
    #[error("the console on {port} went back to its prompt without an answer")]
    Refused {
        /// The port.
        port: String,
    },
    /// An answer, but damaged.
    #[error("the answer on {port} cannot be made out among what else the board prints")]
    Unreadable {
        /// The port.
        port: String,
    },
    /// More came than any answer has.
    #[error("{port} gave more than {limit} bytes that are not log lines, and the answer did not end in them")]
    Flooded {
        /// The port.
        port: String,
        /// The bound, in bytes.
        limit: usize,
    },
    /// The port went away.
    #[error("{port} went away ({reason})")]
    Gone {
        /// The port.
        port: String,
        /// The operating system's word.
        reason: String,
    },
}
