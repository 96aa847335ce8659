//! What a run was warned of, for its result.

use std::sync::{Mutex, PoisonError};

use crate::event::{Event, Observer};
use crate::text;

/// No run has more to say than this.
const MOST: usize = 32;

/// Collects the warnings, each once.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    texts: Mutex<Vec<String>>,
}

impl Warnings {
    /// Those so far.
    pub(super) fn so_far(&self) -> Vec<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Warnings {
    fn observe(&self, event: &Event) {
        let Event::Warning { text } = event else { return };
        let text = text::sanitise(text).into_owned();
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() < MOST && !texts.contains(&text) {
            texts.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_kept_once_and_safe_to_show() {
        let warnings = Warnings::default();
        for text in ["one", "two\u{1b}[2J", "one"] {
            warnings.observe(&Event::Warning { text: text.to_owned() });
        }
        warnings.observe(&Event::Note { text: "a note".to_owned() });
        let texts = warnings.so_far();
        assert!(texts.len() == 2 && !texts.concat().contains('\u{1b}'), "{texts:?}");
        (0..100).for_each(|number| warnings.observe(&Event::Warning { text: number.to_string() }));
        assert_eq!(warnings.so_far().len(), MOST);
    }
}
