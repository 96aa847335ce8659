//! The occasions on which a fault strikes: `@3` the third only, `@2-4` the second to the fourth, `@3-` from the third on.

use std::fmt;

/// A range of occasions, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occasions {
    first: u32,
    last: Option<u32>,
}

impl Occasions {
    /// Every one.
    pub(super) const ALL: Self = Self { first: 1, last: None };
    /// The first one alone.
    pub(super) const ONCE: Self = Self { first: 1, last: Some(1) };

    /// Reads what stands after the `@`.
    pub(super) fn parse(when: &str) -> Option<Self> {
        let (first, last) = match when.split_once('-') {
            None => (when.parse().ok()?, Some(when.parse().ok()?)),
            Some((first, "")) => (first.parse().ok()?, None),
            Some((first, last)) => (first.parse().ok()?, Some(last.parse().ok()?)),
        };
        (first >= 1 && last.is_none_or(|last| last >= first)).then_some(Self { first, last })
    }

    /// Whether this occasion, counted from 1, is one of them.
    pub(super) fn include(self, occasion: u32) -> bool {
        occasion >= self.first && self.last.is_none_or(|last| occasion <= last)
    }
}

impl fmt::Display for Occasions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (1, None) => Ok(()),
            (first, None) => write!(f, "@{first}-"),
            (first, Some(last)) if first == last => write!(f, "@{first}"),
            (first, Some(last)) => write!(f, "@{first}-{last}"),
        }
    }
}
