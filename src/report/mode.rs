//! The terminal's mode: without echo while a run works, key by key while a question is asked, and at the end as it was
//! before.
//!
//! A question waits on a thread that the end of the program does not wait for. So each change is made under one lock,
//! and once [`SavedMode`] has given the terminal back, no change is made any more. Nothing else changes the mode: a
//! library that sets and restores it around each key could do so after the end.

use std::io;

#[cfg(unix)]
pub use unix::{Quiet, RawMode, SavedMode, TypedLines, discard_typed, give_back};
#[cfg(not(unix))]
pub use windows::{Quiet, RawMode, SavedMode, TypedLines, discard_typed, give_back};

#[cfg(unix)]
mod unix {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rustix::process::getpgrp;
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
        tcgetpgrp, tcsetattr,
    };

    use super::io;

    static STATE: Mutex<State> = Mutex::new(State { saved: None, changed: false, over: false });

    struct State {
        /// The mode when the program started, if standard input is a terminal.
        saved: Option<Termios>,
        /// Whether there is something to restore: a program in the background may not even set the mode that it finds.
        changed: bool,
        /// Whether the terminal was given back.
        over: bool,
    }

    fn state() -> MutexGuard<'static, State> {
        STATE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the mode; the one before.
    fn change(to: impl FnOnce(&mut Termios)) -> io::Result<Termios> {
        let mut state = state();
        if state.over {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let before = tcgetattr(io::stdin())?;
        let mut mode = before.clone();
        to(&mut mode);
        state.changed = true;
        tcsetattr(io::stdin(), OptionalActions::Now, &mode)?;
        Ok(before)
    }

    /// Back to the mode before, unless the terminal was given back already.
    fn back(before: &Termios) {
        let state = state();
        if !state.over {
            // A closed terminal cannot be restored, and cannot show an error either.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }

    /// Key by key: no lines, no echo, no signals from keys, and each key as it was typed. Dropping it restores the mode
    /// before.
    #[derive(Debug)]
    pub struct RawMode {
        before: Termios,
    }

    impl RawMode {
        /// Enters it.
        ///
        /// # Errors
        /// The operating system's, and [`io::ErrorKind::Interrupted`] once the terminal was given back.
        pub fn enter() -> io::Result<Self> {
            let before = change(|mode| {
                let lines = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL;
                mode.local_modes.remove(lines | LocalModes::ISIG | LocalModes::IEXTEN);
                mode.input_modes.remove(InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR | InputModes::IXON);
                mode.special_codes[SpecialCodeIndex::VMIN] = 1;
                mode.special_codes[SpecialCodeIndex::VTIME] = 0;
            })?;
            Ok(Self { before })
        }
    }

    impl Drop for RawMode {
        fn drop(&mut self) {
            back(&self.before);
        }
    }

    /// No echo while a run works; dropping it restores the mode before. Ctrl-C is a signal, as before.
    #[derive(Debug)]
    pub struct Quiet {
        before: Option<Termios>,
    }

    impl Quiet {
        /// Begins. Without a terminal, or in the background, where setting a mode would stop the program, nothing is done.
        pub fn begin() -> Self {
            let is_in_front = tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp());
            let quiet = |mode: &mut Termios| mode.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
            Self { before: if is_in_front { change(quiet).ok() } else { None } }
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            self.before.iter().for_each(back);
        }
    }

    /// Lines that the terminal itself edits and shows; dropping it restores the mode before.
    #[derive(Debug)]
    pub struct TypedLines {
        before: Option<Termios>,
    }

    impl TypedLines {
        /// Begins, if standard input is a terminal.
        pub fn begin() -> Self {
            let lines =
                |mode: &mut Termios| mode.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            Self { before: change(lines).ok() }
        }
    }

    impl Drop for TypedLines {
        fn drop(&mut self) {
            self.before.iter().for_each(back);
        }
    }

    /// Throws away what was typed and not read so far.
    pub fn discard_typed() {
        if !state().over {
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        }
    }

    /// The terminal's mode when the program started, put back when this is dropped, by a panic too.
    #[derive(Debug)]
    pub struct SavedMode(());

    impl SavedMode {
        /// Saves the mode, if standard input is a terminal.
        pub fn take() -> Self {
            state().saved = tcgetattr(io::stdin()).ok();
            Self(())
        }
    }

    impl Drop for SavedMode {
        fn drop(&mut self) {
            give_back();
        }
    }

    /// Gives the terminal back as it was. From then on no question can change it, also one that is about to be asked.
    pub fn give_back() {
        let mut state = state();
        state.over = true;
        if let Some(saved) = state.saved.as_ref().filter(|_| state.changed) {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, saved);
        }
    }
}

/// A Windows console hands over keys one by one, never echoes them, and keeps no mode between keys.
#[cfg(not(unix))]
mod windows {
    use super::io;

    /// Nothing to enter.
    #[derive(Debug)]
    pub struct RawMode;

    impl RawMode {
        /// Always there.
        #[allow(clippy::unnecessary_wraps, clippy::missing_errors_doc)] // as on Unix
        pub fn enter() -> io::Result<Self> {
            Ok(Self)
        }
    }

    /// Nothing to be kept quiet.
    #[derive(Debug)]
    pub struct Quiet;

    impl Quiet {
        /// Always so.
        pub fn begin() -> Self {
            Self
        }
    }

    /// Lines, as ever.
    #[derive(Debug)]
    pub struct TypedLines;

    impl TypedLines {
        /// Always so.
        pub fn begin() -> Self {
            Self
        }
    }

    /// Nothing to give back.
    pub fn give_back() {}

    /// What was typed stays.
    pub fn discard_typed() {}

    /// Nothing to restore.
    #[derive(Debug)]
    pub struct SavedMode;

    impl SavedMode {
        /// Nothing to save.
        pub fn take() -> Self {
            Self
        }
    }
}
