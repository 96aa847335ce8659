//! What the catalogue says of a code. The entries themselves are beside this file.

use super::exit::Exit;
use super::hint::{Facts, Hint};

/// What the catalogue says of a code.
#[derive(Debug)]
pub struct Entry {
    /// The stable word, `stage.reason`.
    pub word: &'static str,
    /// The exit status.
    pub exit: Exit,
    /// What happened, one line.
    pub title: &'static str,
    /// What it means and on what evidence it is said.
    pub meaning: &'static str,
    /// What to do, the likeliest first.
    pub hints: &'static [Hint],
}

impl Entry {
    /// The hints that hold where nothing more is known, as `espctl explain` shows them.
    pub fn advice(&self) -> Vec<String> {
        let nothing = Facts::default();
        self.hints.iter().filter_map(|hint| hint.text(&nothing)).map(Into::into).collect()
    }
}

/// How the entries write a hint that always holds.
pub(super) const fn plain(text: &'static str) -> Hint {
    Hint::plain(text)
}
