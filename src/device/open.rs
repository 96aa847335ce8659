//! From a locator to a device that answers, in the first dialect that it speaks.

use super::answers::Answers;
use super::context::Context;
use super::dialect::{Dialect, Reached};
use super::link::DeviceFacts;
use super::protocomm::Protocomm;
use super::rainmaker_console::RainMakerDialect;
use crate::code::Code;
use crate::event::Event;
use crate::failure::Failure;
use crate::text;
use crate::transport::{Locator, TransportKind};

/// The dialects, in the order in which they are tried.
pub static DIALECTS: &[&dyn Dialect] = &[&Protocomm, &RainMakerDialect];

/// Which dialect to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialectChoice {
    /// The first that the device answers.
    #[default]
    Auto,
    /// The one of this name.
    Named(&'static str),
}

/// The word for whichever dialect the device answers in.
const AUTO: &str = "auto";

impl DialectChoice {
    /// Every word for a choice: `auto`, and the names of the dialects.
    pub fn words() -> Vec<&'static str> {
        [AUTO].into_iter().chain(DIALECTS.iter().map(|dialect| dialect.name())).collect()
    }

    /// The choice that a word stands for, wherever it was given.
    ///
    /// # Errors
    /// What is wrong with any other word, and which there are.
    pub fn read(word: &str) -> Result<Self, UnknownDialect> {
        if word == AUTO {
            return Ok(Self::Auto);
        }
        let named = DIALECTS.iter().find(|dialect| dialect.name() == word);
        named.map(|dialect| Self::Named(dialect.name())).ok_or_else(|| UnknownDialect(word.to_owned()))
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => AUTO,
            Self::Named(name) => name,
        }
    }

    /// Whether devices on this kind of link can be opened with it.
    pub fn goes_over(self, kind: &dyn TransportKind) -> bool {
        self.dialect().is_none_or(|dialect| dialect.goes_over(kind))
    }
    /// The dialect, where one was chosen.
    pub fn dialect(self) -> Option<&'static dyn Dialect> {
        let Self::Named(name) = self else { return None };
        DIALECTS.iter().copied().find(|dialect| dialect.name() == name)
    }

    /// The dialect that would have been tried after this failure, had none been chosen.
    pub fn ruled_out(self, failure: &Failure) -> Option<&'static dyn Dialect> {
        DIALECTS.iter().copied().find(|dialect| !self.allows(*dialect) && dialect.may_follow(failure))
    }

    fn allows(self, dialect: &dyn Dialect) -> bool {
        self == Self::Auto || self == Self::Named(dialect.name())
    }
}

/// A word that is not one of [`DialectChoice::words`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dialect takes {}, not {:?}", DialectChoice::words().join(", "), text::sanitise(.0))]
pub struct UnknownDialect(String);

impl DeviceFacts {
    /// The dialect, where documents name it: where it is not the first of the list, which they take for granted.
    pub fn dialect_to_name(&self) -> Option<&'static str> {
        let granted = DIALECTS.first().is_some_and(|dialect| dialect.name() == self.dialect);
        (!granted).then_some(self.dialect)
    }

    /// The dialect's own words for what speaks it.
    pub fn speaker(&self) -> &'static str {
        DialectChoice::Named(self.dialect).dialect().map_or(self.dialect, Dialect::describe)
    }
}

/// Opens a device in the dialect that was chosen, or tries one after the other.
///
/// # Errors
/// At the stages connect and identify.
pub async fn open(
    choice: DialectChoice,
    to: &Locator,
    context: &Context<'_>,
    answers: &mut dyn Answers,
) -> Result<Box<dyn Reached>, Failure> {
    let mut earlier: Option<Failure> = None;
    let allowed = |dialect: &&dyn Dialect| choice.allows(*dialect) && dialect.goes_over(context.kind);
    for dialect in DIALECTS.iter().copied().filter(allowed) {
        if let Some(failure) = &earlier {
            if !dialect.may_follow(failure) {
                continue;
            }
            context.observe(&Event::Note { text: dialect.announcement().to_owned() });
        }
        match dialect.open(to, context, answers).await {
            Ok(device) => return Ok(device),
            Err(own) => {
                earlier = Some(match earlier.take() {
                    Some(earlier) => dialect.neither(earlier, own),
                    None => own,
                });
            }
        }
    }
    Err(earlier.unwrap_or_else(|| Failure::new(Code::UsageInvalid).saying("unknown dialect")))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_dialect_is_chosen_by_its_name_and_no_other_word_is_taken() {
        assert_eq!(DialectChoice::words().iter().collect::<HashSet<_>>().len(), DIALECTS.len() + 1);
        assert_eq!(DialectChoice::read(AUTO), Ok(DialectChoice::Auto));
        for dialect in DIALECTS {
            let choice = DialectChoice::read(dialect.name()).expect("a choice");
            assert_eq!((choice.word(), choice.dialect().map(Dialect::name)), (dialect.name(), Some(dialect.name())));
            assert!(!dialect.describe().is_empty() && !dialect.firmware().is_empty());
        }
        let refused = DialectChoice::read("klingon").expect_err("no such dialect").to_string();
        for word in DialectChoice::words() {
            assert!(refused.contains(word), "{refused}");
        }
    }
}
